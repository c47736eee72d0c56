"""What is asked of a store is asked of an index: however many runs it holds, one costs what it costs."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

import psycopg
import pytest

import cockpit.audit.postgres
from cockpit.audit.line import draft
from cockpit.audit.postgres import store as postgres_store
from cockpit.audit.postgres.comparing import compare_run
from cockpit.audit.postgres.dropping import drop_run
from cockpit.audit.postgres.following import Following, channel_of
from cockpit.audit.postgres.listing import beginning_with, held_in, live_in, runs_in
from cockpit.audit.postgres.mirror import start_mirror
from cockpit.audit.postgres.mirrored import MirroredStore
from cockpit.audit.postgres.moving import take_run
from cockpit.audit.postgres.store import PostgresStore
from cockpit.audit.store import Durable
from cockpit.run.events import ActionOutput, Actor, NoteAdded, ProbesSampled

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))  # what fills the store there fills it here

from integration.audit.test_audit_mirror import until
from many_runs import fill, is_live, name_of

pytestmark = pytest.mark.xdist_group("store")  # one server for all of them

ANA = Actor(user="ana", host="h1")
LINES = 200
_OTHERS = """SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
             AND backend_type = 'client backend'"""


@pytest.fixture
def runs(request: pytest.FixtureRequest) -> tuple[int, int]:
    """How many a store has that has few, and how many more one that has many."""
    return (20, 980) if request.config.getoption("--many") else (20, 80)


# ---- plans -----------------------------------------------------------------------------------------------------------


def queries() -> Iterator[tuple[str, str]]:
    """Every query of the lines that stands in a module of the store, by its name."""
    for found in iter_modules(cockpit.audit.postgres.__path__):
        module: ModuleType = import_module(f"cockpit.audit.postgres.{found.name}")
        for name, value in vars(module).items():
            if isinstance(value, str) and re.match(r"\s*(SELECT|WITH)\b", value) and "cockpit." in value:
                yield f"{found.name}.{name}", value


def numbered(query: str) -> str:
    """The query as PostgreSQL prepares it: with numbers for what is filled in."""
    names: list[str] = []

    def number(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        name = match[1] or f"{len(names)}."
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return re.sub(r"%(?:\((\w+)\))?[sb]|%%", number, query.replace("{}", "%b"))


def test_no_query_reads_all_lines(admin_dsn: str, runs: tuple[int, int]) -> None:
    """As they are planned for any values, which is how they are planned once they were asked some times."""
    fill(admin_dsn, *runs[:1], LINES)
    looked_at = 0
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        for name, query in queries():
            rows = admin.execute(f"EXPLAIN (GENERIC_PLAN) {numbered(query)}".encode()).fetchall()
            plan = "\n".join(str(row[0]) for row in rows)
            assert "Seq Scan on lines" not in plan, f"{name}:\n{plan}"
            looked_at += "lines_" in plan
    assert looked_at >= 10, "of an index of the lines"


# ---- what is read ----------------------------------------------------------------------------------------------------


class Meter:
    """How much of the lines was read, by the server's own counters."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    def read(self, act: Callable[[], object]) -> int:
        """How many entries of indexes and rows `act` read. It has to close its connections, which are told of then."""
        before = self._counted()
        act()
        after = self._counted()
        assert after[0] == before[0], "it read all lines"
        return after[1] - before[1]

    def _counted(self) -> tuple[int, int]:
        with psycopg.connect(self._dsn, autocommit=True) as admin:
            while admin.execute(_OTHERS).fetchone() != (0,):
                pass  # a server's process counts when it ends, a moment after its connection
            row = admin.execute(
                """SELECT sum(t.seq_scan)::bigint, sum(t.idx_tup_fetch)::bigint
                          + (SELECT sum(i.idx_tup_read)::bigint FROM pg_stat_user_indexes i WHERE i.relname = 'lines')
                   FROM pg_stat_user_tables t WHERE t.relname = 'lines'"""
            ).fetchone()
        assert row is not None
        return row


def test_a_run_costs_the_same_however_many_others_there_are(
    admin_dsn: str, store_dsn: str, runs: tuple[int, int], tmp_path: Path
) -> None:
    few, more = runs
    live = name_of(19)
    meter, numbers = Meter(admin_dsn), iter(range(1000))

    def append() -> None:
        store = PostgresStore.open(store_dsn, live)
        head = store.head
        assert head is not None
        for _ in range(10):
            outcome = store.append(head.seq, draft(NoteAdded(text="x"), ANA))
            assert isinstance(outcome, Durable)
            assert store.lookup(outcome.events[0].id) is not None
            head = outcome.head
            assert head is not None
        store.close()

    def keep() -> None:
        store = PostgresStore.open(store_dsn, live)
        store.fence(1)
        for _ in range(10):
            assert isinstance(store.append(None, draft(ProbesSampled(), ANA)), Durable)
        store.close()

    def follow() -> None:
        folder = tmp_path / str(next(numbers)) / live
        start_mirror(folder, live)
        store = MirroredStore.open(store_dsn, live, folder)
        store.append(None, draft(NoteAdded(text="x"), ANA))
        store.pull()
        store.close()

    acts: dict[str, tuple[Callable[[], object], int]] = {
        "open": (lambda: PostgresStore.open(store_dsn, live).close(), 10),
        "append and look up, ten times": (append, 500),
        "append as the keeper, ten times": (keep, 200),
        "copy, append and follow": (follow, 4 * (LINES + 500)),
        "list the newest": (lambda: held_in(store_dsn, 10), 200),
        "find by its beginning": (lambda: beginning_with(store_dsn, name_of(3)), 20),
        "export": (lambda: take_run(store_dsn, name_of(3), tmp_path / f"{next(numbers)}.jsonl"), 3 * LINES),
        "compare": (lambda: compare_run(store_dsn, tmp_path / "whole.jsonl"), 20 * LINES),
    }
    fill(admin_dsn, few, LINES)
    take_run(store_dsn, name_of(3), tmp_path / "whole.jsonl")
    with_few = {what: meter.read(act) for what, (act, _) in acts.items()}
    fill(admin_dsn, more, LINES, first=few)
    with_many = {what: meter.read(act) for what, (act, _) in acts.items()}
    assert [held.run for held in held_in(store_dsn, 2)] == [name_of(few + more - 1), name_of(few + more - 2)]
    for what, (_, most) in acts.items():
        assert with_many[what] <= most, (what, with_many)
        grown = with_many[what] - with_few[what]
        # The run itself grew by what was appended to it meanwhile.
        assert grown <= 100, (what, with_few, with_many)
    print(with_many)


def test_a_list_of_all_runs_reads_no_more_than_it_shows(
    admin_dsn: str, store_dsn: str, runs: tuple[int, int], tmp_path: Path
) -> None:
    count = sum(runs)
    fill(admin_dsn, count, LINES)
    meter = Meter(admin_dsn)
    for act in (lambda: runs_in(store_dsn), lambda: held_in(store_dsn), lambda: live_in(store_dsn)):
        assert meter.read(act) <= 10 * count
    states = {held.run: held.state for held in held_in(store_dsn)}
    assert states == {name_of(each): "live" if is_live(each) else "finished" for each in range(count)}
    assert live_in(store_dsn) == [name_of(each) for each in reversed(range(count)) if is_live(each)]
    # Dropping reads what is dropped, twice.
    take_run(store_dsn, name_of(3), tmp_path / "log")
    assert meter.read(lambda: drop_run(admin_dsn, name_of(3), tmp_path / "log", "vault", "old")) <= 10 * LINES
    assert len(runs_in(store_dsn)) == count - 1


def test_both_sides_name_one_channel(store_dsn: str) -> None:
    with psycopg.connect(store_dsn) as writer:
        for run in ("R1", "01M7NGHT000000000000000000", "_" * 64):
            assert writer.execute("SELECT cockpit.channel(%s)", (run,)).fetchone() == (channel_of(run),)


def test_samples_wake_nobody_and_all_else_does(store_dsn: str) -> None:
    """A notification wakes all who listen in the database; samples come as often as everybody asks."""
    store = PostgresStore.create(store_dsn, "R1")
    with psycopg.connect(store_dsn, autocommit=True) as listener:
        listener.execute(f"LISTEN {channel_of('R1')}")
        store.append(0, draft(NoteAdded(text="begin"), ANA))
        store.append(None, draft(ProbesSampled(), ANA))
        store.append(None, draft(ProbesSampled(), ANA), draft(ActionOutput(action="a", text="x"), ANA))
        store.append(None, draft(ProbesSampled(), ANA))
        store.append(None, draft(NoteAdded(text="end"), ANA))
        assert [notice.payload for notice in listener.notifies(timeout=60, stop_after=3)] == ["R1 1", "R1 4", "R1 6"]
    store.close()


def test_a_screen_at_rest_holds_one_connection_and_takes_another_to_write(
    store_dsn: str, admin_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_store, "IDLE_S", 0.5)
    store = MirroredStore.create(store_dsn, "R1", tmp_path / "R1")
    assert isinstance(store.append(0, draft(NoteAdded(text="begin"), ANA)), Durable)
    following = Following(store_dsn, "R1", store.take_in, print)
    following.start()

    def held() -> int:
        with psycopg.connect(admin_dsn) as admin:
            return len(admin.execute("SELECT FROM pg_stat_activity WHERE usename = 'store_ana'").fetchall())

    try:
        until(lambda: held() == 1, "the connection that follows, alone")
        assert isinstance(store.append(None, draft(NoteAdded(text="again"), ANA)), Durable)
        assert held() == 2
        until(lambda: held() == 1, "rest again")
    finally:
        following.close()
        store.close()
