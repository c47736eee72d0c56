"""A small real HTTP server whose every path misbehaves in its own way."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from urllib.parse import parse_qs, urlsplit


class ProbeServer:
    """HTTP/1.1 with keep-alive; `seen` holds the requests, `sent_bytes` what was written."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        self.connections = 0
        self.sent_bytes = 0
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            kept = False
            while await self._one(reader, writer, kept):
                kept = True
        except (ConnectionError, asyncio.IncompleteReadError):
            return  # the client left
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kept: bool) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *rest = head.strip().split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.seen.append((method, target, headers, body))
        path = urlsplit(target)
        if path.path == "/once" and kept:
            return False  # as if the server had closed the idle connection at this very moment
        if path.path == "/break":
            return False
        if path.path == "/hang":
            await asyncio.sleep(3600)
        if path.path == "/huge":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            chunk = b"x" * 65536
            for _ in range(1_000_000_000 // len(chunk)):
                writer.write(chunk)
                self.sent_bytes += len(chunk)
                await writer.drain()
            return True
        if path.path == "/drip":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            for _ in range(100000):
                writer.write(b".")
                await writer.drain()
                await asyncio.sleep(0.05)
        status, extra, answer = self._answer(path.path, parse_qs(path.query))
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(answer)}\r\n{extra}\r\n".encode() + answer)
        await writer.drain()
        return True

    def _answer(self, path: str, query: dict[str, list[str]]) -> tuple[int, str, bytes]:
        match path:
            case "/health":
                return 200, "Content-Type: application/json\r\n", b'{"ok": true, "version": "2.0"}'
            case "/down":
                return 503, "", b"maintenance"
            case "/away":
                return 302, "Location: http://localhost:1/elsewhere\r\n", b""
            case "/once":
                return 200, "", b"once"
            case "/cookie":
                return 200, "Set-Cookie: seat=1; Path=/\r\n", b"ok"
            case "/circle":
                return 302, "Location: /circle\r\n", b""
            case "/see-other":
                return 303, "Location: /health\r\n", b""
            case "/moved":
                return 302, "Location: /health\r\n", b""
            case "/escape":
                return 200, "", b"\x1b[31mred\x1b]0;title\x07"
            case "/api/v1/query":
                return 200, "", json.dumps(_prometheus(query["query"][0])).encode()
        return 404, "", b"no"


def _prometheus(query: str) -> object:
    now = time.time()
    match query:
        case "up":
            result = [{"metric": {"job": "api"}, "value": [now, "1"]}, {"metric": {}, "value": [now, "0"]}]
            return {"status": "success", "data": {"resultType": "vector", "result": result}}
        case "nothing":
            return {"status": "success", "data": {"resultType": "vector", "result": []}}
        case "0/0":
            return {"status": "success", "data": {"resultType": "scalar", "result": [now, "NaN"]}}
    return {"status": "error", "errorType": "bad_data", "error": "parse error at char 1"}


@asynccontextmanager
async def probe_server(tls: ssl.SSLContext | None = None) -> AsyncIterator[ProbeServer]:
    """Serve on a free port of 127.0.0.1."""
    behaviour = ProbeServer()
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


@contextmanager
def deaf_address(port: int = 0) -> Iterator[tuple[str, int]]:
    """An address and port of this host where connections are never answered: the queue is full."""
    address = "127.0.0.9"
    with socket.create_server((address, port), backlog=0) as server, ExitStack() as fillers:
        port = server.getsockname()[1]
        for _ in range(4):
            filler = fillers.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex((address, port))
        yield address, port
