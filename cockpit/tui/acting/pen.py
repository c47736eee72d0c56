"""The pen's keys: `P` offers, accepts, asks, or takes up, whatever fits; `T` takes, and whoever has the pen keeps it.

Invariant: nobody gets the pen without having read a card that is still true. If the run moves on while it is read, it
is shown anew, and what was typed stays.
"""

from __future__ import annotations

from typing import TypeVar

from msgspec.structs import replace

from cockpit.probes.threads import in_own_thread
from cockpit.run import commands as c
from cockpit.run.commands import Refusal
from cockpit.run.elapsed import duration, elapsed_s
from cockpit.run.friction import required_word
from cockpit.run.handover import card, standing
from cockpit.run.holding import holder_called, holds, idle_for_s, is_offered_to, others_here, presence
from cockpit.run.numbering import step_label
from cockpit.run.people import called
from cockpit.run.state import RunState
from cockpit.run.state_people import PenAsk, SeatState
from cockpit.session.outcomes import Done
from cockpit.text import shortened
from cockpit.tui.acting.hands import Hands
from cockpit.tui.panes.pen import GOT, asks
from cockpit.tui.screens.choosing import Choice
from cockpit.tui.screens.dialogs import Question
from cockpit.tui.screens.handing import CardDialog

READ = "a"
DECLINE = "d"
_Getting = TypeVar("_Getting", c.AcceptPen, c.TakePen)


async def pen(hands: Hands, painted: RunState) -> None:
    """What fits now."""
    actor = hands.seat.actor
    if painted.status == "live" and holds(painted, actor):
        if hands.seat.role != "acting":
            await _take_up(hands)
        elif painted.pen_offer is not None:
            await _withdraw(hands, painted)
        else:
            await _offer(hands, painted)
    elif is_offered_to(painted, actor):
        await _accept(hands, painted)
    else:
        await _ask(hands, painted)


async def take(hands: Hands, painted: RunState) -> None:
    """Take the pen from somebody who is gone or silent; whoever has it says no to those who ask."""
    if holds(painted, hands.seat.actor) and painted.pen_asked:
        await _keep(hands, painted)
        return
    taking = hands.command(c.TakePen, reason="")
    if hands.refused(painted, taking):
        return
    holder = holder_called(painted)
    found = presence(painted, taking.here, hands.now)
    how = "is gone" if found == "gone" else f"has done nothing for {duration(idle_for_s(painted, hands.now))}"
    title = f"Take the pen from {holder}, who {how}"
    known = await _read(hands, f"{title}: what you take over", ((READ, "read: go on"),), taking)
    if known is None:
        return
    question = Question(
        title=title,
        lines=("What you do from here on is yours; what they have open is refused.",),
        reason="why do you act now?",
        word=required_word(painted, "pen", "", hands.now),
        danger=True,
    )
    answer = await hands.ask(question)
    if answer is not None:
        known = replace(known, reason=answer.reason, typed=answer.word)
        await _get(hands, known, f"{title}: what you take over", ((READ, "read: take it"),))


# ---- whoever has it ------------------------------------------------------------------------------------------------


async def _take_up(hands: Hands) -> None:
    await in_own_thread(lambda: hands.seat.take_up(hands.screen.selected or ""))
    hands.screen.say(("you act here now", "good"))
    hands.screen.draw()


async def _offer(hands: Hands, painted: RunState) -> None:
    """To whoever asks, if that is one who is here; else to one that is chosen."""
    here = [seat.seat for seat in hands.seat.view.here]
    seats = list(others_here(painted, here))
    if not seats:
        hands.refuse(Refusal("nobody else is here", "others come by: cockpit join", "nobody_here"))
        return
    asking = {ask.seat: ask for ask in asks(painted)}
    seats.sort(key=lambda seat: seat.seat not in asking)
    waiting = [seat for seat in seats if seat.seat in asking]
    if len(waiting) == 1:
        await _offer_to(hands, painted, waiting[0])
        return
    if len(seats) == 1:
        about = (*_about(hands, painted, seats[0], None), "You act until it is accepted.")
        if await hands.sure(f"Offer the pen to {_seat(seats[0])}?", about, "P", "offers it"):
            await _offer_to(hands, painted, seats[0])
        return
    choices = tuple(
        Choice(
            id=seat.seat,
            label=_seat(seat),
            about=_about(hands, painted, seat, asking.get(seat.seat)),
            key="P",
            verb="offers it",
        )
        for seat in seats
    )
    chosen = await hands.choose("Offer the pen to whom? You act until it is accepted.", choices)
    if chosen is not None:
        await _offer_to(hands, painted, next(seat for seat in seats if seat.seat == chosen.choice))


async def _offer_to(hands: Hands, painted: RunState, seat: SeatState) -> None:
    command = hands.command(c.OfferPen, to=seat.seat)
    if not hands.refused(painted, command) and await hands.submit(command):
        hands.screen.say((f"offered to {_name(seat)}", "good"), ("   you act until it is accepted", "dim"))


async def _withdraw(hands: Hands, painted: RunState) -> None:
    command = hands.command(c.WithdrawPen)
    if painted.pen_offer is None or hands.refused(painted, command):
        return
    to = shortened(painted.pen_offer.to, 40)
    since = duration(elapsed_s(painted.pen_offer.since, hands.now))
    lines = (f"It was offered {since} ago and not accepted yet. You act until it is.",)
    if await hands.sure(f"Take the offer of the pen to {to} back?", lines, "P", "takes it back"):
        await hands.submit(hands.command(c.WithdrawPen))


async def _keep(hands: Hands, painted: RunState) -> None:
    if hands.refused(painted, hands.command(c.DeclinePen, reason="")):
        return
    who = ", ".join(called(ask.by) for ask in asks(painted)[:3])
    lines = tuple(f"{called(ask.by)}: {shortened(ask.reason, 200)}" for ask in asks(painted)[:3] if ask.reason)
    answer = await hands.ask(Question(title=f"Keep the pen: {who} asked for it", lines=lines, reason="why not now?"))
    if answer is not None:
        await hands.submit(hands.command(c.DeclinePen, reason=answer.reason))


# ---- whoever gets it -----------------------------------------------------------------------------------------------


async def _ask(hands: Hands, painted: RunState) -> None:
    if hands.refused(painted, hands.command(c.AskPen)):
        return
    question = Question(
        title=f"Ask {holder_called(painted)} for the pen",
        lines=("They see it at once, and offer it or keep it. Note, hold and raise go on meanwhile.",),
        value="what for? (may stay empty)",
    )
    answer = await hands.ask(question)
    if answer is not None and await hands.submit(hands.command(c.AskPen, reason=answer.value)):
        hands.screen.say((f"{holder_called(painted)} was asked for the pen", "good"))


async def _accept(hands: Hands, painted: RunState) -> None:
    accepting = hands.command(c.AcceptPen)
    if hands.refused(painted, accepting):
        return
    title = f"{holder_called(painted)} offers you the pen. What you take over:"
    keys = ((READ, "read: accept the pen"), (DECLINE, "decline…"))
    known = await _read(hands, title, keys, accepting)
    if known is not None:
        await _get(hands, known, title, keys)


async def _get(hands: Hands, command: _Getting, title: str, keys: tuple[tuple[str, str], ...]) -> None:
    """Write it; as long as the run moves on meanwhile, have the card read anew."""
    while True:
        outcome = await hands.outcome(command)
        if isinstance(outcome, Done):
            hands.screen.say(GOT)
        if not isinstance(outcome, Refusal) or outcome.code != "card_stale":
            return
        again = await _read(hands, title, keys, command, notice=outcome.why)
        if again is None:
            return
        command = again


async def _read(
    hands: Hands,
    title: str,
    keys: tuple[tuple[str, str], ...],
    command: _Getting,
    *,
    notice: str = "",
) -> _Getting | None:
    """The command with the card that was read; None: it was left, or declined."""
    view = hands.seat.view
    lines = card(view.state, hands.now, [seat.seat for seat in view.here])
    stands = standing(view.state)
    dialog = CardDialog(title, lines, keys, notice=notice, place=hands.screen.titled())
    answer = await hands.screen.app.push_screen_wait(dialog)
    if answer is None:
        return None
    if answer.choice == DECLINE:
        await _decline(hands)
        return None
    return replace(command, card=lines, read=stands)


async def _decline(hands: Hands) -> None:
    answer = await hands.ask(Question(title="Decline the pen", reason="why not now?"))
    if answer is not None:
        await hands.submit(hands.command(c.DeclinePen, reason=answer.reason))


# ---- in words ------------------------------------------------------------------------------------------------------


def _name(seat: SeatState) -> str:
    return called(seat.by) if seat.by is not None else shortened(seat.user, 40)


def _seat(seat: SeatState) -> str:
    """Several screens of one person are told apart by their terminals."""
    where = seat.by.tty or seat.by.via if seat.by is not None else ""
    return f"{_name(seat)} ({shortened(where, 30)})" if where else _name(seat)


def _about(hands: Hands, painted: RunState, seat: SeatState, ask: PenAsk | None) -> tuple[str, ...]:
    told = []
    if ask is not None:
        since = duration(elapsed_s(ask.since, hands.now))
        told.append(f"asked for it {since} ago{f': {shortened(ask.reason, 160)}' if ask.reason else ''}")
    if seat.at:
        told.append(f"looks at {step_label(painted.profile, seat.at)}")
    if seat.active is not None:
        told.append(f"last known to press a key {duration(elapsed_s(seat.active, hands.now))} ago")
    return tuple(told)
