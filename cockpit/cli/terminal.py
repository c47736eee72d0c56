"""Whether a screen can be opened here: said in a sentence before anything is started."""

from __future__ import annotations

import os
import sys

from cockpit.cli.ending import Refused

SMALLEST = (40, 12)
"""Columns and lines: below, not even the question can be read."""


def require_screen(otherwise: str = "`cockpit log --follow` works in a pipe") -> None:
    """Raises Refused unless stdin and stdout are a terminal that can show a screen; says what works `otherwise`."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Refused("a screen needs a terminal, and this is none", hint=otherwise)
    term = os.environ.get("TERM", "")
    if term in ("", "dumb", "unknown"):
        named = f"TERM={term}" if term else "no TERM"
        raise Refused(
            f"this terminal cannot show a screen ({named})", hint="use another, or set TERM, e.g. xterm-256color"
        )
    size = os.get_terminal_size(sys.stdout.fileno())
    if 0 < size.columns < SMALLEST[0] or 0 < size.lines < SMALLEST[1]:
        raise Refused(
            f"this terminal is {size.columns}x{size.lines}", hint=f"make it at least {SMALLEST[0]}x{SMALLEST[1]}"
        )
