"""What stands out of a run, numbered in order: the marks of its timeline, and the list of words beneath it. Pure."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from cockpit.report.chronicle import Chronicle
from cockpit.report.marks import SIGNS, MarkKind

LANES: dict[MarkKind, str] = {
    "damage": "Log damage", "rollback": "Way back", "trigger": "Triggers", "aborted": "Aborted",
    "unknown": "Unknown ends", "failure": "Failures", "hold": "Holds", "deviation": "Deviations",
    "keeper": "Keeper ended", "clock": "Clock set", "alert": "People called", "pen": "Pen taken",
}  # fmt: skip
"""Kinds of marks that a report points out, the gravest first, and how their lane is called."""
MOST = 300


class StandOut(Struct, frozen=True):
    """One mark."""

    number: int
    """From 1."""
    seq: int
    at: datetime
    kind: str
    word: str
    """`Holds`"""
    glyph: str
    who: str
    text: str


def stand_outs(told: Chronicle) -> tuple[StandOut, ...]:
    """The marks of a run, oldest first, at most `MOST`."""
    found = [
        each
        for each in told.happenings
        if each.mark in LANES and not (each.type == "keeper.stopped" and told.ended and each.at >= told.ended)
    ]
    return tuple(
        StandOut(
            number, each.seq, each.at, each.mark, LANES[each.mark], SIGNS[each.mark].glyph,  # type: ignore[index]
            each.who, each.text,
        )
        for number, each in enumerate(found[:MOST], 1)
    )  # fmt: skip
