"""HTTP on a loopback port, in threads that die with the process: what the systems that stand in answer with.

Invariant: it listens on loopback alone, and `close` returns once it does not answer any more. Bodies that come in
chunks (the docker client sends builds so) arrive whole.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from msgspec import Struct

from cockpit.demo.web import LOOPBACK

_POLL_S = 0.02


class Asked(Struct, frozen=True):
    """A request."""

    method: str
    path: str
    """Decoded, without its query."""
    query: dict[str, str]
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes = b""
    client: str = LOOPBACK

    @property
    def bearer(self) -> str:
        """The token; empty if there is none."""
        return self.headers.get("authorization", "").removeprefix("Bearer ")

    @property
    def json(self) -> dict[str, Any]:
        """The body; empty if it is no JSON object."""
        try:
            found = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


class Answer(Struct, frozen=True):
    """What is answered: JSON; a page, if it is text; bytes as they are; nothing, if it is None."""

    status: int
    content: object = None
    headers: Mapping[str, str] = {}
    """Names as they are written; `Content-Type` is found by itself unless it is here."""

    def encoded(self) -> bytes:
        """The body; JSON is compact, as most frameworks write it."""
        if self.content is None:
            return b""
        if isinstance(self.content, bytes):
            return self.content
        if isinstance(self.content, str):
            return self.content.encode()
        return json.dumps(self.content, separators=(",", ":"), ensure_ascii=False, default=str).encode()

    def header_list(self) -> list[tuple[str, str]]:
        """Every header but the length."""
        named = list(self.headers.items())
        if any(name.lower() == "content-type" for name, _ in named):
            return named
        return [("Content-Type", "text/html" if isinstance(self.content, str) else "application/json"), *named]


class Server:
    """Answers on one port, from its making until `close`."""

    def __init__(self, answer: Callable[[Asked], Answer]) -> None:
        self._server = _Quiet((LOOPBACK, 0), _handler(answer))
        self.port = int(self._server.server_address[1])
        self.url = f"http://{LOOPBACK}:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_POLL_S,), name="http", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Answer nothing more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are no news."""


def _handler(answer: Callable[[Asked], Answer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _any(self) -> None:
            said = answer(self._asked())
            body = said.encoded()
            self.send_response(said.status)
            for name, value in said.header_list():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _any

        def _asked(self) -> Asked:
            url = urlsplit(self.path)
            return Asked(
                method=self.command,
                path=unquote(url.path),
                query={name: found[-1] for name, found in parse_qs(url.query).items()},
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self._body(),
                client=str(self.client_address[0]),
            )

        def _body(self) -> bytes:
            if "chunked" not in self.headers.get("Transfer-Encoding", ""):
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            chunks = bytearray()
            while size := int(self.rfile.readline().split(b";")[0], 16):
                chunks += self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline().strip():  # trailers
                continue
            return bytes(chunks)

        def log_message(self, *args: object) -> None:
            """Quiet."""

    return Handler
