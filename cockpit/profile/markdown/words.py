"""How the document says numbers, times and settings: one form for each, so that it can be read again."""

from __future__ import annotations

import re

from cockpit.profile.model import Level, Phase, Risk, Stage

_UNITS = (("day", 86_400_000), ("hour", 3_600_000), ("minute", 60_000), ("second", 1000))
_LASTING = re.compile(r"(\d{1,12}(?:\.\d{1,6})?) (days?|hours?|minutes?|seconds?)")
STAGES: dict[Stage, str] = {"before": "before the window", "window": "in the window", "after": "after the window"}
ORDERS = {
    "ordered": "",
    "free": "its steps in any order",
    "area": "in any order, together with the areas beside it",
}
RISKS: dict[Risk, str] = {"routine": "", "careful": "careful", "irreversible": "IRREVERSIBLE"}
LEVELS: dict[Level, str] = {"required": "", "recommended": "recommended", "optional": "optional"}
PRINTED = "Printed by `cockpit show --format md`."
"""The sentence by which such a document is known again."""


def lasting(duration_s: float) -> str:
    """A time in the largest unit that divides it: `90 minutes`, `1 hour`, `0.5 seconds`."""
    whole_ms = round(duration_s * 1000)
    for name, size in _UNITS:
        if whole_ms and whole_ms % size == 0:
            count = whole_ms // size
            return f"{count} {name}{'' if count == 1 else 's'}"
    return f"{duration_s:.3f}".rstrip("0").rstrip(".") + " seconds"


def lasted(text: str) -> float | None:
    """The seconds that `lasting` said; None: it is none of its texts."""
    found = _LASTING.fullmatch(text.strip())
    if found is None:
        return None
    size = next(size for name, size in _UNITS if found[2].startswith(name))
    return float(found[1]) * size / 1000


def headed(number: str, phase: Phase, title: str) -> str:
    """A phase's heading: `Phase 1: Database (30 minutes)`. Of a title that ends like an estimate, none is said, too."""
    aside = f" ({lasting(phase.estimate_s)})" if phase.estimate_s else ""
    if not aside and title.endswith(")") and lasted(title.rpartition("(")[2][:-1]) is not None:
        aside = " (0 seconds)"
    return f"Phase {number}: {title}{aside}"


def spelled(identifier: str) -> str:
    """An id as words, the first with a capital: `Maintenance notice`."""
    words = identifier.replace("_", " ").strip()
    return words[:1].upper() + words[1:]
