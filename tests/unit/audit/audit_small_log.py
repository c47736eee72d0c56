"""A small log with everything in it: facts, telemetry, a recovery."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from cockpit.audit.files import FileStore
from cockpit.audit.line import GENESIS, Head, digest, draft, encode
from cockpit.run.events import Actor, Instant, NoteAdded, OperatorAttached, ProbesSampled, Reading

ANA = Actor(user="ana", host="bastion-1", via="ssh 192.0.2.7")
SAMPLE = ProbesSampled(readings=(Reading(probe="api", status="pass", value=1.5, unit="ms"),), ages=(0, None))


def write_small_log(run_dir: Path, torn: bytes = b'{"v":1,"run":"R1","seq":5,"prev') -> bytes:
    """Eight events of run R1, with `torn` stepped over after the fourth."""
    store = FileStore.create(run_dir, "R1")
    store.append(None, draft(NoteAdded(text="begin"), ANA), draft(OperatorAttached(seat="S", role="acting"), ANA))
    store.append(None, draft(NoteAdded(text="höher \\u0000 ✔"), ANA))
    store.append(None, draft(SAMPLE, ANA))
    store.close()
    with store.path.open("ab") as log:
        log.write(torn)
    store = FileStore.open(run_dir)
    store.append(None, draft(NoteAdded(text="after"), ANA))
    store.append(None, draft(SAMPLE, ANA))
    store.append(None, draft(NoteAdded(text="end"), ANA))
    store.close()
    return store.path.read_bytes()


def long_log(count: int) -> tuple[bytes, Head]:
    """So many ordinary lines of run R1, one fact to nine samples, and its last line."""
    prev, lines, reading = GENESIS, [], Reading(probe="api", status="pass")
    moment = Instant(at=datetime(2026, 11, 21, tzinfo=UTC), boot="b", mono=1.0)
    for seq in range(1, count + 1):
        body = NoteAdded(text="note 0") if seq % 10 == 1 else ProbesSampled(readings=(reading,), ages=(seq,))
        one = draft(body if seq < count else NoteAdded(text="note 0"), ANA, moment)
        raw = encode(one, run="R1", seq=seq, prev=prev)
        lines.append(raw)
        prev = digest(lines[-1][:-1])
    return b"".join(lines), Head(seq=count, digest=prev)
