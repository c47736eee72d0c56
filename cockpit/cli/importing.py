"""`cockpit import`: a runbook in Markdown as a profile."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cockpit.cli.ending import Refused
from cockpit.exits import Exit
from cockpit.text import visible


@click.command("import")
@click.argument("files", nargs=-1, metavar="RUNBOOK…")
@click.option("--output", "-o", type=click.Path(path_type=Path), metavar="FILE", help="Write the profile to FILE.")
@click.option("--id", "profile_id", default="", metavar="ID", help="The system's id.  [default: after the title]")
@click.option("--environment", default="production", show_default=True, metavar="NAME", help="What it is for.")
@click.option("--production", is_flag=True, help="Production's friction for an environment of another name.")
def import_(files: tuple[str, ...], output: Path | None, profile_id: str, environment: str, production: bool) -> int:
    """Turn a RUNBOOK in Markdown (or several, or `-` for standard input) into a profile.

    Nothing in it is trusted: what was ticked is a claim, and commands are shown, never run, until you turn them on.
    """
    from cockpit.importing.imported import imported
    from cockpit.importing.source import read_source

    sources = [read_source(_content(name), name) for name in files or ("-",)]
    made = imported(sources, profile_id=profile_id, environment=environment, production=production)
    if output is None:
        click.echo(made.toml, nl=False)
    else:
        output.write_text(made.toml)
    for account in made.accounts:
        click.echo(
            f"{visible(account.source.name)}: {account.mapped} of {account.asked} lines that ask for something "
            f"are mapped",
            err=True,
        )
    return Exit.OK


def _content(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise Refused(f"{visible(name)} cannot be read: {error.strerror}", hint="name a runbook in Markdown") from error
