"""What a screen says of the pen to whoever it concerns: on the banner, and as the next keys.

These are hints, no rules: whether a key is refused, `decide` says. In a replay it concerns nobody.
"""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.run.elapsed import elapsed_s
from cockpit.run.events import Actor
from cockpit.run.holding import ANSWER_S, ask_of, holder_called, holds, is_offered_to, presence
from cockpit.run.people import called
from cockpit.run.state import RunState
from cockpit.run.state_people import PenAsk
from cockpit.text import shortened
from cockpit.tui.ink import Ink
from cockpit.tui.lines import Span
from cockpit.tui.panes.seen import Seen

_NAME = 20
GOT: Span = ("you have the pen, and act here", "good")
"""What is said to whoever got it."""


def me(seen: Seen) -> Actor | None:
    """Whoever sits at this seat; None in a replay, and while the log does not know yet that they are here."""
    seat = seen.state.seats.get(seen.me) if seen.me else None
    return seat.by if seat is not None else None


def shouts(seen: Seen) -> Iterator[tuple[str, Ink]]:
    """What waits for an answer of whoever sits here."""
    state, actor = seen.state, me(seen)
    if actor is None or state.status != "live":
        return
    if is_offered_to(state, actor):
        yield f"{_holder(seen)} OFFERS YOU THE PEN: P shows what you take over", "alarm"
    elif holds(state, actor) and seen.acts:
        for ask in asks(state):
            why = f": {shortened(ask.reason, 80)}" if ask.reason else ""
            if state.pen_offer is None or state.pen_offer.seat != ask.seat:
                yield f"{called(ask.by)} ASKS FOR THE PEN, P offers it, T keeps it{why}", "alarm"


def murmurs(seen: Seen) -> Iterator[tuple[str, Ink]]:
    """What is to be known, and can wait."""
    state, actor = seen.state, me(seen)
    if actor is None or state.status != "live" or state.pen is None:
        return
    if is_offered_to(state, actor):
        return
    if holds(state, actor):
        if seen.acts and state.pen_offer is not None:
            to = shortened(state.pen_offer.to, _NAME)
            is_here = any(seat.seat == state.pen_offer.seat for seat in seen.view.here)
            yield (
                f"the pen is offered to {to}{'' if is_here else ', who is gone'}; you act until it is accepted",
                "warn",
            )
        return
    found = _presence(seen)
    if found == "gone":
        yield f"{_holder(seen)} has the pen and is GONE: T takes it, with a reason", "warn"
    elif found == "silent":
        yield f"{_holder(seen)} has the pen and is silent: T takes it, with a reason", "warn"
    elif (ask := ask_of(state, actor)) is not None:
        left_s = max(1.0, ANSWER_S - elapsed_s(ask.since, seen.now))
        yield f"you asked {_holder(seen)} for the pen; without an answer it can be taken in {left_s:.0f} s", "warn"


def moved(state: RunState) -> str:
    """Who has the pen now, and why: `bo took the pen: ana sleeps`."""
    if state.pen is None:
        return "nobody has the pen"
    reason = state.pen.reason
    return f"{holder_called(state)} {f'took the pen: {shortened(reason, 120)}' if reason else 'has the pen now'}"


def keys(seen: Seen) -> list[tuple[str, str]]:
    """The pen's keys that help now, by their names in the key map, with a word for each."""
    state, actor = seen.state, me(seen)
    if actor is None or state.status != "live" or state.pen is None:
        return []
    if is_offered_to(state, actor):
        return [("pen", "accept the pen…")]
    if holds(state, actor):
        if not seen.acts:
            return [("pen", "act here")]
        if state.pen_offer is not None:
            return [("pen", "withdraw the offer…")]
        return [("pen", "offer the pen"), ("take", "keep it…")] if state.pen_asked else []
    if _presence(seen) != "here":
        return [("take", "take the pen…")]
    return [] if ask_of(state, actor) is not None else [("pen", "ask for the pen…")]


def asks(state: RunState) -> list[PenAsk]:
    """Who waits for the pen, longest first."""
    return sorted(state.pen_asked, key=lambda ask: ask.since.at)


def _presence(seen: Seen) -> str:
    return presence(seen.state, [seat.seat for seat in seen.view.here], seen.now)


def _holder(seen: Seen) -> str:
    return shortened(holder_called(seen.state), _NAME)
