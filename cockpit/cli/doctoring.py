"""`cockpit doctor`: whether this account, host, terminal and store are fit for a production night."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.cli.ending import Refused, say
from cockpit.cli.options import STORE
from cockpit.exits import Exit
from cockpit.text import visible

if TYPE_CHECKING:
    from cockpit.doctor.examine import Plan
    from cockpit.profile.load import Loaded


@click.command()
@click.argument("token", metavar="[FILE|RUN]", required=False)
@click.option("--store", "dsn", metavar="DSN", help=f"Look at this database, too.  [default: ${STORE}]")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", help="How to print it.")
@click.option("--all", "everything", is_flag=True, help="A line for each thing that is in order, too.")
@click.option("--strict", is_flag=True, help="Exit status 1 at warnings, too.")
def doctor(token: str | None, dsn: str | None, format_: str, everything: bool, strict: bool) -> int:
    """Say what of this account, host, terminal and store is not fit for production, and what mends it.

    With FILE, a profile, also who else can change what it runs; with RUN that run's folder and keeper. Nothing is
    changed, nothing of a profile is run. Exit status 1 at errors.
    """
    from cockpit.doctor.examine import Sizes, examine
    from cockpit.doctor.findings import Level, as_json
    from cockpit.doctor.telling import WIDEST, summary, told
    from cockpit.tui.layout import ACTING, READING  # numbers only: no screen comes with them

    plan, run_dir = None, None
    if token is not None:
        if _is_profile(token):
            loaded = _loaded(token)
            if loaded is None:
                return Exit.PROBLEMS
            plan = _plan(loaded)
        else:
            run_dir = _run(token)
    findings = examine(
        os.environ,
        Sizes(ACTING, READING),
        plan=plan,
        run_dir=run_dir,
        dsn=dsn or os.environ.get(STORE, ""),
        is_typed=bool(dsn),
    )
    if format_ == "json":
        click.echo(as_json(findings).decode())
    else:
        columns = os.get_terminal_size().columns if sys.stdout.isatty() else WIDEST
        for line in told(findings, min(WIDEST, columns or WIDEST), everything=everything):
            click.echo(line)
    say(summary(findings))
    if plan is not None:
        say(f"what the profile needs besides: cockpit ready {visible(str(token))}")
    gravest = min((one.level for one in findings), default=Level.OK)
    return Exit.PROBLEMS if gravest <= (Level.WARNING if strict else Level.ERROR) else Exit.OK


def _is_profile(token: str) -> bool:
    path = Path(token)
    return path.suffix == ".toml" or (not token.endswith((".jsonl", "/")) and path.is_file())


def _loaded(token: str) -> Loaded | None:
    from cockpit.cli.beginning import runnable

    return runnable(token)


def _plan(loaded: Loaded) -> Plan:
    from cockpit.actions.files import files_of
    from cockpit.audit.people import user_name
    from cockpit.cli.variables import environment
    from cockpit.doctor.examine import Plan
    from cockpit.profile.references import fill, references
    from cockpit.session.readiness import known_values, programs, whereabouts

    profile, base_dir = loaded.profile, loaded.path.absolute().parent
    known = known_values(profile, environment())
    named = [name for _, step in profile.every_step() for name in files_of(step)]
    named += [profile.allowed_signers, profile.revoked_keys]
    uses = {}
    for program, use in programs(profile).items():
        if all(name in known.shown for name, _ in references(program)):  # what is asked for later cannot be looked for
            uses[fill(program, known.shown)] = use
    return Plan(
        files=(
            *(Path(source.name).absolute() for source in loaded.sources),
            *(base_dir / name for name in named if name and not list(references(name))),
        ),
        programs=uses,
        found={name: whereabouts(name, base_dir) for name in uses},
        signs=profile.signing != "off",
        is_shared=user_name(os.geteuid()) in profile.shared_accounts,
    )


def _run(token: str) -> Path:
    from cockpit.audit.moved import place_now
    from cockpit.errors import RunError
    from cockpit.session.finding import find_run

    try:
        return place_now(find_run(token))
    except RunError as error:
        raise Refused(error.message, hint="name a profile's file, or a run: cockpit runs") from error
