"""Walking many ordinary lines at once: the same rule as `chain`, applied to blocks instead of lines.

Invariant: a block is accepted only if every line in it would count in `Chain.step`; anything unusual (bytes that do not
count, a recovery, a clock without zone) leaves the block untouched for the exact walk. So this module may say "I do not
know", and never says more than `chain` would.

Run as a program (`python -m cockpit.audit.stretch PATH START END RUN WANTED`) it walks one part of a large log, so that
`verify` can use a second core; it prints a `Part` as JSON.
"""

from __future__ import annotations

import os
import sys
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from operator import itemgetter
from typing import Literal

import msgspec
from msgspec import Struct

from cockpit.audit.extent import LONGEST, Extent
from cockpit.audit.line import DOMAIN, FIRST_YEAR, LAST_YEAR, LIMIT_BYTES, Class
from cockpit.audit.remarks import REMARKING, Remarks
from cockpit.patterns import late
from cockpit.run.events import LogContinued, LogRecovered

BLOCK_BYTES = 128 * 1024
STEP_BACK = timedelta(seconds=1)
"""A wall clock that goes back by more than this was set; less is two writers at once."""


class _Names(Struct, gc=False):
    """As `Actor`, only cheaper to make."""

    user: str
    host: str
    via: str = ""
    key: str = ""
    login: str = ""
    sudo: str = ""
    tty: str = ""
    client: str = ""
    person: str = ""
    signer: str = ""
    proven: tuple[str, ...] = ()


class Ordinary(Struct, gc=False, rename={"class_": "class"}):
    """As `line.Envelope`, at a fifth less: no more than it takes, and nothing that the garbage collector follows."""

    v: Literal[1]
    run: str
    seq: int
    class_: Class
    type: str
    id: str
    at: datetime
    boot: str
    mono: float
    actor: _Names
    data: msgspec.Raw


_decode_lines = msgspec.json.Decoder(Ordinary).decode_lines
_last_byte = itemgetter(-1)
_UNUSUAL = frozenset({LogRecovered.type, LogContinued.type})
"""Lines that say something about the log itself: the exact walk takes note of it."""
_START = late(rb'\{"v":1,"run":"[0-9A-Za-z_-]{1,64}","seq":([1-9][0-9]{0,17}),"prev":"([0-9a-f]{64})",')


class Place(Struct, frozen=True):
    """Between two lines that count."""

    position: int
    seq: int
    digest: str


class Wanted(Struct, frozen=True):
    """Heads noted elsewhere, to be looked for."""

    seqs: tuple[int, ...] = ()
    """Lines whose digests are asked for."""
    codes: tuple[str, ...] = ()
    """Beginnings of a fact's digest, whichever fact it is."""


NOTHING = Wanted()


class Stretch(Struct):
    """Lines that count, one after the other, from a place on."""

    place: Place
    """Where they end."""
    lines: int = 0
    facts: int = 0
    head_seq: int = 0
    """Of the last fact among them; 0 if there is none."""
    head_digest: str = ""
    first_at: datetime | None = None
    last_at: datetime | None = None
    steps_back: list[int] = []
    """Sequence numbers of lines at which the wall clock had gone back."""
    digests: dict[int, str] = {}
    """Of the wanted sequence numbers."""
    places: dict[str, int] = {}
    """Of the wanted codes: the first fact whose digest begins so."""
    remarks: Remarks = msgspec.field(default_factory=Remarks)


class Part(Struct, frozen=True):
    """What the second process found."""

    claimed: Place
    """Where its first line says that it stands."""
    stretch: Stretch


def walk(fd: int, start: Place, end: int, run: str, wanted: Wanted = NOTHING) -> Stretch:
    """Walk blocks of lines from `start` to byte `end`, or to the first block that is unusual."""
    stretch = Stretch(place=start)
    while (left := end - stretch.place.position) > 0:
        block = os.pread(fd, min(BLOCK_BYTES, left), stretch.place.position)
        block = block[: block.rfind(b"\n") + 1]
        if not block or not _accept(stretch, block, run, wanted):
            break
    return stretch


class Block(Struct, gc=False):
    """Ordinary lines that count, one after the other."""

    lines: list[bytes]
    """Without their newlines."""
    envelopes: list[Ordinary]
    digests: list[str]
    seen: list[datetime]
    """The wall clock of the line before the first (or of the first again), and of each."""
    types: set[str]


def ordinary(block: bytes, before: Place, run: str, last_at: datetime | None = None) -> Block | None:
    """The lines of a block that ends in a newline; None if one of them would not count, or is unusual."""
    lines = block.split(b"\n")
    lines.pop()
    first = before.seq + 1
    if Extent(before.seq + len(lines), before.position + len(block)).reaches(LONGEST):
        return None
    try:
        block.decode()
        envelopes = _decode_lines(block)
        clock = [envelope.at for envelope in envelopes]
        seen = [last_at or clock[0], *clock]
        earliest, latest = min(seen), max(seen)  # a TypeError where some have a zone and some have not
    except (ValueError, TypeError, IndexError, RecursionError):
        return None
    if (
        len(envelopes) != len(lines)
        or bytes(map(_last_byte, lines)) != b"}" * len(lines)
        or max(map(len, lines)) >= LIMIT_BYTES
        or clock[0].tzinfo is None
        or earliest.year <= FIRST_YEAR  # in UTC: the exact walk looks at what is written
        or latest.year >= LAST_YEAR
        or {envelope.run for envelope in envelopes} != {run}
        or [envelope.seq for envelope in envelopes] != list(range(first, first + len(lines)))
        or _UNUSUAL & (types := {envelope.type for envelope in envelopes})
    ):
        return None
    digests = [sha256(DOMAIN + line).hexdigest() for line in lines]
    return Block(lines, envelopes, digests, seen, types) if _is_chained(lines, digests, before, run) else None


def _accept(stretch: Stretch, block: bytes, run: str, wanted: Wanted) -> bool:
    found = ordinary(block, stretch.place, run, stretch.last_at)
    if found is None:
        return False
    _extend(stretch, found, wanted)
    if sorted(found.seen) != found.seen:
        _note_steps(stretch, found.seen)
    stretch.first_at = stretch.first_at or found.seen[1]
    stretch.last_at = found.seen[-1]
    stretch.place = Place(stretch.place.position + len(block), stretch.place.seq + len(found.lines), found.digests[-1])
    return True


def _is_chained(lines: list[bytes], digests: list[str], before: Place, run: str) -> bool:
    """Whether every line begins with `line.prefix` of its place: all of these bytes are compared at once."""
    intro = f'{{"v":1,"run":"{run}","seq":'
    prevs = [before.digest, *digests[:-1]]
    numbered = zip(range(before.seq + 1, before.seq + 1 + len(lines)), prevs, strict=True)
    expected = [f'{intro}{seq},"prev":"{prev}","class":"' for seq, prev in numbered]
    # Joined beginnings of the right lengths are equal only if each of them is: lengths are those of `expected`.
    if len(expected[0]) == len(expected[-1]):
        length = len(expected[0])
        found = b"".join([line[:length] for line in lines])
        return found == "".join(expected).encode() and min(map(len, lines)) >= length
    return all(line.startswith(start.encode()) for line, start in zip(lines, expected, strict=True))


def _extend(stretch: Stretch, found: Block, wanted: Wanted) -> None:
    first, digests = stretch.place.seq + 1, found.digests
    facts = [index for index, envelope in enumerate(found.envelopes) if envelope.class_ == "fact"]
    stretch.lines += len(digests)
    stretch.facts += len(facts)
    if facts:
        stretch.head_seq, stretch.head_digest = first + facts[-1], digests[facts[-1]]
    for seq in wanted.seqs:
        if first <= seq < first + len(digests):
            stretch.digests[seq] = digests[seq - first]
    for code in wanted.codes:
        if code not in stretch.places:
            stretch.places.update((code, first + index) for index in facts[::-1] if digests[index].startswith(code))
    if found.types & REMARKING:
        for envelope in found.envelopes:
            stretch.remarks.note(envelope)


def _note_steps(stretch: Stretch, seen: list[datetime]) -> None:
    first = stretch.place.seq + 1
    stretch.steps_back += [
        first + index for index, (earlier, later) in enumerate(pairwise(seen)) if earlier - later > STEP_BACK
    ]


def claimed_place(fd: int, near: int) -> Place | None:
    """Return the place that the first line after byte `near` claims to have; None if no line there looks like one."""
    around = os.pread(fd, 2 * LIMIT_BYTES, near)
    line_start = around.find(b"\n") + 1
    match = _START.match(around, line_start)
    if not line_start or match is None:
        return None
    return Place(near + line_start, int(match[1]) - 1, match[2].decode("ascii"))


def main(path: str, near: str, end: str, run: str, wanted: str) -> None:
    """Walk the lines after byte `near`, and print what was found; nothing if there is no line."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    claimed = claimed_place(fd, int(near))
    if claimed is not None:
        stretch = walk(fd, claimed, int(end), run, msgspec.json.decode(wanted, type=Wanted))
        sys.stdout.buffer.write(msgspec.json.encode(Part(claimed, stretch)))


if __name__ == "__main__":
    main(*sys.argv[1:])
