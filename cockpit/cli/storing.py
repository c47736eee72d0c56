"""`cockpit store`: the database that keeps logs for several hosts: made, judged, filled and emptied of copies."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import click

from cockpit.cli.ending import Refused, say
from cockpit.cli.options import STORE
from cockpit.exits import Exit
from cockpit.text import counted, shortened, visible

NEWEST = 20

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
@click.option("--all", "all_", is_flag=True, help=f"All of them, not the newest {NEWEST} only.")
def list_(dsn: str | None, all_: bool) -> int:
    """List the runs in the store, the newest first, and those that were exported and dropped."""
    from cockpit.audit.postgres.listing import held_in
    from cockpit.cli.held_runs import table
    from cockpit.cli.table import room

    held = held_in(_meant(dsn), None if all_ else NEWEST + 1)
    if not held:
        say("there is no run in the store; begin one with: cockpit run FILE --store DSN")
        return Exit.OK
    click.echo("\n".join(table(held if all_ else held[:NEWEST], room())))
    if len(held) > NEWEST and not all_:
        say("there are older ones: cockpit store list --all")
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
        click.echo(
            f"{moved.run}: {moved.moved} of {counted(moved.lines, 'line')} moved; the last is {moved.digest[:32]}"
        )
    return Exit.OK


@store.command("export")
@click.argument("run", metavar="RUN")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@_store_option
def export(run: str, file: Path, dsn: str | None) -> int:
    """Copy RUN (the beginning of its id) out of the store into a new FILE, verified, with the bytes that a file has."""
    from cockpit.audit.layout import outputs_dir
    from cockpit.audit.postgres.moving import take_run
    from cockpit.audit.postgres.outgoing import take_outputs

    dsn = _meant(dsn)
    name = _named(dsn, run)
    moved = take_run(dsn, name, file)
    say(f"{counted(moved.lines, 'line')} written to {file}; the last is {moved.digest[:32]}")
    if count := take_outputs(dsn, name, file.parent):
        say(f"{counted(count, 'output')} of its commands written to {outputs_dir(file.parent)}")
    return Exit.OK


@store.command("return")
@click.argument("token", metavar="[RUN]", required=False)
def return_(token: str | None) -> int:
    """Bring RUN, which goes on offline on this host, back into the store that it left.

    If nobody went on there, its lines come as they were written. Else both stay: they are told in the store's log, and
    what both sides settled is in CONFLICT until a person says which counts. Who holds the pen of the branch returns; it
    may be done again wherever it was cut short. Lines of a copy that a failover lost come back so, too.
    """
    from cockpit.audit.moved import branch_of, place_now
    from cockpit.run.commands import Refusal
    from cockpit.session.finding import find_run
    from cockpit.session.follower import Follower
    from cockpit.session.identity import actor
    from cockpit.session.offline import come_home, merge_copy

    run_dir = place_now(find_run(token))
    if branch_of(run_dir) is None:
        came = merge_copy(run_dir, actor())
    else:
        follower = Follower(run_dir)
        try:
            outcome = come_home(run_dir, follower, actor())
        finally:
            follower.close()
        if isinstance(outcome, Refusal):
            raise Refused(outcome.why, hint=outcome.instead)
        came = outcome
    say(came.told)
    click.echo(str(came.run_dir))
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
    same = counted(found.same, "line is", "lines are")
    click.echo(f"{found.run}: {same} the same{f'; the store holds {more} more' if more else ''}")
    return Exit.OK


@store.command("drop")
@click.argument("run", metavar="RUN")
@click.option("--exported", metavar="LOG", required=True, help="Where the run was exported to: compared byte by byte.")
@click.option("--reason", metavar="TEXT", help="Why, for the trace that stays.")
@_store_option
def drop(run: str, exported: str, reason: str | None, dsn: str | None) -> int:
    """Take RUN out of the store, for good, once it is exported; as a member of cockpit_owner.

    RUN is the whole id. Its lines and outputs are deleted if LOG, and the outputs beside it, are the same to the last
    byte and the run is over. That it was there, who dropped it, when and why stays in the store. It never comes back.
    """
    from cockpit.audit.layout import log_path, store_path
    from cockpit.audit.postgres.dropping import drop_run
    from cockpit.cli.reading import log_of, reading

    dsn = _meant(dsn)
    if (name := _named(dsn, run)) != run:
        raise Refused(f"a run is dropped by its whole id: {visible(name)}", hint="type it, or paste it")
    if reason is None and sys.stdin.isatty():
        reason = click.prompt("the reason for dropping it, for the trace that stays", err=True)
    if not (reason or "").strip():
        raise Refused("dropping a run needs a reason", hint="give it: --reason TEXT")
    given = log_of(exported).absolute()
    folder = given if given.is_dir() else given.parent
    if store_path(folder).exists():
        raise Refused(f"{folder} is this host's copy of the run, and no export", hint="cockpit store export RUN FILE")
    with reading(exported) as log:
        path = log_path(log.path) if log.path.is_dir() else log.path
        where = f"{socket.gethostname()}:{log_path(given) if given.is_dir() else given}"
        dropped = drop_run(dsn, name, path, where, str(reason).strip(), outputs_beside=folder)
    say(f"{counted(dropped.lines, 'line')} of {dropped.run} deleted; it is in {visible(dropped.exported)} from now on")
    return Exit.OK


def _named(dsn: str, run: str) -> str:
    """The id of the one run in the store that begins so. Raises Refused."""
    from cockpit.audit.postgres.listing import dropped_from, runs_in

    fitting = [name for name, _ in runs_in(dsn) if name.upper().startswith(run.upper())]
    if run in fitting:
        return run
    if len(fitting) > 1:
        raise Refused(f"{len(fitting)} runs in the store begin with {visible(run)}", hint="cockpit store list --all")
    if not fitting:
        for gone in dropped_from(dsn):
            if gone.run.upper().startswith(run.upper()):
                told = f"{visible(gone.run)} was dropped on {gone.at:%Y-%m-%d} by {visible(gone.by)}"
                raise Refused(told, hint=f"it was exported to {shortened(gone.exported, 200)}")
        raise Refused(f"there is no such run in the store: {visible(run)}", hint="cockpit store list --all")
    return fitting[0]


def _meant(dsn: str | None) -> str:
    dsn = dsn or os.environ.get(STORE, "")
    if not dsn:
        raise Refused("no store is named", hint=f"--store postgresql://user@host/database, or set {STORE}")
    return dsn
