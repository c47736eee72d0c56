"""Keys about the line itself: notes, holds, going elsewhere, reading the probes, the end."""

from __future__ import annotations

import asyncio
from typing import Any

from cockpit.errors import KeeperError, LogError
from cockpit.run import commands as c
from cockpit.run import refusals_doing as rd
from cockpit.run.commands import Refusal
from cockpit.run.friction import required_word
from cockpit.run.numbering import step_label
from cockpit.run.state import RunState
from cockpit.run.walk import is_within_free_phase, route
from cockpit.session.nudge import probe_now
from cockpit.session.spawn import start_keeper
from cockpit.text import counted, shortened
from cockpit.tui.acting.hands import Hands
from cockpit.tui.acting.takeover import take_over
from cockpit.tui.screens.choosing import Choice
from cockpit.tui.screens.dialogs import Question


async def note(hands: Hands, painted: RunState) -> None:
    """Write something down."""
    answer = await hands.ask(Question(title="Note", reason="what should others know?"))
    if answer is not None:
        step = painted.cursor.step or "" if painted.cursor else ""
        await hands.submit(hands.command(c.AddNote, text=answer.reason, step=step))


async def hold(hands: Hands, painted: RunState) -> None:
    """Stop the line, or go on."""
    kind: type[Any] = c.PlaceHold if painted.hold is None else c.ReleaseHold
    if hands.refused(painted, hands.command(kind, reason="")):
        return
    title = "Hold: stop the line" if painted.hold is None else "Release the hold"
    label = "what is wrong?" if painted.hold is None else "why is it right to go on?"
    answer = await hands.ask(Question(title=title, reason=label))
    if answer is not None:
        await hands.submit(hands.command(kind, reason=answer.reason))


async def jump(hands: Hands, painted: RunState) -> None:
    """Make another open step current."""
    cursor = painted.cursor.step if painted.cursor else None
    wanted = [each for each in route(painted) if painted.steps[each].status == "open" and each != cursor]
    await _pick(hands, painted, c.JumpTo, "Jump to which step?", wanted, "why out of order?")


async def reopen(hands: Hands, painted: RunState) -> None:
    """Do a settled step again."""
    wanted = [each for each in route(painted) if painted.steps[each].status != "open"]
    await _pick(hands, painted, c.ReopenStep, "Reopen which step?", wanted, "why again?")


async def _pick(hands: Hands, painted: RunState, kind: type[Any], title: str, wanted: list[str], reason: str) -> None:
    if not wanted:
        hands.refuse(Refusal("there is no such step", "↑ ↓ show what became of each", "no_choice"))
        return
    if hands.refused(painted, hands.command(kind, step=wanted[0], reason="")):
        return
    choices = tuple(
        Choice(
            id=step_id,
            label=step_label(painted.profile, step_id),
            reason="" if kind is c.JumpTo and is_within_free_phase(painted, step_id) else reason,
            key="j",
            verb="goes there",
        )
        for step_id in wanted
    )
    answer = await hands.choose(title, choices)
    if answer is not None:
        await hands.submit(hands.command(kind, step=answer.choice, reason=answer.reason))


async def probe(hands: Hands, painted: RunState) -> None:
    """Read the probes now; where no keeper lives to do that, start one, if this seat acts."""
    if painted.ended:
        hands.refuse(Refusal(f"the run is over: it was {painted.status}", "p shows the probes at its end", "over"))
        return
    sight = hands.seat.keeper_sight()
    is_alone = not sight.alive
    if sight.is_unknown:
        why = hands.seat.view.away or "whether a keeper lives cannot be seen yet"
        hands.refuse(Refusal(shortened(why, 200), "try again once the database answers", "no_keeper"))
        return
    if is_alone and not _starts_keepers(hands, painted):
        hands.refuse(Refusal("no keeper is there to read them", "whoever holds the pen starts one: .", "no_keeper"))
        return
    if is_alone and hands.seat.keeper_objection():
        await take_over(hands, painted)
        return
    try:
        if sight.alive and sight.is_elsewhere:
            await asyncio.to_thread(hands.seat.ask_probes)
            host = shortened(painted.keeper.host if painted.keeper else "", 40)
            hands.screen.say((f"the keeper on {host} was asked to probe now", "dim"))
            return
        if is_alone:
            await asyncio.to_thread(start_keeper, hands.seat.run_dir)
            hands.screen.say(("the keeper is started again", "dim"))
            return
        await asyncio.to_thread(probe_now, hands.seat.run_dir)
    except (KeeperError, LogError) as error:
        hands.screen.say(("✖ ", "bad"), (str(error), "plain"))
    else:
        hands.screen.say(("probing now", "dim"))


def _starts_keepers(hands: Hands, painted: RunState) -> bool:
    """Whether this seat acts, and holds the pen."""
    return hands.seat.role == "acting" and painted.status == "live"


async def finish(hands: Hands, painted: RunState) -> None:
    """Close the run."""
    if hands.refused(painted, hands.command(c.FinishRun)):
        return
    told = f"{counted(len(painted.deviations), 'deviation is', 'deviations are')} in the log."
    lines = (told if painted.deviations else "All steps went as planned.", *_unsigned(painted))
    if await hands.sure("Finish the run? Its keeper ends.", lines, "F", "finishes"):
        await hands.submit(hands.command(c.FinishRun))


def _unsigned(painted: RunState) -> tuple[str, ...]:
    """What ends without a signature."""
    count = len(painted.unsigned)
    return (f"{counted(count, 'fact is', 'facts are')} unsigned.",) if count else ()


async def abort(hands: Hands, painted: RunState) -> None:
    """Give the run up."""
    if hands.refused(painted, hands.command(c.AbortRun, reason="")):
        return
    running = rd.running_action(painted)
    label = step_label(painted.profile, running.step) if running is not None else ""
    question = Question(
        title="Abort the run. Its keeper ends; nothing is undone by itself."
        + (f" {label} goes on to its end: cancel it first to stop it." if label else ""),
        reason="why is it given up?",
        word=required_word(painted, "abort", "", hands.now),
        danger=True,
    )
    answer = await hands.ask(question)
    if answer is not None:
        await hands.submit(hands.command(c.AbortRun, reason=answer.reason, typed=answer.word))
