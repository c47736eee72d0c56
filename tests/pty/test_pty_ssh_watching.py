"""Who watches a run from a session of their own can hold nobody up, and starts nothing."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psutil
from seated import until
from ssh_host import SshHost
from ssh_nights import Shared, leave, press, shared, together
from terminal import Terminal

from cockpit.run.events import KeeperStarted, OperatorAttached

STEPS = """
[[phases]]
id = "one"
title = "One"
""" + "".join(
    f"""
[[phases.steps]]
id = "step_{number}"
title = "Step {number}"
"""
    for number in range(1, 21)
)
CHATTER = """
[[probes]]
id = "noise"
kind = "command"
argv = ["sh", "-c", "od -An -N2 -tu2 /dev/urandom"]
interval = 0.2
timeout = 2
value = "stdout"
"""
HOLDING = """
import fcntl, os, sys
held = []
for folder, _, names in os.walk(sys.argv[1]):
    for path in (folder, *(os.path.join(folder, name) for name in names)):
        try:
            fd = os.open(path, os.O_RDONLY)
        except OSError:
            continue
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        held.append(os.path.relpath(path, sys.argv[1]))
print(sorted(held), flush=True)
sys.stdin.read()
"""
"""Lock everything of a run that can be opened, until the input ends."""
SLOW_BYTES_S = 2000.0


def test_no_second_keeper_starts_and_who_watches_starts_none(ssh_host: SshHost) -> None:
    with shared(ssh_host, STEPS) as it, ExitStack() as seats:

        def sits(who: str, command: str) -> Terminal:
            return seats.enter_context(it.sits(who, command))

        watching = [sits("bo", "join")]
        for screen in watching:
            screen.wait_for("WATCHING")
        until(lambda: len(it.of(OperatorAttached)) == 1, "one who watches")
        for screen in watching:
            press(screen, ".", "✖ no keeper is there")
        assert it.host.keepers(it.run_dir) == []
        acting = [sits("ana", "resume"), sits("ana", "resume")]
        for screen in acting:
            screen.wait_for(r"watching \(epoch 1")
        first = the_keeper(it)
        first.kill()
        for screen in (*acting, *watching):
            screen.wait_for("KEEPER GONE")
        together(*acting, key=".")
        for screen in (*acting, *watching):
            screen.wait_for(r"watching \(epoch 2")
        second = the_keeper(it)
        assert second.pid != first.pid
        assert [body.epoch for body in it.bodies(KeeperStarted)] == [1, 2]
        for screen in (*acting, *watching):
            leave(screen)


def the_keeper(it: Shared) -> psutil.Process:
    """The only one there is, once those that came too late have left."""
    until(lambda: len(it.host.keepers(it.run_dir)) == 1, "one keeper")
    return it.host.keepers(it.run_dir)[0]


def test_a_seat_on_a_slow_link_slows_nobody_else(ssh_host: SshHost) -> None:
    link = ssh_host.link()
    with shared(ssh_host, CHATTER + STEPS) as it, it.sits("ana", "resume") as ana:
        with it.sits("bo", "join", link=link, columns=120, lines=40) as bo:
            ana.wait_for(r"watching \(epoch 1")
            bo.wait_for("WATCHING")
            before = [confirms(ana, number) for number in range(1, 9)]
            link.rate = SLOW_BYTES_S
            carried, began = link.carried, time.monotonic()
            slow = [confirms(ana, number) for number in range(9, 17)]
            rate = (link.carried - carried) / (time.monotonic() - began)
            link.rate = None
            bo.wait_for(r"confirmed 1\.16 Step 16")
            leave(bo)
        leave(ana)
    ratio = statistics.median(slow) / statistics.median(before)
    print(f"a link of {rate:.0f} bytes/s beside it: a confirmation takes {statistics.median(slow) * 1e3:.0f} ms,")
    print(f"{ratio:.2f} times as long as before ({statistics.median(before) * 1e3:.0f} ms)")
    assert rate < 1.5 * SLOW_BYTES_S, "the link was slow"
    assert ratio < 2


def confirms(screen: Terminal, number: int) -> float:
    """Confirm a step; how long until that is on the screen, seconds."""
    screen.wait_for(rf"▶ 1\.{number} ")
    began = time.monotonic()
    press(screen, "c", rf"confirmed 1\.{number} ")
    return time.monotonic() - began


def test_who_may_only_read_watches_is_told_so_and_can_neither_act_nor_hold_anybody_up(ssh_host: SshHost) -> None:
    with shared(ssh_host, STEPS, is_open=True) as it, it.sits("ana", "resume") as ana:
        ana.wait_for(r"watching \(epoch 1")
        with it.sits("carl", "join") as carl, carls_locks(it) as held:
            carl.wait_for("READING ONLY, nobody sees you here: this run is shared by the group ops")
            carl.wait_for("WATCHING")
            assert held == "['.', 'audit.jsonl']", "nothing else of it can be opened by them"
            confirms(ana, 1)
            carl.wait_for(r"confirmed 1\.1 ")
            for key in ("n", "h", "!", "c", "T"):
                press(carl, key, "✖")
                assert "Esc leaves" not in carl.text, "nothing is asked that could not be done"
                carl.send("down", "home")
                carl.wait_until_gone("✖")
            confirms(ana, 2)
            carl.wait_for(r"confirmed 1\.2 ")
            leave(carl)
        with it.host.ssh("carl", "cockpit", "resume", it.run_dir.name, COCKPIT_RUNS=str(it.runs)) as carl:
            assert carl.wait_for_exit() != 0
            carl.wait_for("carl is not in it")
        assert {event.actor.user for event in it.events()} == {"ana"}
        leave(ana)


@contextmanager
def carls_locks(it: Shared) -> Iterator[str]:
    """What carl can lock of a run, and locks."""
    with subprocess.Popen(
        it.host.entered("carl", str(it.host.python), "-c", HOLDING, str(it.run_dir)),
        env=it.host.environ(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.communicate()
