"""`cockpit compare`: runs beside each other, and better estimates for the next one."""

from __future__ import annotations

from datetime import tzinfo

import click
import msgspec

from cockpit.cli.ending import say
from cockpit.cli.filters import ZoneType
from cockpit.cli.output import print_json
from cockpit.cli.reading import named, reading
from cockpit.cli.table import room
from cockpit.exits import Exit

FORMATS = ("text", "md", "json", "toml")


@click.command()
@click.argument("logs", metavar="LOG LOG...", nargs=-1, required=True)
@click.option(
    "--format", "format_", type=click.Choice(FORMATS), default="text", help="How to print it.  [default: text]"
)
@click.option("--by-phase", is_flag=True, help="What probes read in each phase, too.")
@click.option(
    "--off-by",
    type=click.FloatRange(1.01, 100),
    default=1.25,
    show_default=True,
    metavar="FACTOR",
    help="From which factor on an estimate is wrong.",
)
@click.option("--zone", metavar="ZONE", type=ZoneType(), default="utc", help="Of times.  [default: utc]")
def compare(logs: tuple[str, ...], format_: str, by_phase: bool, off_by: float, zone: str) -> int:
    """Compare runs with the first LOG (files, runs' folders or ids): how long, what else, what the probes read.

    Where the estimates of the first one's profile were wrong, over all of these runs, it prints lines to paste;
    --format toml prints them as a file that the profile extends. Exit status 1 if a log is damaged: it is compared as
    far as it goes.
    """
    if len(logs) < 2 and format_ != "toml":
        raise click.UsageError(
            "name two logs or more; the first is what the others are compared with (--format toml is content with one)"
        )
    from cockpit.report.compare.compared import read_compared
    from cockpit.report.compare.comparison import compare as compared
    from cockpit.report.compare.estimates import overlay
    from cockpit.report.search.moments import zone_called

    runs = []
    for token in logs:
        with reading(token) as log:
            one = read_compared(log.path)
            troubles = [named(trouble, log) for trouble in one.troubles] + ([log.trouble] if log.trouble else [])
            name = log.given.name if log.given.is_file() else ""
            runs.append(msgspec.structs.replace(one, troubles=tuple(troubles), name=name))
    found = compared(runs, off_by)
    here = zone_called(zone, runs[0].state.profile)
    if format_ == "json":
        print_json(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    elif format_ == "toml":
        click.echo(overlay(found.estimates), nl=False)
    else:
        click.echo(_words(found, here, format_, by_phase=by_phase))
    troubled = [(token, run) for token, run in zip(logs, runs, strict=True) if run.troubles]
    for token, run in troubled:
        for trouble in run.troubles:
            say(trouble if token in trouble else f"{token}: {trouble}")
    return Exit.PROBLEMS if troubled else Exit.OK


def _words(found: object, zone: tzinfo, format_: str, *, by_phase: bool) -> str:
    from cockpit.report.compare.comparison_records import Comparison
    from cockpit.report.compare.comparison_text import markdown, text

    assert isinstance(found, Comparison)
    return markdown(found, zone) if format_ == "md" else text(found, zone, room(), by_phase=by_phase)
