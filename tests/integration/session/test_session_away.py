"""A seat at a run whose database freezes, is cut off or comes back: it is never wrong about what it said."""

from __future__ import annotations

import asyncio
import os
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import psycopg
import pytest
from looks import PATIENCE_S
from systems.patient import Patient

from cockpit.audit.keeping import dsn_of, open_store
from cockpit.audit.postgres.store import PostgresStore
from cockpit.errors import StoreAway
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.run.commands import AddNote
from cockpit.run.events import Actor
from cockpit.session.creating import create_run
from cockpit.session.outcomes import Done, Failed, Unsettled
from cockpit.session.seat import Seat
from cockpit.tui.acting.hands import Hands

PROFILE = """
id = "shop"
environment = "staging"

[[phases]]
id = "all"
title = "All"
[[phases.steps]]
id = "one"
title = "One"
"""
ANA = Actor("ana", os.uname().nodename)
LATE_S = 9.0
"""3 s are promised, on a machine that has time for it; whoever waited for the server's own limits would take 10."""


@pytest.fixture
def run_dir(db: Patient, tmp_path: Path) -> Path:
    (tmp_path / "p.toml").write_text(PROFILE)
    return create_run(load(tmp_path / "p.toml", installed()), {}, folder=tmp_path / "runs", dsn=db.dsn)


@pytest.fixture
def seat(run_dir: Path) -> Iterator[Seat]:
    seat = Seat.open(run_dir, ANA)
    seat.follow(lambda view: None)
    until(lambda: seat.view.here, "the seat is there")
    yield seat
    seat.close()


def until(holds: Any, what: str, timeout_s: float = PATIENCE_S) -> float:
    began = time.monotonic()
    while not holds():
        assert time.monotonic() < began + timeout_s, f"never came: {what}"
        time.sleep(0.005)
    return time.monotonic() - began


def note(seat: Seat, text: str) -> AddNote:
    return seat.command(AddNote, text=text)


def in_database(db: Patient, run_dir: Path) -> list[str]:
    """Texts of the notes that it holds, in order."""
    rows = db.ask(
        "SELECT event->'data'->>'text' FROM cockpit.lines WHERE run = %s AND type = 'note.added' ORDER BY seq",
        run_dir.name,
    )
    return [str(row[0]) for row in rows]


@pytest.mark.many  # a person does the same in tests/pty
def test_a_key_on_a_frozen_server_is_answered_in_time_and_what_became_of_it_is_told_later(
    seat: Seat, db: Patient, run_dir: Path
):
    assert isinstance(seat.submit(note(seat, "before")), Done)
    db.freeze()
    began = time.monotonic()
    outcome = seat.submit(note(seat, "frozen"))
    assert time.monotonic() - began < LATE_S
    assert isinstance(outcome, Unsettled)
    assert seat.view.away
    began = time.monotonic()
    assert isinstance(seat.submit(note(seat, "away")), Failed)
    assert time.monotonic() - began < LATE_S / 3, "once it is known, nobody waits"
    (doubt,) = seat.view.doubts
    assert (doubt.id, doubt.fate) == (outcome.id, "open")
    assert "frozen" in doubt.what
    db.thaw()
    until(lambda: seat.view.doubts[0].fate != "open", "what became of it")
    until(lambda: not seat.view.away, "the database is back")
    assert (seat.view.doubts[0].fate == "written") == ("frozen" in in_database(db, run_dir))
    assert isinstance(seat.submit(note(seat, "after")), Done)
    assert [each for each in in_database(db, run_dir) if each != "frozen"] == ["before", "after"]


def test_a_store_that_stands_still_while_it_is_opened_is_known_to_as_soon(
    run_dir: Path, db: Patient, monkeypatch: pytest.MonkeyPatch
):
    """Between its connection and its first question: a screen that has just begun would say nothing for long."""
    store = PostgresStore(dsn_of(run_dir), run_dir.name)
    store.reach()
    db.freeze()
    began = time.monotonic()
    monkeypatch.setattr(PostgresStore, "_connected", lambda self: store._connection)
    with pytest.raises(StoreAway):
        open_store(run_dir)
    assert time.monotonic() - began < LATE_S
    store.close()


@pytest.mark.parametrize("is_known", [pytest.param(True, marks=pytest.mark.many), False])
def test_a_seat_is_closed_while_the_server_is_frozen(run_dir: Path, db: Patient, is_known: bool):
    seat = Seat.open(run_dir, ANA)
    seat.follow(lambda view: None)
    until(lambda: seat.view.here, "the seat is there")
    db.freeze()
    if is_known:
        until(lambda: seat.view.away, "it is said")
    writing = threading.Thread(target=seat.submit, args=(note(seat, "last"),), daemon=True)
    writing.start()
    if not is_known:
        until(lambda: seat.submitting.is_asking, "the last key")
    began = time.monotonic()
    seat.close("over")
    assert time.monotonic() - began < LATE_S, "1.2 s, on a machine that has time for it"
    writing.join(60)
    assert not writing.is_alive()
    kinds = {type(outcome) for outcome in seat.submitting.unheard}
    assert kinds == (set() if is_known else {Unsettled})


class Screen:
    """Remembers what was said."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.source = SimpleNamespace(now=lambda: None)

    def say(self, *spans: tuple[str, str]) -> None:
        self.said.append("".join(text for text, _ in spans))

    def draw(self) -> None:
        """Nothing is drawn."""


async def test_no_cancelled_task_makes_the_screen_wrong_about_what_was_written(
    run_dir: Path, db: Patient, request: pytest.FixtureRequest
):
    """Screens' tasks cancelled at any instant around the commit, connections cut besides; and then what they said."""
    count, chance = 200 if request.config.getoption("--many") else 40, random.Random(11)
    seats = [Seat.open(run_dir, ANA) for _ in range(4)]
    told: dict[str, list[str]] = {}
    outcomes: dict[str, object] = {}
    for seat in seats:
        seat.follow(lambda view: None)

    async def one(number: int) -> None:
        text, screen = f"note {number}", Screen()
        seat = seats[number % len(seats)]
        hands = Hands(cast("Any", screen), seat)
        task = asyncio.create_task(hands.outcome(note(seat, text)))
        await asyncio.sleep(chance.uniform(0, 0.03))
        task.cancel()
        await asyncio.wait({task})
        outcomes[text] = "cancelled" if task.cancelled() else task.result()
        told[text] = screen.said
        while hands._writings:  # what is being written goes on, and is told
            await asyncio.wait(hands._writings)

    def cut_some() -> None:
        with psycopg.connect(db.dsn, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'cockpit'"
                " AND pid <> pg_backend_pid() AND random() < 0.3"
            )

    with ThreadPoolExecutor(1) as cutter:
        for first in range(0, count, 8):
            group = [one(number) for number in range(first, min(count, first + 8))]
            cuts = asyncio.get_running_loop().run_in_executor(cutter, cut_some)
            await asyncio.gather(*group, cuts)
    doubts = {doubt.what.rpartition("note: ")[2]: doubt for seat in seats for doubt in seat.view.doubts}
    await asyncio.to_thread(
        until, lambda: not any(seat.submitting.doubts.open for seat in seats), "everything is known in the end"
    )
    for seat in seats:
        await asyncio.to_thread(seat.close)
    written = in_database(db, run_dir)
    assert len(set(written)) == len(written)
    assert len(told) == count
    for text, said in told.items():
        last = said[-1]
        if last == "":  # done: the line is taken away
            assert text in written
        elif last.startswith("✖"):
            assert text not in written, last
        else:
            assert last.startswith("? it is not known"), last
            assert doubts
    cancelled = [text for text, outcome in outcomes.items() if outcome == "cancelled"]
    assert len(cancelled) > count / 4
    assert [text for text in cancelled if text in written], "a commit is not cancelled with its screen"


def test_a_connection_that_is_lost_is_no_database_that_is_away(run_dir: Path, db: Patient):
    seat, told = Seat.open(run_dir, ANA), list[str]()
    seat.follow(lambda view: told.append(view.away))
    try:
        for number in range(5):
            until(lambda: seat.afar.holds_seat and seat.afar._following._is_well, "the seat is held, and all was asked")
            db.ask(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'cockpit'"
                " AND pid <> pg_backend_pid()"
            )
            assert isinstance(seat.submit(note(seat, str(number))), Done)
        until(lambda: seat.afar.holds_seat, "the seat is held")
    finally:
        seat.close()
    assert set(told) == {""}
    assert in_database(db, run_dir) == [str(number) for number in range(5)]
