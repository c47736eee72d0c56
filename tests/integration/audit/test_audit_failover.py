"""A failover to a replica that is behind: every copy brings back what the new primary lacks, once, and says so."""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from systems import replicas
from systems.replicas import Pair, until

from cockpit.audit.keeping import note_store
from cockpit.audit.layout import log_path
from cockpit.audit.line import digest, draft
from cockpit.audit.postgres import mending, watching
from cockpit.audit.postgres.following import Following
from cockpit.audit.postgres.mirror import Mirror, start_mirror
from cockpit.audit.postgres.mirrored import MirroredStore
from cockpit.audit.postgres.moving import take_run
from cockpit.audit.postgres.store import PostgresStore
from cockpit.audit.rewritten import first_other
from cockpit.audit.store import Conflict, Durable
from cockpit.audit.tail import Tail
from cockpit.audit.verify import verify
from cockpit.errors import StoreAway, StoreDiverged
from cockpit.run.events import Actor, BranchMerged, BranchTold, Event, NoteAdded, ProbesSampled, StoreRestored
from cockpit.session.memory import Memory
from cockpit.session.offline import merge_copy

pytestmark = pytest.mark.xdist_group("pair")  # beside those that share one server

ANA = Actor(user="ana", host="h1")


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """On one machine hosts find each other at once."""
    monkeypatch.setattr(mending, "SETTLE_S", 0.2)
    monkeypatch.setattr(watching, "OTHERS_S", 0.5)


class Host:
    """One host's copy of a run, and what its screens are told."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self.dsn, self.run_dir = dsn, folder / "R1"
        self.said: list[str] = []
        start_mirror(self.run_dir, "R1")
        note_store(self.run_dir, dsn)

    def begin(self, *, is_first: bool = False) -> None:
        if is_first:
            store = PostgresStore.create(self.dsn, "R1")
            self.store = MirroredStore(store, Mirror(self.run_dir, "R1"))
            assert isinstance(self.store.append(0, draft(NoteAdded(text="begin"), ANA)), Durable)
        else:
            self.store = MirroredStore.open(self.dsn, "R1", self.run_dir)
        self.following = Following(self.dsn, "R1", self.store.take_in, self.said.append)
        self.following.start()

    def can_begin(self) -> bool:
        try:
            self.begin()
        except StoreAway:
            return False
        return True

    def add(self, text: str) -> None:
        """As a screen does: a connection that was lost meanwhile makes it unknown, until it is looked up."""
        while True:
            one = draft(NoteAdded(text=text), ANA)
            outcome = self.store.append(None, one, draft(ProbesSampled(), ANA))
            if isinstance(outcome, Durable) or self.store.lookup(one.id) is not None:
                return

    @property
    def timeline(self) -> str:
        return (self.run_dir / "store.server").read_text().split()[1]

    @property
    def log(self) -> bytes:
        return log_path(self.run_dir).read_bytes()

    @property
    def events(self) -> list[Event]:
        tail = Tail(self.run_dir)
        try:
            return [entry.event for entry in tail.read()]
        finally:
            tail.close()

    @property
    def restored(self) -> list[StoreRestored]:
        return [event.body for event in self.events if isinstance(event.body, StoreRestored)]

    def end(self) -> None:
        self.following.close()
        self.store.close()


@pytest.fixture
def hosts(pair: Pair, tmp_path: Path) -> Iterator[tuple[Host, Host]]:
    one, two = Host(pair.dsn(), tmp_path / "one"), Host(pair.dsn(), tmp_path / "two")
    one.begin(is_first=True)
    two.begin()
    one.add("before")
    until(lambda: two.store.head == one.store.head, "the first lines on both hosts")
    pair.caught_up()
    yield one, two
    one.end()
    two.end()


def all_of(pair: Pair, tmp_path: Path) -> bytes:
    path = tmp_path / f"all-{time.monotonic_ns()}.jsonl"
    take_run(pair.dsn(), "R1", path)
    assert verify(path).ok
    return path.read_bytes()


def test_what_a_lagging_replica_lacks_comes_back_from_the_copies_once_and_is_told_of(
    pair: Pair, hosts: tuple[Host, Host], tmp_path: Path
) -> None:
    one, two = hosts
    pair.cut()
    for number in range(3):
        one.add(f"lost {number}")
    until(lambda: two.store.head == one.store.head, "the lines on both hosts")
    acknowledged = one.log
    began = time.monotonic()
    pair.fail_over()
    until(lambda: one.restored and two.restored, "word of the lines that came back")
    print(f"brought back {time.monotonic() - began:.2f} s after the primary was lost")
    for host in hosts:
        assert host.log.startswith(acknowledged), "byte by byte"
        (told,) = host.restored
        assert (told.first, told.last, told.facts) == (4, 9, 3)
        assert (told.timeline_before, told.timeline) == (1, 2)
    assert one.log == two.log == all_of(pair, tmp_path)
    one.add("on the new primary")
    two.add("there too")
    until(lambda: one.log == two.log, "the same log on both hosts")
    assert len(one.restored) == 1


def test_the_longest_copy_brings_back_all_that_was_acknowledged(
    pair: Pair, hosts: tuple[Host, Host], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What host one wrote last had not come to host two when the primary was lost."""
    one, two = hosts
    pair.cut()
    one.add("both know this")
    until(lambda: two.store.head == one.store.head, "the line on both hosts")
    two.end()
    one.add("only host one knows this")
    acknowledged = one.log
    one.end()
    both, have_met = threading.Barrier(2, timeout=60), threading.Event()

    def meet(seconds: float) -> None:
        """Each waits for the other one's word; whoever tries again does not wait for a second one."""
        if not have_met.is_set():
            both.wait()
            have_met.set()

    monkeypatch.setattr(mending, "_wait", meet)
    pair.fail_over()

    def come_back() -> None:
        until(two.can_begin, "the other host's lines")  # which are waited for, though this one is first
        monkeypatch.setattr(mending, "_wait", lambda seconds: None)
        two.add("two goes on")

    coming = threading.Thread(target=come_back)
    coming.start()
    until(lambda: pair.replica.execute("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'"), "two to be there")
    one.begin()
    coming.join()
    until(lambda: one.log == two.log, "the same log on both hosts")
    assert one.log.startswith(acknowledged)
    assert all_of(pair, tmp_path) == one.log
    assert [(told.first, told.last) for told in one.restored] == [(4, 7)]


def test_what_was_not_known_is_looked_up_once_nobody_may_still_bring_it_back(
    pair: Pair, hosts: tuple[Host, Host], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Host one never had an answer for it; host two has read it, and is the last to reach the new primary."""
    monkeypatch.setattr(watching, "OTHERS_S", 1.5)
    one, two = hosts
    one.following.close()
    pair.cut()
    asked, unknown = PostgresStore.open(pair.dsn(), "R1"), draft(NoteAdded(text="no answer came"), ANA)
    asked.append(None, unknown)
    asked.close()
    until(lambda: unknown.id.encode() in two.log, "the line on host two")
    assert unknown.id.encode() not in one.log
    two.end()
    pair.fail_over()
    coming = threading.Timer(0.4, two.begin)
    coming.start()
    assert one.store.lookup(unknown.id) is not None
    coming.join()
    assert unknown.id.encode() in one.log


def test_nothing_is_appended_behind_a_log_that_was_set_back(pair: Pair, tmp_path: Path) -> None:
    """Nobody follows here: the append itself notices, and what it is to be decided on is told first."""
    host = Host(pair.dsn(), tmp_path / "one")
    host.begin(is_first=True)
    host.following.close()
    pair.caught_up()
    pair.cut()
    host.add("lost")
    pair.fail_over()
    outcome = host.store.append(2, draft(NoteAdded(text="decided before"), ANA))
    if not isinstance(outcome, Conflict):  # the connection broke first
        assert host.store.lookup(outcome.id) is None  # type: ignore[union-attr]
        outcome = host.store.append(2, draft(NoteAdded(text="decided before"), ANA))
    assert isinstance(outcome, Conflict), outcome
    assert [event.type for event in host.events] == ["note.added", "note.added", "probes.sampled", "store.restored"]
    host.end()


def test_a_run_that_the_replica_never_heard_of_comes_back_whole(pair: Pair, tmp_path: Path) -> None:
    pair.cut()
    host = Host(pair.dsn(), tmp_path / "one")
    host.begin(is_first=True)
    host.add("lost with all of it")
    acknowledged = host.log
    host.end()
    pair.fail_over()
    host.begin()
    assert [(told.first, told.last) for told in host.restored] == [(1, 3)]
    assert host.log.startswith(acknowledged)
    assert host.log == all_of(pair, tmp_path)
    host.end()


def test_where_the_new_primary_went_on_otherwise_nothing_is_overwritten_and_nothing_appended(
    pair: Pair, hosts: tuple[Host, Host], tmp_path: Path
) -> None:
    one, two = hosts
    pair.cut()
    two.end()
    one.add("only host one knows this")
    one.end()
    pair.fail_over()
    two.begin()
    two.add("two went on")
    there = all_of(pair, tmp_path)
    before = one.log
    with pytest.raises(StoreDiverged, match="They differ from line 4 on, 2 lines there and 2 lines here") as caught:
        MirroredStore.open(one.dsn, "R1", one.run_dir)
    apart = caught.value
    assert (apart.ancestor_seq, apart.copy_seq, apart.database_seq) == (3, 5, 5)
    assert apart.ancestor in before.split(b"\n")[3].decode()
    assert one.log == before
    assert all_of(pair, tmp_path) == there
    two.add("two still goes on")
    came = merge_copy(one.run_dir, ANA)
    assert (came.how, came.lines, came.theirs) == ("merged", 2, 4)
    one.begin()
    one.add("both go on")
    until(lambda: one.log == two.log, "the same log on both hosts")
    told = [event.body for event in one.events if isinstance(event.body, BranchMerged | BranchTold)]
    assert isinstance(told[0], BranchMerged)
    assert (told[0].ancestor, told[0].tip, told[0].count) == (3, 5, 2)
    assert b"only host one knows this" in one.log
    noted = {4: digest(before.split(b"\n")[3])}  # as one's screens saw it before the failover
    assert rewritten(one, noted) == (None, None), "it stood on the other side, and is told"
    assert None not in rewritten(one, {4: "0" * 64})
    assert verify(one.run_dir).ok


def test_a_server_that_a_failover_left_behind_is_asked_nothing(
    pair: Pair, hosts: tuple[Host, Host], tmp_path: Path
) -> None:
    one = hosts[0]
    pair.cut()
    one.add("lost")
    pair.fail_over()
    until(lambda: all(host.timeline == "2" for host in hosts), "the new primary to be known")
    pair.primary.start()  # it does not know that it was left behind, and takes whatever comes
    for host in hosts:
        with pytest.raises(StoreAway, match=r"a failover left behind \(timeline 1; the run went on in timeline 2\)"):
            MirroredStore.open(pair.primary.dsn("store_ana"), "R1", host.run_dir)
    while True:  # both hosts of the string take writes now, the wrong one first: the others are tried
        try:
            one.add("on the new primary all the same")
            break
        except StoreAway:
            continue
    assert pair.replica.execute("SELECT max(seq) FROM cockpit.lines") == [(one.store.pull(),)]


def rewritten(host: Host, noted: dict[int, str]) -> tuple[object, object]:
    """What whoever noted these heads is told of the log, at their screen and by commands."""
    memory, tail = Memory(noted), Tail(host.run_dir)
    while entries := tail.read():
        for entry in entries:
            if entry.event.is_fact:
                memory.take(entry)
    tail.close()
    memory.end_of_reading()
    return memory.other, first_other(log_path(host.run_dir), noted)


class Writing(threading.Thread):
    """Appends on a host until it is told to end, and remembers what was acknowledged."""

    def __init__(self, host: Host, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.host, self.ending = host, threading.Event()
        self.acknowledged: list[str] = []
        self.trouble: list[str] = []

    def run(self) -> None:
        while not self.ending.is_set():
            one = draft(NoteAdded(text=self.name), ANA)
            try:
                outcome = self.host.store.append(None, one)
            except StoreAway as error:
                self.trouble.append(str(error))
                self.ending.wait(0.05)
                continue
            if isinstance(outcome, Durable):
                self.acknowledged.append(one.id)


def test_nothing_acknowledged_is_lost_in_failovers_while_two_hosts_write(
    cluster: Path, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mending, "SETTLE_S", 0.7)
    monkeypatch.setattr(watching, "OTHERS_S", 2.0)
    chance = random.Random(3)
    for turn in range(20 if request.config.getoption("--many") else 1):
        with tempfile.TemporaryDirectory(prefix="cockpit-pg-") as folder, replicas.pair(cluster, Path(folder)) as pair:
            hosts = [Host(pair.dsn(), tmp_path / str(turn) / name) for name in ("one", "two")]
            hosts[0].begin(is_first=True)
            hosts[1].begin()
            writing = [Writing(host, name) for host, name in zip(hosts, ("one", "two"), strict=True)]
            for each in writing:
                each.start()
            until(lambda: all(len(each.acknowledged) > 5 for each in writing), "lines of both")  # noqa: B023
            pair.caught_up()
            pair.cut()
            time.sleep(chance.uniform(0.01, 0.2))  # the lag, not a wait
            pair.primary.stop()
            before = [len(each.acknowledged) for each in writing]
            pair.replica.promote()
            until(
                lambda: all(len(each.acknowledged) > count + 5 for each, count in zip(writing, before, strict=True)),  # noqa: B023
                "both to go on",
            )
            for each in writing:
                each.ending.set()
            for each in writing:
                each.join()
            until(lambda: hosts[0].log == hosts[1].log, "the same log on both hosts")  # noqa: B023
            log = all_of(pair, tmp_path)
            assert hosts[0].log == log
            acknowledged = [one for each in writing for one in each.acknowledged]
            lost = [one for one in acknowledged if one.encode() not in log]
            back = hosts[0].restored
            assert lost == []
            assert back, "the replica lagged"
            print(
                f"{len(acknowledged)} acknowledged, {len(lost)} lost;",
                *(f"{b.first} to {b.last} put back" for b in back),
            )
            for host in hosts:
                host.end()
