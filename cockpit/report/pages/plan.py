"""When each phase and step was planned to be: one after the other, the work of the window from its opening on. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from cockpit.report.chronicle.chronicle import Chronicle

Planned = dict[str, tuple[datetime, datetime]]
"""From when to when, by id; what has no plan is left out."""


def planned(told: Chronicle) -> tuple[Planned, Planned]:
    """Phases and steps as planned: the way forward from the start, ways back from when they were taken.

    A step that is due at a set time has a plan of no length, and so is left out.
    """
    phases, steps = Planned(), Planned()
    if told.began is None:
        return phases, steps
    at, plan, is_open = told.began, "", False
    for phase in told.phases:
        if phase.plan != plan:
            plan = phase.plan
            at = next((each.at for each in reversed(told.rollbacks) if each.plan == plan), at)
        if phase.stage == "window" and not plan and not is_open:
            is_open = True
            at = max(at, told.window.start) if told.window else at
        began = at
        for step in (each for each in told.steps if each.phase == phase.id and each.plan == phase.plan):
            if step.planned_s > 0:
                try:
                    end = at + timedelta(seconds=step.planned_s)
                except OverflowError:
                    return phases, steps
                steps[step.id] = (at, end)
                at = end
        if at > began:
            phases[phase.id] = (began, at)
    return phases, steps
