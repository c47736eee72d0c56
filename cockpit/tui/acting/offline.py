"""The key for when the database is away: the run goes on without it, on a new screen, and comes back to it."""

from __future__ import annotations

import asyncio

from cockpit.errors import CockpitError
from cockpit.run import commands as c
from cockpit.run.commands import Refusal
from cockpit.run.elapsed import duration, elapsed_s
from cockpit.run.friction import required_word
from cockpit.run.state import RunState
from cockpit.tui.acting.hands import Hands
from cockpit.tui.lines import without_folders
from cockpit.tui.screens.dialogs import Question


async def leave(hands: Hands, painted: RunState) -> None:
    """Say what it means, ask why, let the run go on in a branch, and leave this screen for one that opens there."""
    away = hands.seat.view.away
    command = hands.command(c.GoOffline, reason="", away=away, seq=0, digest="")
    if hands.refused(painted, command):
        return
    running = next((step.action for step in painted.steps.values() if step.action and step.action.is_under_way), None)
    lines = (
        away,
        "Others may act on this run at the same time, on other hosts, and nobody here will know.",
        "What is written from here on is on this host alone, until the database is back and W brings it there.",
        "What both sides settle meanwhile will be in CONFLICT, until a person says which counts.",
        *(("What runs goes on under its shim; SQL that runs is stopped with the keeper.",) if running else ()),
    )
    question = Question(
        title="Go on OFFLINE, without the database",
        lines=lines,
        reason="why not wait for it?",
        word=required_word(painted, "offline", now=hands.now),
        danger=True,
    )
    answer = await hands.ask(question)
    if answer is None:
        return
    hands.is_writing = True
    hands.screen.say(("… leaving, once the keeper has ended", "dim"))
    try:
        left = await asyncio.to_thread(
            hands.seat.moving.go_offline, hands.command(
                c.GoOffline, reason=answer.reason, typed=answer.word, away=hands.seat.view.away, seq=0, digest=""
            ),
        )  # fmt: skip
    except (CockpitError, OSError) as error:
        hands.screen.say(("✖ ", "bad"), (without_folders(str(error)), "plain"))
        return
    finally:
        hands.is_writing = False
    if isinstance(left, Refusal):
        hands.refuse(left)
        return
    hands.screen.app.exit(0)


async def come_home(hands: Hands, painted: RunState) -> None:
    """Bring the branch into the database, and leave this screen for one that opens there."""
    assert painted.offline is not None
    if hands.refused(painted, hands.command(c.ReturnToStore, seq=0, digest="")):
        return
    since = duration(elapsed_s(painted.offline.since, hands.now))
    lines = (
        f"The run has been offline for {since}.",
        "Its lines come into the database as they were written, if nobody went on there meanwhile.",
        "Else both stay: these are told in its log, and nothing is rewritten.",
        "What both sides settled is in CONFLICT then, until a person says which counts.",
    )
    if not await hands.sure("Return to the database", lines, "W", "brings the run back"):
        return
    hands.is_writing = True
    hands.screen.say(("… bringing the lines back", "dim"))
    try:
        came = await asyncio.to_thread(hands.seat.moving.come_home, hands.seat.role)
    except (CockpitError, OSError) as error:
        hands.screen.say(("✖ not returned: ", "bad"), (without_folders(str(error)), "plain"))
        return
    finally:
        hands.is_writing = False
    if isinstance(came, Refusal):
        hands.refuse(came)
        return
    hands.screen.app.exit(0)
