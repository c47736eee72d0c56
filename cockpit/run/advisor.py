"""Which way back: the rollback plans in the order in which they are to be considered, and what each would undo now.

Pure. Invariants: a plan is proposed only if its condition is known to hold; a plan's steps are those that undo
something that was done, begun or left unknown, and those that undo nothing in particular; its phases come in their
order, and within one, neighbours that undo something stand in the reverse order of what they undo. It proposes; a
person chooses.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from msgspec import Struct
from msgspec.structs import replace

from cockpit.profile.model import Phase, RollbackPlan, Step
from cockpit.run.events import Instant
from cockpit.run.failing import failure
from cockpit.run.readings import Verdict
from cockpit.run.state import RunState
from cockpit.text import shortened


class Option(Struct, frozen=True, kw_only=True):
    """One plan as it stands now."""

    plan: str
    title: str
    fits: Verdict
    """`pass`: its condition holds; `blocked`: it does not; else it cannot be said."""
    detail: str = ""
    steps: tuple[str, ...] = ()
    """What would be walked, in order."""
    estimate_s: float = 0.0
    fits_window: bool = True
    """Whether it would be over before the window's end; true where there is no window."""
    data_loss: str = ""
    is_proposed: bool = False
    why: str = ""
    """Why it is proposed, in words."""


class Advice(Struct, frozen=True):
    """Every plan, the one to take first."""

    options: tuple[Option, ...] = ()

    @property
    def proposed(self) -> str:
        """The plan that is proposed; empty: none fits for certain."""
        return next((option.plan for option in self.options if option.is_proposed), "")

    def option(self, plan: str) -> Option | None:
        """The option, or None."""
        return next((option for option in self.options if option.plan == plan), None)


_RANK: dict[Verdict, int] = {"pass": 0, "unknown": 1, "pending": 1, "blocked": 2}


def advise(state: RunState, now: Instant) -> Advice:
    """Every plan at `now`: those that fit first; among them the one that a failed step or a trigger names."""
    if state.started is None:
        return Advice()
    wanted = _wanted(state)
    plans = [plan for plan in state.profile.rollbacks if state.rollback is None or plan.id != state.rollback.plan]
    ranked = sorted(
        plans,  # sorted is stable: the profile's order decides at last
        key=lambda plan: (_RANK[verdict(state, plan)], plan.id not in wanted),
    )
    options = [_option(state, plan, now, wanted.get(plan.id, "")) for plan in ranked]
    if options and options[0].fits == "pass":
        first = options[0]
        plan = state.profile.plan(first.plan)
        why = first.why or ("its condition holds" if plan and plan.when else "it fits at any time")
        options[0] = replace(first, is_proposed=True, why=why)
    return Advice(tuple(options))


def not_taken(state: RunState, now: Instant) -> str:
    """The plan that is proposed since the step at the cursor failed, for who does something else; empty: none is."""
    failed = failure(state)
    return "" if failed is None or state.rollback is not None else advise(state, now).proposed or failed.plan


def verdict(state: RunState, plan: RollbackPlan) -> Verdict:
    """Whether a plan fits, as the keeper last said; one without a condition always does."""
    return "pass" if not plan.when else state.plans.get(plan.id, "pending")


def due_steps(state: RunState, plan: RollbackPlan) -> tuple[str, ...]:
    """What is to be walked of a plan now, in order."""
    return tuple(step for phase in plan.phases for step in _due_of(state, phase))


def _due_of(state: RunState, phase: Phase) -> Iterator[str]:
    neighbours: list[tuple[int, str]] = []
    for step in phase.steps:
        if not step.undoes:
            yield from _reversed(neighbours)
            neighbours = []
            yield step.id
        elif touched := _touched_seq(state, step):
            neighbours.append((touched, step.id))
    yield from _reversed(neighbours)


def _reversed(neighbours: list[tuple[int, str]]) -> list[str]:
    """What was done last is undone first; what was done by the same event stays in the plan's order."""
    return [step_id for _, step_id in sorted(neighbours, key=lambda pair: -pair[0])]


def _touched_seq(state: RunState, step: Step) -> int:
    done = [undone for undone in step.undoes if undone in state.steps and undone not in _undone(state)]
    return max((state.steps[undone].touched_seq for undone in done), default=0)


def _undone(state: RunState) -> set[str]:
    """What the way back that is being walked has undone already."""
    walked = state.rollback.steps if state.rollback else ()
    return {
        undone
        for _, step in (state.profile.every_step() if walked else ())
        if step.id in walked and state.steps[step.id].status in ("confirmed", "done_outside")
        for undone in step.undoes
    }


def _wanted(state: RunState) -> dict[str, str]:
    """Plans that something names, with what names them: a failed step first, then triggers, immediate ones first."""
    wanted: dict[str, str] = {}
    if (failed := failure(state)) is not None:
        wanted[failed.plan] = failed.why
    triggers = {trigger.id: trigger for trigger in state.profile.triggers}
    for fired in sorted(state.fired, key=lambda each: each.severity != "immediate"):
        trigger = triggers.get(fired.trigger)
        if trigger is not None and trigger.plan:
            wanted.setdefault(trigger.plan, f"the trigger {shortened(trigger.title or trigger.id, 80)} names it")
    return wanted


def _option(state: RunState, plan: RollbackPlan, now: Instant, why: str) -> Option:
    steps = due_steps(state, plan)
    estimates = {step.id: step.estimate_s for phase in plan.phases for step in phase.steps}
    estimate_s = sum(estimates[step_id] for step_id in steps)
    end = state.started.window_end if state.started else None
    return Option(
        plan=plan.id,
        title=shortened(plan.title or plan.id, 80),
        fits=verdict(state, plan),
        detail=state.plan_details.get(plan.id, ""),
        steps=steps,
        estimate_s=estimate_s,
        fits_window=end is None or now.at + timedelta(seconds=estimate_s) <= end,
        data_loss=plan.data_loss,
        why=why,
    )
