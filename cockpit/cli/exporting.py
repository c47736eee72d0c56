"""`cockpit export`: the lines of logs that somebody asks for, byte by byte."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cockpit.audit.walking import Walk
from cockpit.cli.ending import exit_of, say
from cockpit.cli.filters import Told, asked, filter_options
from cockpit.cli.output import Lines, output_options, written
from cockpit.cli.reading import named, reading
from cockpit.errors import CockpitError
from cockpit.exits import Exit
from cockpit.report.search.filtering import Asked
from cockpit.report.search.searching import Search


@click.command()
@click.argument("logs", metavar="LOG...", nargs=-1, required=True)
@filter_options
@output_options
def export(logs: tuple[str, ...], output: Path | None, force: bool, **given: Any) -> int:
    """Export LOG (files, runs' folders or ids) as JSON lines, each byte by byte as it stands in the log.

    Without a filter, all that counts. What is asked for in several ways has to fit all of them; the same option may be
    given several times, and any of them fits. Exit status 1 if a log is damaged: what counts of it is exported.
    """
    wanted = asked(given)
    told = Told(wanted, is_only=len(logs) == 1)
    with written(output, force=force, read=map(Path, logs)) as file:
        out = Lines(file)
        ends = [_one(token, wanted, out, told) for token in logs]
    found = sum(lines for lines, _ in ends)
    status = max(status for _, status in ends)
    if not found and told.logs:
        if status == Exit.OK or not wanted.is_everything:
            told.nothing()
    elif output not in (None, Path("-")) and told.logs:
        say(f"{found} event{'s' * (found != 1)} written to {output}")
    out.say_what_was_escaped()
    return status


def _one(token: str, wanted: Asked, out: Lines, told: Told) -> tuple[int, int]:
    """How many lines of a log were written, and an exit status; of several logs, one that cannot be read is said."""
    try:
        return _exported(token, wanted, out, told)
    except CockpitError as error:
        if told.is_only:
            raise
        say(str(error))
        return 0, exit_of(error)


def _exported(token: str, wanted: Asked, out: Lines, told: Told) -> tuple[int, int]:
    with reading(token) as log:
        walk = Walk(log.path)
        search = Search(walk, wanted, told.begins)
        try:
            for lines in search.lines():
                out.write(b"".join(lines))
        finally:
            walk.close()
        told.add(search.filter)
        troubles = [named(str(walk.trouble), log)] if walk.trouble else []
        troubles += [log.trouble] if log.trouble else []
    if walk.left_bytes:
        troubles[0] += f"; the {walk.left_bytes} bytes from there on do not count, and are not exported"
    for trouble in troubles:
        say(trouble if str(log.given) in trouble else f"{log.given}: {trouble}")
    return search.found, Exit.PROBLEMS if troubles else Exit.OK
