"""Secrets of a runbook, each replaced by a reference to a variable of the environment: `$GITHUB_TOKEN`.

Invariant: the value of what was found stands in no line, note, name or error from here on, also where it stood a second
time without anything that told it. One value has one name in all runbooks that are imported together.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from hashlib import blake2b
from itertools import accumulate

from msgspec import Struct

from cockpit.importing.fencing import fenced
from cockpit.importing.notes import Note, counted
from cockpit.secret_shapes import Found, secrets_in

_SHELL = ("", "bash", "sh", "shell", "zsh", "console", "shell-session", "terminal", "dotenv")
_MOST_REPEATED = 1000
"""Values that are looked for everywhere else: a runbook has some, a list of passwords is none."""
_MOST_NOTES = 100
_LOOKED_BACK = 4000
"""Characters of a command in which an open quotation mark is looked for."""
_COMMON = frozenset(("postgres", "admin", "root", "guest", "user", "mysql", "redis", "minio", "grafana", "elastic"))
"""Passwords that are words of every other line, too."""


class SecretNames:
    """Names for secrets, in one import. Holds digests, never a value."""

    def __init__(self) -> None:
        self._names: dict[bytes, str] = {}
        self._taken: set[str] = set()

    def take(self, value: str, wanted: str) -> str:
        """The name of a value: what it had before, else the wanted one, with a number if another value has it."""
        digest = blake2b(value.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if digest not in self._names:
            name, count = wanted, 1
            while name in self._taken:
                count += 1
                name = f"{wanted}_{count}"
            self._taken.add(name)
            self._names[digest] = name
        return self._names[digest]


class Hidden(Struct, frozen=True, kw_only=True):
    """A runbook without its secrets."""

    lines: tuple[str, ...]
    notes: tuple[Note, ...]
    names: tuple[str, ...]
    """Variables of the environment that the lines refer to now, each once."""


def hidden(lines: tuple[str, ...], names: SecretNames) -> Hidden:
    """Replace every secret; as many lines come out as went in."""
    text = "\n".join(lines)
    found = secrets_in(text)
    if not found:
        return Hidden(lines=lines, notes=(), names=())
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    shell = _shell_starts(lines, starts)
    kept: list[str] = []
    notes: list[Note] = []
    used: dict[str, str] = {}
    at = 0
    for secret in found:
        value = text[secret.start : secret.end]
        if value not in used:
            used[value] = names.take(value, secret.name)
        name = used[value]
        kept += [text[at : secret.start], _reference(text, secret, name, shell), "\n" * value.count("\n")]
        at = secret.end
        notes.append(Note(line=bisect_right(starts, secret.start), text=_said(secret.what, name), kind="secret"))
    kept.append(text[at:])
    now, again = _everywhere("".join(kept).split("\n"), used)
    if len(notes) > _MOST_NOTES:
        more = counted(
            [note.line for note in notes[_MOST_NOTES:]], "more secrets stood here; see the variables", "secret"
        )
        notes = [*notes[:_MOST_NOTES], more]
    return Hidden(lines=tuple(now), notes=(*notes, *again), names=tuple(dict.fromkeys(used.values())))


def _said(what: str, name: str) -> str:
    return f"{what} stood here; ${name} stands for it. Change it: whoever has read the runbook has it"


def _everywhere(lines: list[str], used: dict[str, str]) -> tuple[list[str], list[Note]]:
    """The lines without further copies of the values, and a note for each line that had one."""
    text = "\n".join(lines)
    again = [
        value
        for value in list(used)[:_MOST_REPEATED]
        if len(value) >= 4 and value.lower() not in _COMMON and value in text
    ]
    if not again:
        return lines, []
    again.sort(key=len, reverse=True)
    pattern = re.compile("(?<![A-Za-z0-9])(?:" + "|".join(map(re.escape, again)) + ")(?![A-Za-z0-9])")
    notes = []
    for index, line in enumerate(lines):
        now = pattern.sub(lambda match: f"${used[match[0]]}", line)
        if now != line:
            lines[index] = now
            notes.append(
                Note(line=index + 1, text="a secret stood here once more; it was replaced, too", kind="secret")
            )
    return lines, notes


def _reference(text: str, secret: Found, name: str, shell: list[tuple[int, int]]) -> str:
    braced = text[secret.end : secret.end + 1].isalnum() or text.startswith("_", secret.end)
    said = f"${{{name}}}" if braced else f"${name}"
    at = bisect_right(shell, (secret.start, len(text))) - 1
    if at >= 0 and secret.start < shell[at][1]:
        before = text[max(shell[at][0], secret.start - _LOOKED_BACK) : secret.start]
        if _in_single_quotes(before):
            return f"'\"{said}\"'"  # a shell expands nothing between single quotation marks
    return said


def _shell_starts(lines: tuple[str, ...], starts: list[int]) -> list[tuple[int, int]]:
    """Where blocks of shell code begin and end, in characters."""
    return [(starts[each.first], starts[each.end]) for each in fenced(lines) if each.language in _SHELL]


def _in_single_quotes(before: str) -> bool:
    """True if shell code that begins so stands within single quotation marks where it ends (POSIX, 2.2)."""
    quote, index = "", 0
    while index < len(before):
        char = before[index]
        if char == "\\" and quote != "'":
            index += 1
        elif quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == "#" and (index == 0 or before[index - 1] in " \t\n"):
            index = before.find("\n", index)
            if index < 0:
                return False
        index += 1
    return quote == "'"
