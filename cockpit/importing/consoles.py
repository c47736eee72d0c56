"""What was typed in a recorded terminal, apart from what it answered.

A line that begins with a prompt was typed, and so are those that go on with it; every other line is an answer to the
command above it. Rows stay where they are.
"""

from __future__ import annotations

import re

from msgspec import Struct

_PROMPT = re.compile(
    r"(?:"
    r"\[?[\w.-]{1,64}@[\w.-]{1,64}(?:[: ][^\s$#%>]{0,200})?\]?\s?[$#%]|"  # user@host:~$, [root@host ~]#
    r"[~/][^\s$#%>]{0,200}\s?[$%]|"
    r"[$%❯➜]"
    r")[ \t]+(?=\S)"
)
_ROOT = re.compile(r"#[ \t]+(?=[a-z./][\w./-]*(?:[ \t]|$))")
_SQL_PROMPT = re.compile(r"(?:[\w.-]{1,64}[=\-('\"*!^]{1,4}[#>]|mysql>|MariaDB \[[^\]\n]{0,64}\]>|sqlite>)[ \t]?")
_GOES_ON = re.compile(r">[ \t]+(?=\S)")


class Session(Struct, frozen=True, kw_only=True):
    """A recorded terminal."""

    body: str
    """What was typed, without prompts, and the comments; answers are blank rows."""
    answers: dict[int, str]
    """What came back, by row."""


def session(body: str, *, root_prompt: bool = False) -> Session | None:
    """A recorded shell; None if no line has a prompt. `root_prompt`: a lone `#` may be one, too."""
    lines = body.split("\n")
    if any(_PROMPT.match(line) for line in lines):
        return _read(lines, _PROMPT, "# ")
    if root_prompt and any(_ROOT.match(line) for line in lines):
        return _read(lines, _ROOT, "")
    return None


def sql_session(body: str) -> Session | None:
    """A recorded terminal of a database; None if no line has a prompt."""
    lines = body.split("\n")
    return _read(lines, _SQL_PROMPT, "-- ") if any(_SQL_PROMPT.match(line) for line in lines) else None


def _read(lines: list[str], prompt: re.Pattern[str], comment: str) -> Session:
    kept: list[str] = []
    answers: dict[int, str] = {}
    typing = False
    for row, line in enumerate(lines):
        if match := prompt.match(line):
            kept.append(line[match.end() :])
            typing = True
        elif typing and (more := _GOES_ON.match(line)) and prompt is not _SQL_PROMPT:
            kept.append(line[more.end() :])
        elif typing and kept[-1].endswith("\\"):
            kept.append(line)
        elif comment and line.startswith(comment):
            kept.append(line)
            typing = False
        else:
            kept.append("")
            typing = False
            if line.strip():
                answers[row] = line
    return Session(body="\n".join(kept), answers=answers)
