"""Everything that is judged of a run: the gate at the cursor, waits, set times, triggers, plans; and what they read.

Invariant: each condition is compiled once, and judged when a probe that it reads was read, and at every tick; nothing
is judged of readings that do not count. It tells nobody by itself: what is to be told is handed back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from cockpit.keeper.asking import BLIND_S
from cockpit.keeper.clockwatch import ClockWatch
from cockpit.keeper.door import Door
from cockpit.keeper.dues import Dues
from cockpit.keeper.gates import Gate
from cockpit.keeper.plans import Plans
from cockpit.keeper.recorded import Recorded, since
from cockpit.keeper.resting import Checkpoint, checkpoints_of, pace
from cockpit.keeper.triggers import TriggerWatch
from cockpit.keeper.waits import Waits, WaitWatch
from cockpit.keeper.watching import Watching
from cockpit.patterns import late
from cockpit.probes.reading import Judgement
from cockpit.profile.conditions import plan_environment
from cockpit.profile.kinds import Kinds
from cockpit.profile.model import Profile
from cockpit.run.arming import suspended_because
from cockpit.run.events import Body, Instant
from cockpit.run.state import RunState

_SINCE = late(r"\bsince\.([a-z][a-z0-9_]*)")


class Judges:
    """The judges of one run. They read what `watching` holds, and say how it is to read."""

    def __init__(self, state: RunState, kinds: Kinds, watching: Watching, now: Instant) -> None:
        self._profile = state.profile
        self._watching = watching
        self._door = Door(self._profile, kinds)
        self._dues = Dues(self._profile)
        self._clock = ClockWatch(now)
        self._recorded = Recorded(self._profile)
        waiting = [step for _, step in self._profile.every_step() if step.behaviour == "wait"]
        self._waits = Waits({step.id: WaitWatch(step, self._door.environment) for step in waiting})
        self._triggers = tuple(
            TriggerWatch(trigger, self._door.environment, is_firing=trigger.id in state.firing)
            for trigger in self._profile.triggers
            if trigger.when
        )
        self._triggers_of: dict[str, list[TriggerWatch]] = {}
        for watch in self._triggers:
            for probe in watch.probes:
                self._triggers_of.setdefault(probe, []).append(watch)
        self._plans = self._made_plans(state, kinds, now.mono)
        self._named_since = frozenset(
            name for plan in self._profile.rollbacks for text in plan.when for name in _SINCE.findall(text)
        )

    def _made_plans(self, state: RunState, kinds: Kinds, now_mono: float) -> Plans | None:
        if not self._profile.rollbacks:
            return None
        return Plans(self._profile.rollbacks, plan_environment(self._profile, kinds), state.plans, now_mono)

    @cached_property
    def _checkpoints(self) -> tuple[Checkpoint, ...]:
        return checkpoints_of(self._profile, _probes_of_checkpoints(self._profile, self._door))

    @property
    def probes(self) -> tuple[str, ...]:
        """What the gate at the cursor reads."""
        return self._door.probes

    def stand(self, state: RunState, now_mono: float) -> bool:
        """The log was read further; whether another gate than before is open now, whose probes are to be read."""
        return self._door.stand(state.cursor, now_mono)

    def take(self, state: RunState, judgement: Judgement, now: Instant) -> Iterator[Body]:
        """A probe was read: what is to be told of all that reads it."""
        probe = judgement.reading.probe
        if self._door.take(judgement):
            yield from self.gate(state, now.mono)
        yield from self._waited(state, now, probe)
        yield from self._fired(state, now.mono, self._triggers_of.get(probe, ()))
        if self._plans is not None and probe in self._plans.probes:
            yield from self._planned(state, now)

    def gate(self, state: RunState, now_mono: float) -> Iterator[Body]:
        """What is to be told of the gate at the cursor."""
        recorded = self._recorded.facts(state.values)
        yield from self._door.judge(lambda probe: self._watching.is_stale(probe, now_mono), now_mono, recorded)

    def look(self, state: RunState, now: Instant) -> Iterator[Body]:
        """Time has passed: what is to be told of everything."""
        stepped = self._clock.look(now)
        if stepped is not None:
            yield stepped
        yield from self.gate(state, now.mono)
        yield from self._waited(state, now)
        yield from self._dues.look(state, now)
        yield from self._fired(state, now.mono, self._triggers)
        yield from self._planned(state, now)

    def blind(self, now_mono: float) -> frozenset[str]:
        """Immediate triggers that are armed and could not be judged for longer than is to be borne in silence."""
        return frozenset(
            watch.trigger.id
            for watch in self._triggers
            if watch.trigger.severity == "immediate"
            and (unjudged_s := watch.unjudged_s(now_mono)) > BLIND_S
            and unjudged_s > 3 * max(map(self._watching.interval_s, watch.probes), default=0.0)
        )

    def pace(self, state: RunState, now: Instant) -> None:
        """Have read what is needed where the run stands now, and let the rest be."""
        watched = {probe for wait in self._waits.running(state) for probe in wait.probes}
        armed = set[str]()
        for trigger in self._triggers:
            if not suspended_because(state, trigger.trigger):
                (watched if trigger.is_stirring else armed).update(trigger.probes)
        gate, looks = self._door.probes, self._checkpoints
        self._watching.pace(pace(state, now.at, gate=gate, watched=watched, armed=armed, checkpoints=looks))

    def _waited(self, state: RunState, now: Instant, probe: str = "") -> Iterator[Body]:
        for watch in self._waits.running(state):
            if probe and probe not in watch.probes:
                continue
            wait = state.steps[watch.step].wait
            corrected = self._clock.corrected(wait.began, now) if wait is not None else now.at
            known = self._watching.known(watch.probes, now.mono)
            told = watch.look(state, known, self._recorded.facts(state.values), now, corrected)
            if told is not None:
                yield told

    def _fired(self, state: RunState, now_mono: float, triggers: Iterable[TriggerWatch]) -> Iterator[Body]:
        for watch in triggers:
            known = self._watching.known(watch.probes, now_mono)
            suspended = suspended_because(state, watch.trigger)
            told = watch.look(known, self._recorded.facts(state.values), suspended, now_mono)
            if told is not None:
                yield told

    def _planned(self, state: RunState, now: Instant) -> Iterator[Body]:
        if self._plans is None:
            return
        facts: Mapping[str, object] = self._recorded.facts(state.values)
        if self._named_since:
            facts = {**facts, **since(state, now, self._named_since)}
        told = self._plans.look(self._watching.known(self._plans.probes, now.mono), facts, now.mono)
        if told is not None:
            yield told


def _probes_of_checkpoints(profile: Profile, door: Door) -> dict[str, tuple[str, ...]]:
    steps = [step for _, step in profile.every_step() if step.behaviour == "checkpoint" and step.gate]
    return {step.id: Gate(step.gate, door.environment).probes for step in steps}
