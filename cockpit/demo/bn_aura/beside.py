"""What stands beside BN-Aura's application: Prometheus, the vendor's management API, and two webhooks."""

from __future__ import annotations

import re
import time
from typing import Any

from cockpit.demo.serving import Answer, Asked, Server

TOKEN, EXPIRED_TOKEN = "sbp_8f2d1c77e0b94a6fa3", "sbp_0000000000000000aa"
FIGURES = {"auth_attempts_total": 99.2, "realtime_delivery_seconds": 180.0}
"""Success of logins in %, 95th percentile of delivery in ms, by the first metric of a query; no other exists."""


class Beside:
    """On a loopback port of its own: it answers whatever the application does."""

    def __init__(self) -> None:
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
            named = re.findall(r"[a-z_]+_(?:total|seconds)", asked.query["query"])[:1]
            found = [self.figures[name] for name in named if name in self.figures]
            result = [{"metric": {}, "value": [time.time(), str(value)]} for value in found]
            return Answer(200, {"status": "success", "data": {"resultType": "vector", "result": result}})
        return Answer(404, {"message": "not found"})
