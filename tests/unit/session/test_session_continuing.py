"""A run goes on elsewhere once, and with everything that was acknowledged where it was."""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from session_runs import eventually, new_run

from cockpit.audit import layout
from cockpit.audit.continuing import carry_on
from cockpit.audit.moved import nobody_appends, went_on
from cockpit.audit.poison import Poison
from cockpit.audit.tail import Tail
from cockpit.audit.verify import verify
from cockpit.errors import CockpitError, StoreFailed
from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.session import continuing
from cockpit.session.identity import actor
from cockpit.session.outcomes import Done, Failed
from cockpit.session.seat import Seat


@pytest.fixture
def run_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run whose disk is almost full: what is short may still be written."""
    monkeypatch.setattr(continuing, "full", lambda _: "the disk is full")
    return new_run(tmp_path)


@pytest.fixture
def seats(run_dir: Path) -> Iterator[tuple[Seat, Seat]]:
    both = Seat.open(run_dir, actor()), Seat.open(run_dir, actor())
    yield both
    for seat in both:
        seat.close("test is over")


def noted(seat: Seat, text: str) -> object:
    return seat.submit(seat.command(c.AddNote, text=text))


def texts(run_dir: Path) -> list[str]:
    tail, found = Tail(run_dir), list[str]()
    while entries := tail.read():
        found += [entry.event.body.text for entry in entries if isinstance(entry.event.body, e.NoteAdded)]
    tail.close()
    return found


def test_what_another_screen_wrote_last_is_in_the_copy(seats: tuple[Seat, Seat], tmp_path: Path) -> None:
    mine, other = seats
    assert isinstance(noted(other, "acknowledged"), Done)
    new_dir = mine.moving.go_on(tmp_path / "spare")
    assert texts(new_dir) == ["acknowledged"]


def test_nothing_is_acknowledged_at_the_former_place_while_it_is_copied(
    seats: tuple[Seat, Seat], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other = seats
    assert isinstance(noted(other, "before"), Done)
    outcomes: list[object] = []
    writing = threading.Thread(target=lambda: outcomes.append(noted(other, "meanwhile")))

    def copying(*arguments: object, **more: object) -> object:
        former = carry_on(*arguments, **more)  # type: ignore[arg-type]
        writing.start()
        writing.join(0.2)  # it waits: were it not so, its note would be in no copy
        return former

    monkeypatch.setattr(continuing, "carry_on", copying)
    new_dir = mine.moving.go_on(tmp_path / "spare")
    writing.join(60)
    assert [type(outcome) for outcome in outcomes] == [Failed]
    assert f"this run goes on in {new_dir}" in str(outcomes[0])
    assert (texts(new_dir), texts(mine.run_dir)) == (["before"], ["before"])


def test_of_two_who_go_on_at_the_same_moment_one_does(seats: tuple[Seat, Seat], tmp_path: Path) -> None:
    went, refused = list[Path](), list[str]()
    both_ready = threading.Barrier(2)

    def go(seat: Seat, folder: Path) -> None:
        both_ready.wait()
        try:
            went.append(seat.moving.go_on(folder))
        except CockpitError as error:
            refused.append(str(error))

    going = [threading.Thread(target=go, args=(seat, tmp_path / str(n))) for n, seat in enumerate(seats)]
    for thread in going:
        thread.start()
    for thread in going:
        thread.join(30)
    assert (len(went), len(refused)) == (1, 1)
    assert f"this run goes on in {went[0]} already" in refused[0]
    assert went_on(seats[0].run_dir) == str(went[0])
    assert len(list(tmp_path.glob("[01]/*"))) == 1
    assert verify(went[0]).ok


def test_who_stands_still_in_an_append_is_waited_for_only_where_it_may_be_acknowledged(run_dir: Path) -> None:
    with open(layout.append_lock(run_dir), "wb") as stopped:
        fcntl.flock(stopped, fcntl.LOCK_EX)
        with pytest.raises(StoreFailed, match="another process has held"), nobody_appends(run_dir, deadline_s=0.05):
            pass
        Poison(run_dir).put("the disk reports an I/O error")
        with nobody_appends(run_dir, deadline_s=0.05):
            pass


def test_every_other_screen_learns_where_the_run_went_on(seats: tuple[Seat, Seat], tmp_path: Path) -> None:
    mine, other = seats
    other.follow(lambda _: None)
    new_dir = mine.moving.go_on(tmp_path / "spare")
    eventually(lambda: other.view.went_on == str(new_dir))
