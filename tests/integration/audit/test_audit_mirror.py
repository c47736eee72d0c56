"""A host's copy of a run in a database: the same bytes, after crashes too, and never another history."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import psycopg
import pytest
from looks import PATIENCE_S
from psycopg.conninfo import conninfo_to_dict

from cockpit.audit.layout import log_path
from cockpit.audit.line import Draft, draft
from cockpit.audit.postgres.following import POLL_S, SILENCE_S, Following
from cockpit.audit.postgres.mirror import Kept, Mirror, start_mirror
from cockpit.audit.postgres.mirrored import MirroredStore
from cockpit.audit.postgres.moving import put_run, take_run
from cockpit.audit.postgres.store import PostgresStore
from cockpit.audit.store import Conflict, Durable, Outcome, Unknown
from cockpit.audit.tail import Tail
from cockpit.audit.verify import verify
from cockpit.errors import LogDamaged, StoreAway, StoreFailed
from cockpit.run.events import Actor, NoteAdded, ProbesSampled

pytestmark = pytest.mark.xdist_group("store")  # one server for all of them

ANA, BO = Actor(user="ana", host="h1"), Actor(user="bo", host="h2")
LOGS = Path(__file__).parents[2] / "logs" / "v1"


def until(holds: Callable[[], object], what: str) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < give_up, f"never came: {what}"
        time.sleep(0.002)


@pytest.fixture
def hosts(store_dsn: str, tmp_path: Path) -> Iterator[tuple[MirroredStore, MirroredStore]]:
    """The same run on two hosts."""
    for host in ("one", "two"):
        start_mirror(tmp_path / host / "R1", "R1")
    one = MirroredStore(PostgresStore.create(store_dsn, "R1", answer_s=1.0), Mirror(tmp_path / "one" / "R1", "R1"))
    assert isinstance(one.append(0, draft(NoteAdded(text="begin"), ANA)), Durable)
    two = MirroredStore.open(store_dsn, "R1", tmp_path / "two" / "R1", answer_s=1.0)
    yield one, two
    one.close()
    two.close()


def add(store: MirroredStore, text: str) -> None:
    assert isinstance(store.append(None, draft(NoteAdded(text=text), ANA), draft(ProbesSampled(), ANA)), Durable)


def test_both_hosts_come_to_hold_the_same_bytes(
    hosts: tuple[MirroredStore, MirroredStore], store_dsn: str, tmp_path: Path
) -> None:
    one, two = hosts
    for number in range(20):
        add((one, two)[number % 2], str(number))
    one.pull()
    take_run(store_dsn, "R1", tmp_path / "R1.jsonl")
    logs = [log_path(tmp_path / host / "R1").read_bytes() for host in ("one", "two")]
    assert logs == [(tmp_path / "R1.jsonl").read_bytes()] * 2
    assert one.head == two.head
    assert verify(tmp_path / "R1.jsonl").ok


def test_who_loses_has_read_what_came_first(hosts: tuple[MirroredStore, MirroredStore], tmp_path: Path) -> None:
    one, two = hosts
    tail = Tail(tmp_path / "two" / "R1")
    assert len(tail.read()) == 1
    add(one, "first")
    assert isinstance(two.append(1, draft(NoteAdded(text="late"), BO)), Conflict)
    assert [entry.event.body for entry in tail.read()] == [NoteAdded(text="first"), ProbesSampled()]
    tail.close()


@pytest.mark.parametrize("log", sorted(LOGS.glob("*.jsonl")), ids=lambda log: log.name)
def test_a_copy_of_any_log_is_the_log(log: Path, store_dsn: str, tmp_path: Path) -> None:
    run = put_run(store_dsn, log).run
    start_mirror(tmp_path / run, run)
    store = MirroredStore.open(store_dsn, run, tmp_path / run)
    assert log_path(tmp_path / run).read_bytes() == log.read_bytes()
    store.close()


@pytest.mark.parametrize("cut", [1, 7, 150, -1])
def test_a_write_that_a_crash_cut_short_is_completed_with_the_same_bytes(
    hosts: tuple[MirroredStore, MirroredStore], store_dsn: str, tmp_path: Path, cut: int
) -> None:
    one, two = hosts
    add(one, "more")
    whole = log_path(tmp_path / "one" / "R1").read_bytes()
    copy = log_path(tmp_path / "two" / "R1")
    end = copy.stat().st_size
    two.close()
    with copy.open("ab") as file:
        file.write(whole[end : end + cut if cut > 0 else cut])
    again = MirroredStore.open(store_dsn, "R1", tmp_path / "two" / "R1")
    assert copy.read_bytes() == whole
    again.close()


def test_a_copy_that_ends_in_other_bytes_takes_nothing(
    hosts: tuple[MirroredStore, MirroredStore], store_dsn: str, tmp_path: Path
) -> None:
    one, two = hosts
    two.close()
    copy = log_path(tmp_path / "two" / "R1")
    with copy.open("ab") as file:
        file.write(b"\0\0\0")
    before = copy.read_bytes()
    add(one, "more")
    with pytest.raises(LogDamaged, match="bytes that the database does not have"):
        MirroredStore.open(store_dsn, "R1", tmp_path / "two" / "R1")
    assert copy.read_bytes() == before


def test_a_database_that_was_rewritten_is_found_by_any_copy(
    hosts: tuple[MirroredStore, MirroredStore], admin_dsn: str, tmp_path: Path
) -> None:
    """An administrator changes a line and mends the whole chain after it: in the database itself all is well."""
    one, two = hosts
    add(one, "two")
    other = Path(tmp_path / "other")
    with psycopg.connect(admin_dsn) as admin:
        admin.execute("ALTER TABLE cockpit.lines DISABLE TRIGGER refuse_change")
        admin.execute("DELETE FROM cockpit.lines WHERE run = 'R1'")
    start_mirror(other / "R1", "R1")
    forged = PostgresStore.create(admin_dsn, "R1")
    for text in ("begin", "tvo", "three", "four"):
        assert isinstance(forged.append(None, draft(NoteAdded(text=text), ANA)), Durable)
    forged.close()
    before = log_path(tmp_path / "one" / "R1").read_bytes()
    for store in (one, two):
        with pytest.raises(StoreFailed, match="THE DATABASE WAS CHANGED: from line 1 on"):
            store.append(None, draft(NoteAdded(text="x"), ANA))
    assert log_path(tmp_path / "one" / "R1").read_bytes() == before


def test_many_on_one_host_bring_one_copy_up_to_date(
    hosts: tuple[MirroredStore, MirroredStore], store_dsn: str, tmp_path: Path
) -> None:
    one, _ = hosts
    others = [MirroredStore.open(store_dsn, "R1", tmp_path / "one" / "R1") for _ in range(4)]

    def write(store: MirroredStore) -> None:
        for number in range(10):
            add(store, str(number))

    threads = [threading.Thread(target=write, args=(each,)) for each in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert one.pull() == 81
    assert verify(log_path(tmp_path / "one" / "R1")).seq == 81
    for each in others:
        each.close()


# ---- following -----------------------------------------------------------------------------------------------------


@pytest.fixture
def followed(hosts: tuple[MirroredStore, MirroredStore], store_dsn: str) -> Iterator[list[str]]:
    """Host two follows; what it says of trouble."""
    said: list[str] = []
    following = Following(store_dsn, "R1", hosts[1].take_in, said.append)
    following.start()
    yield said
    following.close()


def test_what_one_host_writes_comes_to_the_other(
    hosts: tuple[MirroredStore, MirroredStore], followed: list[str], tmp_path: Path
) -> None:
    one, _ = hosts
    tail = Tail(tmp_path / "two" / "R1")
    for number in range(20):
        add(one, str(number))
    seen = 0
    while seen < 41:
        tail.wait(5.0)
        seen += len(tail.read())
    tail.close()
    assert followed == []


def test_a_database_that_stands_still_is_told_of_and_again_when_it_is_back(
    hosts: tuple[MirroredStore, MirroredStore], followed: list[str], postgres_dsn: str, store_dsn: str
) -> None:
    one, two = hosts
    add(one, "before")
    until(lambda: two.head == one.head, "the first line")
    with psycopg.connect(postgres_dsn, autocommit=True) as admin:
        rows = admin.execute("SELECT pid FROM pg_stat_activity WHERE application_name = 'cockpit'").fetchall()
        name = str(conninfo_to_dict(store_dsn)["dbname"])
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        for (pid,) in rows:
            os.kill(pid, signal.SIGSTOP)
        began = time.monotonic()
        try:
            until(lambda: followed, "a word of trouble")
            took = time.monotonic() - began
        finally:
            for (pid,) in rows:
                os.kill(pid, signal.SIGCONT)
            admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    print(f"told after {took:.2f} s")
    assert SILENCE_S + POLL_S <= 3.0, "within 3 s, on a machine that has time for it"
    until(lambda: followed[-1] == "", "the end of the trouble")
    add(one, "after")
    until(lambda: two.head == one.head, "the line after it")


def test_what_is_held_is_held_once_is_seen_by_all_and_dies_with_its_holder(
    hosts: tuple[MirroredStore, MirroredStore], store_dsn: str
) -> None:
    one, two = hosts
    here = Following(store_dsn, "R1", one.take_in, print, holds=lambda: ("keeper", "seat-1"))
    there = Following(store_dsn, "R1", two.take_in, print, holds=lambda: ("seat-2",))
    assert here.leases.is_held("keeper") is None, "nobody has looked yet"
    here.start()
    until(lambda: here.leases.holds("keeper") and here.leases.holds("seat-1"), "the locks")
    there.start()
    until(lambda: there.leases.is_held("seat-2"), "its own")
    assert there.leases.is_held("keeper")
    assert there.leases.is_held("seat-1")
    until(lambda: there.leases.is_held("seat-3") is False, "a server that is old enough to be believed")
    late = Following(store_dsn, "R1", one.take_in, print, holds=lambda: ("keeper",))
    late.start()
    until(lambda: late.leases.is_held("keeper"), "a look")
    assert not late.leases.holds("keeper")
    here.close()
    assert not here.leases.holds("keeper")
    until(lambda: late.leases.holds("keeper"), "the place that became free")
    until(lambda: there.leases.is_held("seat-1") is False, "word of who is gone")
    there.close()
    late.close()


def test_other_runs_hold_their_own(hosts: tuple[MirroredStore, MirroredStore], store_dsn: str) -> None:
    both = [Following(store_dsn, run, lambda *_: None, print, holds=lambda: ("keeper",)) for run in ("R1", "R2")]
    for one in both:
        one.start()
    until(lambda: all(one.leases.holds("keeper") for one in both), "a place in each run")
    for one in both:
        one.close()


def test_what_a_lost_server_committed_is_not_acknowledged_once_the_copy_went_on_without_it(
    hosts: tuple[MirroredStore, MirroredStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer of one server comes late: meanwhile another one, which never had the line, filled its place."""
    one, two = hosts
    lost = draft(NoteAdded(text="lost"), ANA)
    lines_of_it: list[Kept] = []
    add_there = one._store.add

    def late(last_fact_seq: int | None, *drafts: Draft, known: tuple[int, str]) -> tuple[Outcome, list[Kept]]:
        outcome, lines = add_there(last_fact_seq, *drafts, known=known)
        assert isinstance(outcome, Durable)
        place = outcome.events[0].seq  # as if it had been on the other server: here its bytes differ in one word
        lines_of_it.extend(lines)
        one.pull(place)
        return outcome, [
            Kept(each.seq, each.before, each.line.replace(b"lost", b"gone"), each.is_fact) for each in lines
        ]

    monkeypatch.setattr(one._store, "add", late)
    assert one.append(None, lost) == Unknown(id=lost.id)
    monkeypatch.undo()
    assert one._mirror.holds(lines_of_it)
    assert one.lookup(lost.id) is not None
    add(two, "on it goes")
    assert isinstance(one.append(None, draft(NoteAdded(text="and on"), ANA)), Durable)


def test_an_event_that_only_a_lost_server_knew_of_is_not_found(
    hosts: tuple[MirroredStore, MirroredStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = hosts
    outcome = one.append(None, draft(NoteAdded(text="here"), ANA))
    assert isinstance(outcome, Durable)
    told = msgspec.structs.replace(outcome.events[0], id="01ELSEWHERE")
    monkeypatch.setattr(one._store, "lookup", lambda event_id: told)
    with pytest.raises(StoreAway, match="it is not known yet"):
        one.lookup("01ELSEWHERE")


def test_lines_are_found_anywhere_in_a_long_copy(hosts: tuple[MirroredStore, MirroredStore]) -> None:
    one, _ = hosts
    first = one._store.lines_after(0)
    for number in range(40):
        add(one, f"{number} " + "long " * 12000)
    assert log_path(one._mirror.path.parent).stat().st_size > 2 * 2**20
    lines = one._store.lines_after(0)
    assert one._mirror.holds(lines)
    assert one._mirror.holds(first)
    assert not one._mirror.holds([Kept(1, b"", first[0].line[:-1] + b" }", True)])
    assert one._mirror.holds_id(one._store.ask("SELECT id FROM cockpit.lines WHERE seq = 1")[0][0])
