"""The whole text of the step on show: how it stands, what its action writes, how it is done.

What an action writes comes before how it is done, and takes what is left of the pane: so it is in sight as it grows.
"""

from __future__ import annotations

from cockpit.profile.model import Step
from cockpit.run.messages import whole
from cockpit.run.shown import shown
from cockpit.text import shortened
from cockpit.tui.lines import EMPTY, Line
from cockpit.tui.panes import action, asking, instructions, step
from cockpit.tui.panes.seen import Seen

_PROMPTS = tuple(instructions.PROMPTS.values())


def lines(seen: Seen, width: int, height: int, *, is_formatted: bool) -> list[Line]:
    """Every line of it."""
    facts = step.facts(seen, width)
    declared = seen.step()
    if declared is None:
        return facts
    return [
        *facts,
        *_output(seen, declared, width, height - len(facts)),
        *_how(seen, declared, width, is_formatted),
        *_origin(declared, width),
    ]


def _output(seen: Seen, declared: Step, width: int, room: int) -> list[Line]:
    """What it writes, then who does it where. Once it ended well, that it did is enough."""
    tried = seen.state.steps[declared.id].action
    if tried is None:
        return []
    rows = 0 if tried.status == "succeeded" else max(1, room - 1)  # the last row says what is hidden
    return [*action.output(tried, rows), *action.target(seen, declared, width)]


def _how(seen: Seen, declared: Step, width: int, is_formatted: bool) -> list[Line]:
    texts = seen.filled(declared.instructions), command(seen, declared), seen.filled(declared.rollback)
    if not any(each.strip() for each in texts):
        return []
    language: instructions.Language = "sql" if is_sql(declared) else "shell"
    form = instructions.formatted if is_formatted else instructions.plain
    every = list(form(*texts, max(10, width), language))
    return [EMPTY, *(every[1:] if every[0] == EMPTY else every)]


def is_sql(declared: Step) -> bool:
    """Whether what it runs, or shows to be run elsewhere, is SQL."""
    return declared.kind == "sql" or (declared.kind == "confirm" and declared.language == "sql")


def _origin(declared: Step, width: int) -> list[Line]:
    """Where the runbook that it was imported from says it."""
    return [EMPTY, ((shortened(f"from {declared.source}", max(10, width)), "dim"),)] if declared.source else []


def command(seen: Seen, declared: Step) -> str:
    """What is run, by the keeper or by a person elsewhere; of a message nothing."""
    if declared.behaviour == "message":
        return ""
    return shown(seen.state, declared)


def copied(seen: Seen, declared: Step) -> str:
    """What the copy key sends: the command, or the message whole."""
    if declared.behaviour != "message":
        return command(seen, declared)
    return whole(*asking.message(seen, declared))


def part(every: list[Line], first: int, room: int) -> list[Line]:
    """The rows in sight; the last one says how many are hidden below."""
    shown_lines = every[first : first + room]
    hidden = len(every) - first - room
    if hidden > 0:
        below = every[first + room - 1 :]
        # What is to be run is what people look for: its beginning stands here until it is scrolled into sight.
        begins = next((line for line in below if line and line[0][0].startswith(_PROMPTS)), ())
        shown_lines[-1] = ((f"↓ {hidden + 1} more lines (PgDn)  ", "accent"), *begins)
    return shown_lines
