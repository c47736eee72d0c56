"""What stands beside BN-Aura's application: Prometheus, the vendor's management API, and two webhooks."""

from __future__ import annotations

import re
import time
from typing import Any

import psycopg

from cockpit.demo.serving import Answer, Asked, Server

TOKEN, EXPIRED_TOKEN = "sbp_8f2d1c77e0b94a6fa3", "sbp_0000000000000000aa"
FIGURES = {"auth_attempts_total": 99.2, "realtime_delivery_seconds": 180.0}
"""Success of logins in %, 95th percentile of delivery in ms; by the metric that a query names."""


class Beside:
    """On a loopback port of its own: it answers whatever the application does."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self.figures = dict(FIGURES)
        self.settings: dict[str, object] = {"password_hibp_enabled": True, "site_url": "https://bn-aura.invalid"}
        self.sent: dict[str, list[dict[str, Any]]] = {"notice": [], "alert": []}
        """What webhooks were sent, by the last part of their path."""
        self._server = Server(self._answer)
        self.url = self._server.url

    def close(self) -> None:
        """Stop answering."""
        self._server.close()

    def _answer(self, asked: Asked) -> Answer:
        if asked.path.startswith("/hooks/"):
            self.sent[asked.path.rsplit("/", 1)[-1]].append(dict(asked.json))
            return Answer(200, {})
        if asked.path.endswith("/config/auth"):
            if asked.bearer != TOKEN:
                return Answer(401, {"message": "JWT expired" if asked.bearer == EXPIRED_TOKEN else "Unauthorized"})
            return Answer(200, self.settings)
        if asked.path == "/api/v1/query":
            found = [self._figure(name) for name in re.findall(r"[a-z_]+_(?:total|seconds)", asked.query["query"])[:1]]
            result = [{"metric": {}, "value": [time.time(), str(value)]} for value in found]
            return Answer(200, {"status": "success", "data": {"resultType": "vector", "result": result}})
        return Answer(404, {"message": "not found"})

    def _figure(self, name: str) -> float:
        if name == "workflow_created_total":
            with psycopg.connect(self._dsn, connect_timeout=2) as connection:
                row = connection.execute(
                    "select count(*) from public.workflow_states where created_at > now() - interval '15 minutes'"
                ).fetchone()
            return float(row[0]) if row else 0.0
        return self.figures[name]
