"""That a seat is here, where it looks, and that another is gone: told as telemetry, by locks that die."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from session_runs import append, eventually, new_run

import cockpit.session.attendance
from cockpit.audit import clock
from cockpit.audit.layout import locks_dir, seat_lock
from cockpit.audit.locks import HeldLock
from cockpit.audit.tail import Tail
from cockpit.cli import screens
from cockpit.cli.ending import Refused
from cockpit.run import events as e
from cockpit.run.events import Actor
from cockpit.run.evolve import fold
from cockpit.run.state import EMPTY
from cockpit.session.attendance import attendance
from cockpit.session.identity import actor
from cockpit.session.seat import Seat
from cockpit.session.view import View

HOST = os.uname().nodename
BO = Actor("bo", HOST)


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    return new_run(tmp_path)


@pytest.fixture
def seat(run_dir: Path) -> Iterator[Seat]:
    seat = Seat.open(run_dir, actor())
    yield seat
    seat.close("test is over")


def events_of(run_dir: Path, *kinds: type[e.Body]) -> list[e.Event]:
    tail, found = Tail(run_dir), list[e.Event]()
    while entries := tail.read():
        found += [entry.event for entry in entries]
    tail.close()
    return [event for event in found if not kinds or isinstance(event.body, kinds)]


def here(seat: Seat) -> None:
    seat.follow(lambda view: None)
    eventually(lambda: seat.id in seat.view.state.seats)


def test_where_a_seat_looks_is_told_and_the_last_place_counts(seat: Seat, run_dir: Path) -> None:
    here(seat)
    assert seat.view.state.seats[seat.id].at == ""
    for step in ("first", "second", "more_1", "second", "more_2"):
        seat.presence.look_at(step)
    eventually(lambda: seat.view.state.seats[seat.id].at == "more_2")
    assert len(events_of(run_dir, e.OperatorMoved)) <= 3
    seat.presence.look_at("more_2")
    seat.presence.look_at("")
    eventually(lambda: seat.view.state.seats[seat.id].at == "")


def test_a_key_is_told_once_a_minute_and_sooner_while_somebody_asks_for_the_pen(
    seat: Seat, run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here(seat)
    eventually(lambda: seat.presence._told_s > 0)  # the log tells of the seat a moment before the seat knows
    seat.presence.stirred()
    assert events_of(run_dir, e.OperatorMoved) == []
    seat.presence._told_s -= 61
    for _ in range(20):
        seat.presence.stirred()
    eventually(lambda: len(events_of(run_dir, e.OperatorMoved)) == 1)
    seat.presence._told_s -= 11
    seat.presence.stirred()
    append(run_dir, e.PenAsked(epoch=1, seat="01BO"))
    eventually(lambda: seat.view.state.pen_asked)
    seat.presence.stirred()
    eventually(lambda: len(events_of(run_dir, e.OperatorMoved)) == 2)


def test_a_seat_of_this_host_that_is_gone_is_written_down_once_and_its_lock_taken_away(
    seat: Seat, run_dir: Path
) -> None:
    append(run_dir, e.OperatorAttached(seat="01DEAD", role="acting"), actor=BO)
    seat_lock(run_dir, "01DEAD").touch(mode=0o600)
    here(seat)
    eventually(lambda: "01DEAD" not in seat.view.state.seats)
    (gone,) = events_of(run_dir, e.OperatorDetached)
    assert isinstance(gone.body, e.OperatorDetached)
    assert (gone.body.seat, gone.body.found) == ("01DEAD", "gone")
    assert [left.is_gone for left in seat.view.state.left] == [True]
    eventually(lambda: not seat_lock(run_dir, "01DEAD").exists())


def test_whoever_leaves_does_not_first_write_down_a_crowd_that_is_gone(seat: Seat, run_dir: Path) -> None:
    here(seat)
    append(run_dir, *(e.OperatorAttached(seat=f"GONE{number}", role="watching") for number in range(2000)), actor=BO)
    eventually(lambda: events_of(run_dir, e.OperatorDetached))
    seat.close("bye")
    assert [event.body.reason for event in events_of(run_dir, e.OperatorDetached)][-1] == "bye"  # type: ignore[attr-defined]
    assert not HeldLock.take(seat_lock(run_dir, seat.id)).release()  # type: ignore[union-attr]


def test_a_seat_of_another_host_is_not_here_and_nobody_speaks_for_it(seat: Seat, run_dir: Path) -> None:
    append(run_dir, e.OperatorAttached(seat="01FAR", role="acting"), actor=Actor("bo", "elsewhere"))
    views: list[View] = []
    seat.follow(views.append)
    eventually(lambda: views and views[-1].here)
    assert "01FAR" in views[-1].gone
    time.sleep(0.6)  # a look around more
    assert events_of(run_dir, e.OperatorDetached) == []


def test_a_lock_that_lives_is_never_spoken_for(seat: Seat, run_dir: Path) -> None:
    lock = HeldLock.take(seat_lock(run_dir, "01LIVES"))
    assert lock is not None
    append(run_dir, e.OperatorAttached(seat="01LIVES", role="watching"), actor=BO)
    here(seat)
    seat.presence.bury(frozenset({"01LIVES", "../x", "nobody"}))
    seat.presence.look_at("first")
    eventually(lambda: seat.view.state.seats[seat.id].at == "first")
    assert "01LIVES" in seat.view.state.seats
    assert events_of(run_dir, e.OperatorDetached) == []
    lock.release()


def test_old_locks_of_which_the_log_knows_nothing_are_swept_and_young_ones_are_not(seat: Seat, run_dir: Path) -> None:
    old, young = seat_lock(run_dir, "01OLD"), seat_lock(run_dir, "01YOUNG")
    for path in (old, young):
        path.touch(mode=0o600)
    os.utime(old, (time.time() - 100, time.time() - 100))
    here(seat)
    eventually(lambda: not old.exists())
    assert young.exists()


def test_many_positions_call_back_a_few_times_a_second_and_a_fact_at_once(seat: Seat, run_dir: Path) -> None:
    append(run_dir, e.OperatorAttached(seat="01BO", role="watching"), actor=BO)
    lock = HeldLock.take(seat_lock(run_dir, "01BO"))
    assert lock is not None
    seen: list[tuple[float, View]] = []
    seat.follow(lambda view: seen.append((time.monotonic(), view)))
    eventually(lambda: seen and len(seen[-1][1].here) == 2)
    seen.clear()
    began = time.monotonic()
    for at in range(50):
        append(run_dir, e.OperatorMoved(seat="01BO", step=f"more_{at % 30}"), actor=BO)
    append(run_dir, e.NoteAdded(text="now"))
    told = time.monotonic()
    eventually(lambda: seen and seen[-1][1].recent[-1].sentence.endswith("note: now"))
    assert seen[-1][0] - told < 0.2
    assert len(seen) <= 2 + (told - began) / 0.2
    lock.release()


def test_telemetry_of_a_newer_cockpit_stops_nobody_from_acting_and_a_fact_does() -> None:
    for is_fact, known in ((False, ()), (True, ("seat.waved",))):
        event = e.Event(2, "x", "seat.waved", is_fact, clock.now(), BO, e.UnknownBody(data={}))
        assert fold([event], EMPTY).unknown_types == known


def test_who_is_at_a_run_is_seen_from_outside_by_their_locks(seat: Seat, run_dir: Path) -> None:
    append(run_dir, e.OperatorAttached(seat="01DEAD", role="acting"), actor=Actor("eve", "elsewhere"))
    here(seat)
    found = attendance(run_dir, fold(events_of(run_dir, e.RunStarted)))
    assert [each.seat for each in found.here] == [seat.id]
    assert not found.is_hearsay
    seat.close("")
    assert attendance(run_dir, fold(events_of(run_dir, e.RunStarted))).here == ()
    assert not list(locks_dir(run_dir).glob("seat-*"))


def test_a_run_has_only_so_many_screens_and_whoever_acts_always_comes_in(
    seat: Seat, run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here(seat)
    monkeypatch.setattr(cockpit.session.attendance, "MOST_SEATS", 2)
    opened = list[str]()
    monkeypatch.setattr(screens, "show", lambda seat, typed: opened.append(seat.id) or seat.close(""))
    monkeypatch.setattr(screens, "actor", lambda: BO)
    screens.open_screen(run_dir, "watching")
    second = Seat.open(run_dir, BO)
    here(second)
    with pytest.raises(Refused, match="screens are at this run already"):
        screens.open_screen(run_dir, "watching")
    screens.open_screen(run_dir, "acting")
    assert len(opened) == 2
    second.close("")
    screens.open_screen(run_dir, "watching")
    assert len(opened) == 3
