"""A state machine over store and session: two seats decide, a keeper tells, somebody follows, and everything may crash.

The model is the list of events that somebody was told were durable. What a crash may do to the file: a process ends in
the middle of a write, or the host loses power and with it bytes that no sync covered.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp

import pytest
from crash_acting import events_of
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from cockpit.audit.files import FileStore
from cockpit.audit.layout import log_path
from cockpit.audit.line import Draft, draft
from cockpit.audit.storage import Disk
from cockpit.audit.store import Conflict, Durable
from cockpit.audit.tail import Tail
from cockpit.audit.verify import verify
from cockpit.run.commands import AddNote, Command, ConfirmStep, PlaceHold, Refusal, ReleaseHold, SkipStep, TakePen
from cockpit.run.events import Actor, NoteAdded, ProbesSampled
from cockpit.run.evolve import evolve
from cockpit.run.handover import standing
from cockpit.run.refusals import TEXT_LIMIT
from cockpit.run.state import EMPTY, RunState
from cockpit.session.outcomes import Done
from cockpit.session.seat import Seat

STEPS_OF_ONE = 25
ACTORS = tuple(Actor(user=user, host="h") for user in ("ana", "bo"))
KEEPER = Actor(user="ana", host="h", via="keeper")
WIDE = "𝄞"
"""Four bytes: the longest note has a line of 16 kB."""
counted = {"runs": 0, "crashes": 0, "acknowledged": 0, "conflicts": 0}

whose = st.integers(0, 1)
sizes = st.one_of(st.integers(1, 80), st.integers(2000, TEXT_LIMIT))
parts = st.floats(0, 1)


class Killed(BaseException):
    """The process ended here. No Exception: nobody may go on after it."""


class Host(Disk):
    """A disk that knows what a sync covered, and on which a process can end in the middle of a write."""

    durable = 0
    """Bytes of the log."""
    ends_after: float | None = None
    """The part of the next write that is still done."""

    def write(self, fd: int, data: bytes) -> int:
        if self.ends_after is None:
            return super().write(fd, data)
        written, self.ends_after = data[: round(self.ends_after * len(data))], None
        if written:
            super().write(fd, written)
        raise Killed

    def fdatasync(self, fd: int) -> None:
        super().fdatasync(fd)
        self.durable = os.fstat(fd).st_size


class Night(RuleBasedStateMachine):
    """One run, from its first line on."""

    plan: Path
    """A run that has just begun, to be copied."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(mkdtemp(prefix="cockpit-session-"))
        self.run_dir = Path(shutil.copytree(self.plan, self.folder / self.plan.name))
        self.log = log_path(self.run_dir)
        self.host = Host()
        self.host.durable = self.log.stat().st_size
        self.told: list[str] = []
        """The model: ids of acknowledged events, in the order in which they were."""
        self.seen = b""
        self.seats = [self._seat(0), self._seat(1)]
        self.keeper, self.tail, self.folded = self._store(), Tail(self.run_dir), EMPTY
        counted["runs"] += 1

    # ---- who is there --------------------------------------------------------------------------------------------

    def _store(self) -> FileStore:
        return FileStore.open(self.run_dir, storage=self.host)

    def _seat(self, number: int) -> Seat:
        seat = Seat.open(self.run_dir, ACTORS[number])
        seat.submitting._store = self._store()
        return seat

    def _drop(self, seat: Seat) -> None:
        """Its process is gone: nothing is said any more, and what it held is let go of by the kernel."""
        assert seat.submitting._store is not None
        seat.submitting._store.close()
        seat._follower.close()

    def _everybody_is_gone(self) -> None:
        for seat in self.seats:
            self._drop(seat)
        self.keeper.close()
        self.tail.close()

    def _does(self, number: int, kind: type[Command], **fields: object) -> None:
        seat = self.seats[number]
        before = self.log.read_bytes()
        outcome = seat.submit(seat.command(kind, **fields))
        if isinstance(outcome, Done):
            self._tell(outcome.events)
        else:
            assert isinstance(outcome, Refusal), outcome
            assert self.log.read_bytes() == before, "a refusal writes nothing"

    def _tell(self, events: object) -> None:
        self.told += [event.id for event in events]  # type: ignore[attr-defined] # a tuple of Event

    def _append(self, store: FileStore, expected: int | None, *drafts: Draft) -> Durable | Conflict:
        outcome = store.append(expected, *drafts)
        if isinstance(outcome, Durable) and any(each.body.is_fact for each in drafts):
            self._tell(outcome.events)
        return outcome

    # ---- what happens --------------------------------------------------------------------------------------------

    @rule(who=whose, size=sizes)
    def writes_a_note(self, who: int, size: int) -> None:
        self._does(who, AddNote, text=WIDE * size)

    @rule(who=whose, is_late=st.booleans())
    def confirms_what_was_painted(self, who: int, is_late: bool) -> None:
        seat = self.seats[who]
        state = seat.view.state if is_late else seat._follower.catch_up().state
        if state.cursor is not None and state.cursor.step is not None:
            self._does(who, ConfirmStep, step=state.cursor.step, painted_seq=state.cursor.opened_seq)

    @rule(who=whose)
    def skips(self, who: int) -> None:
        cursor = self.seats[who].view.state.cursor
        if cursor is not None and cursor.step is not None:
            self._does(who, SkipStep, step=cursor.step, painted_seq=cursor.opened_seq, reason="not tonight")

    @rule(who=whose, kind=st.sampled_from([PlaceHold, ReleaseHold, TakePen]))
    def holds_releases_or_takes_the_pen(self, who: int, kind: type[Command]) -> None:
        read = {"read": standing(self.seats[who].view.state)} if kind is TakePen else {}
        self._does(who, kind, reason="because", **read)

    @rule(samples=st.integers(1, 3), notes=st.integers(0, 2), size=sizes)
    def keeper_tells(self, samples: int, notes: int, size: int) -> None:
        drafts = [draft(ProbesSampled(), KEEPER) for _ in range(samples)]
        drafts += [draft(NoteAdded(text=WIDE * size), KEEPER) for _ in range(notes)]
        assert isinstance(self._append(self.keeper, None, *drafts), Durable)

    @rule(who=whose, size=sizes)
    def decides_on_what_is_no_longer_the_last_fact(self, who: int, size: int) -> None:
        """Between its decision and its append another seat writes: a conflict, and not one byte."""
        seat = self.seats[who]
        decided = seat.submitting.decided(seat.command(AddNote, text="too late"))
        assert isinstance(decided, tuple)
        self._does(1 - who, AddNote, text=WIDE * size)
        before = self.log.read_bytes()
        assert seat.submitting._store is not None
        assert isinstance(seat.submitting._store.append(decided[0], *decided[1]), Conflict)
        assert self.log.read_bytes() == before
        counted["conflicts"] += 1

    @rule(most=st.integers(1, 4))
    def somebody_follows(self, most: int) -> None:
        for _ in range(most):
            self.folded = _fold(self.folded, [entry.event for entry in self.tail.read()])

    # ---- crashes -------------------------------------------------------------------------------------------------

    @rule(who=whose)
    def a_screen_is_killed(self, who: int) -> None:
        self._drop(self.seats[who])
        self.seats[who] = self._seat(who)
        counted["crashes"] += 1

    @rule(who=whose, part=parts, size=sizes)
    def a_screen_is_killed_while_it_writes(self, who: int, part: float, size: int) -> None:
        self._killed(part, lambda: self._does(who, AddNote, text=WIDE * size))
        self._drop(self.seats[who])
        self.seats[who] = self._seat(who)

    @rule(part=parts, samples=st.integers(0, 3), facts=st.integers(0, 3))
    def the_keeper_is_killed_while_it_writes(self, part: float, samples: int, facts: int) -> None:
        drafts = [draft(NoteAdded(text="never told"), KEEPER) for _ in range(facts)]
        drafts += [draft(ProbesSampled(), KEEPER) for _ in range(samples)]
        if drafts:
            self._killed(part, lambda: self._append(self.keeper, None, *drafts))
            self.keeper.close()
            self.keeper = self._store()

    def _killed(self, part: float, act: Callable[[], object]) -> None:
        self.host.ends_after = part
        with pytest.raises(Killed):
            act()
        counted["crashes"] += 1

    @precondition(lambda self: self.log.stat().st_size > self.host.durable)
    @rule(part=parts, zeroed=st.booleans())
    def the_host_loses_power(self, part: float, zeroed: bool) -> None:
        """Everybody is gone, and of what no sync covered a part, or its size without its bytes."""
        self._everybody_is_gone()
        size = self.log.stat().st_size
        kept = self.host.durable + round(part * (size - self.host.durable))
        data = bytearray(self.log.read_bytes()[:kept])
        if zeroed and kept > self.host.durable:
            middle = (self.host.durable + kept) // 2
            data[middle:] = bytes(kept - middle)
        self.log.write_bytes(data)
        self.seen = bytes(data)
        self.seats = [self._seat(0), self._seat(1)]
        self.keeper, self.tail, self.folded = self._store(), Tail(self.run_dir), EMPTY
        counted["crashes"] += 1

    # ---- what must hold ------------------------------------------------------------------------------------------

    @invariant()
    def what_was_told_is_there_once_and_in_its_order(self) -> None:
        ids = [event.id for event in events_of(self.run_dir)]
        told = set(self.told)
        assert [each for each in ids if each in told] == self.told
        assert len(set(ids)) == len(ids)

    @invariant()
    def bytes_once_read_stay(self) -> None:
        data = self.log.read_bytes()
        assert data.startswith(self.seen)
        self.seen = data

    @invariant()
    def whoever_has_read_all_sees_the_same(self) -> None:
        whole = _fold(EMPTY, events_of(self.run_dir))
        for seat in self.seats:
            assert seat._follower.catch_up().state == whole
            assert not seat.view.trouble
        folded = self.folded
        if self.tail.head is not None and folded.last_seq == whole.last_seq:
            assert folded == whole

    def teardown(self) -> None:
        """Whatever is torn is stepped over by whoever writes next, and the chain holds."""
        try:
            assert isinstance(self._append(self.keeper, None, draft(NoteAdded(text="last"), KEEPER)), Durable)
            while entries := self.tail.read():
                self.folded = _fold(self.folded, [entry.event for entry in entries])
            self.what_was_told_is_there_once_and_in_its_order()
            self.whoever_has_read_all_sees_the_same()
            assert self.folded == _fold(EMPTY, events_of(self.run_dir))
            found = verify(self.run_dir, parallel=False)
            assert found.ok, found.problem
            counted["acknowledged"] += len(self.told)
        finally:
            self._everybody_is_gone()
            shutil.rmtree(self.folder)


def _fold(state: RunState, events: list) -> RunState:  # type: ignore[type-arg] # of Event
    for event in events:
        state = evolve(state, event)
    return state


def play(examples: int, **more: object) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Night,
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS_OF_ONE,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            **more,  # type: ignore[arg-type]
        ),
    )
