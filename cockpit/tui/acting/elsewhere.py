"""The key for when the log can no longer be written: the run goes on in another folder, or without its database."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from cockpit.audit.moved import branch_of
from cockpit.errors import CockpitError
from cockpit.run.commands import Refusal
from cockpit.run.state import RunState
from cockpit.tui.acting import offline
from cockpit.tui.acting.hands import Hands
from cockpit.tui.lines import without_folders
from cockpit.tui.screens.dialogs import Question


async def elsewhere(hands: Hands, painted: RunState) -> None:
    """Ask where, copy what counts, and leave this screen for one that opens there."""
    if where := hands.seat.view.went_on:
        hands.refuse(Refusal(f"this run goes on in {where}", f"leave by q; cockpit resume {where}", "went_on"))
        return
    view, is_branch = hands.seat.view, branch_of(hands.seat.run_dir) is not None
    if painted.offline is not None and is_branch and (view.answers or not view.trouble):
        await offline.come_home(hands, painted)
        return
    if hands.seat.view.away or (hands.seat.afar.is_there and not hands.seat.view.trouble):
        await offline.leave(hands, painted)
        return
    if not hands.seat.view.trouble:
        hands.refuse(Refusal("the log can be written where it is", "there is no need to go elsewhere", "no_trouble"))
        return
    if hands.seat.role != "acting":
        hands.refuse(Refusal("this screen only watches", "whoever acts lets the run go on elsewhere", "watching"))
        return
    question = Question(
        title="Go on elsewhere: the log can no longer be written where it is",
        lines=(
            hands.seat.view.trouble,
            "What was durable is copied there, byte by byte, and the run goes on in it with a keeper of its own.",
        ),
        value="a folder on a disk that is well",
        check=_wrong,
        danger=True,
    )
    answer = await hands.ask(question)
    if answer is None:
        return
    hands.is_writing = True
    hands.screen.say(("… copying the log, once its keeper has ended", "dim"))
    try:
        await asyncio.to_thread(hands.seat.moving.go_on, Path(answer.value.strip()))
    except (CockpitError, OSError) as error:
        hands.screen.say(("✖ not gone on: ", "bad"), (without_folders(str(error)), "plain"))
        return
    finally:
        hands.is_writing = False
    hands.screen.app.exit(0)


def _wrong(value: str) -> str:
    """A folder that cannot be used is said before anything is tried; one that is not there yet is made."""
    path = Path(value.strip()).expanduser()
    if not path.is_absolute():
        return "name it from the root: /…"
    nearest = next(each for each in (path, *path.parents) if each.exists())
    if not nearest.is_dir():
        return f"{nearest} is not a folder"
    return "" if os.access(nearest, os.W_OK | os.X_OK) else f"{nearest} cannot be written"
