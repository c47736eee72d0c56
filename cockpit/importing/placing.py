"""From a line and column of a profile's text to the part and key that stand there."""

from __future__ import annotations

from cockpit.importing.parts import PROFILE, Key, parts_of
from cockpit.profile.positions import positions


def part_at(toml: str, line: int, column: int) -> tuple[Key, str]:
    """The part that a place (both from 1, columns in characters) lies in, and its key; no key: its header."""
    raw = toml.encode()
    lines = toml.split("\n")
    before = "\n".join(lines[: line - 1]) + ("\n" if line > 1 else "")
    offset = len((before + lines[line - 1][: column - 1]).encode()) if line <= len(lines) else len(raw)
    owners = {part.path: key for key, part in parts_of(toml).items()}
    starts = [(start, len(path), path) for path, start in positions(raw).keys.items() if start <= offset]
    for _, _, path in sorted(starts, reverse=True):
        for size in range(len(path), 0, -1):
            if path[:size] in owners:
                return owners[path[:size]], str(path[size]) if len(path) > size else ""
        if len(path) == 1 and (path[0],) not in owners:
            return PROFILE, str(path[0])
    return PROFILE, ""
