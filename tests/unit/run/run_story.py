"""A run told by its events, for tests: a small profile, a clock that is moved by hand, and a log in memory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from cockpit.profile.model import Phase, Probe, Profile, Step, Window
from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run.commands import KeeperSight, Refusal
from cockpit.run.decide import decide
from cockpit.run.evolve import evolve
from cockpit.run.friction import required_word
from cockpit.run.handover import card, standing
from cockpit.run.state import EMPTY, RunState

ANA = e.Actor("ana", "bastion-1", "ssh 192.0.2.7")
BO = e.Actor("bo", "bastion-1")
BEGIN = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)
ALIVE = KeeperSight(alive=True, silent_s=0.1)
GONE = KeeperSight(alive=False, silent_s=9e9)
KEEPER_EPOCH = 3

PROFILE = Profile(
    id="virtue",
    environment="staging",
    title="organizational model",
    window=Window(start="22:00", end="02:00", reserve_s=600, rollback_estimate_s=1800),
    probes=(
        Probe(id="api", kind="http", interval_s=10, timeout_s=5),
        Probe(id="missing", kind="postgres", interval_s=10, timeout_s=5),
        Probe(id="manual", kind="http", on_demand=True),
    ),
    phases=(
        Phase(
            id="database",
            title="Database",
            steps=(
                Step(id="maintenance", title="Maintenance on", estimate_s=300),
                Step(id="migrate", title="Migrate", estimate_s=600, risk="irreversible"),
                Step(id="validate", title="Validate", gate=("missing == 0", "api.passing")),
            ),
        ),
        Phase(
            id="application",
            title="Application",
            gate=("api.passing",),
            steps=(
                Step(id="rollout", title="Roll out", estimate_s=900),
                Step(id="smoke", title="Smoke test", level="optional"),
            ),
        ),
    ),
)


def in_production(profile: Profile = PROFILE) -> Profile:
    """The same profile with production's friction."""
    from msgspec.structs import replace

    return replace(profile, environment="production", production=True)


class Story:
    """Appends what happens and what is decided, and keeps every event."""

    def __init__(self, profile: Profile = PROFILE, *, start: bool = True, **started: Any) -> None:
        self.profile = profile
        self.events: list[e.Event] = []
        self.state: RunState = EMPTY
        self.mono = 1000.0
        self.boot = "boot-a"
        if start:
            body = e.RunStarted(
                profile=profile,
                profile_digest="00",
                sources=(),
                cockpit_version="0",
                window_start=BEGIN,
                window_end=BEGIN + timedelta(hours=4),
                **started,
            )
            self.happens(body)

    def now(self) -> e.Instant:
        return e.Instant(BEGIN + timedelta(seconds=self.mono - 1000), self.boot, self.mono)

    def passes(self, seconds: float) -> None:
        self.mono += seconds

    def event(self, body: e.Body, actor: e.Actor = ANA) -> e.Event:
        seq = len(self.events) + 1
        return e.Event(seq, f"id{seq}", body.type, body.is_fact, self.now(), actor, body, "RUN1")

    def happens(self, body: e.Body, actor: e.Actor = ANA) -> e.Event:
        event = self.event(body, actor)
        self.events.append(event)
        self.state = evolve(self.state, event)
        return event

    def command(self, kind: type[c.Command], /, **fields: Any) -> c.Command:
        fields = {"actor": ANA, "now": self.now()} | fields
        cursor = self.state.cursor
        if issubclass(kind, c.PlanCommand):
            fields = {"painted_seq": cursor.opened_seq if cursor else 0, "keeper": ALIVE} | fields
        if issubclass(kind, c.TakeoverCommand):
            fields = {"read": standing(self.state), "card": card(self.state, self.now())} | fields
        if kind is c.TakePen:
            fields = {"typed": required_word(self.state, "pen")} | fields
        return kind(**fields)

    def asks(self, kind: type[c.Command], /, **fields: Any) -> tuple[e.Body, ...] | Refusal:
        return decide(self.state, self.command(kind, **fields))

    def does(self, kind: type[c.Command], /, **fields: Any) -> e.Body:
        bodies = self.asks(kind, **fields)
        assert not isinstance(bodies, Refusal), bodies
        for body in bodies:
            self.happens(body, fields.get("actor", ANA))
        return bodies[-1]

    def refused(self, kind: type[c.Command], /, **fields: Any) -> Refusal:
        refusal = self.asks(kind, **fields)
        assert isinstance(refusal, Refusal), refusal
        assert refusal.why
        assert refusal.instead
        return refusal

    def judges(self, verdict: str, *conditions: Any, opened_seq: int | None = None) -> None:
        """The keeper judges the gate at the cursor."""
        cursor = self.state.cursor
        assert cursor is not None
        seq = cursor.opened_seq if opened_seq is None else opened_seq
        self.happens(e.GateChanged(gate=cursor.gate, opened_seq=seq, verdict=verdict, conditions=conditions))

    def comes_to(self, step_id: str) -> None:
        """Confirm, enter and open gates until `step_id` is current."""
        while (cursor := self.state.cursor) and cursor.step != step_id:
            if cursor.gate in self.state.gates:
                self.judges("pass")
            if cursor.step is None:
                self.does(c.EnterPhase, phase=cursor.phase)
            else:
                typed = cursor.step if self.profile.production else ""
                self.does(c.ConfirmStep, step=cursor.step, typed=typed)
        assert self.state.cursor is not None or step_id == ""
