"""JSON over HTTP on a loopback port, in threads that die with the process: what BN-Aura's stand-in answers with."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
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
    body: dict[str, object]
    """Empty if there was none, or it was no JSON object."""

    @property
    def bearer(self) -> str:
        """The token; empty if there is none."""
        return self.headers.get("authorization", "").removeprefix("Bearer ")


Answer = tuple[int, object]
"""A status, and what becomes JSON."""


class Server:
    """Listens from its making until `close`."""

    def __init__(self, answer: Callable[[Asked], Answer]) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                status, content = answer(self._asked())
                encoded = json.dumps(content, default=str).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(encoded)))
                self.end_headers()
                self.wfile.write(encoded)

            do_POST = do_PATCH = do_DELETE = do_GET

            def _asked(self) -> Asked:
                raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                url = urlsplit(self.path)
                try:
                    body = json.loads(raw or b"{}")
                except ValueError:
                    body = {}
                return Asked(
                    method=self.command,
                    path=url.path,
                    query={name: found[-1] for name, found in parse_qs(url.query).items()},
                    headers={name.lower(): value for name, value in self.headers.items()},
                    body=body if isinstance(body, dict) else {},
                )

            def log_message(self, *args: object) -> None:
                """Quiet."""

        self._server = _Quiet((LOOPBACK, 0), Handler)
        self.url = f"http://{LOOPBACK}:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_S,), name="bn-aura-http", daemon=True
        )
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
