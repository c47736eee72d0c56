"""Options that several commands have."""

from __future__ import annotations

import click

from cockpit.cli.ending import Refused

despite_place_option = click.option(
    "--despite-place",
    metavar="REASON",
    help="Keep the log where locks and syncs cannot be trusted (NFS, CIFS, FUSE), and why.",
)


unreviewed_option = click.option(
    "--unreviewed", metavar="REASON", help="Begin without the approvals that are asked for, and why: a deviation."
)
STORE = "COCKPIT_STORE"
store_option = click.option(
    "--store",
    "dsn",
    metavar="DSN",
    envvar=STORE,
    show_envvar=False,
    help=f"Keep the run in PostgreSQL, for several hosts: postgresql://user@host/database.  [default: ${STORE}]",
)


def reasoned(despite_place: str | None) -> str:
    """The reason given with `--despite-place`, or an empty text. Raises Refused for one that says nothing."""
    if despite_place is None:
        return ""
    if not despite_place.strip():
        raise Refused("a place that cannot be trusted needs a reason", hint="give it: --despite-place REASON")
    return despite_place.strip()
