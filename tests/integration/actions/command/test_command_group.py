"""The control group of a command, with the kernel's own; and what is done where there is none."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from commanding import until

from cockpit.actions.shim.cgroup import ControlGroup


@pytest.fixture
def group() -> Iterator[ControlGroup]:
    group = ControlGroup.make("test-of-groups")
    if group is None:
        pytest.skip("no control group may be made here")
    yield group
    group.kill()
    group.remove()


async def test_what_is_started_inside_is_found_and_ended_at_one_stroke(group: ControlGroup):
    group.enter()
    try:
        # A session of its own, and its parent gone: ancestry would need a subreaper to find it.
        subprocess.run(["sh", "-c", "setsid sleep 600 & setsid sleep 600 &"], check=True)  # noqa: ASYNC221 (it is over at once)
    finally:
        group.leave()
    await until(lambda: len(group.members()) == 2)
    group.kill()
    await until(lambda: group.members() == set())


async def test_a_group_that_somebody_lives_in_is_not_taken_away(group: ControlGroup):
    group.enter()
    try:
        process = subprocess.Popen(["sleep", "600"])  # noqa: ASYNC220 (it is not waited for)
    finally:
        group.leave()
    group.remove()
    assert group.members() == {process.pid}
    process.kill()
    process.wait()
    await until(lambda: not group.members())


def test_groups_of_the_same_name_are_apart_while_their_makers_live(group: ControlGroup):
    """Two runs on one host may do the same action at once: neither may end, name or take away what is the other's."""
    code = (
        "import sys; from cockpit.actions.shim.cgroup import ControlGroup\n"
        "other = ControlGroup.make('test-of-groups'); print(other is not None, flush=True)\n"
        "sys.stdin.read(); other.enter()\n"
        "print(len(other.members()), flush=True); other.leave(); other.remove()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"
        third = ControlGroup.make("another-test-of-groups")  # takes away what nobody lives to enter
        assert third is not None
        third.remove()
        group.enter()
        try:
            assert group.members() == {os.getpid()}
            shown, _ = other.communicate("")
            assert shown == "1\n"
        finally:
            group.leave()


def test_a_group_whose_maker_is_gone_is_taken_away(group: ControlGroup):
    gone = group._path.with_name("cockpit-left-4194304")  # no process has this number
    gone.mkdir()
    group.remove()
    other = ControlGroup.make("another-test-of-groups")
    assert other is not None
    other.remove()
    assert not gone.exists()


@pytest.mark.parametrize(
    ("mounts", "own"),
    [
        ("30 1 0:26 / /sys/fs/cgroup rw - cgroup cgroup rw,pids\n", "8:pids:/\n"),
        ("30 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "8:pids:/\n"),
        ("30 1 0:26 / /nowhere rw - cgroup2 cgroup2 rw\n", "0::/user.slice\n"),
        ("30 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "0::/user.slice\n"),
        ("", ""),
    ],
    ids=["version 1", "not in version 2", "not there", "without cgroup.kill", "nothing known"],
)
async def test_without_one_to_be_had_there_is_none(tmp_path: Path, mounts: str, own: str):
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/mountinfo").write_text(mounts)
    (tmp_path / "proc/self/cgroup").write_text(own)
    (tmp_path / "sys/fs/cgroup/user.slice").mkdir(parents=True)
    assert ControlGroup.make("a1", root=tmp_path) is None
    assert list((tmp_path / "sys/fs/cgroup/user.slice").iterdir()) == []
