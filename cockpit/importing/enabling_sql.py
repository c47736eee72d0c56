"""Shown SQL as a step that sends it: what stood there to be filled in becomes a parameter of the protocol.

Invariant: no value is ever a part of a statement. One that stands inside a longer text, a name or a dollar quote cannot
be a parameter, and such SQL is refused.
"""

from __future__ import annotations

import re
from pathlib import Path

from msgspec import Struct

from cockpit.actions.sql.declaration import SqlSettings
from cockpit.actions.sql.lexing import Token
from cockpit.actions.sql.script import read_script, statements
from cockpit.errors import ActionError, ImportRefused

_PIECE = re.compile(r"\$\$\{|\$\{([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?)\}")
_PARAM = re.compile(r"%\([A-Za-z_][A-Za-z0-9_]*\)s")


class Sql(Struct, frozen=True, kw_only=True):
    """What is to be sent."""

    text: str
    params: dict[str, str]
    transaction: bool = True
    """False where PostgreSQL refuses it inside one."""


def sql_of(command: str) -> Sql:
    """The statements that do what is shown. Raises ImportRefused for what cannot be sent, or filled in truly."""
    text, params = _with_params(command)
    refusal = _refusal(text, params, transaction=True)
    if not refusal:
        return Sql(text=text, params=params)
    if "transaction" in refusal and not _refusal(text, params, transaction=False):
        return Sql(text=text, params=params, transaction=False)
    raise ImportRefused(f"it cannot be sent as it stands: {refusal}", hint="correct `command`, then try again")


def _with_params(command: str) -> tuple[str, dict[str, str]]:
    spans: list[tuple[str, int, int]] = []
    text, done = "", 0
    for match in _PIECE.finditer(command):
        text += command[done : match.start()]
        done = match.end()
        if match[1] is None:
            text += "${"
            continue
        # A word of letters stands for it while the text is read: so it is seen where it stands.
        spans.append((match[1], len(text), len(text) + len(match[0])))
        text += "x" * len(match[0])
    text += command[done:]
    if spans and (taken := _PARAM.search(text)):
        raise ImportRefused(f"`{taken[0]}` in it would be read as a parameter", hint="write the step by hand")
    params: dict[str, str] = {}
    tokens = _tokens(text)
    pieces, at = [], 0
    for name, start, end in spans:
        own = name.replace(".", "_")
        first, last = _edges(text, tokens, name, start, end)
        pieces += [text[at:first], f"%({own})s"]
        params[own] = f"${{{name}}}"
        at = last
    return "".join([*pieces, text[at:]]), params


def _edges(text: str, tokens: list[Token], name: str, start: int, end: int) -> tuple[int, int]:
    """What a parameter stands instead of: the reference, with its quotes if it is all that is in them."""
    for token in tokens:
        if (token.start, token.end) == (start, end) and token.kind == "word":
            return start, end
        if (token.start, token.end) == (start - 1, end + 1) and token.kind == "string" and text[start - 1] == "'":
            return start - 1, end + 1
    raise ImportRefused(
        f"`${{{name}}}` stands inside a text or a name, where no parameter reaches",
        hint=f"build the text from it (`'…' || %({name.replace('.', '_')})s`), or hand it over with set_config()",
    )


def _tokens(text: str) -> list[Token]:
    found = []
    offset = 0
    for statement in statements(text):
        start = text.index(statement.text, offset)
        found += [Token(token.kind, token.start + start, token.end + start) for token in statement.tokens]
        offset = start + len(statement.text)
    return found


def _refusal(text: str, params: dict[str, str], *, transaction: bool) -> str:
    try:
        read_script(SqlSettings(target="x", statements=text, params=params, transaction=transaction), Path())
    except ActionError as error:
        return str(error)
    return ""
