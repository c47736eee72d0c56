"""Which events are found: by time, person, kind, step, phase and probe."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cockpit.audit.files import FileStore
from cockpit.audit.line import decode, draft
from cockpit.audit.walking import Walk
from cockpit.profile.model import Profile, Window
from cockpit.report.search.filtering import Asked, moments_read
from cockpit.report.search.moments import moment, zone_called
from cockpit.report.search.searching import Search
from cockpit.run import events as e

LOGS = Path(__file__).parents[2] / "logs" / "v1"
BEGAN = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)


def found(log: str | Path, **given: object) -> list[int]:
    """The sequence numbers of what is found."""
    walk = Walk(LOGS / f"{log}.jsonl" if isinstance(log, str) else log)
    lines = [line for some in Search(walk, Asked(**given)).lines() for line in some]
    walk.close()
    assert walk.trouble is None
    return [decode(line).seq for line in lines]


# ---- what is asked for -------------------------------------------------------------------------------------------


def test_nothing_asked_for_is_every_byte() -> None:
    walk = Walk(LOGS / "night.jsonl")
    assert b"".join(line for some in Search(walk, Asked()).lines() for line in some) == walk.path.read_bytes()
    walk.close()


def test_a_person_is_found_by_name_or_by_name_and_host_and_the_machine_as_the_keeper() -> None:
    assert found("night", by=("bo",)) == [30, 31, 32]
    assert found("night", by=("bo@bastion-2",)) == []
    assert found("night", by=("bo@bastion-1", "nobody")) == [30, 31, 32]
    assert found("night", by=("keeper",), types=("keeper.*", "probes.sampled"))[:3] == [3, 9, 10]


def test_a_person_is_found_by_the_name_that_is_proven_and_by_the_account_but_not_by_a_claim(tmp_path: Path) -> None:
    store = FileStore.create(tmp_path / "RUN", "RUN")
    store.append(0, draft(decode((LOGS / "night.jsonl").read_bytes().split(b"\n")[0]).body, e.Actor("eve", "h")))
    proven, claimed = e.Actor("root", "h", sudo="ana", proven=("sudo",)), e.Actor("root", "h", sudo="ana")
    store.append(None, *(draft(e.NoteAdded(text="x"), actor) for actor in (proven, claimed)))
    store.close()
    log = tmp_path / "RUN" / "audit.jsonl"
    assert found(log, by=("ana",)) == [2]
    assert found(log, by=("root",)) == found(log, by=("root@h",)) == [2, 3]


def test_a_name_on_a_shared_account_is_found_from_where_the_log_shows_it_to_be_proven(tmp_path: Path) -> None:
    store = FileStore.create(tmp_path / "RUN", "RUN")
    store.append(0, draft(decode((LOGS / "night.jsonl").read_bytes().split(b"\n")[0]).body, e.Actor("eve", "h")))
    ana = e.Actor("deploy", "h", person="ana", signer="SHA256:a", proven=("person", "signer"))
    proof = e.OperatorIdentified(seat="S", person="ana", key="SHA256:a", text="t", signature="s")
    other = e.Actor("deploy", "h", person="ana", signer="SHA256:b", proven=("person", "signer"))
    for body, actor in ((e.NoteAdded(text="x"), ana), (proof, other), (proof, ana), (e.NoteAdded(text="x"), ana),
                        (e.NoteAdded(text="x"), other)):  # fmt: skip
        store.append(None, draft(body, actor))
    store.close()
    log = tmp_path / "RUN" / "audit.jsonl"
    assert found(log, by=("ana",)) == [4, 5]
    assert found(log, by=("deploy",)) == [2, 3, 4, 5, 6]


def test_types_are_globs_and_ways_of_asking_are_all_to_fit() -> None:
    assert found("night", types=("hold.*", "note.added")) == [31, 32, 33]
    assert found("night", types=("hold.*",), by=("ana",)) == [33]
    assert found("night", class_="telemetry", by=("ana",)) == [2]


def test_a_step_is_found_by_number_or_id_with_its_gates_and_overrides() -> None:
    assert found("night", steps=("1.3",)) == found("night", steps=("validate",)) == [29, 31, 34, 36]
    assert found("night", steps=("vali*",)) == [29, 31, 34, 36]


def test_an_action_is_of_its_step_also_where_its_events_name_the_action_only() -> None:
    about = found("acting", steps=("2.1",))
    assert about == [*range(14, 26)]
    assert found("acting", steps=("2.1",), types=("action.output", "action.cancelled")) == [17, 18]


def test_the_step_of_an_action_is_known_also_where_its_request_is_not_asked_for() -> None:
    since = moment("2026-11-21T21:00:17Z")
    assert found("acting", steps=("2.1",), since=since)[:2] == [17, 18]


def test_a_phase_is_its_gates_and_its_steps() -> None:
    assert found("night", phases=("2",)) == [41, 42, 44, 46]
    assert found("acting", phases=("R1",)) == []


def test_a_probe_is_its_changes_and_the_samples_it_is_in() -> None:
    changed = found("night", probes=("error_rate",), types=("probe.changed",))
    assert changed == [6, 21, 37]
    assert len(found("night", probes=("error_rate",))) > 10


def test_what_a_profile_does_not_have_is_named_with_what_it_has() -> None:
    walk = Walk(LOGS / "night.jsonl")
    search = Search(walk, Asked(steps=("9.9", "validat"), probes=("queu",)))
    assert [line for some in search.lines() for line in some] == []
    walk.close()
    assert search.filter is not None
    assert search.filter.unknown == (
        "no step `9.9` (it has steps 1.1, 1.2, 1.3, 2.1, 2.2)",
        "no step `validat` (did you mean `validate`?)",
        "no probe `queu` (did you mean `queue`?)",
    )


def test_data_that_name_things_in_other_types_are_about_nothing(tmp_path: Path) -> None:
    """An event of a newer version may hold anything; so may a log from outside."""
    store = FileStore.create(tmp_path / "R1", "R1")
    store.append(None, draft(e.NoteAdded(text="x", step="first"), e.Actor(user="ana", host="h")))
    store.close()
    assert found(store.path, steps=("first",)) == []  # no profile, no steps
    assert found(store.path, since=moment("+0s"), until=moment("+1h")) == [1]


# ---- moments -----------------------------------------------------------------------------------------------------


def span(text: str, began: datetime = BEGAN, zone: str = "utc") -> tuple[str, str]:
    begins, ends = moment(text, backwards=True).span(began, zone_called(zone, None))
    assert begins.tzinfo is UTC
    assert ends.tzinfo is UTC
    return (f"{begins:%m-%d %H:%M:%S}", f"{ends:%m-%d %H:%M:%S}")


@pytest.mark.parametrize(
    ("text", "zone", "begins", "ends"),
    [
        ("2026-11-21T22:41Z", "utc", "11-21 22:41:00", "11-21 22:42:00"),
        ("2026-11-21 22:41:07+01:00", "utc", "11-21 21:41:07", "11-21 21:41:08"),
        ("2026-11-21 22:41", "Europe/Madrid", "11-21 21:41:00", "11-21 21:42:00"),
        ("2026-11-21", "Europe/Madrid", "11-20 23:00:00", "11-21 23:00:00"),
        ("22:41", "utc", "11-21 22:41:00", "11-21 22:42:00"),
        ("21:30", "utc", "11-21 21:30:00", "11-21 21:31:00"),
        ("01:15", "utc", "11-22 01:15:00", "11-22 01:16:00"),
        ("01:15", "Europe/Madrid", "11-22 00:15:00", "11-22 00:16:00"),
        ("+1h20m", "Europe/Madrid", "11-21 23:20:00", "11-21 23:20:00"),
        ("-2d", "utc", "11-19 22:00:00", "11-19 22:00:00"),
    ],
)
def test_a_moment_lasts_as_long_as_its_last_digit_says(text: str, zone: str, begins: str, ends: str) -> None:
    assert span(text, zone=zone) == (begins, ends)


def test_since_and_until_the_same_moment_is_all_of_it() -> None:
    assert found("night", since=moment("21:27"), until=moment("21:27"), class_="fact") == [33, 34, 36, 37]


def test_the_hour_that_is_repeated_in_autumn_is_all_of_both() -> None:
    before = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
    assert span("02:30", before, "Europe/Madrid") == ("10-25 00:30:00", "10-25 01:31:00")


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "25:00", "22:41 CET", "2026-13-01", "0001-01-01", "9999-12-31", "+1x", "+", "1e999", "٢٢:٤١"],
)
def test_what_is_no_moment_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"`.*` is (not|no) "):
        moment(text)


@pytest.mark.parametrize("began", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
@pytest.mark.parametrize("text", ["22:41", "+366d", "2026-11-21"])
def test_a_log_from_beyond_the_calendar_is_asked_like_any(began: datetime, text: str) -> None:
    begins, ends = moment(text).span(began, ZoneInfo("Pacific/Kiritimati"))
    assert begins < ends


@pytest.mark.parametrize("name", ["Mars", "../../etc/passwd", "", "Europe", "\x00"])
def test_a_zone_that_is_none_is_refused_in_a_sentence(name: str) -> None:
    with pytest.raises(ValueError, match="there is no time zone"):
        zone_called(name, None)


def test_a_zone_of_a_log_that_this_host_does_not_know_is_utc() -> None:
    window = Window(start="22:00", end="02:00", timezone="Mars/Olympus")
    profile = Profile(id="shop", title="Shop", environment="staging", phases=(), window=window)
    assert zone_called("window", profile) is UTC


@pytest.mark.parametrize(("tz", "hours"), [("Asia/Tokyo", 9), (":America/New_York", -5), ("nonsense", None)])
def test_local_is_the_zone_of_this_host(tz: str, hours: int | None) -> None:
    code = (
        "from cockpit.report.search.moments import zone_called as z; from datetime import datetime as d;"
        "print(d(2026, 11, 21, tzinfo=z('local', None)).utcoffset().total_seconds() / 3600)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "TZ": tz}, capture_output=True, text=True, check=True
    )
    assert hours is None or float(told.stdout) == hours


def test_how_a_moment_was_read_is_told_with_the_zone_of_the_window() -> None:
    walk = Walk(LOGS / "night.jsonl")
    search = Search(walk, Asked(since=moment("22:05"), until=moment("+1h30m")))
    for _ in search.lines():
        pass
    walk.close()
    assert search.filter is not None
    assert moments_read(Asked(since=moment("22:05"), until=moment("+1h30m")), search.filter) == [
        "22:05 is read as 2026-11-21 22:05 UTC (--zone window reads it in Europe/Rome)",
        "+1h30m is read as 2026-11-21 22:30:00 UTC",
    ]


def test_times_between_the_ends_are_all_found() -> None:
    """Inclusive from both ends, by whatever unit."""
    whole = found("night")
    first, last = BEGAN - timedelta(hours=1), BEGAN - timedelta(minutes=19, seconds=49)
    assert found("night", since=moment(f"{first:%H:%M:%S}"), until=moment(f"{last:%H:%M:%S}")) == whole
