"""Two people walk a run together, each in a session of their own over real SSH: what one does, the other sees."""

from __future__ import annotations

from itertools import pairwise

from seated import until
from ssh_host import SshHost
from ssh_nights import PRODUCTION, agrees, answers, leave, past_return, press, shared

from cockpit.run.events import (
    HoldPlaced,
    KeeperStarted,
    NoteAdded,
    StepConfirmed,
    StepCountersigned,
    TriggerRaised,
)

PROFILE = """
[[roles]]
id = "dba"
people = ["ana", "bo"]
[[probes]]
id = "up"
kind = "command"
argv = ["true"]
interval = 0.3
timeout = 2
value = "exit_code"
[[phases]]
id = "prepare"
title = "Prepare"
[[phases.steps]]
id = "copy"
title = "Copy"
kind = "command"
argv = ["sh", "-c", "echo copied by $(id -un)"]
gate = ["up == 0"]
[[phases]]
id = "switch"
title = "Switch"
[[phases.steps]]
id = "drop"
title = "Drop"
risk = "irreversible"
[[phases.steps]]
id = "approve"
title = "Approve"
kind = "signoff"
role = "dba"
four_eyes = true
"""


def test_two_people_walk_a_run_together_from_its_start_to_its_end(ssh_host: SshHost) -> None:
    with shared(ssh_host, PROFILE, PRODUCTION + past_return()) as it:
        with it.sits("ana", "resume") as ana, it.sits("bo", "join") as bo:
            ana.wait_for(r"watching \(epoch 1")
            bo.wait_for("WATCHING  pen: ana")
            bo.wait_for("✔ up")
            # the acting one acts, and the other sees it, output and all
            ana.send("r")
            bo.wait_for("copied by ana")
            ana.wait_for("c confirm")
            # the watching one cannot act, and says so
            press(bo, "c", "✖ .*(watch|pen)")
            assert it.bodies(StepConfirmed) == []
            # but notes, holds, releases and raises a flag
            answers(bo, "what should others know", "lag ok", opened_by="n")
            ana.wait_for("bo  note on 1.1 Copy: lag ok")
            answers(bo, "what is wrong", "wait", opened_by="h")
            ana.wait_for("HELD")
            press(ana, "c", "✖ bo holds the run")
            assert it.bodies(StepConfirmed) == []
            answers(bo, "why is it right to go on", "done", opened_by="h")
            ana.wait_until_gone("HELD")
            agrees(bo, "Enter choose", "enter", opened_by="!")
            answers(bo, "what do you see", "errors")
            ana.wait_for("errors")
            answers(ana, "why is it right to go on", "old ones", opened_by="g")
            bo.wait_for("old ones")
            press(ana, "c", r"confirmed 1\.1 Copy")
            for screen in (ana, bo):
                screen.wait_for(r"confirmed 1\.1 Copy")
            # past the point of no return what cannot be taken back takes two
            press(ana, "c", "a second person agrees from their own seat")
            press(ana, "a", "✖ ana holds the pen")
            assert it.bodies(StepCountersigned) == []
            agrees(bo, "Agree to 2.1 Drop as the second person", "a", opened_by="a")
            ana.wait_for("✔ bo.* agrees")
            answers(ana, "type drop to go on", "drop", opened_by="c")
            for screen in (ana, bo):
                screen.wait_for(r"confirmed 2\.1 Drop, with bo")
            # and whoever did the work does not approve it
            press(ana, "a", "✖ ana did 2.1 Drop")
            agrees(bo, r"Approve 2\.2 Approve\?", "a", opened_by="a")
            for screen in (ana, bo):
                screen.wait_for("bo  signed off 2.2 Approve")
            agrees(ana, "Finish the run", "F", opened_by="F")
            for screen in (ana, bo):
                screen.wait_for("FINISHED")
                leave(screen)
        until(lambda: not it.host.keepers(it.run_dir), "the keeper's end")
        assert [each.actor.user for each in it.of(StepConfirmed)] == ["ana", "ana", "bo"]
        assert [each.actor.user for each in it.of(NoteAdded, HoldPlaced, TriggerRaised, StepCountersigned)] == [
            "bo"
        ] * 4
        assert it.of(StepConfirmed)[1].body.second.startswith("bo@")
        assert len(it.bodies(KeeperStarted)) == 1
        seqs = [event.seq for event in it.events()]
        assert all(later == earlier + 1 for earlier, later in pairwise(seqs))
