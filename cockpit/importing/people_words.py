"""How a line names a person: a role, a name, and how to reach them."""

from __future__ import annotations

import re

from msgspec import Struct

_REACH = re.compile(
    r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}"
    r"|https?://[^\s,;<>]{3,200}"
    r"|(?:\+\d{1,3}|\(\+?\d{1,4}\)|\b0\d|\b\d{3}(?=[\s.-]\d{3}))[\d\s().\-/]{4,20}\d(?:\s?(?:x|ext\.?)\s?\d{1,6})?"
    r"|(?<![\w/])@[\w.-]{2,40}"
    r"|(?<![\w/&])#[A-Za-z][\w-]{1,60}"
    r"|\bext(?:ension|\.)?\s?\d{2,6}\b"
)
_OPEN = re.compile(
    r"\W*|_{2,}.{0,40}|\[[A-Z][A-Z _/-]{1,40}\]|<[a-z _-]{1,40}>|tbd|tba|tbc|n/?a|x{2,}|none|name|"
    r"to be (?:defined|determined|announced)|"
    r"offen|à définir|por definir",
    re.IGNORECASE,
)
_YOURS = re.compile(r"\[(?:Your |Ihr |Votre |Su )[^\[\]]{1,60}\]", re.IGNORECASE)
_BY_TOOL = re.compile(
    r"\b(?:pager\w*|slack|teams|phone|hotline|channel|queue|tickets?|jira|servicenow|opsgenie|"
    r"victorops|zoom|bridge|room|war room|"
    r"helpdesk|service desk|check|see|use|open|call|dial|page|write|ask|contact|mail)\b",
    re.IGNORECASE,
)
_LABELS = re.compile(
    r"\b(?:phone|tel(?:ephone|efon|éfono|éphone)?|mobile|cell|e-?mail|mail|slack|teams|chat|contact|name)\s?:\s?",
    re.IGNORECASE,
)
_DASH = re.compile(r"\s[-–—|]\s|\s?→\s?|\t")
_IN_BRACKETS = re.compile(r"^(?P<name>[^()]{2,60}?)\s?\((?P<role>[^()]{2,60})\)[\s,:;–—-]*(?P<rest>.*)$", re.DOTALL)
_LONGEST = 400
_MOST_WORDS = 12
"""Of whoever is named: what is longer is prose."""


class Person(Struct, frozen=True, kw_only=True):
    """Someone, as a line names them; `title` is empty if it names nobody."""

    title: str
    name: str = ""
    reach: str = ""


def is_open(text: str) -> bool:
    """Whether a text only leaves room for someone: `[CONTACT]`, `TBD`, `____`, nothing."""
    return _OPEN.fullmatch(text.strip()) is not None


def reach_in(text: str) -> list[str]:
    """Telephone numbers, addresses, handles and rooms in a text, in order."""
    return [found.strip(" .") for found in _REACH.findall(text[:_LONGEST])]


def person_of(text: str, told: str = "") -> Person:
    """Who a line names (without Markdown); `told`: what is said of how to reach them beside it."""
    text = text[:_LONGEST].strip()
    title, who = _parted(text)
    reached = reach_in(f"{who} {told}")
    rest = _LABELS.sub("", f"{who}, {told}" if told else who)
    for each in reached:
        rest = rest.replace(each, " ")
    name = " ".join(rest.split()).strip(" ,;:.|()<>/–—-")
    if is_open(name) and not _YOURS.fullmatch(who.strip()):
        name = ""
    if _YOURS.fullmatch(who.strip()):
        name = who.strip()
    if not reached and _BY_TOOL.search(name):
        name, reached = "", [name]
    named = title.strip(" :,–—-") or name or (reached[0] if reached else "")
    if not named or len(named.split()) > _MOST_WORDS or not (who.strip() or told or reached):
        return Person(title="")
    return Person(title=named, name="" if name == named else name, reach=", ".join(reached))


def _parted(text: str) -> tuple[str, str]:
    """A line's title, and who and what follows: `DBA: Ana`, `Ana (DBA) – +34 600`, `DBA - Ana`, `Ana, ana@x.y`."""
    head, colon, rest = text.partition(": ")
    if not colon and text.endswith(":"):
        head, colon = text[:-1], ":"
    if colon and len(head.split()) <= _MOST_WORDS and not reach_in(head):
        return head, rest
    if (found := _IN_BRACKETS.match(text)) and not reach_in(found["role"]):
        return found["role"], f"{found['name']} {found['rest']}"
    parts = _DASH.split(text, maxsplit=1)
    if len(parts) == 2 and not reach_in(parts[0]):
        return parts[0], parts[1]
    if reached := reach_in(text):
        before = text.partition(reached[0])[0].strip(" ,;:(–—-")
        name, comma, role = before.partition(", ")
        return (role, f"{name} {text[len(before) :]}") if comma else (before, text[len(before) :])
    return "", ""
