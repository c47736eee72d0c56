"""How phases, steps and gates are called when people talk about them: `1 Database`, `1.2 Migrate`, `R1.1 Undo`.

Numbers are places in the frozen profile, counted from 1, so they never change during a run; those of a rollback plan
begin with R. Everything returned is one visible line; an id that the profile does not have is shown as it is.
"""

from __future__ import annotations

from msgspec import Struct

from cockpit.profile.model import Phase, Profile, Step
from cockpit.text import shortened, visible

_TITLE_LIMIT = 80
_KEPT = 8


class _Index(Struct, frozen=True):
    """A profile by ids; screens ask for steps hundreds of times a second."""

    profile: Profile
    forward: tuple[str, ...]
    steps: dict[str, tuple[Phase, Step, str]]
    phases: dict[str, tuple[Phase, str]]


_indices: dict[int, _Index] = {}
"""By the profile's identity; each entry holds its profile, so that no other can have the same."""


def _index(profile: Profile) -> _Index:
    found = _indices.get(id(profile))
    if found is not None:
        return found
    steps: dict[str, tuple[Phase, Step, str]] = {}
    phases: dict[str, tuple[Phase, str]] = {}
    for prefix, walked in (("", profile.phases), *(("R", plan.phases) for plan in profile.rollbacks)):
        for major, phase in enumerate(walked, 1):
            phases.setdefault(phase.id, (phase, f"{prefix}{major}"))
            for minor, step in enumerate(phase.steps, 1):
                steps.setdefault(step.id, (phase, step, f"{prefix}{major}.{minor}"))
    while len(_indices) >= _KEPT:
        _indices.pop(next(iter(_indices)), None)
    forward = tuple(step.id for _, step in profile.steps())
    _indices[id(profile)] = made = _Index(profile, forward, steps, phases)
    return made


def forward_steps(profile: Profile) -> tuple[str, ...]:
    """The ids of the walk's steps, in order, without those of rollback plans."""
    return _index(profile).forward


def find_step(profile: Profile, step_id: str) -> tuple[Phase, Step] | None:
    """The step and its phase, also of a rollback plan, or None."""
    found = _index(profile).steps.get(step_id)
    return None if found is None else found[:2]


def find_phase(profile: Profile, phase_id: str) -> Phase | None:
    """The phase, also of a rollback plan, or None."""
    found = _index(profile).phases.get(phase_id)
    return None if found is None else found[0]


def step_number(profile: Profile, step_id: str) -> str:
    """`1.2`, or an empty text for an unknown step."""
    found = _index(profile).steps.get(step_id)
    return "" if found is None else found[2]


def phase_number(profile: Profile, phase_id: str) -> str:
    """`1`, or an empty text for an unknown phase."""
    found = _index(profile).phases.get(phase_id)
    return "" if found is None else found[1]


def step_label(profile: Profile, step_id: str) -> str:
    """`1.2 Migrate`."""
    found = _index(profile).steps.get(step_id)
    if found is None:
        return visible(step_id)
    return f"{found[2]} {shortened(found[1].title or step_id, _TITLE_LIMIT)}"


def phase_label(profile: Profile, phase_id: str) -> str:
    """`1 Database`."""
    found = _index(profile).phases.get(phase_id)
    if found is None:
        return visible(phase_id)
    return f"{found[1]} {shortened(found[0].title or phase_id, _TITLE_LIMIT)}"


def gate_label(profile: Profile, gate: str) -> str:
    """`1.2 Migrate` for a step's gates, `phase 2 Application` for an entry gate, `leaving phase 2 …` for an exit."""
    kind, _, name = gate.partition(":")
    match kind:
        case "step" | "run" | "if":
            return step_label(profile, name)
        case "phase":
            return f"phase {phase_label(profile, name)}"
        case "exit":
            return f"leaving phase {phase_label(profile, name)}"
    return visible(gate)


def gate_conditions(profile: Profile, gate: str) -> tuple[str, ...]:
    """The conditions of a gate as the profile has them; empty if there are none, or no such gate."""
    kind, _, name = gate.partition(":")
    if kind in ("phase", "exit"):
        phase = find_phase(profile, name)
        return () if phase is None else phase.gate if kind == "phase" else phase.exit
    found = find_step(profile, name)
    if found is None:
        return ()
    return {"step": found[1].gate, "run": found[1].requires, "if": found[1].only_if}.get(kind, ())
