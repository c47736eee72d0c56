"""A real HTTP server that takes messages, and misbehaves in a way that the path names."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class MessageServer:
    """`taken` holds the paths and objects of the requests that came whole."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, dict[str, str], dict[str, object]]] = []
        self.begun = asyncio.Event()
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._one(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return  # the client left
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, *rest = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
        path = first.split(" ")[1]
        self.begun.set()
        if path.startswith("/close-early"):
            return
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.taken.append((path, headers, json.loads(body)))
        if path.startswith("/close"):
            return
        if path.startswith("/hang"):
            await asyncio.sleep(3600)
        if path.startswith("/half"):
            writer.write(b"HTTP/1.1 200 O")
            await writer.drain()
            return
        status, extra, answer = self._answer(path)
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(answer)}\r\n{extra}\r\n".encode() + answer)
        await writer.drain()
        if path.startswith("/drip"):
            await asyncio.sleep(3600)

    def _answer(self, path: str) -> tuple[int, str, bytes]:
        if path.startswith("/moved"):
            return 307, f"Location: http://127.0.0.1:{self.port}/elsewhere\r\n", b""
        if path.startswith("/down"):
            return 500, "", b"no_service\x1b[31m\nmore"
        if path.startswith("/echo"):
            return 404, "", f"no hook {path}".encode()
        if path.startswith("/garbage"):
            return 403, "", b"\xff\xfe\x00" * 4000
        if path.startswith("/drip"):
            return 500, "Transfer-Encoding: chunked\r\nX: y\r\n", b""
        return 204 if path.startswith("/empty") else 200, "", b"" if path.startswith("/empty") else b"ok"


@asynccontextmanager
async def message_server(tls: ssl.SSLContext | None = None) -> AsyncIterator[MessageServer]:
    """Serve on a free port of 127.0.0.1."""
    behaviour = MessageServer()
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await behaviour.serve(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            tasks.discard(task)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    behaviour.port = server.sockets[0].getsockname()[1]
    try:
        yield behaviour
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
