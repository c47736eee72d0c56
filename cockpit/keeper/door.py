"""The gate at the cursor: which one it is, since when, and what its probes have said since then.

It may guard a step (`step:`), an action's beginning (`run:`), whether a step applies (`if:`), or the way into a phase
or out of it (`phase:`, `exit:`): the cursor says which, and all are judged alike.

Invariant: a reading counts only if it began after the keeper saw the event that opened the gate; whenever the cursor
moves, what counted before is forgotten. Pure but for compiling conditions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

from cockpit.keeper.gates import Gate, Known, Teller
from cockpit.probes.reading import Judgement
from cockpit.profile.conditions import Environment, gate_environment
from cockpit.profile.kinds import Kinds
from cockpit.profile.model import Profile
from cockpit.run.events import GateChanged
from cockpit.run.numbering import gate_conditions
from cockpit.run.state_walk import Cursor

GATHER_S = 0.4
"""How long after its opening a gate waits for all of its probes before anything is said of it."""


class Door:
    """Follows the cursor from gate to gate."""

    def __init__(self, profile: Profile, kinds: Kinds) -> None:
        self._profile = profile
        self._kinds = kinds
        self._opened_seq = 0
        self._since_mono = 0.0
        self._gate: Gate | None = None
        self._teller = Teller("", 0)
        self._newest: dict[str, Judgement] = {}

    @cached_property
    def environment(self) -> Environment:
        """The names that gates may use; built when the first one is needed."""
        return gate_environment(self._profile, self._kinds)

    @property
    def probes(self) -> tuple[str, ...]:
        """The probes that the gate at the cursor reads."""
        return self._gate.probes if self._gate is not None else ()

    def stand(self, cursor: Cursor | None, now_mono: float) -> bool:
        """The cursor is here, as the keeper saw at `now_mono`; whether that opened another gate than before."""
        opened_seq = cursor.opened_seq if cursor is not None else 0
        if opened_seq == self._opened_seq:
            return False
        self._opened_seq, self._since_mono = opened_seq, now_mono
        self._newest.clear()
        texts = gate_conditions(self._profile, cursor.gate) if cursor is not None else ()
        self._gate = Gate(texts, self.environment) if texts else None
        if cursor is not None:
            self._teller = Teller(cursor.gate, opened_seq)
        return self._gate is not None

    def take(self, judgement: Judgement) -> bool:
        """A probe was read; whether that concerns the gate."""
        if self._gate is None or judgement.reading.probe not in self._gate.probes:
            return False
        if judgement.reading.began_mono < self._since_mono:
            return False
        self._newest[judgement.reading.probe] = judgement
        return True

    def judge(
        self, is_stale: Callable[[str], bool], now_mono: float, recorded: Mapping[str, object] | None = None
    ) -> tuple[GateChanged, ...]:
        """What is to be told of the gate now. `recorded`: see `Gate.judge`."""
        if self._gate is None:
            return ()
        known = {probe: self._known(probe, is_stale) for probe in self._gate.probes}
        if now_mono - self._since_mono < GATHER_S and any(one.standing == "waiting" for one in known.values()):
            return ()  # what is still being read comes in a moment: one verdict is easier to read than three
        return self._teller.tell(*self._gate.judge(known, recorded or {}), now_mono)

    def _known(self, probe: str, is_stale: Callable[[str], bool]) -> Known:
        newest = self._newest.get(probe)
        if newest is None:
            return Known("waiting")
        return Known("stale" if is_stale(probe) else "fresh", newest.reading, newest.value)
