"""Parameters: `%(name)s` in SQL becomes a parameter of the protocol, its value is sent apart.

Invariant: only `%(name)s` outside of texts, comments and dollar quotes is a parameter; every other `%` is SQL. So a
script means the same here as in psql, and no value is ever a part of a statement.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping

from msgspec import Struct

from cockpit.actions.sql.script import Statement
from cockpit.errors import ActionError
from cockpit.patterns import late

_PLACEHOLDER = late(r"%\(([A-Za-z_][A-Za-z0-9_]*)\)s")


class Bound(Struct, frozen=True):
    """A statement as the protocol takes it."""

    text: str
    names: tuple[str, ...]
    """Of `$1`, `$2`, …"""
    shifts: tuple[tuple[int, int], ...] = ()
    """From which offset in `text` on, how much is to be added for the offset in the statement as written."""

    def written_at(self, offset: int) -> int:
        """The offset in the statement as written of one in `text`; characters."""
        at = bisect_right(self.shifts, offset, key=lambda shift: shift[0])
        return offset + (self.shifts[at - 1][1] if at else 0)


def bind(statement: Statement, params: Mapping[str, str]) -> Bound:
    """The statement with its parameters numbered. Raises ActionError for a name that `params` lacks, or one in a text.

    Without `params` the text stays as it is.
    """
    if not params:
        return Bound(statement.text, ())
    names: list[str] = []
    parts: list[str] = []
    shifts: list[tuple[int, int]] = []
    done = length = 0
    for match in _placeholders(statement, params):
        name = match[1]
        _check(statement, match, params)
        if name not in names:
            names.append(name)
        number = f"${names.index(name) + 1}"
        parts += [statement.text[done : match.start()], number]
        length += match.start() - done + len(number)
        done = match.end()
        shifts.append((length, done - length))
    return Bound("".join(parts) + statement.text[done:], tuple(names), tuple(shifts))


def _placeholders(statement: Statement, params: Mapping[str, str]) -> list[re.Match[str]]:
    """Those in the code, and those of a text that are meant as one by mistake."""
    code = {token.start for token in statement.tokens}
    texts = [token for token in statement.tokens if token.kind in ("string", "dollar", "name")]
    return [
        match
        for match in _PLACEHOLDER.finditer(statement.text)
        if match.start() in code
        or (match[1] in params and any(token.start < match.start() < token.end for token in texts))
    ]


def _check(statement: Statement, match: re.Match[str], params: Mapping[str, str]) -> None:
    place = statement.place(match.start())
    if match[1] not in params:
        raise ActionError(f"{place}: `params` has no `{match[1]}`, which `{match[0]}` asks for")
    if any(token.start < match.start() < token.end for token in statement.tokens):
        raise ActionError(
            f"{place}: `{match[0]}` stands inside a text, where no parameter reaches",
            hint="build the text from it, or hand it over with set_config() and current_setting()",
        )
