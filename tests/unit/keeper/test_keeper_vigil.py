"""When a probe's status changes."""

from __future__ import annotations

from cockpit.keeper.vigil import Vigil, stale_after_s
from cockpit.profile.model import Probe
from cockpit.run.events import ProbeChanged
from cockpit.run.readings import Reading, Status

PROBE = Probe(id="api", kind="http", interval_s=2, timeout_s=1)


def reading(status: Status = "pass", at: float = 0.0, detail: str = "") -> Reading:
    return Reading(probe="api", status=status, value=1, unit="ms", detail=detail, began_mono=at, ended_mono=at)


def told(events: object) -> list[tuple[str, str]]:
    return [(event.previous, event.status) for event in events if isinstance(event, ProbeChanged)]  # type: ignore[attr-defined] # any iterable of events


def test_a_change_is_told_once_with_what_was_before() -> None:
    vigil = Vigil([PROBE], {}, 0.0)
    assert told(vigil.take(reading("pass"))) == [("unread", "pass")]
    assert told(vigil.take(reading("pass"))) == []
    (event,) = vigil.take(reading("fail", detail="status is 500"))
    assert (event.previous, event.status, event.value, event.detail) == ("pass", "fail", 1, "status is 500")


def test_failing_counts_from_fail_after_in_a_row_on() -> None:
    vigil = Vigil([Probe(id="api", kind="http", fail_after=3)], {}, 0.0)
    statuses = ("pass", "fail", "fail", "pass", "fail", "error", "fail")
    assert [told(vigil.take(reading(status))) for status in statuses] == [
        [("unread", "pass")], [], [], [], [], [], [("pass", "fail")],
    ]  # fmt: skip


def test_a_reading_older_than_two_intervals_is_stale() -> None:
    vigil = Vigil([PROBE], {}, 0.0)
    list(vigil.take(reading(at=10.0)))
    assert stale_after_s(PROBE) == 4.0
    assert told(vigil.look(14.0)) == []
    assert not vigil.is_stale("api", 14.0)
    assert told(vigil.look(14.1)) == [("pass", "stale")]
    assert vigil.is_stale("api", 14.1)
    assert told(vigil.look(16.0)) == []


def test_a_new_reading_ends_staleness() -> None:
    vigil = Vigil([PROBE], {}, 0.0)
    list(vigil.take(reading(at=0.0)))
    list(vigil.look(100.0))
    assert told(vigil.take(reading(at=100.0))) == [("stale", "pass")]


def test_a_probe_that_was_never_read_is_not_stale() -> None:
    assert told(Vigil([PROBE], {}, 0.0).look(1000.0)) == []


def test_a_second_keeper_goes_on_from_what_the_first_said() -> None:
    vigil = Vigil([PROBE], {"api": "fail"}, 50.0)
    assert told(vigil.take(reading("fail", at=51.0))) == []
    assert told(vigil.take(reading("pass", at=52.0))) == [("fail", "pass")]


def test_what_the_first_said_becomes_stale_too() -> None:
    vigil = Vigil([PROBE], {"api": "pass"}, 50.0)
    assert told(vigil.look(54.0)) == []
    assert told(vigil.look(54.1)) == [("pass", "stale")]


def test_one_failing_reading_of_a_patient_probe_changes_nothing_across_a_restart() -> None:
    vigil = Vigil([Probe(id="api", kind="http", fail_after=2)], {"api": "pass"}, 0.0)
    assert told(vigil.take(reading("fail"))) == []
