"""What sentences about a run are made of: names of its parts, values, counts, reasons.

Each gives plain visible text, and the id where no state shows a title. Must never raise on any event.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cockpit.run import events as e
from cockpit.run.numbering import gate_label, phase_label, step_label
from cockpit.run.readings import Scalar
from cockpit.run.state import RunState
from cockpit.text import shortened, visible

Sayings = Mapping[type[e.Body], Callable[[e.Event, Any, RunState | None], str]]
"""What is said of each kind of event, without who."""

NAME = 24
"""Characters of a person's name."""


def quantity(value: Scalar, unit: str = "") -> str:
    """A value as people read it: `1.4 %`, `yes`, `142 ms`; an empty text for no value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, float):
        text = f"{value:.4g}" if abs(value) < 1e6 else f"{value:.3e}"
    else:
        text = shortened(str(value), 80)
    return f"{text} {shortened(unit, 20)}" if unit else text


def tally(counts: dict[str, int]) -> str:
    """` (4 probes passing, 1 failing)`: the noun once, the worst last; empty for no probes."""
    order = {"pass": "passing", "warn": "warning", "fail": "failing", "error": "in error"}
    statuses = sorted(counts, key=lambda status: list(order).index(status) if status in order else len(order))
    parts: list[str] = []
    for status in statuses:
        noun = "" if parts else " probe" if counts[status] == 1 else " probes"
        parts.append(f"{counts[status]}{noun} {order.get(status, visible(status))}")
    return f" ({', '.join(parts)})" if parts else ""


def step_named(state: RunState | None, step_id: str) -> str:
    """`1.2 Migrate`."""
    return step_label(state.profile, step_id) if state and state.started else visible(step_id)


def phase_named(state: RunState | None, phase_id: str) -> str:
    """`2 Application`."""
    return phase_label(state.profile, phase_id) if state and state.started else visible(phase_id)


def gate_named(state: RunState | None, gate: str) -> str:
    """What a gate guards: `phase 2 Application`, `1.2 Migrate`."""
    return gate_label(state.profile, gate) if state and state.started else visible(gate)


def plan_named(state: RunState | None, plan_id: str) -> str:
    """The title of a rollback plan."""
    plan = state.profile.plan(plan_id) if state and state.started else None
    return shortened(plan.title or plan.id if plan else plan_id, 80)


def because(reason: str) -> str:
    """`: reason`, at the end of a sentence; empty for none."""
    return f": {reason}" if reason else ""


def instead(state: RunState | None, not_taken: str) -> str:
    """What was proposed and not taken, by who did something else."""
    return f" (proposed: roll back by {plan_named(state, not_taken)})" if not_taken else ""
