"""Logs as people come by them: cut, damaged, foreign, compressed, enormous. Whatever reads a log is tried with each.

`pytest.mark.parametrize("bad", BAD_LOGS, ids=str)` and `bad.write(tmp_path)`. All are made from the same golden night
of 48 events: what counts of it comes first in each, and has to be shown.
"""

from __future__ import annotations

import gzip
import os
import sys
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

NIGHT = Path(__file__).parent / "logs" / "v1" / "night.jsonl"
EVENTS = 48
LINES = NIGHT.read_bytes().splitlines(keepends=True)
assert len(LINES) == EVENTS


class BadLog(Struct, frozen=True):
    """One of them."""

    name: str
    make: Callable[[Path], None]
    """Writes it to this path."""
    counting: int
    """So many of the night's events count, from the first on; 48: all."""
    line: int = 0
    """The first line that is wrong; 0: none, or there are no lines."""
    after: int = 0
    """So many further events are in the file, proven by nothing, that can be shown."""
    says: str = ""
    """A regular expression: what has to be said of it; empty: nothing is wrong with it."""
    status: int = 0
    """Of `cockpit verify`: 0 it holds, 1 a problem, 3 unreadable."""
    suffix: str = ".jsonl"

    def __str__(self) -> str:
        return self.name.replace(" ", "-")

    def write(self, folder: Path) -> Path:
        """Write it into a folder; its path."""
        path = folder / f"that-night{self.suffix}"
        self.make(path)
        return path


def _of(*lines: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(b"".join(lines)) and None


def _changed(at: int, old: bytes, new: bytes) -> Callable[[Path], None]:
    changed = LINES[at - 1].replace(old, new, 1)
    assert changed != LINES[at - 1]
    return _of(*LINES[: at - 1], changed, *LINES[at:])


def _sparse(*lines: bytes, size: int = 10 * 1024**3) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.write_bytes(b"".join(lines))
        os.truncate(path, size)

    return make


def _endless(path: Path) -> None:
    """What a file system with holes holds of a log that goes on and on: its beginning, and lines far behind."""
    path.write_bytes(b"".join(LINES))
    with path.open("r+b") as file:
        file.seek(4 * 1024**3)
        file.write(b"\n" + LINES[-1])
    os.truncate(path, 50 * 1024**3)


SYSLOG = b"Nov 21 22:41:07 bastion-1 sshd[4711]: Accepted publickey for ana from 192.0.2.7 port 51022 ssh2\n"
DOCKER = b'{"log":"GET /health 200\\n","stream":"stdout","time":"2026-11-21T22:41:07.1Z"}\n'
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x04\x00" + bytes(range(256)) * 40

BAD_LOGS: tuple[BadLog, ...] = (
    BadLog("whole", _of(*LINES), 48),
    BadLog("gzip", lambda path: path.write_bytes(gzip.compress(NIGHT.read_bytes())) and None, 48, suffix=".jsonl.gz"),
    BadLog("zstd", lambda path: path.write_bytes(zstd.compress(NIGHT.read_bytes())) and None, 48, suffix=".jsonl.zst"),
    BadLog(
        "gzip cut off",
        lambda path: path.write_bytes(gzip.compress(NIGHT.read_bytes())[:2000]) and None,
        9,
        says="its gzip stream was cut off after [0-9]+ bytes",
        status=1,
        suffix=".jsonl.gz",
    ),
    BadLog(
        "cut in a line", _of(*LINES[:20], LINES[20][:50]), 20, says="50 bytes after the last newline are no line yet"
    ),
    BadLog("cut in the first line", _of(LINES[0][:300]), 0, line=1, says="no complete line", status=1),
    BadLog("empty", _of(), 0, line=1, says="no complete line", status=1),
    BadLog("a gap", _of(*LINES[:9], *LINES[12:]), 9, line=10, after=36, says="events 10 to 12 are missing", status=1),
    BadLog("begins late", _of(*LINES[5:]), 0, line=1, after=43, says="events 1 to 5 are missing", status=1),
    BadLog("changed", _changed(20, b'"user":"ana"', b'"user":"bob"'), 20, line=21, after=28, says="line 20", status=1),
    BadLog("first line changed", _changed(1, b"virtue", b"virtus"), 1, line=2, after=47, says="line 1", status=1),
    BadLog(
        "garbage within",
        _of(*LINES[:19], b"\x1b[31mgarbage\xff\n", *LINES[20:]),
        19,
        line=20,
        after=28,
        says="line 20",
        status=1,
    ),
    BadLog("twice", _of(*LINES, *LINES), 48, line=49, after=48, says="repeated or moved", status=1),
    BadLog(
        "CRLF",
        _of(*(line[:-1] + b"\r\n" for line in LINES)),
        0,
        line=1,
        after=48,
        says="line ending was changed",
        status=1,
    ),
    BadLog(
        "a line of 3 MB",
        _of(*LINES[:9], b"x" * 3_000_000 + b"\n", *LINES[9:]),
        9,
        line=10,
        after=39,
        says="more than 2097152 bytes",
        status=1,
    ),
    BadLog(
        "newer",
        _of(*LINES[:9], b'{"v":2,"run":"R","facts":[]}\n', *LINES[10:]),
        9,
        line=10,
        says="update cockpit",
        status=3,
    ),
    BadLog(
        "newer from the first line", _of(b'{"v":2,"run":"R"}\n', *LINES[1:]), 0, line=1, says="update cockpit", status=3
    ),
    BadLog(
        "of Docker",
        _of(DOCKER * 50),
        0,
        line=1,
        says="this is no log of cockpit, or its beginning was changed: line 1 is not an event",
        status=1,
    ),
    BadLog(
        "syslog",
        _of(SYSLOG * 50),
        0,
        line=1,
        says="this is no log of cockpit, or its beginning was changed: line 1 is not an event",
        status=1,
    ),
    BadLog(
        "a picture",
        _of(PNG),
        0,
        line=1,
        says="this is no log of cockpit, or its beginning was changed: line 1 is not an event",
        status=1,
        suffix=".png",
    ),
    BadLog(
        "UTF-16",
        _of(NIGHT.read_text().encode("utf-16")),
        0,
        line=1,
        says="this is no log of cockpit, or its beginning was changed: line 1 is not an event",
        status=1,
    ),
    BadLog("10 GB of nothing", _sparse(), 0, line=1, says="more than 2097152 bytes", status=1),
    BadLog("10 GB of nothing at its end", _sparse(*LINES), 48, line=49, says="more than 2097152 bytes", status=1),
    BadLog(
        "one of 50 GB",
        _endless,
        0,
        says=r"has 50.0 GiB, more than the 4.0 GiB of the longest log; cockpit did not",
        status=3,
    ),
    BadLog("a folder", lambda path: path.mkdir(), 0, says="is a folder without a log", status=3),
    BadLog("a pipe", lambda path: os.mkfifo(path), 0, says="is not a file", status=3),
    BadLog("not there", lambda path: None, 0, says="there is no log", status=3),
)
