"""The pen at real terminals: taken up at a second screen, asked for and accepted, and by `cockpit resume`.

Somebody else sits in this process, by a seat of their own. Two people with accounts of their own: `test_pty_ssh_pen`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from seated import Night, night, until
from terminal import Terminal

from cockpit.audit.layout import keeper_lock
from cockpit.audit.locks import holder_alive
from cockpit.exits import Exit
from cockpit.run import commands as c
from cockpit.run.events import Actor, KeeperStarted, OperatorAttached, PenPassed, PenTaken
from cockpit.run.handover import standing
from cockpit.session.identity import actor
from cockpit.session.outcomes import Done
from cockpit.session.seat import Seat
from cockpit.tui.screens.handing import READ_S

PHASES = """
[[phases]]
id = "one"
title = "One"
[[phases.steps]]
id = "first"
title = "First of all"
[[phases.steps]]
id = "second"
title = "Second"
"""


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Night]:
    with night(tmp_path, PHASES) as it:
        yield it
        take(it, actor()).close()  # whoever has it: the run can be ended


def take(it: Night, who: Actor) -> Seat:
    """Somebody's seat, at which they took the pen if it is not theirs."""
    seat = Seat.open(it.run_dir, who)
    if not seat.has_pen:
        state = seat.view.state
        outcome = seat.submit(seat.command(c.TakePen, reason="the others left", read=standing(state)))
        assert isinstance(outcome, Done), outcome
    return seat


@pytest.fixture
def somebody(run: Night) -> Iterator[Seat]:
    """Another person, who acts here."""
    seat = take(run, Actor("somebody", os.uname().nodename))
    seat.follow(lambda view: None)
    until(lambda: run.bodies(OperatorAttached), "their screen")
    yield seat
    seat.close()


def joined(it: Night) -> Terminal:
    return Terminal(it.argv("join", str(it.run_dir)), env=it.environ(), columns=80, lines=24)


def leave(terminal: Terminal) -> None:
    terminal.send("q")
    assert terminal.wait_for_exit() == Exit.OK


def reads(terminal: Terminal, card: str) -> None:
    terminal.wait_for(card)
    time.sleep(READ_S + 0.2)  # a person reads it
    terminal.press_away("a", card)


def test_a_screen_that_watches_takes_its_persons_pen_up_by_one_key_and_sees_to_a_keeper(run: Night) -> None:
    with joined(run) as terminal:
        terminal.wait_for("P act here")
        terminal.send("c")
        terminal.wait_for("✖ this screen is watching — P takes your pen up here")
        assert not holder_alive(keeper_lock(run.run_dir)), "a watcher starts none"
        terminal.send("P")
        terminal.wait_for("LIVE")
        terminal.wait_for(r"watching \(epoch 1")
        terminal.send("c")
        terminal.wait_for("confirmed 1.1 First of all")
        until(lambda: [body.role for body in run.bodies(OperatorAttached)] == ["watching", "acting"], "others see it")  # type: ignore[attr-defined]
        leave(terminal)
        terminal.wait_for("Come back: ")
    assert run.bodies(PenTaken) == run.bodies(PenPassed) == []


def test_nobody_takes_the_pen_of_somebody_here_by_resuming_but_asks_for_it_and_is_given_it(
    run: Night, somebody: Seat
) -> None:
    with Terminal(run.argv(), env=run.environ(), columns=80, lines=24) as resumed:
        resumed.wait_for("the pen was not taken: somebody is here, and did something")
        resumed.wait_for("ask for it there")
        assert resumed.wait_for_exit() == Exit.REFUSED
    with joined(run) as terminal:
        terminal.wait_for("pen: somebody")
        terminal.send("P")
        terminal.wait_for("what for")
        time.sleep(0.3)  # the dialog takes no keys at once
        terminal.press_away("enter", "what for")
        until(lambda: somebody.view.state.pen_asked, "the ask")
        old = somebody.command(c.ConfirmStep, step="first", painted_seq=1, pen_epoch=2)
        (ask,) = somebody.view.state.pen_asked
        assert isinstance(somebody.submit(somebody.command(c.OfferPen, to=ask.seat)), Done)
        terminal.wait_for("somebody OFFERS YOU THE PEN")
        terminal.send("P")
        reads(terminal, r"at: 1\.1 First of all")
        terminal.wait_for("LIVE")
        terminal.wait_for(r"watching \(epoch 1")  # none lived: whoever acts starts one
        refusal = somebody.submit(old)
        assert isinstance(refusal, c.Refusal)
        assert refusal.code == "other_epoch"
        assert somebody.role == "watching"
        terminal.send("c")
        terminal.wait_for("confirmed 1.1 First of all")
        leave(terminal)
    assert len(run.bodies(KeeperStarted)) == 1


def test_what_is_offered_is_accepted_by_resuming_once_the_card_was_read(run: Night, somebody: Seat) -> None:
    with joined(run) as terminal:
        terminal.wait_for("WATCHING")
        until(lambda: len(somebody.view.here) == 2, "both are here")
        mine = next(seat.seat for seat in somebody.view.here if seat.seat != somebody.id)
        assert isinstance(somebody.submit(somebody.command(c.OfferPen, to=mine)), Done)
        with Terminal(run.argv(), env=run.environ(), columns=80, lines=24) as resumed:
            resumed.wait_for("they offer it to you")
            resumed.wait_for(r"at: 1\.1 First of all")
            resumed.send("y", "enter")
            resumed.wait_for("LIVE")
            terminal.wait_for("P act here")  # the pen is theirs, and they act at the other screen
            leave(resumed)
            resumed.wait_for("you have the pen still; somebody may take it now")
        leave(terminal)
    (passed,) = run.bodies(PenPassed)
    assert passed.card[0].startswith("at: 1.1 First of all")  # type: ignore[attr-defined]
