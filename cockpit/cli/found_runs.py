"""Which run a command means: one of this host, or one of the database that it brings here first."""

from __future__ import annotations

from pathlib import Path

from cockpit.audit.moved import place_now, went_on
from cockpit.cli.ending import Refused, say
from cockpit.errors import RunError, StoreAway
from cockpit.session.finding import find_run


def found(run: str | None, dsn: str) -> Path:
    """The run that is meant: of those here, or of the database; its folder. Raises RunError, StoreFailed."""
    if run is None:
        bring_live_runs(dsn)
    try:
        return place_now(find_run(run))
    except RunError:
        if run is None or not dsn:
            raise
    from cockpit.session.afar_runs import bring

    return place_now(bring(dsn, run))


def bring_live_runs(dsn: str) -> None:
    """Have this host's copies of all live runs of the database. One that is away is told of: what is here is here."""
    if not dsn:
        return
    from cockpit.session.afar_runs import bring_live

    try:
        bring_live(dsn)
    except StoreAway as error:
        say(f"{error}; only what is on this host is known")


def refuse_former(run_dir: Path) -> None:
    """Nobody goes on from a log that went on elsewhere."""
    if where := went_on(run_dir):
        raise Refused(f"this run goes on in {where}", hint=f"come back to it there: cockpit resume {where}")
