"""The lines of a log file, one by one, as a database keeps them: with the torn bytes that each steps over.

Invariant: only what `chain` counts is given. The file may grow meanwhile; nothing is written.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from cockpit.audit.chain import Chain
from cockpit.audit.reading import GrowingFile, open_log
from cockpit.errors import LogDamaged


class Line(Struct, frozen=True):
    """A line that counts."""

    seq: int
    before: bytes
    """Torn bytes that it steps over."""
    text: bytes
    """Without its newline."""
    digest: str
    """64 hex digits."""
    is_fact: bool


def lines_of(log: Path, chain: Chain) -> Iterator[Line]:
    """The lines that count, from the first one; `chain` walks along. Raises LogUnreadable, LogTooNew."""
    fd = open_log(log, os.O_RDONLY)
    try:
        file = GrowingFile(fd, log)
        while lines := file.read_lines():
            for raw in lines:
                end_before = chain.position
                if (link := chain.step(raw)) is not None:
                    before = os.pread(fd, chain.position - link.size - end_before, end_before)
                    yield Line(link.envelope.seq, before, raw[:-1], link.digest, link.envelope.is_fact)
    finally:
        os.close(fd)


def as_in_a_file(before: bytes, line: bytes, seq: int) -> list[bytes]:
    """A line of the database and the torn ones that it steps over, each with its newline, as a file has them.

    Raises LogDamaged if they would be other lines there.
    """
    if b"\n" in line or not before.endswith(b"\n" if before else b""):
        raise LogDamaged(
            f"line {seq} in the database is not one line of a file: it was not read",
            line=seq,
            hint="the database was changed: verify a copy that a host has",
        )
    torn = [each + b"\n" for each in before.split(b"\n")[:-1]]  # not by splitlines, to which \r ends a line too
    return [*torn, line + b"\n"]


def whole_lines_of(log: Path, chain: Chain) -> Iterator[Line]:
    """The same. Raises LogDamaged unless all of the file counts."""
    yield from lines_of(log, chain)
    if chain.pending is not None:
        raise chain.pending.why
    if log.stat().st_size != chain.position or not chain.seq:
        raise LogDamaged(
            f"{log} does not end in a whole line" if chain.seq else f"no run began in {log}",
            line=chain.lines + 1,
            hint="open it once, which settles its end: cockpit resume",
        )
