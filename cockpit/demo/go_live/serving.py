"""HTTP on a loopback port, in threads that die with the process: what go-live's stand-in answers with."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct

from cockpit.demo.web import LOOPBACK

_POLL_S = 0.02


class Asked(Struct, frozen=True):
    """A request."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    """Names in lower case."""
    raw: bytes

    @property
    def bearer(self) -> str:
        """The token; empty if there is none."""
        return self.headers.get("authorization", "").removeprefix("Bearer ")

    @property
    def json(self) -> dict[str, Any]:
        """The body; empty if it is no JSON object."""
        try:
            found = json.loads(self.raw or b"{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


class Answer(Struct, frozen=True):
    """What is answered: JSON, but for a page, which is text."""

    status: int
    content: object = None
    headers: Mapping[str, str] = {}


class Server:
    """Listens from its making until `close`."""

    def __init__(self, answer: Callable[[Asked], Answer]) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                said = answer(self._asked())
                is_page = isinstance(said.content, str)
                encoded = str(said.content).encode() if is_page else json.dumps(said.content, default=str).encode()
                self.send_response(said.status)
                self.send_header("Content-Type", "text/html" if is_page else "application/json")
                for name, value in said.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(encoded)))
                self.end_headers()
                self.wfile.write(encoded)

            do_POST = do_PATCH = do_DELETE = do_OPTIONS = do_GET

            def _asked(self) -> Asked:
                url = urlsplit(self.path)
                return Asked(
                    method=self.command,
                    path=url.path,
                    query={name: found[-1] for name, found in parse_qs(url.query).items()},
                    headers={name.lower(): value for name, value in self.headers.items()},
                    raw=self.rfile.read(int(self.headers.get("Content-Length") or 0)),
                )

            def log_message(self, *args: object) -> None:
                """Quiet."""

        self._server = _Quiet((LOOPBACK, 0), Handler)
        self.url = f"http://{LOOPBACK}:{self._server.server_address[1]}"
        serve = self._server.serve_forever
        self._thread = threading.Thread(target=serve, args=(_POLL_S,), name="go-live-http", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are no news."""
