"""The pen, for whoever comes back to a run that somebody else acts on: the handover card on the plain terminal.

Invariant: as at the screen, nobody gets the pen without having been shown a card that is still true and having said
so; and nobody takes it from somebody who is here and acts.
"""

from __future__ import annotations

from pathlib import Path

import click
from msgspec.structs import replace

from cockpit.audit import clock
from cockpit.cli.ending import Refused, say
from cockpit.run.commands import AcceptPen, Refusal, TakePen
from cockpit.run.elapsed import duration
from cockpit.run.friction import required_word
from cockpit.run.handover import card, standing
from cockpit.run.holding import holder_at, idle_for_s, is_offered_to, others_here, presence
from cockpit.run.people import called as called_by
from cockpit.run.state import RunState
from cockpit.session.outcomes import Done, Failed
from cockpit.session.runs import called
from cockpit.session.seat import Seat
from cockpit.text import visible


def get_pen(seat: Seat, reason: str | None, *, is_shown: bool = False) -> None:
    """Accept the pen if it is offered to whoever sits here; else take it, with a reason that is asked for if not given.

    `is_shown`: the card was shown and acknowledged a moment ago. Raises Refused, with the way on.
    """
    from cockpit.run.decide import permission  # most screens open without this question

    seat.glance()
    state = seat.view.state
    command = seat.command(AcceptPen) if is_offered_to(state, seat.actor) else seat.command(TakePen, reason="")
    refusal = permission(state, command)
    if refusal is not None:
        raise _not_taken(refusal, seat.run_dir)
    if not is_shown:
        _say_who(state, command.here, seat.run_dir)
    typed = ""
    while True:
        state = seat.view.state
        lines, stands = card(state, clock.now(), command.here), standing(state)
        if not is_shown:
            acknowledge(lines)
        command = replace(command, card=lines, read=stands)
        if isinstance(command, TakePen):
            reason = reasoned(reason)
            typed = typed or ask_word(state)
            command = replace(command, reason=reason, typed=typed)
        outcome = seat.submit(command)
        if not isinstance(outcome, Refusal) or outcome.code != "card_stale":
            break
        say(outcome.why)
        is_shown = False
    if isinstance(outcome, Refusal):
        raise _not_taken(outcome, seat.run_dir)
    if not isinstance(outcome, Done):
        raise Refused(f"the pen was not taken: {told(outcome)}")


def prepare(state: RunState, here: tuple[str, ...], run_dir: Path, reason: str | None) -> str:
    """The reason for taking the pen of a run that is about to move, once its card was acknowledged: see `get_pen`.

    Nobody moves a run and then thinks better of it.
    """
    if reason is not None:
        reasoned(reason)
    _say_who(state, here, run_dir)
    acknowledge(card(state, clock.now(), here))
    return reasoned(reason)


def acknowledge(lines: tuple[str, ...]) -> None:
    """Show the handover card, and have it said that it was read. Raises Refused."""
    say("what you take over:")
    click.echo("".join(f"  {visible(line)}\n" for line in lines), err=True)
    if not click.confirm("have you read it, and do you act from here on", default=None, err=True):
        raise Refused("the pen stays where it is", hint="to watch only: cockpit join")


def reasoned(reason: str | None) -> str:
    """The reason for taking the pen, asked for if not given. Raises Refused for an empty one."""
    if reason is None:
        reason = str(click.prompt("the reason for taking it, for the log", err=True))
    if not reason.strip():
        raise Refused("taking the pen needs a reason", hint="give it: --reason TEXT")
    return reason


def ask_word(state: RunState) -> str:
    """The word that production asks for; empty elsewhere."""
    word = required_word(state, "pen", "", clock.now())
    return str(click.prompt(f"type {visible(word)} to go on", err=True)).strip() if word else ""


def still_here(seat: Seat) -> str:
    """Who else was at the run when this seat was left, by name; empty if nobody was."""
    view = seat.view
    others = others_here(view.state, [each.seat for each in view.here])
    return ", ".join(dict.fromkeys(called_by(each.by) for each in others[:3] if each.by is not None))


def told(outcome: object) -> str:
    """An outcome that is not `Done`, in a sentence."""
    if isinstance(outcome, Refusal):
        return f"{outcome.why}; {outcome.instead}"
    if isinstance(outcome, Failed):
        return outcome.sentence
    return "whether it was written is not known; look at the log"


def _say_who(state: RunState, here: tuple[str, ...], run_dir: Path) -> None:
    found = presence(state, here, clock.now())
    how = {
        "gone": "no screen of theirs is here",
        "silent": f"they have done nothing for {duration(idle_for_s(state, clock.now()))}",
        "here": "they offer it to you",
    }[found]
    say(f"{holder_at(state)} holds the pen of this run; {how}; to watch only: cockpit join {called(run_dir)}")


def _not_taken(refusal: Refusal, run_dir: Path) -> Refused:
    """What helps at a screen is said as what helps here."""
    hint = refusal.instead
    if refusal.code == "holder_here":
        hint = f"join, and ask for it there (P): cockpit join {called(run_dir)}"
    return Refused(f"the pen was not taken: {refusal.why}", hint=hint)
