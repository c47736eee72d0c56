"""What a keeper could not write yet is shown to this host's people, as what it is, and decides nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from session_runs import Keeping, append, eventually, new_run

from cockpit.audit.aside import AsideFile, AsideReader
from cockpit.audit.clock import now
from cockpit.audit.files import FileStore
from cockpit.audit.line import Draft, draft
from cockpit.errors import StoreAway
from cockpit.run import events as e
from cockpit.run.commands import AddNote, ConfirmStep
from cockpit.run.events import Actor, Event
from cockpit.run.readings import Reading
from cockpit.session.doubts import Doubt, Doubts
from cockpit.session.identity import actor
from cockpit.session.outcomes import Done, Failed
from cockpit.session.seat import Seat

KEEPER = Actor("keeper", "here")


@pytest.fixture
def keeping(tmp_path: Path) -> Iterator[Keeping]:
    """A keeper that lives."""
    it = Keeping(new_run(tmp_path))
    append(it.run_dir, e.KeeperStarted(epoch=1, pid=1, version="1"))
    yield it
    it.lock.release()


@pytest.fixture
def run_dir(keeping: Keeping) -> Path:
    return keeping.run_dir


@pytest.fixture
def seat(run_dir: Path) -> Iterator[Seat]:
    seat = Seat.open(run_dir, actor())
    seat.follow(lambda view: None)
    yield seat
    seat.close()


def fails() -> list[Draft]:
    """The keeper saw that the probe began to fail."""
    told = (
        e.ProbesSampled(key=True, readings=(Reading(probe="api", status="fail", value=7),), ages=(1,)),
        e.ProbeChanged(probe="api", previous="unread", status="fail", detail="HTTP 500"),
    )
    return [draft(body, KEEPER) for body in told]


def confirm(seat: Seat) -> object:
    cursor = seat.view.state.cursor
    assert cursor is not None
    return seat.submit(seat.command(ConfirmStep, step="first", painted_seq=cursor.opened_seq))


def test_what_waits_is_shown_and_the_logs_own_state_has_none_of_it(run_dir: Path, seat: Seat):
    before = seat.view.state
    aside = AsideFile(run_dir, run_dir.name, 1)
    aside.renew(fails())
    eventually(lambda: seat.view.ahead is not None)
    view = seat.view
    assert (view.shown.probes["api"].status, view.shown.probes["api"].age_s) == ("fail", 1)
    assert view.state.probes == before.probes
    assert (view.shown.last_seq, view.shown.last_fact_seq) == (view.state.last_seq, view.state.last_fact_seq)
    assert [recent.event.type for recent in view.waiting] == ["probe.changed"]
    aside.add(recovers := [draft(e.ProbeChanged(probe="api", previous="fail", status="pass"), KEEPER)])
    eventually(lambda: seat.view.shown.probes["api"].status == "pass")
    assert [recent.event.id for recent in seat.view.waiting][1:] == [recovers[0].id]
    aside.renew([])
    eventually(lambda: seat.view.ahead is None)
    assert seat.view.waiting == ()
    assert seat.view.shown is seat.view.state


def test_nothing_goes_forward_on_what_the_log_does_not_have_yet(run_dir: Path, seat: Seat, keeping: Keeping):
    aside = AsideFile(run_dir, run_dir.name, 1)
    aside.renew(fails())
    eventually(lambda: seat.view.ahead is not None)
    outcome = confirm(seat)
    assert isinstance(outcome, Failed)
    assert outcome.sentence.endswith("not in the log yet; nothing was written, press again in a moment")
    keeping.lock.release()  # it was killed
    outcome = confirm(seat)
    assert isinstance(outcome, Failed)
    assert outcome.sentence.endswith("start a keeper first: .")
    assert isinstance(seat.submit(seat.command(AddNote, text="it waits")), Done), "a note decides nothing"
    aside.renew([])
    eventually(lambda: seat.view.ahead is None)
    assert isinstance(confirm(seat), Done)


def test_what_came_into_the_log_meanwhile_is_not_told_twice(run_dir: Path, seat: Seat):
    waiting = fails()
    AsideFile(run_dir, run_dir.name, 1).renew(waiting)
    eventually(lambda: seat.view.waiting)
    store = FileStore.open(run_dir)
    store.append(None, *waiting)
    store.close()
    eventually(lambda: seat.view.ahead is None)
    assert seat.view.state.probes["api"].status == "fail"


@pytest.mark.parametrize(("run", "epoch"), [("", 2), ("another", 1)])
def test_a_file_that_is_not_of_the_logs_last_keeper_is_not_shown(run_dir: Path, run: str, epoch: int):
    AsideFile(run_dir, run or run_dir.name, epoch).renew(fails())
    seat = Seat.open(run_dir, actor())
    try:
        seat._follower.look_around()
        assert seat.view.ahead is None
    finally:
        seat.close()


def test_a_reader_follows_a_file_that_is_written_anew_and_steps_over_what_is_no_line(tmp_path: Path):
    (tmp_path / "locks").mkdir()
    aside, reader = AsideFile(tmp_path, "x", 1), AsideReader(tmp_path)
    assert reader.read() == ()
    first, second = fails()
    aside.renew([first])
    assert [event.id for event in reader.read()] == [first.id]
    assert reader.read() is reader.read(), "nothing is read again while nothing is new"
    with (tmp_path / "locks" / "aside").open("ab") as file:
        file.write(b'{"torn')
    assert len(reader.read()) == 1
    with (tmp_path / "locks" / "aside").open("ab") as file:
        file.write(b'": 1}\n')
    aside.add([second])
    assert [event.id for event in reader.read()] == [first.id, second.id]
    aside.renew([second])
    assert [event.id for event in reader.read()] == [second.id]


class Answers:
    """A store that cannot say at first whether it holds an event."""

    def __init__(self, *answers: bool | None) -> None:
        self.answers = list(answers)

    def lookup(self, event_id: str) -> Event | None:
        answer = self.answers.pop(0)
        if answer is None:
            raise StoreAway("it is away")
        note = e.NoteAdded(text="")
        return Event(1, event_id, note.type, True, now(), KEEPER, note, "x") if answer else None


@pytest.mark.parametrize(("is_there", "fate"), [(True, "written"), (False, "not_written")])
def test_a_doubt_stands_until_the_store_settles_it(is_there: bool, fate: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("cockpit.session.doubts.LOOK_S", 0.01)
    store, told, is_settled = Answers(None, None, is_there), list[tuple[Doubt, ...]](), threading.Event()

    def tell(doubts: tuple[Doubt, ...]) -> None:
        told.append(doubts)
        if doubts[-1].fate != "open":
            is_settled.set()

    doubts = Doubts(lambda: store, lambda: False, tell)  # type: ignore[arg-type,return-value] # it only looks up
    doubts.add(Doubt(id="A", what="a note", since=now()))
    assert is_settled.wait(60)
    doubts.close()
    assert [each[0].fate for each in told] == ["open", fate]
    assert doubts.open == ()
    assert store.answers == []


def test_while_the_database_is_away_nobody_asks_it():
    store = Answers()
    doubts = Doubts(lambda: store, lambda: True, lambda told: None)  # type: ignore[arg-type,return-value]
    doubts.add(Doubt(id="A", what="a note", since=now()))
    doubts.close()
    assert [each.id for each in doubts.open] == ["A"]
