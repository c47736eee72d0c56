"""SQL in runbooks: one entry for each statement, cut by PostgreSQL's own parser, with the comments above it."""

from __future__ import annotations

from msgspec import Struct

from cockpit.actions.sql.script import statements as cut


class SqlStatement(Struct, frozen=True, kw_only=True):
    """One statement; a `DO $$ … $$` block is one."""

    text: str
    """Without its `;` and the comments above it."""
    comment: str
    first: int
    last: int
    """Rows of the body it stands on, from 0, inclusive, its comments among them."""
    parsed: bool = True
    """PostgreSQL's parser takes it."""
    reads: bool = False
    """It only reads: a SELECT without side effects that show."""


def statements(body: str) -> tuple[SqlStatement, ...]:
    """Cut a fenced body into statements."""
    found = []
    for each in cut(body):
        first = each.line - 1
        last = first + each.text.count("\n")
        start = each.tokens[0].start
        comment = "\n".join(line.strip().lstrip("-").strip() for line in each.text[:start].splitlines() if line.strip())
        found.append(
            SqlStatement(
                text=each.text[start:].rstrip(),
                comment=comment,
                first=first,
                last=last,
                reads=each.gist.startswith("SELECT"),
            )
        )
    return tuple(found)
