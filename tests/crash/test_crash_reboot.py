"""The host is started again in the middle of a run: simulated by another boot id and a clock that begins anew."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from seated import Night, night, until

from cockpit.audit import layout
from cockpit.audit.locks import holder_alive
from cockpit.run.commands import RunAction
from cockpit.run.events import ActionEnded, ActionStarted, KeeperStarted, WaitBegan, WaitCompleted
from cockpit.session.identity import actor
from cockpit.session.outcomes import Done
from cockpit.session.seat import Seat
from cockpit.session.spawn import start_keeper

COMMAND = """
[[phases]]
id = "one"
title = "One"
[[phases.steps]]
id = "long"
title = "A long one"
kind = "command"
script = "echo x >> '{folder}/effects'; sleep 600"
timeout = "20m"
"""
WAIT = """
[[phases]]
id = "one"
title = "One"
[[phases.steps]]
id = "rest"
title = "A rest"
kind = "wait"
duration = "3s"
"""
NEXT_BOOT = """
import runpy, sys, time
from pathlib import Path
import cockpit.audit.clock as clock
import cockpit.actions.shim.processes as processes
import cockpit.actions.shim.record as record
import cockpit.actions.command.following as following
import cockpit.keeper.watching as watching
for module in (clock, processes, record, following, watching):
    module.boot_id = lambda: "00000000-0000-4000-8000-000000000002"
sys.argv = ["cockpit.keeper", sys.argv[1]]
runpy.run_module("cockpit.keeper", run_name="__main__")
"""
"""A keeper of a later boot. Its CLOCK_MONOTONIC goes on: only the id says that it may not be compared."""


def power_off(it: Night) -> None:
    """All that the run has started is gone at once."""
    keeper = it.keeper_pid()
    os.kill(keeper, signal.SIGSTOP)  # it must not see the others go
    for status in layout.outputs_dir(it.run_dir).glob("*.status"):
        _kill(int(json.loads(status.read_text())["pid"]))
        _kill(int(json.loads(status.read_text()).get("child") or 0))
    _kill(keeper)
    until(lambda: not holder_alive(layout.keeper_lock(it.run_dir)), "the keeper's death")


def has_child(it: Night) -> bool:
    """Whether a shim has noted which process it started; it does so a moment after the start."""
    return any(json.loads(each.read_text()).get("child") for each in layout.outputs_dir(it.run_dir).glob("*.status"))


def _kill(pid: int) -> None:
    if pid:
        with suppress(ProcessLookupError):  # it has just ended by itself
            os.kill(pid, signal.SIGKILL)


def boot(it: Night) -> None:
    """Start a keeper on the host that was started again."""
    log = (it.folder / "keeper.log").open("wb")
    with log:
        argv = [sys.executable, "-P", "-c", NEXT_BOOT, str(it.run_dir)]
        keeper = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    threading.Thread(target=keeper.wait, daemon=True).start()
    until(lambda: len(it.bodies(KeeperStarted)) == 2, "a keeper after the reboot")


def test_a_command_that_ran_when_the_host_went_down_is_unknown_and_says_so(tmp_path: Path) -> None:
    with night(tmp_path / "night", COMMAND.format(folder=tmp_path)) as it:
        start_keeper(it.run_dir)
        it.keeper_pid()
        seat = Seat.open(it.run_dir, actor())
        cursor = seat.view.state.cursor
        assert cursor is not None
        until(lambda: it.state.keeper, "the keeper's word")
        command = seat.command(RunAction, step=cursor.step, action="a" * 26, painted_seq=cursor.opened_seq)
        assert isinstance(seat.submit(command), Done)
        seat.close()
        until((tmp_path / "effects").exists, "the command")
        until(lambda: has_child(it), "its number beside it")
        power_off(it)
        boot(it)
        until(lambda: it.bodies(ActionEnded), "what became of it")
        (ended,) = it.bodies(ActionEnded)
        assert (ended.outcome, len(it.bodies(ActionStarted))) == ("unknown", 1)
        assert "this host was started again meanwhile: process " in ended.detail
        assert (tmp_path / "effects").read_text() == "x\n", "it is not run again by itself"
        step = it.state.steps["long"]
        assert step.action is not None
        assert step.action.status == "unknown"


def test_a_wait_goes_on_counting_by_the_wall_clock_while_the_host_is_down(tmp_path: Path) -> None:
    with night(tmp_path / "night", WAIT) as it:
        start_keeper(it.run_dir)
        until(lambda: it.bodies(WaitBegan), "the wait")
        power_off(it)
        boot(it)
        until(lambda: it.bodies(WaitCompleted), "the end of the wait")
        began, *again = [event for event in it.events() if isinstance(event.body, WaitBegan)]
        (completed,) = [event for event in it.events() if isinstance(event.body, WaitCompleted)]
        counted = (completed.instant.at - began.instant.at).total_seconds()
        print(f"a wait of 3 s took {counted:.2f} s over the reboot, begun {1 + len(again)} times")
        assert counted >= 3.0 - 0.1
        assert completed.instant.boot != began.instant.boot
