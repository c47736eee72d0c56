"""Who is here, who was lately, which of their cockpits and clocks differ, who trusted the profile: the key `i`."""

from __future__ import annotations

from collections.abc import Iterator

import cockpit
from cockpit.run.elapsed import elapsed_s
from cockpit.run.events import Actor
from cockpit.run.numbering import step_label
from cockpit.run.people import called, same_holder
from cockpit.run.state_people import LeftSeat, SeatState
from cockpit.run.wording_trust import told_trust
from cockpit.text import shortened, visible
from cockpit.tui.ink import Ink
from cockpit.tui.lines import EMPTY, Line, duration, fitted, wrapped
from cockpit.tui.panes.looking import clocks, named
from cockpit.tui.panes.seen import Seen

_NAME = 40
_PARTS = (("login", "logged in as"), ("sudo", "by sudo from"), ("person", "says to be"), ("tty", "on"))


def company(seen: Seen, width: int) -> list[Line]:
    """Each seat with everything that is known of it; what is merely claimed says so."""
    view, state = seen.view, seen.state
    lines: list[Line] = []
    for seat in sorted(view.here, key=lambda each: (each.seat != seen.me, each.since.at)):
        lines += [*_seat(seen, seat, width), EMPTY]
    if not view.here:
        lines += [(("nobody is here", "dim"),), EMPTY]
    lines += [*_keeper(seen, width), EMPTY, *_profile(seen, width)]
    if state.left:
        lines.append((("Left lately", "bold"),))
        lines += [line for left in reversed(state.left) for line in _left(seen, left, width)]
        lines.append(EMPTY)
    if seen.mode != "REPLAY":
        for told in _beside(seen):
            lines += [((part, "dim"),) for part in wrapped(told, max(20, width))]
    return lines


def _beside(seen: Seen) -> Iterator[str]:
    if seen.view.read_only:
        yield "You may only read this run: nobody sees you here, and who is here is known by the log alone."
    yield "Whoever may only read the run opens no lock and writes nothing: they are not in this list."


def _seat(seen: Seen, seat: SeatState, width: int) -> list[Line]:
    pen = seen.state.pen
    who = called(seat.by) if seat.by is not None else visible(seat.user)
    me = " (this seat)" if seat.seat == seen.me else ""
    has_pen = pen is not None and pen.by is not None and seat.by is not None and same_holder(pen.by, seat.by)
    role: str = seat.role
    if has_pen and pen is not None and seat.role == "acting":
        role += f", holds the pen{f' since {seen.local(pen.since.at)}' if pen.since else ''}"
    elif has_pen:
        role += ", the pen is theirs"
    head: Line = ((f"{shortened(who, _NAME)}{me}", "bold"), (f"   {role}", "plain"))
    told = [*_known(seat.by)] if seat.by is not None else []
    lines = [fitted(head, width), *(_indented(" · ".join(told), width) if told else ())]
    lines += _indented(" · ".join(_doing(seen, seat)), width)
    if remark := _other_version(seat.version):
        lines += _indented(f"! {remark}", width, "warn")
    return lines


def _known(by: Actor) -> Iterator[str]:
    """What is known of an actor, each part proven or merely claimed."""
    yield f"{shortened(by.user, _NAME)}@{shortened(by.host, _NAME)}"
    for field, word in _PARTS:
        if (value := getattr(by, field)) and not (field == "person" and field in by.proven):
            yield f"{word} {shortened(value, _NAME)}{_claimed(by, field)}"
    if by.client:
        yield f"from {shortened(by.client, _NAME)}{_claimed(by, 'client')}"
    elif by.via:
        yield f"{shortened(by.via, 80)} (claimed)"
    if by.key:
        yield f"key {shortened(by.key, 60)}{_claimed(by, 'key')}"
    if by.signer:
        yield f"proved their name by {shortened(by.signer, 60)}{_claimed(by, 'signer')}"


def _claimed(by: Actor, field: str) -> str:
    return "" if field in by.proven else " (claimed)"


def _doing(seen: Seen, seat: SeatState) -> Iterator[str]:
    if seat.at is None:
        yield "does not say where they look"
    else:
        yield f"looks at {step_label(seen.state.profile, seat.at) if seat.at else 'what is due'}"
    if seat.active is not None:
        idle_s = elapsed_s(seat.active, seen.now)
        yield "at the keys" if idle_s < 90 else f"no key for {duration(idle_s)}"
    yield f"here since {seen.local(seat.since.at)}"
    if seat.version == cockpit.__version__:
        yield f"cockpit {shortened(seat.version, 20)}"


def _other_version(version: str) -> str:
    if version == cockpit.__version__:
        return ""
    theirs = f"cockpit {shortened(version, 20)}" if version else "an older cockpit, which does not say which"
    return f"{theirs}; this one is {cockpit.__version__}"


def _keeper(seen: Seen, width: int) -> list[Line]:
    keeper = seen.state.keeper
    if keeper is None:
        return [(("keeper", "bold"), ("   none has begun", "dim"))]
    trouble = seen.keeper_trouble
    told = f"runs as {visible(keeper.user)}@{visible(keeper.host)} · process {keeper.pid} · epoch {keeper.epoch}"
    told += f" · since {seen.local(keeper.started.at)} · cockpit {shortened(keeper.version, 20)}"
    lines: list[Line] = [(("keeper", "bold"), (f"   {trouble}" if trouble else "", "bad"))]
    lines += _indented(told, width)
    if remark := _other_version(keeper.version):
        lines += _indented(f"! {remark}", width, "warn")
    if seen.view.skew is not None:
        lines += _indented(f"! {clocks(seen.view.skew)}", width, "warn")
    return lines


def _profile(seen: Seen, width: int) -> list[Line]:
    """How what is executed here came to be trusted; of an older log nothing is known."""
    started, began = seen.state.started, seen.state.began
    told = told_trust(started.trust, began.at if began else None) if started else ""
    return [(("profile", "bold"),), *_indented(told, width), EMPTY] if told else []


def _left(seen: Seen, left: LeftSeat, width: int) -> list[Line]:
    why = "the screen is gone: killed, or its link or host died" if left.is_gone else shortened(left.reason, 80)
    told = f"{seen.local(left.when.at)} {shortened(named(left.seat), _NAME)}{': ' if why else ''}{why}"
    return _indented(told, width)


def _indented(text: str, width: int, ink: Ink = "plain") -> list[Line]:
    return [(("   ", "plain"), (part, ink)) for part in wrapped(text, max(12, width - 3))]
