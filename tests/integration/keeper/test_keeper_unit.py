"""A keeper that a systemd unit starts: it waits its turn, undoes nobody's stop, and retires its unit at the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from keeper_stage import Stage, confirm, do, until

from cockpit.run.commands import AbortRun, Refusal, StopKeeper
from cockpit.run.events import Actor
from cockpit.session.trust_foreign import foreign
from cockpit.session.trust_memory import Confirmed, remember, remembered
from cockpit.session.trust_runs import executed_by


@pytest.fixture
def systemctl(tmp_path: Path) -> Path:
    """A `systemctl` that only notes what it was asked."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "systemctl"
    program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n')
    program.chmod(0o755)
    return tmp_path / "asked"


def by_unit(stage: Stage, systemctl: Path) -> subprocess.Popen[bytes]:
    """As the unit's ExecStart would."""
    env = {**os.environ, "COCKPIT_UNIT": f"cockpit-{stage.run_dir.name}.service"}
    env["PATH"] = f"{systemctl.parent}/bin:{env['PATH']}"
    with (stage.folder / "unit.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "cockpit.keeper", str(stage.run_dir)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env=env,
        )  # fmt: skip
    stage.keepers.append(process)
    return process


def waits(process: subprocess.Popen[bytes]) -> bool:
    """It stands in the kernel's queue for the lock, or has not come so far."""
    locks = Path("/proc/locks").read_text()
    return " -> OFDLCK " in locks and process.poll() is None


def test_it_waits_while_another_lives_takes_over_when_that_dies_and_retires_its_unit(
    stage: Stage, systemctl: Path
) -> None:
    stage.begin()
    first = stage.keeper()
    second = by_unit(stage, systemctl)
    until(lambda: waits(second), "a keeper in the queue")
    until(lambda: len(stage.bodies("keeper.started")) == 1, "what the first one says")
    first.send_signal(signal.SIGKILL)
    first.wait()
    until(lambda: stage.beats(second.pid) and len(stage.bodies("keeper.started")) == 2, "what the second one says")
    began = stage.events("keeper.started")[-1]
    assert (began.body.epoch, began.actor.via) == (2, f"systemd unit cockpit-{stage.run_dir.name}.service")
    with stage.seat() as seat:
        do(seat, AbortRun, reason="no more")
    assert second.wait(60) == 0
    assert systemctl.read_text() == f"--user disable cockpit-{stage.run_dir.name}.service\n"


def test_a_person_who_stopped_the_keeper_is_not_undone_by_a_reboot(stage: Stage, systemctl: Path) -> None:
    stage.begin()
    first = stage.keeper()
    until(lambda: len(stage.bodies("keeper.started")) == 1, "what the first one says")
    second = by_unit(stage, systemctl)
    until(lambda: waits(second), "a keeper in the queue")
    with stage.seat() as seat:
        do(seat, StopKeeper, epoch=1, reason="the host is patched")
    assert (first.wait(60), second.wait(20)) == (0, 0)
    assert by_unit(stage, systemctl).wait(60) == 0
    assert "the host is patched; cockpit resume" in (stage.folder / "unit.log").read_text()
    assert len(stage.bodies("keeper.started")) == 1
    assert not systemctl.exists(), "the run is not over"
    with stage.seat() as seat:
        assert isinstance(confirm(seat, "second"), Refusal)
    stage.keeper()
    until(lambda: len(stage.bodies("keeper.started")) == 2, "the keeper that a screen starts all the same")


def test_a_run_from_elsewhere_is_not_executed_by_a_reboot_until_somebody_here_confirmed_it(
    stage: Stage, systemctl: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(stage.folder / "config"))  # no policy: every first use is asked
    monkeypatch.setenv("XDG_STATE_HOME", str(stage.folder / "state"))
    monkeypatch.setattr("cockpit.session.creating.actor", lambda: Actor(user="eve", host="elsewhere"))
    run_dir = stage.begin()
    assert by_unit(stage, systemctl).wait(60) == 4
    said = (stage.folder / "unit.log").read_text()
    assert "was begun elsewhere, and nobody here has confirmed what its profile executes" in said
    assert f"cockpit resume {run_dir.name}" in said
    assert stage.bodies("keeper.started") == []
    began = foreign(run_dir)
    assert began is not None
    done = executed_by(began)
    remember(remembered("stage", "staging"), Confirmed(done.digest, datetime.now(UTC), "ana", "asked"), done.keys)
    keeper = by_unit(stage, systemctl)
    until(lambda: len(stage.bodies("keeper.started")) == 1, "the keeper of a run that was confirmed")
    keeper.terminate()
    keeper.wait(60)
