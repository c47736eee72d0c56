"""A small HTTP server in a thread: an answer for a request, on a loopback port that the system picks.

Invariant: it listens on loopback alone, and `close` returns once it does not answer any more. Bodies that come in
chunks (the docker client sends builds so) arrive whole.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from msgspec import Struct

LOOPBACK = "127.0.0.1"
Json = dict[str, object] | list[object]


class Request(Struct, frozen=True):
    """What was asked."""

    method: str
    path: str
    """Decoded, without its query."""
    query: dict[str, str]
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes = b""
    client: str = LOOPBACK

    def given(self) -> dict[str, object]:
        """The body as a JSON object; empty if it is none."""
        try:
            found = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


class Answer(Struct, frozen=True):
    """What is answered: JSON, or bytes as they are."""

    status: int
    content: Json | bytes | None = None
    headers: Mapping[str, str] = {}

    def encoded(self) -> bytes:
        """The body."""
        if self.content is None:
            return b""
        return self.content if isinstance(self.content, bytes) else json.dumps(self.content).encode()


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that are killed are meant."""


class Server:
    """Answers on one port until it is closed."""

    def __init__(self, answer: Callable[[Request], Answer]) -> None:
        self._server = _Quiet((LOOPBACK, 0), _handler(answer))
        self.port = int(self._server.server_address[1])
        self.url = f"http://{LOOPBACK}:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Answer nothing more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(answer: Callable[[Request], Answer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            split = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(split.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            given = answer(Request(self.command, unquote(split.path), query, headers, self._body()))
            body = given.encoded()
            self.send_response(given.status)
            names = {name.lower() for name in given.headers}
            for name, value in given.headers.items():
                self.send_header(name, value)
            if "content-type" not in names:
                self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_POST = do_DELETE = do_OPTIONS = do_HEAD = _any

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
