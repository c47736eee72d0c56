"""`curl` of a health URL: the probe that asks the same."""

from __future__ import annotations

import shlex
from urllib.parse import urlsplit

from msgspec import Struct

_HEALTH = ("health", "healthz", "ready", "readyz", "livez", "alive", "status", "ping", "heartbeat", "up")


class Request(Struct, frozen=True, kw_only=True):
    """What a curl command asks."""

    url: str
    method: str = "GET"
    headers: dict[str, str] = {}
    has_body: bool = False
    fails: bool = False
    """`-f`: a status from 400 on is a failure."""

    @property
    def is_health(self) -> bool:
        """It only asks how a system is: a GET or HEAD whose path says so."""
        words = urlsplit(self.url).path.lower().replace("-", "/").replace("_", "/").split("/")
        return self.method in ("GET", "HEAD") and not self.has_body and any(word in _HEALTH for word in words)


def request_of(command: str) -> Request | None:
    """What a command asks, or None if it is no plain curl."""
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    if not words or words[0] != "curl":
        return None
    url = next((word for word in words[1:] if "://" in word or word.startswith("$")), "")
    if not url or "-X" in words or "-d" in words or "--data" in words:
        return None
    return Request(url=url, fails="-f" in words)
