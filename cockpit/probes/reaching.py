"""Reaching a host: names to addresses, and why a connection failed, in plain words.

Each look-up is on a thread of its own: a resolver that hangs holds up nobody else.
The loop's own `getaddrinfo` shares a few threads among all probes, and the interpreter waits for them at its end.
"""

from __future__ import annotations

import os
import socket
import ssl
import time

from cockpit.errors import ProbeError
from cockpit.probes.threads import in_own_thread
from cockpit.text import shortened


async def resolve(host: str, port: int) -> tuple[list[str], float]:
    """Return the addresses of a host, in the resolver's order, and how long that took in seconds.

    An address is its own answer, at once. Raises `ProbeError`.
    """
    began = time.perf_counter()
    try:
        addresses = _addresses(host, port, socket.AI_NUMERICHOST)
    except UnicodeError as error:
        raise _unresolved(host, "it is no host name") from error
    except OSError:
        addresses = await in_own_thread(lambda: _looked_up(host, port))
    return addresses, time.perf_counter() - began


def _addresses(host: str, port: int, flags: int = 0) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


def _looked_up(host: str, port: int) -> list[str]:
    try:
        return _addresses(host, port)
    except (OSError, UnicodeError) as error:
        said = error.strerror if isinstance(error, OSError) else None
        raise _unresolved(host, said or "it is no host name") from error


def _unresolved(host: str, said: str) -> ProbeError:
    return ProbeError(f"the name {shortened(host, 80)} does not resolve: {said}")


def refusal(error: OSError) -> str:
    """Return why a connection failed, in a few visible words: `connection refused`, not asyncio's own sentence."""
    if isinstance(error, ssl.SSLError):
        return shortened((error.reason or str(error)).lower().replace("_", " "), 120)
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno).lower()
    return shortened(error.strerror or str(error), 120) or type(error).__name__
