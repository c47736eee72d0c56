"""The SQL of a step: read, cut into numbered statements, and refused where it cannot be sent as it is.

Invariant: what is sent is the text as written, comments too (hints live there), without the `;`; a statement knows
where it stands. Nothing is refused that the server would take, but for what only psql understands, for data in the
midst of SQL, and for what would end, or cannot be in, the one transaction that the profile asked for.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from cockpit.actions.sql.declaration import SqlSettings
from cockpit.actions.sql.lexing import Piece, Token, pieces
from cockpit.errors import ActionError
from cockpit.patterns import late
from cockpit.text import shortened

LARGEST_BYTES = 2 * 1024 * 1024
"""Of one file."""
_NONE: Mapping[str, str] = {}
_FIRST_WORDS = 60
"""Characters."""
_ENDS_A_TRANSACTION = late(
    r"(BEGIN|COMMIT|END|ABORT|START TRANSACTION|PREPARE TRANSACTION|ROLLBACK(?! (?:(?:WORK|TRANSACTION) )?TO\b))\b"
)
_COPIES_DATA = late(r"COPY\b.* (FROM STDIN|TO STDOUT)\b")
STANDS_ALONE = (
    (re.compile(r"CREATE (UNIQUE )?INDEX CONCURRENTLY\b"), "CREATE INDEX CONCURRENTLY"),
    (re.compile(r"DROP INDEX CONCURRENTLY\b"), "DROP INDEX CONCURRENTLY"),
    (re.compile(r"REINDEX\b.* CONCURRENTLY\b"), "REINDEX CONCURRENTLY"),
    (re.compile(r"REINDEX (\( .* \) )?(DATABASE|SYSTEM|SCHEMA)\b"), "REINDEX of more than one table"),
    (re.compile(r"ALTER TABLE\b.* DETACH PARTITION\b.* CONCURRENTLY\b"), "DETACH PARTITION CONCURRENTLY"),
    (re.compile(r"VACUUM\b"), "VACUUM"),
    (re.compile(r"CLUSTER( VERBOSE)?$"), "CLUSTER of all tables"),
    (re.compile(r"CREATE DATABASE\b"), "CREATE DATABASE"),
    (re.compile(r"DROP DATABASE\b"), "DROP DATABASE"),
    (re.compile(r"ALTER DATABASE\b.* SET TABLESPACE\b"), "ALTER DATABASE … SET TABLESPACE"),
    (re.compile(r"CREATE TABLESPACE\b"), "CREATE TABLESPACE"),
    (re.compile(r"DROP TABLESPACE\b"), "DROP TABLESPACE"),
    (re.compile(r"ALTER SYSTEM\b"), "ALTER SYSTEM"),
    (re.compile(r"DISCARD ALL\b"), "DISCARD ALL"),
)
"""Statements that the server refuses inside a transaction, in words of `Statement.gist`."""


class Statement(Struct, frozen=True, kw_only=True):
    """One statement, as it is sent."""

    number: int
    """From 1, through all sources."""
    text: str
    source: str
    """The file as the profile names it; empty: the profile itself."""
    line: int
    """Of the first character of `text` in its source, from 1; as `column`."""
    column: int
    tokens: tuple[Token, ...]
    """Without spaces and comments; offsets in `text`."""

    @property
    def gist(self) -> str:
        """Its words in capitals and its signs, one space between them; texts as `'`, quoted names as written."""
        return " ".join(_gist(self.text[token.start : token.end], token) for token in self.tokens)

    @property
    def first_words(self) -> str:
        """One visible line for people."""
        said, end = "", self.tokens[0].start
        for token in self.tokens:
            said += (" " if token.start > end else "") + self.text[token.start : token.end]
            end = token.end
            if len(said) > _FIRST_WORDS:
                break
        return shortened(" ".join(said.split()), _FIRST_WORDS)

    def place(self, offset: int) -> str:
        """`file:line:column` of a character of `text`; without a file, `line:column` of `statements`."""
        before = self.text[:offset]
        line = self.line + before.count("\n")
        column = offset - before.rfind("\n") if "\n" in before else self.column + offset
        return f"{self.source}:{line}:{column}" if self.source else f"{line}:{column}"


def _gist(text: str, token: Token) -> str:
    if token.kind in ("string", "dollar"):
        return "'"
    return text.upper() if token.kind == "word" else text


def read_script(settings: SqlSettings, base_dir: Path, fixed: Mapping[str, str] = _NONE) -> tuple[Statement, ...]:
    """The statements of a step, in order. Raises ActionError for a file that cannot be read, or SQL refused.

    `fixed`: the digest that each file has to have, by its name. It is taken of the very bytes that are sent:
    between two readings of a file anybody can change it.
    """
    found: list[Statement] = []
    for name, text in _sources(settings, base_dir, fixed):
        for statement in statements(text, source=name, first=len(found) + 1):
            if refusal := _refusal(statement, in_transaction=settings.transaction):
                raise ActionError(f"{statement.place(0)}: {refusal}")
            found.append(statement)
    if not found:
        raise ActionError("there is no SQL statement in it")
    return tuple(found)


def read_text(settings: SqlSettings, base_dir: Path) -> str:
    """All of a step's SQL in one text. Raises ActionError for a file that cannot be read."""
    return "\n;\n".join(text for _, text in _sources(settings, base_dir))


def statements(text: str, *, source: str = "", first: int = 1) -> Iterator[Statement]:
    """Yield the statements of one source, numbered from `first`."""
    line, column, counted = 1, 1, 0
    number = first
    for piece in pieces(text):
        if not piece.code:
            continue
        start, end = _edges(text, piece)
        between = text[counted:start]
        line += between.count("\n")
        column = start - text.rfind("\n", 0, start)
        counted = start
        yield Statement(
            number=number,
            text=text[start:end],
            source=source,
            line=line,
            column=column,
            tokens=tuple(Token(token.kind, token.start - start, token.end - start) for token in piece.code),
        )
        number += 1


def _edges(text: str, piece: Piece) -> tuple[int, int]:
    """Where a statement begins, with the comments before it, and where it ends, without its `;`."""
    whole = text[piece.start : piece.end]
    start = piece.start + len(whole) - len(whole.lstrip(" \t\n\r\f\v"))
    last = piece.tokens[-1]
    return start, last.start if last.kind == "semicolon" else piece.end


def _sources(settings: SqlSettings, base_dir: Path, fixed: Mapping[str, str] = _NONE) -> Iterator[tuple[str, str]]:
    if settings.statements.strip():
        yield "", settings.statements
    for name in settings.sources:
        yield name, _read(base_dir / name, name, fixed.get(name, ""))


def _read(path: Path, name: str, digest: str) -> str:
    shown = shortened(name, 100)
    try:
        if not path.is_file():  # opening a FIFO would wait for whoever writes to it
            raise ActionError(f"`{shown}` cannot be read: no such file, or not a regular one")
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise ActionError(f"`{shown}` cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ActionError(f"`{shown}` cannot be read: its name holds a null character") from error
    if len(content) > LARGEST_BYTES:
        raise ActionError(
            f"`{shown}` is larger than {LARGEST_BYTES >> 20} MiB", hint="load it with psql, in a `command` step"
        )
    if digest and (now := hashlib.sha256(content).hexdigest()) != digest:
        raise ActionError(f"`{shown}` has changed since the run began: {now[:8]} instead of {digest[:8]}")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ActionError(f"`{shown}` is no UTF-8 text (byte {error.start})") from error
    if "\x00" in text:
        raise ActionError(f"`{shown}` holds a zero byte, which SQL cannot")
    return text


def _refusal(statement: Statement, *, in_transaction: bool) -> str:
    """Why it cannot be sent, or empty."""
    gist = statement.gist
    if copied := _COPIES_DATA.match(gist):
        return f"COPY {copied[1]} carries data between SQL, as psql reads it: use psql in a `command` step"
    if said := _only_psql(statement):
        return said
    if statement.tokens[-1].kind == "unclosed":
        opened = shortened(statement.text[statement.tokens[-1].start :], 20)
        return f"what `{opened}` at {statement.place(statement.tokens[-1].start)} opens is never closed"
    if not in_transaction:
        return ""
    if ended := _ENDS_A_TRANSACTION.match(gist):
        return (
            f"{ended[1]} in a step that is one transaction already: take it out, or set `transaction = false` and "
            "let the script keep its own"
        )
    for pattern, name in STANDS_ALONE:
        if pattern.match(gist):
            return f"{name} cannot run inside a transaction: set `transaction = false`, best in a step of its own"
    return ""


def _only_psql(statement: Statement) -> str:
    """What psql alone understands, as a refusal."""
    text, brackets = statement.text, 0
    if "\\" not in text and ":" not in text:
        return ""  # most of it
    for before, token, after in zip(
        (None, *statement.tokens), statement.tokens, (*statement.tokens[1:], None), strict=False
    ):
        sign = text[token.start : token.end] if token.kind == "other" else ""
        brackets += {"[": 1, "]": -1}.get(sign, 0)
        if sign == "\\":
            command = re.match(r"\\\S*", text[token.start :])
            assert command is not None
            shown = shortened(command[0], 20)
            return f"`{shown}` is a command of psql, not SQL: use psql in a `command` step, or write it as SQL"
        if sign != ":" or brackets or after is None or after.start != token.end:
            continue
        doubled = before is not None and before.end == token.start and text[before.start : before.end] == ":"
        if after.kind in ("word", "string", "name") and not doubled:
            shown = shortened(text[token.start : after.end], 30)
            return f"`{shown}` is a variable of psql: write `%(name)s` and give it in `params`"
    return ""
