"""Where the parts of a profile stand: each with its path, in the order written.

Everything that looks at all steps or all conditions asks here, so that rollback plans and new sorts of conditions are
never forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from msgspec import Struct

from cockpit.profile.model import Phase, Profile, RollbackPlan, Step
from cockpit.profile.recording import Recorded, recorded

Path = tuple[str | int, ...]


class PlacedPhase(Struct, frozen=True):
    """A phase of the walk, or of a rollback plan."""

    path: Path
    phase: Phase
    plan: RollbackPlan | None


class PlacedStep(Struct, frozen=True):
    """A step of the walk, or of a rollback plan."""

    path: Path
    phase: Phase
    step: Step
    plan: RollbackPlan | None


class Guard(Struct, frozen=True):
    """A list of conditions."""

    path: Path
    conditions: tuple[str, ...]
    names: Literal["gate", "plan", "facts"]
    """What they are about: probes and recorded values; these and `since.<step>`; the facts of the step's kind."""
    known: frozenset[str]
    """The recorded values that can be known when they are judged."""
    step: Step | None = None


def placed_phases(profile: Profile) -> Iterator[PlacedPhase]:
    """Yield every phase: those of the walk, then plan by plan."""
    for index, phase in enumerate(profile.phases):
        yield PlacedPhase(("phases", index), phase, None)
    for nth, plan in enumerate(profile.rollbacks):
        for index, phase in enumerate(plan.phases):
            yield PlacedPhase(("rollbacks", nth, "phases", index), phase, plan)


def placed_steps(profile: Profile) -> Iterator[PlacedStep]:
    """Yield every step, in the same order."""
    for placed in placed_phases(profile):
        for index, step in enumerate(placed.phase.steps):
            yield PlacedStep((*placed.path, "steps", index), placed.phase, step, placed.plan)


def guards(profile: Profile) -> Iterable[Guard]:
    """Yield every list of conditions but those of probes."""
    known = recorded(profile)
    for placed in placed_phases(profile):
        entering = known.everything if placed.plan else known.entering[placed.phase.id]
        leaving = known.everything if placed.plan else known.leaving[placed.phase.id]
        yield Guard((*placed.path, "gate"), placed.phase.gate, "gate", entering)
        yield Guard((*placed.path, "exit"), placed.phase.exit, "gate", leaving)
    for item in placed_steps(profile):
        step, before = item.step, known_before(item, known)
        for key, conditions in (("requires", step.requires), ("gate", step.gate), ("only_if", step.only_if)):
            yield Guard((*item.path, key), conditions, "gate", before, step)
        if step.behaviour == "wait":
            yield Guard((*item.path, "healthy"), _texts(step.settings.get("healthy")), "gate", before, step)
        if step.behaviour in ("action", "message"):
            yield Guard((*item.path, "expect"), _texts(step.settings.get("expect")), "facts", before, step)
    for index, plan in enumerate(profile.rollbacks):
        yield Guard(("rollbacks", index, "when"), plan.when, "plan", known.everything)
    for index, trigger in enumerate(profile.triggers):
        for key, conditions in (("when", trigger.when), ("clear_when", trigger.clear_when)):
            yield Guard(("triggers", index, key), conditions, "gate", known.everything)


def known_before(placed: PlacedStep, known: Recorded) -> frozenset[str]:
    """The recorded values that can be known when a step is reached."""
    return known.everything if placed.plan is not None else known.before.get(placed.step.id, frozenset())


def _texts(setting: object) -> tuple[str, ...]:
    return tuple(text for text in setting if isinstance(text, str)) if isinstance(setting, list | tuple) else ()
