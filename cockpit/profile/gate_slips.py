"""Slips in gates that CEL's types cannot see: a misspelt part of a probe of any type, a status there is none of."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches

from cockpit.profile.cel_faults import Fault
from cockpit.profile.cel_words import Token, tokens
from cockpit.profile.problems import nearest, one_of

STATUSES = ("pass", "warn", "fail", "error")
_OPEN_TYPES = ("DYN", "MAP")


def slips(text: str, types: Mapping[str, str], probes: Collection[str], parts: Collection[str]) -> Iterator[Fault]:
    """Yield the slips in a gate's condition. `types` are CEL's names of the types of the probes' values."""
    found = tokens(text)
    for index, probe in enumerate(found[:-2]):
        dot, part = found[index + 1], found[index + 2]
        if probe.kind != "name" or probe.text not in probes or dot.text != "." or part.kind != "name":
            continue
        if index and found[index - 1].text == ".":
            continue
        if part.text not in parts and types[probe.text].startswith(_OPEN_TYPES):
            yield from _misspelt(text, probe, part, parts)
        if part.text == "status" and len(found) > index + 4 and found[index + 3].text in ("==", "!="):
            yield from _no_status(text, probe, found[index + 4])


def _misspelt(text: str, probe: Token, part: Token, parts: Collection[str]) -> Iterator[Fault]:
    near = get_close_matches(part.text, list(parts), n=1, cutoff=0.8)
    if near:
        own = f'`{probe.text}["{part.text}"]` for a key of its value'
        yield _fault(text, part, f"`{probe.text}` has no part `{part.text}`", own, f"{probe.text}.{near[0]}")


def _no_status(text: str, probe: Token, literal: Token) -> Iterator[Fault]:
    status = literal.text.strip("\"'")
    if literal.kind == "text" and status not in STATUSES:
        said = f"`{probe.text}.status` is never `{status}`"
        yield _fault(text, literal, said, one_of(STATUSES), nearest(status, STATUSES))


def _fault(text: str, token: Token, message: str, expected: str, nearest: str) -> Fault:
    before = text[: token.start]
    column = token.start - (before.rfind("\n") + 1) + 1
    return Fault(line=before.count("\n") + 1, column=column, message=message, expected=expected, nearest=nearest)
