"""Screens made for tests: a run told by its events, a clock that stands, and a seat that decides without a disk.

Every state comes out of the real fold, every outcome out of the real `decide`; nothing here invents one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import textual._wait
from looks import PATIENCE_S
from msgspec.structs import replace
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

import cockpit.tui.app
from cockpit.audit.line import Head
from cockpit.profile.model import Phase, Probe, Profile, Step, Window
from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run.commands import KeeperSight, Refusal
from cockpit.run.decide import decide
from cockpit.run.evolve import evolve
from cockpit.run.forecast import forecast
from cockpit.run.readings import ConditionVerdict, Reading
from cockpit.run.state import EMPTY, RunState
from cockpit.run.state_people import SeatState
from cockpit.run.wording import sentence
from cockpit.session.outcomes import Done, Failed, Unsettled
from cockpit.session.view import Recent, Rejected, View
from cockpit.tui.app import CockpitApp
from cockpit.tui.lines import Line
from cockpit.tui.panes.seen import Mode, Seen

PERSON_S = 0.08
"""Between two keys: cockpit takes anything under 0.06 s for a paste."""
TYPIST_S = 0.03
"""Between two letters in a field; under 0.02 s they are taken for a paste."""
# Textual's pilot takes an application to be idle that did nothing for so long. After each key it waits for that twice,
# and a fiftieth of a second, as Textual has it, is most of what tests of keys would take.
textual._wait.SLEEP_GRANULARITY, textual._wait.SLEEP_IDLE = 1 / 200, 1 / 4000
ANA = e.Actor("ana", "bastion-1", "ssh 192.0.2.7")
BO = e.Actor("bo", "bastion-1")
BEGIN = datetime(2026, 11, 21, 21, 0, tzinfo=UTC)
ALIVE = KeeperSight(alive=True, silent_s=0.1)
GONE = KeeperSight(alive=False, silent_s=12.0)
HOSTILE = "\x1b]0;owned\x07[@click=app.quit]quit[/] [bold]x[/bold]\u202e\x9b31m"

INSTRUCTIONS = """The script **must** report no critical errors.

- run it on the standby first
- compare the counts

Then look at `missing_profiles`."""

PROFILE = Profile(
    id="virtue",
    environment="staging",
    title="organizational model",
    window=Window(start="22:00", end="02:00", timezone="Europe/Rome", reserve_s=600, rollback_estimate_s=1800),
    probes=(
        Probe(id="api_health", kind="http", title="API answers"),
        Probe(id="connections", kind="postgres"),
        Probe(id="error_rate", kind="prometheus"),
        Probe(id="missing_profiles", kind="postgres", title="Users without a profile"),
        Probe(id="queue", kind="command"),
        Probe(id="manual", kind="http", on_demand=True),
    ),
    phases=(
        Phase(
            id="database",
            title="Database",
            steps=(
                Step(id="maintenance", title="Maintenance on", estimate_s=300),
                Step(id="migrate", title="Migrate", estimate_s=1500, risk="irreversible"),
                Step(
                    id="validate",
                    title="Validate the migration",
                    instructions=INSTRUCTIONS,
                    command='psql "$DATABASE_URL" -f validate.sql',
                    rollback="Restore the snapshot.",
                    gate=("missing_profiles == 0", "api_health.passing"),
                    estimate_s=600,
                    owner="dba",
                ),
            ),
        ),
        Phase(
            id="application",
            title="Application",
            gate=("api_health.passing",),
            description="The new release goes out.",
            steps=(
                Step(id="rollout", title="Roll out", estimate_s=900, risk="careful"),
                Step(id="smoke", title="Smoke test", level="optional"),
            ),
        ),
    ),
)
PRODUCTION = replace(PROFILE, environment="production", production=True)


class Story:
    """Appends what happens and what is decided; `seen()` is the screen's moment."""

    def __init__(
        self, profile: Profile = PROFILE, *, begin: datetime = BEGIN, keeper: bool = True, rehearsal: bool = False
    ) -> None:
        self.profile = profile
        self.state: RunState = EMPTY
        self.recent: tuple[Recent, ...] = ()
        self.mono = 1000.0
        self.begin = begin
        self.seq = 0
        self.here: tuple[SeatState, ...] = ()
        self.trouble = ""
        self.signing = ""
        self.rejected: tuple[Rejected, ...] = ()
        self.events: list[e.Event] = []
        has_window = profile.window is not None
        self.happens(
            e.RunStarted(
                profile=profile,
                profile_digest="00",
                sources=(),
                cockpit_version="0",
                window_start=BEGIN if has_window else None,
                window_end=BEGIN + timedelta(hours=4) if has_window else None,
                rehearsal=rehearsal,
            )
        )
        if keeper:
            self.happens(e.KeeperStarted(epoch=1, pid=7, version="0"))

    def now(self) -> e.Instant:
        return e.Instant(self.begin + timedelta(seconds=self.mono - 1000), "boot-a", self.mono)

    def passes(self, seconds: float) -> None:
        self.mono += seconds

    def happens(self, body: e.Body, actor: e.Actor = ANA) -> e.Event:
        self.seq += 1
        event = e.Event(self.seq, f"id{self.seq}", body.type, body.is_fact, self.now(), actor, body, "RUN1")
        self.state = evolve(self.state, event)
        self.events.append(event)
        if event.is_fact:
            self.recent = (*self.recent, Recent(event, sentence(event, self.state)))[-200:]
        return event

    def does(self, kind: type[c.Command], /, **fields: Any) -> None:
        fields = {"actor": ANA, "now": self.now()} | fields
        if issubclass(kind, c.PlanCommand):
            opened_seq = self.state.cursor.opened_seq if self.state.cursor else 0
            fields = {"painted_seq": opened_seq, "keeper": ALIVE} | fields
        bodies = decide(self.state, kind(**fields))
        assert not isinstance(bodies, Refusal), bodies
        for body in bodies:
            self.happens(body, fields["actor"])

    def reads(self, *readings: Reading) -> None:
        """A key frame: these readings, ended just now; every other probe as it was."""
        fresh = tuple(replace(each, began_mono=self.mono - 0.2, ended_mono=self.mono) for each in readings)
        named = {each.probe for each in readings}
        ages = tuple(0 if probe.id in named else self._age(probe.id) for probe in self.profile.probes)
        for each in fresh:
            known = self.state.probes[each.probe]
            if known.status != each.status:
                self.happens(
                    e.ProbeChanged(
                        probe=each.probe, previous=known.status, status=each.status, value=each.value,
                        unit=each.unit, latency_ms=each.latency_ms, detail=each.detail,
                    )
                )  # fmt: skip
        self.happens(e.ProbesSampled(readings=fresh, ages=ages))

    def _age(self, probe_id: str) -> int | None:
        known = self.state.probes[probe_id]
        return None if known.age_s is None else int(known.age_s + self.mono - known.as_of_mono)

    def judges(self, verdict: str, *conditions: ConditionVerdict) -> None:
        """The keeper judges the gate at the cursor."""
        cursor = self.state.cursor
        assert cursor is not None
        self.happens(
            e.GateChanged(gate=cursor.gate, opened_seq=cursor.opened_seq, verdict=verdict, conditions=conditions)
        )

    def comes_to(self, step_id: str, minutes: float = 4) -> None:
        """Confirm, enter and open gates until `step_id` is current; empty: until every step is settled."""
        while (cursor := self.state.cursor) and cursor.step != step_id:
            self.passes(minutes * 60)
            if cursor.gate in self.state.gates:
                self.judges("pass")
            if cursor.step is None:
                self.does(c.EnterPhase, phase=cursor.phase)
            else:
                typed = c_typed(self.state, cursor.step)
                self.does(c.ConfirmStep, step=cursor.step, typed=typed)

    def head(self) -> Head:
        return Head(seq=self.state.last_fact_seq, digest="7f3a91c2" + f"{self.seq:056x}")

    def view(self) -> View:
        return View(
            state=self.state, head=self.head(), recent=self.recent, trouble=self.trouble, here=self.here,
            signing=self.signing, rejected=self.rejected,
        )  # fmt: skip

    def seen(
        self, *, keeper: KeeperSight = ALIVE, mode: Mode = "LIVE", selected: str | None = None, me: str = ""
    ) -> Seen:
        zone = ZoneInfo(self.profile.window.timezone if self.profile.window else "UTC")
        return Seen(
            view=self.view(), now=self.now(), keeper=keeper, forecast=forecast(self.state, self.now()),
            mode=mode, zone=zone, selected=selected, me=me,
        )  # fmt: skip


def c_typed(state: RunState, step_id: str) -> str:
    """The word that confirming a step asks for."""
    from cockpit.run.friction import required_word

    return required_word(state, "confirm", step_id)


READINGS = (
    Reading(probe="api_health", status="pass", value=142, unit="ms", latency_ms=142.3),
    Reading(probe="connections", status="pass", value=41, latency_ms=3.1),
    Reading(probe="error_rate", status="warn", value=1.42, unit="%", latency_ms=21.0, detail="error_rate is 1.42"),
    Reading(probe="missing_profiles", status="fail", value=12, latency_ms=2.0, detail="missing_profiles is 12"),
    Reading(probe="queue", status="pass", value=0.0042, unit="s", latency_ms=8.0),
)
BLOCKED = (
    ConditionVerdict("missing_profiles == 0", False, "missing_profiles is 12"),
    ConditionVerdict("api_health.passing", True),
)


def blocked(profile: Profile = PROFILE) -> Story:
    """At 1.3, whose gate is blocked, with readings a few seconds old and a note in the log."""
    story = Story(profile)
    story.comes_to("validate")
    for at in range(6):
        story.reads(*(replace(each, value=_varied(each.value, at)) for each in READINGS))
        story.passes(2)
    story.reads(*READINGS)
    story.judges("blocked", *BLOCKED)
    story.happens(e.NoteAdded(text="replica lag settled"), BO)
    story.here = (
        SeatState("s1", "ana", "acting", story.now()),
        SeatState("s2", "bo", "watching", story.now()),
    )
    story.passes(3)
    return story


def _varied(value: Any, at: int) -> Any:
    return value + at % 3 if isinstance(value, int) else value


def text_of(line: Line) -> str:
    """What a line says, without its inks."""
    return "".join(text for text, _ in line)


def texts(lines: list[Line] | tuple[Line, ...]) -> str:
    """What lines say, one below the other."""
    return "\n".join(text_of(line) for line in lines)


# ---- a whole screen ------------------------------------------------------------------------------------------------


class FakePresence:
    """What a screen tells of where it looks."""

    def __init__(self) -> None:
        self.looked: list[str] = []

    def look_at(self, step: str) -> None:
        if self.looked[-1:] != [step]:
            self.looked.append(step)

    def stirred(self) -> None:
        """A key was pressed."""


class FakeSigner:
    """What a seat signs when it is asked to."""

    def __init__(self) -> None:
        self.told = ""
        """What there is to sign."""
        self.asked = 0

    def again(self) -> str:
        self.asked += 1
        return self.told


class FakeMoving:
    """A story stays where it is told."""

    def follow_on(self) -> bool:
        return False


class FakeSeat:
    """A seat over a story: decides as a real one does, keeps what was asked, writes no disk."""

    def __init__(self, story: Story, *, role: str = "acting", keeper: KeeperSight = ALIVE) -> None:
        self.story = story
        self.role = role
        self.actor = ANA
        self.id = "s1" if role == "acting" else "s2"
        self.run_dir = Path("nowhere")
        self.keeper = keeper
        self.objection = ""
        """Why no keeper is to be started from here."""
        self.asked: list[c.Command] = []
        self.answer: Done | Refusal | Unsettled | Failed | None = None
        self._callback: Callable[[View], None] = lambda view: None
        self._view = story.view()
        self.presence = FakePresence()
        self.moving = FakeMoving()
        self.signer = FakeSigner()

    @property
    def view(self) -> View:
        return self._view

    def keeper_sight(self) -> KeeperSight:
        return self.keeper

    def keeper_objection(self) -> str:
        return self.objection

    def follow(self, callback: Callable[[View], None]) -> None:
        self._callback = callback

    def command(self, kind: type[c.Command], **fields: Any) -> c.Command:
        fields = {"actor": self.actor, "now": self.story.now(), "role": self.role} | fields
        if issubclass(kind, c.PlanCommand):
            fields.setdefault("keeper", self.keeper)
        if issubclass(kind, c.PenCommand):
            fields = {"seat": self.id, "here": tuple(seat.seat for seat in self.view.here)} | fields
        return kind(**fields)

    def take_up(self, at: str = "") -> bool:
        """As a real one: the pen does not move."""
        self.role = "acting"
        self.looks()
        return True

    def submit(self, command: c.Command) -> Done | Refusal | Unsettled | Failed:
        self.asked.append(command)
        if self.answer is not None:
            return self.answer
        bodies = decide(self.story.state, command)
        if isinstance(bodies, Refusal):
            return bodies
        happened = tuple(self.story.happens(body, command.actor) for body in bodies)
        self.looks()
        return Done(happened)

    def looks(self) -> None:
        """The tail has read on; where the pen has moved, whoever sits where it is acts."""
        self._view = self.story.view()
        if (pen := self._view.state.pen) is not None and pen.seat:
            self.role = "acting" if pen.seat == self.id else "watching"
        self._callback(self._view)

    def close(self, reason: str = "") -> None:
        """There is nothing to let go of."""


class Standing:
    """A source whose clock stands where the story's does."""

    def __init__(self, seat: FakeSeat) -> None:
        self.seat = seat
        self.me = seat.id

    @property
    def mode(self) -> Mode:
        return "WATCHING" if self.seat.role == "watching" else "LIVE"

    @property
    def view(self) -> View:
        return self.seat.view

    def looks_at(self, step: str) -> None:
        self.seat.presence.look_at(step)

    def now(self) -> e.Instant:
        return self.seat.story.now()

    def keeper_sight(self) -> KeeperSight:
        return self.seat.keeper


class StoryApp(CockpitApp):
    """The real application over a story; it starts no keeper."""

    CSS_PATH = str(Path(cockpit.tui.app.__file__).parent / "screens" / "run.tcss")

    def __init__(self, seat: FakeSeat) -> None:
        super().__init__(seat)  # type: ignore[arg-type] # a seat by its behaviour
        self.story_seat = seat
        self.run_screen.source = Standing(seat)

    def _start_keeper(self) -> None:
        """There is no run folder to keep."""

    def shows(self, pane: str) -> str:
        """What a pane of the run's screen says."""
        return texts(self.run_screen._panes[pane].lines)


async def until(pilot: Pilot[Any], holds: Callable[[], bool], what: str = "") -> None:
    """Wait for a condition, for as long as there is patience."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, f"waited in vain: {what}"
        await pilot.pause()


async def apart(pilot: Pilot[Any], *keys: str) -> None:
    """Press keys as a person does: one at a time, and letters of a text as fast as people type."""
    for key in keys:
        is_text = len(key) == 1 and isinstance(pilot.app.focused, Input)
        await asyncio.sleep(TYPIST_S if is_text else PERSON_S)
        await until(pilot, lambda: not _is_armed(pilot), "the key before does what it does")
        await pilot.press(key)
    await asyncio.sleep(PERSON_S)
    await pilot.pause()


def _is_armed(pilot: Pilot[Any]) -> bool:
    """Whether a key is held back still; the application may be busier than the person at it."""
    guard = getattr(pilot.app, "_guard", None)
    return guard is not None and guard._armed is not None


def at_once(app: StoryApp, *keys: str) -> None:
    """Keys that arrive together, as a terminal sends a paste without brackets."""
    for key in keys:
        app.post_message(events.Key(key, key if len(key) == 1 else None))
