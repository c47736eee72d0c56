"""Secrets that a server, a driver or a program quoted, taken out of a judgement.

Runners do not show secrets themselves; this is for what others say.
"""

from __future__ import annotations

from msgspec.structs import replace

from cockpit.masking.mask import Mask
from cockpit.probes.reading import Judgement
from cockpit.run.readings import ConditionVerdict, Reading


def masked(judgement: Judgement, mask: Mask) -> Judgement:
    """The judgement without secrets; the same one if it held none."""
    reading = _reading(judgement.reading, mask)
    conditions = tuple(_verdict(verdict, mask) for verdict in judgement.conditions)
    if reading is judgement.reading and conditions == judgement.conditions:
        return judgement
    return replace(judgement, reading=reading, conditions=conditions)


def _reading(reading: Reading, mask: Mask) -> Reading:
    value, detail, unit = mask.value(reading.value), mask.text(reading.detail), mask.text(reading.unit)
    if (detail, value, unit) == (reading.detail, reading.value, reading.unit):
        return reading
    return replace(reading, detail=detail, value=value, unit=unit)


def _verdict(verdict: ConditionVerdict, mask: Mask) -> ConditionVerdict:
    detail = mask.text(verdict.detail)
    return verdict if detail == verdict.detail else replace(verdict, detail=detail)
