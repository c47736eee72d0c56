"""What stands beside the application: monitoring, webhooks, and a registry that npm asks about vulnerabilities.

The monitoring counts what the application really answered; what takes weeks to measure is set by a test. It wants a
token.
"""

from __future__ import annotations

from cockpit.demo.scheduler.app import App
from cockpit.demo.serving import Answer, Asked, Server

METRICS_TOKEN = "a-token-for-the-figures"


class Beside:
    """One loopback port for all three."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.token_expired = False
        self.figures: dict[str, float] = {"uptime_percent": 99.97, "backups_percent": 100.0}
        """Of the last 30 days."""
        self.advisories: dict[str, object] = {}
        """What the registry knows against packages, by name."""
        self.sent: dict[str, list[dict[str, object]]] = {"mail": [], "alert": []}
        """What webhooks were sent, by the last part of their path."""
        self._server = Server(self._answer)
        self.url = self._server.url

    def close(self) -> None:
        """Answer nothing more."""
        self._server.close()

    def _answer(self, request: Asked) -> Answer:
        if request.path.startswith("/hooks/"):
            self.sent[request.path.rsplit("/", 1)[-1]].append(request.json)
            return Answer(200, {})
        if request.path == "/-/npm/v1/security/advisories/bulk":
            found: object = dict(self.advisories)
            return Answer(200, found)
        if request.path == "/figures":
            if self.token_expired:
                return Answer(401, {"error": "the token has expired"})
            if request.headers.get("authorization") != f"Bearer {METRICS_TOKEN}":
                return Answer(401, {"error": "no valid token"})
            return Answer(200, {**self.figures, **self._app.figures()})
        return Answer(404, {"error": "not found"})
