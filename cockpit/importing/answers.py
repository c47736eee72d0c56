"""What an answer should be, in the words of jq, grep and prose, as conditions of an `http` probe.

Invariant: a condition says what the text said, or there is none: what does not translate truly is left to a person.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

ANSWERS = "status >= 200 && status < 400"
"""What an `http` probe asks for by itself; it has to be said where anything else is."""
_LONGEST = 400
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
_RESERVED = frozenset(("true", "false", "null", "in"))
_PATH = r'\.[\w."\[\]-]{1,120}'
_COMPARED = re.compile(rf'({_PATH})\s*(==|!=|<=|>=|<|>)\s*("[^"\\]{{0,120}}"|-?\d+(?:\.\d+)?|true|false|null)')
_LENGTH = re.compile(rf"\(?\s*({_PATH})\s*\|\s*length\s*\)?\s*(==|!=|<=|>=|<|>)\s*(\d+)")
_STEP = re.compile(r'\.(\w+)|\.?\["([^"\\]{1,60})"\]|\.?\[(\d{1,6})\]|\."([^"\\]{1,60})"')
_CODE = r"(20[0-6]|30[1-8]|40[0-9]|41[0-8]|42[2-9]|50[0-4])"
_STATUS = re.compile(
    r"(?:\bHTTP(?:/[\d.]+)?|\bstatus(?: code)?|\breturns?|\bexpect(?:ed)?|=>|->|→)"
    rf"\W{{0,4}}(?:\w{{1,12}}\W{{1,3}}){{0,3}}?{_CODE}\b(?! ?%)",
    re.IGNORECASE,
)
_BARE_STATUS = re.compile(rf"\s*(?:HTTP/[\d.]+\s+)?{_CODE}(?:\s+[A-Z][A-Za-z ]{{1,20}})?\s*")
_EXPECTED = re.compile(
    r"(?:expected(?: output| response| result)?|output|should (?:return|show|print|say|be)|returns|=>|->|→)"
    r"\s*:?\s*(\S.*)",
    re.IGNORECASE,
)
_SPECIAL = set(".*[]^$\\+?(){}|")


def quoted(text: str) -> str:
    """A text as a CEL string."""
    return json.dumps(text, ensure_ascii=False)


def member(path: Iterable[str | int]) -> str:
    """`json.user_sync.status`, `json["user-sync"].list[0]`."""
    said = "json"
    for name in path:
        if isinstance(name, int):
            said += f"[{name}]"
        elif _IDENTIFIER.fullmatch(name) and name not in _RESERVED:
            said += f".{name}"
        else:
            said += f"[{quoted(name)}]"
    return said


def sayable(condition: str) -> bool:
    """Whether a condition can hold this text: no variables are filled into conditions, and nothing hides in them."""
    return "${" not in condition and condition.isprintable()


def from_jq(program: str) -> tuple[str, ...]:
    """A filter of `jq -e` as conditions that must all hold; none if it does not translate truly."""
    if len(program) > _LONGEST or " or " in program or not sayable(program):
        return ()
    found = []
    for part in re.split(r"\s+and\s+", program.strip()):
        said = _from_jq(part.strip())
        if not said:
            return ()
        found.append(said)
    return tuple(found)


def _from_jq(part: str) -> str:
    if part.startswith("(") and part.endswith(")") and "(" not in part[1:]:
        part = part[1:-1].strip()
    if (match := _LENGTH.fullmatch(part)) and (path := _path(match[1])):
        return f"size({path}) {match[2]} {match[3]}"
    if (match := _COMPARED.fullmatch(part)) and (path := _path(match[1])):
        return f"{path} {match[2]} {match[3]}"
    if re.fullmatch(_PATH, part) and (path := _path(part)):
        return f"{path} != null && {path} != false"
    return ""


def _path(written: str) -> str:
    names: list[str | int] = []
    at = 0
    while at < len(written):
        match = _STEP.match(written, at)
        if match is None or (at == 0 and not written.startswith(".")):
            return ""
        names.append(int(match[3]) if match[3] else match[1] or match[2] or match[4])
        at = match.end()
    return member(names)


def from_grep(pattern: str, options: str) -> tuple[str, ...]:
    """What `grep` looks for, if it is a plain text and a line without it is a failure."""
    letters = set(options)
    if (
        not pattern
        or len(pattern) > _LONGEST
        or letters - set("qsiEFn")
        or (_SPECIAL & set(pattern) and "F" not in letters)
    ):
        return ()
    if "i" in letters:
        plain = re.fullmatch(r"[\w ]+", pattern)
        return (f"text.matches({quoted(f'(?i){pattern}')})",) if plain else ()
    return (f"text.contains({quoted(pattern)})",)


def from_prose(lines: Iterable[str]) -> tuple[str, ...]:
    """What remarks expect: a status code (`returns 200`), or a short text (`Expected: ok`)."""
    for line in lines:
        if len(line) > _LONGEST:
            continue
        if (found := _STATUS.search(line)) or (found := _BARE_STATUS.fullmatch(line)):
            return (f"status == {found[1]}",)
        if (match := _EXPECTED.match(line)) and (said := _short(match[1])):
            return (ANSWERS, f"text.contains({quoted(said)})")
    return ()


def _short(text: str) -> str:
    """A text that an answer can be searched for: in quotes or backquotes, or one word that says that all is well."""
    text = text.strip().rstrip(".")
    if found := re.fullmatch(r"[\"'`]([^\"'`{}\[\]]{1,60})[\"'`]", text):
        return found[1]
    return text if text.lower() in ("ok", "healthy", "pong", "up", "ready", "alive", "success") else ""


def all_of(*groups: tuple[str, ...]) -> tuple[str, ...]:
    """Conditions together, each once; with what an answer is asked for by itself where no status is named."""
    found = tuple(dict.fromkeys(condition for group in groups for condition in group if sayable(condition)))
    exact = [condition for condition in found if condition.startswith("status == ")]
    if exact:
        return tuple(condition for condition in found if condition != ANSWERS)
    if not found or ANSWERS in found:
        return found
    return (ANSWERS, *found)
