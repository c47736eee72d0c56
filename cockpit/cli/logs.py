"""`cockpit log`: what happened in runs, a line an event, and where something is said in many of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any, BinaryIO

import click

from cockpit.audit.beyond import Break
from cockpit.audit.line import digest, open_envelope
from cockpit.audit.tail import Entry, Tail
from cockpit.audit.walking import Counted, Walk
from cockpit.cli.ending import say
from cockpit.cli.filters import Told, asked, filter_options
from cockpit.cli.output import Lines
from cockpit.cli.reading import named, reading
from cockpit.cli.several import labels, over
from cockpit.errors import LogDamaged, LogUnreadable
from cockpit.exits import Exit
from cockpit.report.pages.clocktime import local
from cockpit.report.search.patterns import Pattern
from cockpit.report.search.telling import Teller, Wanted, grouped
from cockpit.report.search.telling import Told as Line
from cockpit.session.catalog import Catalog, RunsAsked
from cockpit.text import counted, visible
from cockpit.text.streams import exact

FOLLOW_S = 1.0
_LISTED = 8
_BREAKS = 5
"""So many are kept until something is found behind them."""


@click.command()
@click.argument("logs", metavar="[LOG]...", nargs=-1)
@click.option("--all-runs", is_flag=True, help="Every run on this host, the oldest first.")
@click.option("--profile", "profiles", metavar="ID", multiple=True, help="Of these, only of this profile; globs too.")
@click.option(
    "--environment", "environments", metavar="NAME", multiple=True, help="Only on this environment; globs too."
)
@click.option("--grep", "-e", metavar="PATTERN", help="Only sentences in which this regular expression (RE2) is found.")
@click.option("--ignore-case", "-i", is_flag=True, help="Upper and lower case are one for --grep.")
@click.option("--fixed", "-F", is_flag=True, help="The pattern is a text as it is.")
@click.option("--raw", is_flag=True, help="Look for it in the lines as they stand in the file, samples and output too.")
@click.option(
    "--context", "-C", "around", type=click.IntRange(0, 1000), default=0, help="So many lines around each, too."
)
@click.option("--follow", "-f", is_flag=True, help="Go on until the run is over.")
@click.option("--json", "json_", is_flag=True, help="The lines as they stand in the file, samples and output too.")
@click.option("--all", "all_", is_flag=True, help="Samples of probes and output of actions too.")
@filter_options
def log(logs: tuple[str, ...], all_runs: bool, follow: bool, json_: bool, around: int, **given: Any) -> int:
    """Print what happened in LOG (files, runs' folders or ids), a line an event, times in UTC or in --zone.

    Several are told one after the other, each line with its run. Of what is asked for in several ways all has to fit;
    an option that is given several times is fitted by any. The chain is checked on the way: exit status 1 where it
    breaks, and where --grep found nothing.
    """
    kinds = RunsAsked(profiles=given.pop("profiles"), environments=given.pop("environments"))
    tokens = _tokens(logs, kinds, all_runs=all_runs, follow=follow)
    pattern = _pattern(given)
    wanted = Wanted(
        asked=asked(given),
        pattern=pattern,
        in_bytes=given["raw"] and pattern is not None,
        with_many=given["all_"] or json_,
        around=around if pattern is not None else 0,
    )
    told = Told(wanted.asked, is_only=len(tokens) == 1)
    names = labels(tokens)
    out = Lines(exact()) if json_ else None
    found, status = over(tokens, lambda token: _one(token, names[token], wanted, told, out, follow=follow))
    if out is not None:
        out.say_what_was_escaped()
    if found or (tokens and not told.logs):
        return status
    if tokens and (pattern is not None or not wanted.asked.is_everything):
        told.nothing()
    return max(status, Exit.OK if pattern is None else Exit.PROBLEMS)


def _tokens(logs: tuple[str, ...], kinds: RunsAsked, *, all_runs: bool, follow: bool) -> list[str]:
    if all_runs == bool(logs):
        raise click.UsageError("name a LOG, or look into --all-runs" if not logs else "either LOG or --all-runs")
    if follow and (all_runs or len(set(logs)) > 1):
        raise click.UsageError("one log can be followed, not several")
    if not all_runs:
        if not kinds.is_everything:
            raise click.UsageError("--profile and --environment choose among --all-runs")
        return list(dict.fromkeys(logs))
    catalog = Catalog(kinds)
    found = [each.about.run for each in catalog.found(with_facts=False)] if catalog.is_filtered else catalog.names
    if catalog.damaged:
        say(f"left out, since what they are of cannot be read: {', '.join(catalog.damaged[:_LISTED])}")
    if not found:
        say(f"no runs in {catalog.folder}" + (" are like that" if catalog.is_filtered else ""))
    return [str(catalog.folder / name) for name in reversed(found)]


def _pattern(given: dict[str, Any]) -> Pattern | None:
    if given["grep"] is None:
        if given["raw"] or given["fixed"]:
            raise click.UsageError(f"--{'raw' if given['raw'] else 'fixed'} needs a pattern: --grep PATTERN")
        return None
    try:
        return Pattern(given["grep"], ignore_case=given["ignore_case"], is_fixed=given["fixed"])
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--grep") from error


def _one(token: str, label: str, wanted: Wanted, told: Told, out: Lines | None, *, follow: bool) -> tuple[int, int]:
    """How many events of a log were found, and an exit status. `out`: where they go as they are; None: in sentences."""
    teller = Teller(wanted, told.begins)
    with reading(token, follow=follow) as log:
        lines = _following(log.path, teller) if follow else _walked(log.path, to_the_end=out is None)
        taken = _taken(lines, teller, label, is_search=wanted.pattern is not None or not wanted.asked.is_everything)
        try:
            for line, is_apart in grouped(taken, wanted.around):
                is_apart = (is_apart or told.has_more) if wanted.around else False
                told.has_more = False
                if out is not None:
                    out.write(line.raw + b"\n")
                else:
                    _print(line, teller, label=label, is_apart=is_apart)
                if follow:
                    sys.stdout.flush()
        finally:
            told.has_more = told.has_more or teller.found > 0
            told.add(teller.filter if teller.filter and not wanted.asked.is_everything else None)
        if log.trouble:
            raise LogDamaged(f"{log.given}: {log.trouble}", line=0)
        if teller.filter is not None and teller.state.started is None:
            raise LogUnreadable(f"no run began in {named(str(log.path), log)}")
    if teller.unreadable:
        say(f"{label or log.given}: the data of {counted(teller.unreadable, 'line')} cannot be read")
    return teller.found, Exit.PROBLEMS if teller.unreadable else Exit.OK


def _print(line: Line, teller: Teller, *, label: str, is_apart: bool) -> None:
    at, zone = local(line.at, teller.zone), teller.zone
    when = f"{at:%Y-%m-%d %H:%M:%S}" if zone is UTC else at.isoformat(sep=" ", timespec="seconds")
    apart = "--\n" if is_apart else ""
    sys.stdout.write(f"{apart}{label}{when}  {line.seq:>5}  {line.text}\n")


# ---- lines that count --------------------------------------------------------------------------------------------


def _walked(path: Path, *, to_the_end: bool) -> Iterator[Counted | Break]:
    """Every line of a log as it stands now. Raises what is wrong with it after the last one that counts.

    `to_the_end`: then what stands behind that too, as far as it can be told, with what is out of order.
    """
    walk = Walk(path)
    try:
        for batch in walk.batches():
            yield from batch
        if walk.trouble is None:
            return
        if to_the_end:
            yield Break(0, f"{walk.trouble.message}: from here on nothing is proven")
            yield from walk.beyond().read()
        raise walk.trouble
    finally:
        walk.close()


def _taken(lines: Iterator[Counted | Break], teller: Teller, label: str, *, is_search: bool) -> Iterator[Line]:
    """What is told of lines that are asked for, with what is out of order between them.

    Of one log that is printed whatever is asked for; where several are searched, only before what was found behind it.
    """
    breaks: list[str] = []
    for each in lines:
        if not isinstance(each, Break):
            if (told := teller.take(*each)) is not None:
                if told.is_found:
                    sys.stdout.writelines(breaks)
                    breaks.clear()
                yield told
        elif label and is_search:
            breaks = [*breaks[:_BREAKS], f"{label}✖ {visible(each.what)}\n"]
        else:
            sys.stdout.write(f"{label}✖ {visible(each.what)}\n")


def _following(path: Path, teller: Teller) -> Iterator[Counted | Break]:
    """Every line of a log as it comes, until the run is over."""
    tail = Tail(path)
    try:
        with tail.path.open("rb") as raw:
            while teller.state.status not in ("finished", "aborted"):
                entries = tail.read()
                if not entries:
                    tail.wait(FOLLOW_S)
                for entry in entries:
                    line = _line(raw, entry)
                    yield open_envelope(line), line
                    if teller.state.status in ("finished", "aborted"):
                        return
    finally:
        tail.close()


def _line(raw: BinaryIO, entry: Entry) -> bytes:
    """The entry's own bytes. Lines that a crash left, and that count for nothing, are stepped over."""
    while line := raw.readline():
        if len(line) == entry.size and digest(line[:-1]) == entry.digest:
            return line[:-1]
    raise LogUnreadable(f"the log was changed while it was read, at {entry.event.seq}")
