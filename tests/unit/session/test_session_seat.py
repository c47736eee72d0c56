"""One operator's seat: following, deciding, appending, and saying so when it cannot."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from session_runs import Keeping, append, eventually, new_run

from cockpit.audit import layout
from cockpit.audit.tail import Tail
from cockpit.audit.verify import verify
from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run.commands import Refusal
from cockpit.session.identity import actor
from cockpit.session.outcomes import Done, Failed
from cockpit.session.seat import Seat
from cockpit.session.view import View


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    return new_run(tmp_path)


@pytest.fixture
def seat(run_dir: Path) -> Iterator[Seat]:
    seat = Seat.open(run_dir, actor())
    yield seat
    seat.close("test is over")


def painted(seat: Seat) -> int:
    assert seat.view.state.cursor is not None
    return seat.view.state.cursor.opened_seq


def confirm(seat: Seat, step: str) -> object:
    return seat.submit(seat.command(c.ConfirmStep, step=step, painted_seq=painted(seat)))


def events_of(run_dir: Path) -> list[e.Event]:
    tail = Tail(run_dir)
    events = []
    while entries := tail.read():
        events += [entry.event for entry in entries]
    tail.close()
    return events


def test_what_is_done_is_durable_and_in_the_view(seat: Seat, run_dir: Path) -> None:
    done = confirm(seat, "first")
    assert isinstance(done, Done)
    assert [event.type for event in done.events] == ["step.confirmed"]
    assert seat.view.state.steps["first"].status == "confirmed"
    assert seat.view.head is not None
    assert seat.view.head.seq == done.events[0].seq
    assert seat.view.recent[-1].sentence.endswith("confirmed 1.1 First (1 probe unread)")
    assert [event.type for event in events_of(run_dir)][-1] == "step.confirmed"


def test_a_decision_is_made_on_what_others_wrote_a_moment_ago(seat: Seat, run_dir: Path) -> None:
    seq = painted(seat)
    append(run_dir, e.HoldPlaced(reason="look at replica 2"))
    refusal = seat.submit(seat.command(c.ConfirmStep, step="first", painted_seq=seq))
    assert isinstance(refusal, Refusal)
    assert refusal.code == "held"
    assert "look at replica 2" in refusal.why


def test_the_second_of_two_same_confirmations_is_told_who_was_first(seat: Seat, run_dir: Path) -> None:
    seq = painted(seat)
    assert isinstance(confirm(seat, "first"), Done)
    refusal = seat.submit(seat.command(c.ConfirmStep, step="first", painted_seq=seq))
    assert isinstance(refusal, Refusal)
    assert refusal.code == "not_current"
    assert "confirmed 1.1 First" in refusal.why


def test_telemetry_in_between_is_no_conflict(seat: Seat, run_dir: Path) -> None:
    append(run_dir, e.ProbesSampled(ages=(1,)))
    assert isinstance(confirm(seat, "first"), Done)


def test_a_gate_needs_a_keeper_that_beats_now(seat: Seat, run_dir: Path) -> None:
    confirm(seat, "first")
    keeping = Keeping(run_dir)
    keeping.judges("step:second", painted(seat), "pass")
    seat_view = seat.submit(seat.command(c.AddNote, text="looked"))
    assert isinstance(seat_view, Done)
    keeping.beat(seconds_ago=60)
    silent = confirm(seat, "second")
    assert isinstance(silent, Refusal)
    assert silent.code == "keeper_silent"
    # The sight is taken anew at each decision, whatever the command was made with.
    command = seat.command(c.ConfirmStep, step="second", painted_seq=painted(seat))
    keeping.beat()
    assert isinstance(seat.submit(command), Done)
    keeping.lock.release()


def test_a_follower_is_called_back_with_frozen_views_as_others_write(seat: Seat, run_dir: Path) -> None:
    views: list[View] = []
    seat.follow(views.append)
    eventually(lambda: views)
    append(run_dir, e.NoteAdded(text="replica lag settled"))
    eventually(lambda: views[-1].recent and views[-1].recent[-1].sentence == "bo  note: replica lag settled")
    eventually(lambda: [s.seat for s in views[-1].here] == [seat.id])
    assert views[0].state.last_fact_seq == 1
    seqs = [view.state.last_seq for view in views]
    assert seqs == sorted(seqs)


def test_nothing_new_calls_nobody_back(seat: Seat) -> None:
    views: list[View] = []
    seat.follow(views.append)
    eventually(lambda: views and views[-1].here)
    count = len(views)
    threading.Event().wait(1.2)  # two looks around, with nothing to see
    assert len(views) == count


def test_a_seat_says_that_it_came_and_that_it_went(run_dir: Path) -> None:
    seat = Seat.open(run_dir, actor(), "watching")
    seat.follow(lambda view: None)
    eventually(lambda: seat.view.state.seats)
    assert seat.view.state.seats[seat.id].role == "watching"
    seat.close("closed the screen")
    last = events_of(run_dir)[-1]
    assert isinstance(last.body, e.OperatorDetached)
    assert last.body.reason == "closed the screen"
    assert list(layout.locks_dir(run_dir).glob("seat-*")) == []


def test_a_screen_that_was_killed_is_no_longer_here(seat: Seat, run_dir: Path) -> None:
    append(run_dir, e.OperatorAttached(seat="01DEAD", role="acting"), e.OperatorAttached(seat="../x", role="acting"))
    views: list[View] = []
    seat.follow(views.append)
    eventually(lambda: views and views[-1].here)
    assert set(views[-1].state.seats) >= {"01DEAD", "../x"}
    assert [s.seat for s in views[-1].here] == [seat.id]


def test_an_ended_run_is_looked_at_without_a_trace(run_dir: Path) -> None:
    append(run_dir, e.RunAborted(reason="no"))
    before = layout.log_path(run_dir).read_bytes()
    seat = Seat.open(run_dir, actor())
    seat.follow(lambda view: None)
    seat.close()
    assert seat.view.state.status == "aborted"
    assert layout.log_path(run_dir).read_bytes() == before


def test_a_damaged_log_keeps_the_last_good_view_and_says_the_trouble(seat: Seat, run_dir: Path) -> None:
    views: list[View] = []
    seat.follow(views.append)
    confirm(seat, "first")
    good = seat.view.state
    lines = layout.log_path(run_dir).read_bytes().splitlines(keepends=True)
    line = next(each for each in reversed(lines) if b'"class":"fact"' in each)  # that it is here may have come last
    with layout.log_path(run_dir).open("ab") as log:
        log.write(line.replace(b'"seq":', b'"seq":9') * 2)  # two facts that do not chain: no crash leaves these
    eventually(lambda: views and views[-1].trouble)
    assert views[-1].state.steps == good.steps
    failed = seat.submit(seat.command(c.AddNote, text="x"))
    assert isinstance(failed, Failed)


def test_a_cut_log_is_noticed_within_a_second(seat: Seat, run_dir: Path) -> None:
    views: list[View] = []
    confirm(seat, "first")
    seat.follow(views.append)
    eventually(lambda: views and views[-1].here)
    os.truncate(layout.log_path(run_dir), 100)
    eventually(lambda: views[-1].trouble)
    assert "was cut" in views[-1].trouble
    assert views[-1].state.steps["first"].status == "confirmed"


def test_a_poisoned_store_fails_with_its_sentence_and_is_shown(seat: Seat, run_dir: Path) -> None:
    views: list[View] = []
    seat.follow(views.append)
    eventually(lambda: views)
    layout.poison_mark(run_dir).write_text("syncing failed: the disk is full; nothing was acknowledged\n")
    eventually(lambda: views[-1].trouble)
    failed = confirm(seat, "first")
    assert isinstance(failed, Failed)
    assert "the disk is full" in failed.sentence
    assert seat.view.state.steps["first"].status == "open"


def test_a_run_that_cannot_be_written_to_can_still_be_watched(run_dir: Path) -> None:
    layout.append_lock(run_dir).unlink()
    layout.append_lock(run_dir).mkdir()
    seat = Seat.open(run_dir, actor(), "watching")
    views: list[View] = []
    seat.follow(views.append)
    eventually(lambda: views and views[-1].trouble)
    assert views[-1].state.status == "live"
    assert isinstance(seat.submit(seat.command(c.PlaceHold, reason="x")), Failed)
    seat.close()


def test_a_note_that_is_too_long_for_a_line_is_refused_not_lost(seat: Seat) -> None:
    refusal = seat.submit(seat.command(c.AddNote, text="x" * 5000))
    assert isinstance(refusal, Refusal)
    assert refusal.code == "too_long"


def test_two_seats_that_confirm_at_once_make_one_confirmation(run_dir: Path) -> None:
    seats = [Seat.open(run_dir, actor()) for _ in range(4)]
    first = seats[0].command(c.SkipStep, step="second", painted_seq=0, reason="its gate is not what is tested")
    for step in ("first", *(f"more_{n}" for n in range(19))):
        if step == "more_0":
            seats[0].submit(replace(first, painted_seq=painted(seats[0])))
        seq = painted(seats[0])
        start = threading.Barrier(len(seats))
        outcomes: list[object] = []

        def press(seat: Seat, command: c.Command, start: threading.Barrier, outcomes: list[object]) -> None:
            start.wait()
            outcomes.append(seat.submit(command))

        commands = [(seat, seat.command(c.ConfirmStep, step=step, painted_seq=seq)) for seat in seats]
        threads = [threading.Thread(target=press, args=(*each, start, outcomes)) for each in commands]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(isinstance(outcome, Done) for outcome in outcomes) == 1, outcomes
        refusals = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
        assert [refusal.code for refusal in refusals] == ["not_current"] * 3
        # The view of a seat that was refused holds what refused it.
        assert {seat.view.state.steps[step].status for seat in seats} == {"confirmed"}
    for seat in seats:
        seat.close()
    confirmed = [event.body.step for event in events_of(run_dir) if isinstance(event.body, e.StepConfirmed)]
    assert len(confirmed) == len(set(confirmed)) == 20
    assert not verify(layout.log_path(run_dir)).problem


def test_a_writer_that_stands_still_keeps_nobody_from_seeing_or_leaving(run_dir: Path) -> None:
    views: list[View] = []
    seat = Seat.open(run_dir, actor())
    with layout.append_lock(run_dir).open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        seat.follow(views.append)
        eventually(lambda: views)
        seat.close()
        seat.close()
    assert views[0].state.status == "live"


def test_what_is_asked_of_a_closed_seat_fails_with_a_sentence(run_dir: Path) -> None:
    seat = Seat.open(run_dir, actor())
    note = seat.command(c.AddNote, text="x")
    assert isinstance(seat.submit(note), Done)
    seat.close()
    failed = seat.submit(note)
    assert isinstance(failed, Failed)
    assert "closed" in failed.sentence
