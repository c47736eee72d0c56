"""A head to be kept elsewhere, as a small text: who is on the chain, how far, and its digest (docs/log-format.md).

    cockpit/01JD7ZZZZZZZZZZZZZZZZZZZZZ
    1280
    9f2c…                                 64 hex digits

The form follows C2SP's tlog-checkpoint: origin, size, hash, each on a line of its own, then lines that later versions
may add. Signatures cover these bytes and nothing else.
"""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct

from cockpit.audit.line import Head
from cockpit.audit.reading import open_log
from cockpit.errors import LogUnreadable
from cockpit.patterns import late
from cockpit.text import shortened, visible

LIMIT_BYTES = 65536
_ORIGIN = late(r"cockpit/([0-9A-Za-z_-]{1,64})")
_SEQ = late(r"[1-9][0-9]{0,17}")
_DIGEST = late(r"[0-9a-f]{64}")


class Checkpoint(Struct, frozen=True):
    """A head of one run, noted elsewhere."""

    path: Path
    run: str
    seq: int
    digest: str
    """64 hex digits."""
    raw: bytes
    """As it was read: what a signature covers."""

    @property
    def head(self) -> Head:
        """What it pins."""
        return Head(seq=self.seq, digest=self.digest)


def checkpoint_text(run: str, head: Head) -> str:
    """The text to keep, mail or sign: three lines of ASCII, each with its newline."""
    return f"cockpit/{run}\n{head.seq}\n{head.digest}\n"


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint. Spaces and line endings that mail adds do not matter here; a signature covers every byte.

    Raises LogUnreadable with what was expected.
    """
    raw = small_file(path)
    lines = [line.strip() for line in raw.decode("utf-8", "replace").splitlines()]
    expected = (
        ("its first line should be cockpit/RUN", _ORIGIN),
        ("its second line should be a sequence number", _SEQ),
        ("its third line should be the 64 hex digits of a head", _DIGEST),
    )
    matches = []
    for number, (demand, pattern) in enumerate(expected):
        line = lines[number] if number < len(lines) else ""
        match = pattern.fullmatch(line, 0)
        if match is None:
            found = f"it is `{shortened(line, 70)}`" if line else "there is none"
            raise LogUnreadable(
                f"{visible(str(path))} is no checkpoint: {demand}, and {found}",
                hint="make one with: cockpit checkpoint LOG",
            )
        matches.append(match)
    origin, seq, digest = matches
    return Checkpoint(path=path, run=origin[1], seq=int(seq[0]), digest=digest[0], raw=raw)


def small_file(path: Path) -> bytes:
    """The content of a checkpoint, or of what lies beside it. Raises LogUnreadable if it cannot be read or is large."""
    fd = open_log(path, os.O_RDONLY)
    with open(fd, "rb") as file:
        raw = file.read(LIMIT_BYTES + 1)
    if len(raw) > LIMIT_BYTES:
        raise LogUnreadable(
            f"{visible(str(path))} has more than {LIMIT_BYTES} bytes: it is no checkpoint, no signature"
        )
    return raw
