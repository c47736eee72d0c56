"""Ending a run's keeper on purpose: a fact with a reason first, then waiting for it to end in order; by force at last.

Invariant: only the process that holds the keeper's lock is ever killed, by a descriptor of it and not by its number;
what it started under a shim is left alone. The run stays live, and no screen starts another keeper by itself.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cockpit.actions.shim.record import is_alive, read_status
from cockpit.audit.keeping import open_store
from cockpit.audit.layout import action_status, keeper_lock
from cockpit.audit.line import draft
from cockpit.audit.locks import held_by, holder_alive
from cockpit.errors import KeeperError
from cockpit.run.events import Actor, KeeperStopped
from cockpit.run.numbering import find_step, step_label
from cockpit.run.people import name_of
from cockpit.run.state import RunState
from cockpit.session.sight import keeper_process
from cockpit.text import shortened

PATIENCE_S = 20.0
"""A keeper that ends in order is gone within 15 s, whatever a plug-in's threads still wait for."""
_KILLED_S = 5.0
_LOOK_EVERY_S = 0.02


def under_way(state: RunState, run_dir: Path) -> list[str]:
    """What is being done now, and what becomes of it without its keeper: a sentence each."""
    return [
        f"{step_label(state.profile, step_id)} {_without_keeper(state, run_dir, step_id, step.action.action)}"
        for step_id, step in state.steps.items()
        if step.action is not None and step.action.is_under_way
    ]


def _without_keeper(state: RunState, run_dir: Path, step_id: str, action: str) -> str:
    found = find_step(state.profile, step_id)
    kind = found[1].kind if found else ""
    known = state.steps[step_id].action
    if known is not None and known.started is None:
        return "was asked for and has not begun: it lapses"
    home = Path(known.home) if known is not None and known.home else run_dir
    status = read_status(str(action_status(home, action)))
    if status is not None and is_alive(status):
        process = f"process {status.child}, " if status.child else ""
        return f"runs and goes on: {process}under its shim {status.pid}; the next keeper says how it ended"
    if kind == "sql":
        return "runs and is stopped: its connection ends with the keeper; the next keeper says what stayed"
    return "runs: whether it goes on is not known here; the next keeper looks"


def wait_for_end(run_dir: Path, timeout_s: float) -> bool:
    """Wait until nobody holds the keeper's lock; whether that came. Raises OSError if it cannot be looked at."""
    give_up = time.monotonic() + timeout_s
    while holder_alive(keeper_lock(run_dir)):
        if time.monotonic() >= give_up:
            return False
        time.sleep(_LOOK_EVERY_S)
    return True


def kill(run_dir: Path) -> int:
    """Kill the keeper (SIGKILL) and wait until it is gone; its process id.

    Raises KeeperError if it cannot be told which process it is, or it cannot be killed.
    """
    _, pid = keeper_process(run_dir)
    with _descriptor(pid) as process:
        # Looked at only now: the descriptor stands for whoever had the number when it was opened.
        if not _holds_lock(pid, keeper_lock(run_dir)):
            raise KeeperError(
                f"process {pid}, which beat last, does not hold the keeper's lock",
                hint=f"see who does: fuser {keeper_lock(run_dir)}",
            )
        try:
            signal.pidfd_send_signal(process, signal.SIGKILL)
        except OSError as error:
            raise KeeperError(f"the keeper (process {pid}) cannot be killed: {error.strerror}") from error
    if not wait_for_end(run_dir, _KILLED_S):
        raise KeeperError(
            f"the keeper (process {pid}) was killed and is still there", hint="its disk does not answer: see to that"
        )
    return pid


def record_killed(run_dir: Path, epoch: int, actor: Actor, reason: str) -> None:
    """Say in the log what the killed keeper could not. Raises LogError."""
    by = shortened(name_of(actor), 64)
    told = f"killed by {by}, since it did not end: {shortened(reason, 300)}"
    store = open_store(run_dir)
    try:
        store.append(None, draft(KeeperStopped(epoch=epoch, reason=told, killed_by=by), actor))
    finally:
        store.close()


@contextmanager
def _descriptor(pid: int) -> Iterator[int]:
    if pid <= 0:
        raise KeeperError("the keeper never beat: which process it is, is not known", hint="see it with: fuser")
    try:
        fd = os.pidfd_open(pid)
    except OSError as error:
        raise KeeperError(f"process {pid}, which beat last, cannot be reached: {error.strerror}") from error
    try:
        yield fd
    finally:
        os.close(fd)


def _holds_lock(pid: int, lock: Path) -> bool:
    """Whether a process holds the lock; of a keeper of before, whether it has its file open: no other has."""
    with suppress(OSError):
        if held_by(lock, pid):
            return True
        wanted = lock.stat()
        for fd in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                if os.path.samestat(fd.stat(), wanted):
                    return True
    return False
