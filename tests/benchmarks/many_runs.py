"""A store as it is after years: `python many_runs.py DSN RUNS LINES` fills it with so many runs of so many lines each.

As a superuser, and for measuring only: lines are copied in with the triggers off, all in one transaction, which turns
them on again. Every chain holds: whatever is exported verifies. Of twenty runs one is live.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
from long_log import write

from cockpit.audit.line import DOMAIN, GENESIS, draft, encode, prefix
from cockpit.run import events as e

LIVE_OF = 20
_COLUMNS = "run, seq, id, is_fact, type, line, digest, event"
_END = draft(e.RunFinished(), e.Actor(user="ana", host="bench"))


def name_of(number: int) -> str:
    """The id of the run that was begun as number so much, counted from 0."""
    return f"01KAK{number:021}"


def is_live(number: int) -> bool:
    """Whether it has not ended."""
    return number % LIVE_OF == LIVE_OF - 1


def fill(dsn: str, runs: int, lines: int, *, first: int = 0) -> None:
    """Make the runs, in the order of their ids, from number `first` on; statistics are taken at the end."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "log", lines)
        templates = [_Template(raw) for raw in (Path(folder) / "log").read_bytes().splitlines()]
    end = _Template(encode(_END, run="R", seq=2, prev=GENESIS)[:-1])
    with psycopg.connect(dsn) as admin:
        names = [str(name) for (name,) in admin.execute(_NAMES).fetchall()]
        admin.execute("ALTER TABLE cockpit.lines DISABLE TRIGGER USER")
        with admin.cursor().copy(f"COPY cockpit.lines ({_COLUMNS}) FROM STDIN") as rows:
            for number in range(first, first + runs):
                for row in _rows(number, templates if is_live(number) else [*templates[:-1], end]):
                    rows.write(row)
        for name in names:
            admin.execute(f"ALTER TABLE cockpit.lines ENABLE ALWAYS TRIGGER {name}")
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute("VACUUM ANALYZE cockpit.lines")


_NAMES = "SELECT tgname FROM pg_trigger WHERE tgrelid = 'cockpit.lines'::regclass AND NOT tgisinternal"


class _Template:
    """What of a line does not depend on its run and its place, as a row of COPY wants it."""

    def __init__(self, line: bytes) -> None:
        rest = line[line.index(b'"class":"') + len(b'"class":"') :]
        at = rest.index(b'"id":"') + 6
        self.before_id, self.behind_id = rest[:at], rest[at + 26 :]
        self.is_fact = b"t" if rest.startswith(b"fact") else b"f"
        self.type = rest.split(b'"', 5)[4]


def _rows(number: int, templates: list[_Template]) -> Iterator[bytes]:
    run, prev = name_of(number), GENESIS
    named = run.encode()
    for seq, each in enumerate(templates, 1):
        event_id = b"01KAL%06d%015d" % (number, seq)
        line = prefix(run, seq, prev) + each.before_id + event_id + each.behind_id
        prev = hashlib.sha256(DOMAIN + line).hexdigest()
        json = line.replace(b"\\", b"\\\\")
        yield b"%s\t%d\t%s\t%s\t%s\t\\\\x%s\t\\\\x%s\t%s\n" % (
            named, seq, event_id, each.is_fact, each.type, line.hex().encode(), prev.encode(), json,
        )  # fmt: skip


if __name__ == "__main__":
    fill(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
