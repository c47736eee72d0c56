"""What is true after some events: the value everything is drawn from. Only `evolve` makes new ones."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from cockpit.profile.model import Profile, Severity
from cockpit.run.events import Actor, Event, Instant, RunStarted
from cockpit.run.readings import ConditionVerdict, Evidence, Reading, ShownStatus, Verdict

StepStatus = Literal["open", "confirmed", "done_outside", "skipped", "not_applicable", "conflict"]
"""`conflict`: two sides settled it without knowing of each other, and nobody has said yet which of both counts."""
ActionStatus = Literal[
    "requested", "running", "succeeded", "failed", "timed_out", "cancelled", "refused", "lapsed", "unknown"
]


class Cursor(Struct, frozen=True):
    """Where the run stands. `step` is None while a phase waits to be entered or left: then `gate` says which."""

    phase: str
    step: str | None
    opened_seq: int
    """The event by which this became current, or by which its last attempt ended."""
    opened: Instant
    gate: str = ""
    """The id of the gate that guards this position: see `GateChanged.gate`."""

    @property
    def is_leaving(self) -> bool:
        """Whether it stands at the exit of its phase."""
        return self.gate.startswith("exit:")

    @property
    def is_considering(self) -> bool:
        """Whether the step's `only_if` is being read, so that it is not known yet if it applies."""
        return self.gate.startswith("if:")


class ActionState(Struct, frozen=True):
    """One try of a step's action."""

    action: str
    step: str
    attempt: int
    status: ActionStatus
    by: Actor
    requested: Instant
    started: Instant | None = None
    ended: Instant | None = None
    shown: str = ""
    runs_as: str = ""
    target: str = ""
    mode: Literal["real", "dry_run", "shown", "rolled_back"] = "real"
    timeout_s: float = 0.0
    touched_before: int = 0
    """The step's `touched_seq` before it was begun."""
    last_touched: Instant | None = None
    """The step's `touched` before it was begun."""
    exit_code: int | None = None
    detail: str = ""
    conditions: tuple[ConditionVerdict, ...] = ()
    tail: tuple[str, ...] = ()
    """The last lines of its output, at most 200; the last one may still grow."""
    skipped_bytes: int = 0
    told_bytes: int = 0
    """How far into its output file was told."""
    progress: tuple[str, ...] = ()
    output: str = ""
    output_bytes: int = 0
    output_sha256: str = ""
    sent: dict[str, str] = {}
    cancel_reason: str = ""
    home: str = ""
    """The run's folder that its files are in, if the log has gone on elsewhere since."""
    settled_by: str = ""
    """Who said how it ended, where that was not known."""

    @property
    def is_under_way(self) -> bool:
        """Whether it was asked for or runs, and has not ended."""
        return self.status in ("requested", "running")


class WaitState(Struct, frozen=True):
    """A wait's clock."""

    status: Literal["running", "stopped", "completed", "ended_early"]
    began: Instant
    """When it last began."""
    until: datetime
    breaches: int = 0
    detail: str = ""
    """The last breach."""


class FiredTrigger(Struct, frozen=True):
    """A trigger that waits for an answer."""

    seq: int
    """The event by which it fired or was raised."""
    trigger: str
    """Empty: raised by a person, none of the profile's."""
    since: Instant
    by: Actor
    """The keeper's, or who raised it."""
    reason: str = ""
    """Of a person."""
    severity: Severity = "consider"
    conditions: tuple[ConditionVerdict, ...] = ()
    is_cleared: bool = False
    """What fired it is over."""


class TargetState(Struct, frozen=True):
    """Who a target proved to be."""

    verdict: Literal["match", "mismatch", "unreachable"]
    identity: dict[str, str] = {}
    detail: str = ""


class Rollback(Struct, frozen=True):
    """The way back that is being walked."""

    plan: str
    steps: tuple[str, ...]
    since: Instant
    by: Actor
    reason: str = ""
    left_step: str = ""
    """The step that was current when it was chosen; empty if none was."""


class StepState(Struct, frozen=True):
    """One step so far."""

    status: StepStatus = "open"
    attempt: int = 1
    entered: Instant | None = None
    """When it last became current."""
    spent_s: float = 0.0
    """Time it was current in all earlier visits, seconds."""
    settled: Instant | None = None
    settled_seq: int = 0
    by: Actor | None = None
    reason: str = ""
    evidence: tuple[Evidence, ...] = ()
    applies: bool = False
    """Its `only_if` was found to hold, or a person said so."""
    action: ActionState | None = None
    """Its latest try."""
    actors: tuple[str, ...] = ()
    """Users who ran or settled it, in any attempt, each once."""
    workers: tuple[Actor, ...] = ()
    """The same people, each once, as `people.known` tells them: whom that was, since several may be one user."""
    touched_seq: int = 0
    """The last event by which something may have been done for it, in any attempt; 0: nothing was."""
    touched: Instant | None = None
    """When that was: the end of its action, or its beginning where the end is not known; else when it was settled."""
    wait: WaitState | None = None
    due: Instant | None = None
    """When the keeper said that its time had come."""
    countersigned_by: str = ""
    """user@host of the second person, for the current attempt."""
    countersigner: Actor | None = None
    """That person, whole."""
    waived_reason: str = ""
    """Why it goes on without one."""
    sent: dict[str, str] = {}


class GateState(Struct, frozen=True):
    """The latest verdict on a gate."""

    verdict: Verdict = "pending"
    opened_seq: int = 0
    conditions: tuple[ConditionVerdict, ...] = ()
    overridden_by: str = ""
    """User who opened it for the current attempt; empty if nobody did."""
    override_reason: str = ""


class ProbeState(Struct, frozen=True):
    """What is known of a probe."""

    status: ShownStatus = "unread"
    """As the keeper's facts say it (after `fail_after`, and with staleness)."""
    since: Instant | None = None
    reading: Reading | None = None
    """The newest one sampled."""
    age_s: float | None = None
    """Age of the last reading at `as_of_mono`; None: never read."""
    as_of_mono: float = 0.0
    """On the keeper's clock."""
    as_of_boot: str = ""
    """The boot that `as_of_mono` belongs to; empty until the first sample."""
    history: tuple[float | None, ...] = ()
    """Up to 60 newest numeric values, oldest first, for the sparkline; None for a reading without a number."""
    detail: str = ""


class Hold(Struct, frozen=True):
    """The line is stopped."""

    by: Actor
    reason: str
    since: Instant


class Pen(Struct, frozen=True):
    """Who may act."""

    user: str
    host: str
    epoch: int = 1
    by: Actor | None = None
    """Whoever holds it, whole."""
    since: Instant | None = None
    acted: Instant | None = None
    """When they last did anything that is a fact, if they did."""
    previous: str = ""
    """What whoever held it before is called; empty: nobody did."""
    seat: str = ""
    """At which it was accepted or taken; empty: it was with whoever began the run, or an older log does not tell."""
    reason: str = ""
    """Why it was taken; empty: it was not."""


class PenAsk(Struct, frozen=True):
    """Somebody waits for the pen."""

    by: Actor
    seat: str
    since: Instant
    reason: str = ""


class PenOffer(Struct, frozen=True):
    """The pen is held out to somebody, who has not accepted it yet."""

    seat: str
    to: str
    since: Instant


class UnsignedFact(Struct, frozen=True):
    """A fact whose signature has not arrived."""

    seq: int
    by: Actor
    what: str
    """`signoff`: nothing goes on without it, or a reason; `fact`: any other."""
    step: str = ""
    failed: str = ""
    """Why it could not be signed; empty: it was not tried, or the try has not ended."""
    since: Instant | None = None
    """When it was written."""


class SignedHead(Struct, frozen=True):
    """The newest head that somebody signed."""

    principal: str
    seq: int
    at: Instant
    key: str = ""


class KeeperState(Struct, frozen=True):
    """The keeper as its own events tell it. Whether it lives is seen by its lock, not here."""

    epoch: int
    user: str
    host: str
    pid: int
    version: str
    started: Instant
    targets: dict[str, str] = {}
    environment: dict[str, str] | None = None
    """Names of variables with keyed digests; None: not noted."""
    environment_key: str = ""
    seen: dict[str, dict[str, str]] = {}
    """Who the targets proved to be that it found to be the declared ones, by target."""
    stopped: str = ""
    """Why it ended; empty while it should be running."""
    stopped_by: str = ""
    """User who had it end (it may not have done so yet); empty: nobody. No screen starts another by itself then."""
    stop_reason: str = ""
    """Why they did."""
    moved_to: str = ""
    """The host on which the next one is to begin, because a person said so; empty: nobody did."""


class SeatState(Struct, frozen=True):
    """A screen that attached and has not said goodbye."""

    seat: str
    user: str
    role: Literal["acting", "watching"]
    since: Instant
    by: Actor | None = None
    """Whoever sits there, whole."""
    version: str = ""
    """Of their cockpit; empty: an older one did not say."""
    at: str | None = None
    """The step that they look at; empty: what is due; None: their cockpit does not say."""
    active: Instant | None = None
    """When they last were known to press a key."""


class LeftSeat(Struct, frozen=True):
    """A screen that was here, and is not any more."""

    seat: SeatState
    when: Instant
    reason: str = ""
    is_gone: bool = False
    """It was killed, or its host or link died: others found that out."""


class Deviation(Struct, frozen=True):
    """Something done against the plan."""

    seq: int
    kind: str
    """`skip`, `override`, `jump`, `reopen`, `done_outside`, `hold`, `pen`, `second_run`, `wait_early`, `no_second`,
    `trigger` (gone on in spite of one), `rollback`, `rollback_left`, `settled` (an action's unknown end), `rehearsal`
    (of a production target), `keeper` (a person ended it), `hands` (a keeper other than the last),
    `moved` (the keeper, to
    another host), `continued` (the log, elsewhere), `offline` (gone on without the database),
    `conflict` (a person said which counts), `place` (one that cannot be trusted), `unsigned` (gone on without a
    signature)."""
    where: str
    reason: str
    by: str


class Word(Struct, frozen=True):
    """What somebody last said about a subject (see `subjects`)."""

    seq: int
    """Of the event; of one that a branch tells, of the line that tells it."""
    what: str
    """The event's type."""
    by: Actor
    at: Instant
    id: str = ""
    """The event's."""
    reason: str = ""
    evidence: tuple[Evidence, ...] = ()
    """On what it rested."""
    counts: dict[str, int] = {}
    """All probes by shown status, as it was confirmed."""
    outcome: str = ""
    """Of an action that ended."""
    branch: str = ""
    """`tip_digest` of the branch that tells it; empty: this log's own."""


class Conflict(Struct, frozen=True):
    """Both sides settled the same thing since they parted."""

    subject: str
    """`step:<id>`, `gate:<gate>`, `way` or `end`."""
    log: Word
    """What this log said itself, or another branch that was told before."""
    branch: Word
    """What the branch said last."""
    since: Instant
    was: StepStatus = "open"
    """Of a step: its status by this log."""
    told: tuple[Event, ...] = ()
    """What the branch did, in order: it happens if the branch counts."""


class Offline(Struct, frozen=True):
    """The run goes on without its database."""

    seq: int
    """Of `store.left`."""
    since: Instant
    by: Actor
    reason: str
    ancestor: int
    """Sequence number of the last line that the database was known to have."""
    store: str = ""


class Branch(Struct, frozen=True):
    """Lines that were written elsewhere since both sides parted, and are told in this log."""

    seq: int
    """Of `branch.merged`."""
    ancestor: int
    tip: int
    tip_digest: str
    merged: Instant
    by: Actor
    facts: int
    cause: str = ""
    left: Offline | None = None
    """Why it was begun, as it tells itself."""
    parts: int = 0
    part: int = 0
    """How many parts were told so far."""
    rest: str = ""
    """Of a line whose end was not told yet."""
    since: dict[str, Word] = {}
    """What this side said since both parted. Empty again once the branch is told."""
    hold: Hold | None = None
    """Of this side, when it was merged."""
    own_hold: Hold | None = None
    """Of the branch."""
    seqs: dict[int, int] = {}
    """Of its facts: by their number in the branch, the line that tells them. Empty again once the branch is told."""
    orders: dict[str, tuple[str, int]] = {}
    """Actions that it first asked for: step and sequence number. Empty again once the branch is told."""

    @property
    def is_told(self) -> bool:
        """Whether all of it was told."""
        return self.part >= self.parts


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
