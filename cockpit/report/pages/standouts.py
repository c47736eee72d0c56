"""What stands out of a run, numbered in order: the marks of its timeline, and the list of words beneath it. Pure."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from cockpit.report.chronicle.chronicle import Chronicle
from cockpit.report.chronicle.records import Happening
from cockpit.report.marks import SIGNS, MarkKind

LANES: dict[MarkKind, str] = {
    "damage": "Log damage", "rollback": "Way back", "trigger": "Triggers", "aborted": "Aborted",
    "unknown": "Unknown ends", "failure": "Failures", "hold": "Holds", "deviation": "Deviations",
    "keeper": "Keeper ended", "clock": "Clock set", "alert": "People called", "pen": "Pen moved",
}  # fmt: skip
"""Kinds of marks that a report points out, the gravest first, and how their lane is called."""
_ONE: dict[MarkKind, str] = {
    "trigger": "Trigger", "unknown": "Unknown end", "failure": "Failure", "hold": "Hold", "deviation": "Deviation",
}  # fmt: skip
"""How one mark is called, where its lane is named for many."""
MOST = 300


class StandOut(Struct, frozen=True):
    """One mark."""

    number: int
    """From 1."""
    seq: int
    at: datetime
    kind: str
    word: str
    """`Hold`"""
    glyph: str
    who: str
    text: str


def stand_outs(told: Chronicle) -> tuple[StandOut, ...]:
    """The marks of a run, oldest first, at most `MOST`."""
    return tuple(
        StandOut(
            number, each.seq, each.at, kind, _ONE.get(kind, LANES[kind]), SIGNS[kind].glyph, each.who, each.text
        )
        for number, (kind, each) in enumerate(_marked(told)[:MOST], 1)
    )  # fmt: skip


def left_out(told: Chronicle) -> int:
    """How many more marks there are than `stand_outs` tells."""
    return max(0, len(_marked(told)) - MOST)


def _marked(told: Chronicle) -> list[tuple[MarkKind, Happening]]:
    found = [(kind, each) for each in told.happenings for kind in LANES if kind == each.mark]
    return [
        (kind, each)
        for kind, each in found
        if not (each.type == "keeper.stopped" and told.ended and each.at >= told.ended)
    ]
