"""What an exit file is taken for, and what a shim sees of processes that are hidden from it."""

from __future__ import annotations

import builtins
import os
from typing import Any

import pytest

from cockpit.actions.command.declaration import CommandSettings
from cockpit.actions.command.runner import outcome_of
from cockpit.actions.shim import processes
from cockpit.actions.shim.record import Exit


@pytest.mark.parametrize("end", [Exit(cancelled=True, left=["7 sudo"]), Exit(code=0, timed_out=True, left=["7 sudo"])])
def test_what_was_to_be_stopped_and_goes_on_is_an_unknown_end(end: Exit):
    outcome, said = outcome_of(end, CommandSettings(argv=("sudo",)), 5.0)
    assert outcome == "unknown"
    assert said.endswith("not all of it could be ended")


def test_what_a_command_left_running_by_itself_does_not_change_its_end():
    assert outcome_of(Exit(code=0, left=["7 daemon"]), CommandSettings(argv=("x",)), 5.0)[0] == "succeeded"


def test_processes_that_proc_hides_are_nobody_of_ours(monkeypatch: pytest.MonkeyPatch):
    there = builtins.open
    own = {each.pid for each in processes.descendants(os.getpid())}  # what other tests of this process keep

    def hidden(path: str, *args: Any, **kwargs: Any) -> Any:
        if path == f"/proc/{os.getppid()}/stat":
            raise PermissionError(1, "Operation not permitted", path)
        return there(path, *args, **kwargs)

    monkeypatch.setattr(builtins, "open", hidden)
    assert processes.look(os.getppid()) is None
    assert {each.pid for each in processes.descendants(os.getpid())} <= own
