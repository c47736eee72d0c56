"""What a step of code is called, and what it tells."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from cockpit.importing.code_comments import Remarks
from cockpit.importing.draft import Draft
from cockpit.importing.naming import read_title
from cockpit.importing.placeholders import filled, literal
from cockpit.profile.model import Level
from cockpit.text import shortened

_LONGEST_TITLE = 80


class Named(Struct, frozen=True, kw_only=True):
    """A step's title and what its instructions begin with."""

    title: str
    """Without Markdown; not escaped yet."""
    instructions: str
    estimate_s: float = 0.0
    level: Level = "required"


def named(code: str, remarks: Remarks, heading: str, told: str, draft: Draft, *, alone: bool) -> Named:
    """Call a command by its heading if it stands alone in its fence, else by the comment above it, else by itself."""
    above = list(remarks.above)
    said: list[str] = []
    estimate_s, level = 0.0, "required"
    if alone and heading:
        title = heading
        level = read_title(above[0]).level if above else "required"
    else:
        said += [f"**{literal(heading)}**"] if heading else []
        if above:
            read = read_title(above.pop(0))
            title, estimate_s, level = read.text, read.estimate_s, read.level
        elif alone and remarks.heading:
            title = read_title(remarks.heading[0]).text
        else:
            title = gist(code)
    if told:
        said.append(told)
    if remarks.heading and title != read_title(remarks.heading[0]).text:
        said.append("\n".join([f"**{filled(remarks.heading[0], draft)}**", *_lines(remarks.heading[1:], draft)]))
    said += ["\n".join(_lines(lines, draft)) for lines in (remarks.before, above, remarks.below) if lines]
    return Named(
        title=shortened(_begun(title) if title != gist(code) else title, _LONGEST_TITLE),
        instructions="\n\n".join(said),
        estimate_s=estimate_s,
        level=level,  # type: ignore[arg-type]  # one of Level
    )


def _begun(title: str) -> str:
    """With a capital, if its first word is one of everyday language."""
    word = title.split(" ", 1)[0]
    return title[0].upper() + title[1:] if word.isascii() and word.isalpha() and word.islower() else title


def gist(code: str) -> str:
    """Code in one line."""
    return shortened(" ".join(code.replace("\\\n", " ").split()) or "…", _LONGEST_TITLE)


def block(body: str, language: str, draft: Draft) -> str:
    """Code as it is shown in instructions."""
    marks = "```"
    while marks in body:
        marks += "`"
    return f"{marks}{language}\n{filled(body.strip(chr(10)), draft, code=True)}\n{marks}"


def _lines(lines: Iterable[str], draft: Draft) -> list[str]:
    return [filled(line, draft) for line in lines]
