"""The payment provider, as a stand-in: where it sends its webhooks, and test events that it signs and really sends."""

from __future__ import annotations

import hmac
import itertools
import json
import time
from typing import Any

import httpx

from cockpit.demo.serving import Answer, Asked, Server

KEY = "pk_live_0f8a6c21d94e"
SECRET = "whsec_7d20b6f1c3a94e58"
STAGING = "https://staging.pay.invalid/functions/v1/webhooks"
BOOKS = "https://books.pay.invalid/events"
"""Of another program, which has nothing to do with who goes live."""
ATTEMPTS = 4
_PAUSE_S = 0.03


class Provider:
    """Its endpoint still leads to staging; another one, to the bookkeeping."""

    def __init__(self) -> None:
        self.endpoints: dict[str, dict[str, Any]] = {
            "we_1": {"id": "we_1", "url": STAGING, "status": "enabled", "metadata": {"made_by": "ana"}},
            "we_books": {"id": "we_books", "url": BOOKS, "status": "enabled", "metadata": {}},
        }
        self.secret = SECRET
        """What it signs with."""
        self.is_patient = True
        """It waits longer before each further attempt."""
        self._numbers = itertools.count(2)
        self._server = Server(self._answer)
        self.url = self._server.url

    def close(self) -> None:
        """Stop answering."""
        self._server.close()

    def _answer(self, asked: Asked) -> Answer:
        if asked.bearer != KEY:
            return Answer(401, {"error": "Invalid API key"})
        *_, last = asked.path.split("/")
        match asked.method, asked.path:
            case "GET", "/v1/webhook_endpoints":
                return Answer(200, {"data": list(self.endpoints.values())})
            case "POST", "/v1/webhook_endpoints":
                made = {"id": f"we_{next(self._numbers)}", "status": "enabled", "metadata": {}, **asked.json}
                self.endpoints[made["id"]] = made
                return Answer(201, made)
            case "POST", "/v1/test_events":
                return Answer(200, {"sent": self._send(asked.json)})
            case "POST", _ if last in self.endpoints:
                self.endpoints[last] |= asked.json
                return Answer(200, self.endpoints[last])
            case "DELETE", _ if last in self.endpoints:
                return Answer(200, self.endpoints.pop(last))
        return Answer(404, {"error": "not found"})

    def _send(self, event: dict[str, Any]) -> list[dict[str, Any]]:
        """To every endpoint that is enabled and on this host; again while it answers 500, a little later each time."""
        sent: list[dict[str, Any]] = []
        for endpoint in self.endpoints.values():
            if endpoint["status"] != "enabled" or "127.0.0.1" not in endpoint["url"]:
                continue
            for attempt in range(1, ATTEMPTS + 1):
                at = time.time()
                status = self._post(endpoint["url"], event)
                told = {"endpoint": endpoint["id"], "attempt": attempt, "at": at, "answered_at": time.time()}
                sent.append({**told, "status": status})
                if status < 500:
                    break
                time.sleep(_PAUSE_S * 2 ** (attempt if self.is_patient else -attempt))
        return sent

    def _post(self, url: str, event: dict[str, Any]) -> int:
        body = json.dumps(event).encode()
        signature = hmac.new(self.secret.encode(), body, "sha256").hexdigest()
        headers = {"Content-Type": "application/json", "X-Signature": signature}
        return httpx.post(url, content=body, headers=headers, timeout=5).status_code
