"""Making, listing and finding runs."""

from __future__ import annotations

import hashlib
import os
import resource
import stat
import time
from pathlib import Path

import pytest
from msgspec.structs import replace
from session_runs import NO_KINDS, PROFILE, Keeping, append, loaded, new_run

from cockpit.audit import layout
from cockpit.audit.tail import Tail
from cockpit.errors import RunError
from cockpit.profile.model import Step, Window
from cockpit.run import events as e
from cockpit.session import creating, runs
from cockpit.session.creating import create_run
from cockpit.session.finding import find_run
from cockpit.session.identity import actor
from cockpit.session.placed import origin
from cockpit.session.runs import list_runs, live_runs, runs_folder


def started(run_dir: Path) -> e.RunStarted:
    tail = Tail(run_dir)
    body = tail.read()[0].event.body
    tail.close()
    assert isinstance(body, e.RunStarted)
    return body


def test_the_runs_folder_follows_the_environment() -> None:
    assert runs_folder({"COCKPIT_RUNS": "/srv/runs"}) == Path("/srv/runs")
    assert runs_folder({"XDG_STATE_HOME": "/var/state"}) == Path("/var/state/cockpit/runs")
    assert runs_folder({"XDG_STATE_HOME": "relative"}) == Path.home() / ".local/state/cockpit/runs"
    assert runs_folder({}) == Path.home() / ".local/state/cockpit/runs"


def test_a_new_run_is_private_and_carries_its_profile_whole(tmp_path: Path) -> None:
    profile = replace(PROFILE, window=Window(start="22:00", end="02:00"))
    run_dir = new_run(tmp_path, profile, despite={"OLD": " screen\x1b[2J died "})
    assert stat.S_IMODE(run_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE(layout.log_path(run_dir).stat().st_mode) == 0o600
    body = started(run_dir)
    assert body.profile == profile
    assert body.sources[0].name == "virtue.toml"
    assert body.sources[0].digest == hashlib.sha256(body.sources[0].toml.encode()).hexdigest()
    assert body.window_start is not None
    assert body.window_end is not None
    assert (body.window_end - body.window_start).total_seconds() == 4 * 3600
    assert body.despite == {"OLD": "screen␛[2J died"}
    assert origin(run_dir) == tmp_path


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_not_writable_gives_one_sentence_as_a_user(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir(mode=0o500)
    with pytest.raises(RunError, match="cannot be kept"):
        new_run(tmp_path)


def test_a_runs_folder_that_is_a_file_gives_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("not a folder")
    with pytest.raises(RunError, match=r"cannot be kept in .*COCKPIT_RUNS"):
        new_run(tmp_path)
    assert (tmp_path / "runs").read_text() == "not a folder"


def test_a_file_system_without_room_gives_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    # A limit on file sizes fails the same write(2) that a full disk fails, without filling a disk.
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(RunError, match="may not grow") as caught:
            new_run(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "\n" not in str(caught.value)
    assert list_runs(tmp_path / "runs") == []


def test_a_place_where_no_folder_can_be_made_gives_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="COCKPIT_RUNS"):
        create_run(loaded(tmp_path), {}, folder=Path("/proc/self/nothing"), kinds=NO_KINDS)  # type: ignore[arg-type]


def test_a_profile_too_large_for_the_first_line_leaves_no_run_behind(tmp_path: Path) -> None:
    step = Step(id="big", title="Big", instructions="x" * (3 << 20))
    profile = replace(PROFILE, phases=(replace(PROFILE.phases[0], steps=(step,)),))
    with pytest.raises(RunError, match="bytes"):
        new_run(tmp_path, profile)
    assert list_runs(tmp_path / "runs") == []


def test_runs_are_listed_newest_first_with_how_they_stand(tmp_path: Path) -> None:
    one, two, three = (new_run(tmp_path) for _ in range(3))
    append(one, e.RunAborted(reason="no"), e.KeeperStopped(epoch=1, reason="over"))
    append(two, e.NoteAdded(text="hello"))
    keeping = Keeping(two)
    listed = list_runs(tmp_path / "runs")
    assert [run.run_dir for run in listed] == [three, two, one]
    assert [run.status for run in listed] == ["live", "live", "aborted"]
    assert [run.has_keeper for run in listed] == [False, True, False]
    assert listed[1].last_sentence == "bo  note: hello"
    assert (listed[0].profile_id, listed[0].environment, listed[0].user) == ("virtue", "staging", actor().user)
    keeping.lock.release()


def test_damaged_runs_are_listed_as_damaged(tmp_path: Path) -> None:
    good = new_run(tmp_path)
    folder = tmp_path / "runs"
    for name, content in (("A", b""), ("B", b"\xff\xfe no log\n"), ("C", b'{"v":1,"run":"C"'), ("D", None)):
        (folder / name).mkdir()
        if content is not None:
            (folder / name / "audit.jsonl").write_bytes(content)
    (folder / "E").mkdir()
    os.mkfifo(folder / "E" / "audit.jsonl")
    (folder / "a file").write_text("")
    statuses = {run.run: (run.status, run.problem) for run in list_runs(folder)}
    assert statuses.pop(good.name) == ("live", "")
    assert {status for status, _ in statuses.values()} == {"damaged"}
    assert set(statuses) == {"A", "B", "C", "D", "E"}
    assert all(problem for _, problem in statuses.values())


def test_listing_a_long_log_reads_its_ends_alone(tmp_path: Path) -> None:
    run_dir = new_run(tmp_path)
    append(run_dir, *(e.ProbesSampled(ages=(n,)) for n in range(10_000)))
    append(run_dir, e.RunAborted(reason="enough"))
    began = time.perf_counter()
    run = runs.summary(run_dir)
    took_s = time.perf_counter() - began
    assert run.status == "aborted"
    began = time.perf_counter()
    tail = Tail(run_dir)
    while tail.read():
        pass
    tail.close()
    assert took_s < (time.perf_counter() - began) / 3


def test_live_runs_are_those_of_the_same_profile_and_environment(tmp_path: Path) -> None:
    here = new_run(tmp_path)
    new_run(tmp_path, replace(PROFILE, environment="production"))
    over = new_run(tmp_path)
    append(over, e.RunFinished())
    assert [run.run_dir for run in live_runs("virtue", "staging", tmp_path / "runs")] == [here]


def test_a_run_is_found_by_id_prefix_path_or_log(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    run_dir = new_run(tmp_path)
    for token in (run_dir.name, run_dir.name.lower(), run_dir.name[:5], str(run_dir), f"{run_dir}/audit.jsonl"):
        assert find_run(token, folder) == run_dir


def test_an_ambiguous_beginning_lists_what_it_fits(tmp_path: Path) -> None:
    one, two = new_run(tmp_path), new_run(tmp_path)
    with pytest.raises(RunError) as caught:
        find_run(one.name[:3], tmp_path / "runs")
    assert one.name in str(caught.value)
    assert two.name in str(caught.value)
    with pytest.raises(RunError, match="there is no run"):
        find_run("ZZZ", tmp_path / "runs")
    with pytest.raises(RunError, match="there is no run"):
        find_run("", tmp_path / "runs")


def test_without_a_name_the_only_live_run_is_meant(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    with pytest.raises(RunError, match="cockpit run FILE"):
        find_run(None, folder)
    one = new_run(tmp_path)
    two = new_run(tmp_path)
    with pytest.raises(RunError, match="2 runs are live"):
        find_run(None, folder)
    append(two, e.RunFinished())
    assert find_run(None, folder) == one
    append(one, e.RunFinished())
    assert find_run(None, folder) == two  # none is live: this user's newest


def test_of_several_live_runs_this_users_only_one_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = new_run(tmp_path)
    monkeypatch.setattr(creating, "actor", lambda: e.Actor("somebody", "else"))
    new_run(tmp_path)
    monkeypatch.undo()
    assert find_run(None, tmp_path / "runs") == own
