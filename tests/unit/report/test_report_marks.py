"""Every event that a reviewer looks for has its mark, and no other has."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from rich.cells import cell_len

from cockpit.report.marks import KINDS, SIGNS, gravest, mark_of
from cockpit.run import events as e

AT = e.Instant(datetime(2026, 11, 21, 22, 0, tzinfo=UTC), "boot", 1.0)
UNMARKED = {
    "phase.entered", "phase.left", "step.confirmed", "step.countersigned", "action.requested", "action.started",
    "action.cancelled", "wait.began", "wait.completed", "wait.restarted", "trigger.cleared", "plans.judged",
    "gate.changed", "keeper.started", "action.output", "probes.sampled", "operator.attached", "operator.detached",
    "operator.moved", "operator.identified", "probes.asked", "pen.asked", "pen.offered", "pen.withdrawn", "head.signed",
}  # fmt: skip
BY_CONTENT = {
    "run.started",
    "action.ended",
    "cursor.jumped",
    "probe.changed",
    "target.seen",
    "alert.sent",
    "keeper.stopped",
    "branch.told",
}


def event(body: e.Body) -> e.Event:
    return e.Event(1, "id", body.type, body.is_fact, AT, e.Actor("ana", "host"), body, "RUN")


def made(name: str) -> e.Body:
    """A body of this type, with nothing in it: what a mark goes by is its type."""
    return e.BODIES[name](**dict.fromkeys(e.BODIES[name].__struct_fields__))


def test_of_every_type_it_is_decided_whether_it_is_marked():
    unmarked = {name for name in e.BODIES.keys() - BY_CONTENT if not mark_of(event(made(name)))}
    assert unmarked == UNMARKED


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (e.ActionEnded(action="a", step="s", outcome="failed"), "failure"),
        (e.BranchTold(branch="b", part=1, text="{"), ""),
        (e.ActionEnded(action="a", step="s", outcome="timed_out"), "failure"),
        (e.ActionEnded(action="a", step="s", outcome="unknown"), "unknown"),
        (e.ActionEnded(action="a", step="s", outcome="succeeded"), ""),
        (e.ActionEnded(action="a", step="s", outcome="lapsed"), ""),
        (e.CursorJumped(step="s", reason=""), ""),
        (e.CursorJumped(step="s", reason="no time"), "deviation"),
        (e.ProbeChanged(probe="p", previous="pass", status="fail"), "probe"),
        (e.ProbeChanged(probe="p", previous="fail", status="pass"), ""),
        (e.TargetSeen(target="t", verdict="mismatch"), "failure"),
        (e.TargetSeen(target="t", verdict="match"), ""),
        (e.AlertSent(about="x", channel="c", ok=True), "alert"),
        (e.AlertSent(about="x", channel="c", ok=False), "failure"),
        (e.KeeperStopped(epoch=1, reason="terminated"), "keeper"),
        (e.KeeperStopped(epoch=1, reason="run over"), ""),
        (e.KeeperStopped(epoch=1, reason="run over", killed_by="ana"), "keeper"),
        (e.UnknownBody(data={}), ""),
    ],
)
def test_where_it_hangs_on_what_happened_the_content_decides(body, kind):
    assert mark_of(event(body)) == kind


def test_every_kind_has_a_glyph_of_its_own_and_of_one_cell():
    assert len({sign.glyph for sign in SIGNS.values()}) == len(SIGNS)
    assert all(cell_len(sign.glyph) == 1 for sign in SIGNS.values())


def test_of_several_the_gravest_is_shown():
    assert gravest(["note", "hold", "probe"]) == "hold"
    assert [gravest([a, b]) for a, b in pairwise(KINDS)] == list(KINDS[:-1])
