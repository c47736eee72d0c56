"""The story of a run as a post-incident document tells it: what happened when, and what probes saw go wrong.

Invariant: the end of a story is never cut off to make room for its beginning: what matters least is left out first.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from cockpit.report.chronicle.chronicle import Chronicle
from cockpit.report.chronicle.records import Happening, ProbeRecord, StatusChange
from cockpit.report.marks import SIGNS
from cockpit.report.pages.phrasing import Phrasing
from cockpit.report.pages.tables import Table
from cockpit.run.phrases import quantity

ROWS = 250
"""Of one story."""
SPANS = 60
"""Of what probes saw."""
_BAD = ("fail", "error")
_Row = tuple[int, datetime, str, str, str]
"""Seq, time, sign, who and what."""


def story_table(told: Chronicle, say: Phrasing) -> Table:
    """What people did, what stood out, and when probes began to fail and passed again, oldest first."""
    every = [_happened(each) for each in told.happenings]
    watched = [row for probe in told.probes for row in _turned(probe)]
    stood_out = [_happened(each) for each in told.happenings if each.mark]
    rows = next((some for some in (every + watched, every, stood_out) if len(some) <= ROWS), stood_out[-ROWS:])
    left_out = len(watched) + told.happenings_total - len(rows)
    cells = ((say.at(at), sign, who, what) for _, at, sign, who, what in sorted(rows))
    return Table("story", "What happened", ("Time", "", "Who", "What"), tuple(cells), left_out)


def _happened(each: Happening) -> _Row:
    sign = next((sign.glyph for kind, sign in SIGNS.items() if kind == each.mark), "")
    return (each.seq, each.at, sign, each.who, each.text)


def _turned(probe: ProbeRecord) -> Iterator[_Row]:
    """The changes of a probe into trouble, and out of it."""
    for change in probe.changes:
        if change.status in _BAD or change.previous in _BAD:
            why = change.detail or quantity(change.value, probe.unit)
            what = f"{probe.id} {change.previous} → {change.status}" + (f": {why}" if why else "")
            yield (change.seq, change.at, SIGNS["probe"].glyph if change.status in _BAD else "", "keeper", what)


def failing_table(told: Chronicle, say: Phrasing) -> Table:
    """From when to when probes failed or could not be read: a start for whoever writes about the impact."""
    end = told.ended or told.last
    spans = sorted(
        ((probe, begun, ended) for probe in told.probes for begun, ended in _spans(probe)),
        key=lambda span: (span[1].seq, span[0].id),
    )
    rows = tuple(_span_row(probe, begun, ended, end, say) for probe, begun, ended in spans)
    heads = ("Probe", "Status", "From", "To", "For", "First because")
    return Table("failing", "What probes saw fail", heads, rows[:SPANS], max(0, len(rows) - SPANS))


def _span_row(
    probe: ProbeRecord, begun: StatusChange, ended: datetime | None, end: datetime | None, say: Phrasing
) -> tuple[str, ...]:
    name = f"{probe.id}, {probe.title}" if probe.title else probe.id
    until, word = ended or end, "where the log ends"
    if ended is None and probe.changes_total > len(probe.changes):
        until, word = None, "not known: it changed too often"
    lasted_s = (until - begun.at).total_seconds() if until else None
    return (name, begun.status, say.at(begun.at), say.at(ended) or word, say.lasted(lasted_s), begun.detail)


def _spans(probe: ProbeRecord) -> Iterator[tuple[StatusChange, datetime | None]]:
    """Each stretch of trouble: the change that began it, and when it ended; None: it lasts."""
    begun: StatusChange | None = None
    for change in probe.changes:
        if begun is None and change.status in _BAD:
            begun = change
        elif begun is not None and change.status not in _BAD:
            yield begun, change.at
            begun = None
    if begun is not None:
        yield begun, None
