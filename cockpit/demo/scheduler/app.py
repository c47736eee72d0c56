"""The scheduler's application, as a stand-in: what answers is the container that runs, on the database as it is.

Version 0.9 has the holes that the checklist asks about, and they are real here: anybody may make an administrator,
lists show every organization's clients with all their columns, slugs are pasted into SQL, every origin is let in.
Version 1.0 has none of them, and needs the migrated schema. Each signs with the secret that its container was given.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from cockpit.demo.scheduler import routes
from cockpit.demo.scheduler.engine import NEW_IMAGE, Container, Engine
from cockpit.demo.scheduler.faults import Faults
from cockpit.demo.serving import Answer, Asked, Server

LIMIT, LIMIT_S = 100, 900
"""Requests that one client may make, and within how many seconds."""
ORIGIN = "https://app.scheduler.invalid"
_HELMET = {
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "no-referrer",
}
_VISITS_A_LINE = 50
"""Of the visitors' requests, one in so many is logged: a line about every 5 s."""
_SEEN = 200
"""Requests that error rate and latency are counted over."""


@dataclass
class _Window:
    began: float = field(default_factory=time.monotonic)
    count: int = 0


class App:
    """Answers at one address for whichever container runs there; nothing runs, nothing answers: 502."""

    def __init__(self, engine: Engine, dsn: str, log_path: Path) -> None:
        self.engine, self._dsn, self._log_path = engine, dsn, log_path
        self.faults = Faults()
        self._lock = threading.Lock()
        self._clients: dict[str, _Window] = {}
        self._seen: deque[tuple[bool, float]] = deque(maxlen=_SEEN)
        self._asking = threading.Lock()
        self._held: psycopg.Connection[tuple[object, ...]] | None = None
        self._server = Server(self.answer)
        self.url = self._server.url
        self.log("info", "listening")
        self._ending = threading.Event()
        self._visiting = threading.Thread(target=self._visit, daemon=True)
        self._visiting.start()

    def close(self) -> None:
        """Answer nothing more."""
        self._ending.set()
        self._visiting.join()
        self._server.close()
        if self._held is not None:
            self._held.close()

    def figures(self) -> dict[str, float]:
        """Share of requests that failed and the 95th percentile of their times, over the last 200."""
        with self._lock:
            seen = list(self._seen)
        if not seen:
            return {"error_percent": 0.0, "p95_ms": 0.0}
        times = sorted(took for _, took in seen)
        failed = sum(not is_fine for is_fine, _ in seen)
        return {"error_percent": 100.0 * failed / len(seen), "p95_ms": times[int(0.95 * (len(times) - 1))]}

    def log(self, level: str, message: str) -> None:
        """A line of Winston's."""
        stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        with self._lock, self._log_path.open("a") as file:
            file.write(f'{{"timestamp":"{stamp}","level":"{level}","message":"{message}"}}\n')

    def answer(self, request: Asked) -> Answer:
        """What the container that runs says to a request."""
        began = time.perf_counter()
        given = self._answered(request)
        took_ms = (time.perf_counter() - began) * 1e3 + self.faults.slow_ms
        if given.status != 502:
            with self._lock:
                self._seen.append((given.status < 500, took_ms))
        return given

    def _answered(self, request: Asked) -> Answer:
        container = self.engine.running()
        if container is None:
            return Answer(502, {"error": "bad gateway"})
        is_new = container.image.tag == NEW_IMAGE
        headers = self._headers(request, container)
        if request.method == "OPTIONS":
            return Answer(204, None, headers)
        if is_new and request.path.startswith("/api/") and (late := self._limited(request, headers)):
            return late
        if is_new and self.faults.broken and request.path != "/health":
            self.log("error", "unhandled exception")
            return Answer(500, {"statusCode": 500, "message": "Internal server error"}, headers)
        try:
            with self._asking:
                asked = routes.Call(request, self._connection(), container, is_new, self.faults)
                given = routes.respond(asked)
        except psycopg.Error as error:
            first = str(error).splitlines()[0].replace('"', "'")
            self.log("error", f"QueryFailedError: {first}")
            leak = {} if is_new else {"stack": f"QueryFailedError: {error}"}
            given = Answer(500, {"statusCode": 500, "message": "Internal server error", **leak})
        return Answer(given.status, given.content, {**headers, **given.headers})

    def _headers(self, request: Asked, container: Container) -> dict[str, str]:
        origin = request.headers.get("origin", "")
        if container.image.tag != NEW_IMAGE:
            return {"X-Powered-By": "Express", "Access-Control-Allow-Origin": "*"}
        is_ours = bool(origin) and origin == container.env.get("CORS_ORIGIN")
        allowed = {"Access-Control-Allow-Origin": origin, "Vary": "Origin"} if is_ours else {}
        return {"Content-Security-Policy": self.faults.policy, **_HELMET, **allowed}

    def _limited(self, request: Asked, headers: dict[str, str]) -> Answer | None:
        client = request.client
        if self.faults.believes_forwarded:
            client = request.headers.get("x-forwarded-for", client)
        with self._lock:
            window = self._clients.get(client)
            if window is None or time.monotonic() - window.began > LIMIT_S:
                window = self._clients[client] = _Window()
            window.count += self.faults.counts_requests
            left = max(0, LIMIT - window.count)
        headers |= {
            "RateLimit-Limit": str(LIMIT),
            "RateLimit-Remaining": str(left),
            "RateLimit-Policy": f"{LIMIT};w={LIMIT_S}",
        }
        if window.count > LIMIT and self.faults.refuses:
            return Answer(429, {"statusCode": 429, "message": "Too Many Requests"}, headers)
        return None

    def _connection(self) -> psycopg.Connection[tuple[object, ...]]:
        if self._held is None or self._held.closed:
            self._held = psycopg.connect(
                self._dsn, autocommit=True, application_name="scheduler-api", connect_timeout=2
            )
        return self._held

    def _visit(self) -> None:
        """Visitors, each from an address of its own, so that there is something to measure."""
        number = 0
        while not self._ending.wait(0.1):
            number += 1
            client = f"10.0.{number // 250 % 250}.{number % 250}"
            given = self.answer(Asked("GET", "/api/organizations/available/visitor", {}, {}, client=client))
            if number % _VISITS_A_LINE == 1 and given.status != 502:
                self.log("http", f"GET /api/organizations/available/visitor {given.status}")
