"""What became of heads that somebody holds, in a log as it stands now: whether its history was rewritten, and where.

Invariant: it reads the bytes as they stand, chained or not, and says only what was compared. It never writes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from cockpit.audit.chain import named_run
from cockpit.audit.line import Head, digest
from cockpit.audit.reading import open_log
from cockpit.audit.skimming import BEGINNING, facts_in
from cockpit.errors import LogUnreadable
from cockpit.patterns import late

_SEQ = late(rb'\{"v":1,"run":"[0-9A-Za-z_-]{1,64}","seq":([1-9][0-9]{0,17}),')
_CONTINUED = b'"type":"log.continued"'
_TOLD = b'"type":"branch.told"'
SAID = "THE LOG WAS REWRITTEN"
CHANGED = "THE DATABASE WAS CHANGED"
"""How it is said that a database no longer holds what this host read from it."""
APART = "TWO LOGS SINCE A FAILOVER"
"""How it is said that a database went on otherwise than this host's copy, by nobody's fault."""

MERGED = "TWO LOGS WERE MERGED"
"""How a screen that was open says that the log it reads has another one in its place."""


def said(held: Head, found: Head | None, where: str) -> str:
    """One sentence: what was held, and what stands there now."""
    now = f"{found.short} stands there now" if found is not None else "that is gone"
    return f"{SAID}: you held {held.short} at {held.seq}, and {now} ({where})"


def first_other(path: Path, held: Mapping[int, str]) -> tuple[Head, Head | None] | None:
    """The first head held that a log does not have, with what it has in its place; None if it has all of them.

    `held` are whole digests by sequence number. Of a log that cannot be opened nothing is said.
    """
    left = dict(held)
    try:
        fd = open_log(path, os.O_RDONLY)
    except LogUnreadable:
        return None
    others: dict[int, str] = {}
    try:
        for line in facts_in(fd):
            match = _SEQ.match(line)
            if match is None:
                continue
            seq = int(match[1])
            if _TOLD in line[:BEGINNING]:
                for each, told in _told(line):
                    if held.get(each) == told:  # it stood on the other side of a merge, and is kept
                        left.pop(each, None)
                        others.pop(each, None)
            if _CONTINUED in line[:BEGINNING]:
                # What was seen behind the place at which it was continued may never have been acknowledged.
                left = {each: wanted for each, wanted in left.items() if each <= seq}
            if seq not in held:
                continue
            found = digest(line)
            if found == held[seq]:
                left.pop(seq, None)
                others.pop(seq, None)
            elif seq in left:
                others.setdefault(seq, found)
    finally:
        os.close(fd)
    return _first(left, others)


def run_named(path: Path) -> str:
    """The run that a log's first bytes name; empty if they name none."""
    try:
        fd = open_log(path, os.O_RDONLY)
    except LogUnreadable:
        return ""
    with open(fd, "rb") as file:
        return named_run(file.read(BEGINNING))


class _Data(Struct):
    text: str


class _Telling(Struct):
    data: _Data


_telling = msgspec.json.Decoder(_Telling)


def _told(line: bytes) -> Iterator[tuple[int, str]]:
    """Place and digest of the whole lines of a branch that this line tells; nothing for a line that is none."""
    try:
        text = _telling.decode(line).data.text
    except (ValueError, RecursionError):
        return
    for each in text.encode().split(b"\n"):
        if (match := _SEQ.match(each)) is not None:
            yield int(match[1]), digest(each)


def _first(left: Mapping[int, str], others: Mapping[int, str]) -> tuple[Head, Head | None] | None:
    if not left:
        return None
    seq = min(left)
    found = others.get(seq)
    return Head(seq=seq, digest=left[seq]), Head(seq=seq, digest=found) if found is not None else None
