"""SQL text cut into tokens, and into statements, after PostgreSQL's own lexical rules.

Invariant: tokens, and pieces, joined again are the text, whatever the text is. Nothing is judged here: what is not
closed is the token `unclosed`, up to the end. Source: PostgreSQL documentation 4.1 "Lexical Structure" (string
constants, dollar quoting, nested comments), and for where a statement ends the rules of psql (psqlscan.l): not within
parentheses, nor within the `BEGIN ATOMIC … END` of a function. `standard_conforming_strings` is taken to be on.

sqlparse and sqlglot were tried: the one ends a statement inside nested comments, the other inside `BEGIN ATOMIC` and
the parentheses of a rule; the library with the server's own lexer is under the GPL.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from cockpit.patterns import late

Kind = Literal[
    "space", "comment", "word", "name", "string", "dollar", "number", "parameter", "semicolon", "other", "unclosed"
]

_START = r"A-Za-z_\x80-\U0010ffff"
_TOKEN = late(
    rf"""
      (?P<space>[ \t\n\r\f\v]+)
    | (?P<comment>--[^\n\r]*)
    | (?P<block>/\*)
    | (?P<escaped>[eE]')
    | (?P<string>(?:[bBnNxX]|[uU]&)?')
    | (?P<name>(?:[uU]&)?")
    | (?P<dollar>\$(?:[{_START}][{_START}0-9]*)?\$)
    | (?P<word>[{_START}][{_START}0-9$]*)
    | (?P<number>\d+(?:[eE][+-]?\d+)?)
    | (?P<parameter>\$\d+)
    | (?P<semicolon>;)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_STRING = late(r"[^']*+(?:''[^']*+)*+'")
_NAME = late(r'[^"]*+(?:""[^"]*+)*+"')
# An escape string goes on after white space with a newline in it, and keeps its backslashes (4.1.2.1).
_ESCAPED = late(
    r"[^'\\]*+(?:(?:''|\\.)[^'\\]*+)*+'"
    r"(?:[ \t\f\v]*[\n\r](?:[ \t\n\r\f\v]|--[^\n\r]*[\n\r])*'[^'\\]*+(?:(?:''|\\.)[^'\\]*+)*+')*+",
    re.DOTALL,
)
_BLOCK_EDGE = late(r"/\*|\*/")


class Token(Struct, frozen=True):
    """A stretch of the text; offsets in characters."""

    kind: Kind
    start: int
    end: int


class Piece(Struct, frozen=True):
    """One statement with its `;`, and whatever stands before it; the last piece has no `;`."""

    start: int
    end: int
    tokens: tuple[Token, ...]

    @property
    def code(self) -> tuple[Token, ...]:
        """Its tokens without spaces, comments and the `;`; none: it is no statement."""
        return tuple(token for token in self.tokens if token.kind not in ("space", "comment", "semicolon"))


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of `text`, gapless and in order."""
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        assert match is not None  # `other` takes whatever is left
        assert match.lastgroup is not None
        kind, end = _whole(text, match.lastgroup, match)
        yield Token(kind, at, end)
        at = end


def _whole(text: str, group: str, match: re.Match[str]) -> tuple[Kind, int]:
    """The kind of the token that `match` begins, and where it ends."""
    match group:
        case "block":
            end, kind = _block_end(text, match.end()), "comment"
        case "escaped" | "string" | "name":
            body = {"escaped": _ESCAPED, "string": _STRING, "name": _NAME}[group].match(text, match.end())
            end, kind = body.end() if body else -1, "name" if group == "name" else "string"
        case "dollar":
            found = text.find(match[0], match.end())
            end, kind = found + len(match[0]) if found >= 0 else -1, "dollar"
        case _:
            end, kind = match.end(), group
    return ("unclosed", len(text)) if end < 0 else (kind, end)  # type: ignore[return-value]  # the groups are the kinds


def _block_end(text: str, at: int) -> int:
    """Where a comment ends whose `/*` is before `at`: comments nest (4.1.5). -1: it does not."""
    depth = 1
    for edge in _BLOCK_EDGE.finditer(text, at):
        depth += 1 if edge[0] == "/*" else -1
        if depth == 0:
            return edge.end()
    return -1


def pieces(text: str) -> Iterator[Piece]:
    """Yield `text` cut after every `;` that ends a statement; gapless and in order."""
    start = 0
    held: list[Token] = []
    nesting = _Nesting()
    for token in tokens(text):
        held.append(token)
        if token.kind == "semicolon" and nesting.is_outermost:
            yield Piece(start, token.end, tuple(held))
            start, held, nesting = token.end, [], _Nesting()
        elif token.kind in ("word", "other"):
            nesting.see(text[token.start : token.end].upper())
        elif token.kind not in ("space", "comment"):
            nesting.see("")
    if held:
        yield Piece(start, len(text), tuple(held))


class _Nesting:
    """How deep in parentheses and in the body of a function the text is."""

    def __init__(self) -> None:
        self._parentheses = 0
        self._blocks = 0
        self._first: list[str] = []
        self._last = ""
        self._makes_a_function: bool | None = None
        """Known after the first four words."""

    @property
    def is_outermost(self) -> bool:
        return self._parentheses <= 0 and self._blocks == 0

    def see(self, word: str) -> None:
        """One more token that counts: a word in capitals, a sign, or nothing for another."""
        if self._makes_a_function is None:
            self._first.append(word)
            if len(self._first) == 4:
                words = [word for word in self._first if word not in ("OR", "REPLACE")]
                self._makes_a_function = words[:2] in (["CREATE", "FUNCTION"], ["CREATE", "PROCEDURE"])
        if word in ("(", ")"):
            self._parentheses += 1 if word == "(" else -1
        elif self._makes_a_function and self._parentheses <= 0:
            if (self._last, word) == ("BEGIN", "ATOMIC") or (word == "CASE" and self._blocks):
                self._blocks += 1
            elif word == "END" and self._blocks:
                self._blocks -= 1
        self._last = word
