"""Characters that act instead of showing, taken out of what was read: no profile may hold them.

Invariant: what is left passes `check`'s rule for texts, holds no invisible character but the joiners and variations
that emoji and scripts are written with, and has as many lines as before.
"""

from __future__ import annotations

import re

from cockpit.importing.notes import Note, NoteKind, counted

_Step = tuple[re.Pattern[str], str, str, NoteKind]

_ESCAPES = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]"  # ECMA-48, 5.4: control sequences
    "|\x1b[\\]PX^_][^\x07\x1b]{0,512}(?:\x07|\x1b\\\\)"  # 5.6: control strings; xterm ends them by BEL, too
    "|\x1b[ -/]{0,4}[0-~]?|\x9b"
)
_BREAKS = re.compile("[\x0b\x0c\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_HIDDEN = re.compile(
    "[\u00ad\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0"
    "\ufff0-\ufffb\U000e0000-\U000e0fff]"
)
_JOINERS = re.compile("(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])")
_SURROGATES = re.compile("[\ud800-\udfff]")
_STEPS: tuple[_Step, ...] = (
    (_ESCAPES, "", "escape sequences of a terminal were taken out", "repaired"),
    (_BREAKS, " ", "form feeds or line separators became spaces", "repaired"),
    (_CONTROLS, "", "control characters were taken out", "repaired"),
    (_DIRECTIONS, "", "marks that turn the direction of text were taken out; read it as it stands now", "look"),
    (_HIDDEN, "", "invisible characters were taken out", "repaired"),
    (_JOINERS, "", "invisible characters were taken out", "repaired"),
    (_SURROGATES, "\ufffd", "half characters were replaced", "repaired"),
)


def taken_out(lines: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[Note, ...]]:
    """The lines without what acts, and what is to be said of it."""
    touched: dict[tuple[str, NoteKind], list[int]] = {}
    now = list(lines)
    strange = [index for index, line in enumerate(lines) if not (line.isascii() and line.isprintable())]
    for pattern, instead, said, kind in _STEPS:
        numbers = touched.setdefault((said, kind), [])
        for index in strange:
            if pattern.search(now[index]):
                now[index] = pattern.sub(instead, now[index])
                numbers.append(index + 1)
    return tuple(now), tuple(
        counted(sorted(set(numbers)), said, kind) for (said, kind), numbers in touched.items() if numbers
    )
