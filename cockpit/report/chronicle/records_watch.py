"""Records of who and what watched: people, screens, keepers, targets, the log, probes.

A part of the chronicle: see `records`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from cockpit.run.readings import Scalar, ShownStatus


class PersonRecord(Struct, frozen=True, kw_only=True):
    """Somebody who was there."""

    who: str
    via: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    """Fingerprints, where known."""
    proven: tuple[str, ...] = ()
    """What the system vouched for beside the account: `login ana`, `client 192.0.2.7`, `person ana`."""
    claimed: tuple[str, ...] = ()
    """What it did not: `sudo bo`, `key SHA256:…`."""
    first: datetime
    last: datetime
    decisions: int = 0
    notes: int = 0
    acted: bool = False
    watched: bool = False


class SeatRecord(Struct, frozen=True, kw_only=True):
    """Somebody's screen."""

    who: str
    via: str = ""
    role: Literal["acting", "watching"]
    began: datetime
    ended: datetime | None = None
    why: str = ""


class KeeperRecord(Struct, frozen=True, kw_only=True):
    """A keeper that watched."""

    epoch: int
    began: datetime
    ended: datetime | None = None
    """None: it did not say so; it may have died."""
    runs_as: str
    pid: int
    version: str
    why: str = ""
    stopped_by: str = ""
    accepted_by: str = ""
    differences: tuple[str, ...] = ()
    """What was shown of it before it was let act, where it differed from the one before."""
    warnings: tuple[str, ...] = ()


class TargetRecord(Struct, frozen=True, kw_only=True):
    """Who a target proved to be."""

    seq: int
    at: datetime
    target: str
    verdict: str
    identity: dict[str, str] = {}
    detail: str = ""


class LogRecord(Struct, frozen=True, kw_only=True):
    """Something about the log or its clock: `clock`, `recovered`, `continued`, `restored`, `waited`, `branch`,
    `place`, `alert`."""

    seq: int
    at: datetime
    kind: Literal["clock", "recovered", "continued", "restored", "waited", "branch", "place", "alert", "filled"]
    text: str
    by_s: float = 0.0
    """Of the clock: by how much it was set."""


class Threshold(Struct, frozen=True):
    """A plain comparison with a number, as the profile has it."""

    level: Literal["pass", "warn", "fail", "gate", "trigger"]
    """Whose it is: the probe's own, or of a gate or a trigger that names the probe."""
    op: Literal["<", "<=", ">", ">=", "==", "!="]
    value: float
    of: str = ""
    """Whose gate or trigger it is; empty: the probe's own."""


class StatusChange(Struct, frozen=True, kw_only=True):
    """A probe's status became another."""

    seq: int
    at: datetime
    previous: ShownStatus
    status: ShownStatus
    value: Scalar = None
    detail: str = ""


class Bucket(Struct, frozen=True):
    """The readings of one stretch: nothing between `low` and `high` is lost, however long the night was."""

    at: datetime
    """When the first of them ended."""
    low: float
    high: float
    last: float
    readings: int


class ProbeRecord(Struct, frozen=True, kw_only=True):
    """A probe over the run."""

    id: str
    title: str
    kind: str
    unit: str
    interval_s: float
    pass_when: tuple[str, ...] = ()
    warn_when: tuple[str, ...] = ()
    fail_when: tuple[str, ...] = ()
    thresholds: tuple[Threshold, ...] = ()
    status: ShownStatus = "unread"
    """Where the log ends."""
    value: Scalar = None
    detail: str = ""
    readings: int = 0
    """That the log holds: changed ones, and all of them once a minute."""
    least: float | None = None
    most: float | None = None
    changes: tuple[StatusChange, ...] = ()
    """The first 200."""
    changes_total: int = 0
    seconds: dict[str, float] = {}
    """By status, how long it was shown."""
    bucket_s: float = 0.0
    """Width of a bucket."""
    buckets: tuple[Bucket, ...] = ()
    """At most 600, oldest first; only numbers."""
