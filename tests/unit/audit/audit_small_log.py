"""A small log with everything in it: facts, telemetry, a recovery."""

from __future__ import annotations

from pathlib import Path

from cockpit.audit.files import FileStore
from cockpit.audit.line import draft
from cockpit.run.events import Actor, NoteAdded, OperatorAttached, ProbesSampled, Reading

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
