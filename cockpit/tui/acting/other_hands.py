"""How the keeper differs from the one before, shown whole, and confirmed by whoever has the pen.

It opens with the key that runs a step, and runs none: whoever came to look at the keeper has not looked at the step.
"""

from __future__ import annotations

from msgspec.structs import replace

from cockpit.run import commands as c
from cockpit.run.friction import required_word
from cockpit.run.hands import Differences, headline, other_hands
from cockpit.run.state import RunState
from cockpit.tui.acting.hands import Hands
from cockpit.tui.screens.dialogs import Answer, Question

KEY = "k"
"""Not `r`, which opened the question and may be pressed twice."""


async def let_act(hands: Hands, painted: RunState) -> None:
    """Show how the keeper differs, and have it act if that is confirmed."""
    found = other_hands(painted)
    seq = painted.cursor.opened_seq if painted.cursor is not None else 0
    command = hands.command(c.AcceptKeeper, epoch=found.now, shown=found.told(), painted_seq=seq)
    if hands.refused(painted, command):
        return
    word, told = required_word(painted, "keeper", "", hands.now), headline(found)
    title, lines = f"{told[0].upper()}{told[1:]}: may it act?", _lines(hands, found)
    if word:
        answer = await hands.ask(Question(title=title, lines=lines, word=word, danger=True))
    else:
        answer = Answer() if await hands.sure(title, lines, KEY, f"lets keeper {found.now} act like this") else None
    if answer is not None and await hands.submit(replace(command, typed=answer.word)):
        hands.screen.say((f"keeper {found.now} may act now", "good"), ("   r runs the step", "dim"))


def _lines(hands: Hands, found: Differences) -> tuple[str, ...]:
    run = hands.seat.run_dir.name[:12]
    return (
        "It reads the probes, and runs nothing before somebody confirms that it may act like this.",
        *found.told(),
        f"If it should not: Esc, cockpit stop {run}, put right what is wrong, cockpit resume {run}.",
    )
