"""Looks at an environment variable of this process. Its value never leaves `read`."""

from __future__ import annotations

import math
import os
from collections import Counter

from cockpit.probes.env.declaration import EnvSettings
from cockpit.probes.runner import Context, Facts
from cockpit.profile.conditions import matches_whole
from cockpit.profile.kinds import Settings


class EnvRunner:
    """One `env` probe."""

    def __init__(self, settings: EnvSettings) -> None:
        self._settings = settings

    async def read(self) -> Facts:
        """Describe the variable."""
        value = os.environ.get(self._settings.name)
        text = value or ""
        pattern = self._settings.pattern
        return {
            "set": value is not None,
            "length": len(text),
            "entropy_bits": entropy_bits(text),
            "forbidden": value is not None
            and text.casefold() in {word.casefold() for word in self._settings.forbidden},
            "matches": value is not None and (not pattern or matches_whole(pattern, text)),
        }

    async def close(self) -> None:
        """Nothing is held."""


def entropy_bits(text: str) -> float:
    """Shannon entropy of the characters' frequencies, times their number, in bits (C. E. Shannon, 1948)."""
    size = len(text)
    return -sum(count * math.log2(count / size) for count in Counter(text).values()) + 0.0 if size else 0.0


async def open_runner(settings: Settings, context: Context) -> EnvRunner:
    """Open an `env` probe."""
    assert isinstance(settings, EnvSettings)
    return EnvRunner(settings)
