"""How phases, steps and gates are called when people talk about them: `1 Database`, `1.2 Migrate`.

Numbers are places in the frozen profile, counted from 1, so they never change during a run. Everything returned is one
visible line; an id that the profile does not have is shown as it is.
"""

from __future__ import annotations

from cockpit.profile.model import Phase, Profile, Step
from cockpit.text import shortened, visible

_TITLE_LIMIT = 80


def find_step(profile: Profile, step_id: str) -> tuple[Phase, Step] | None:
    """The step and its phase, or None."""
    for phase in profile.phases:
        for step in phase.steps:
            if step.id == step_id:
                return phase, step
    return None


def find_phase(profile: Profile, phase_id: str) -> Phase | None:
    """The phase, or None."""
    return next((phase for phase in profile.phases if phase.id == phase_id), None)


def step_number(profile: Profile, step_id: str) -> str:
    """`1.2`, or an empty text for an unknown step."""
    for major, phase in enumerate(profile.phases, 1):
        for minor, step in enumerate(phase.steps, 1):
            if step.id == step_id:
                return f"{major}.{minor}"
    return ""


def phase_number(profile: Profile, phase_id: str) -> str:
    """`1`, or an empty text for an unknown phase."""
    return next((str(n) for n, phase in enumerate(profile.phases, 1) if phase.id == phase_id), "")


def step_label(profile: Profile, step_id: str) -> str:
    """`1.2 Migrate`."""
    found = find_step(profile, step_id)
    if found is None:
        return visible(step_id)
    return f"{step_number(profile, step_id)} {shortened(found[1].title or step_id, _TITLE_LIMIT)}"


def phase_label(profile: Profile, phase_id: str) -> str:
    """`1 Database`."""
    phase = find_phase(profile, phase_id)
    if phase is None:
        return visible(phase_id)
    return f"{phase_number(profile, phase_id)} {shortened(phase.title or phase_id, _TITLE_LIMIT)}"


def gate_label(profile: Profile, gate: str) -> str:
    """`1.2 Migrate` for a step's gate, `phase 2 Application` for an entry gate."""
    kind, _, name = gate.partition(":")
    if kind == "step":
        return step_label(profile, name)
    if kind == "phase":
        return f"phase {phase_label(profile, name)}"
    return visible(gate)


def gate_conditions(profile: Profile, gate: str) -> tuple[str, ...]:
    """The conditions of a gate as the profile has them; empty if there are none, or no such gate."""
    kind, _, name = gate.partition(":")
    if kind == "phase":
        phase = find_phase(profile, name)
        return phase.gate if phase else ()
    found = find_step(profile, name) if kind == "step" else None
    return found[1].gate if found else ()
