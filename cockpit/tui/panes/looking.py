"""Where the others look: a quiet mark behind a row of the plan; who is here, and how they differ, in a few words.

Invariant: a mark never stands in the place of a status; without colour it is the sign and the letters. Of an older
cockpit, which does not say where it looks, no mark is drawn.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len

import cockpit
from cockpit.run.clocks import Skew
from cockpit.run.people import name_of
from cockpit.run.state_people import SeatState
from cockpit.text import shortened, visible
from cockpit.tui.lines import cut, duration
from cockpit.tui.panes.seen import Seen

SIGN = "◂"
_NAME, _INITIALS = 8, 3
_HERE = 30
"""Cells of the first line for who is here."""
WIDE = 36
"""Cells of the plan from which on names are written out."""
Place = tuple[str, str]
"""`step` or `phase`, and its id."""


def named(seat: SeatState) -> str:
    """What the person at a seat is called, visible."""
    return visible(name_of(seat.by) if seat.by is not None else seat.user)


def told(seat: SeatState) -> str:
    """As `named`; on a shared account also the name that is only claimed, by which two there can be told apart."""
    by = seat.by
    if by is None or not by.person or "person" in by.proven:
        return shortened(named(seat), 16)
    return f"{shortened(named(seat), 16)}({shortened(visible(by.person), 16)}?)"


def others(seen: Seen) -> list[SeatState]:
    """The other seats that are here."""
    return [seat for seat in seen.view.here if seat.seat != seen.me]


def marks(seen: Seen, width: int) -> dict[Place, str]:
    """By place of the plan: ` ◂bo`, for a plan of so many cells."""
    found: dict[Place, dict[str, None]] = {}
    for seat in others(seen):
        if (place := _place(seen, seat)) is not None:
            found.setdefault(place, {})[named(seat)] = None
    if not found:
        return {}
    short = _short({name for names in found.values() for name in names}, is_wide=width >= WIDE)
    return {place: f" {SIGN}{_joined([short[name] for name in names], width // 4)}" for place, names in found.items()}


def _place(seen: Seen, seat: SeatState) -> Place | None:
    if seat.at is None:
        return None
    if seat.at:
        return "step", seat.at
    cursor = seen.state.cursor
    if cursor is None:
        return None
    return ("step", cursor.step) if cursor.step is not None else ("phase", cursor.phase)


def _short(names: Iterable[str], *, is_wide: bool) -> dict[str, str]:
    """Each name in a few letters that tell it from the others, as far as three do."""
    if is_wide:
        return {name: cut(name, _NAME) for name in names}
    known = list(names)
    return {
        name: next(
            (name[:size] for size in range(1, _INITIALS) if sum(each[:size] == name[:size] for each in known) == 1),
            name[:_INITIALS],
        )
        for name in known
    }


def _joined(names: list[str], room: int) -> str:
    told = ",".join(names)
    return told if len(names) == 1 or cell_len(told) <= room else f"{len(names)}"


def hidden(marks_: dict[Place, str], places: Iterable[Place]) -> str:
    """Of rows that are out of sight: the marks that they would have."""
    return "".join(dict.fromkeys(marks_[place] for place in places if place in marks_))


def here(seen: Seen) -> str:
    """Who is here, this seat too: `ana bo`; `deploy(bo?)` claims to be bo; who does not fit is counted: `+2`."""
    names = sorted({told(seat) for seat in seen.view.here})
    shown = len(names)
    while shown > 1 and cell_len(_and_more(names, shown)) > _HERE:
        shown -= 1
    return _and_more(names, shown)


def _and_more(names: list[str], shown: int) -> str:
    more = (f"+{len(names) - shown}",) if shown < len(names) else ()
    return " ".join((*names[:shown], *more))


def beside(seen: Seen) -> int:
    """How many people are here beside whoever sits at this seat."""
    me = {told(seat) for seat in seen.view.here if seat.seat == seen.me}
    return len({told(seat) for seat in others(seen)} - me)


def clocks(skew: Skew) -> str:
    """`the keeper's clock (bastion-1) is 4m ahead of this host's`."""
    whose = "the keeper's clock" if skew.who == "keeper" else f"the clock of {shortened(skew.who, 40)}"
    way = "ahead of" if skew.ahead_s > 0 else "behind"
    return f"{whose} ({shortened(skew.host, 40)}) is {duration(abs(skew.ahead_s))} {way} this host's"


def versions(seen: Seen) -> str:
    """Whose cockpit is another than this one, in a sentence; empty if nobody's is."""
    found = {}
    for seat in seen.view.here:
        if seat.version != cockpit.__version__ and seat.seat != seen.me:
            found[shortened(named(seat), 20)] = shortened(seat.version, 20) or "older"
    keeper = seen.state.keeper
    if keeper is not None and not keeper.stopped and keeper.version != cockpit.__version__:
        found["the keeper"] = shortened(keeper.version, 20)
    told = ", ".join(f"{who} {version}" for who, version in found.items())
    return f"other cockpits than this one ({cockpit.__version__}): {told}; i shows who is here" if found else ""
