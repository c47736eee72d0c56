"""What every store promises, whichever keeps the bytes. A new store is one more entry in `KEEPERS`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from msgspec import Struct

from cockpit.audit.files import FileStore
from cockpit.audit.line import Draft, draft
from cockpit.audit.postgres.mirror import Mirror, start_mirror
from cockpit.audit.postgres.mirrored import MirroredStore
from cockpit.audit.postgres.store import PostgresStore
from cockpit.audit.store import Conflict, Durable, Outcome, Store
from cockpit.errors import LogError, StoreFailed
from cockpit.run.events import Actor, Body, NoteAdded, ProbesSampled

pytestmark = pytest.mark.xdist_group("store")  # one server for all of them

ANA, BO = Actor(user="ana", host="h1"), Actor(user="bo", host="h2")


class Kept(Struct):
    """A run that was created once and may be opened again."""

    created: Store
    reopen: Callable[[], Store]


def _in_files(request: pytest.FixtureRequest) -> Kept:
    run_dir = request.getfixturevalue("tmp_path") / "runs" / "R1"
    return Kept(FileStore.create(run_dir, "R1"), lambda: FileStore.open(run_dir))


def _in_postgres(request: pytest.FixtureRequest) -> Kept:
    dsn = request.getfixturevalue("store_dsn")
    return Kept(PostgresStore.create(dsn, "R1"), lambda: PostgresStore.open(dsn, "R1"))


def _mirrored(request: pytest.FixtureRequest) -> Kept:
    """Two hosts, each with a copy."""
    dsn, tmp_path = request.getfixturevalue("store_dsn"), request.getfixturevalue("tmp_path")
    for host in ("here", "there"):
        start_mirror(tmp_path / host / "R1", "R1")
    created = MirroredStore(PostgresStore.create(dsn, "R1"), Mirror(tmp_path / "here" / "R1", "R1"))
    return Kept(created, lambda: MirroredStore.open(dsn, "R1", tmp_path / "there" / "R1"))


KEEPERS = {"files": _in_files, "postgres": _in_postgres, "mirrored": _mirrored}


@pytest.fixture(params=KEEPERS)
def kept(request: pytest.FixtureRequest) -> Iterator[Kept]:
    opened = KEEPERS[request.param](request)
    assert isinstance(opened.created.append(0, note("begin")), Durable)
    yield opened
    opened.created.close()


@pytest.fixture
def store(kept: Kept) -> Store:
    return kept.created


def note(text: str, actor: Actor = ANA) -> Draft:
    return draft(NoteAdded(text=text), actor)


def durable(outcome: Outcome) -> Durable:
    assert isinstance(outcome, Durable)
    return outcome


def test_an_append_answers_with_the_events_as_readers_will_see_them(store: Store) -> None:
    one = note("one", BO)
    event = durable(store.append(1, one)).events[0]
    assert (event.seq, event.id, event.is_fact, event.actor, event.body) == (2, one.id, True, BO, one.body)
    assert event.instant == one.instant
    assert event == store.lookup(one.id)


def test_the_head_is_the_last_facts(store: Store) -> None:
    told = durable(store.append(1, note("one"), draft(ProbesSampled(), ANA)))
    assert told.head == store.head
    assert told.head is not None
    assert told.head.seq == 2
    assert len(told.head.digest) == 64


def test_a_decision_on_an_older_fact_is_a_conflict_that_writes_nothing(store: Store) -> None:
    first = note("first")
    durable(store.append(1, first))
    late = note("late")
    for stale in (0, 1, 7):
        outcome = store.append(stale, late)
        assert isinstance(outcome, Conflict)
        assert outcome.head == store.head
    assert store.lookup(late.id) is None
    assert durable(store.append(2, late)).events[0].seq == 3


def test_telemetry_only_renumbers(store: Store) -> None:
    durable(store.append(None, draft(ProbesSampled(), ANA)))
    assert durable(store.append(1, note("one"))).events[0].seq == 3


def test_several_drafts_follow_each_other(store: Store) -> None:
    told = durable(store.append(1, note("a"), note("b"), note("c")))
    assert [event.seq for event in told.events] == [2, 3, 4]


def test_another_opening_of_the_same_run_sees_and_is_seen(kept: Kept) -> None:
    other = kept.reopen()
    assert other.run == kept.created.run == "R1"
    assert other.head == kept.created.head
    durable(other.append(1, note("theirs", BO)))
    assert isinstance(kept.created.append(1, note("mine")), Conflict)
    durable(kept.created.append(2, note("mine")))
    assert isinstance(other.append(2, note("theirs", BO)), Conflict)
    other.close()


def test_an_id_is_settled_by_looking_it_up(kept: Kept) -> None:
    one = note("one")
    event = durable(kept.created.append(None, one)).events[0]
    other = kept.reopen()
    assert kept.created.lookup(one.id) == other.lookup(one.id) == event
    assert other.lookup(note("never").id) is None
    other.close()


def test_a_draft_that_cannot_be_written_leaves_no_trace(store: Store) -> None:
    bad: tuple[Body, ...] = (NoteAdded(text="x" * 70_000), NoteAdded(text="a\0b"), NoteAdded(text="\udcff"))
    for body in bad:
        with pytest.raises(LogError):
            store.append(None, note("good"), draft(body, ANA))
    assert not store.is_poisoned
    assert durable(store.append(1, note("next"))).events[0].seq == 2


def test_two_threads_lose_nothing_and_of_two_same_decisions_one_wins(store: Store) -> None:
    outcomes: list[Outcome] = []
    barrier = threading.Barrier(2)

    def press(user: Actor) -> None:
        barrier.wait()
        outcomes.append(store.append(1, note("confirmed", user)))

    threads = [threading.Thread(target=press, args=(user,)) for user in (ANA, BO)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "Durable"]


def test_a_healthy_store_is_not_poisoned(store: Store) -> None:
    assert not store.is_poisoned
    assert store.poison_reason == ""


def test_a_closed_store_refuses_and_closes_twice(store: Store) -> None:
    store.close()
    store.close()
    with pytest.raises(StoreFailed, match="closed"):
        store.append(None, note("late"))
