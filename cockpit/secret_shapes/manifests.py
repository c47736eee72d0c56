"""Values of Kubernetes' Secrets, whatever their keys (kubernetes.io, "Secret"): of `data` and of `stringData`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cockpit.patterns import late
from cockpit.secret_shapes.found import Found
from cockpit.secret_shapes.standing_in import stands_in
from cockpit.secret_shapes.windows import lines_with

_KIND = late(r"[ \t]*kind:[ \t]*[\"']?Secret[\"']?[ \t]*\Z")
_DATA = late(r"(?P<indent>[ \t]*)(?:data|stringData):[ \t]*\Z")
_ENTRY = late(
    r"(?P<indent>[ \t]*)[\"']?(?P<key>[\w.-]{1,100})[\"']?:[ \t]+"
    r"(?:\"(?P<double>[^\"]{1,4000})\"|'(?P<single>[^']{1,4000})'|(?P<bare>[^\s\"'|>#&*!][^#]{0,4000}?))"
    r"[ \t]*(?:#.*)?\Z"
)
_ENDS = late(r"[ \t]*(?:---|```|~~~)")
_AROUND = 60
"""Lines to either side of the kind that may hold the data."""


def manifests(text: str) -> Iterator[Found]:
    """Every value of a Secret's data, in order."""
    kinds = [start for start, end in lines_with(text, ("Secret",)) if _KIND.match(text[start:end])]
    if not kinds:
        return
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    rows = {start: row for row, start in enumerate(starts)}
    done = -1
    for kind in kinds:
        first = row = rows[kind]
        while first > max(done, row - _AROUND) + 1 and not _ENDS.match(_line(text, starts, first - 1)):
            first -= 1
        inside = -1
        for at in range(first, min(len(starts), row + _AROUND)):
            line = _line(text, starts, at)
            if _ENDS.match(line):
                break
            done = at
            if opened := _DATA.match(line):
                inside = len(opened["indent"])
            elif inside >= 0 and (entry := _ENTRY.match(line)):
                if len(entry["indent"]) <= inside:
                    inside = -1
                elif not stands_in(entry[str(entry.lastgroup)]):
                    yield _found(entry, starts[at])


def _found(entry: re.Match[str], start: int) -> Found:
    first, last = entry.span(str(entry.lastgroup))
    words = re.findall("[A-Za-z0-9]+", entry["key"])
    name = "_".join(words).upper()[:36].strip("_")
    return Found(
        start=start + first,
        end=start + last,
        what="a value of a Secret",
        name=name if name[:1].isalpha() else "SECRET_VALUE",
        rank=2,
    )


def _line(text: str, starts: list[int], row: int) -> str:
    return text[starts[row] : (starts[row + 1] - 1 if row + 1 < len(starts) else len(text))]
