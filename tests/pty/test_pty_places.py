"""Runs of other users, as the kernel has them: shared by a group, joined by root, refused to everybody else."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import fuse_place
import pytest
from people import Host, Person, obstacle
from seated import keeper_pid
from terminal import Terminal

from cockpit.audit.layout import keeper_lock, locks_dir, log_path
from cockpit.audit.locks import holder_alive
from cockpit.exits import Exit

ANA, BEN, EVE, OPS = 40001, 40002, 40003, 45000
PROFILE = """
id = "shop"
environment = "staging"

[[probes]]
id = "up"
kind = "command"
argv = ["true"]
interval = 0.3
timeout = 2
value = "exit_code"

[[phases]]
id = "one"
title = "One"

[[phases.steps]]
id = "act"
title = "Act"
kind = "command"
argv = ["sh", "-c", "echo done by $(id -u)"]
gate = ["up == 0"]

[[phases.steps]]
id = "rest"
title = "Rest"
"""
READ = r"✔ up "
"""The probe, as a screen shows it once it was read."""
pytestmark = pytest.mark.skipif(bool(obstacle()), reason=obstacle())


class Bastion(Host):
    """A host with a folder that a group shares, as its administrator would have made it."""

    def __init__(self) -> None:
        super().__init__()
        shared = self.folder / "shared"
        shared.mkdir()
        os.chown(shared, 0, OPS)
        shared.chmod(0o2770)
        self.shared = shared / "runs"
        self.profile = self.folder / "shop.toml"
        self.profile.write_text(PROFILE)

    def operator(self, uid: int, *groups: int) -> Person:
        return self.person(uid, *groups, COCKPIT_GROUP=str(OPS), COCKPIT_RUNS=str(self.shared))

    def run_dirs(self) -> list[Path]:
        return [path.parent for path in self.folder.rglob("audit.jsonl") if "tree" not in path.parts]


@pytest.fixture
def bastion() -> Iterator[Bastion]:
    bastion = Bastion()
    yield bastion
    for run_dir in bastion.run_dirs():
        if holder_alive(keeper_lock(run_dir)):
            with suppress(ProcessLookupError):  # it ends just now
                os.kill(keeper_pid(run_dir), 9)
    bastion.close()


def leave(terminal: Terminal) -> None:
    terminal.send("q")
    assert terminal.wait_for_exit() == Exit.OK


def add_note(terminal: Terminal, text: str) -> None:
    """Write a note; what is typed before the question stands is dropped, so it is looked at before Enter."""
    terminal.send("n")
    terminal.wait_for("Enter sends")
    terminal.fill(text)
    terminal.send("enter")
    terminal.wait_for(f"note on .*{text}")


def found_modes(run_dir: Path) -> dict[str, set[tuple[str, int]]]:
    """Kind of file to modes and groups, of everything in a run."""
    found: dict[str, set[tuple[str, int]]] = {"folders": set(), "files": set()}
    for path in (run_dir, *run_dir.rglob("*")):
        seen = path.lstat()
        kind = "folders" if stat.S_ISDIR(seen.st_mode) else "files"
        found[kind].add((f"{stat.S_IMODE(seen.st_mode):o}", seen.st_gid))
    return found


def test_two_operators_of_a_group_share_a_run_and_its_keeper_goes_on(bastion: Bastion) -> None:
    ana, ben = bastion.operator(ANA, OPS), bastion.operator(BEN, OPS)
    with ana.cockpit("run", str(bastion.profile)) as first:
        first.wait_for(READ)
        (run_dir,) = bastion.run_dirs()
        with ben.cockpit("join") as second:
            second.wait_for(READ)
            add_note(second, "ben is here")
            first.wait_for("ben is here")
            first.send("r")
            first.wait_for("ended well")
            second.wait_for(f"done by {ANA}")
            second.send(".")
            second.wait_until(lambda screen: not any((locks_dir(run_dir) / "probe-now").iterdir()))
            leave(second)
        leave(first)
    keeper = keeper_pid(run_dir)
    assert os.stat(f"/proc/{keeper}").st_uid == ANA
    with ben.cockpit("resume", "--reason", "ana sleeps") as second:
        reads_the_card(second)
        second.wait_for("took the pen")
        second.wait_for(READ)
        second.send("c")
        second.wait_for("confirmed 1.1 Act")
        leave(second)
    assert os.stat(f"/proc/{keeper}").st_uid == ANA, "the same keeper, and it still lives"
    assert found_modes(run_dir) == {"folders": {("2770", OPS)}, "files": {("660", OPS)}}


def reads_the_card(terminal: Terminal) -> None:
    terminal.wait_for(r"have you read it, .* \[y/n\]")
    terminal.send("y", "enter")


def test_a_second_operator_starts_a_keeper_where_the_first_ones_died(bastion: Bastion) -> None:
    ana, ben = bastion.operator(ANA, OPS), bastion.operator(BEN, OPS)
    with ana.cockpit("run", str(bastion.profile)) as first:
        first.wait_for(READ)
        leave(first)
    (run_dir,) = bastion.run_dirs()
    os.kill(keeper_pid(run_dir), 9)
    with ben.cockpit("resume", "--reason", "ana sleeps") as second:
        reads_the_card(second)
        second.wait_for(rf"watching \(epoch 2, as {BEN}@")
        second.wait_for(READ)
        leave(second)
    assert found_modes(run_dir) == {"folders": {("2770", OPS)}, "files": {("660", OPS)}}


def test_whoever_does_not_say_or_is_not_in_the_group_is_told_so(bastion: Bastion) -> None:
    made = bastion.operator(ANA, OPS).python(CREATE, str(bastion.profile))
    assert made.returncode == 0, made.stderr
    (run_dir,) = bastion.run_dirs()
    with bastion.person(BEN, OPS, COCKPIT_RUNS=str(bastion.shared)).cockpit("resume", run_dir.name) as silent:
        assert silent.wait_for_exit() == Exit.REFUSED
        silent.wait_for(f"shared with the group {OPS},")
        silent.wait_for(f"export COCKPIT_GROUP={OPS}")
    with bastion.operator(EVE).cockpit("run", str(bastion.profile)) as stranger:
        assert stranger.wait_for_exit() in (Exit.REFUSED, Exit.UNREADABLE)
        stranger.wait_for("Permission denied|is not in it")
    assert len(bastion.run_dirs()) == 1


def test_root_joins_a_run_and_leaves_nothing_that_its_owner_cannot_use(bastion: Bastion) -> None:
    ana, root = bastion.person(ANA), bastion.person(0)
    with ana.cockpit("run", str(bastion.profile)) as first:
        first.wait_for(READ)
        (run_dir,) = bastion.run_dirs()
        with root.cockpit("join", str(run_dir)) as second:
            second.wait_for(READ)
            add_note(second, "root was here")
            second.send(".")
            first.wait_for("root was here")
            assert {path.lstat().st_uid for path in run_dir.rglob("*")} == {ANA}, "also while it is open"
            leave(second)
        first.send("r")
        first.wait_for("ended well")
        leave(first)
    assert found_modes(run_dir) == {"folders": {("700", ANA)}, "files": {("600", ANA)}}


def test_a_run_is_not_begun_on_another_machines_file_system_but_read_there(bastion: Bastion) -> None:
    if why := fuse_place.obstacle():
        pytest.skip(why)
    folder = bastion.folder / "nas"
    folder.mkdir(mode=0o700)
    with fuse_place.mounted(folder, "fuse.sshfs", "nas:/export"):
        with bastion.person(0, COCKPIT_RUNS=str(folder)).cockpit("run", str(bastion.profile)) as screen:
            assert screen.wait_for_exit() == Exit.REFUSED
            screen.wait_for("no run can be kept safely on fuse.sshfs nas:/export")
            screen.wait_for("--despite-place REASON")
        with bastion.person(0, COCKPIT_RUNS=str(folder)).cockpit(
            "run", str(bastion.profile), "--despite-place", " "
        ) as screen:
            assert screen.wait_for_exit() == Exit.REFUSED
            screen.wait_for("needs a reason")


def test_a_keeper_of_a_run_that_others_can_change_does_not_begin(bastion: Bastion) -> None:
    ana = bastion.person(ANA)
    assert ana.python(CREATE, str(bastion.profile)).returncode == 0
    (run_dir,) = bastion.run_dirs()
    log_path(run_dir).chmod(0o666)
    keeper = ana.python("import sys; from cockpit.keeper.main import main; sys.exit(main(sys.argv[1:]))", str(run_dir))
    assert keeper.returncode == Exit.REFUSED
    assert (
        f"open to others (mode 0666): {log_path(run_dir)}; nothing was written; chmod -R go= {run_dir}" in keeper.stderr
    )
    assert not keeper_lock(run_dir).exists()


CREATE = """
import sys
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.session.creating import create_run
create_run(load(sys.argv[1], installed()), {})
"""
