"""The key that says which of two sides counts, where both settled the same thing without knowing of each other."""

from __future__ import annotations

from typing import Any, Literal

from cockpit.run import commands as c
from cockpit.run.conflicts import label, version
from cockpit.run.people import called_at
from cockpit.run.phrases import tally
from cockpit.run.state import RunState
from cockpit.run.state_branch import Conflict, Word
from cockpit.text import shortened
from cockpit.tui.acting.hands import Hands
from cockpit.tui.screens.choosing import Choice

_QUOTE = 200


async def settle(hands: Hands, painted: RunState) -> None:
    """Show both versions of what is in conflict, and ask which counts and why; of several, which one first."""
    conflict = painted.conflicts[0]
    if len(painted.conflicts) > 1:
        choices = tuple(
            Choice(id=each.subject, label=label(painted, each.subject), about=_both(each), key="u", verb="settles it")
            for each in painted.conflicts
        )
        answer = await hands.choose(f"{len(choices)} things are in CONFLICT: which one?", choices)
        if answer is None:
            return
        conflict = next(each for each in painted.conflicts if each.subject == answer.choice)
    about: dict[str, Any] = {"subject": conflict.subject, "shown": conflict.branch.seq}
    if hands.refused(painted, hands.command(c.SettleConflict, counts="log", reason="", **about)):
        return
    choices = (_choice("log", conflict.log), _choice("branch", conflict.branch))
    name = shortened(label(painted, conflict.subject), 60)
    answer = await hands.choose(f"{name} is in CONFLICT: which of both counts?", choices, danger=True)
    if answer is not None:
        counts: Literal["log", "branch"] = "branch" if answer.choice == "branch" else "log"
        await hands.submit(hands.command(c.SettleConflict, counts=counts, reason=answer.reason, **about))


def _choice(side: str, word: Word) -> Choice:
    where = "the database's log" if side == "log" else "the branch"
    return Choice(
        id=side,
        label=f"{where}: {version(word)}",
        about=(*_evidence(word), "x does a step anew instead, if neither counts."),
        reason="how do you know?",
    )


def _both(conflict: Conflict) -> tuple[str, ...]:
    return (f"log: {version(conflict.log)}", f"branch: {version(conflict.branch)}")


def _evidence(word: Word) -> tuple[str, ...]:
    told = [f"by {called_at(word.by)}"]
    told += [f"reason: {shortened(word.reason, _QUOTE)}"] if word.reason else []
    told += [f"as it was confirmed:{tally(word.counts)}"] if word.counts else []
    return tuple(told)
