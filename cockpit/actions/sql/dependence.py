"""Steps that depend on work which a rehearsal has rolled back by then, told beforehand from the text alone.

Invariant: it names what is made or renamed in one step and named in a later one. That a step needs rows which an
earlier one wrote, no text tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from cockpit.actions.sql.lexing import tokens
from cockpit.actions.sql.script import statements
from cockpit.patterns import late

_NAME = r"(?:[^ .]+ \. )*([^ .]+)"
_MADE = (
    re.compile(
        r"^CREATE (?:OR REPLACE )?(?:(?:GLOBAL|LOCAL|TEMP|TEMPORARY|UNLOGGED|MATERIALIZED|RECURSIVE|UNIQUE|FOREIGN) )*"
        r"(?:TABLE|VIEW|FUNCTION|PROCEDURE|TYPE|DOMAIN|SEQUENCE|SCHEMA|INDEX|ROLE|USER|EXTENSION) "
        rf"(?:IF NOT EXISTS )?{_NAME}",
        re.IGNORECASE,
    ),
    re.compile(rf"^ALTER\b.* RENAME (?:\S+ |COLUMN \S+ |CONSTRAINT \S+ )?TO {_NAME}", re.IGNORECASE),
    re.compile(rf"^SELECT\b.* INTO (?:TEMP |TEMPORARY |UNLOGGED )?(?:TABLE )?{_NAME}", re.IGNORECASE),
)
_COLUMNS = late(r"\bADD (?:COLUMN )?(?:IF NOT EXISTS )?([^ .]+)", re.IGNORECASE)
_NO_COLUMN = frozenset({"constraint", "primary", "foreign", "unique", "check", "exclude", "value", "table", "column"})


def dependent(steps: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Of steps (id and SQL, in order of the walk): which need what an earlier one makes, each with a sentence."""
    makers: dict[str, str] = {}
    found: list[tuple[str, str]] = []
    for step, sql in steps:
        needed: dict[str, list[str]] = {}
        for name in sorted(_named(sql) & makers.keys()):
            needed.setdefault(makers[name], []).append(f"`{name}`")
        found += [
            (step, f"it names {', '.join(names)}, which step `{maker}` makes and a rehearsal has rolled back")
            for maker, names in needed.items()
        ]
        makers.update((name, step) for name in _made(sql) if name not in makers)
    return tuple(found)


def _made(sql: str) -> Iterator[str]:
    for statement in statements(sql):
        text = " ".join(_words(statement.text))
        for pattern in _MADE:
            if match := pattern.match(text):
                yield _folded(match[1])
        if re.match(r"ALTER TABLE\b", text, re.IGNORECASE):
            yield from ({_folded(match[1]) for match in _COLUMNS.finditer(text)} - _NO_COLUMN)


def _named(sql: str) -> set[str]:
    return {_folded(sql[token.start : token.end]) for token in tokens(sql) if token.kind in ("word", "name")}


def _words(sql: str) -> Iterator[str]:
    for token in tokens(sql):
        if token.kind in ("string", "dollar"):
            yield "'"
        elif token.kind not in ("space", "comment", "semicolon"):
            yield sql[token.start : token.end]


def _folded(name: str) -> str:
    """A name as the server folds it: small letters unless it is quoted (4.1.1)."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()
