"""The lexical side of CEL: its words, and the tokens of an expression with their places.

Only as much of the grammar as is needed to name probes and literals exactly; what an expression means is decided by CEL
itself. Source: the CEL language definition, "Syntax".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Literal

from msgspec import Struct

from cockpit.patterns import late

_RESERVED_WORDS = (
    "true false null in as break const continue else for function if import let loop package namespace return var void "
    "while bool bytes double int list map null_type string type uint dyn"
)
RECORDED, SINCE = "recorded", "since"
"""Before the dot: what was recorded under a name, and the seconds since a step was settled."""
RESERVED = frozenset((*_RESERVED_WORDS.split(), RECORDED, SINCE))
"""Names no probe may have: CEL's reserved words, its types, which a variable would hide, and our own two."""
_ID = late(r"[a-z][a-z0-9_]*")

_FUNCTION_WORDS = (
    "size matches contains startsWith endsWith exists all exists_one map filter has int uint double string bool type "
    "duration timestamp dyn getHours getMinutes getSeconds getFullYear getMonth getDate getDayOfWeek"
)
FUNCTIONS = tuple(_FUNCTION_WORDS.split())
"""What can be called, for suggestions."""

TokenKind = Literal["name", "number", "text", "sign"]
_TOKENS = late(
    r"""(?P<space>\s+|//[^\n]*)
    |(?P<text>(?:[rR][bB]?|[bB][rR]?)?(?:\"\"\"|'''|\"|'))
    |(?P<number>0[xX][0-9a-fA-F]+[uU]?|(?:\d+\.\d+|\.\d+|\d+)(?:[eE][+-]?\d+)?[uU]?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<sign>==|!=|<=|>=|&&|\|\||.)""",
    re.VERBOSE | re.DOTALL,
)


class Token(Struct, frozen=True):
    """A piece of an expression; `start` and `end` are offsets in characters."""

    kind: TokenKind
    text: str
    start: int
    end: int


def is_id(name: str) -> bool:
    """Whether a name is an id, which conditions can say."""
    return _ID.fullmatch(name) is not None


def tokens(expression: str) -> list[Token]:
    """Split an expression; never fails, since CEL reports bad syntax better."""
    found: list[Token] = []
    at = 0
    while at < len(expression) and (match := _TOKENS.match(expression, at)):
        end = match.end()
        if match.lastgroup == "text":
            end = _text_end(expression, match)
            found.append(Token("text", expression[at:end], at, end))
        elif match.lastgroup == "name":
            found.append(Token("name", match[0], at, end))
        elif match.lastgroup == "number":
            found.append(Token("number", match[0], at, end))
        elif match.lastgroup == "sign":
            found.append(Token("sign", match[0], at, end))
        at = end
    return found


def _text_end(expression: str, opening: re.Match[str]) -> int:
    prefix = opening[0].rstrip("\"'")
    quote = opening[0][len(prefix) :]
    raw = "r" in prefix.lower()
    at = opening.end()
    while at < len(expression):
        if expression.startswith(quote, at):
            return at + len(quote)
        at += 2 if expression[at] == "\\" and not raw else 1
    return len(expression)


def names_in(expression: str, names: Collection[str]) -> tuple[str, ...]:
    """Return which of `names` an expression refers to, in order of first use, each once."""
    found: dict[str, None] = {}
    for token, before in _pairs(tokens(expression)):
        selects = before is not None and (before.text in (")", "]", "}") or before.kind in ("name", "text"))
        if token.kind == "name" and token.text in names and not selects:
            found.setdefault(token.text)
    return tuple(found)


def members_in(expression: str, owner: str) -> Iterator[Token]:
    """Yield the names selected from `owner`, such as `backup_id` in `recorded.backup_id`, in order."""
    found = tokens(expression)
    for index, (token, before) in enumerate(_pairs(found)):
        is_member = token.kind == "name" and before is not None and before.text == owner
        if is_member and (index < 3 or found[index - 3].text != "."):
            yield token


def _pairs(found: list[Token]) -> Iterator[tuple[Token, Token | None]]:
    """Each token with what it is selected from: the token before a dot, if a dot stands before it."""
    for index, token in enumerate(found):
        dotted = index > 0 and found[index - 1].text == "."
        yield token, found[index - 2] if dotted and index > 1 else None


def compared_in(expression: str, owner: str) -> Iterator[tuple[str, Token]]:
    """Yield what a member of `owner` is compared with, where that is a text: the member's name, the literal."""
    found = tokens(expression)
    for member in members_in(expression, owner):
        index = next(i for i, token in enumerate(found) if token.start == member.start)
        after = found[index + 1 : index + 3]
        if len(after) == 2 and after[0].text in ("==", "!=") and after[1].kind == "text":
            yield member.text, after[1]


def patterns_in(expression: str) -> Iterator[Token]:
    """Yield the string literals given to `matches` as patterns."""
    found = tokens(expression)
    calls: list[str] = []
    for index, token in enumerate(found):
        if token.text == "(":
            calls.append(found[index - 1].text if index and found[index - 1].kind == "name" else "")
        elif token.text == ")" and calls:
            calls.pop()
        elif token.kind == "text" and calls and calls[-1] == "matches":
            after = found[index + 1].text if index + 1 < len(found) else ""
            if after == ")" and found[index - 1].text in ("(", ","):
                yield token
