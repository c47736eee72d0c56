"""Before something is done by a keeper that differs from the one before: shown whole, and confirmed."""

from __future__ import annotations

from cockpit.run import commands as c
from cockpit.run.friction import required_word
from cockpit.run.hands import Differences, headline, other_hands
from cockpit.run.state import RunState
from cockpit.tui.acting.hands import Hands
from cockpit.tui.screens.dialogs import Question

KEY = "k"
"""Not `r`, which opened the question and may be pressed twice."""


async def accepted(hands: Hands, painted: RunState) -> bool:
    """Whether the keeper may act: its hands are those of the last one, or a person confirmed them now, durably."""
    found = other_hands(painted)
    if not found.are_there:
        return True
    at = {"epoch": found.now, "shown": found.told(), "painted_seq": painted.cursor.opened_seq if painted.cursor else 0}
    if hands.refused(painted, hands.command(c.AcceptKeeper, **at)):
        return False
    word = required_word(painted, "keeper", "", hands.now)
    told = headline(found)
    title, lines = told[0].upper() + told[1:], _lines(hands, found)
    if not word:
        if not await hands.sure(title, lines, KEY, f"lets keeper {found.now} act as it is"):
            return False
        return await hands.submit(hands.command(c.AcceptKeeper, **at))
    answer = await hands.ask(Question(title=title, lines=lines, word=word, danger=True))
    return answer is not None and await hands.submit(hands.command(c.AcceptKeeper, typed=answer.word, **at))


def _lines(hands: Hands, found: Differences) -> tuple[str, ...]:
    run = hands.seat.run_dir.name[:12]
    return (
        *found.told(),
        "It reads the probes, and does nothing else before somebody confirms that it may act like this.",
        f"To have one of your own instead: Esc, cockpit stop {run}, cockpit resume {run}.",
    )
