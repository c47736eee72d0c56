"""Deciding about the pen: offering, asking, declining, accepting, taking.

Invariant: as `decide`. The pen moves by accepting what is offered, or by taking it from somebody who is gone or silent;
each time to the next epoch, and only to somebody who has read a card that still tells all there is. None of it is
blocked by a hold, a gate, the keeper or the window.
"""

from __future__ import annotations

from typing import Literal

from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run import refusals as r
from cockpit.run.commands import Refusal
from cockpit.run.deciding_walk import may_act, said
from cockpit.run.elapsed import duration, elapsed_s
from cockpit.run.friction import required_word
from cockpit.run.handover import LINES, moved_on, standing
from cockpit.run.holding import (
    ANSWER_S,
    ask_of,
    holder_called,
    holds,
    idle_for_s,
    is_offered_to,
    others_here,
    presence,
)
from cockpit.run.people import name_of
from cockpit.run.state import RunState
from cockpit.run.state_people import Pen
from cockpit.text import shortened

_LINE_LIMIT = 160

# ---- who may when ------------------------------------------------------------------------------------------------


def may_offer(state: RunState, command: c.OfferPen) -> Refusal | None:
    refusal = may_act(state, command)
    if refusal is not None:
        return refusal
    seat = next((each for each in others_here(state, command.here) if each.seat == command.to), None)
    if seat is None:
        if command.to in state.seats and command.to in command.here:
            return Refusal("that screen is your own", "P takes the pen up there", "own_seat")
        return Refusal("nobody is at that screen any more", "offer it to somebody who is here", "seat_gone")
    offer = state.pen_offer
    if offer is not None and offer.seat == command.to:
        return Refusal(
            f"the pen is offered to {shortened(offer.to, 60)} already", "wait for an answer", "offered_already"
        )
    return None


def may_withdraw(state: RunState, command: c.WithdrawPen) -> Refusal | None:
    refusal = may_act(state, command)
    if refusal is None and state.pen_offer is None:
        return Refusal("the pen is offered to nobody", "go on", "no_offer")
    return refusal


def may_ask(state: RunState, command: c.AskPen) -> Refusal | None:
    refusal = _is_moved_or_own(state, command) or _is_offered(state, command)
    if refusal is not None:
        return refusal
    holder, found = holder_called(state), presence(state, command.here, command.now)
    if found == "gone":
        return Refusal(f"{holder} is gone: nobody would answer", "T takes the pen, with a reason", "holder_gone")
    ask = ask_of(state, command.actor)
    if ask is None:
        return None
    since = duration(elapsed_s(ask.since, command.now))
    if found == "silent":
        return Refusal(
            f"you asked {since} ago, and {holder} is silent", "T takes the pen, with a reason", "asked_already"
        )
    return Refusal(f"you asked {since} ago", _patience(state), "asked_already")


def may_decline(state: RunState, command: c.DeclinePen) -> Refusal | None:
    if is_offered_to(state, command.actor):
        return r.other_epoch(state, command)
    refusal = may_act(state, command)
    if refusal is None and not state.pen_asked:
        return Refusal("nobody asks for the pen", "go on", "nothing_asked")
    return refusal


def may_accept(state: RunState, command: c.AcceptPen) -> Refusal | None:
    refusal = _is_moved_or_own(state, command)
    if refusal is not None or is_offered_to(state, command.actor):
        return refusal
    if state.pen_offer is None:
        return Refusal(f"{holder_called(state)} offers the pen to nobody now", "P asks for it", "no_offer")
    to = shortened(state.pen_offer.to, 60)
    return Refusal(f"the pen is offered to {to}", "P asks for it", "not_offered")


def may_take(state: RunState, command: c.TakePen) -> Refusal | None:
    refusal = _is_moved_or_own(state, command) or _is_offered(state, command)
    if refusal is not None or presence(state, command.here, command.now) != "here":
        return refusal
    did = duration(idle_for_s(state, command.now))
    why = f"{holder_called(state)} is here, and did something {did} ago"
    return Refusal(why, _patience(state), "holder_here")


def _patience(state: RunState) -> str:
    """What helps while whoever holds the pen is there."""
    asked = "" if state.pen_asked else "ask for it (P): "
    return f"{asked}after {ANSWER_S:.0f} s of silence it can be taken; anyone may hold the line (h)"


def _is_moved_or_own(state: RunState, command: c.PenCommand) -> Refusal | None:
    if holds(state, command.actor):
        how = "go on" if command.role == "acting" else "P takes it up here"
        return Refusal("you hold the pen already", how, "already_pen")
    return r.other_epoch(state, command)


def _is_offered(state: RunState, command: c.PenCommand) -> Refusal | None:
    if not is_offered_to(state, command.actor):
        return None
    return Refusal(f"{holder_called(state)} offers you the pen", "P accepts it", "offered_to_you")


# ---- what is asked of the person ---------------------------------------------------------------------------------


def asks_little(state: RunState, command: c.AskPen) -> Refusal | None:
    return r.no_reason(command.reason) if command.reason.strip() else None


def asks_card(state: RunState, command: c.TakeoverCommand) -> Refusal | None:
    if command.read is None:
        return Refusal("the handover card has not been read", "read it, and say so", "no_card")
    came = moved_on(command.read, standing(state))
    if not came:
        return None
    return Refusal(f"the run moved on while the card was read: {came}", "read it as it is now", "card_stale")


def asks_all(state: RunState, command: c.TakePen) -> Refusal | None:
    word = required_word(state, "pen", "", command.now)
    return r.no_reason(command.reason) or r.wrong_word(command.typed, word) or asks_card(state, command)


# ---- what it makes true ------------------------------------------------------------------------------------------


def offered(state: RunState, command: c.OfferPen) -> tuple[e.Body, ...]:
    by = state.seats[command.to].by
    assert by is not None
    return (e.PenOffered(epoch=_pen(state).epoch, seat=command.to, to=shortened(name_of(by), 60)),)


def withdrawn(state: RunState, command: c.WithdrawPen) -> tuple[e.Body, ...]:
    return (e.PenWithdrawn(epoch=_pen(state).epoch),)


def asked(state: RunState, command: c.AskPen) -> tuple[e.Body, ...]:
    return (e.PenAsked(epoch=_pen(state).epoch, seat=command.seat, reason=said(command.reason)),)


def declined(state: RunState, command: c.DeclinePen) -> tuple[e.Body, ...]:
    what: Literal["offer", "ask"] = "offer" if is_offered_to(state, command.actor) else "ask"
    return (e.PenWithdrawn(epoch=_pen(state).epoch, reason=said(command.reason), declined=what),)


def passed(state: RunState, command: c.AcceptPen) -> tuple[e.Body, ...]:
    pen = _pen(state)
    previous = f"{pen.user}@{pen.host}"
    return (e.PenPassed(epoch=pen.epoch + 1, previous=previous, card=_card(command), seat=command.seat),)


def taken(state: RunState, command: c.TakePen) -> tuple[e.Body, ...]:
    pen = _pen(state)
    found = presence(state, command.here, command.now)
    assert found != "here"
    return (
        e.PenTaken(
            epoch=pen.epoch + 1,
            reason=said(command.reason),
            previous=f"{pen.user}@{pen.host}",
            found=found,
            card=_card(command),
            seat=command.seat,
        ),
    )


def _pen(state: RunState) -> Pen:
    assert state.pen is not None, "a live run has a pen"
    return state.pen


def _card(command: c.TakeoverCommand) -> tuple[str, ...]:
    return tuple(shortened(line, _LINE_LIMIT) for line in command.card[:LINES])
