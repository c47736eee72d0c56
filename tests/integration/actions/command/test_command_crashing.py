"""Commands whose keeper or shim is killed: what goes on, what is found, and what is never done twice."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from commanding import context_of, is_running, run_script, until
from msgspec.structs import replace

from cockpit.actions.command import following
from cockpit.actions.command.declaration import CommandSettings
from cockpit.actions.command.following import give_up, trace
from cockpit.actions.command.private import kubeconfig_path, make_private_folder
from cockpit.actions.command.runner import RUNNER
from cockpit.actions.runner import ActionContext, Ending, Output

SCRIPT = "echo $$ > pid; echo ran >> ran; echo on; until [ -e go ]; do sleep 0.05; done; echo over"


def _context(folder: Path) -> ActionContext:
    return context_of(folder, CommandSettings(script=SCRIPT))


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that runs the script, and has heard of its output."""
    program = Path(__file__).with_name("command_keeper.py")
    with subprocess.Popen(
        [sys.executable, program, tmp_path, SCRIPT], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "told\n"
        yield process
        process.kill()
    (tmp_path / "go").touch()


def _shim(folder: Path) -> int:
    return int(json.loads((folder / "outputs" / "a1.status").read_text())["pid"])


async def test_a_command_outlives_a_killed_keeper_and_the_next_one_gets_its_end(
    tmp_path: Path, keeper: subprocess.Popen[str]
):
    os.killpg(keeper.pid, signal.SIGKILL)
    keeper.wait()
    assert is_running(int((tmp_path / "pid").read_text()))
    (tmp_path / "go").touch()
    await until((tmp_path / "outputs" / "a1.exit").exists)
    told: list[Output] = []
    ending = await RUNNER.adopt(_context(tmp_path), told.append)
    assert ending is not None
    assert (ending.outcome, ending.facts["stdout"]) == ("succeeded", "on\nover\n")
    assert "".join(one.text for one in told) == "on\nover\n"
    assert (tmp_path / "ran").read_text() == "ran\n"


async def test_a_new_keeper_tells_on_from_where_the_last_one_ended(tmp_path: Path, keeper: subprocess.Popen[str]):
    os.killpg(keeper.pid, signal.SIGKILL)
    (tmp_path / "go").touch()
    await until((tmp_path / "outputs" / "a1.exit").exists)
    told: list[Output] = []
    await RUNNER.adopt(replace(_context(tmp_path), told_bytes=len("on\n")), told.append)
    assert [(one.text, one.skipped_bytes, one.end) for one in told] == [("over\n", 0, len("on\nover\n"))]


async def test_a_new_keeper_goes_on_watching_and_may_cancel(tmp_path: Path, keeper: subprocess.Popen[str]):
    os.killpg(keeper.pid, signal.SIGKILL)
    told: list[Output] = []
    adopted = asyncio.create_task(RUNNER.adopt(_context(tmp_path), told.append))
    await until(lambda: bool(told))
    adopted.cancel()
    ending = await adopted
    assert ending is not None
    assert (ending.outcome, ending.detail) == ("cancelled", "stopped; on")
    assert not is_running(int((tmp_path / "pid").read_text()))


async def test_where_no_file_can_be_made_any_more_the_shim_is_told_by_a_signal(
    tmp_path: Path, keeper: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
):
    """The run went on elsewhere, and this disk is read-only: whoever cancels must not wait for the timeout."""
    os.killpg(keeper.pid, signal.SIGKILL)
    told: list[Output] = []
    adopted = asyncio.create_task(RUNNER.adopt(_context(tmp_path), told.append))
    await until(lambda: bool(told))

    def read_only(*_: object) -> int:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(following, "opened", read_only)
    adopted.cancel()
    ending = await adopted
    assert ending is not None
    assert (ending.outcome, ending.detail) == ("cancelled", "stopped; on")
    assert not is_running(int((tmp_path / "pid").read_text()))


async def test_a_shim_hears_no_hangup_and_stops_its_command_when_it_is_told_to_end(
    tmp_path: Path, keeper: subprocess.Popen[str]
):
    os.kill(_shim(tmp_path), signal.SIGHUP)
    os.kill(_shim(tmp_path), signal.SIGINT)
    os.kill(_shim(tmp_path), signal.SIGTERM)
    await until((tmp_path / "outputs" / "a1.exit").exists)
    ending = await RUNNER.adopt(_context(tmp_path), lambda _: None)
    assert ending is not None
    assert ending.outcome == "cancelled"


async def test_a_killed_shim_leaves_nothing_but_what_is_known_of_it(tmp_path: Path, keeper: subprocess.Popen[str]):
    os.killpg(keeper.pid, signal.SIGKILL)
    os.kill(_shim(tmp_path), signal.SIGKILL)
    await until(lambda: not is_running(_shim(tmp_path)))
    ending = await RUNNER.adopt(_context(tmp_path), lambda _: None)
    assert ending == Ending(outcome="unknown", detail=trace(tmp_path, "a1"))
    pid = int((tmp_path / "pid").read_text())
    assert f"its shim ended without a word: process {pid}, started " in trace(tmp_path, "a1")
    assert "it may be the command" in trace(tmp_path, "a1")


async def test_a_shim_killed_under_its_own_keeper_is_an_unknown_end(tmp_path: Path):
    make_private_folder()
    credentials = kubeconfig_path(tmp_path, "a1")
    credentials.touch()
    ending = await run_script(tmp_path, "kill -KILL $PPID; sleep 0.1")
    assert ending.outcome == "unknown"
    assert not credentials.exists(), "nobody else would take them away"
    assert ending.detail.startswith("its shim ended without a word")


async def test_what_was_given_up_before_it_began_never_begins(tmp_path: Path):
    (tmp_path / "outputs").mkdir()
    ending = await RUNNER.adopt(_context(tmp_path), lambda _: None)
    assert ending == Ending(outcome="unknown", detail=trace(tmp_path, "a1"))
    assert not give_up(tmp_path, "a1")
    await RUNNER.run(_context(tmp_path), lambda _: None)
    assert not (tmp_path / "ran").exists()
    assert "before the command was started" in trace(tmp_path, "a1")


async def test_a_number_that_another_process_got_is_not_taken_for_the_shim(tmp_path: Path):
    await run_script(tmp_path, "true")
    outputs = tmp_path / "outputs"
    (outputs / "a1.exit").unlink()
    status = json.loads((outputs / "a1.status").read_text())
    (outputs / "a1.status").write_text(json.dumps({**status, "pid": os.getpid()}))
    ending = await RUNNER.adopt(_context(tmp_path), lambda _: None)
    assert ending == Ending(outcome="unknown", detail=trace(tmp_path, "a1"))


def test_half_an_order_starts_nothing(tmp_path: Path):
    shim = subprocess.run(
        [sys.executable, "-P", "-m", "cockpit.actions.shim"], input=b'{"argv": ["touch", "x"]', capture_output=True
    )
    assert shim.returncode == 1
    assert b"nothing was started: no whole order came" in shim.stderr


async def test_outputs_that_cannot_be_written_refuse_the_command(tmp_path: Path):
    (tmp_path / "outputs").write_text("")
    ending = await run_script(tmp_path, "touch ran")
    assert ending.outcome == "refused"
    assert not (tmp_path / "ran").exists()
