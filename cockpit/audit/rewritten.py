"""What became of heads that somebody holds, in a log as it stands now: whether its history was rewritten, and where.

Invariant: it reads the bytes as they stand, chained or not, and says only what was compared. It never writes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from cockpit.audit.beyond import lines_of
from cockpit.audit.line import Head, digest
from cockpit.audit.reading import open_log
from cockpit.errors import LogUnreadable

_SEQ = re.compile(rb'\{"v":1,"run":"[0-9A-Za-z_-]{1,64}","seq":([1-9][0-9]{0,17}),')
SAID = "THE LOG WAS REWRITTEN"


def said(held: Head, found: Head | None, where: str) -> str:
    """One sentence: what was held, and what stands there now."""
    now = f"{found.short} stands there now" if found is not None else "no such event stands there now"
    return f"{SAID}: you held {held.short} at {held.seq}, and {now} ({where})"


def first_other(path: Path, held: Mapping[int, str]) -> tuple[Head, Head | None] | None:
    """The first head held that a log does not have, with what it has in its place; None if it has all of them.

    `held` are whole digests by sequence number. A log that cannot be opened has none of them.
    """
    left = dict(held)
    try:
        fd = open_log(path, os.O_RDONLY)
    except LogUnreadable:
        return _first(left, {})
    others: dict[int, str] = {}
    try:
        for _, line in lines_of(fd, 0, os.fstat(fd).st_size):
            match = _SEQ.match(line) if line is not None else None
            if match is None or line is None or (seq := int(match[1])) not in held:
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


def _first(left: Mapping[int, str], others: Mapping[int, str]) -> tuple[Head, Head | None] | None:
    if not left:
        return None
    seq = min(left)
    found = others.get(seq)
    return Head(seq=seq, digest=left[seq]), Head(seq=seq, digest=found) if found is not None else None
