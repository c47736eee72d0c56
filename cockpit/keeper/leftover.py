"""What an earlier keeper of this host saw and could not write: the next one writes it first, before it says a word.

Invariant: each of those facts is in the log once, in its order, at the time at which it was seen; and only if no other
keeper spoke since, whose word it would contradict. Then it is kept among the outputs, for people. Samples are left out:
they are old, and a keeper that begins takes its own.
"""

from __future__ import annotations

import os
from pathlib import Path

from cockpit.audit.aside import AsideReader, drafts_of
from cockpit.audit.layout import aside_path, outputs_dir
from cockpit.audit.line import Draft
from cockpit.audit.store import Durable, Store
from cockpit.errors import StoreAway, StoreFailed
from cockpit.keeper.ending import say
from cockpit.run.state import RunState

_TOGETHER = 64
_TRIES = 3


def write_leftover(run_dir: Path, state: RunState, store: Store) -> int:
    """Write it, and take the file away; how many facts that were. `state` is the run as the log has it.

    Raises LogError; StoreAway while it is not known that all of it is written.
    """
    reader = AsideReader(run_dir)
    waiting = [event for event in reader.read() if event.is_fact]
    if reader.owner is None:
        aside_path(run_dir).unlink(missing_ok=True)
        return 0
    keeper = state.keeper
    if keeper is None or reader.owner.run != state.run or reader.owner.epoch != keeper.epoch or state.status != "live":
        kept = outputs_dir(run_dir) / f"keeper-{reader.owner.epoch}.aside"
        os.replace(aside_path(run_dir), kept)
        say(f"keeper {reader.owner.epoch} saw what is not in the log, and others went on since: it is kept in {kept}")
        return 0
    count = _written(store, drafts_of(waiting))
    aside_path(run_dir).unlink(missing_ok=True)
    return count


def _written(store: Store, drafts: list[Draft]) -> int:
    """Write what is not there; how many were written. What a dead keeper had asked for may still come in between."""
    for tries_left in reversed(range(_TRIES)):
        new = [one for one in drafts if store.lookup(one.id) is None]
        try:
            written = [store.append(None, *new[at : at + _TOGETHER]) for at in range(0, len(new), _TOGETHER)]
        except StoreFailed:
            if not tries_left:
                raise
            continue
        if all(isinstance(outcome, Durable) for outcome in written):
            return len(new)
    raise StoreAway("it is not known whether what an earlier keeper saw was written")
