"""The probes of a run as the keeper has them: read on schedule, their statuses told, their newest readings at hand.

Invariant: what is told or judged passed the mask first; every reading is sampled, and every change of a status told
once. It judges no condition.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path

from cockpit.audit.clock import boot_id
from cockpit.keeper.gates import Known
from cockpit.keeper.opening import Openers, watched
from cockpit.keeper.resting import Pace, Rounds
from cockpit.keeper.sampler import Sampler
from cockpit.keeper.values import RunValues, references_in
from cockpit.keeper.vigil import Vigil
from cockpit.probes.reading import Judgement
from cockpit.probes.scheduler import Scheduler
from cockpit.profile.kinds import Kinds
from cockpit.run.events import Body, ProbesSampled
from cockpit.run.state import RunState

FIRST_LOOK_S = 1.0
"""Within this time after the start every regular probe is read once, whatever its interval."""


class Watching:
    """Reads the probes of one run from `start` to `close`."""

    def __init__(
        self,
        state: RunState,
        kinds: Kinds,
        values: RunValues,
        base_dir: Path,
        on_reading: Callable[[Judgement], None],
        now_mono: float,
    ) -> None:
        """`on_reading` gets every reading, unmasked: hand it to `take`."""
        self._probes = state.profile.probes
        self._values = values
        self._vigil = Vigil(self._probes, {probe: known.status for probe, known in state.probes.items()}, now_mono)
        self._sampler = Sampler([probe.id for probe in self._probes], _ended(state))
        openers = Openers()
        openers.load({probe.kind: None for probe in self._probes if probe.kind in kinds.probes})
        files = state.started.files if state.started is not None else {}
        self._scheduler = Scheduler(
            [watched(probe, kinds, values, openers, base_dir, files) for probe in self._probes], on_reading
        )
        self._known: dict[str, Known] = {probe.id: Known("waiting") for probe in self._probes}
        self._pace = Pace()
        self._rounds = Rounds()
        self._is_started = False

    def start(self, call_later: Callable[..., object]) -> None:
        """Begin to read; what rests stays unread."""
        self._scheduler.rest(self._pace.resting)
        self._scheduler.start()
        self._is_started = True
        first = [probe for probe in self._regular if probe not in self._pace.resting]
        for place, probe in enumerate(first):
            call_later(FIRST_LOOK_S * place / len(first), self._scheduler.probe_now, (probe,))

    async def close(self) -> None:
        """Stop reading."""
        await self._scheduler.close()

    def take(self, judgement: Judgement) -> tuple[Judgement, tuple[Body, ...]]:
        """A probe was read: the judgement as it may be told, and what is to be told of its status."""
        judgement = self._values.masked(judgement)
        reading = judgement.reading
        self._known[reading.probe] = Known("fresh", reading, judgement.value)
        self._sampler.take(reading)
        return judgement, tuple(self._vigil.take(reading))

    def look(self, now_mono: float, slack_s: float) -> Iterator[Body]:
        """Time has passed: what has become stale. Probes that are asked for apart from the schedule are asked for."""
        if due := self._rounds.due(self._pace.asked, now_mono, slack_s):
            self._ask(due)
        yield from self._vigil.look(now_mono)

    def sample(self, now_mono: float) -> tuple[ProbesSampled, ...]:
        """The changed readings since the last sample."""
        return self._sampler.sample(now_mono)

    def pace(self, pace: Pace) -> None:
        """Read in this way from now on."""
        if pace != self._pace:
            self._pace = pace
            self._vigil.pace(pace)
            if self._is_started:
                self._scheduler.rest(pace.resting)

    def interval_s(self, probe: str) -> float:
        """How often it is read now, as far as it is."""
        declared = next((each.interval_s for each in self._probes if each.id == probe), 0.0)
        return self._pace.asked.get(probe, declared)

    def is_stale(self, probe: str, now_mono: float) -> bool:
        """Whether its last reading is too old to count."""
        return self._vigil.is_stale(probe, now_mono)

    def known(self, probes: Iterable[str], now_mono: float) -> Mapping[str, Known]:
        """What counts of these probes now; a probe that was never read is waited for no longer than a reading lasts."""
        return {probe: self._standing(probe, now_mono) for probe in probes}

    def _standing(self, probe: str, now_mono: float) -> Known:
        known = self._known.get(probe, Known("waiting"))
        if not self._vigil.knows(probe) or not self._vigil.is_stale(probe, now_mono):
            return known
        return Known("stale", known.reading, known.value)

    # ---- asking --------------------------------------------------------------------------------------------------

    @property
    def _regular(self) -> tuple[str, ...]:
        return tuple(probe.id for probe in self._probes if not probe.on_demand)

    def probe_now(self, probes: Collection[str]) -> None:
        """Read these at once."""
        self._ask(probes)

    def probe_all(self, more: Collection[str]) -> None:
        """Read every regular probe at once, and `more`."""
        self._ask({*self._regular, *more})

    def probe_those_with(self, secret: str, more: Collection[str]) -> None:
        """A secret has come in: read what waited for it, and `more`."""
        self._ask({*(p.id for p in self._probes if not p.on_demand and secret in references_in(p.settings)), *more})

    def _ask(self, probes: Collection[str]) -> None:
        if self._is_started:  # before that nothing is read; the first look is near
            self._scheduler.probe_now(probes)


def _ended(state: RunState) -> dict[str, float]:
    """When the last readings of an earlier keeper ended, as far as this host's clock can say."""
    boot = boot_id()
    return {
        probe: known.as_of_mono - known.age_s
        for probe, known in state.probes.items()
        if known.age_s is not None and known.as_of_boot == boot
    }
