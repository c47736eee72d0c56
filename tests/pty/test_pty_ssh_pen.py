"""The pen goes from one session to another: asked for, offered, read about, accepted; or taken from who is gone."""

from __future__ import annotations

import os
import signal
import time

from seated import until
from ssh_host import SshHost
from ssh_nights import answers, leave, press, shared
from terminal import Terminal

from cockpit.run.events import (
    KeeperStarted,
    OperatorDetached,
    PenAsked,
    PenOffered,
    PenPassed,
    PenTaken,
    StepConfirmed,
    StepSkipped,
)

PHASES = """
[[phases]]
id = "one"
title = "One"
[[phases.steps]]
id = "first"
title = "First"
[[phases.steps]]
id = "second"
title = "Second"
[[phases.steps]]
id = "third"
title = "Third"
"""
IMPATIENT = """
from cockpit.run import holding
holding.ANSWER_S = 1.0
"""
GONE_S = 3.0
CARD_S = 1.0
"""More than the time for which a handover card takes no key (`handing.READ_S`), from when it is painted."""


def acknowledges(screen: Terminal, card: str, key: str = "a") -> None:
    """Read a card, and say so."""
    screen.wait_for(card)
    time.sleep(CARD_S)  # a person reads it
    screen.send(key)


def test_the_pen_is_asked_for_offered_and_accepted_while_a_question_is_open(ssh_host: SshHost) -> None:
    with shared(ssh_host, PHASES) as it, it.sits("ana", "resume") as ana, it.sits("bo", "join") as bo:
        ana.wait_for(r"watching \(epoch 1")
        bo.wait_for("▶ 1.1 First")
        answers(bo, "Ask ana for the pen", "my turn", opened_by="P")
        ana.wait_for("bo ASKS FOR THE PEN.*my turn")
        ana.send("P")
        bo.wait_for("ana OFFERS YOU THE PEN")
        press(bo, "P", "ana offers you the pen. What you take over")
        bo.wait_for("at: 1.1 First")
        # whoever offers it still acts, and what was read is no longer true then
        press(ana, "c", "confirmed 1.1 First")
        acknowledges(bo, "What you take over")
        bo.wait_for("the run is at another place")
        bo.wait_for("at: 1.2 Second")
        assert it.bodies(PenPassed) == []
        # a question is open at the one side while the pen goes to the other
        press(ana, "s", "Enter sends")
        acknowledges(bo, "What you take over")
        bo.wait_until_gone("What you take over")
        until(lambda: it.bodies(PenPassed), "the pen's passing")
        answers(ana, "Skip 1.2 Second", "no need")
        ana.wait_for("✖ bo got the pen at .* nothing was done")
        assert it.bodies(StepSkipped) == []
        # now the one acts who watched, and the other way round
        bo.wait_for("LIVE")
        ana.wait_for("WATCHING")
        press(bo, "c", "bo  confirmed 1.2 Second")
        ana.wait_for("bo  confirmed 1.2 Second")
        press(ana, "c", "✖ ")
        assert [event.actor.user for event in it.of(StepConfirmed)] == ["ana", "bo"]
        assert [event.type for event in it.of(PenAsked, PenOffered, PenPassed)] == [
            "pen.asked",
            "pen.offered",
            "pen.passed",
        ]
        (passed,) = it.of(PenPassed)
        assert passed.actor.user == "bo"
        assert passed.body.epoch == 2
        assert passed.body.previous.startswith("ana@")
        assert passed.body.card[0].startswith("at: 1.2 Second")
        assert len(it.bodies(KeeperStarted)) == 1, "the keeper stays"
        leave(bo)
        leave(ana)


def test_who_was_killed_is_seen_to_be_gone_and_the_pen_is_taken_with_a_reason(ssh_host: SshHost) -> None:
    with shared(ssh_host, PHASES) as it, it.sits("bo", "join") as bo:
        with it.sits("ana", "resume") as ana:
            ana.wait_for(r"watching \(epoch 1")
            bo.wait_for(r"pen: ana .*(here|ana)")
            press(bo, "T", "✖ ana is here")
            (screen,) = it.host.screens("ana")
            began = time.monotonic()
            os.kill(screen.pid, signal.SIGKILL)
            bo.wait_for("ana has the pen and is GONE")
            gone_s = time.monotonic() - began
            print(f"a screen that was killed is shown as gone after {gone_s:.2f} s")
            assert gone_s < GONE_S
        (keeper,) = it.host.keepers(it.run_dir)
        takes_the_pen(bo, "ana")
        bo.wait_for("LIVE")
        press(bo, "c", "bo  confirmed 1.1 First")
        (taken,) = it.of(PenTaken)
        assert (taken.actor.user, taken.body.epoch, taken.body.found) == ("bo", 2, "gone")
        assert taken.body.reason == "she is gone"
        assert taken.body.card
        assert any(body.found == "gone" for body in it.bodies(OperatorDetached)), "the log says who was lost"
        assert [each.pid for each in it.host.keepers(it.run_dir)] == [keeper.pid]
        leave(bo)


def test_what_was_pressed_on_a_dead_link_does_nothing_once_the_pen_was_taken_from_who_is_silent(
    ssh_host: SshHost,
) -> None:
    ssh_host.another_cockpit("cockpit-impatient", IMPATIENT)
    link = ssh_host.link()
    with shared(ssh_host, PHASES) as it, it.sits("ana", "resume", link=link) as ana:
        ana.wait_for(r"watching \(epoch 1")
        with it.host.ssh("bo", "cockpit-impatient", "join", it.run_dir.name, COCKPIT_RUNS=str(it.runs)) as bo:
            bo.wait_for("WATCHING")
            link.cut()
            ana.send("c")
            answers(bo, "Ask ana for the pen", "still here?", opened_by="P")
            bo.wait_for("ana has the pen and is silent: T takes it")
            takes_the_pen(bo, "ana")
            link.mend()
            ana.wait_for("WATCHING")
            ana.wait_for("✖ bo holds the pen")
            assert it.bodies(StepConfirmed) == []
            (taken,) = it.of(PenTaken)
            assert (taken.actor.user, taken.body.found) == ("bo", "silent")
            leave(bo)
        leave(ana)


def takes_the_pen(screen: Terminal, holder: str) -> None:
    press(screen, "T", f"Take the pen from {holder}.*what you take over")
    acknowledges(screen, f"Take the pen from {holder}.*what you take over")
    answers(screen, "why do you act now", "she is gone")
    screen.wait_for("took the pen")
