"""Somebody joins with an older or a newer cockpit: both are told, and who cannot read everything decides nothing."""

from __future__ import annotations

from ssh_host import SshHost
from ssh_nights import Shared, answers, leave, press, shared
from terminal import Terminal

import cockpit
from cockpit.run.events import HoldPlaced, KeeperStarted, StepConfirmed

PHASES = """
[[phases]]
id = "one"
title = "One"
[[phases.steps]]
id = "first"
title = "First"
[[phases.steps]]
id = "second"
title = "Second"
"""
OLDER = """
import cockpit
from cockpit.run import events
cockpit.__version__ = "0.0.9"
del events.BODIES["note.added"]  # of a time before there were any
"""
NEWER = """
from typing import ClassVar
import cockpit
from cockpit.run import events, deciding_line
cockpit.__version__ = "9.9.0"

class NotePinned(events.Body, frozen=True, kw_only=True):
    type: ClassVar[str] = "note.pinned"
    text: str

deciding_line.noted.__code__ = (lambda state, command: (__import__("sitecustomize").NotePinned(text="later"),)).__code__
events.BODIES["note.pinned"] = NotePinned
"""
READING_ONLY = "a newer cockpit wrote to this log: reading only; update cockpit"


def notes(screen: Terminal, text: str) -> None:
    answers(screen, "what should others know", text, opened_by="n")


def joins(it: Shared, program: str) -> Terminal:
    return it.host.ssh("bo", program, "join", it.run_dir.name, COCKPIT_RUNS=str(it.runs), columns=120, lines=40)


def test_who_joins_with_another_cockpit_is_seen_to_and_keeps_nobody_from_acting(ssh_host: SshHost) -> None:
    ssh_host.another_cockpit("cockpit-older", OLDER)
    ssh_host.another_cockpit("cockpit-newer", NEWER)
    mine = cockpit.__version__
    with shared(ssh_host, PHASES) as it, it.sits("ana", "resume", columns=120, lines=40) as ana:
        ana.wait_for(r"watching \(epoch 1")
        with joins(it, "cockpit-older") as older, joins(it, "cockpit-newer") as newer:
            ana.wait_for(rf"other cockpits than this one \({mine}\): bo \d")
            older.wait_for(rf"other cockpits than this one \(0\.0\.9\): ana {mine}")
            newer.wait_for(rf"other cockpits than this one \(9\.9\.0\): ana {mine}")
            notes(ana, "a note")
            older.wait_for(READING_ONLY)
            press(older, "h", "✖ .*update")
            press(ana, "c", "confirmed 1.1 First")
            for screen in (ana, older, newer):
                screen.wait_for("confirmed 1.1 First")
            notes(newer, "pinned")
            ana.wait_for(READING_ONLY)
            press(ana, "c", "✖ .*update")
            for screen in (older, newer, ana):
                leave(screen)
        assert it.bodies(HoldPlaced) == []
        assert len(it.of(StepConfirmed)) == 1
        assert len(it.bodies(KeeperStarted)) == 1
