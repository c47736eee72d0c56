"""What people entered and how long ago steps were done, as conditions read it: `recorded.<name>`, `since.<step>`.

Invariant: what was never entered, or is no number although its record says so, does not exist: a condition on it cannot
be said. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

from cockpit.profile.model import Profile
from cockpit.profile.steps import RecordSettings, record_name, settings_of
from cockpit.run.elapsed import elapsed_s
from cockpit.run.events import Instant
from cockpit.run.state import RunState
from cockpit.run.state_walk import StepState


class Recorded:
    """The values of a run under their names in conditions; made anew only when they change."""

    def __init__(self, profile: Profile) -> None:
        self._numbers = frozenset(
            record_name(step)
            for _, step in profile.every_step()
            if step.behaviour == "record" and settings_of(step, RecordSettings).type == "number"
        )
        self._values: Mapping[str, str] | None = None
        self._facts: dict[str, object] = {}

    def facts(self, values: Mapping[str, str]) -> Mapping[str, object]:
        """`recorded.<name>`: a double where the record's type is number, else a string."""
        if values is not self._values:
            self._values = values
            self._facts = {
                f"recorded.{name}": fact for name, fact in map(self._fact, values.items()) if fact is not None
            }
        return self._facts

    def _fact(self, item: tuple[str, str]) -> tuple[str, object]:
        name, value = item
        return name, _number(value) if name in self._numbers else value


def since(state: RunState, now: Instant, names: Collection[str]) -> dict[str, object]:
    """`since.<step>`: seconds since each of these steps was done, a double; what was not begun has none.

    Of a step that acts that is since its action ended, confirmed or not, or since it began if its end is not known.
    """
    done = {name: _done(state.steps[name]) for name in names if name in state.steps}
    return {f"since.{name}": elapsed_s(moment, now) for name, moment in done.items() if moment is not None}


def _done(step: StepState) -> Instant | None:
    """A step that was left out without a try counts from when that was said."""
    return step.touched or (step.settled if step.status != "open" else None)


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
