"""CEL's error texts, said so that an operator knows what to write instead.

CEL answers with lines such as `ERROR: <input>:1:8: found no matching overload for '_<_' applied to '(int, double)'`;
each becomes a `Fault` with its place in the condition. Texts that are not recognised are passed on, visible.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from msgspec import Struct

from cockpit.patterns import late
from cockpit.profile.cel_words import FUNCTIONS, Token, tokens
from cockpit.profile.problems import nearest, one_of
from cockpit.text import shortened

_ERROR = late(r"ERROR: <input>:(\d+):(\d+): (.*)")
_OVERLOAD = late(r"found no matching overload for '(.+?)' applied to '\((.*)\)'")
_UNDECLARED = late(r"undeclared reference to '(.*?)' \(in container")
_SELECT = late(r"expression of type '(.*?)' cannot be the operand of a select operation")
_STATUS = late(r"^[A-Z_]+: ")
_NO_VALUE = late(r'No value with name "(.*?)" found in Activation')
_NUMBERS = ("int", "double", "uint")
_OTHER_SPELLINGS = {"and": "&&", "or": "||", "not": "!", "=": "=="}


class Fault(Struct, frozen=True, kw_only=True):
    """One thing wrong with a condition; `line` and `column` count from 1 inside its text, in characters."""

    line: int
    column: int
    message: str
    expected: str = ""
    nearest: str = ""


def faults(text: str, said: str, names: Collection[str]) -> tuple[Fault, ...]:
    """Translate everything CEL said about the expression `text`, in which `names` are known."""
    lines = text.split("\n")
    found: list[Fault] = []
    for line_text, column_text, message in _ERROR.findall(said):
        line, column = int(line_text), max(1, int(column_text))
        offset = sum(len(before) + 1 for before in lines[: line - 1]) + column - 1
        found.append(_fault(text, offset, message, names))
        if "Syntax error" in message:
            break  # what follows a syntax error follows from it
    if not found:
        cleaned = _STATUS.sub("", said.split("\n")[0])
        if "recursion limit" in cleaned:
            cleaned = "is nested too deeply"
        found.append(Fault(line=1, column=1, message=shortened(cleaned, 200)))
    return tuple(found)


def cleaned_error(said: object) -> str:
    """Return one visible line for an error that came up while a condition was evaluated."""
    text = _STATUS.sub("", str(said))
    if (missing := _NO_VALUE.search(text)) is not None:
        text = f"`{missing[1]}` has no value"
    text = re.sub(r"^Key not found in map : ", "no such key: ", text)
    return shortened(text, 300)


def _at(text: str, offset: int, message: str, *, expected: str = "", nearest: str = "") -> Fault:
    before = text[: max(0, offset)]
    return Fault(
        line=before.count("\n") + 1,
        column=len(before) - (before.rfind("\n") + 1) + 1,
        message=shortened(message, 300),
        expected=shortened(expected, 300),
        nearest=nearest,
    )


def _fault(text: str, offset: int, message: str, names: Collection[str]) -> Fault:
    found = tokens(text)
    if (match := _OVERLOAD.search(message)) is not None:
        return _overload(text, found, offset, match[1], match[2].split(", "))
    if (match := _UNDECLARED.search(message)) is not None:
        return _undeclared(text, found, offset, match[1], names)
    if (match := _SELECT.search(message)) is not None:
        index = next((i for i, token in enumerate(found) if token.start == offset), None)
        chosen = found[index + 1].text if index is not None and index + 1 < len(found) else ""
        owner = _operand_before(text, found, offset)
        dotted = [name for name in names if name.startswith(f"{owner}.")]
        return _at(
            text, offset, f"`{owner}` is {_article(match[1])} and has no `{chosen}`",
            expected=one_of(sorted(dotted)), nearest=nearest(f"{owner}.{chosen}", dotted),
        )  # fmt: skip
    if "Syntax error" in message:
        return _syntax(text, found, offset, message)
    return _at(text, offset, shortened(message, 200))


def _syntax(text: str, found: Sequence[Token], offset: int, message: str) -> Fault:
    here = next((token for token in found if token.start <= offset < token.end), None)
    if here is not None and here.text in _OTHER_SPELLINGS:
        return _at(text, here.start, f"`{here.text}` means nothing here", expected=f"`{_OTHER_SPELLINGS[here.text]}`")
    if offset >= len(text.rstrip()):
        return _at(text, offset, "the condition ends too early", expected="a value, a name or a closing bracket")
    if here is not None and here.kind == "text":
        return _at(
            text, here.start, "a string that does not end, or holds an unknown escape", expected="r'…' for patterns"
        )
    shown = here.text if here is not None else text[offset]
    return _at(text, offset, f"`{shown}` cannot stand here", expected="a condition in CEL, such as `status == 200`")


def _undeclared(text: str, found: Sequence[Token], offset: int, name: str, names: Collection[str]) -> Fault:
    if text[offset : offset + 1] == "(":  # CEL points at a call's bracket
        called = nearest(name, FUNCTIONS)
        return _at(
            text, offset - len(name), f"there is no function `{name}`, or not with these arguments",
            expected="" if called else one_of(FUNCTIONS[:8]), nearest="" if called == name else called,
        )  # fmt: skip
    start = offset
    if "." in name:  # and at the last dot of a chain
        start = max(text.rfind(name.split(".")[0], 0, offset + 1), 0)
    known = sorted(names)
    near = nearest(name, known)
    return _at(text, start, f"there is no `{name}`", expected="" if near else one_of(known, limit=30), nearest=near)


def _overload(text: str, found: Sequence[Token], offset: int, operation: str, types: Sequence[str]) -> Fault:
    sign = operation.replace("_", "").replace("@", "")
    if operation.strip("_") in ("==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%") and len(types) == 2:
        index = next((i for i, token in enumerate(found) if token.start == offset), None)
        if set(types) <= set(_NUMBERS) and index is not None:
            return _wrong_number(text, found, index, types)
        return _at(
            text, offset, f"`{sign}` does not take {_article(types[0])} and {_article(types[1])}",
            expected=f"{_article(types[0])} on both sides",
        )  # fmt: skip
    if operation in ("_&&_", "_||_", "!_", "_?_:_"):
        return _at(
            text, offset, f"`{sign}` does not take {' and '.join(_article(type_) for type_ in types)}",
            expected="conditions, which are true or false",
        )  # fmt: skip
    return _at(text, offset, f"`{sign}` does not take {' and '.join(_article(type_) for type_ in types)}")


def _wrong_number(text: str, found: Sequence[Token], index: int, types: Sequence[str]) -> Fault:
    """Two kinds of number: say what to write for the literal, else how to convert."""
    sign = found[index]
    right, left = _literal(found, index + 1, 1), _literal(found, index - 1, -1)
    literal, other, other_text = right, types[0], _operand_before(text, found, sign.start)
    if literal is None and left is not None:
        literal, other, other_text = left, types[1], _operand_after(text, found, index)
    said = f"`{other_text}` is {_article(other)}"
    if literal is None:
        both = f"{_article(types[0])} and {_article(types[1])}"
        lone = other_text if types[0] != "double" else _operand_after(text, found, index)
        return _at(
            text,
            sign.start,
            f"`{sign.text}` does not take {both}",
            expected=f"numbers of one sort: write `double({lone})`",
        )
    start, written = literal
    wanted = _as(other, written)
    if wanted is not None:
        return _at(text, start, f"{said}, `{written}` is not: write `{wanted}`")
    converted = (
        f"double({other_text}) {sign.text} {written}"
        if literal is right
        else f"{written} {sign.text} double({other_text})"
    )
    return _at(text, start, f"{said}, `{written}` is not: write a whole number, or `{converted}`")


def _as(type_: str, literal: str) -> str | None:
    """Return the literal as a number of another type, if it can be one."""
    bare = literal.rstrip("uU")
    try:
        value = float(int(bare, 0)) if bare.lower().lstrip("-").startswith("0x") else float(bare)
    except ValueError:
        return None
    if type_ == "double":
        return f"{bare}.0" if bare.lstrip("-").isdigit() else str(value)
    if not value.is_integer() or (type_ == "uint" and value < 0):
        return None
    return f"{int(value)}{'u' if type_ == 'uint' else ''}"


def _literal(found: Sequence[Token], index: int, direction: int) -> tuple[int, str] | None:
    """The number next to a sign, with its minus: its offset and text."""
    if not 0 <= index < len(found):
        return None
    token = found[index]
    if direction > 0 and token.text == "-" and index + 1 < len(found) and found[index + 1].kind == "number":
        return token.start, "-" + found[index + 1].text
    return (token.start, token.text) if token.kind == "number" else None


def _operand_before(text: str, found: Sequence[Token], offset: int) -> str:
    """The names, dots and bracketed parts that end before `offset`."""
    depth, start, end = 0, offset, offset
    for token in reversed([token for token in found if token.end <= offset]):
        if token.text in ")]":
            depth += 1
        elif token.text in "([" and depth:
            depth -= 1
        elif not depth and token.kind == "sign" and token.text != ".":
            break
        start = token.start
    return text[start:end].strip()


def _operand_after(text: str, found: Sequence[Token], index: int) -> str:
    depth, end = 0, found[index].end
    for token in found[index + 1 :]:
        if token.text in "([":
            depth += 1
        elif token.text in ")]" and depth:
            depth -= 1
        elif not depth and token.kind == "sign" and token.text != ".":
            break
        end = token.end
    return text[found[index].end : end].strip()


def _article(type_: str) -> str:
    names = {"int": "a whole number (int)", "double": "a number with a fraction (double)", "uint": "a uint",
             "string": "a string", "bool": "a bool", "null_type": "null", "list(dyn)": "a list"}  # fmt: skip
    return names.get(type_, "a map" if type_.startswith("map") else type_)
