"""What this host knows of a terminal by its name: the compiled entry of terminfo (term(5)), read without curses.

Python's own curses may be built with other folders than the host's programs look in; those are what matters here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

_NUMBERS_16, _NUMBERS_32 = 0o432, 0o1036
_MAX_COLORS = 13
"""Its place among the numbers (term.h)."""
_LIMIT_BYTES = 64 * 1024


def colours(term: str, environ: Mapping[str, str], root: Path = Path("/")) -> int | None:
    """How many colours the entry says; 0: none or not said. None: there is no entry, and programs may not start."""
    if not term or "/" in term:
        return None
    for folder in _folders(environ, root):
        for first in (term[0], f"{ord(term[0]):x}"):
            try:
                with open(folder / first / term, "rb") as file:
                    return _colours(file.read(_LIMIT_BYTES))
            except OSError:
                continue
    return None


def _folders(environ: Mapping[str, str], root: Path) -> Iterator[Path]:
    if named := environ.get("TERMINFO"):
        yield Path(named)
    if home := environ.get("HOME"):
        yield Path(home) / ".terminfo"
    yield from (Path(each) for each in environ.get("TERMINFO_DIRS", "").split(":") if each)
    for each in ("etc/terminfo", "lib/terminfo", "usr/share/terminfo", "usr/lib/terminfo", "usr/share/lib/terminfo"):
        yield root / each


def _colours(entry: bytes) -> int:
    try:
        magic, names, booleans, numbers, _, _ = struct.unpack_from("<6H", entry)
        if magic not in (_NUMBERS_16, _NUMBERS_32) or numbers <= _MAX_COLORS:
            return 0
        width, form = (4, "<i") if magic == _NUMBERS_32 else (2, "<h")
        start = 12 + names + booleans
        start += start % 2
        (value,) = struct.unpack_from(form, entry, start + _MAX_COLORS * width)
    except struct.error:
        return 0
    return max(0, int(value))
