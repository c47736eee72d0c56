"""`cockpit store`: the database that keeps logs for several hosts: made, judged, filled and emptied of copies."""

from __future__ import annotations

import os
from pathlib import Path

import click

from cockpit.cli.ending import Refused, say
from cockpit.cli.options import STORE
from cockpit.exits import Exit
from cockpit.text import visible

_store_option = click.option(
    "--store",
    "dsn",
    metavar="DSN",
    help=f"postgresql://user@host/database; several hosts are tried in turn.  [default: ${STORE}]",
)


@click.group()
def store() -> None:
    """Keep runs in PostgreSQL, for teams on several hosts: the same lines, byte by byte."""


@store.command("init")
@_store_option
def init(dsn: str | None) -> int:
    """Create the schema, or bring it up to date; as somebody who may create roles."""
    from cockpit.audit.postgres.connecting import where
    from cockpit.audit.postgres.installing import READER, WRITER, install

    dsn = _meant(dsn)
    applied = install(dsn)
    for name in applied:
        click.echo(f"applied {name}")
    click.echo(f"{where(dsn)}: {'ready' if applied else 'nothing was missing'}")
    if applied:
        click.echo(f"who writes runs: GRANT {WRITER} TO user; who only reads them: GRANT {READER} TO user")
    return Exit.OK


@store.command("check")
@_store_option
def check(dsn: str | None) -> int:
    """Say whether rights, triggers and settings give what a store promises, for the user who connects."""
    from cockpit.audit.postgres.judging import judge

    findings = judge(_meant(dsn))
    for found in findings:
        click.echo(f"{'✔' if found.is_well else '✖'} {found.what}{f'; {found.hint}' if found.hint else ''}")
    return Exit.OK if all(found.is_well for found in findings) else Exit.PROBLEMS


@store.command("list")
@_store_option
def list_(dsn: str | None) -> int:
    """List the runs in the store, the newest first."""
    from cockpit.audit.postgres.moving import runs_in

    for run, lines in runs_in(_meant(dsn)):
        click.echo(f"{visible(run)}  {lines} lines")
    return Exit.OK


@store.command("import")
@click.argument("logs", metavar="LOG...", nargs=-1, required=True)
@_store_option
def import_(logs: tuple[str, ...], dsn: str | None) -> int:
    """Copy LOG (files, runs' folders or ids) into the store, byte by byte.

    What is there already is compared, and what follows is added. Files are left as they are.
    """
    from cockpit.audit.layout import log_path
    from cockpit.audit.postgres.moving import put_run
    from cockpit.cli.reading import reading

    dsn = _meant(dsn)
    for token in logs:
        with reading(token) as log:
            path = log_path(log.path) if log.path.is_dir() else log.path
            moved = put_run(dsn, path)
        click.echo(f"{moved.run}: {moved.moved} of {moved.lines} lines moved; the last is {moved.digest[:32]}")
    return Exit.OK


@store.command("export")
@click.argument("run", metavar="RUN")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@_store_option
def export(run: str, file: Path, dsn: str | None) -> int:
    """Copy RUN (the beginning of its id) out of the store into a new FILE, verified, with the bytes that a file has."""
    from cockpit.audit.postgres.moving import runs_in, take_run

    dsn = _meant(dsn)
    fitting = [name for name, _ in runs_in(dsn) if name.upper().startswith(run.upper())]
    if len(fitting) != 1:
        many = f"{len(fitting)} runs in the store begin with {visible(run)}" if fitting else "there is no such run"
        raise Refused(f"{many}" if fitting else f"{many} in the store: {visible(run)}", hint="cockpit store list")
    moved = take_run(dsn, fitting[0], file)
    say(f"{moved.lines} lines written to {file}; the last is {moved.digest[:32]}")
    return Exit.OK


@store.command("compare")
@click.argument("token", metavar="RUN")
@_store_option
def compare(token: str, dsn: str | None) -> int:
    """Compare all of RUN (this host's copy, or any log of it) with what the store holds, line by line.

    The database makes digests of its bytes at this moment; what it says beside them is compared too. Exit status 1 with
    the first difference. A live run is compared all the time, by whoever is at it.
    """
    from cockpit.audit.keeping import dsn_of
    from cockpit.audit.layout import log_path
    from cockpit.audit.postgres.comparing import compare_run
    from cockpit.audit.postgres.connecting import where
    from cockpit.cli.reading import reading

    with reading(token) as log:
        dsn = _meant(dsn or (dsn_of(log.path) if log.path.is_dir() else ""))
        found = compare_run(dsn, log_path(log.path) if log.path.is_dir() else log.path)
    if found.difference is not None:
        click.echo(f"{found.run}: {found.difference.sentence} ({where(dsn)})")
        return Exit.PROBLEMS
    if found.database_seq < found.copy_seq:
        click.echo(
            f"{found.run}: the database ends with line {found.database_seq}, the copy with line {found.copy_seq}: "
            "whoever is at the run and may write puts them back"
        )
        return Exit.PROBLEMS
    more = found.database_seq - found.copy_seq
    click.echo(f"{found.run}: {found.same} lines are the same{f'; the store holds {more} more' if more else ''}")
    return Exit.OK


def _meant(dsn: str | None) -> str:
    dsn = dsn or os.environ.get(STORE, "")
    if not dsn:
        raise Refused("no store is named", hint=f"--store postgresql://user@host/database, or set {STORE}")
    return dsn
