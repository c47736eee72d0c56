"""What is true after some events: the value everything is drawn from. Only `evolve` makes new ones."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cockpit.profile.model import Profile
from cockpit.run.events import Instant, RunStarted
from cockpit.run.readings import Verdict
from cockpit.run.state_branch import Branch, Conflict, Offline, Word
from cockpit.run.state_line import Deviation, FiredTrigger, Hold, Rollback
from cockpit.run.state_people import LeftSeat, Pen, PenAsk, PenOffer, SeatState, SignedHead, UnsignedFact
from cockpit.run.state_walk import ActionState, Cursor, GateState, StepState
from cockpit.run.state_watch import KeeperState, ProbeState, TargetState


class RunState(Struct, frozen=True):
    """A run so far. `profile` is the one frozen in `run.started`."""

    run: str = ""
    status: Literal["empty", "live", "finished", "aborted"] = "empty"
    started: RunStarted | None = None
    began: Instant | None = None
    ended: Instant | None = None
    cursor: Cursor | None = None
    """None once every step is settled, or the run is over."""
    steps: dict[str, StepState] = {}
    phases_entered: dict[str, Instant] = {}
    phases_left: dict[str, Instant] = {}
    values: dict[str, str] = {}
    """What was recorded or decided, by name."""
    rollback: Rollback | None = None
    fired: tuple[FiredTrigger, ...] = ()
    """Triggers that wait for an answer, oldest first."""
    firing: frozenset[str] = frozenset()
    """Triggers of the profile that fired and have not cleared, answered or not: they do not fire again."""
    plans: dict[str, Verdict] = {}
    """Which rollback plans fit, as the keeper last said."""
    plan_details: dict[str, str] = {}
    targets: dict[str, TargetState] = {}
    clock_steps: int = 0
    gates: dict[str, GateState] = {}
    probes: dict[str, ProbeState] = {}
    hold: Hold | None = None
    pen: Pen | None = None
    identified: frozenset[tuple[str, str, str, str]] = frozenset()
    """User, host, person and key of everybody who proved by a signature who they are."""
    pen_asked: tuple[PenAsk, ...] = ()
    """Who waits for it, longest first; empty again once it moved."""
    pen_offer: PenOffer | None = None
    unsigned: tuple[UnsignedFact, ...] = ()
    """Facts that were to be signed and are not yet, oldest first. None while signing is off."""
    signed: dict[str, SignedHead] = {}
    """By principal: how far they vouch for the log."""
    to_sign: dict[str, int] = {}
    """By person (`people.name_of`): the newest fact of theirs that was to be signed, whether it was or not."""
    waived_signatures: frozenset[int] = frozenset()
    """Facts that stay without a signature, and signatures that do not count: a person goes on in spite of them."""
    keeper: KeeperState | None = None
    trusted: KeeperState | None = None
    """The last keeper that could act, with what is to be compared with the next one's: see `hands`."""
    seats: dict[str, SeatState] = {}
    left: tuple[LeftSeat, ...] = ()
    """The last eight screens that went, the newest last."""
    deviations: tuple[Deviation, ...] = ()
    last_seq: int = 0
    last_fact_seq: int = 0
    last: Instant | None = None
    unknown_types: tuple[str, ...] = ()
    """Types this version does not know: acting is refused ("update cockpit")."""
    recoveries: int = 0
    filled: Literal["", "near", "full"] = ""
    """How long the log has become, as the keeper said: half of what it may have, or all of it."""
    offline: Offline | None = None
    """This log goes on without its database. None once its lines are there."""
    words: dict[str, Word] = {}
    """By subject: who last said something about it. What two sides are compared by."""
    orders: dict[str, tuple[str, int]] = {}
    """By action: the step that it was first asked for, and the event's sequence number."""
    branches: tuple[Branch, ...] = ()
    """Oldest first."""
    conflicts: tuple[Conflict, ...] = ()
    """What waits for a person to say which of two sides counts, oldest first."""

    @property
    def profile(self) -> Profile:
        """The frozen profile; only after `run.started`."""
        assert self.started is not None, "the log has no run.started"
        return self.started.profile

    @property
    def is_rehearsal(self) -> bool:
        """Whether nothing outside is to be changed."""
        return self.started is not None and self.started.rehearsal

    @property
    def action(self) -> ActionState | None:
        """The latest try of the step at the cursor."""
        step = self.steps.get(self.cursor.step) if self.cursor and self.cursor.step else None
        return step.action if step else None


EMPTY = RunState()
