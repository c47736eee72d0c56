"""What a profile says only through its kinds, written into it, so that a run's log needs no plug-in to be read."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from cockpit.profile.kinds import Kinds
from cockpit.profile.model import Phase, Profile, Step


def frozen(profile: Profile, kinds: Kinds) -> Profile:
    """The profile with `command` of every step that acts saying what it will do, as its kind shows it, unfilled."""
    return replace(
        profile,
        phases=tuple(_phase(phase, kinds) for phase in profile.phases),
        rollbacks=tuple(
            replace(plan, phases=tuple(_phase(phase, kinds) for phase in plan.phases)) for plan in profile.rollbacks
        ),
    )


def _phase(phase: Phase, kinds: Kinds) -> Phase:
    return replace(phase, steps=tuple(_step(step, kinds) for step in phase.steps))


def _step(step: Step, kinds: Kinds) -> Step:
    kind = kinds.steps.get(step.kind)
    if step.command or kind is None or kind.behaviour != "action":
        return step
    # A profile that was loaded fits its kinds: settings that do not would have been said there.
    return replace(step, command=kind.shown(msgspec.convert(step.settings, kind.settings)))
