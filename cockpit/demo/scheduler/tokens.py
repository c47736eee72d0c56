"""JSON web tokens, HS256 alone (RFC 7519), as the application hands them out."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any


def issued(claims: dict[str, object], secret: str, lifetime_s: int) -> str:
    """A signed token that lives this long."""
    now = int(time.time())
    body = {**claims, "iat": now, "exp": now + lifetime_s}
    signed = ".".join(_encoded(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, body))
    return f"{signed}.{_signature(signed, secret)}"


def verified(token: str, secret: str) -> dict[str, Any] | None:
    """What a token claims, if it is ours and has not expired."""
    signed, _, signature = token.rpartition(".")
    if not signed or not hmac.compare_digest(signature, _signature(signed, secret)):
        return None
    body = signed.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims if claims["exp"] > time.time() else None


def _signature(signed: str, secret: str) -> str:
    return _encoded(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
