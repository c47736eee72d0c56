"""SQL in runbooks: one entry for each statement, cut by PostgreSQL's own parser, with what is said of it.

A block between BEGIN and COMMIT is one entry, since it means nothing in parts. What the parser does not take is cut by
the rules of psql, and says so; the database's own commands (`\\d`) are entries of their own.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Any

import pgparse
from msgspec import Struct

from cockpit.actions.sql.script import statements as cut
from cockpit.importing.code_comments import Part, Remarks, assign
from cockpit.importing.risks import riskier
from cockpit.importing.shell_tree import Patience
from cockpit.profile.model import Risk

LONGEST_BYTES = 64 << 10
"""Of what the parser is given at once: its tree of a longer expression would not fit the stack."""
_PLACEHOLDER = re.compile(
    r"(?<![<>\w])<[A-Za-z][\w .-]{0,40}>|\[[A-Z][A-Z0-9_ ]{1,40}\]|\$\{\w{1,60}\}|%\(\w{1,60}\)s"
    r"|\{\{ ?[\w.]{1,60} ?\}\}|(?<![:\w]):(?:'\w{1,60}'|\"\w{1,60}\"|[A-Za-z_]\w{0,60})"
    r"|(?<![$\w])\$[A-Z_][A-Z0-9_]*(?!\$)"
)
_META = re.compile(r"\\[A-Za-z!?]")
_READS = frozenset(("SelectStmt", "VariableShowStmt", "ExplainStmt", "CheckPointStmt"))
_ACTS = re.compile(
    r"\b(?:pg_(?:terminate|cancel)_backend|pg_(?:switch_wal|reload_conf|promote)|setval|nextval|pg_drop_\w{1,40}"
    r"|dblink_exec)\s{0,9}\(",
    re.IGNORECASE,
)
_LOSES = frozenset(
    ("OBJECT_TABLE", "OBJECT_SCHEMA", "OBJECT_MATVIEW", "OBJECT_SEQUENCE", "OBJECT_FOREIGN_TABLE", "OBJECT_EXTENSION")
)
_WITHOUT_STATEMENT = frozenset(("DropdbStmt", "TruncateStmt", "DropTableSpaceStmt", "DropOwnedStmt"))


class SqlStatement(Struct, frozen=True, kw_only=True):
    """One statement; a `DO $$ … $$` block is one, and a transaction."""

    text: str
    """As written, without the comments above it; with its `;` only between several."""
    remarks: Remarks = Remarks()
    first: int
    last: int
    """Rows of the body it stands on, from 0, inclusive, its comments among them."""
    parsed: bool = True
    """PostgreSQL's parser takes it."""
    reads: bool = False
    """It only reads."""
    risk: Risk = "careful"
    is_meta: bool = False
    """A command of psql, not of the server."""


class _Chunk(Struct):
    start: int
    end: int
    """Characters, without comments before it and without its `;`."""
    kinds: list[str]
    parsed: bool
    risk: Risk
    reads: bool
    is_meta: bool = False


def statements(body: str, patience: Patience | None = None) -> tuple[SqlStatement, ...]:
    """Cut a fenced body into statements; of nothing but comments, one without text."""
    patience = patience or Patience()
    if patience.left_s <= 0 and body.strip():
        return (_uncut(body),)
    with patience.spent():
        return _statements(body)


def _uncut(body: str) -> SqlStatement:
    """All of it as one, where there is no time left to read it."""
    text = body.strip()
    rows = [row for row, line in enumerate(body.split("\n")) if line.strip()]
    risk: Risk = "irreversible" if re.search(r"\b(?:DROP|TRUNCATE|DELETE)\b", text, re.IGNORECASE) else "careful"
    return SqlStatement(text=text, first=rows[0], last=rows[-1], parsed=False, risk=risk)


def _statements(body: str) -> tuple[SqlStatement, ...]:
    chunks = _transactions(list(_chunks(body)))
    row = _rows(body)
    codes = [(each.start, each.end) for each in chunks]
    places = [(start, Part(first=row(start), last=row(end - 1), text="", is_comment=False)) for start, end in codes]
    for start, end in _comments(body, codes):
        said = Part(first=row(start), last=row(end - 1), text=_said(body[start:end]), is_comment=True)
        places.append((start, said))
    places.sort(key=lambda place: place[0])
    parts = [part for _, part in places]
    remarks, only = assign(parts)
    if not chunks:
        lines = body.split("\n")
        filled = [row for row, line in enumerate(lines) if line.strip()]
        if not filled:
            return ()
        return (SqlStatement(text="", remarks=Remarks(above=only), first=filled[0], last=filled[-1], risk="routine"),)
    return tuple(
        SqlStatement(
            text=body[each.start : each.end].rstrip(),
            remarks=said,
            first=said.first,
            last=said.last,
            parsed=each.parsed,
            reads=each.reads,
            risk=each.risk,
            is_meta=each.is_meta,
        )
        for each, said in zip(chunks, remarks, strict=True)
    )


def takes(text: str) -> bool:
    """PostgreSQL's parser takes it, and there is a statement in it."""
    return bool(_parsed(text))


def _chunks(body: str) -> Iterator[_Chunk]:
    """Meta-commands line by line; what stands between them, cut."""
    start, at = 0, 0
    for line in body.split("\n"):
        if _META.match(line):
            yield from _cut(body, start, at)
            yield _meta(line.rstrip(), at)
            start = at + len(line) + 1
        at += len(line) + 1
    yield from _cut(body, start, len(body))


def _meta(line: str, at: int) -> _Chunk:
    """A command of psql: one that runs a file, a program or what was prepared may change something."""
    runs = line[1:2] in "icg!"
    risk: Risk = "careful" if runs else "routine"
    return _Chunk(at, at + len(line), [], parsed=True, risk=risk, reads=not runs, is_meta=True)


def _cut(body: str, first: int, end: int) -> Iterator[_Chunk]:
    text = body[first:end]
    if not text.strip():
        return
    found = _parsed(text)
    if found is not None:
        content = text.encode()
        for each in found:
            start = each.get("stmt_location", 0)
            stop = start + each["stmt_len"] if each.get("stmt_len") else len(content)
            begun = first + len(content[:start].decode("utf-8", "replace"))
            yield _chunk(body, begun, begun + len(content[start:stop].decode("utf-8", "replace")), [each])
        return
    lines = [0]
    for line in text.split("\n"):
        lines.append(lines[-1] + len(line) + 1)
    for statement in cut(text):
        begun = first + lines[statement.line - 1] + statement.column - 1
        start, stop = begun + statement.tokens[0].start, begun + len(statement.text)
        yield _chunk(body, start, stop, _parsed(statement.text))


def _chunk(body: str, start: int, end: int, parsed: list[dict[str, Any]] | None) -> _Chunk:
    """A statement without the comments and spaces before it, and what its tree says."""
    while start < end:
        if body[start].isspace():
            start += 1
        elif (after := _after_comment(body, start, end)) > start:
            start = after
        else:
            break
    text = body[start:end].rstrip()
    kinds = [next(iter(each["stmt"])) for each in parsed or () if each.get("stmt")]
    reads = bool(kinds) and all(map(_is_reading, parsed or ())) and not _ACTS.search(text)
    risk: Risk = (
        riskier(*(_risk(each["stmt"]) for each in parsed or () if each.get("stmt"))) if kinds else _by_words(text)
    )
    return _Chunk(
        start, start + len(text), kinds, bool(parsed), "routine" if reads else riskier("careful", risk), reads
    )


def _parsed(text: str) -> list[dict[str, Any]] | None:
    """The statements' trees, placeholders read as names of the same length. None: the parser does not take it."""
    for candidate in (text, _PLACEHOLDER.sub(_masked, text)):
        if "\0" in candidate or len(candidate.encode("utf-8", "replace")) > LONGEST_BYTES:
            return None
        try:
            return [dict(each) for each in pgparse.parse(candidate)]
        except (pgparse.PGQueryError, RecursionError, UnicodeError):
            continue
    return None


def _masked(found: re.Match[str]) -> str:
    return "_" * len(found[0])


def _is_reading(tree: dict[str, Any]) -> bool:
    kind, node = next(iter(tree.get("stmt", {"": {}}).items()))
    if kind == "SelectStmt":
        changes = re.search(r"'(?:Insert|Update|Delete|Merge)Stmt'", str(node.get("withClause", "")))
        return not (node.get("lockingClause") or node.get("intoClause") or changes)
    if kind == "ExplainStmt":
        return "analyze" not in str(node.get("options", "")).lower()
    return kind in _READS


def _risk(stmt: dict[str, Any]) -> Risk:
    kind, node = next(iter(stmt.items()))
    if kind in _WITHOUT_STATEMENT:
        return "irreversible"
    if kind == "DropStmt":
        lost = node.get("removeType") in _LOSES or node.get("behavior") == "DROP_CASCADE"
        return "irreversible" if lost else "careful"
    if kind == "DeleteStmt" and not node.get("whereClause"):
        return "irreversible"
    if kind == "AlterTableStmt" and any(
        command.get("AlterTableCmd", {}).get("subtype") in ("AT_DropColumn", "AT_DetachPartition")
        for command in node.get("cmds", ())
    ):
        return "irreversible"
    return "careful"


def _by_words(text: str) -> Risk:
    """Of what is not parsed."""
    words = " ".join(text.upper().split())
    lost = re.match(r"(?:DROP (?:TABLE|DATABASE|SCHEMA)|TRUNCATE)\b", words) or (
        words.startswith("DELETE ") and " WHERE " not in words
    )
    return "irreversible" if lost else "careful"


def _transactions(chunks: list[_Chunk]) -> list[_Chunk]:
    """Join from BEGIN to its COMMIT or ROLLBACK."""
    edges = [at for at, each in enumerate(chunks) if each.kinds == ["TransactionStmt"]]
    found: list[_Chunk] = []
    opened = False
    for at, each in enumerate(chunks):
        is_edge = each.kinds == ["TransactionStmt"]
        if opened:
            last = found[-1]
            last.end, last.risk = each.end, riskier(last.risk, each.risk)
            last.reads, last.parsed = last.reads and each.reads, last.parsed and each.parsed
            opened = not is_edge
            continue
        found.append(each)
        opened = is_edge and at < edges[-1]
    return found


def _comments(body: str, codes: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Where comments stand that are in no statement."""
    edges = [0, *(edge for pair in codes for edge in pair), len(body)]
    for first, end in zip(edges[::2], edges[1::2], strict=True):
        at = first
        while at < end:
            after = _after_comment(body, at, end)
            if after > at:
                yield at, after
            at = max(after, at + 1)


def _after_comment(body: str, at: int, end: int) -> int:
    """Where a comment that begins here ends; `at` itself if none does."""
    if body.startswith("--", at):
        stop = body.find("\n", at, end)
    elif body.startswith("/*", at):
        stop = body.find("*/", at, end)
        stop = stop + 2 if stop >= 0 else stop
    else:
        return at
    return stop if stop >= 0 else end


def _said(comment: str) -> str:
    if comment.startswith("/*"):
        return "\n".join(line.strip().strip("*").strip() for line in comment[2:-2].split("\n"))
    return comment[2:]


def _rows(body: str) -> Callable[[int], int]:
    """The row of a character."""
    starts = [0]
    for line in body.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    return lambda offset: bisect_right(starts, offset) - 1
