"""What is true after some events: the value everything is drawn from. Only `evolve` makes new ones."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cockpit.profile.model import Profile
from cockpit.run.events import Actor, Instant, RunStarted
from cockpit.run.readings import ConditionVerdict, Evidence, Reading, ShownStatus, Verdict

StepStatus = Literal["open", "confirmed", "done_outside", "skipped"]


class Cursor(Struct, frozen=True):
    """Where the run stands. `step` is None while a phase with an entry gate waits to be entered."""

    phase: str
    step: str | None
    opened_seq: int
    """The event by which this became current."""
    opened: Instant

    @property
    def gate(self) -> str:
        """The id of the gate that guards this position."""
        return f"phase:{self.phase}" if self.step is None else f"step:{self.step}"


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


class KeeperState(Struct, frozen=True):
    """The keeper as its own events tell it. Whether it lives is seen by its lock, not here."""

    epoch: int
    user: str
    host: str
    pid: int
    version: str
    started: Instant
    targets: dict[str, str] = {}
    stopped: str = ""
    """Why it ended; empty while it should be running."""


class SeatState(Struct, frozen=True):
    """A screen that attached and has not said goodbye."""

    seat: str
    user: str
    role: Literal["acting", "watching"]
    since: Instant


class Deviation(Struct, frozen=True):
    """Something done against the plan."""

    seq: int
    kind: str
    """`skip`, `override`, `jump`, `reopen`, `done_outside`, `hold`, `pen`, `second_run`."""
    where: str
    reason: str
    by: str


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
    gates: dict[str, GateState] = {}
    probes: dict[str, ProbeState] = {}
    hold: Hold | None = None
    pen: Pen | None = None
    keeper: KeeperState | None = None
    seats: dict[str, SeatState] = {}
    deviations: tuple[Deviation, ...] = ()
    last_seq: int = 0
    last_fact_seq: int = 0
    last: Instant | None = None
    unknown_types: tuple[str, ...] = ()
    """Types this version does not know: acting is refused ("update cockpit")."""
    recoveries: int = 0

    @property
    def profile(self) -> Profile:
        """The frozen profile; only after `run.started`."""
        assert self.started is not None, "the log has no run.started"
        return self.started.profile


EMPTY = RunState()
