"""A log in one pass to one frozen value: everything that the report and the comparison of runs tell.

Invariant: the state is the fold's own (`cockpit.run.evolve`), so that nothing told here can differ from what the
screens showed; only the course of the probes is counted apart. Memory does not grow with samples and output, only with
what people did. No clock is read: what is live is told as of the last event.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from cockpit.report.chronicle.doings import Doings
from cockpit.report.chronicle.happened import Happened
from cockpit.report.chronicle.records import (
    ActionRecord,
    Decision,
    DeviationRecord,
    Happening,
    HoldRecord,
    KeeperRecord,
    LogRecord,
    NoteRecord,
    Outcome,
    PenRecord,
    PersonRecord,
    PhaseRecord,
    ProbeRecord,
    RollbackRecord,
    SeatRecord,
    SignoffRecord,
    StepRecord,
    TargetRecord,
    TriggerRecord,
    WaitRecord,
    WindowRecord,
)
from cockpit.report.chronicle.series import ProbeSeries
from cockpit.report.chronicle.thresholds import thresholds
from cockpit.report.chronicle.walked import Walked, phases_of, steps_of, window_of
from cockpit.report.chronicle.watched import Watched
from cockpit.run import events as e
from cockpit.run.elapsed import elapsed_s
from cockpit.run.evolve import evolve
from cockpit.run.forecast import forecast
from cockpit.run.passing import credible
from cockpit.run.people import recorded
from cockpit.run.state import EMPTY, RunState


class Chronicle(Struct, frozen=True, kw_only=True):
    """A run, told. Every list is in the order of the log; steps and phases in that of the profile."""

    run: str = ""
    profile: str = ""
    """Id of the profile."""
    title: str = ""
    description: str = ""
    environment: str = ""
    production: bool = False
    rehearsal: bool = False
    rehearsal_reason: str = ""
    profile_digest: str = ""
    trust: e.ProfileTrust = e.ProfileTrust()
    """How the profile came to be trusted, as far as the log knows."""
    files: dict[str, str] = {}
    """Digests of the files that commands and SQL used, as fixed at the start."""
    variables: dict[str, str] = {}
    cockpit_version: str = ""
    """That began the run."""
    started_by: str = ""
    host: str = ""
    began: datetime | None = None
    ended: datetime | None = None
    """None: it is live."""
    ended_by: str = ""
    last: datetime | None = None
    """The last event."""
    duration_s: float = 0.0
    outcome: Outcome = "empty"
    """`live`: the log has no end."""
    outcome_reason: str = ""
    rolled_back: bool = False
    """On the way back where the log ends; `rollbacks` has those that were given up too."""
    window: WindowRecord | None = None
    earlier_runs: int = 0
    """Of how many runs the medians are."""
    events: int = 0
    facts: int = 0
    values: dict[str, str] = {}
    """What was recorded and decided, by name."""
    phases: tuple[PhaseRecord, ...] = ()
    steps: tuple[StepRecord, ...] = ()
    decisions: tuple[Decision, ...] = ()
    deviations: tuple[DeviationRecord, ...] = ()
    actions: tuple[ActionRecord, ...] = ()
    waits: tuple[WaitRecord, ...] = ()
    holds: tuple[HoldRecord, ...] = ()
    triggers: tuple[TriggerRecord, ...] = ()
    rollbacks: tuple[RollbackRecord, ...] = ()
    signoffs: tuple[SignoffRecord, ...] = ()
    notes: tuple[NoteRecord, ...] = ()
    pens: tuple[PenRecord, ...] = ()
    people: tuple[PersonRecord, ...] = ()
    seats: tuple[SeatRecord, ...] = ()
    keepers: tuple[KeeperRecord, ...] = ()
    targets: tuple[TargetRecord, ...] = ()
    log: tuple[LogRecord, ...] = ()
    """Clocks that were set, damage stepped over, people called, places."""
    probes: tuple[ProbeRecord, ...] = ()
    happenings: tuple[Happening, ...] = ()
    """The first 5,000."""
    happenings_total: int = 0
    unknown_types: tuple[str, ...] = ()
    """Events of a newer cockpit, which are not told."""
    unproven_since: datetime | None = None
    """What is told from this time on stands behind damage: nothing vouches for it. None: all of it counts."""
    unproven_events: int = 0


class Chronicler:
    """Takes a log event by event; what was taken so far can be told at any time."""

    def __init__(self) -> None:
        self.state: RunState = EMPTY
        self._events = 0
        self._facts = 0
        self._series: dict[str, ProbeSeries] = {}
        self._last: e.Instant | None = None
        self._ended_by = ""
        self._reason = ""
        self._unproven_since: datetime | None = None
        self._unproven = 0
        self._happened = Happened()
        self._walked = Walked()
        self._doings = Doings()
        self._watched = Watched()

    def take(self, event: e.Event) -> None:
        """The next event of the log."""
        self._events += 1
        self._facts += event.is_fact
        self._last = event.instant
        before, body = self.state, event.body
        if isinstance(body, e.ProbesSampled):  # most of every log: it changes probes alone
            for reading in body.readings:
                if (series := self._series.get(reading.probe)) is not None:
                    series.sampled(event, reading)
            return
        if "person" in event.actor.proven and not isinstance(body, e.OperatorIdentified):
            event = replace(event, actor=credible(before, event.actor))
        after = self.state = evolve(before, event)
        if isinstance(body, e.ProbeChanged) and (series := self._series.get(body.probe)) is not None:
            series.changed(event, body)
        elif isinstance(body, e.RunStarted) and before.status == "empty":
            self._series = {probe.id: ProbeSeries(probe, event.instant) for probe in body.profile.probes}
        elif isinstance(body, e.RunFinished | e.RunAborted) and before.status == "live":
            self._ended_by = recorded(event.actor)
            self._reason = body.reason if isinstance(body, e.RunAborted) else ""
        for part in (self._happened, self._walked, self._doings, self._watched):
            part.take(event, before, after)

    def take_unproven(self, event: e.Event) -> None:
        """An event that stands behind damage: it is told, with all that follows, as nobody vouches for it.

        Nor for the last one before it: a line that was changed shows only by the next.
        """
        self._unproven_since = self._unproven_since or (self._last or event.instant).at
        self._unproven += 1
        self.take(event)

    def told(self) -> Chronicle:
        """The chronicle of what was taken."""
        state, last = self.state, self._last
        if state.started is None or state.began is None or last is None:
            return Chronicle(events=self._events, facts=self._facts, unknown_types=state.unknown_types)
        started, profile, end = state.started, state.profile, state.ended or last
        times = forecast(state, last)
        marks = thresholds(profile)
        steps = steps_of(state, times, self._walked, self._happened.confirmed, last)
        return Chronicle(
            run=state.run,
            profile=profile.id,
            title=profile.title,
            description=profile.description,
            environment=profile.environment,
            production=profile.production,
            rehearsal=started.rehearsal,
            rehearsal_reason=started.rehearsal_reason,
            profile_digest=started.profile_digest,
            trust=started.trust,
            files=started.files,
            variables=started.variables,
            cockpit_version=started.cockpit_version,
            started_by=self._watched.started_by,
            host=self._watched.host,
            began=state.began.at,
            ended=state.ended.at if state.ended else None,
            ended_by=self._ended_by,
            last=last.at,
            duration_s=elapsed_s(state.began, end),
            outcome=state.status,
            outcome_reason=self._reason,
            rolled_back=state.rollback is not None,
            window=window_of(state),
            earlier_runs=started.earlier_runs if started.medians else 0,
            events=self._events,
            facts=self._facts,
            values=state.values,
            phases=phases_of(state, times, self._walked, steps, last),
            steps=steps,
            decisions=tuple(self._happened.decisions),
            deviations=tuple(self._happened.deviations),
            actions=self._doings.actions(end),
            waits=tuple(self._doings.waits),
            holds=self._walked.holds(last),
            triggers=tuple(self._happened.triggers.values()),
            rollbacks=tuple(self._happened.rollbacks),
            signoffs=tuple(self._happened.signoffs),
            notes=tuple(self._happened.notes),
            pens=tuple(self._happened.pens),
            people=tuple(self._watched.people.values()),
            seats=self._watched.seats(),
            keepers=tuple(self._watched.keepers),
            targets=tuple(self._watched.targets),
            log=tuple(self._watched.log),
            probes=tuple(series.record(last, marks[probe]) for probe, series in self._series.items()),
            happenings=tuple(self._happened.happenings),
            happenings_total=self._happened.total,
            unknown_types=state.unknown_types,
            unproven_since=self._unproven_since,
            unproven_events=self._unproven,
        )


def chronicle(events: Iterable[e.Event]) -> Chronicle:
    """The chronicle of a log's events, in their order."""
    chronicler = Chronicler()
    for event in events:
        chronicler.take(event)
    return chronicler.told()
