"""Having a run kept, for a reason, where locks and syncs cannot be trusted: the log has it first, then a mark.

A store whose server nobody verifies is such a place too, for each host that writes to it so.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from cockpit.audit import places
from cockpit.audit.layout import unverified_mark
from cockpit.audit.line import draft
from cockpit.audit.opening import content, make_folder, opened
from cockpit.audit.store import Durable, Store
from cockpit.errors import StoreFailed
from cockpit.run.events import Actor, PlaceAccepted
from cockpit.text import visible

STORE = "postgres"
"""What `place.accepted` calls a store whose server is not verified."""
_LIMIT_BYTES = 16384
_UNVERIFIED = "nobody verifies the server of the store"


def accept_store(store: Store, run_dir: Path, dsn: str, actor: Actor) -> None:
    """Say in the log that this host does not verify the server of its store, and why: once for each reason.

    Raises LogError.
    """
    from cockpit.audit.postgres import connecting  # a driver, which only a run that is kept in a database needs

    reason = visible(connecting.waived(dsn).strip())
    if not reason:
        return
    source = visible(connecting.where(dsn))
    said, mark = f"{source}: {reason}\n".encode(errors="replace"), unverified_mark(run_dir)
    with suppress(OSError):
        if content(mark, _LIMIT_BYTES) == said:
            return
    body = PlaceAccepted(kind=STORE, source=source, doubt=_UNVERIFIED, reason=reason)
    if not isinstance(store.append(None, draft(body, actor)), Durable):
        return  # said again when it is opened next
    with suppress(OSError):  # then it is said twice, which harms nobody
        make_folder(mark.parent)
        with os.fdopen(opened(mark, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb") as file:
            file.write(said)


def accept_place(store: Store, run_dir: Path, actor: Actor, reason: str) -> None:
    """Say in the log that this place is accepted, unless nothing speaks against it or it was accepted before.

    `store` was opened despite the place. Raises LogError.
    """
    system = places.doubt_of(run_dir)
    if system is None:
        return
    body = PlaceAccepted(
        kind=visible(system.kind), source=visible(system.source), doubt=system.doubt, reason=visible(reason.strip())
    )
    store.append(None, draft(body, actor))
    try:
        places.accept(run_dir, system)
    except OSError as error:
        raise StoreFailed(f"that its place was accepted cannot be noted in {run_dir}: {error.strerror}") from error
