"""A profile's text cut into its tables, so that whole parts can be taken out, put in and moved.

Invariant: joined again, the segments give the text byte by byte. A segment is a header with the comment lines right
above it, its pairs, and what follows up to the next one; the first holds what stands above all headers.
"""

from __future__ import annotations

from bisect import bisect_right

from msgspec import Struct

from cockpit.importing.parts import SORTS, Key, Part
from cockpit.profile.positions import Path, positions

_DEPTHS = {"phases": ("steps",), "rollbacks": ("phases", "steps")}


class Segment(Struct, frozen=True, kw_only=True):
    """One header with what belongs to it."""

    owner: Path
    """The path of the part that it is, or is a table of; `()`: the top."""
    lead: str = ""
    """Comment lines right above the header."""
    body: str
    """The header and its pairs, with the comments among and right below them."""
    gap: str = ""
    """Blank lines behind it, and comments that stand alone."""

    @property
    def text(self) -> str:
        """All of it."""
        return self.lead + self.body + self.gap


def segments(text: str) -> list[Segment]:
    """Cut a text (valid TOML, `\\n` as line end)."""
    raw = text.encode()
    found = positions(raw)
    heads = list(found.tables.items())
    ends = sorted(span[1] for span in found.values.values())
    cuts, done = [], 0
    for _, start in heads:
        floor = _last_below(ends, start)
        cuts.append(_lead_start(raw, start, max(floor, done)))
        done = start
    pieces = []
    for index, (path, start) in enumerate(heads):
        end = cuts[index + 1] if index + 1 < len(cuts) else len(raw)
        body_end = _body_end(raw, max(start, _last_below(ends, end)), end)
        pieces.append(
            Segment(
                owner=owner(path),
                lead=raw[cuts[index] : start].decode(),
                body=raw[start:body_end].decode(),
                gap=raw[body_end:end].decode(),
            )
        )
    return [Segment(owner=(), body=raw[: cuts[0] if cuts else len(raw)].decode()), *pieces]


def joined(pieces: list[Segment]) -> str:
    """The text again."""
    return "".join(piece.text for piece in pieces)


def owner(path: Path) -> Path:
    """The path of the part that a table belongs to."""
    first = path[0]
    if first == "variables":
        return path[:2]
    if first not in SORTS or len(path) < 2:
        return path[:1]
    size = 2
    for name in _DEPTHS.get(str(first), ()):
        if len(path) < size + 2 or path[size] != name:
            break
        size += 2
    return path[:size]


def under(piece: Segment, header: str) -> Segment:
    """The segment under another array's header: `[[phases.steps]]` as `[[rollbacks.phases.steps]]`."""
    closing = "]]" if piece.body.startswith("[[") else "]"
    opening, rest = "[" * len(closing), piece.body.partition(closing)[2]
    own = ".".join(str(name) for name in piece.owner if isinstance(name, str))
    old = piece.body.partition(closing)[0].lstrip("[").strip()
    body = f"{opening}{header}{old.removeprefix(own)}{closing}{rest}"
    return Segment(owner=tuple(header.split(".")), lead=piece.lead, body=body, gap=piece.gap)


def keyed(pieces: list[Segment], parts: dict[Key, Part]) -> list[tuple[Key | None, Segment]]:
    """Each segment with the key of its part."""
    by_path = {part.path: key for key, part in parts.items()}
    return [(by_path.get(piece.owner), piece) for piece in pieces]


def _last_below(ends: list[int], limit: int) -> int:
    at = bisect_right(ends, limit)
    return ends[at - 1] if at else 0


def _lead_start(raw: bytes, header: int, floor: int) -> int:
    start = raw.rfind(b"\n", 0, header) + 1
    while start:
        above = raw.rfind(b"\n", 0, start - 1) + 1
        if above < floor or not raw[above:start].lstrip().startswith(b"#"):
            break
        start = above
    return start


def _body_end(raw: bytes, last: int, end: int) -> int:
    """Behind the line of the last value (or of the header), and the comment lines right below it."""
    at = raw.find(b"\n", last, end) + 1 or end
    while at < end and raw[at:end].split(b"\n", 1)[0].strip().startswith(b"#"):
        at = raw.find(b"\n", at, end) + 1 or end
    return at
