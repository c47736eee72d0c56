"""How long steps took before: what counts, and that old logs can do no harm."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from session_runs import PROFILE, new_run

from cockpit.audit.files import FileStore
from cockpit.audit.layout import log_path
from cockpit.audit.line import draft
from cockpit.audit.tail import Tail
from cockpit.errors import RunError
from cockpit.profile.model import Phase, Profile, Step, Window
from cockpit.run import events as e
from cockpit.session import timings
from cockpit.session.timings import Timings, earlier_timings

ANA = e.Actor("ana", "bastion-1")
STEPS = ("first", "second")
SHORT = replace(
    PROFILE, phases=(Phase(id="one", title="One", steps=tuple(Step(id=name, title=name) for name in STEPS)),)
)


def walked(tmp_path: Path, *seconds: float, profile: Profile = SHORT, finish: bool = True, **started: object) -> Path:
    """A run in which each step took so long."""
    run_dir = new_run(tmp_path, profile, **started)
    store = FileStore.open(run_dir)
    tail = Tail(run_dir)
    began = tail.read()[0].event.instant
    tail.close()
    passed = 0.0

    def say(body: e.Body) -> None:
        at = e.Instant(began.at + timedelta(seconds=passed), began.boot, began.mono + passed)
        store.append(None, draft(body, ANA, at))

    for step, took_s in zip(STEPS, seconds, strict=False):
        passed += took_s
        say(e.StepConfirmed(step=step, attempt=1))
    if finish:
        say(e.RunFinished())
    store.close()
    return run_dir


def known(tmp_path: Path) -> Timings:
    return earlier_timings("virtue", STEPS, tmp_path / "runs")


def test_the_median_of_finished_runs_counts_and_not_an_outlier(tmp_path: Path) -> None:
    for took_s in (100, 140, 5000):
        walked(tmp_path, took_s, 10)
    assert known(tmp_path) == Timings({"first": 140.0, "second": 10.0}, 3)


def test_a_new_run_carries_them(tmp_path: Path) -> None:
    walked(tmp_path, 100, 10)
    tail = Tail(new_run(tmp_path, SHORT))
    body = tail.read()[0].event.body
    tail.close()
    assert isinstance(body, e.RunStarted)
    assert (body.medians, body.earlier_runs) == ({"first": 100.0, "second": 10.0}, 1)


def test_rehearsals_count_and_other_environments_of_the_same_profile(tmp_path: Path) -> None:
    walked(tmp_path, 100, 10, rehearsal=True)
    walked(tmp_path, 200, 10, profile=replace(SHORT, environment="production"))
    assert known(tmp_path).medians["first"] == 150.0


def test_live_runs_other_profiles_and_steps_that_were_dropped_do_not_count(tmp_path: Path) -> None:
    walked(tmp_path, 100, finish=False)
    walked(tmp_path, 100, 10, profile=replace(SHORT, id="other"))
    assert known(tmp_path) == Timings({}, 0)
    walked(tmp_path, 100, 10)
    assert earlier_timings("virtue", ["second"], tmp_path / "runs").medians == {"second": 10.0}


def test_what_a_rehearsal_merely_showed_does_not_count(tmp_path: Path) -> None:
    act = Step(id="first", title="First", kind="command", behaviour="action")
    profile = replace(SHORT, phases=(Phase(id="one", title="One", steps=(act,)),))
    for mode, expected in (("shown", {}), ("real", {"first": 30.0})):
        run_dir = new_run(tmp_path, profile)
        store = FileStore.open(run_dir)
        tail = Tail(run_dir)
        began = tail.read()[0].event.instant
        tail.close()
        later = e.Instant(began.at + timedelta(seconds=30), began.boot, began.mono + 30)
        for body in (
            e.ActionRequested(action="A", step="first", attempt=1, epoch=1),
            e.ActionStarted(action="A", step="first", attempt=1, shown="", runs_as="ana@bastion-1", mode=mode),  # type: ignore[arg-type]
            e.ActionEnded(action="A", step="first", outcome="succeeded"),
            e.StepConfirmed(step="first", attempt=1),
            e.RunFinished(),
        ):
            store.append(None, draft(body, ANA, later))
        store.close()
        assert known(tmp_path).medians == expected


def test_a_step_that_waited_for_the_window_and_what_came_before_it_do_not_count(tmp_path: Path) -> None:
    opens = datetime.now(UTC) + timedelta(hours=1)
    night = Window(start=opens.isoformat(), end=(opens + timedelta(hours=4)).isoformat())
    walked(tmp_path, 5000, 10, profile=replace(SHORT, window=night))
    assert known(tmp_path).medians == {"second": 10.0}
    earlier = replace(SHORT.phases[0], stage="before")
    walked(tmp_path, 5000, 10, profile=replace(SHORT, phases=(earlier,)))
    assert known(tmp_path).medians == {"second": 10.0}
    walked(tmp_path, 100, 10, profile=replace(SHORT, window=night))
    assert known(tmp_path).medians == {"first": 100.0, "second": 10.0}, "rehearsed in the afternoon"


def test_only_the_newest_runs_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timings, "NEWEST", 2)
    for took_s in (900, 100, 200):
        walked(tmp_path, took_s, 10)
    assert known(tmp_path) == Timings({"first": 150.0, "second": 10.0}, 2)


def test_logs_beyond_the_budget_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    walked(tmp_path, 100, 10)
    monkeypatch.setattr(timings, "_BUDGET_BYTES", 100)
    assert known(tmp_path) == Timings()


@pytest.mark.parametrize(
    "damage",
    [b"", b"\x00" * 3000, b"nonsense\n" * 3, b'{"id":"virtue"}\n', b'{"v":1,"class":"fact","id":"virtue"}\n'],
)
def test_a_damaged_log_costs_that_log_only(tmp_path: Path, damage: bytes) -> None:
    walked(tmp_path, 100, 10)
    log_path(walked(tmp_path, 1, 1)).write_bytes(damage)
    assert known(tmp_path) == Timings({"first": 100.0, "second": 10.0}, 1)


def test_a_torn_line_and_what_is_no_log_are_stepped_over(tmp_path: Path) -> None:
    run_dir = walked(tmp_path, 100, 10)
    raw = log_path(run_dir).read_bytes().split(b"\n")
    log_path(run_dir).write_bytes(b"\n".join([raw[0], b'{"class":"fact","torn', *raw[1:]]))
    (tmp_path / "runs" / "ZZ-empty").mkdir()
    os.mkfifo(log_path(tmp_path / "runs" / "ZZ-empty"))
    (tmp_path / "runs" / "a-file").write_text("x")
    assert known(tmp_path).runs == 1


def test_no_folder_is_no_timing(tmp_path: Path) -> None:
    assert earlier_timings("virtue", STEPS, tmp_path / "none") == Timings()


def test_files_that_steps_name_are_fixed_at_the_start_or_the_run_does_not_begin(tmp_path: Path) -> None:
    act = Step(id="first", title="First", kind="sql", behaviour="action", settings={"files": ["a.sql"]})
    profile = replace(SHORT, phases=(Phase(id="one", title="One", steps=(act,)),))
    with pytest.raises(RunError, match=r"cannot begin: file `a.sql` cannot be read"):
        new_run(tmp_path, profile)
    assert not any((tmp_path / "runs").iterdir()) if (tmp_path / "runs").exists() else True
    (tmp_path / "a.sql").write_text("select 1")
    tail = Tail(new_run(tmp_path, profile))
    body = tail.read()[0].event.body
    tail.close()
    assert isinstance(body, e.RunStarted)
    assert list(body.files) == ["a.sql"]
    assert len(body.files["a.sql"]) == 64


def test_a_rehearsal_says_so_and_why(tmp_path: Path) -> None:
    tail = Tail(new_run(tmp_path, SHORT, rehearsal=True, rehearsal_reason=" to\x1b learn "))
    entry = tail.read()[0]
    tail.close()
    assert isinstance(entry.event.body, e.RunStarted)
    assert (entry.event.body.rehearsal, entry.event.body.rehearsal_reason) == (True, "to␛ learn")
    assert entry.event.instant.at <= datetime.now(UTC)
