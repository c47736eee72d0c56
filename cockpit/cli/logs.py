"""`cockpit log` and `cockpit verify`: what a log says, and whether its bytes are what they were."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import click
import msgspec
from msgspec.structs import replace

from cockpit.audit.line import Head, digest
from cockpit.audit.moved import went_on
from cockpit.audit.tail import Entry, Tail
from cockpit.cli.ending import say
from cockpit.cli.reading import named, reading
from cockpit.errors import LogDamaged, LogUnreadable
from cockpit.exits import Exit
from cockpit.run.events import ActionOutput, ProbesSampled
from cockpit.run.evolve import evolve
from cockpit.run.state import EMPTY, RunState
from cockpit.run.wording import sentence

FOLLOW_S = 1.0
_ANCHOR = re.compile(r"([1-9][0-9]*):([0-9a-fA-F]{8,64})")


@click.command()
@click.argument("log_", metavar="LOG")
@click.option("--follow", "-f", is_flag=True, help="Go on until the run is over.")
@click.option("--json", "json_", is_flag=True, help="The lines as they stand in the file, every one.")
@click.option("--all", "all_", is_flag=True, help="Samples of probes and output of actions too.")
def log(log_: str, follow: bool, json_: bool, all_: bool) -> int:
    """Print what happened in LOG (a file, a run's folder or its id), a line an event, times in UTC.

    The chain is checked on the way: exit status 1 where it breaks.
    """
    with reading(log_, follow=follow) as found:
        tail = Tail(found.path)
        try:
            raw = tail.path.open("rb") if json_ else None
            state = EMPTY
            for entry in _entries(tail, follow=follow):
                state = evolve(state, entry.event)
                if raw is not None:
                    click.echo(_line(raw, entry), nl=False)
                elif all_ or not isinstance(entry.event.body, ProbesSampled | ActionOutput):
                    click.echo(_told(entry, state))
                if follow and state.status in ("finished", "aborted"):
                    break
            if raw is not None:
                raw.close()
            if state.started is None:
                raise LogUnreadable(f"no run began in {tail.path}")
        finally:
            tail.close()
        if found.trouble:
            raise LogDamaged(f"{found.given}: {found.trouble}", line=0)
    return Exit.OK


def _entries(tail: Tail, *, follow: bool) -> Iterator[Entry]:
    while True:
        entries = tail.read()
        yield from entries
        if not entries and not follow:
            break
        if not entries:
            tail.wait(FOLLOW_S)
    if tail.uncounted is not None:
        raise tail.uncounted


def _told(entry: Entry, state: RunState) -> str:
    at = entry.event.instant.at
    return f"{at:%Y-%m-%d %H:%M:%S}  {entry.event.seq:>5}  {sentence(entry.event, state)}"


def _line(raw: BinaryIO, entry: Entry) -> bytes:
    """The entry's own bytes. Lines that a crash left, and that count for nothing, are stepped over."""
    while line := raw.readline():
        if len(line) == entry.size and digest(line[:-1]) == entry.digest:
            return line
    raise LogUnreadable(f"the log was changed while it was read, at {entry.event.seq}")


@click.command()
@click.argument("log_", metavar="LOG")
@click.option(
    "--anchor",
    "anchors",
    multiple=True,
    metavar="SEQ:DIGEST",
    help="A head that was noted elsewhere; 8 digits of its digest or more. May be given several times.",
)
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", help="How to print it.")
def verify(log_: str, anchors: tuple[str, ...], format_: str) -> int:
    """Verify the chain of LOG (a file, a run's folder or its id) in one pass.

    Exit status 1 if a line does not hold, naming the first such line, or if an anchor is not in the chain.
    """
    from cockpit.audit.verify import describe
    from cockpit.audit.verify import verify as verified

    with reading(log_) as log:
        path = log.given
        found = verified(log.path, anchors=[_anchor(text) for text in anchors])
        problem = named(found.problem, log) or (f"{path}: {log.trouble}" if log.trouble else "")
        found = replace(found, path=path if log.is_copy else found.path, problem=problem)
    if format_ == "json":
        click.echo(msgspec.json.encode(found, enc_hook=str).decode())
    else:
        click.echo("\n".join(describe(found)))
    _say_where_it_went(path)
    return Exit.OK if found.ok else Exit.PROBLEMS


def _say_where_it_went(path: Path) -> None:
    """A log that was left behind holds, and is not all of its run."""
    if where := went_on(path if path.is_dir() else path.parent):
        say(f"this log was left behind: the run goes on in {where}; look there: cockpit verify {where}")


def _anchor(text: str) -> Head:
    match = _ANCHOR.fullmatch(text.replace("·", ""))
    if match is None:
        raise click.BadParameter(f"`{text}` is no anchor such as 17:7f3a91c2", param_hint="--anchor")
    return Head(seq=int(match[1]), digest=match[2].lower())
