"""`cockpit probe`: a profile's probes, read once or watched, without a run and without a log."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from cockpit.cli.ending import say
from cockpit.cli.options import unreviewed_option
from cockpit.cli.trusting import trusted
from cockpit.cli.variables import ask, environment, unprompted, warn
from cockpit.exits import Exit
from cockpit.masking.outputs import confided
from cockpit.probes.oneshot import Result, as_json, exit_is_good, line, read_once, watching
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.profile.problems import ProfileError
from cockpit.profile.variables import prompts, secret_values


@click.command()
@click.argument("file", metavar="FILE")
@click.option("--watch", is_flag=True, help="Go on reading, each probe on its interval, until Ctrl+C.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", help="One object a line.")
@unreviewed_option
def probe(file: str, watch: bool, format_: str, unreviewed: str | None) -> int:
    """Read every probe of the profile in FILE once, those on demand too.

    Exit status 0 if all pass or warn, 1 if one fails or cannot be read.
    """
    kinds = installed()
    try:
        loaded = load(file, kinds)
    except ProfileError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        return Exit.PROBLEMS
    profile = loaded.profile
    if profile.probes:
        trusted(loaded, unreviewed=unreviewed)
    typed = ask(profile, prompts(profile))
    shown, secrets = unprompted(profile, environment()), secret_values(profile, environment(), typed)
    warn(profile, shown, {name: value for name, value in secrets.items() if name not in typed})
    values = shown | secrets | typed
    base_dir = Path(loaded.path).absolute().parent
    if not profile.probes:
        say("the profile has no probes")
        return Exit.OK

    def show(result: Result) -> None:
        click.echo(as_json(result) if format_ == "json" else line(result))

    if watch:
        with confided():
            asyncio.run(watching(profile, kinds, values, base_dir, show))
        return Exit.OK
    with confided():  # plug-ins may print
        results = asyncio.run(read_once(profile, kinds, values, base_dir))
    for result in results:
        show(result)
    return Exit.OK if exit_is_good(results) else Exit.PROBLEMS
