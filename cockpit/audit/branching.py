"""What was written apart from a log, as lines of that log: a branch's bytes, told whole in the events that merge it.

Invariant: the pieces that are told are the branch's own bytes, from the line after the ancestor to its tip, telemetry
too, so that each line can be held against the digest that the next one gives (`told`). Nothing is left out but torn
bytes, which no line's digest covers. A piece ends with a fact wherever that fits, so that readers see them one by one.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct

from cockpit.audit import layout
from cockpit.audit.chain import Chain
from cockpit.audit.line import GENESIS
from cockpit.audit.postgres.lines import Line, whole_lines_of
from cockpit.errors import LogDamaged
from cockpit.run.events import Body, BranchMerged, BranchTold

PIECE_BYTES = 48 * 1024
"""Of a piece, as JSON: with the rest of its line it stays below what a line may have."""


class BranchLines(Struct, frozen=True):
    """What was written from an ancestor on."""

    run: str
    ancestor: int
    """Sequence number of the last line that both sides have; 0: none."""
    ancestor_digest: str
    lines: tuple[Line, ...]

    @property
    def tip(self) -> int:
        """Sequence number of the last line."""
        return self.lines[-1].seq if self.lines else self.ancestor

    @property
    def tip_digest(self) -> str:
        """Its digest."""
        return self.lines[-1].digest if self.lines else self.ancestor_digest

    @property
    def facts(self) -> int:
        """How many of the lines are facts."""
        return sum(line.is_fact for line in self.lines)


def read_branch(log: Path, ancestor: int) -> BranchLines:
    """The lines of a log (a file, or a run's folder) after line `ancestor`, each held against its chain.

    Raises LogUnreadable, LogTooNew, and LogDamaged unless all of it counts and it has that line.
    """
    path = layout.log_path(log) if log.is_dir() else log
    chain, lines, parted = Chain(), list[Line](), GENESIS if ancestor == 0 else ""
    for line in whole_lines_of(path, chain):
        if line.seq > ancestor:
            lines.append(line)
        elif line.seq == ancestor:
            parted = line.digest
    if not parted:
        raise LogDamaged(f"{path} has no line {ancestor}", line=chain.lines + 1)
    return BranchLines(run=chain.run, ancestor=ancestor, ancestor_digest=parted, lines=tuple(lines))


def merging(branch: BranchLines, cause: str) -> tuple[Body, ...]:
    """The events by which another log takes a branch in: one that names it, and the pieces that tell it."""
    pieces = tuple(_pieces(branch.lines))
    merged = BranchMerged(
        ancestor=branch.ancestor,
        ancestor_digest=branch.ancestor_digest,
        tip=branch.tip,
        tip_digest=branch.tip_digest,
        count=len(branch.lines),
        facts=branch.facts,
        parts=len(pieces),
        cause=cause,
    )
    told = (BranchTold(branch=branch.tip_digest, part=part, text=text) for part, text in enumerate(pieces, 1))
    return merged, *told


def _pieces(lines: tuple[Line, ...]) -> list[str]:
    pieces: list[str] = []
    text, size = "", 0
    for line in lines:
        more = line.text.decode() + "\n"
        more_size = _size(more)
        if text and size + more_size > PIECE_BYTES:
            pieces.append(text)
            text, size = "", 0
        while more_size > PIECE_BYTES:
            # A character takes at most twelve bytes as JSON, and a line holds no such in plenty: this fits.
            cut = PIECE_BYTES // 8
            while _size(more[: 2 * cut]) <= PIECE_BYTES:
                cut *= 2
            pieces.append(more[:cut])
            more = more[cut:]
            more_size = _size(more)
        text, size = text + more, size + more_size
        if line.is_fact:
            pieces.append(text)
            text, size = "", 0
    return [*pieces, text] if text else pieces


def _size(text: str) -> int:
    return len(msgspec.json.encode(text))
