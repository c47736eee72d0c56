"""Colours by meaning. Panes name an ink, never a colour; colour repeats what glyph, word and place already say.

Palettes for dark and light themes, and one without any colour (NO_COLOR), where bold and reverse remain.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from rich.style import Style

Ink = Literal[
    "plain",
    "dim",
    "bold",
    "good",
    "warn",
    "bad",
    "unsure",
    "accent",
    "here",
    "production",
    "elsewhere",
    "alarm",
    "key",
    "rehearsal",
]

DARK: Mapping[Ink, Style] = {
    "plain": Style(),
    "dim": Style(color="#8a94a6"),
    "bold": Style(bold=True),
    "good": Style(color="#7fc98a"),
    "warn": Style(color="#e5c07b", bold=True),
    "bad": Style(color="#ff7b72", bold=True),
    "unsure": Style(color="#c9a0ff", bold=True),
    "accent": Style(color="#7cc4ff", bold=True),
    "here": Style(bold=True, reverse=True),
    "production": Style(color="#ffffff", bgcolor="#b3261e", bold=True),
    "elsewhere": Style(color="#10141a", bgcolor="#7cc4ff", bold=True),
    "alarm": Style(color="#ffffff", bgcolor="#b3261e", bold=True),
    "key": Style(color="#7cc4ff", bold=True),
    "rehearsal": Style(color="#10141a", bgcolor="#e5c07b", bold=True),
}

LIGHT: Mapping[Ink, Style] = {
    **DARK,
    "dim": Style(color="#5b6472"),
    "good": Style(color="#1a7f37"),
    "warn": Style(color="#8a5a00", bold=True),
    "bad": Style(color="#b3261e", bold=True),
    "unsure": Style(color="#6f42c1", bold=True),
    "accent": Style(color="#0550ae", bold=True),
    "elsewhere": Style(color="#ffffff", bgcolor="#0550ae", bold=True),
    "key": Style(color="#0550ae", bold=True),
    "rehearsal": Style(color="#ffffff", bgcolor="#8a5a00", bold=True),
}

NO_COLOUR: Mapping[Ink, Style] = {
    **{ink: Style(bold=style.bold) for ink, style in DARK.items()},
    "dim": Style(),
    "here": Style(bold=True, reverse=True),
    "production": Style(bold=True, reverse=True),
    "alarm": Style(bold=True, reverse=True),
    "rehearsal": Style(bold=True, reverse=True),
}
"""For NO_COLOR: bold and reverse alone."""

MARKS: Mapping[str, tuple[str, Ink]] = {
    "pass": ("✔", "good"),
    "warn": ("!", "warn"),
    "fail": ("✖", "bad"),
    "error": ("?", "unsure"),
    "stale": ("?", "unsure"),
    "unread": ("·", "dim"),
}
"""Glyph and ink of a probe's shown status; the word stands beside it wherever it is not well."""
