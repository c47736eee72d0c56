"""Readings that a keeper on another host took: their ages, by a clock that has nothing to do with that host's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cockpit.profile.model import Probe
from cockpit.run.elapsed import elapsed_s
from cockpit.run.events import Actor, Event, Instant, NoteAdded, ProbesSampled
from cockpit.run.evidence import probe_now
from cockpit.run.sampled import told
from cockpit.run.state_watch import ProbeState
from cockpit.session.own_clock import OwnClock

AT = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)
PROBE = Probe(id="api", kind="http")


def here(mono: float) -> Instant:
    return Instant(AT, "birch", mono)


def sample(mono: float, age_s: int = 1, boot: str = "ash") -> Event:
    return Event(
        1, "id", "probes.sampled", False, Instant(AT, boot, mono), Actor("ana", "ash"), ProbesSampled(ages=(age_s,))
    )


def shown(event: Event, now: Instant) -> tuple[str, float | None]:
    known = told({"api": ProbeState(status="pass")}, [event])["api"]
    seen = probe_now(PROBE, known, now)
    return seen.status, seen.age_s


@pytest.mark.parametrize("ahead_s", [-90_000.0, 0.0, 90_000.0])
def test_a_reading_of_another_host_is_as_old_as_it_is(ahead_s: float) -> None:
    clock = OwnClock()
    assert shown(sample(50 + ahead_s), here(50)) == ("stale", None), "of another boot nothing follows"
    clock.here(sample(100 + ahead_s), here(100.5))  # this one took long
    clock.here(sample(101 + ahead_s), here(101.01))
    status, age_s = shown(clock.here(sample(102 + ahead_s), here(102.3)), here(105))
    assert status == "pass"
    assert age_s == pytest.approx(1 + 3, abs=0.02)


def test_what_comes_late_all_at_once_is_not_taken_for_new() -> None:
    clock = OwnClock()
    clock.here(sample(100), here(7.01))
    status, age_s = shown(clock.here(sample(110), here(77)), here(77))
    assert age_s == pytest.approx(1 + 60, abs=0.1)
    assert status == "stale"


def test_how_long_somebody_did_nothing_is_told_by_this_hosts_clock_too() -> None:
    clock = OwnClock()
    note = Event(1, "id", "note.added", True, Instant(AT, "ash", 5), Actor("ana", "ash"), NoteAdded(text="x"))
    came = clock.here(note, here(60)).instant
    assert elapsed_s(came, Instant(AT + timedelta(hours=1), "birch", 62)) == 2, "whatever the wall clocks say"
    assert came.at == AT


def test_what_is_of_this_host_stays_as_it_is() -> None:
    clock, own = OwnClock(), sample(5, boot="birch")
    assert clock.here(own, here(6)) is own
