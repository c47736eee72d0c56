"""The hosted platform's management API, as a stand-in: settings, edge functions, secrets, logs and two webhooks."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from cockpit.demo.serving import Answer, Asked, Server

PROJECT = "kqzvhtrnwmbdlsyeufca"
TOKEN, EXPIRED_TOKEN = "sbp_5b1f0c93ad7e42686e01", "sbp_000000000000000000aa"
FUNCTIONS = ("admin", "alerts", "payments", "reconcile", "webhooks")
TOO_STRICT, ENOUGH = 20, 120
"""Requests a minute: what is deployed, and what the corrected file says."""


class Vendor:
    """On a loopback port of its own: it answers whatever the application does."""

    def __init__(self) -> None:
        self.settings: dict[str, object] = {"mailer_autoconfirm": True, "site_url": "https://pay.invalid"}
        """New accounts need not confirm their address, as on the platform for tests."""
        self.secrets = {"RESEND_API_KEY": "re_4Kd93hVtQm_2xYpLw8ZsR", "PAYWISE_KEY": "pk_8c1d"}
        self.versions = dict.fromkeys(FUNCTIONS, 1)
        self.limit = TOO_STRICT
        self.backups: list[dict[str, object]] = [{"status": "COMPLETED", "inserted_at": _hours_ago(7)}]
        self.pool_mode = "transaction"
        self.is_counting = True
        """Calls are counted, and not only said to be limited."""
        self.errors = 0
        """Lines of the functions' logs with a status of 500 and more."""
        self.sent: dict[str, list[dict[str, Any]]] = {"notice": [], "alert": []}
        """What webhooks were sent, by the last part of their path."""
        self._server = Server(self._answer)
        self.url = self._server.url

    @property
    def rejections(self) -> int:
        """Requests of people that were refused in the last quarter of an hour."""
        return 37 if self.limit < ENOUGH else 0

    def close(self) -> None:
        """Stop answering."""
        self._server.close()

    def _answer(self, asked: Asked) -> Answer:
        if asked.path.startswith("/hooks/"):
            self.sent[asked.path.rsplit("/", 1)[-1]].append(asked.json)
            return Answer(200, {})
        if asked.bearer != TOKEN:
            return Answer(401, {"message": "JWT expired" if asked.bearer == EXPIRED_TOKEN else "Unauthorized"})
        path = asked.path.removeprefix(f"/v1/projects/{PROJECT}")
        if path == asked.path:
            return Answer(404, {"message": "Project not found"})
        match asked.method, path:
            case "GET", "/config/auth":
                return Answer(200, self.settings)
            case "PATCH", "/config/auth":
                self.settings |= asked.json
                return Answer(200, self.settings)
            case "GET", "/functions":
                found = [{"slug": slug, "status": "ACTIVE", "version": at} for slug, at in self.versions.items()]
                return Answer(200, found)
            case "POST", "/functions/deploy":
                return self._deploy(asked.json)
            case "GET", "/secrets":
                digests = {name: hashlib.sha256(value.encode()).hexdigest() for name, value in self.secrets.items()}
                return Answer(200, [{"name": name, "value": digest} for name, digest in sorted(digests.items())])
            case "GET", "/database/backups":
                return Answer(200, {"backups": self.backups, "pitr_enabled": False})
            case "GET", "/analytics/endpoints/logs.all":
                return Answer(200, {"result": [{"count": self._logged(asked.query)}]})
            case "GET", "/config/database/pooler":
                return Answer(200, [{"database_type": "PRIMARY", "pool_mode": self.pool_mode}])
        return Answer(404, {"message": "not found"})

    def _logged(self, query: dict[str, str]) -> int:
        """Lines of a log. Asked without both ends of the time it is the last minute, in which nothing happened."""
        if not {"iso_timestamp_start", "iso_timestamp_end"} <= query.keys():
            return 0
        return self.rejections if "429" in query.get("sql", "") else self.errors

    def _deploy(self, said: dict[str, Any]) -> Answer:
        found = re.search(r"REQUESTS_PER_MINUTE = (\d+)", str(said.get("shared", "")))
        if found is None:
            return Answer(400, {"message": "_shared/concurrency.ts: REQUESTS_PER_MINUTE is not defined"})
        self.limit = int(found[1])
        self.versions = {slug: at + 1 for slug, at in self.versions.items()}
        return Answer(200, {"deployed": list(self.versions)})


def _hours_ago(hours: float) -> str:
    return f"{datetime.now(UTC) - timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"
