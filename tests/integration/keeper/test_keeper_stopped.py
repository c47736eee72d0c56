"""`cockpit stop`: real keepers that are asked to end, that hang, and what goes on without them."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from keeper_stage import Stage, until
from looks import HANGS_S

from cockpit.audit.poison import Poison
from cockpit.audit.verify import verify
from cockpit.cli import main
from cockpit.cli import stopping as command
from cockpit.errors import RunError
from cockpit.exits import Exit
from cockpit.session import continuing, stopping
from cockpit.session.follower import Follower
from cockpit.session.identity import actor

COMMAND = """
id = "stage"
environment = "staging"
[variables.base]
value = "{url}"
[[phases]]
id = "one"
title = "One"
[[phases.steps]]
id = "act"
title = "Act for long"
kind = "command"
script = "echo begun; while [ ! -e {more} ]; do sleep 0.02; done; echo over"
"""

Cockpit = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cockpit(capsys: pytest.CaptureFixture[str]) -> Cockpit:
    """The command in this process: status, what it printed, what it said."""

    def call(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        said = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, said.out, said.err

    return call


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "PATIENCE_S", 0.3)
    monkeypatch.setattr(command, "_AGAIN_S", 0.1)


def test_a_keeper_that_is_asked_to_ends_in_order_and_says_who_asked_and_why(stage: Stage, cockpit: Cockpit) -> None:
    stage.begin()
    keeper = stage.keeper()
    until(lambda: stage.bodies("probe.changed"), "a reading")
    status, _, said = cockpit("stop", str(stage.run_dir), "--reason", "the host is patched\x1b[31m")
    assert (status, keeper.wait(60)) == (Exit.OK, 0)
    assert f"(process {keeper.pid}) ended; the run stays live. Go on: cockpit resume" in said
    (asked,) = stage.events("keeper.stop_requested")
    assert (asked.actor.user, asked.body) == (
        actor().user,
        type(asked.body)(epoch=1, reason="the host is patched␛[31m"),
    )
    (stopped,) = stage.bodies("keeper.stopped")
    assert stopped.reason == f"stopped by {actor().user}: the host is patched␛[31m"
    state = stage.state
    assert (state.status, state.keeper and state.keeper.stopped_by) == ("live", actor().user)
    assert [deviation.kind for deviation in state.deviations] == ["keeper"]
    status, _, said = cockpit("stop", str(stage.run_dir), "--reason", "again")
    assert status == Exit.REFUSED
    assert f"no keeper of {stage.run_dir.name} lives (stopped by {actor().user}: the host is patched" in said
    stage.keeper()
    until(lambda: stage.state.keeper and stage.state.keeper.epoch == 2, "what the second one says")
    assert stage.state.keeper is not None
    assert stage.state.keeper.stopped_by == "", "another one begins afresh"


def test_runs_shows_the_keeper_of_each_live_run_and_why_there_is_none(
    stage: Stage, cockpit: Cockpit, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.begin()
    monkeypatch.setenv("COCKPIT_RUNS", str(stage.run_dir.parent))
    assert cockpit("runs")[1].splitlines()[1].endswith("no keeper")
    keeper = stage.keeper()
    until(lambda: stage.events("keeper.started"), "what it says")
    began = stage.events("keeper.started")[0].instant.at
    assert cockpit("runs")[1].splitlines()[1].endswith(f"  {keeper.pid}, epoch 1, since {began:%H:%M}")
    (row,) = json.loads(cockpit("runs", "--format", "json")[1])
    assert (row["keeper"], row["keeper_pid"], row["keeper_epoch"]) == ("alive", keeper.pid, 1)
    assert 0 <= row["keeper_silent_s"] < HANGS_S
    assert cockpit("stop", str(stage.run_dir), "--reason", "enough")[0] == Exit.OK
    assert cockpit("runs")[1].splitlines()[1].endswith(f"no keeper (stopped by {actor().user}: enough)")


def test_what_runs_under_its_shim_is_named_and_goes_on(stage: Stage, cockpit: Cockpit, tmp_path: Path) -> None:
    stage.begin(profile=COMMAND, more=str(tmp_path / "go"))
    stage.keeper()
    action = stage.order("act")
    until(lambda: any("begun" in body.text for body in stage.bodies("action.output")), "a command that runs")
    status, _, said = cockpit("stop", str(stage.run_dir), "--reason", "the host is patched")
    assert status == Exit.OK
    first, last = said.strip().splitlines()
    assert first.startswith("cockpit: 1.1 Act for long runs and goes on: process ")
    assert "the run stays live" in last
    child = int(first.split("process ")[1].split(",")[0])
    os.kill(child, 0)
    (tmp_path / "go").touch()
    stage.keeper()
    assert stage.ending(action).outcome == "succeeded"
    assert len(stage.bodies("action.started")) == 1


@pytest.mark.usefixtures("impatient")
def test_a_keeper_that_hangs_is_named_and_killed_only_where_that_was_asked_for(stage: Stage, cockpit: Cockpit) -> None:
    stage.begin()
    keeper = stage.keeper()
    until(lambda: stage.events("keeper.started"), "what it says")
    stage.freeze(keeper)
    status, _, said = cockpit("stop", str(stage.run_dir), "--reason", "it is silent")
    assert status == Exit.FAILED
    assert f"(process {keeper.pid}) was asked to end and did not within 0.3 s: it hangs" in said
    assert f"kill it: cockpit stop {stage.run_dir} --reason TEXT --kill" in said
    assert keeper.poll() is None
    status, _, said = cockpit("stop", str(stage.run_dir), "--reason", "it hangs", "--kill")
    assert (status, keeper.wait(60)) == (Exit.OK, -signal.SIGKILL)
    (stopped,) = stage.events("keeper.stopped")
    assert stopped.actor.user == actor().user
    assert stage.state.keeper is not None
    assert stage.state.keeper.stopped == f"killed by {actor().user}, since it did not end: it hangs"


@pytest.mark.usefixtures("impatient")
def test_a_keeper_that_hangs_over_a_log_that_takes_no_word_is_ended_by_force(
    stage: Stage, cockpit: Cockpit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What `W` says there, and what `stop` says then, lead on and not back to each other."""
    stage.begin()
    keeper = stage.keeper()
    until(lambda: stage.events("keeper.started"), "what it says")
    stage.freeze(keeper)
    Poison(stage.run_dir).put("the disk is full")
    monkeypatch.setattr(continuing, "KEEPER_S", 0.1)
    follower = Follower(stage.run_dir)
    with pytest.raises(RunError, match=r"hangs, or is stopped; end it: cockpit stop \S+ --kill --reason TEXT"):
        continuing.go_on(stage.run_dir, tmp_path / "spare", actor(), follower)
    status, _, said = cockpit("stop", str(stage.run_dir), "--reason", "it hangs")
    assert status == Exit.FAILED
    assert "to end it all the same, add --kill" in said
    status, _, _ = cockpit("stop", str(stage.run_dir), "--reason", "it hangs", "--kill")
    assert (status, keeper.wait(60)) == (Exit.OK, -signal.SIGKILL)
    new_dir, _ = continuing.go_on(stage.run_dir, tmp_path / "spare", actor(), follower)
    follower.close()
    assert verify(new_dir).ok


@pytest.mark.usefixtures("impatient")
def test_only_the_holder_of_the_lock_is_killed(stage: Stage, cockpit: Cockpit) -> None:
    stage.begin()
    keeper = stage.keeper()
    until(lambda: stage.events("keeper.started"), "what it says")
    stage.freeze(keeper)
    other = os.getpid()
    beat = stage.run_dir / "locks" / "keeper.beat"
    beat.write_text(beat.read_text().replace(f" {keeper.pid} ", f" {other} "))
    status, _, said = cockpit("stop", str(stage.run_dir), "--reason", "it hangs", "--kill")
    assert status == Exit.FAILED
    assert f"process {other}, which beat last, does not hold the keeper's lock" in said
    assert keeper.poll() is None


def test_what_cannot_be_stopped_is_refused_in_a_sentence(
    stage: Stage, cockpit: Cockpit, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.begin()
    monkeypatch.setenv("COCKPIT_RUNS", str(stage.run_dir.parent))
    assert "there is no run NONE" in cockpit("stop", "NONE", "--reason", "x")[2]
    status, _, said = cockpit("stop", str(stage.run_dir), "--reason", "x")
    assert (status, f"no keeper of {stage.run_dir.name} lives; start one" in said) == (Exit.REFUSED, True)
    keeper = stage.keeper()
    until(lambda: stage.events("keeper.started"), "what it says")
    for reason in ([], ["--reason", "  "]):
        status, _, said = cockpit("stop", str(stage.run_dir), *reason)
        assert (status, "needs a reason; give it: --reason TEXT" in said) == (Exit.REFUSED, True)
    assert keeper.poll() is None
    assert stage.bodies("keeper.stop_requested") == []


def test_a_keeper_takes_no_notice_of_what_was_asked_of_another(stage: Stage) -> None:
    from cockpit.run.events import KeeperStopRequested

    stage.begin()
    keeper = stage.keeper()
    until(lambda: stage.events("keeper.started"), "what it says")
    stage.append(KeeperStopRequested(epoch=7, reason="another"))
    sampled = len(stage.events("probes.sampled"))
    until(lambda: len(stage.events("probes.sampled")) > sampled, "another sample")
    assert keeper.poll() is None
