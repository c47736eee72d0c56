"""Orders of another host, whose clock differs: old by this host's clock, or not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cockpit.keeper.offsets import Offsets
from cockpit.keeper.orders import age_s
from cockpit.run.events import Actor, Event, Instant, NoteAdded

START = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)


def at(seconds: float, boot: str, ahead_s: float = 0.0) -> Instant:
    return Instant(START + timedelta(seconds=seconds + ahead_s), boot, seconds)


def written(seconds: float, ahead_s: float, boot: str = "birch") -> Event:
    return Event(1, "id", "note.added", True, at(seconds, boot, ahead_s), Actor("bo", boot), NoteAdded(text="x"))


@pytest.mark.parametrize("ahead_s", [-40.0, 0.0, 40.0])
def test_an_order_is_as_old_as_it_took_to_come_whatever_the_other_clock_says(ahead_s: float) -> None:
    offsets = Offsets()
    for second in range(5):
        offsets.read(written(second, ahead_s), at(second + 0.05, "ash"))
    soon, late = written(10.0, ahead_s), written(11.0, ahead_s)
    offsets.read(soon, at(10.1, "ash"))
    assert age_s(offsets.here(soon).instant, at(10.1, "ash")) == pytest.approx(0.05, abs=0.1)
    offsets.read(late, at(31.0, "ash"))
    assert age_s(offsets.here(late).instant, at(31.0, "ash")) == pytest.approx(20, abs=0.1), "it was long on its way"


def test_a_clock_that_was_set_is_followed_and_ones_own_is_left_alone() -> None:
    offsets = Offsets()
    offsets.read(written(0, 0), at(0.1, "ash"))
    assert age_s(offsets.here(written(1, 60)).instant, at(1, "ash")) < -50
    offsets.read(written(1, 60), at(1.1, "ash"))
    assert age_s(offsets.here(written(2, 60)).instant, at(2, "ash")) == pytest.approx(0, abs=0.2), (
        "set forward: at once"
    )
    back = written(700, 0)
    offsets.read(back, at(700.1, "ash"))
    assert age_s(offsets.here(back).instant, at(700.1, "ash")) == pytest.approx(0, abs=0.2), "set back: in ten minutes"
    own = written(3, 0, boot="ash")
    offsets.read(own, at(3, "ash"))
    assert offsets.here(own) is own
