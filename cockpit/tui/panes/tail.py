"""The end of the log: what happened last, newest at the bottom."""

from __future__ import annotations

from cockpit.run.events import ActionEnded, Event, GateChanged, ProbeChanged, TargetSeen
from cockpit.session.view import Recent
from cockpit.tui.ink import Ink
from cockpit.tui.lines import Line, wrapped
from cockpit.tui.panes.seen import Seen

_INKS: dict[str, Ink] = {
    "hold.placed": "bad",
    "run.aborted": "bad",
    "gate.overridden": "warn",
    "step.skipped": "warn",
    "step.done_outside": "warn",
    "step.reopened": "warn",
    "cursor.jumped": "warn",
    "pen.taken": "warn",
    "keeper.accepted": "warn",
    "keeper.moved": "warn",
    "log.recovered": "warn",
    "keeper.stop_requested": "warn",
    "log.continued": "alarm",
    "store.restored": "alarm",
    "store.waited_for": "warn",
    "log.filled": "warn",
    "step.confirmed": "plain",
    "run.finished": "good",
    "trigger.fired": "bad",
    "trigger.raised": "bad",
    "rollback.chosen": "bad",
    "wait.stopped": "bad",
    "trigger.answered": "warn",
    "rollback.left": "warn",
    "second.waived": "warn",
    "wait.ended_early": "warn",
    "action.cancelled": "warn",
    "action.settled": "warn",
    "clock.stepped": "warn",
    "place.accepted": "warn",
    "step.due": "warn",
}
_WAITS = "not written yet: "
"""Before what the keeper saw while the database is away."""
_QUIET = frozenset({"gate.changed", "plans.judged"})
_ENDS: dict[str, Ink] = {"succeeded": "plain", "unknown": "unsure"}


def tail(seen: Seen, height: int, *, skipped: int = 0) -> list[Line]:
    """The last `height` events that people care about, leaving out the `skipped` newest."""
    shown = [recent for recent in (*seen.view.recent, *seen.view.waiting) if not _is_quiet(recent.event)]
    end = max(0, len(shown) - skipped)
    return [_row(seen, recent) for recent in shown[max(0, end - height) : end]]


def _is_quiet(event: Event) -> bool:
    """Gates stand in their pane, but a step that is passed by leaves it; that a probe's first reading is good is no
    news. The whole log has all."""
    body = event.body
    if isinstance(body, GateChanged) and body.gate.startswith("if:"):
        return body.verdict != "blocked"
    is_good_start = isinstance(body, ProbeChanged) and body.previous == "unread" and body.status == "pass"
    return is_good_start or event.type in _QUIET


def _ink(event: Event) -> Ink:
    if isinstance(event.body, ActionEnded):
        return _ENDS.get(event.body.outcome, "bad")
    if isinstance(event.body, TargetSeen) and event.body.verdict != "match":
        return "bad"
    return _INKS.get(event.type, "dim")


def _row(seen: Seen, recent: Recent) -> Line:
    at = recent.event.instant.at.astimezone(seen.zone).strftime("%H:%M:%S")
    waits: Line = () if recent.event.seq else ((_WAITS, "warn"),)
    return ((f"{at} ", "dim"), *waits, (recent.sentence, _ink(recent.event)))


def whole(seen: Seen, width: int) -> list[Line]:
    """Every fact the view holds, long sentences broken."""
    lines: list[Line] = []
    for recent in (*seen.view.recent, *seen.view.waiting):
        at = recent.event.instant.at.astimezone(seen.zone).strftime("%H:%M:%S")
        ink = _ink(recent.event)
        told = recent.sentence if recent.event.seq else f"{_WAITS}{recent.sentence}"
        first, *rest = wrapped(told, max(10, width - 16))
        lines.append(((f"{at} ", "dim"), (f"{recent.event.seq or '–':>5} ", "dim"), (first, ink)))
        lines += [((" " * 15, "plain"), (text, ink)) for text in rest]
    return lines
