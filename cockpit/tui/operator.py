"""The acting keys of a live screen: which may act here and now, and what each of them does.

One key is carried out at a time; what it asks and writes is in `acting`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from cockpit.run.commands import Refusal
from cockpit.run.numbering import step_label
from cockpit.run.people import same_holder
from cockpit.run.state import RunState
from cockpit.session.seat import Seat
from cockpit.tui.acting import doing, elsewhere, line, pen, people, settling, signing, way_back
from cockpit.tui.acting.hands import Hands
from cockpit.tui.layout import ACTING
from cockpit.tui.screens.run import RunScreen

Act = Callable[[Hands, RunState], Awaitable[None]]

AT_CURSOR: dict[str, Act] = {
    "run": doing.run,
    "confirm": settling.confirm,
    "skip": settling.skip,
    "override": settling.override,
    "outside": settling.outside,
    "end_wait": doing.end_wait,
    "approve": people.approve,
    "waive": people.waive,
}
"""On what stands at the cursor: refused while another step is looked at."""
ANYWHERE: dict[str, Act] = {
    "cancel": doing.cancel,
    "settle": doing.settle,
    "rollback": way_back.rollback,
    "answer": way_back.answer,
    "raise": way_back.raise_trigger,
    "note": line.note,
    "hold": line.hold,
    "jump": line.jump,
    "reopen": line.reopen,
    "probe": line.probe,
    "pen": pen.pen,
    "take": pen.take,
    "elsewhere": elsewhere.elsewhere,
    "sign": signing.sign,
    "waive_signature": signing.waive,
    "finish": line.finish,
    "abort": line.abort,
}
IN_LITTLE_ROOM = ("note", "hold", "probe", "raise")
"""What decides on nothing that a small terminal might not show."""
WITHOUT_PEN = ("note", "hold", "raise", "approve", "probe", "sign")
"""What anybody may do who may write; to release another's hold takes the pen."""

WITHOUT_LOG = ("probe", "elsewhere")
"""What writes nothing itself: it goes on while the database is away."""


class Operator:
    """The acting half of a live screen."""

    def __init__(self, screen: RunScreen, seat: Seat) -> None:
        self._screen, self._seat = screen, seat
        self._hands = Hands(screen, seat)
        self.needs_pen = True
        """Whether what was begun last is refused once somebody else has the pen."""

    async def act(self, what: str, painted: RunState, selected: str | None) -> None:
        """Do what a key asks for, on what was `painted` and `selected` when it was pressed."""
        self._hands.pen_epoch = painted.pen.epoch if painted.pen is not None else 0
        self.needs_pen = what not in WITHOUT_PEN or (what == "hold" and not self._holds_or_releases_own(painted))
        if what == "waive" and signing.keeps_from_going_on(self._hands, painted):
            what = "waive_signature"  # it keeps from going on, whatever stands at the cursor
        refusal = self._refusal(what, painted, selected)
        if refusal is not None:
            self._hands.refuse(refusal)
            return
        await (AT_CURSOR.get(what) or ANYWHERE[what])(self._hands, painted)

    @property
    def is_free(self) -> bool:
        """Whether nothing is being written, and there is room to decide."""
        return self._screen.may_act and not self._hands.is_writing

    async def advise(self, painted: RunState, plan: str) -> None:
        """Open the ways back, with this plan highlighted."""
        self._hands.pen_epoch, self.needs_pen = painted.pen.epoch if painted.pen is not None else 0, True
        await way_back.advise(self._hands, painted, plan)

    def _holds_or_releases_own(self, painted: RunState) -> bool:
        return painted.hold is None or same_holder(painted.hold.by, self._seat.actor)

    def _refusal(self, what: str, painted: RunState, selected: str | None) -> Refusal | None:
        if why := self._seat.view.read_only:
            return Refusal(f"you may only read this run: {why}", "? shows the keys that read", "read_only")
        if self._seat.view.away and what not in WITHOUT_LOG:
            why = "the database is away, nothing can be written"
            return Refusal(why, "readings go on; press again once it is back, or W goes on offline", "away")
        if self._hands.is_writing:
            return Refusal("the last key is still being written", "wait for it", "writing")
        if not self._screen.may_act and what not in IN_LITTLE_ROOM:
            size = f"{ACTING[0]}x{ACTING[1]}"
            return Refusal("this terminal is too small to act", f"make it {size} or larger", "too_small")
        if what not in AT_CURSOR:
            return None
        if selected is not None:
            cursor = painted.cursor
            there = step_label(painted.profile, cursor.step) if cursor and cursor.step else "elsewhere"
            looking = step_label(painted.profile, selected)
            return Refusal(f"you look at {looking}; the run is at {there}", "press Home first", "not_current")
        if painted.cursor is None:
            over = painted.status != "live"
            instead = "q leaves" if over else "F finishes the run, x reopens a step"
            why = f"the run is over: it was {painted.status}" if over else "every step is settled"
            return Refusal(why, instead, "nothing_left")
        return None
