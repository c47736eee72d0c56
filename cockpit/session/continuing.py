"""A run goes on elsewhere, since its log can no longer be written where it is (`cockpit.audit.continuing`).

Invariant: only a live run whose log is in trouble goes on elsewhere, and only once its keeper has ended: a log that is
well is never left, and nobody acts for two logs. What is acknowledged at the former place is in the copy: nobody
appends there while it is made.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from cockpit.audit import clock, layout
from cockpit.audit.continuing import Former, carry_on
from cockpit.audit.moved import full, leave_word, nobody_appends, unwritable, went_on
from cockpit.audit.opening import content, opened
from cockpit.audit.poison import Poison
from cockpit.errors import RunError
from cockpit.run.events import Actor
from cockpit.session.follower import Follower
from cockpit.session.runs import called
from cockpit.session.sight import keeper_sight

KEEPER_S = 20.0
"""A keeper that cannot write ends by itself; this long it is waited for."""
_LOOK_EVERY_S = 0.1
_LIMIT_BYTES = 65536


def trouble_of(run_dir: Path, follower: Follower) -> str:
    """Why nothing can be written to a run's log, one sentence; empty if nothing is known against it."""
    if follower.damage is not None:
        return Poison(run_dir).reason or str(follower.damage)
    log = layout.log_path(run_dir)
    return Poison(run_dir).reason or unwritable(log) or full(log)


def go_on(
    run_dir: Path, folder: Path, actor: Actor, follower: Follower, *, despite_place: str = ""
) -> tuple[Path, Former]:
    """Let the run go on in `folder`, under its own name; where, and what could be carried over.

    `follower` has read the log, at best before the trouble began. Blocks until it is durable there. Raises RunError if
    there is no reason to leave, or a keeper that will not end; LogError as `carry_on`.
    """
    folder = folder.expanduser().absolute()
    _require_reason(run_dir, follower)
    if folder == run_dir.parent:
        raise RunError(f"{folder} is where it can no longer be written", hint="name a folder on another disk")
    _await_end(run_dir)
    new_dir = folder / run_dir.name
    # From the last look at the former log until word is left there: who else would append or go on waits, and then
    # finds that word.
    with nobody_appends(run_dir):
        follower.catch_up()
        former = carry_on(
            run_dir,
            new_dir,
            actor,
            trouble=_require_reason(run_dir, follower),
            opened=follower.descriptor,
            vouched=follower.vouched,
            furnish=_furnisher(run_dir),
            despite_place=despite_place,
        )
        leave_word(run_dir, new_dir)
    return new_dir, former


def _require_reason(run_dir: Path, follower: Follower) -> str:
    """What is wrong with the log. Raises RunError if nothing is, or there is nothing to go on with."""
    if where := went_on(run_dir):
        raise RunError(f"this run goes on in {where} already", hint=f"cockpit resume {where}")
    if follower.view.state.status not in ("live", "empty"):
        raise RunError(f"the run was {follower.view.state.status}: there is nothing left to be written")
    trouble = trouble_of(run_dir, follower)
    if not trouble:
        raise RunError("its log can be written where it is", hint=f"resume it there: cockpit resume {called(run_dir)}")
    return trouble


def _await_end(run_dir: Path) -> None:
    give_up = time.monotonic() + KEEPER_S
    while keeper_sight(run_dir, clock.now()).alive:
        if time.monotonic() > give_up:
            raise RunError(
                "its keeper lives, although it cannot write any more: it hangs, or is stopped",
                # Not without --kill: the log takes no word to it any more.
                hint=f"end it: cockpit stop {called(run_dir)} --kill --reason TEXT",
            )
        time.sleep(_LOOK_EVERY_S)


def _furnisher(run_dir: Path) -> Callable[[Path], None]:
    def furnish(part: Path) -> None:
        for named in (layout.origin_path, layout.environment_key):
            if named(run_dir).exists():
                fd = opened(named(part), os.O_WRONLY | os.O_CREAT | os.O_EXCL)
                with os.fdopen(fd, "wb") as copy:
                    copy.write(content(named(run_dir), _LIMIT_BYTES))

    return furnish
