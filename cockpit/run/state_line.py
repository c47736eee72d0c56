"""What stops the line or turns it round, as a part of `state`: holds, triggers, ways back, deviations."""

from __future__ import annotations

from msgspec import Struct

from cockpit.profile.model import Severity
from cockpit.run.events import Actor, Instant
from cockpit.run.readings import ConditionVerdict


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


class Rollback(Struct, frozen=True):
    """The way back that is being walked."""

    plan: str
    steps: tuple[str, ...]
    since: Instant
    by: Actor
    reason: str = ""
    left_step: str = ""
    """The step that was current when it was chosen; empty if none was."""


class Hold(Struct, frozen=True):
    """The line is stopped."""

    by: Actor
    reason: str
    since: Instant


class Deviation(Struct, frozen=True):
    """Something done against the plan."""

    seq: int
    kind: str
    """`skip`, `override`, `jump`, `reopen`, `done_outside`, `hold`, `pen`, `second_run`, `wait_early`, `no_second`,
    `trigger` (gone on in spite of one), `rollback`, `rollback_left`, `settled` (an action's unknown end), `rehearsal`
    (of a production target), `keeper` (a person ended it), `hands` (a keeper other than the last), `moved` (the keeper,
    to another host), `continued` (the log, elsewhere), `offline` (gone on without the database), `conflict` (a person
    said which counts), `place` (one that cannot be trusted), `unsigned` (gone on without a signature), `unreviewed`
    (begun without the approvals that the machine or the profile asks for), `unverified` (a server that nobody checks,
    by the profile)."""
    where: str
    reason: str
    by: str
