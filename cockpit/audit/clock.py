"""The moment now, as the log writes it: wall clock for people, monotonic clock for durations, boot id beside it.

Never compare `mono` of two boots; never take a duration from `at`.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Protocol

from cockpit.run.events import Instant


class Clock(Protocol):
    """Where moments come from. Tests and later the demo bring their own."""

    def now(self) -> Instant:
        """The present moment."""
        ...


class SystemClock:
    """The clocks of this host."""

    def now(self) -> Instant:
        """The present moment by wall clock, boot id and CLOCK_MONOTONIC."""
        return now()


@cache
def boot_id() -> str:
    """The kernel's id of this boot (random(4)); `unknown` where the kernel does not tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return "unknown"


def now() -> Instant:
    """The present moment; `mono` is in seconds, to the microsecond."""
    return Instant(at=datetime.now(UTC), boot=boot_id(), mono=round(time.monotonic(), 6))
