"""A web server of one page, on asyncio alone: JSON in answer to a method and a path, with connections kept open.

It can be closed and opened again on the same port: a second socket, bound but never listening, keeps the port ours, so
that while the server is closed connections are refused and nobody else moves in.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from msgspec import Struct

LOOPBACK = "127.0.0.1"
_LONGEST_BODY_BYTES = 65_536


class Request(Struct, frozen=True):
    """What was asked."""

    method: str
    path: str
    body: bytes
    connection: int
    """The same number for requests over one connection."""


class Answer(Struct, frozen=True):
    """What is answered: a status and a JSON object."""

    status: int
    content: dict[str, object]


Handler = Callable[[Request], Awaitable[Answer]]


class WebServer:
    """Answers on one loopback port."""

    def __init__(self, handler: Handler, *, on_closed: Callable[[int], None] = lambda connection: None) -> None:
        self._handler = handler
        self._on_closed = on_closed
        self._server: asyncio.Server | None = None
        self._transports: dict[int, asyncio.WriteTransport] = {}
        self._serving: set[asyncio.Task[None]] = set()
        self._connections = 0
        self._reserved = socket.socket()
        self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._reserved.bind((LOOPBACK, 0))
        self.port: int = self._reserved.getsockname()[1]

    async def open(self) -> None:
        """Begin to accept connections."""
        self._server = await asyncio.start_server(self._serve, LOOPBACK, self.port, reuse_port=True)

    def close(self) -> None:
        """Refuse connections and drop those that are open; `open` may follow."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for transport in list(self._transports.values()):
            transport.abort()

    async def release(self) -> None:
        """Close for good and give the port back, once everyone who was being served is gone (at most 2 s)."""
        self.close()
        self._reserved.close()
        if self._serving:
            await asyncio.wait(self._serving, timeout=2)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "a coroutine without a task"
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        self._connections += 1
        connection = self._connections
        self._transports[connection] = writer.transport
        try:
            # whoever hangs up in the middle of a request, or sends what is none, just loses the connection
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ValueError):
                while request := await _read(reader, connection):
                    answer = await self._handler(request)
                    writer.write(_encoded(answer))
                    await writer.drain()
        finally:
            del self._transports[connection]
            self._on_closed(connection)
            writer.close()


async def _read(reader: asyncio.StreamReader, connection: int) -> Request | None:
    """Return the next request, or None at the end of the connection. Raises `ValueError` for what is no request."""
    line = await reader.readline()
    if not line:
        return None
    method, path, _ = line.decode("latin-1").split(" ", 2)
    length = 0
    while (header := await reader.readline()) not in (b"\r\n", b"\n", b""):
        name, _, content = header.decode("latin-1").partition(":")
        if name.lower() == "content-length":
            length = int(content)
    if not 0 <= length <= _LONGEST_BODY_BYTES:
        raise ValueError(f"a body of {length} bytes")
    return Request(method, path, await reader.readexactly(length), connection)


def _encoded(answer: Answer) -> bytes:
    body = json.dumps(answer.content).encode()
    head = (
        f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
