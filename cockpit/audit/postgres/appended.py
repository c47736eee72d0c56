"""What a database answers to an append: that the lines are written, and how they begin, or why they are not.

Invariant: lines are taken for written only where the answer tells of each of them, where they follow each other and
where the last fact among them has the digest of the very line that this side would have made. An answer that does not
say so, and none of the others that there are, is no answer: what it leaves behind is unknown.
"""

from __future__ import annotations

from typing import Any

from cockpit.audit.line import Draft, Head, digest, prefix
from cockpit.audit.postgres.answers import require, rows_of
from cockpit.audit.postgres.mirror import Kept
from cockpit.audit.store import Conflict, Durable
from cockpit.patterns import late
from cockpit.run.events import Event

OTHER_HISTORY, FENCED = -1, -2
"""Instead of a sequence number: nothing was written."""
_DIGEST = late(r"[0-9a-f]{64}")


def head_of(seq: int, of_line: str) -> Head:
    """A fact's place, as a row tells of it. Raises Misread."""
    require(seq > 0 and _DIGEST.fullmatch(of_line))
    return Head(seq=seq, digest=of_line)


def refusal_in(rows: list[Any]) -> int:
    """`OTHER_HISTORY`, `FENCED`, or 0 if it is neither; the rows are of the right form then. Raises Misread."""
    require(rows_of(rows, int, str | None, int, str))
    first: int = rows[0][0]
    require(first >= 0 or (first in (OTHER_HISTORY, FENCED) and len(rows) == 1))
    return min(first, 0)


def outcome_in(
    rows: list[Any], run: str, last_fact_seq: int | None, drafts: tuple[Draft, ...], rests: list[bytes]
) -> tuple[Durable | Conflict, list[Kept]]:
    """What became of the drafts, whose lines are `rests` but for their beginnings; and these lines. Raises Misread."""
    *_, head_seq, head_digest = rows[-1]
    head = head_of(head_seq, head_digest) if head_seq else None
    if not rows[0][0]:
        require(len(rows) == 1 and last_fact_seq not in (None, head_seq))
        return Conflict(head=head), []
    require(len(rows) == len(drafts))
    kept: list[Kept] = []
    told, before = None, ""
    for one, rest, (seq, prev, *_) in zip(drafts, rests, rows, strict=True):
        require(seq == rows[0][0] + len(kept) and _DIGEST.fullmatch(prev or "") and prev == (before or prev))
        line = prefix(run, seq, prev) + rest
        before = digest(line)
        told = Head(seq=seq, digest=before) if one.body.is_fact else told
        kept.append(Kept(seq, b"", line, one.body.is_fact))
    require(head == told if told is not None else head_seq < kept[0].seq)
    require(last_fact_seq is None or last_fact_seq < kept[0].seq)
    events = tuple(_event(one, run, each.seq) for one, each in zip(drafts, kept, strict=True))
    return Durable(events=events, head=head), kept


def _event(one: Draft, run: str, seq: int) -> Event:
    """The event that readers will decode from the line."""
    body = one.body
    return Event(
        seq=seq, id=one.id, type=body.type, is_fact=body.is_fact, instant=one.instant, actor=one.actor, body=body,
        run=run,
    )  # fmt: skip
