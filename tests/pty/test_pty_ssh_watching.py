"""Who watches a run from a session of their own can hold nobody up, and starts nothing."""

from __future__ import annotations

import statistics
import time
from contextlib import ExitStack

import psutil
from seated import until
from ssh_host import SshHost
from ssh_nights import Shared, leave, shared, together
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
SLOW_BYTES_S = 2000.0


def test_no_second_keeper_starts_and_who_watches_starts_none(ssh_host: SshHost) -> None:
    with shared(ssh_host, STEPS) as it, ExitStack() as seats:

        def sits(who: str, command: str) -> Terminal:
            return seats.enter_context(it.sits(who, command))

        watching = [sits("bo", "join"), sits("bo", "join")]
        for screen in watching:
            screen.wait_for("WATCHING")
        until(lambda: len(it.of(OperatorAttached)) == 2, "two who watch")
        for screen in watching:
            screen.send(".")
            screen.wait_for("✖ no keeper is there")
        assert it.host.keepers(it.run_dir) == []
        acting = [sits("ana", "resume"), sits("ana", "resume"), sits("ana", "resume")]
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
    screen.send("c")
    screen.wait_for(rf"confirmed 1\.{number} ")
    return time.monotonic() - began
