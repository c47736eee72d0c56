"""`python -m cockpit.keeper RUN_DIR`: take the lock, read the log, keep the run.

One that a systemd unit started (`cockpit unit`) waits while another keeper lives, and does not begin where a person had
the last one end.

Exit status: 0 when the run is over, when it was ended by a signal, or when another keeper holds the lock; 3 if there is
no readable run; 4 if it may not be written to where it is, or if nobody here has confirmed what it executes; 5 if the
log can no longer be written.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cockpit.actions.command.planning import UMASK_VARIABLE
from cockpit.audit.accepting import accept_store
from cockpit.audit.files import FileStore
from cockpit.audit.keeping import dsn_of, open_mirrored
from cockpit.audit.layout import keeper_lock
from cockpit.audit.locks import HeldLock
from cockpit.audit.moved import branch_of
from cockpit.audit.places import require_run
from cockpit.audit.store import Store
from cockpit.audit.tail import Tail
from cockpit.errors import CockpitError, KeeperError, LogUnreadable, PlaceRefused, StoreFailed
from cockpit.exits import Exit
from cockpit.keeper.ending import say
from cockpit.keeper.keeper import Keeper
from cockpit.keeper.leftover import write_leftover
from cockpit.keeper.unit import retire, why_not
from cockpit.keeper.values import RunValues
from cockpit.masking.closing import close
from cockpit.masking.outputs import confided
from cockpit.profile.kinds import installed
from cockpit.run.evolve import evolve
from cockpit.run.state import EMPTY, RunState
from cockpit.session.identity import account
from cockpit.session.placed import origin
from cockpit.session.sight import why_not_here
from cockpit.session.spawn import require_trust
from cockpit.session.unit import started_by
from cockpit.text.streams import guard

if TYPE_CHECKING:  # a driver, which runs in files never need
    from cockpit.keeper.afar import Place

_FORMER_S = 20.0
_LOOK_EVERY_S = 0.05


def main(arguments: list[str]) -> Exit:
    """Keep the run in the folder that is named; the exit status."""
    guard()
    if len(arguments) != 1:
        print("usage: python -m cockpit.keeper RUN_DIR", file=sys.stderr)
        return Exit.USAGE
    close()
    # The run's files are the operator's alone; the files that commands make are as the operator has them made.
    os.environ[UMASK_VARIABLE] = f"{os.umask(0o077):o}"
    run_dir = Path(arguments[0]).absolute()
    try:
        require_run(run_dir)
        unit = started_by(os.environ)
        lock = HeldLock.take(keeper_lock(run_dir)) or (HeldLock.wait(keeper_lock(run_dir)) if unit else None)
        if lock is None:
            return Exit.OK  # another keeper was faster
        former = _await_former(run_dir)
        try:
            status = _keep(run_dir, unit, lock.release)
        finally:
            if former is not None:
                former.release()
            lock.release()
        if unit:
            retire(run_dir, unit)
        return status
    except (CockpitError, OSError) as error:
        print(f"cockpit keeper: {error}", file=sys.stderr)
        if isinstance(error, PlaceRefused):
            return Exit.REFUSED
        return Exit.FAILED if isinstance(error, StoreFailed) else Exit.UNREADABLE


def _await_former(run_dir: Path) -> HeldLock | None:
    """Of a branch that goes on offline: the place of the run's keeper, held for as long as this one lives.

    The one there ends once it sees that the run went on. None: this is no branch. Raises StoreFailed if it does not.
    """
    former = branch_of(run_dir)
    if former is None:
        return None
    give_up = time.monotonic() + _FORMER_S
    while (lock := HeldLock.take(keeper_lock(former))) is None:
        if time.monotonic() > give_up:
            raise StoreFailed(f"the keeper in {former} does not end: nobody acts for two logs of one run")
        time.sleep(_LOOK_EVERY_S)
    return lock


def _keep(run_dir: Path, unit: str, let_go: Callable[[], None]) -> Exit:
    """`unit`: the systemd unit that started this process; empty: a person's screen did. `let_go` of the lock."""
    if not dsn_of(run_dir):
        return _kept(run_dir, unit, None, let_go)
    from cockpit.keeper.afar import Place  # a driver, which runs in files never need

    store = open_mirrored(run_dir)
    place = Place(run_dir, store)
    try:
        if place.take():
            return _kept(run_dir, unit, store, let_go, place)
        say("a keeper on another host lives")
        return Exit.OK
    finally:
        place.close()
        store.close()


def _kept(
    run_dir: Path, unit: str, mirrored: Store | None, let_go: Callable[[], None], place: Place | None = None
) -> Exit:
    tail = Tail(run_dir)
    state = _folded(tail)
    if state.started is None:
        raise LogUnreadable(f"no run began in {tail.path}")
    if state.status != "live":
        return Exit.OK
    if unit and (why := why_not(state)):
        say(why)
        return Exit.OK
    if place is not None and (why := why_not_here(run_dir, state, account().host)):
        say(f"{why}; . at the screen of whoever holds the pen")
        return Exit.REFUSED
    try:
        require_trust(run_dir)
    except KeeperError as error:
        say(str(error))
        return Exit.REFUSED
    started = state.started
    if mirrored is not None:
        accept_store(mirrored, run_dir, dsn_of(run_dir), account())
        write_leftover(run_dir, state, mirrored)
        state = _folded(tail, state)
    tail.sync()
    store = mirrored or FileStore.open(run_dir)
    values = RunValues(state.profile, started.variables, os.environ)

    async def keep() -> Exit:
        keeper = Keeper(
            run_dir,
            state,
            tail,
            store,
            values=values,
            kinds=installed(),
            base_dir=origin(run_dir) or run_dir,
            actor=replace(account(), via=f"systemd unit {unit}") if unit else account(),
            place=place,
            let_go=let_go,
        )
        return await keeper.keep()

    return asyncio.run(keep())


def _folded(tail: Tail, state: RunState = EMPTY) -> RunState:
    while entries := tail.read():
        for entry in entries:
            state = evolve(state, entry.event)
    return state


def confided_main(arguments: list[str]) -> int:
    """As `main`, with masks before its outputs. What goes wrong is said while they stand: it may quote a secret."""
    with confided():
        try:
            return main(arguments)
        except Exception:  # noqa: BLE001 - whatever it is
            traceback.print_exc()
            return Exit.FAILED
