"""The last keeper was on another host and is gone: whoever holds the pen has one begin here, with a reason."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from cockpit.errors import CockpitError
from cockpit.run import commands as c
from cockpit.run.deciding_doing import under_way
from cockpit.run.friction import required_word
from cockpit.run.numbering import step_label
from cockpit.run.state import RunState
from cockpit.session.placed import origin, write_origin
from cockpit.session.spawn import require_trust, start_keeper
from cockpit.text import counted, shortened
from cockpit.tui.acting.hands import Hands
from cockpit.tui.lines import duration
from cockpit.tui.screens.dialogs import Question

_NAMED = 3


async def take_over(hands: Hands, painted: RunState) -> None:
    """Ask for the reason, and for where the profile's files are on this host if nobody knows; then start a keeper."""
    keeper = painted.keeper
    assert keeper is not None, "a keeper that was elsewhere is in the log"
    seq = painted.cursor.opened_seq if painted.cursor is not None else 0
    command = hands.command(c.MoveKeeper, epoch=keeper.epoch, reason="", painted_seq=seq)
    if hands.refused(painted, command):
        return
    run_dir, host = hands.seat.run_dir, shortened(keeper.host, 40)
    folder = ""
    if await asyncio.to_thread(origin, run_dir) is None:
        found = await hands.ask(_where(painted))
        if found is None:
            return
        folder = found.value
    question = Question(
        title=f"Take over the keeper: the last one was on {host}",
        lines=tuple(_lines(hands, painted, command.keeper)),
        reason="why does one begin here?",
        word=required_word(painted, "keeper", "", hands.now),
        danger=True,
    )
    answer = await hands.ask(question)
    if answer is None or not await hands.submit(replace(command, reason=answer.reason, typed=answer.word)):
        return
    try:
        await asyncio.to_thread(require_trust, run_dir)  # before this host is noted as one that knows the run
        if folder:
            await asyncio.to_thread(write_origin, run_dir, _folder(folder))
        await asyncio.to_thread(start_keeper, run_dir)
    except (CockpitError, OSError) as error:
        hands.screen.say(("✖ ", "bad"), (str(error), "plain"))
        return
    hands.screen.say(("a keeper begins on this host", "good"), ("   r lets it act, if it differs", "dim"))


def _lines(hands: Hands, painted: RunState, sight: c.KeeperSight) -> Iterator[str]:
    assert painted.keeper is not None
    host = shortened(painted.keeper.host, 40)
    since = "from here" if sight.is_unheard else f"for {duration(sight.silent_s)}"
    ran_as = f"{shortened(painted.keeper.user, 40)}@{host}"
    yield f"Keeper {painted.keeper.epoch} ran as {ran_as}, and nothing has been seen of it {since}."
    running = under_way(painted)
    for step_id in running[:_NAMED]:
        label = step_label(painted.profile, step_id)
        yield f"{label} was under way there: how it ends becomes UNKNOWN, and it may still run. Look on {host}."
    if running[_NAMED:]:
        more = len(running) - _NAMED
        yield f"So {'was' if more == 1 else 'were'} {counted(more, 'more step')}."
    yield "The new one has your user and environment; it reads the probes, and runs nothing before r lets it."
    if any(variable.secret and variable.prompt is not None for variable in painted.profile.variables):
        yield f"Secrets that were typed have to be typed again: q, cockpit resume {hands.seat.run_dir.name[:12]}."


def _where(painted: RunState) -> Question:
    files = painted.started.files if painted.started is not None else {}
    return Question(
        title="Take over the keeper: where are the profile's files on this host?",
        lines=(
            f"It has to hold {counted(len(files), 'file')} that the run names, as at its start."
            if files
            else "Commands begin there. Left empty, they begin in the run's own folder.",
        ),
        value="a folder",
        check=lambda value: _wrong(value, painted),
        danger=True,
    )


def _folder(value: str) -> Path:
    return Path(value.strip()).expanduser()


def _wrong(value: str, painted: RunState) -> str:
    """Where no file is named, none is needed, and commands begin in the run's own folder."""
    files = painted.started.files if painted.started is not None else {}
    if not value.strip():
        return f"{counted(len(files), 'file is', 'files are')} named by the run: say where they are" if files else ""
    folder = _folder(value)
    if not folder.is_absolute():
        return "name it from the root: /…"
    if not folder.is_dir() or not os.access(folder, os.R_OK | os.X_OK):
        return f"{folder} is no folder that you can read"
    missing = [name for name in files if not (folder / name).exists()]
    return f"{shortened(missing[0], 60)} is not in it" if missing else ""
