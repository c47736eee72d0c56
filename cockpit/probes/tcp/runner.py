"""Connects to a TCP port and closes again at once. A refusal is a fact; a name that does not resolve is no reading."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from cockpit.probes.reaching import refusal, resolve
from cockpit.probes.runner import Context, Facts
from cockpit.probes.tcp.declaration import TcpSettings
from cockpit.profile.kinds import Settings


class TcpRunner:
    """One `tcp` probe."""

    def __init__(self, settings: TcpSettings, context: Context) -> None:
        self._host = settings.host
        self._port = int(settings.port)
        self._timeout_s = context.timeout_s

    async def read(self) -> Facts:
        """Connect to each address in turn until one accepts."""
        addresses, dns_s = await resolve(self._host, self._port)
        began = time.perf_counter()
        reason, address = "no address", ""
        for address in addresses:
            try:
                # A port that drops packets is a fact too: leave a little of the timeout to say so.
                async with asyncio.timeout(self._timeout_s * 0.9 / len(addresses)):
                    _, writer = await asyncio.open_connection(address, self._port)
            except TimeoutError:
                reason = "no answer"
                continue
            except OSError as error:
                reason = refusal(error)
                continue
            writer.close()
            with suppress(OSError):  # the other side may be gone already; it did accept
                await writer.wait_closed()
            reason = ""
            break
        connect_s = time.perf_counter() - began
        return {
            "connected": not reason,
            "reason": reason,
            "latency_ms": (dns_s + connect_s) * 1e3,
            "dns_ms": dns_s * 1e3,
            "address": address,
        }

    async def close(self) -> None:
        """Nothing is held."""


async def open_runner(settings: Settings, context: Context) -> TcpRunner:
    """Open a `tcp` probe."""
    assert isinstance(settings, TcpSettings)
    return TcpRunner(settings, context)
