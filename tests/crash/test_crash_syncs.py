"""A disk that fails at one sync (strace injects it): nothing is acknowledged any more, and nothing is tried again."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from crash_figures import tell
from seated import Night, until

from cockpit.audit import layout
from cockpit.audit.files import FileStore
from cockpit.audit.line import draft
from cockpit.audit.locks import holder_alive
from cockpit.audit.poison import Poison
from cockpit.errors import StoreFailed
from cockpit.run.events import NoteAdded
from cockpit.session.continuing import go_on
from cockpit.session.follower import Follower
from cockpit.session.identity import actor

OPERATOR = Path(__file__).with_name("crash_syncing.py")
PHASES = """
[[probes]]
id = "beat"
kind = "command"
argv = ["sh", "-c", "exit $(($(date +%s%1N) / 2 % 2))"]
interval = 0.2
timeout = 2
[[phases]]
id = "one"
title = "One"
[[phases.steps]]
id = "first"
title = "First of all"
"""
SEATS_SYNCS = 8
"""By `crash_syncing`: for each note one before deciding and one after writing. (strace counts by thread.)"""


@pytest.fixture(autouse=True)
def _needs_strace() -> None:
    tried = shutil.which("strace") and subprocess.run(
        ["strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=fdatasync", "true"], check=False
    )
    if not tried or tried.returncode:
        pytest.skip("strace (Debian: strace) is not here, or may not trace")


def straced(it: Night, number: int, *argv: object) -> subprocess.Popen[str]:
    """A process whose `number`th fdatasync of the log fails with EIO, once."""
    log = layout.log_path(it.run_dir)
    rule = f"inject=fdatasync:error=EIO:when={number}"
    trace = [
        "strace",
        "-f",
        "--seccomp-bpf",
        "-qq",
        "-o",
        str(it.folder / "trace"),
        "-P",
        str(log),
        "-e",
        "trace=fdatasync",
        "-e",
        rule,
    ]
    command = [*trace, sys.executable, "-P", *map(str, argv)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=it.environ(), start_new_session=True)


def check_tried_once(it: Night) -> None:
    """After the failed sync none began; but for one of another thread that had not heard of it yet."""
    lines = (it.folder / "trace").read_text().splitlines()
    failed = next(index for index, line in enumerate(lines) if "INJECTED" in line)
    later = [line for line in lines[failed + 1 :] if "fdatasync(" in line]
    by_itself = [line for line in later if line.split()[0] == lines[failed].split()[0]]
    assert (len(later) <= 1, by_itself) == (True, []), lines


def check_poisoned(it: Night) -> None:
    """The store refuses whoever comes."""
    assert "the disk reports an I/O error" in Poison(it.run_dir).reason
    store = FileStore.open(it.run_dir)
    with pytest.raises(StoreFailed, match="I/O error"):
        store.append(None, draft(NoteAdded(text="after"), actor()))
    store.close()


def goes_on(it: Night, told: list[str]) -> None:
    """Elsewhere, with all that was acknowledged in it."""
    follower = Follower(it.run_dir)
    try:
        new_dir, former = go_on(it.run_dir, it.folder / "spare", actor(), follower)
    finally:
        follower.close()
    before, it.run_dir = it.run_dir, new_dir
    try:
        ids = [event.id for event in it.events()]
    finally:
        it.run_dir = before
    assert former.lost == 0
    assert [each for each in told if ids.count(each) != 1] == []


def chosen(total: int, sample: tuple[int, ...], request: pytest.FixtureRequest) -> list[int]:
    return list(range(1, total + 1)) if request.config.getoption("--many") else list(sample)


@pytest.mark.timeout(300)
def test_a_seat_whose_sync_fails_acknowledges_nothing_and_tries_nothing_again(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    numbers = chosen(SEATS_SYNCS, (1, 4, 7), request)
    acknowledged = 0
    for number in numbers:
        it = Night(tmp_path / str(number), PHASES)
        process = straced(it, number, OPERATOR, it.run_dir)
        said, _ = process.communicate(timeout=60)
        told = [word for line in said.splitlines() if line.startswith("told") for word in line.split()[1:]]
        ids = [event.id for event in it.events()]
        assert [each for each in told if ids.count(each) != 1] == []
        assert "failed" in said, f"sync {number} failed and nobody heard of it: {said}"
        assert "told" not in said[said.index("failed") :], f"something was acknowledged after sync {number} failed"
        check_tried_once(it)
        check_poisoned(it)
        goes_on(it, told)
        acknowledged += len(told)
    tell("EIO at each sync of a seat (strace)", len(numbers), acknowledged=acknowledged, lost=0)


@pytest.mark.timeout(300)
def test_a_keeper_whose_sync_fails_ends_and_tries_nothing_again(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    numbers = chosen(8, (1, 3), request)
    for number in numbers:
        it = Night(tmp_path / str(number), PHASES)
        process = straced(it, number, "-m", "cockpit.keeper", it.run_dir)
        process.communicate(timeout=60)
        check_tried_once(it)
        until(lambda it=it: not holder_alive(layout.keeper_lock(it.run_dir)), "the keeper's end")
        check_poisoned(it)
        goes_on(it, [])
    tell("EIO at each sync of a keeper (strace)", len(numbers), lost=0)
