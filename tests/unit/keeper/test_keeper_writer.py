"""The keeper's way into the log: in order, together, and never after a failure."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from looks import PATIENCE_S

from cockpit.audit.aside import AsideFile, AsideReader
from cockpit.audit.extent import Extent
from cockpit.audit.layout import keeper_beat, locks_dir
from cockpit.audit.line import Draft, Head
from cockpit.audit.store import Durable, Unknown
from cockpit.errors import StoreAway, StoreFailed, StoreFenced
from cockpit.keeper.beat import Beat
from cockpit.keeper.writer import Writer
from cockpit.run.commands import KeeperSight
from cockpit.run.events import ActionEnded, Actor, Body, Event, Instant, NoteAdded
from cockpit.session.sight import keeper_sight

ANA = Actor("ana", "here")


class Store:
    """In memory; the first append waits until it is let go on, and one that is told to fail does."""

    run = "x"
    head: Head | None = None
    extent = Extent(0, 0)
    poison_reason = ""
    is_poisoned = False

    def __init__(self) -> None:
        self.appends: list[list[str]] = []
        self.go_on = threading.Event()
        self.failure: Exception | None = None

    def append(self, last_fact_seq: int | None, *drafts: Draft) -> Durable:
        assert last_fact_seq is None
        assert self.go_on.wait(60)
        if self.failure is not None:
            raise self.failure
        self.appends.append([draft.body.text for draft in drafts if isinstance(draft.body, NoteAdded)])
        return Durable(events=(), head=None)

    def lookup(self, event_id: str) -> Event | None:
        return None

    def close(self) -> None:
        """Nothing is held."""


class Patient(Store):
    """A database that may be away, or cut off before or after it wrote."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on.set()
        self.away = ""
        self.cuts: list[bool] = []
        """Of the next appends that are cut off: whether they were written all the same."""
        self.ids: list[str] = []
        self.written_at: dict[str, Instant] = {}
        self.tries = 0

    def append(self, last_fact_seq: int | None, *drafts: Draft) -> Durable | Unknown:
        self.tries += 1
        if self.away:
            raise StoreAway(self.away)
        cut, is_written = bool(self.cuts), not self.cuts or self.cuts.pop(0)
        if is_written:
            self.ids += [each.id for each in drafts]
            self.written_at |= {each.id: each.instant for each in drafts}
            self.appends.append([each.body.text for each in drafts if isinstance(each.body, NoteAdded)])
        return Unknown(id=drafts[0].id) if cut else Durable(events=(), head=None)

    def lookup(self, event_id: str) -> Event | None:
        if self.away:
            raise StoreAway(self.away)
        if event_id not in self.ids:
            return None
        return Event(1, event_id, "note.added", True, self.written_at[event_id], ANA, NoteAdded(text=""), "x")

    @property
    def texts(self) -> list[str]:
        return [text for append in self.appends for text in append]


def never(error: Exception) -> None:
    raise AssertionError(error)


def started(store: Store, on_failure: Callable[[Exception], None] = never) -> Writer:
    return Writer(store, ANA, on_failure)


def test_what_is_put_is_written_in_order_and_what_waits_is_written_together() -> None:
    store = Store()
    writer = started(store)
    for number in range(200):
        writer.put(NoteAdded(text=str(number)))
    store.go_on.set()
    assert writer.close(10)
    assert [text for append in store.appends for text in append] == [str(number) for number in range(200)]
    assert len(store.appends) < 10


def test_putting_never_waits_for_the_disk() -> None:
    store = Store()
    writer = started(store)
    for _ in range(1000):
        writer.put(NoteAdded(text="x"))  # nothing has been written yet
    assert not writer.close(0.05), "the disk does not answer"
    store.go_on.set()
    assert writer.close(10)


@pytest.mark.parametrize("failure", [StoreFailed("the disk is full"), OSError(5, "Input/output error")])
def test_after_a_failure_nothing_is_written_and_it_is_told_once(failure: Exception) -> None:
    store, told = Store(), []
    store.failure = failure
    writer = started(store, told.append)
    writer.put(NoteAdded(text="lost"))
    store.go_on.set()
    assert writer.close(10)
    store.failure = None
    writer.put(NoteAdded(text="later"))
    writer.close(0.1)
    assert told == [failure]
    assert store.appends == []


def test_a_beat_is_read_by_seats_and_replaces_a_longer_one(tmp_path: Path) -> None:
    locks_dir(tmp_path).mkdir()
    keeper_beat(tmp_path).write_text("x" * 500)
    beat = Beat(tmp_path, epoch=3)
    beat.beat(100.25)
    now = Instant(at=None, boot="b", mono=101.5)  # type: ignore[arg-type] # the wall clock plays no part
    assert keeper_sight(tmp_path, now) == KeeperSight(alive=False, silent_s=1.25)
    assert keeper_beat(tmp_path).read_text().split()[0] == "3"
    beat.close()


async def test_what_is_waited_for_is_durable_when_the_wait_ends_and_the_loop_goes_on_meanwhile() -> None:
    store = Store()
    writer = started(store)
    writer.put(NoteAdded(text="before"))
    waiting = asyncio.create_task(writer.durable(NoteAdded(text="intent")))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    store.go_on.set()
    await waiting
    assert [text for append in store.appends for text in append] == ["before", "intent"]
    assert writer.close(10)


async def test_what_cannot_be_written_is_never_said_to_be_durable() -> None:
    store, told = Store(), list[Exception]()
    store.failure = StoreFailed("the disk is full")
    store.go_on.set()
    writer = started(store, told.append)
    with pytest.raises(StoreFailed, match="the disk is full"):
        await writer.durable(NoteAdded(text="intent"))
    assert writer.close(10)
    assert told == [store.failure]


# ---- a database that is away -----------------------------------------------------------------------------------------


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    locks_dir(tmp_path).mkdir()
    return tmp_path


def eventually(holds: Callable[[], object]) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.005)


def test_what_is_put_while_the_database_is_away_is_written_once_it_is_back_in_order_with_its_own_times(run_dir: Path):
    store = Patient()
    store.away = "it is away"
    writer = Writer(store, ANA, never, aside=AsideFile(run_dir, "x", 3), away=lambda: store.away)
    for number in range(100):
        writer.put(NoteAdded(text=str(number)))
    reader = AsideReader(run_dir)
    eventually(lambda: len(reader.read()) == 100)
    assert reader.owner is not None
    assert (reader.owner.run, reader.owner.epoch) == ("x", 3)
    assert store.tries <= 2, "it is not asked again while it is known to be away"
    put = {event.id: event.instant for event in reader.read()}
    store.away = ""
    eventually(lambda: len(store.texts) == 100)
    assert writer.close(10)
    assert writer.left == 0
    assert store.texts == [str(number) for number in range(100)]
    assert {each: store.written_at[each] for each in put} == put
    assert reader.read() == ()
    assert reader.owner is None


def test_what_may_have_been_written_is_looked_up_and_neither_lost_nor_written_twice():
    store = Patient()
    store.cuts = [True, False, True, False, False]
    writer = started(store)
    for number in range(5):
        writer.put(NoteAdded(text=str(number)))
        eventually(lambda number=number: str(number) in store.texts)
    assert writer.close(10)
    assert store.texts == [str(number) for number in range(5)]
    assert len(set(store.ids)) == len(store.ids)


async def test_nobody_is_told_that_it_is_durable_before_it_is():
    store = Patient()
    store.away = "it is away"
    writer = started(store)
    waits = asyncio.create_task(writer.durable(NoteAdded(text="x")))
    await asyncio.to_thread(eventually, lambda: store.tries > 1)
    assert not waits.done()
    store.away, store.cuts = "", [False]
    await asyncio.wait_for(waits, 10)
    assert store.texts == ["x"]
    assert writer.close(10)


def test_a_keeper_that_ends_does_not_wait_for_it_and_leaves_what_it_saw(run_dir: Path):
    store = Patient()
    store.away = "it is away"
    writer = Writer(store, ANA, never, aside=AsideFile(run_dir, "x", 3), away=lambda: store.away)
    writer.put(NoteAdded(text="seen"))
    eventually(lambda: store.tries)
    writer.put(NoteAdded(text="last words"))
    assert writer.close(1)
    assert writer.left == 2
    left = AsideReader(run_dir).read()
    assert [event.body.text for event in left if isinstance(event.body, NoteAdded)] == ["seen", "last words"]


def test_a_full_disk_beside_the_log_keeps_nothing_from_being_written(tmp_path: Path):
    store = Patient()
    store.away = "it is away"
    aside = AsideFile(tmp_path / "gone", "x", 3)
    writer = Writer(store, ANA, never, aside=aside, away=lambda: store.away)
    writer.put(NoteAdded(text="1"))
    eventually(lambda: aside.trouble)
    store.away = ""
    eventually(lambda: store.texts)
    assert writer.close(10)
    assert store.texts == ["1"]


class Fenced(Patient):
    """A database in which another keeper has taken over, until this one asks as anybody."""

    def __init__(self) -> None:
        super().__init__()
        self.is_fenced = True
        self.bodies: list[Body] = []

    def append(self, last_fact_seq: int | None, *drafts: Draft) -> Durable | Unknown:
        if self.is_fenced:
            raise StoreFenced("another keeper has taken over")
        self.bodies += [each.body for each in drafts]
        return super().append(last_fact_seq, *drafts)

    def unfence(self) -> None:
        self.is_fenced = False


def test_a_keeper_that_was_left_behind_writes_only_how_what_it_began_ended() -> None:
    store, told = Fenced(), list[Exception]()
    store.go_on.clear()
    writer = Writer(store, ANA, told.append, unfence=store.unfence)
    writer.put(NoteAdded(text="what it saw"))
    writer.put(ActionEnded(action="1", step="a", outcome="succeeded", detail="3 rows"))
    until(lambda: bool(told))
    writer.put(NoteAdded(text="what it sees later"))
    writer.put(ActionEnded(action="2", step="b", outcome="failed"))
    with pytest.raises(StoreFenced):
        asyncio.run(writer.durable(NoteAdded(text="what it would begin")))
    assert writer.close(10)
    assert [type(error) for error in told] == [StoreFenced]
    assert all(isinstance(body, ActionEnded) for body in store.bodies)
    assert [body.detail for body in store.bodies if isinstance(body, ActionEnded)] == [
        "told late, by the keeper that was left behind: 3 rows",
        "told late, by the keeper that was left behind",
    ]


def until(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.002)
