"""Set times: checkpoints and messages whose moment has come.

Invariant: a step is said to be due once for each time it is set for, and only while it is open and on the way that is
walked. That time is the wall clock's, since people agreed on it; a keeper that starts late says at once what became due
meanwhile. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from cockpit.profile.model import Profile, Step
from cockpit.run.due import due_at, has_set_time
from cockpit.run.events import Instant, StepDue
from cockpit.run.state import RunState
from cockpit.run.walk import route


class Dues:
    """Every step of a profile that has a set time."""

    def __init__(self, profile: Profile) -> None:
        self._steps: tuple[Step, ...] = tuple(step for _, step in profile.every_step() if has_set_time(step))
        self._told: set[tuple[str, int, datetime | None]] = set()

    def look(self, state: RunState, now: Instant) -> Iterator[StepDue]:
        """What has become due."""
        if not self._steps:
            return
        walked = frozenset(route(state))
        for step in self._steps:
            known = state.steps[step.id]
            if known.status != "open" or known.due is not None or step.id not in walked:
                continue
            moment = due_at(state, step)
            # With its time: what it counts from may have been done again since.
            told = (step.id, known.attempt, moment)
            if moment is not None and moment <= now.at and told not in self._told:
                self._told.add(told)
                yield StepDue(step=step.id)
