"""A text to any service that Apprise knows, where the extra `apprise` is installed.

Invariant: Apprise's own log, which quotes addresses, goes nowhere; what it raises is not repeated. It sends in a thread
of its own, since it blocks.
"""

from __future__ import annotations

import asyncio
import logging

from cockpit.actions.message.sent import Sent
from cockpit.probes.threads import in_own_thread

MISSING = "nothing was sent: the extra `apprise` is not installed here; install cockpit[apprise]"


async def notify(url: str, title: str, text: str, timeout_s: float) -> Sent:
    """Send it once. Apprise does not tell whether anything was on its way: what it calls a failure is `failed`."""
    try:
        async with asyncio.timeout(timeout_s):
            return await in_own_thread(lambda: _notified(url, title, text))
    except TimeoutError:
        return Sent("unknown", f"no answer within {timeout_s:g} s; it may have arrived")


def _notified(url: str, title: str, text: str) -> Sent:
    _silence()
    try:
        import apprise  # an extra; 300 ms, which only this needs
    except ImportError:
        return Sent("failed", MISSING)
    services = apprise.Apprise(asset=apprise.AppriseAsset(app_id="cockpit", secure_logging=True))
    try:
        is_known = services.add(url) and len(services) > 0
    except Exception as error:  # noqa: BLE001 - as below
        return Sent("failed", f"nothing was sent: Apprise cannot read this channel's URL ({type(error).__name__})")
    if not is_known:
        return Sent("failed", "nothing was sent: Apprise knows no service for this channel's URL")
    try:
        sent = services.notify(body=text, title=title, body_format=apprise.NotifyFormat.TEXT)
    except Exception as error:  # noqa: BLE001 - a hundred services; their messages may quote the URL
        return Sent("unknown", f"Apprise failed ({type(error).__name__}); it may have arrived")
    if sent:
        return Sent("succeeded", "taken by the service")
    return Sent("failed", "the service did not take it; Apprise does not say why without quoting its URL")


def _silence() -> None:
    log = logging.getLogger("apprise")
    log.disabled = True
    log.propagate = False
