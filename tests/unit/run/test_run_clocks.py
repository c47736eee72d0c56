"""Whose wall clock differs, as their events tell it when they arrive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cockpit.run import events as e
from cockpit.run.clocks import SKEW_S, Clocks, ahead_s
from cockpit.run.events import Actor, Event, Instant

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ANA, BO = Actor("ana", "bastion-1"), Actor("bo", "bastion-2")
HERE = Instant(at=NOON, boot="here", mono=1000.0)


def arrived(
    off_s: float, *, boot: str = "there", age_s: float = 0.0, actor: Actor = BO, body: e.Body | None = None
) -> Event:
    """An event written `age_s` ago by a clock that is `off_s` ahead."""
    at = Instant(at=NOON + timedelta(seconds=off_s - age_s), boot=boot, mono=HERE.mono - age_s)
    body = body or e.NoteAdded(text="x")
    return Event(seq=2, id="x", type=body.type, is_fact=body.is_fact, instant=at, actor=actor, body=body)


def seen(*events: Event) -> Clocks:
    clocks = Clocks()
    for event in events:
        clocks.arrived(event, HERE)
    return clocks


@given(st.floats(-1e5, 1e5), st.floats(0, 4))
def test_within_a_boot_the_monotonic_clock_takes_out_how_long_it_was_on_its_way(off_s: float, age_s: float) -> None:
    found = ahead_s(arrived(off_s, boot="here", age_s=age_s), HERE)
    assert found is not None
    assert abs(found - off_s) < 1e-3


def test_an_old_event_of_this_boot_tells_nothing_its_clock_may_have_been_set_since() -> None:
    assert ahead_s(arrived(300, boot="here", age_s=6), HERE) is None


def test_a_clock_that_is_as_good_as_most_is_not_told_of() -> None:
    assert seen(arrived(SKEW_S - 1), arrived(1 - SKEW_S, actor=ANA)).worst is None


def test_a_clock_minutes_ahead_or_behind_is_told_with_whose_it_is() -> None:
    worst = seen(arrived(240)).worst
    assert worst is not None
    assert (worst.who, worst.host, round(worst.ahead_s)) == ("bo", "bastion-2", 240)
    worst = seen(arrived(-240)).worst
    assert worst is not None
    assert round(worst.ahead_s) == -240


def test_what_was_held_up_on_its_way_is_no_clock_that_is_behind() -> None:
    assert seen(arrived(0), *(arrived(0, age_s=90) for _ in range(4))).worst is None


def test_the_keeper_s_clock_comes_first() -> None:
    sample = arrived(-60, body=e.ProbesSampled(ages=()), actor=ANA)
    worst = seen(arrived(400), sample).worst
    assert worst is not None
    assert worst.who == "keeper"


def test_once_it_is_set_right_it_is_told_no_more() -> None:
    clocks = seen(arrived(240))
    for _ in range(5):
        clocks.arrived(arrived(0), HERE)
    assert clocks.worst is None


def test_two_screens_of_one_person_are_two_clocks() -> None:
    mine, other = Actor("ana", "h", tty="pts/1"), Actor("ana", "h", tty="pts/2")
    assert seen(arrived(0, actor=mine), arrived(-240, actor=other)).worst is not None
