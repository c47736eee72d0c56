"""Numbered lists that Markdown does not know: `Step 1: x`, `(1) x`, `1- x`, `a) x`, two items of them or more."""

from __future__ import annotations

import re

_NUMBER = re.compile(
    r"(?P<indent>[ \t]*)(?:(?:step|schritt|étape|etape|paso|passo|fase)[ ]+(?P<step>\d{1,3})[ ]*[:.)–—-]+"
    r"|\((?P<round>\d{1,3}|[a-z])\)|(?P<letter>[a-z])[.)](?= )|(?P<dash>\d{1,3})(?:[ ]?[-–:]|\.\)|[.](?=[^\W\d]))"
    r"|\#(?P<hash>\d{1,3})[.:)]?)[ \t]*(?=[^\s\d])",
    re.IGNORECASE,
)


def numbered(lines: list[str]) -> None:
    """Write such lists as Markdown does, in place."""
    runs: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for row, line in enumerate(lines):
        found = _NUMBER.match(line)
        if found is None:
            continue
        sort = str(found.lastgroup)
        said = found[sort]
        number = int(said) if said.isdigit() else ord(said.lower()) - ord("a") + 1
        run = runs.setdefault((found["indent"], sort + ("" if said.isdigit() else "a")), [])
        if number == 1 or (run and number != run[-1][1] + 1):
            _write(lines, run)
            run.clear()
        if number == 1 or run:
            run.append((row, number))
    for run in runs.values():
        _write(lines, run)


def _write(lines: list[str], run: list[tuple[int, int]]) -> None:
    if len(run) < 2:
        return
    for row, number in run:
        found = _NUMBER.match(lines[row])
        if found is not None:
            lines[row] = f"{found['indent']}{number}. {lines[row][found.end() :]}"
