"""Where a profile's estimates were wrong, over all runs that are compared, and what to write in their place.

Invariant: only what did its work counts, by the rule of a run's forecast (`cockpit.run.pace`); what waits for a set
time has no estimate to be right about. A new estimate is the median, rounded up, in the profile's own syntax.
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterator, Sequence

from msgspec import Struct

from cockpit.patterns import late
from cockpit.profile.durations import written
from cockpit.profile.model import Phase, Profile, Step
from cockpit.run.due import has_set_time
from cockpit.run.events import SourceFile
from cockpit.run.numbering import step_number
from cockpit.run.pace import did_its_work, is_of_the_work
from cockpit.run.state import RunState

OFF_BY = 1.25
"""Nearer than this, up or down, an estimate is good."""
LEAST_S = 20.0
"""Nearer than this too, whatever the factor: nobody plans a night by so little."""
_ROUNDED = ((60.0, 5.0), (600.0, 30.0), (3600.0, 60.0), (6 * 3600.0, 300.0), (math.inf, 900.0))
"""Up to so many seconds, to the next so many."""


class Estimate(Struct, frozen=True, kw_only=True):
    """A step whose estimate was wrong."""

    id: str
    number: str
    title: str
    phase: str
    """Id of its phase."""
    plan: str = ""
    """Id of the rollback plan it is of; empty: the way forward."""
    estimate_s: float
    """As the profile has it; 0: it has none."""
    took_s: tuple[float, ...]
    """In each run that counts, in their order."""
    tried_again: int
    """In so many of these it took another attempt."""
    median_s: float
    factor: float | None
    """The median / the estimate; None: there is no estimate."""
    new_s: float
    new: str
    """As a profile writes it."""
    places: tuple[str, ...] = ()
    """Where the step stands in the profile's files: `base.toml:120`; where several lay it over, the last one counts."""

    @property
    def toml(self) -> str:
        """The line to paste."""
        return f"estimate = {json.dumps(self.new)}"


def wrong_estimates(states: Sequence[RunState], off_by: float = OFF_BY) -> tuple[Estimate, ...]:
    """The steps of the first run's profile that took `off_by` times longer, or shorter, than it says.

    In the order of the walk. Runs of other profiles say nothing of it, whatever their steps are called.
    """
    base = states[0]
    states = [each for each in states if each.profile.id == base.profile.id]
    sources = base.started.sources if base.started else ()
    return tuple(
        estimate
        for plan, phase, step in _every_step(base.profile)
        if (estimate := _estimate(states, plan, phase, step, off_by, sources)) is not None
    )


def _every_step(profile: Profile) -> Iterator[tuple[str, Phase, Step]]:
    yield from (("", phase, step) for phase in profile.phases for step in phase.steps)
    yield from ((plan.id, phase, step) for plan in profile.rollbacks for phase in plan.phases for step in phase.steps)


def _estimate(
    states: Sequence[RunState], plan: str, phase: Phase, step: Step, off_by: float, sources: Sequence[SourceFile]
) -> Estimate | None:
    if step.behaviour == "wait" or has_set_time(step):
        return None
    done = [
        state.steps[step.id]
        for state in states
        if step.id in state.steps and did_its_work(state.steps[step.id]) and (plan or is_of_the_work(state, step.id))
    ]
    if not done:
        return None
    took_s = tuple(round(each.spent_s, 1) for each in done)
    median_s = statistics.median(took_s)
    factor = median_s / step.estimate_s if step.estimate_s > 0 else None
    new_s = rounded_up(median_s)
    is_far = abs(median_s - step.estimate_s) >= LEAST_S and new_s != step.estimate_s
    is_off = factor is None or factor >= off_by or factor <= 1 / off_by
    if not (is_far and is_off):
        return None
    new = written(new_s)
    return Estimate(
        id=step.id, number=step_number(states[0].profile, step.id), title=step.title, phase=phase.id, plan=plan,
        estimate_s=step.estimate_s, took_s=took_s,
        tried_again=sum(each.attempt > 1 for each in done), median_s=round(median_s, 1),
        factor=None if factor is None else round(factor, 2), new_s=new_s, new=str(new),
        places=tuple(_places(sources, step.id)),
    )  # fmt: skip


def rounded_up(seconds: float) -> float:
    """To the next 5 s below a minute, 30 s below ten minutes, minute below an hour, 5 min below six hours, 15 min."""
    unit = next(unit for below, unit in _ROUNDED if seconds < below)
    return max(unit, math.ceil(round(seconds, 3) / unit) * unit)


_HEADER = late(r"\s*\[\[?\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?")
_ID = late(r"""\s*id\s*=\s*(?:"([^"]*)"|'([^']*)')\s*(?:#.*)?""")


def _places(sources: Sequence[SourceFile], step_id: str) -> Iterator[str]:
    """Where tables of steps give this id, as far as a line alone tells."""
    for source in sources:
        table = ""
        for number, line in enumerate(source.toml.splitlines(), 1):
            if header := _HEADER.fullmatch(line):
                table = header[1]
            elif table.endswith("phases.steps") and (found := _ID.fullmatch(line)) and step_id in found.groups():
                yield f"{source.name}:{number}"


# ---- to be laid over the profile -----------------------------------------------------------------------------------


def overlay(estimates: Sequence[Estimate]) -> str:
    """All of them as a file that a profile extends after its base: `extends = ["base.toml", "estimates.toml"]`."""
    lines = ['# New estimates. Lay them over the profile: extends = ["its base", "this file"]', "partial = true"]
    at: tuple[str, str] | None = None
    for each in sorted(estimates, key=lambda one: (one.plan, one.phase)):
        if at is None or at[0] != each.plan:
            lines += ["", "[[rollbacks]]", f"id = {json.dumps(each.plan)}"] if each.plan else []
        within = "rollbacks.phases" if each.plan else "phases"
        if at != (each.plan, each.phase):
            lines += ["", f"[[{within}]]", f"id = {json.dumps(each.phase)}"]
        at = (each.plan, each.phase)
        lines += ["", f"[[{within}.steps]]", f"id = {json.dumps(each.id)}", each.toml]
    return "\n".join([*lines, ""])
