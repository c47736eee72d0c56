"""Which names a run records, of which type, and what is known by the time that a step is reached.

A record step's value goes by its name, a decision's by the step's id; both are `${name}` in texts and `recorded.name`
in conditions. Steps of rollback plans may use everything: nobody knows where a run turns back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import msgspec
from msgspec import Struct

from cockpit.profile.kinds import FactType
from cockpit.profile.model import Phase, Profile, Step
from cockpit.profile.steps import DecisionSettings, RecordSettings, settings_of

RUN_NAMES = (
    "run.id", "run.title", "run.environment", "run.operator", "run.started", "run.window_date", "run.window_start",
    "run.window_end", "run.timezone",
)  # fmt: skip
"""What a run knows of itself: `${run.operator}` in the texts of steps and in templates."""


def recorded_by(step: Step) -> tuple[str, FactType] | None:
    """Under which name, and as what, a step records a value; None: it records nothing."""
    if step.behaviour == "decision":
        return step.id, "string"
    if step.behaviour != "record":
        return None
    try:
        settings = settings_of(step, RecordSettings)
    except msgspec.ValidationError:  # a plug-in's own settings, or ones that conversion has complained of
        return step.id, "string"
    return settings.name or step.id, "double" if settings.type == "number" else "string"


def choices_of(step: Step) -> list[str]:
    """The ids of a decision's answers; none if they cannot be read."""
    try:
        return [choice.id for choice in settings_of(step, DecisionSettings).choices]
    except msgspec.ValidationError:
        return []


def recorded_types(profile: Profile) -> Mapping[str, FactType]:
    """Every name that is recorded anywhere, with its type in conditions."""
    return dict(recorded for _, step in profile.every_step() if (recorded := recorded_by(step)) is not None)


class Recorded(Struct, frozen=True):
    """What is known where. Names that are only recorded later are not known."""

    steps: Mapping[str, tuple[str, ...]]
    """By name: the ids of the steps that record it, in order."""
    before: Mapping[str, frozenset[str]]
    """By step of the walk: what may be known when it is reached; in a free phase, all that the others record."""
    entering: Mapping[str, frozenset[str]]
    """By phase of the walk."""
    leaving: Mapping[str, frozenset[str]]

    @property
    def everything(self) -> frozenset[str]:
        """Every name."""
        return frozenset(self.steps)


def recorded(profile: Profile) -> Recorded:
    """Follow the walk."""
    steps: dict[str, tuple[str, ...]] = {}
    for _, step in profile.every_step():
        for name in _names(step):
            steps[name] = (*steps.get(name, ()), step.id)
    known: frozenset[str] = frozenset()
    found = Recorded(steps, {}, {}, {})
    before, entering, leaving = dict[str, frozenset[str]](), dict[str, frozenset[str]](), dict[str, frozenset[str]]()
    for phase in profile.phases:
        entering[phase.id] = known
        before.update(_within(phase, known))
        leaving[phase.id] = known = known.union(*(_names(step) for step in phase.steps))
    return msgspec.structs.replace(found, before=before, entering=entering, leaving=leaving)


def _within(phase: Phase, known: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    names = Counter(name for step in phase.steps for name in _names(step))
    reached = known if phase.order == "ordered" else known.union(names)
    for step in phase.steps:
        own = frozenset(_names(step))
        if phase.order == "ordered":
            yield step.id, reached
            reached = reached | own if own else reached
        else:
            yield step.id, reached - {name for name in own - known if names[name] == 1}


def _names(step: Step) -> tuple[str, ...]:
    own = recorded_by(step)
    return () if own is None else own[:1]
