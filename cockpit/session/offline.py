"""A run goes on without the database that keeps it, and comes back to it: both only because a person says so.

Invariant: who holds the pen leaves, with a reason, while the database is away; nobody on this host appends to it from
then on until the branch came back. What they write lies in a folder beside the copy (`cockpit.audit.leaving`), a whole
log that verifies by itself, also if the database never returns. Coming back is one act that may be cut short at any
point and done again. One keeper acts at a time: the branch's waits for that of the copy to end, and the other way.
"""

from __future__ import annotations

import time
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from cockpit.audit import clock
from cockpit.audit.keeping import dsn_of
from cockpit.audit.layout import keeper_beat, keeper_here
from cockpit.audit.leaving import bring_outputs, come_back, end_of, part_ways, put_aside, take_along
from cockpit.audit.line import draft
from cockpit.audit.moved import branch_of, nobody_appends, went_on
from cockpit.errors import LogError, RunError, StoreDiverged
from cockpit.run.commands import GoOffline, Refusal, ReturnToStore, Role
from cockpit.run.decide import decide
from cockpit.run.events import Actor
from cockpit.run.people import name_of
from cockpit.session.afar import bring_up
from cockpit.session.follower import Follower
from cockpit.session.sight import keeper_sight
from cockpit.text import counted

KEEPER_S = 20.0
"""A keeper sees within a second that the run went on; this long its end is waited for."""
_LOOK_EVERY_S = 0.05
LOOK_S = 2.0
"""Between looks whether a database that was left answers again."""


class CameBack(Struct, frozen=True):
    """How a branch came back."""

    run_dir: Path
    """Where the run goes on."""
    how: str
    """`as it was`, `merged`, or `was there`: an earlier try had done it."""
    lines: int
    theirs: int
    """Lines that the database had got meanwhile."""
    told: str
    """One sentence."""


def is_offline(run_dir: Path) -> bool:
    """Whether this folder is a branch in which a run goes on without its database."""
    return branch_of(run_dir) is not None and not went_on(run_dir)


# ---- leaving -------------------------------------------------------------------------------------------------------


def go_offline(run_dir: Path, follower: Follower, command: GoOffline) -> Path | Refusal:
    """Let the run go on in a branch of its own, as `command` says; its folder. Blocks until it is durable.

    The place of the last line and the run's folder are filled in. Raises RunError, LogError: then it has not left, or,
    if its keeper did not end, it says that it has.
    """
    if where := went_on(run_dir):
        raise RunError(f"this run goes on in {where} already", hint=f"cockpit resume {where}")
    with nobody_appends(run_dir):
        state = follower.catch_up().state
        if follower.damage is not None:
            raise follower.damage
        end = end_of(run_dir)
        body = decide(state, _placed(command, run_dir, end.seq, end.digest))
        if isinstance(body, Refusal):
            return body
        branch = part_ways(run_dir, end, draft(body[0], command.actor, command.now))
    _await_end(run_dir, f"the run goes on in {branch}, but ", next_dir=branch)
    take_along(run_dir, branch)
    return branch


def _placed(command: GoOffline, run_dir: Path, seq: int, digest: str) -> GoOffline:
    from cockpit.audit.postgres.connecting import where

    store, former = where(dsn_of(run_dir)), str(run_dir.absolute())
    return replace(command, seq=seq, digest=digest, store=store, former=former)


def _await_end(run_dir: Path, said: str, next_dir: Path | None = None) -> None:
    """Return once the keeper of a folder has ended; where another screen has one begin in `next_dir`, that shows it.

    A branch's keeper holds the place of the run's, too, once it has it. Raises RunError.
    """
    give_up = time.monotonic() + KEEPER_S
    while keeper_sight(run_dir, clock.now()).alive and not (next_dir and keeper_beat(next_dir).exists()):
        if time.monotonic() > give_up:
            raise RunError(
                f"{said}the keeper in {run_dir} does not end: it hangs, or is stopped",
                hint=f"end it: cockpit stop {run_dir} --kill --reason TEXT",
            )
        time.sleep(_LOOK_EVERY_S)


# ---- coming back ---------------------------------------------------------------------------------------------------


def come_home(branch: Path, follower: Follower, actor: Actor, role: Role = "acting") -> CameBack | Refusal:
    """Bring a branch into the database that it left: as it was, or merged. Blocks for seconds; may be done again.

    Raises RunError if this is no branch, StoreAway while the database is not to be reached, LogError.
    """
    run_dir = branch_of(branch)
    if run_dir is None:
        raise RunError(f"{branch} is no branch of a run that a database keeps", hint="nothing is to be brought back")
    if went_on(branch):
        return _finished(run_dir, branch, CameBack(run_dir, "was there", 0, 0, "it had come back before"))
    with nobody_appends(branch):
        state = follower.catch_up().state
        if follower.damage is not None:
            raise follower.damage
        end, now = end_of(branch), clock.now()
        decided = decide(state, ReturnToStore(actor=actor, now=now, role=role, seq=end.seq, digest=end.digest))
        if isinstance(decided, Refusal):
            return decided
        left = state.offline
        cause = f"{name_of(left.by)} went on offline: {left.reason}" if left is not None else "the run went on offline"
        came = _given(run_dir, branch, actor, cause)
        if came.how == "merged":
            keeper_here(branch).unlink(missing_ok=True)  # its keepers' epochs are others' in the database's log
        come_back(run_dir, branch)
    return _finished(run_dir, branch, came)


def merge_copy(run_dir: Path, actor: Actor) -> CameBack:
    """Bring what only this host's copy holds, since a failover lost it, into the database that went on otherwise.

    Raises RunError if neither side lacks anything, StoreAway, LogError.
    """
    if not dsn_of(run_dir):
        raise RunError(f"no database keeps the run in {run_dir}", hint="there is nothing to bring back")
    with nobody_appends(run_dir):
        end = end_of(run_dir)
        came = _given(run_dir, run_dir, actor, f"a failover lost lines up to {end.seq}, which {actor.host} holds")
    bring_up(run_dir)
    return came if came.how != "was there" else replace(came, told="nothing of this host's copy is missing there")


def _given(run_dir: Path, branch: Path, actor: Actor, cause: str) -> CameBack:
    """What a failover lost is put back first; where the database went on otherwise, the copy is made anew."""
    from cockpit.audit.postgres.mending import mend
    from cockpit.audit.postgres.returning import give_back

    dsn, diverged = dsn_of(run_dir), False
    try:
        found = mend(dsn, run_dir.name, run_dir)
    except StoreDiverged:
        diverged = True
    else:
        if found.changed_at:
            raise LogError(
                f"the database tells another story than this host's copy from line {found.changed_at} on",
                hint=f"nothing is merged; compare both: cockpit store export; this side: cockpit verify {branch}",
            )
    returned = give_back(dsn, branch, actor, cause)
    if diverged:
        put_aside(run_dir, returned.ancestor)
    told = {
        "merged": f"{counted(returned.lines, 'line of this host is', 'lines of this host are')} told in the database's "
        f"log, which had gone on by {returned.theirs}",
        "was there": "it had come back before",
    }.get(returned.how, f"{counted(returned.lines, 'line')} came back as written: nobody had gone on there")
    return CameBack(run_dir, returned.how, returned.lines, returned.theirs, told)


def _finished(run_dir: Path, branch: Path, came: CameBack) -> CameBack:
    """What is left to do once the database has all of it: it may be done twice."""
    come_back(run_dir, branch)
    bring_outputs(run_dir, branch)
    bring_up(run_dir)
    _await_end(branch, "the run came back, but ")
    return came


def answers(run_dir: Path) -> str:
    """Whether the database of a branch answers; why it does not, one sentence, empty if it does. Blocks for 2 s."""
    former = branch_of(run_dir)
    if former is None:
        return "this run left no database"
    from cockpit.audit.postgres.connecting import connected

    try:
        connected(dsn_of(former), connect_s=2).close()
    except LogError as error:
        return str(error)
    return ""
