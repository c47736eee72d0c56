"""A seat and the pen: whether it acts, who is here by their locks, and what two seats of two people make of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from session_runs import eventually, new_run

from cockpit.run import commands as c
from cockpit.run.commands import Refusal, Role
from cockpit.run.events import Actor
from cockpit.run.handover import standing
from cockpit.session.identity import actor
from cockpit.session.outcomes import Done
from cockpit.session.seat import Seat


class Room:
    """Seats at one run, whose screens live until they are closed."""

    def __init__(self, folder: Path) -> None:
        self.run_dir = new_run(folder)
        self.seats: list[Seat] = []

    def sits(self, who: Actor, role: Role = "watching") -> Seat:
        seat = Seat.open(self.run_dir, who, role)
        self.seats.append(seat)
        seat.follow(lambda view: None)
        eventually(lambda: seat.id in seat.view.state.seats)
        return seat

    def close(self) -> None:
        for seat in self.seats:
            seat.close()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path)
    yield room
    room.close()


ME = actor()
BO = Actor("bo", ME.host)


def does(seat: Seat, kind: type[c.Command], **fields: Any) -> None:
    outcome = seat.submit(seat.command(kind, **fields))
    assert isinstance(outcome, Done), outcome


def refused(seat: Seat, kind: type[c.Command], **fields: Any) -> str:
    outcome = seat.submit(seat.command(kind, **fields))
    assert isinstance(outcome, Refusal), outcome
    return outcome.code


def read(seat: Seat) -> dict[str, Any]:
    return {"read": standing(seat.view.state)}


def test_a_seat_acts_if_it_was_opened_to_act_and_the_pen_is_its_persons(room: Room) -> None:
    assert room.sits(ME, "acting").role == "acting"
    watching, other = room.sits(ME), room.sits(BO, "acting")
    assert (watching.role, watching.has_pen) == ("watching", True)
    assert (other.role, other.has_pen) == ("watching", False)
    assert not other.take_up()
    assert watching.take_up("second")
    assert watching.role == "acting"
    eventually(lambda: other.view.state.seats[watching.id].role == "acting")
    assert other.view.state.seats[watching.id].at == "second"


def test_the_pen_goes_to_the_seat_at_which_it_was_accepted_and_every_other_watches(room: Room) -> None:
    mine, bos, bos_second = room.sits(ME, "acting"), room.sits(BO), room.sits(BO)
    eventually(lambda: len(mine.view.here) == 3)
    does(mine, c.OfferPen, to=bos.id)
    assert refused(bos, c.AcceptPen) == "no_card"
    does(bos, c.AcceptPen, **read(bos))
    eventually(lambda: mine.role == "watching")  # as soon as it has read who has the pen
    assert (bos.role, bos_second.role) == ("acting", "watching")
    eventually(lambda: bos_second.has_pen)
    assert bos_second.role == "watching", "and takes it up by a key"
    eventually(lambda: mine.view.state.pen.epoch == 2)  # type: ignore[union-attr]
    assert mine.role == "watching"
    assert mine.view.state.seats[bos.id].role == "acting"


def test_whoever_gets_it_back_at_another_seat_acts_there_and_not_where_they_lost_it(room: Room) -> None:
    first, second, bos = room.sits(ME, "acting"), room.sits(ME), room.sits(BO)
    eventually(lambda: len(first.view.here) == 3)
    does(first, c.OfferPen, to=bos.id)
    does(bos, c.AcceptPen, **read(bos))
    does(bos, c.OfferPen, to=second.id)
    does(second, c.AcceptPen, **read(second))
    eventually(lambda: first.view.state.pen.epoch == 3)  # type: ignore[union-attr]
    assert (first.role, second.role) == ("watching", "acting")


def test_whether_the_holder_is_here_is_looked_at_when_it_is_decided(room: Room) -> None:
    mine, bos = room.sits(ME, "acting"), room.sits(BO)
    eventually(lambda: len(bos.view.here) == 2)
    taking = bos.command(c.TakePen, reason="mine", here=(), **read(bos))
    outcome = bos.submit(taking)
    assert isinstance(outcome, Refusal)
    assert outcome.code == "holder_here", "whatever the command says"
    mine.close()
    does(bos, c.TakePen, reason="they left", **read(bos))
    assert bos.role == "acting"


def test_nobody_is_offered_the_pen_whose_screen_was_closed_a_moment_ago(room: Room) -> None:
    mine, bos = room.sits(ME, "acting"), room.sits(BO)
    eventually(lambda: len(mine.view.here) == 2)
    offering = mine.command(c.OfferPen, to=bos.id)
    bos.close()
    outcome = mine.submit(offering)
    assert isinstance(outcome, Refusal)
    assert outcome.code == "seat_gone"
