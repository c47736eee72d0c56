"""The keeper's way into the log: in order, together, and never after a failure."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from cockpit.audit.layout import keeper_beat, locks_dir
from cockpit.audit.line import Draft, Head
from cockpit.audit.store import Durable
from cockpit.errors import StoreFailed
from cockpit.keeper.beat import Beat
from cockpit.keeper.writer import Writer
from cockpit.run.commands import KeeperSight
from cockpit.run.events import Actor, Event, Instant, NoteAdded
from cockpit.session.sight import keeper_sight

ANA = Actor("ana", "here")


class Store:
    """In memory; the first append waits until it is let go on, and one that is told to fail does."""

    run = "x"
    head: Head | None = None
    poison_reason = ""
    is_poisoned = False

    def __init__(self) -> None:
        self.appends: list[list[str]] = []
        self.go_on = threading.Event()
        self.failure: Exception | None = None

    def append(self, last_fact_seq: int | None, *drafts: Draft) -> Durable:
        assert last_fact_seq is None
        assert self.go_on.wait(10)
        if self.failure is not None:
            raise self.failure
        self.appends.append([draft.body.text for draft in drafts if isinstance(draft.body, NoteAdded)])
        return Durable(events=(), head=None)

    def lookup(self, event_id: str) -> Event | None:
        return None

    def close(self) -> None:
        """Nothing is held."""


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
