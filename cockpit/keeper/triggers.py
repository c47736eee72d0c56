"""Triggers: what recommends a way back, once it has held for its time.

Invariant: a trigger fires only if it is armed and all of `when` held, by readings that count, throughout `for`; what
cannot be said neither fires it nor clears it, and begins its time anew. Unlike in a gate, a probe in error is not
`passing` here: who cannot be reached answers nothing, and that is what is watched for. While suspended it does not
fire, and its time is forgotten; readings that began then fire nothing afterwards. That what fired it is over may be
found out then too. It fires once: again only after it cleared, which takes `clear_when` (else that `when` is false) for
`clear_for`. Pure: it is told the time.
"""

from __future__ import annotations

from collections.abc import Mapping

from cockpit.keeper.gates import Gate, Known
from cockpit.profile.conditions import Environment
from cockpit.profile.model import Trigger
from cockpit.run.events import TriggerCleared, TriggerFired
from cockpit.run.readings import Evidence


class TriggerWatch:
    """One trigger that probes can fire."""

    def __init__(self, trigger: Trigger, environment: Environment, *, is_firing: bool) -> None:
        """`is_firing`: an earlier keeper told so, and not that it cleared."""
        self.trigger = trigger
        self._when = Gate(trigger.when, environment, is_error_failing=True)
        self._clear = Gate(trigger.clear_when, environment, is_error_failing=True) if trigger.clear_when else None
        self._is_firing = is_firing
        self._since: float | None = None
        self._suspended_mono = float("-inf")
        self._unjudged_since: float | None = None
        more = self._clear.probes if self._clear is not None else ()
        self.probes = tuple(dict.fromkeys((*self._when.probes, *more)))
        """What it reads."""

    def look(
        self, known: Mapping[str, Known], recorded: Mapping[str, object], suspended: str, now_mono: float
    ) -> TriggerFired | TriggerCleared | None:
        """What is to be told now, if anything. `suspended`: why it may not fire; empty if it is armed."""
        if self._is_firing:
            self._unjudged_since = None
            return self._cleared(known, recorded, now_mono)
        if suspended:
            self._unjudged_since = None
            self._since, self._suspended_mono = None, now_mono
            return None
        known = {probe: self._read_since(found) for probe, found in known.items()}
        verdict, conditions = self._when.judge(known, recorded)
        self._note_unjudged(verdict in ("unknown", "pending") and any(map(_is_unread, known.values())), now_mono)
        if not self._has_held(verdict == "pass", self.trigger.for_s, now_mono):
            return None
        self._is_firing, self._since = True, None
        current = tuple(_evidence(probe, known, now_mono) for probe in self._when.probes)
        return TriggerFired(trigger=self.trigger.id, conditions=conditions, current=current)

    @property
    def is_stirring(self) -> bool:
        """Whether it holds, and its time runs: its readings matter now."""
        return self._since is not None and not self._is_firing

    def unjudged_s(self, now_mono: float) -> float:
        """For how long it has been armed and could not be judged, since its probes could not be read."""
        return 0.0 if self._unjudged_since is None else max(0.0, now_mono - self._unjudged_since)

    def _note_unjudged(self, is_unjudged: bool, now_mono: float) -> None:
        if not is_unjudged:
            self._unjudged_since = None
        elif self._unjudged_since is None:
            self._unjudged_since = now_mono

    def _read_since(self, found: Known) -> Known:
        """What counts of a probe, of readings that began while it was armed: an outage that was planned is over."""
        reading = found.reading
        if reading is None or reading.began_mono >= self._suspended_mono:
            return found
        return Known("waiting", reading, found.value)

    def _cleared(
        self, known: Mapping[str, Known], recorded: Mapping[str, object], now_mono: float
    ) -> TriggerCleared | None:
        if self._clear is not None:
            is_over = self._clear.judge(known, recorded)[0] == "pass"
        else:
            is_over = self._when.judge(known, recorded)[0] == "blocked"
        if not self._has_held(is_over, self.trigger.clear_for_s, now_mono):
            return None
        self._is_firing, self._since = False, None
        return TriggerCleared(trigger=self.trigger.id)

    def _has_held(self, holds: bool, for_s: float, now_mono: float) -> bool:
        """Whether it holds now and did so for its time."""
        if not holds:
            self._since = None
            return False
        if self._since is None:
            self._since = now_mono
        return now_mono - self._since >= for_s


def _is_unread(found: Known) -> bool:
    """Whether nothing is known of a probe: what nobody recorded yet is no reason to call people."""
    return found.standing != "fresh" or found.reading is None or found.reading.status == "error"


def _evidence(probe: str, known: Mapping[str, Known], now_mono: float) -> Evidence:
    found = known[probe]
    reading = found.reading
    if reading is None:
        return Evidence(probe=probe, status="unread")
    age_s = round(max(0.0, now_mono - reading.ended_mono), 1)
    status = "stale" if found.standing == "stale" else reading.status
    return Evidence(probe=probe, status=status, value=reading.value, unit=reading.unit, age_s=age_s)
