"""Listings of environment variables: which there have to be, and what they must be.

A value that switches something (`DISABLE_BOOTSTRAP=true`) is required as it is; a placeholder is a value it must not
have; any other value only shows what one looks like. No value is copied but switches, numbers and placeholders.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from cockpit.importing.code_comments import cleaned

LANGUAGES = ("env", "dotenv", "ini", "properties", "conf", "cfg", "environment")
_ASSIGNMENT = re.compile(r"\s*(?:export\s+|set\s+|-\s+)?([A-Za-z_][A-Za-z0-9_.]{0,99})\s*[=:]\s?(.*)$")
_SHELL_ASSIGNMENT = re.compile(r"\s*(?:export\s+(?=[A-Za-z_]+\w*=)|(?=[A-Z_][A-Z0-9_]*=))([A-Za-z_]\w{1,99})=(.*)$")
_SWITCH = re.compile(r"(?:true|false|yes|no|on|off|enabled|disabled|production|prod)", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"(?:your|my|change|replace|insert|enter|some|example|placeholder|todo|xxx|dummy)[\w.-]*|<[^<>\n]{1,80}>|\[[^\[\]\n]{1,80}\]"
    r"|\$\{[^{}\n]{1,80}\}|x{3,}|\.{3}|\*{3,}|…",
    re.IGNORECASE,
)
_OPTIONAL = re.compile(r"\b(?:optional|if (?:needed|used|applicable|wanted)|not required|recommended)\b", re.IGNORECASE)
_REQUIRED = re.compile(r"\brequired\b|\bmust\b|\bmandatory\b", re.IGNORECASE)


class Setting(Struct, frozen=True, kw_only=True):
    """One variable of a listing."""

    name: str
    pattern: str = ""
    """What its value has to match, whole; empty: anything."""
    forbidden: tuple[str, ...] = ()
    """What it must not be: the placeholder that stands for it."""
    optional: bool = False
    """It may be missing; if it is there, it has to be right."""
    comment: str = ""
    row: int
    """Of the body, from 0."""


def listing(body: str, language: str) -> tuple[Setting, ...]:
    """The variables that a text lists; none if it holds anything but assignments and comments."""
    pattern = _ASSIGNMENT if language in LANGUAGES else _SHELL_ASSIGNMENT
    found: list[Setting] = []
    comment, optional = "", False
    lines = body.split("\n")
    for row, line in enumerate(lines):
        text = line.strip()
        if not text or (text.startswith("[") and text.endswith("]") and language in ("ini", "conf", "cfg")):
            continue
        if text.startswith(("#", ";", "//")):
            said = cleaned(text.lstrip(";/"))
            fresh = row == 0 or not lines[row - 1].strip().startswith(("#", ";", "//"))
            if fresh:
                comment, optional = "", bool(_OPTIONAL.search(said)) and not _REQUIRED.search(said)
            comment = f"{comment} {said}".strip() if not fresh else said
            continue
        match = pattern.match(line)
        if match is None or "$(" in match[2] or "`" in match[2]:
            return ()
        found.append(setting(match[1], match[2], row=row, optional=optional, comment=comment))
    return tuple(found)


def setting(name: str, written: str, *, row: int, optional: bool = False, comment: str = "") -> Setting:
    """One variable and what the value that stands there asks of it."""
    value, _, behind = written.partition(" #")
    value = value.strip().strip("\"'")
    optional = optional or bool(_OPTIONAL.search(behind)) or (not value and not _REQUIRED.search(behind))
    pattern = ""
    forbidden: tuple[str, ...] = ()
    if _SWITCH.fullmatch(value):
        pattern = value
    elif _PLACEHOLDER.fullmatch(value) or re.search(r"\byour[-_]\w|<[^<>]{1,60}>", value):
        forbidden = (value,)
    return Setting(
        name=name,
        pattern=pattern,
        forbidden=forbidden,
        optional=optional,
        comment=comment if len(comment) <= 200 else "",
        row=row,
    )


def from_rows(header: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[Setting, ...]:
    """The variables of a table, one a row; none if its first column holds no names of variables."""
    names = [row[0].strip().strip("`*") if row else "" for row in rows]
    if not names or not all(re.fullmatch(r"[A-Z][A-Z0-9_]{1,99}", name) for name in names):
        return ()
    heads = [head.strip().lower() for head in header]
    required = next((at for at, head in enumerate(heads) if head in ("required", "required?", "mandatory")), None)
    value = next((at for at, head in enumerate(heads) if head in ("value", "production", "production value")), None)
    found = []
    for row, (name, cells) in enumerate(zip(names, rows, strict=True)):
        need = cells[required].strip().strip("`*").lower() if required is not None and required < len(cells) else "yes"
        optional = (
            need.startswith(("no", "optional", "✗", "❌", "false")) or _OPTIONAL.search(" ".join(cells)) is not None
        )
        written = cells[value].strip().strip("`") if value is not None and value < len(cells) else "x"
        found.append(setting(name, written or "x", row=row, optional=optional))
    return tuple(found)
