"""JSON over HTTP on a loopback port, in threads that die with the process: what PPM's stand-in answers with."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from msgspec import Struct

from cockpit.demo.web import LOOPBACK

_POLL_S = 0.02


class Asked(Struct, frozen=True):
    """A request."""

    method: str
    path: str
    """With its query."""
    headers: dict[str, str]
    """Names in lower case."""
    body: Any
    """What its JSON says; None if it was none."""

    @property
    def bearer(self) -> str:
        """The token; empty if there is none."""
        return self.headers.get("authorization", "").removeprefix("Bearer ")


Answer = tuple[int, object]
"""A status, and what becomes JSON: compact, as FastAPI writes it."""


class Server:
    """Listens from its making until `close`."""

    def __init__(self, answer: Callable[[Asked], Answer]) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                try:
                    body = json.loads(raw) if raw else None
                except ValueError:
                    body = None
                headers = {name.lower(): value for name, value in self.headers.items()}
                status, content = answer(Asked(self.command, self.path, headers, body))
                encoded = json.dumps(content, separators=(",", ":"), ensure_ascii=False, default=str).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(encoded)))
                self.end_headers()
                self.wfile.write(encoded)

            do_POST = do_PUT = do_DELETE = do_GET

            def log_message(self, *args: object) -> None:
                """Quiet."""

        self._server = _Quiet((LOOPBACK, 0), Handler)
        self.url = f"http://{LOOPBACK}:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_POLL_S,), name="ppm", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Answer no longer."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that are killed are meant."""
