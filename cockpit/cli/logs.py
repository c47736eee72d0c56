"""`cockpit log`: what a log says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import click

from cockpit.audit.line import digest
from cockpit.audit.tail import Entry, Tail
from cockpit.cli.reading import reading
from cockpit.errors import LogDamaged, LogUnreadable
from cockpit.exits import Exit
from cockpit.run.events import ActionOutput, ProbesSampled
from cockpit.run.evolve import evolve
from cockpit.run.state import EMPTY, RunState
from cockpit.run.wording import sentence

FOLLOW_S = 1.0


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
