"""Titles with the values of their variables: what a run calls its phases, steps, probes, triggers and ways back.

Filled once, when the run begins, so that every screen, log and report says the same. No secret may stand in a title;
what is only recorded later stays as it is written.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from cockpit.profile.model import Phase, Profile
from cockpit.profile.references import fill


def titled(profile: Profile, values: Mapping[str, str]) -> Profile:
    """Return the profile with these values, none of them secret, in its titles."""
    return replace(
        profile,
        title=fill(profile.title, values),
        phases=_phases(profile.phases, values),
        probes=tuple(replace(each, title=fill(each.title, values)) for each in profile.probes),
        triggers=tuple(replace(each, title=fill(each.title, values)) for each in profile.triggers),
        rollbacks=tuple(
            replace(plan, title=fill(plan.title, values), phases=_phases(plan.phases, values))
            for plan in profile.rollbacks
        ),
    )


def _phases(phases: tuple[Phase, ...], values: Mapping[str, str]) -> tuple[Phase, ...]:
    return tuple(
        replace(
            phase,
            title=fill(phase.title, values),
            steps=tuple(replace(step, title=fill(step.title, values)) for step in phase.steps),
        )
        for phase in phases
    )
