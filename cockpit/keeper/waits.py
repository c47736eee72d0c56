"""Waits: their clocks, the health of what they watch, and what becomes of a breach.

Invariant: a wait is completed only when its wall-clock end has passed, its whole time has gone by on the monotonic
clock (within one boot), its last breach is mended, and what it watches was read after it began and is healthy.
A breach is what is false, or cannot be said: a probe in error, or without a reading for twice its interval. While a
breach lasts, the clock does not run: it begins again when the breach is seen, and once more when all is well again.

A wait goes on while the cursor is elsewhere in a free phase (going anywhere else takes its clock away), and through a
keeper's end: only breaches that somebody saw count, and its end is a time on the wall. Pure: it is told the time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from cockpit.keeper.gates import Gate, Known
from cockpit.profile.conditions import Environment
from cockpit.profile.model import Step
from cockpit.profile.steps import WaitSettings, settings_of
from cockpit.run.elapsed import elapsed_s
from cockpit.run.events import Instant, WaitBegan, WaitCompleted, WaitStopped, step_gate
from cockpit.run.readings import ConditionVerdict
from cockpit.run.state import RunState
from cockpit.run.state_walk import StepState, WaitState
from cockpit.text import shortened

WaitEvent = WaitBegan | WaitStopped | WaitCompleted
_LIMIT = 300
_Before = tuple[int, WaitState | None]


class WaitWatch:
    """One wait step."""

    def __init__(self, step: Step, environment: Environment) -> None:
        self.step = step.id
        self._settings = settings_of(step, WaitSettings)
        self._gate = Gate(self._settings.healthy, environment) if self._settings.healthy else None
        self._told_on: _Before | None = None

    @property
    def probes(self) -> tuple[str, ...]:
        """What it reads."""
        return self._gate.probes if self._gate is not None else ()

    def look(
        self,
        state: RunState,
        known: Mapping[str, Known],
        recorded: Mapping[str, object],
        now: Instant,
        corrected: datetime,
    ) -> WaitEvent | None:
        """What is to be told now, if anything. `corrected`: the wall clock, as if it had not been set since it began.

        What was told is not told again before the log has answered.
        """
        step = state.steps.get(self.step)
        if step is None or step.status != "open":
            self._told_on = None
            return None
        before = (step.attempt, step.wait)
        if before == self._told_on:
            return None
        event = self._event(state, step, known, recorded, now, corrected)
        # Once the log has answered, the same may be told again: a clock that was taken away begins anew.
        self._told_on = None if event is None else before
        return event

    def _event(
        self,
        state: RunState,
        step: StepState,
        known: Mapping[str, Known],
        recorded: Mapping[str, object],
        now: Instant,
        corrected: datetime,
    ) -> WaitEvent | None:
        wait = step.wait
        if wait is None:
            return self._began(step, now) if _is_current(state, self.step) else None
        if wait.status != "running":
            return None
        verdict, conditions = self._gate.judge(known, recorded) if self._gate is not None else ("pass", ())
        if verdict in ("blocked", "unknown"):
            return self._breach(step, wait, _why(conditions), now, corrected)
        if verdict == "pending":
            return None
        if wait.detail:  # the log's last word is a breach, whichever keeper saw it
            return self._began(step, now)
        if not self._is_over(wait, now, corrected) or not self._was_read(wait, known, now):
            return None
        return WaitCompleted(step=self.step, attempt=step.attempt)

    def _breach(
        self, step: StepState, wait: WaitState, why: str, now: Instant, corrected: datetime
    ) -> WaitEvent | None:
        if self._settings.on_breach == "stop":
            return WaitStopped(step=self.step, attempt=step.attempt, detail=why)
        if wait.detail and corrected < wait.until:
            return None  # it was said; the end that is shown has not passed yet
        return self._began(step, now, why)

    def _began(self, step: StepState, now: Instant, why: str = "") -> WaitBegan:
        until = now.at + timedelta(seconds=self._settings.duration_s)
        return WaitBegan(step=self.step, attempt=step.attempt, until=until, detail=why)

    def _is_over(self, wait: WaitState, now: Instant, corrected: datetime) -> bool:
        if corrected < wait.until:
            return False
        return wait.began.boot != now.boot or elapsed_s(wait.began, now) >= self._settings.duration_s

    def _was_read(self, wait: WaitState, known: Mapping[str, Known], now: Instant) -> bool:
        """Whether everything that it watches was read since it began."""
        if wait.began.boot != now.boot:
            return True
        readings = [found.reading for probe in self.probes if (found := known.get(probe)) is not None]
        return all(reading is not None and reading.began_mono >= wait.began.mono for reading in readings)


class Waits:
    """Every wait step of a profile."""

    def __init__(self, watches: Mapping[str, WaitWatch]) -> None:
        self._watches = dict(watches)

    def running(self, state: RunState) -> Iterator[WaitWatch]:
        """Those whose clock runs, and the one at the cursor."""
        for step_id, watch in self._watches.items():
            step = state.steps.get(step_id)
            if step is None or step.status != "open":
                continue
            if (step.wait is not None and step.wait.status == "running") or _is_current(state, step_id):
                yield watch


def _is_current(state: RunState, step_id: str) -> bool:
    return state.cursor is not None and state.cursor.gate == step_gate(step_id)


def _why(conditions: tuple[ConditionVerdict, ...]) -> str:
    said = [f"{c.condition} ({c.detail})" if c.detail else c.condition for c in conditions if c.holds is not True]
    return shortened("; ".join(said), _LIMIT)
