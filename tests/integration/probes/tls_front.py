"""TLS before a real PostgreSQL on a Unix socket, as its own `ssl = on` would be: the bundled server has none."""

from __future__ import annotations

import asyncio
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from psycopg.conninfo import conninfo_to_dict

_SSL_REQUEST = struct.pack("!ii", 8, 80877103)


class Front:
    """`modes` tells of each connection whether it was encrypted."""

    def __init__(self, socket_path: str, tls: ssl.SSLContext | None) -> None:
        self._socket_path, self._tls = socket_path, tls
        self.modes: list[bool] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, ssl.SSLError):
            first = await reader.readexactly(8)
            encrypted = first == _SSL_REQUEST and self._tls is not None
            if encrypted:
                writer.write(b"S")
                await writer.start_tls(self._tls)
                first = b""
            elif first == _SSL_REQUEST:
                writer.write(b"N")
                first = await reader.readexactly(8)
            self.modes.append(encrypted)
            behind, into = await asyncio.open_unix_connection(self._socket_path)
            try:
                into.write(first)
                await asyncio.gather(_pipe(reader, into), _pipe(behind, writer))
            finally:
                into.transport.abort()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, ssl.SSLError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def tls_front(dsn: str, tls: ssl.SSLContext | None) -> AsyncIterator[Front]:
    """Serve the server of `dsn` on a free port of 127.0.0.1; without `tls` it refuses to encrypt."""
    given = conninfo_to_dict(dsn)
    front = Front(f"{given['host']}/.s.PGSQL.{given.get('port') or 5432}", tls)
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await front.serve(reader, writer)
        except asyncio.CancelledError:
            return
        finally:
            tasks.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    front.port = server.sockets[0].getsockname()[1]
    try:
        yield front
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
