"""What an exit file is taken for, and what a shim sees of processes that are hidden from it."""

from __future__ import annotations

import asyncio
import builtins
import json
import os
from pathlib import Path
from typing import Any

import pytest

from cockpit.actions.command.declaration import CommandSettings
from cockpit.actions.command.following import Following
from cockpit.actions.command.runner import outcome_of
from cockpit.actions.runner import Output
from cockpit.actions.shim import processes
from cockpit.actions.shim.record import Exit, Status, read_exit, read_status
from cockpit.actions.sql.keeping import recall
from cockpit.audit import layout


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


STATUS = Status(pid=7, start_ticks=8, boot="b", at=9.0)


@pytest.mark.parametrize(
    "changed",
    [
        {"pid": "7"}, {"pid": "../7"}, {"pid": None}, {"pid": 1 << 31}, {"pid": -1}, {"at": 1e300},
        {"at": float("nan")}, {"boot": 5}, {"child": []}, {"start_ticks": 10**30}, {"more": 1},
    ],
    ids=str,
)  # fmt: skip
def test_a_status_that_no_shim_wrote_is_none(tmp_path: Path, changed: dict[str, object]):
    path = tmp_path / "A.status"
    path.write_text(json.dumps(STATUS._asdict()))
    assert read_status(str(path)) == STATUS
    path.write_text(json.dumps(STATUS._asdict() | changed))
    assert read_status(str(path)) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"code": "0"}, {"code": -1}, {"stdout": 5}, {"left": [1]}, {"left": "abc"}, {"duration_s": float("inf")},
        {"written_bytes": 10**30}, {"fault": None}, {"signal": {}},
    ],
    ids=str,
)  # fmt: skip
def test_an_end_that_no_shim_left_is_none(tmp_path: Path, changed: dict[str, object]):
    path = tmp_path / "A.exit"
    path.write_text(json.dumps(Exit(code=0)._asdict()))
    assert read_exit(str(path)) == Exit(code=0)
    path.write_text(json.dumps(Exit(code=0)._asdict() | changed))
    assert read_exit(str(path)) is None


@pytest.mark.parametrize("kind", ["fifo", "link", "folder"])
def test_what_is_no_file_where_a_shim_leaves_one_holds_up_nobody(tmp_path: Path, kind: str):
    path, real = tmp_path / "A.exit", tmp_path / "real"
    real.write_text(json.dumps(Exit(code=0)._asdict()))
    {"fifo": lambda: os.mkfifo(path), "link": lambda: path.symlink_to(real), "folder": path.mkdir}[kind]()
    told: list[Output] = []
    assert (read_exit(str(path)), read_status(str(path)), recall(path)) == (None, None, None)
    following = Following(tmp_path, "A", told.append)
    layout.outputs_dir(tmp_path).mkdir()
    path.rename(layout.action_log(tmp_path, "A"))
    assert asyncio.run(following.end(lambda: False)) is None
    assert told == []
