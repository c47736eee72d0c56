"""A text to a webhook: one POST of a JSON object.

Invariant: TLS is verified unless the profile says why not, no redirect is followed and no proxy is taken from the
environment, so the text goes where the profile says or nowhere. Nothing of the URL gets into a sentence: its path is
often the whole secret.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping

import httpx
import msgspec

import cockpit
from cockpit.actions.message.sent import Sent
from cockpit.errors import ProbeError
from cockpit.patterns import late
from cockpit.probes.http.exchange import reason
from cockpit.probes.trust import trusting, unverified
from cockpit.text import shortened, visible

_ANSWER_BYTES = 2048
"""As much of a refusal is read: it often says why."""
_SHOWN_BYTES = 1024
"""Of that: a part of the URL that the end of what was read cuts in two lies behind it."""
_PART = late(r"[^/?&=#:@;+.%]{4,}")
"""What of a URL would tell something of it."""


async def post(url: str, content: Mapping[str, str], timeout_s: float, *, verifies: bool = True) -> Sent:
    """Send it once. A status of 2xx is success; no answer after the request was begun leaves it unknown."""
    try:
        parsed = httpx.URL(url)
        if parsed.scheme not in ("http", "https") or not parsed.host:
            return Sent("failed", "nothing was sent: the webhook is no http or https URL")
        body = msgspec.json.encode({name: _text(value) for name, value in content.items()})
        request = httpx.Request("POST", parsed, content=body, headers=_HEADERS)
    except (httpx.InvalidURL, ValueError, TypeError):
        return Sent("failed", "nothing was sent: the webhook is no URL")
    way = _Way()
    request.extensions = {"trace": way.trace, "timeout": httpx.Timeout(timeout_s).as_dict()}
    try:
        async with asyncio.timeout(timeout_s):
            return await _posted(request, url, trusting("") if verifies else unverified())
    except TimeoutError:
        return way.lost(f"no answer within {timeout_s:g} s")
    except (httpx.HTTPError, ProbeError, OSError) as error:
        return way.lost(_without(reason(error), url) or type(error).__name__)


_HEADERS = {
    "content-type": "application/json",
    "accept": "*/*",
    "connection": "close",
    "user-agent": f"cockpit/{cockpit.__version__}",
}


class _Way:
    """How far a request came."""

    def __init__(self) -> None:
        self._is_begun = False

    async def trace(self, name: str, info: object) -> None:
        if name.endswith("send_request_headers.started"):
            self._is_begun = True

    def lost(self, why: str) -> Sent:
        if self._is_begun:
            return Sent("unknown", f"{why}; it may have arrived")
        return Sent("failed", f"nothing was sent: {why}")


async def _posted(request: httpx.Request, url: str, trust: ssl.SSLContext) -> Sent:
    async with httpx.AsyncClient(verify=trust, trust_env=False, follow_redirects=False) as client:
        answer = await client.send(request, stream=True)
        try:
            return await _judged(answer, url)
        finally:
            await answer.aclose()


async def _judged(answer: httpx.Response, url: str) -> Sent:
    status = f"status {answer.status_code}"
    if answer.is_success:
        return Sent("succeeded", status)
    if answer.is_redirect or 300 <= answer.status_code < 400:
        return Sent("failed", f"{status}: it points elsewhere, and that is not followed")
    read = await _beginning(answer)
    said = shortened(_first_line(read[:_SHOWN_BYTES]), 160) if _without(_first_line(read), url) else ""
    return Sent("failed", f"{status}: {said}" if said else status)


async def _beginning(answer: httpx.Response) -> bytes:
    """Of what it said, if it came: the status has decided already."""
    read = b""
    try:
        async for part in answer.aiter_raw(_ANSWER_BYTES):
            read += part
            if len(read) >= _ANSWER_BYTES:
                break
    except httpx.HTTPError:
        return b""
    return read[:_ANSWER_BYTES]


def _first_line(read: bytes) -> str:
    lines = read.decode(errors="replace").strip().splitlines()
    return lines[0].strip() if lines else ""


def _without(said: str, url: str) -> str:
    """What was said, or nothing if it tells any part of the URL but a word of its host's."""
    host = httpx.URL(url).host
    parts = {part for part in _PART.findall(url) if part not in host and part not in ("http", "https")}
    return "" if any(part in said for part in parts) or url in said else said


def _text(value: str) -> str:
    return visible(value, multiline=True)
