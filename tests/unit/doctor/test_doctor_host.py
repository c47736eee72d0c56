"""The host: memory that is left behind, who sees what, what a logout ends, whether the clock is right."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from cockpit.doctor import clock, host
from cockpit.doctor.clock import Clock
from cockpit.doctor.findings import Finding, Level
from cockpit.doctor.host import Host
from cockpit.logind import Logout

WELL = Host(
    user="ana",
    core_limit=0,
    core_pattern="core",
    ptrace_scope=1,
    proc_options="rw,hidepid=invisible",
    swaps=(),
    logout=Logout(is_in_session=True, kills=False, lingers=False),
)
KILLED = Logout(is_in_session=True, kills=True, lingers=False)


def judged(**changes: object) -> dict[str, Finding]:
    return {each.id: each for each in host.judge(replace(WELL, **changes))}


def test_a_host_that_is_well_has_nothing_to_mend():
    assert {each.level for each in judged().values()} == {Level.OK}


@pytest.mark.parametrize(
    ("changes", "id_", "level"),
    [
        ({"core_limit": -1}, "host.core", Level.WARNING),
        ({"core_limit": 4096}, "host.core", Level.WARNING),
        ({"core_pattern": "|/usr/lib/systemd/systemd-coredump %P"}, "host.core", Level.ADVICE),
        ({"core_pattern": "|"}, "host.core", Level.ADVICE),
        ({"core_pattern": None}, "host.core", Level.UNKNOWN),
        ({"ptrace_scope": 0}, "host.ptrace", Level.ADVICE),
        ({"ptrace_scope": None}, "host.ptrace", Level.UNKNOWN),
        ({"proc_options": "rw,nosuid"}, "host.proc", Level.ADVICE),
        ({"proc_options": "rw,hidepid=0"}, "host.proc", Level.ADVICE),
        ({"proc_options": None}, "host.proc", Level.UNKNOWN),
        ({"swaps": ("/dev/sda2",)}, "host.swap", Level.ADVICE),
        ({"swaps": None}, "host.swap", Level.UNKNOWN),
        ({"logout": None}, "host.logout", Level.UNKNOWN),
        ({"logout": KILLED}, "host.logout", Level.WARNING),
        ({"logout": replace(KILLED, is_in_session=False)}, "host.logout", Level.OK),
    ],
    ids=str,
)
def test_each_thing_is_told_by_itself(changes: dict[str, object], id_: str, level: Level):
    found = judged(**changes)
    assert found[id_].level is level
    assert {each.level for name, each in found.items() if name != id_} == {Level.OK}
    assert found[id_].cure or level in (Level.UNKNOWN, Level.OK)


def test_a_keeper_that_a_logout_kills_is_kept_by_lingering_and_a_unit():
    assert judged(logout=KILLED)["host.logout"].cure == (
        "loginctl enable-linger ana",
        "cockpit unit RUN --install    # once the run has begun",
    )
    assert len(judged(logout=replace(KILLED, lingers=True))["host.logout"].cure) == 1


def test_the_host_is_read_from_its_files(tmp_path: Path):
    for name, text in {
        "proc/sys/kernel/core_pattern": "|/bin/x\n",
        "proc/sys/kernel/yama/ptrace_scope": "2\n",
        f"proc/{os.getppid()}/limits": "Limit Soft Hard Units\nMax core file size     unlimited   unlimited   bytes\n",
        "proc/self/cgroup": "0::/user.slice/user-1.slice/session-4.scope\n",
        "proc/self/mountinfo": (
            "22 1 0:21 / /proc rw,nosuid shared:5 - proc proc rw\n"
            "30 22 0:40 / /proc rw,relatime - proc proc rw,hidepid=2\n31 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
        ),
        "proc/swaps": "Filename Type Size\n/dev/zram0 p 1\n/dev/dm-1 p 1\n/dev/dm-2 p 1\n/swapfile file 1\n",
        "sys/block/dm-1/dm/uuid": "CRYPT-PLAIN-swap",
        "sys/block/dm-2/dm/uuid": "LVM-x",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    seen = host.look("ana", tmp_path)
    assert (seen.core_pattern, seen.ptrace_scope) == ("|/bin/x", 2)
    assert seen.core_limit == -1
    assert seen.proc_options == "rw,relatime,rw,hidepid=2", "the last mount counts"
    assert seen.swaps == ("/dev/dm-2", "/swapfile"), "what is encrypted or in memory is none"
    assert seen.logout == Logout(is_in_session=True, kills=False, lingers=False)


def test_a_host_that_says_nothing_is_unknown_and_never_well(tmp_path: Path):
    found = {each.id: each.level for each in host.judge(replace(host.look("ana", tmp_path), core_limit=0))}
    assert set(found.values()) == {Level.UNKNOWN}


@pytest.mark.parametrize(
    ("seen", "level", "said"),
    [
        (Clock(None), Level.UNKNOWN, "does not say"),
        (Clock(False), Level.WARNING, "nothing keeps it"),
        (Clock(False, sees_all=False), Level.WARNING, "nothing that could be seen keeps it"),
        (Clock(False, keepers=("chronyd",)), Level.WARNING, "though chronyd runs"),
        (Clock(True, 3.0), Level.ADVICE, "off by 3.0 s"),
        (Clock(True, 0.004, ("chronyd",)), Level.OK, "synchronised, by chronyd, at most 4 ms off"),
    ],
    ids=str,
)
def test_the_clock(seen: Clock, level: Level, said: str):
    [found] = clock.judge(seen)
    assert found.level is level
    assert said in found.found


def test_the_kernel_is_asked_of_the_clock_and_programs_are_seen(tmp_path: Path):
    for pid, name in (("1", "systemd"), ("77", "chronyd"), ("x", "ntpd")):
        (tmp_path / pid).mkdir()
        (tmp_path / pid / "comm").write_text(f"{name}\n")
    seen = clock.look(tmp_path)
    assert (seen.keepers, seen.sees_all) == (("chronyd",), True)
    assert seen.is_synchronised in (True, False), "adjtimex(2) needs no right to be asked"
    assert clock.look(tmp_path / "none").keepers == ()
