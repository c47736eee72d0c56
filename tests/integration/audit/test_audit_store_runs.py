"""Runs that a database keeps, walked from two hosts: two folders of runs, which share nothing but the server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from looks import PATIENCE_S

from cockpit.audit.files import FileStore
from cockpit.audit.keeping import copy_run, dsn_of, open_store
from cockpit.audit.layout import log_path, store_path
from cockpit.audit.postgres.moving import take_run
from cockpit.errors import RunError, StoreAway, StoreFailed
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.run.commands import AddNote, ConfirmStep
from cockpit.run.events import Actor
from cockpit.session.afar import bring_up
from cockpit.session.afar_runs import bring, bring_live
from cockpit.session.creating import create_run
from cockpit.session.outcomes import Done, Failed
from cockpit.session.seat import Seat
from cockpit.session.view import View

pytestmark = pytest.mark.xdist_group("store")  # one server for all of them

PROFILE = """
id = "two"
title = "Two hosts"
environment = "staging"

[[phases]]
id = "one"
title = "First"
[[phases.steps]]
id = "a"
title = "Look at it"
kind = "confirm"
"""
ANA, BO = Actor(user="ana", host="ash"), Actor(user="bo", host="birch")


@pytest.fixture
def run_dir(store_dsn: str, tmp_path: Path) -> Path:
    (tmp_path / "p.toml").write_text(PROFILE)
    loaded = load(tmp_path / "p.toml", installed())
    return create_run(loaded, {}, folder=tmp_path / "ash", started_by=ANA, dsn=store_dsn)


class Sitting:
    """A seat that is followed; waits for what it is shown."""

    def __init__(self, run_dir: Path, actor: Actor) -> None:
        self.seat = Seat.open(run_dir, actor, "acting")
        self._changed = threading.Condition()
        self.seat.follow(self._shown)

    def _shown(self, view: View) -> None:
        with self._changed:
            self._changed.notify_all()

    def until(self, holds: Callable[[View], bool]) -> View:
        with self._changed:
            assert self._changed.wait_for(lambda: holds(self.seat.view), PATIENCE_S), self.seat.view
        return self.seat.view


@pytest.fixture
def sit() -> Iterator[Callable[[Path, Actor], Sitting]]:
    seats: list[Sitting] = []

    def sit_down(run_dir: Path, actor: Actor) -> Sitting:
        seats.append(Sitting(run_dir, actor))
        return seats[-1]

    yield sit_down
    for each in seats:
        each.seat.close("over")


def test_a_run_is_in_the_database_and_in_the_copy_with_the_same_bytes(run_dir: Path, store_dsn: str, tmp_path: Path):
    assert dsn_of(run_dir) == store_dsn
    assert store_path(run_dir).stat().st_mode & 0o777 == 0o600
    take_run(store_dsn, run_dir.name, tmp_path / "taken.jsonl")
    assert (tmp_path / "taken.jsonl").read_bytes() == log_path(run_dir).read_bytes() != b""


def test_what_is_confirmed_on_one_host_is_seen_on_the_other(
    run_dir: Path, store_dsn: str, tmp_path: Path, sit: Callable[[Path, Actor], Sitting]
):
    other_dir = bring(store_dsn, run_dir.name[:20].lower(), tmp_path / "birch")
    assert other_dir == tmp_path / "birch" / run_dir.name
    here, there = sit(run_dir, ANA), sit(other_dir, BO)
    step = here.seat.view.state.profile.phases[0].steps[0].id
    assert isinstance(here.seat.submit(here.seat.command(AddNote, text="we begin")), Done)
    there.until(lambda view: any("we begin" in recent.sentence for recent in view.recent))
    assert isinstance(there.seat.submit(there.seat.command(AddNote, text="we see it")), Done)
    here.until(lambda view: any("we see it" in recent.sentence for recent in view.recent))
    cursor = here.seat.view.state.cursor
    assert cursor is not None
    outcome = here.seat.submit(here.seat.command(ConfirmStep, step=step, painted_seq=cursor.opened_seq))
    assert isinstance(outcome, Done), outcome
    there.until(lambda view: view.state.steps[step].status == "confirmed")
    # The run's last word may be another's by then: both come to the same.
    here.until(lambda view: view.head == there.seat.view.head)


def test_live_runs_of_the_database_come_here_and_ended_ones_do_not(run_dir: Path, store_dsn: str, tmp_path: Path):
    assert bring_live(store_dsn, tmp_path / "birch") == [tmp_path / "birch" / run_dir.name]
    assert bring_live(store_dsn, tmp_path / "birch") == [tmp_path / "birch" / run_dir.name]  # it is here by now
    assert bring_live(store_dsn, tmp_path / "ash") == [run_dir]
    with pytest.raises(RunError, match="there is no run nothing in the store"):
        bring(store_dsn, "nothing", tmp_path / "birch")
    with pytest.raises(RunError, match="there is no run %"):
        bring(store_dsn, "%", tmp_path / "birch")


def test_nobody_appends_to_a_copy_as_if_it_were_the_log(run_dir: Path):
    before = log_path(run_dir).read_bytes()
    with pytest.raises(StoreFailed, match="is a copy of the one in a database"):
        FileStore.open(run_dir)
    assert log_path(run_dir).read_bytes() == before
    open_store(run_dir).close()


def test_a_run_of_this_folder_alone_is_not_taken_for_a_copy(run_dir: Path, store_dsn: str, tmp_path: Path):
    FileStore.create(tmp_path / "birch" / run_dir.name, run_dir.name).close()
    with pytest.raises(StoreFailed, match="is a run of its own"):
        copy_run(store_dsn, run_dir.name, tmp_path / "birch")


@pytest.mark.parametrize(
    ("dsn", "said"),
    [
        ("postgresql://ana:hunter2@db/cockpit", "the store db/cockpit holds a password"),
        ("postgresql://db/cockpit?password=hunter2", "the store db/cockpit holds a password"),
        ("postgresql://ana:ana@hunter2@db/cockpit", "an @ or / that libpq takes for the end of its password"),
        ("postgresql://ana:ana/hunter2@db/cockpit", "an @ or / that libpq takes for the end of its password"),
        ("postgresql://ana:hunter2%ff@db/cockpit", "no PostgreSQL connection string"),
        ("nonsense", "no PostgreSQL connection string"),
        ("postgresql://x@/db?host=/nowhere", "cannot be reached"),
    ],
)
def test_a_run_that_cannot_be_kept_there_does_not_begin(tmp_path: Path, dsn: str, said: str):
    (tmp_path / "p.toml").write_text(PROFILE)
    loaded = load(tmp_path / "p.toml", installed())
    with pytest.raises(RunError, match=said) as raised:
        create_run(loaded, {}, folder=tmp_path / "ash", dsn=dsn)
    assert "hunter2" not in str(raised.value)
    assert not list((tmp_path / "ash").glob("*"))


def test_while_the_database_is_away_the_screen_says_so_and_reads_on(
    run_dir: Path, store_dsn: str, admin_dsn: str, sit: Callable[[Path, Actor], Sitting]
):
    here = sit(run_dir, ANA)
    assert isinstance(here.seat.submit(here.seat.command(AddNote, text="before")), Done)
    name = psycopg.conninfo.conninfo_to_dict(admin_dsn)["dbname"]
    with psycopg.connect(admin_dsn, autocommit=True, dbname="postgres") as admin:
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        here.until(lambda view: view.away != "")
        outcome = here.seat.submit(here.seat.command(AddNote, text="meanwhile"))
        assert isinstance(outcome, Failed)
        assert "nothing was written" in outcome.sentence
        assert bring_up(run_dir) != ""
        with pytest.raises(StoreAway):
            open_store(run_dir)
        assert here.seat.view.state.status == "live"
        assert not here.seat.view.trouble
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    here.until(lambda view: view.away == "")
    assert isinstance(here.seat.submit(here.seat.command(AddNote, text="after")), Done)
