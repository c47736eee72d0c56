"""How a report says things: times in one zone, steps by number and title, evidence and outcomes in a few words.

Nothing here makes text safe: every writer makes visible, and escapes, all that it is given.
"""

from __future__ import annotations

from datetime import datetime, tzinfo

from cockpit.report.chronicle.chronicle import Chronicle
from cockpit.report.chronicle.records import Decision
from cockpit.report.pages.clocktime import duration, local, zone_name
from cockpit.run.phrases import quantity
from cockpit.run.readings import ConditionVerdict, Evidence
from cockpit.text import visible

STATUS = {
    "open": "open", "confirmed": "confirmed", "done_outside": "done outside", "skipped": "skipped",
    "not_applicable": "did not apply", "conflict": "IN CONFLICT",
}  # fmt: skip
DEVIATIONS = {
    "skip": "skipped a step", "override": "overrode a gate", "jump": "left the order", "reopen": "opened a step again",
    "done_outside": "done outside of the plan", "hold": "held the line", "pen": "took the pen",
    "second_run": "started beside a live run", "wait_early": "cut a wait short", "no_second": "no second person",
    "trigger": "went on in spite of a trigger", "rollback": "took the way back",
    "rollback_left": "gave the way back up",
    "settled": "settled an unknown end", "rehearsal": "rehearsed against production", "keeper": "stopped the keeper",
    "hands": "another keeper acts", "continued": "the log went on elsewhere", "place": "a place that is not trusted",
    "unsigned": "went on without a signature", "offline": "went on without the database",
    "conflict": "said which of two sides counts", "moved": "took the keeper to another host",
    "unverified": "a server that is not verified", "unreviewed": "began without approvals of the profile",
}  # fmt: skip
UNPROVEN = "✖ "
"""Before every time of what stands behind damage."""
MODES = {"real": "", "dry_run": "dry run", "shown": "shown only, not run", "rolled_back": "rolled back"}


class Phrasing:
    """The words of one report."""

    def __init__(self, told: Chronicle, zone: tzinfo) -> None:
        self.zone = zone
        self._steps = {step.id: f"{step.number} {step.title or step.id}" for step in told.steps}
        self._phases = {phase.id: f"{phase.number} {phase.title or phase.id}" for phase in told.phases}
        self._plans = {each.plan: each.title or each.plan for each in told.rollbacks}
        times = [each.at for each in told.happenings] or [at for at in (told.began, told.last) if at]
        self.is_one_day = len({local(at, zone).date() for at in (*times[:1], *times[-1:])}) <= 1
        self._unproven = told.unproven_since
        self.zone_name = zone_name(zone, told.began) if told.began else "UTC"

    def at(self, at: datetime | None) -> str:
        """`22:08:12`, with the day where the run has several, marked where nothing proves it; empty for none."""
        if at is None:
            return ""
        here = local(at, self.zone)
        mark = UNPROVEN if self._unproven is not None and at >= self._unproven else ""
        return mark + (f"{here:%H:%M:%S}" if self.is_one_day else f"{here.day} {here:%b %H:%M:%S}")

    def moment(self, at: datetime | None) -> str:
        """`2026-11-21 22:08:12`; empty for none."""
        return f"{local(at, self.zone):%Y-%m-%d %H:%M:%S}" if at else ""

    def lasted(self, seconds: float | None) -> str:
        """`26m 30s`; empty for none."""
        return "" if seconds is None else duration(seconds)

    def step(self, step_id: str) -> str:
        """`1.2 Migrate`."""
        return self._steps.get(step_id, step_id)

    def phase(self, phase_id: str) -> str:
        """`1 Database`."""
        return self._phases.get(phase_id, phase_id)

    def plan(self, plan_id: str) -> str:
        """The title of a rollback plan that was taken; of another its id."""
        return self._plans.get(plan_id, plan_id)

    def where(self, step_id: str, gate: str) -> str:
        """The step, or the phase whose gate it is."""
        kind, _, name = gate.partition(":")
        if kind in ("phase", "exit"):
            return f"{'entering' if kind == 'phase' else 'leaving'} {self.phase(name)}"
        return self.step(step_id) if step_id else ""

    def evidence(self, entry: Evidence) -> str:
        """`missing_profiles: fail, 12, 0.2 s old`."""
        value = quantity(entry.value, entry.unit)
        age = "never read" if entry.age_s is None else f"{duration(entry.age_s)} old"
        return ", ".join(part for part in (f"{entry.probe}: {entry.status}", value, age) if part)

    def rest_of_reason(self, decision: Decision) -> str:
        """The reason where it was too long for the decision's one sentence; empty where that has all of it."""
        return "" if visible(decision.reason) in decision.text else decision.reason

    def stood(self, decision: Decision) -> str:
        """How the probes stood at a decision that carries no evidence; empty where it does, or nothing was read."""
        if decision.stood is None:
            return ""
        return f"not passing then: {', '.join(decision.stood)}" if decision.stood else "every probe passed then"

    def condition(self, verdict: ConditionVerdict) -> str:
        """`holds: connections < 100 (connections is 41)`."""
        word = {True: "holds", False: "DOES NOT HOLD", None: "cannot be said"}[verdict.holds]
        return f"{word}: {verdict.condition}" + (f" ({verdict.detail})" if verdict.detail else "")


def outcome_of(told: Chronicle) -> str:
    """How the run ended, in one sentence without its end."""
    what = "the rehearsal" if told.rehearsal else "the run"
    if told.outcome == "empty":
        return "no run began"
    if told.outcome == "live":
        back = ", on the way back" if told.rolled_back else ""
        return f"{what} is live{back}: this tells it as of its last event, {duration(told.duration_s)} after its start"
    if told.outcome == "aborted":
        back = "on the way back, " if told.rolled_back else ""
        return f"{what} was aborted {back}after {duration(told.duration_s)}: {told.outcome_reason or 'no reason given'}"
    back = f"rolled back by {told.rollbacks[-1].title}" if told.rolled_back and told.rollbacks else "finished"
    return f"{what} was {back} after {duration(told.duration_s)}"


def against_window(told: Chronicle) -> str:
    """How the work stood to its window; empty without one."""
    window = told.window
    if window is None:
        return ""
    if window.margin_s is None:
        what = "the way back was not all walked" if told.rolled_back else "the work of the window was not all done"
        return f"{what} where the log ends"
    what = "the way back was walked" if told.rolled_back else "its work was done"
    if window.margin_s >= 0:
        return f"{what} {duration(window.margin_s)} before the window's end"
    return f"{what} {duration(-window.margin_s)} AFTER the window's end"
