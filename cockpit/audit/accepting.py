"""Having a run kept, for a reason, where locks and syncs cannot be trusted: the log has it first, then a mark.

A store whose server nobody verifies is such a place too.
"""

from __future__ import annotations

from pathlib import Path

from cockpit.audit import places
from cockpit.audit.line import draft
from cockpit.audit.store import Store
from cockpit.errors import StoreFailed
from cockpit.run.events import Actor, PlaceAccepted
from cockpit.text import visible

STORE = "postgres"
"""What `place.accepted` calls a store whose server is not verified."""
_UNVERIFIED = "nobody verifies the server of the store"


def accept_store(store: Store, dsn: str, actor: Actor) -> None:
    """Say in the log that nobody verifies the server of its store, and why. Raises LogError."""
    from cockpit.audit.postgres import connecting  # a driver, which only a run that is kept in a database needs

    if reason := connecting.waived(dsn):
        body = PlaceAccepted(
            kind=STORE, source=visible(connecting.where(dsn)), doubt=_UNVERIFIED, reason=visible(reason.strip())
        )
        store.append(None, draft(body, actor))


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
