"""Whether a host is this machine, and what must not be sent in clear to one that is not.

Invariant: decided by the name or address as written; nothing is looked up, since a resolver is somebody else's word.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from cockpit.profile.unverified import KEY
from cockpit.text import shortened, visible

_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key", "x-auth-token"})


def is_here(host: str) -> bool:
    """Whether a host is this machine, by its name or address alone: nothing leaves it, so there is nobody between."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761, 6.3
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def open_problems(scheme: str, host: str, bearer: str, headers: Mapping[str, str], reason: str) -> tuple[str, ...]:
    """Why a request must not be sent: it would show credentials to everybody between here and a host elsewhere."""
    if reason or scheme != "http" or not host or is_here(host):
        return ()
    shown = "`bearer`" if bearer else ""
    shown = shown or next(
        (f"the header {visible(n)} of `headers`" for n in headers if n.lower() in _SECRET_HEADERS), ""
    )
    if not shown:
        return ()
    return (f'{shown} would go unencrypted to {shortened(host, 80)}: use https://, or say why: `{KEY}` = "…"',)
