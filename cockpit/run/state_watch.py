"""What is watched and by whom, as a part of `state`: the keeper, probes, targets."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cockpit.run.events import Instant
from cockpit.run.readings import Reading, ShownStatus


class TargetState(Struct, frozen=True):
    """Who a target proved to be."""

    verdict: Literal["match", "mismatch", "unreachable"]
    identity: dict[str, str] = {}
    detail: str = ""


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
