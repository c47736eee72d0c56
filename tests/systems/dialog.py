"""A question on cockpit's screen, as one reads it there: its title, its fields, and the key or the word it asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass

_KEY = re.compile(r"^\s*(\S) (?:runs it|sends it|approves|agrees|confirms|finishes|goes there|decides|does it)")
_SIDES = "│┃"
_SPARE = 6
"""Cells that a field leaves free at its end, with the cursor among them, before what stands in it moves to the left."""


@dataclass(frozen=True)
class Dialog:
    """What stands in the box."""

    screen: str
    title: str
    text: str
    """Everything, on one line."""
    entered: tuple[str, ...]
    """What stands in each field that there is to type into; of what is longer than the field, its end."""
    filled: tuple[bool, ...]
    """Whether that takes the whole field, so that more may stand to its left."""
    word: str
    """The word that has to be typed; empty: none."""
    key: str
    """The key that goes on; empty: there is none, or none yet."""
    picked: str
    """What that key does it to, if it was chosen from a list."""
    chosen: str
    """What was chosen from a list, for which there is something to type yet."""
    options: tuple[str, ...]
    """The list, while it is to be chosen from."""

    @property
    def fields(self) -> int:
        """How many fields there are to type into."""
        return len(self.entered)

    @property
    def is_list(self) -> bool:
        """Whether something is to be chosen."""
        return "Enter choose" in self.text


def refusal_on(screen: str) -> str:
    """What is said above the keys, on one line or two, if it is that nothing was done; else empty."""
    said = screen.splitlines()[-3:-1]
    at = next((at for at, line in enumerate(said) if line.lstrip().startswith(("✖", "! keys came faster"))), None)
    return " ".join(said[at:]) if at is not None else ""


def dialog_on(screen: str) -> Dialog | None:
    """The question that is open; None without one. It names the environment and the profile in its border."""
    identity = re.match(r" ?▌(.+?)▐ (\S+)", screen)
    if identity is None:
        return None
    border = re.compile(r"[╭┏][─━] " + re.escape(f"{identity[1]} {identity[2]}") + r"[^╮┓]*?[─━]+[╮┓]")
    rows = screen.splitlines()
    for at, row in enumerate(rows):
        if match := border.search(row):
            return _read(screen, rows[at + 1 :], match.start(), match.end() - 1)
    return None


def _read(screen: str, rows: list[str], left: int, right: int) -> Dialog | None:
    lines: list[str] = []
    for row in rows:
        if len(row) <= right or row[left] not in _SIDES:
            break
        lines.append(row[left + 1 : right])
    entered = [line.strip() for line in lines if line.strip().startswith("▊") and not re.search("[▔▁]", line)]
    said = [line.strip() for line in lines if not line.strip().startswith("▊")]
    first = _paragraph(said)
    text = " ".join(" ".join(said).split())
    is_list = "Enter choose" in text
    title, _, chosen = " ".join(first[:1] if is_list else first).partition("●")
    word = re.search(r"type (\S+) to go on", text)
    hint = _last_paragraph(said)
    key = _KEY.match(hint)
    picked = re.search(r": (.*?)\s+Esc leaves", hint) if key else None
    return Dialog(
        screen=screen,
        title=title.strip(),
        text=text,
        entered=tuple(line.strip("▊▎ ") for line in entered),
        filled=tuple(not line.rstrip("▎").endswith(" " * _SPARE) for line in entered),
        word=word[1] if word else "",
        key=key[1] if key else "",
        picked=picked[1] if picked else "",
        chosen=chosen.strip(),
        options=tuple(first[1:]) if is_list else (),
    )


def _paragraph(lines: list[str]) -> list[str]:
    """The lines up to the first empty one."""
    end = next((at for at, line in enumerate(lines) if not line), len(lines))
    return lines[:end]


def _last_paragraph(lines: list[str]) -> str:
    lines = list(lines)
    while lines and not lines[-1]:
        lines.pop()
    start = next((at for at in range(len(lines) - 1, -1, -1) if not lines[at]), -1)
    return " ".join(lines[start + 1 :])
