"""What the keeper saw, who is here, and the log itself.

A part of the log's format: see `events`.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from cockpit.run.events_base import Body
from cockpit.run.readings import ConditionVerdict, Reading, Scalar, ShownStatus, Verdict


class KeeperStarted(Body, frozen=True, kw_only=True):
    """A keeper watches from here on."""

    type: ClassVar[str] = "keeper.started"
    epoch: int
    pid: int
    version: str
    targets: dict[str, str] = {}
    """By probe: what it reaches (scheme, host and port; no credentials)."""
    warnings: tuple[str, ...] = ()
    environment: dict[str, str] | None = None
    """Names of variables, each with a keyed digest of its value: see `cockpit.run.hands`. None: not noted."""
    environment_key: str = ""
    """Which key the digests were made with; empty: there was none, and nothing can be compared."""


class KeeperAccepted(Body, frozen=True, kw_only=True):
    """A person saw how a keeper differs from the one that acted before, and confirmed that it acts as it is."""

    type: ClassVar[str] = "keeper.accepted"
    epoch: int
    """Of the keeper that may act from here on."""
    previous: int
    """Of the keeper that it was compared with."""
    shown: tuple[str, ...]
    """The differences as they stood on the screen, a line each: names of variables, never values."""
    reason: str = ""


class KeeperStopRequested(Body, frozen=True, kw_only=True):
    """A person had the keeper end. The run stays live; what runs outside of the keeper goes on."""

    type: ClassVar[str] = "keeper.stop_requested"
    epoch: int
    """Of the keeper that is meant: another one takes no notice."""
    reason: str


RUN_OVER = "run over"
"""Why a keeper stops that had nothing left to watch."""


class KeeperMoved(Body, frozen=True, kw_only=True):
    """A person has a keeper begin on the actor's host, since the last one, of another host, is gone.

    What that one had begun and not told the end of is not known from there on. If it comes back it writes nothing any
    more but how that ended.
    """

    type: ClassVar[str] = "keeper.moved"
    epoch: int
    """Of the keeper that is left behind."""
    previous: str
    """Its host."""
    host: str
    """Where the next one begins."""
    reason: str
    unfinished: tuple[str, ...] = ()
    """Steps whose actions it had begun or was asked for, at most 20."""


class KeeperStopped(Body, frozen=True, kw_only=True):
    """The keeper ended on purpose."""

    type: ClassVar[str] = "keeper.stopped"
    epoch: int
    reason: str
    killed_by: str = ""
    """User who killed it, since it did not end when it was asked to, and who says so here in its place."""


class TargetSeen(Body, frozen=True, kw_only=True):
    """Who a target proved to be, told at the start and whenever it changes."""

    type: ClassVar[str] = "target.seen"
    target: str
    identity: dict[str, str] = {}
    """postgres: `database`, `system_identifier`, `server`; kubernetes: `context`, `server`, `namespace`."""
    verdict: Literal["match", "mismatch", "unreachable"]
    detail: str = ""


class ProbeChanged(Body, frozen=True, kw_only=True):
    """A probe's status is another than before."""

    type: ClassVar[str] = "probe.changed"
    probe: str
    previous: ShownStatus
    status: ShownStatus
    value: Scalar = None
    unit: str = ""
    latency_ms: float | None = None
    detail: str = ""


class GateChanged(Body, frozen=True, kw_only=True):
    """A gate's verdict is another than before, or its conditions are."""

    type: ClassVar[str] = "gate.changed"
    gate: str
    """`step:<id>`, `run:<id>`, `if:<id>`, `phase:<id>` or `exit:<id>`."""
    opened_seq: int
    """The event that made this gate current: a verdict for an older opening does not count."""
    verdict: Verdict
    conditions: tuple[ConditionVerdict, ...] = ()


class ClockStepped(Body, frozen=True, kw_only=True):
    """The wall clock of the keeper's host was set: times before and after it do not compare."""

    type: ClassVar[str] = "clock.stepped"
    by_s: float
    """Positive: set forward."""


class PlaceAccepted(Body, frozen=True, kw_only=True):
    """The log is kept on a file system whose locks and syncs cannot be trusted, because a person said so."""

    type: ClassVar[str] = "place.accepted"
    kind: str
    """As the kernel calls it: `nfs4`, `fuse.sshfs`."""
    source: str
    """What is mounted there: `nas:/export`."""
    doubt: str
    """Why it cannot be trusted, as that person was told."""
    reason: str


class LogRecovered(Body, frozen=True, kw_only=True):
    """Bytes that were no valid line were stepped over; they stay in the file."""

    type: ClassVar[str] = "log.recovered"
    offset: int
    length: int
    sha256: str
    """Of exactly those bytes, hex."""


class LogContinued(Body, frozen=True, kw_only=True):
    """The former place of this log could not be written any more: what counted there was copied, and goes on here."""

    type: ClassVar[str] = "log.continued"
    former: str
    """The former run's folder, on the actor's host; outputs of what was done before stay there."""
    trouble: str
    """Why nothing could be written there."""
    seq: int
    """Of the last fact that was durable there, as whoever met the trouble noted it; else of the last copied."""
    digest: str
    lost: int = 0
    """Lines up to that fact which the former log does not hold any more. 0 unless somebody cut or changed it."""
    left_bytes: int = 0
    """What stood after it in the former log and was acknowledged to nobody: not copied."""


class StoreRestored(Body, frozen=True, kw_only=True):
    """The database had lost lines that the actor's host held: they were put back, byte by byte."""

    type: ClassVar[str] = "store.restored"
    first: int
    """Of the lines put back, by sequence number, both ends included."""
    last: int
    digest: str
    """Of the line `last`."""
    facts: int = 0
    """How many of them are facts."""
    timeline_before: int = 0
    """Of the server that had them, as PostgreSQL counts promotions; 0: not known."""
    timeline: int = 0
    """Of the server that lacked them; the same as before: they were lost without a failover."""


class StoreWaitedFor(Body, frozen=True, kw_only=True):
    """The keeper could not write: the database was away. What it saw meanwhile stands before this, as it was seen."""

    type: ClassVar[str] = "store.waited_for"
    away_s: float
    """From the first line that waited until the last one was written, by the keeper's clock."""
    samples_dropped: int = 0
    """Samples of readings that were left out, since newer ones say them anew."""
    detail: str = ""
    """Why it was away, as it was seen at first."""


class LogFilled(Body, frozen=True, kw_only=True):
    """The log has become long: half of what it may have, or all of it. From `full` on the keeper rests."""

    type: ClassVar[str] = "log.filled"
    level: Literal["near", "full"]
    events: int
    size_bytes: int


class ProbesAsked(Body, frozen=True, kw_only=True):
    """A person on another host than the keeper's has probes read at once."""

    type: ClassVar[str] = "probes.asked"
    is_fact: ClassVar[bool] = False
    probes: tuple[str, ...] = ()
    """Empty: all regular ones, and those that the current gate needs."""


class ProbesSampled(Body, frozen=True, kw_only=True):
    """Readings since the last sample: changed ones only, or all of them in a key frame."""

    type: ClassVar[str] = "probes.sampled"
    is_fact: ClassVar[bool] = False
    key: bool = False
    readings: tuple[Reading, ...] = ()
    ages: tuple[int | None, ...] = ()
    """Whole seconds since each probe's last reading ended, in the profile's order; None: never read."""


class UnknownBody(Body, frozen=True, kw_only=True):
    """An event of a type this version does not know: kept, shown generically, and acting stops."""

    type: ClassVar[str] = "?"
    data: dict[str, object] = {}
