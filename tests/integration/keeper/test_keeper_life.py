"""How keepers begin, are killed, hand over and end: real processes and signals."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from keeper_stage import Server, Stage, confirm, do, until

from cockpit.audit.layout import keeper_lock, log_path
from cockpit.audit.locks import HeldLock
from cockpit.run.commands import AbortRun, Refusal
from cockpit.run.refusals import KEEPER_SILENCE_S
from cockpit.session.outcomes import Done


def test_a_second_keeper_leaves_quietly(stage: Stage) -> None:
    stage.begin()
    first = stage.keeper()
    second = stage.keeper()
    assert second.wait(60) == 0
    assert first.poll() is None
    until(lambda: stage.bodies("keeper.started"), "what the first one says")
    assert [body.epoch for body in stage.bodies("keeper.started")] == [1]


def test_after_sigkill_another_keeper_takes_over_with_the_next_epoch(stage: Stage, server: Server) -> None:
    server.body = '{"missing": 0}'
    stage.begin()
    first = stage.keeper()
    with stage.seat() as seat:
        confirm(seat, "first")
        until(lambda: stage.gate() == "pass", "an open gate")
        first.kill()
        first.wait()
        assert not seat.keeper_sight().alive
        refusal = confirm(seat, "second")
        assert isinstance(refusal, Refusal)
        assert "no keeper is running" in refusal.why
        stage.keeper()
        until(lambda: stage.state.keeper and stage.state.keeper.epoch == 2 and stage.gate() == "pass", "a new verdict")
        assert isinstance(confirm(seat, "second"), Done)
    assert [body.epoch for body in stage.bodies("keeper.started")] == [1, 2]


def test_a_keeper_that_is_stopped_is_seen_as_silent(stage: Stage, server: Server) -> None:
    server.body = '{"missing": 0}'
    stage.begin()
    keeper = stage.keeper()
    with stage.seat() as seat:
        confirm(seat, "first")
        until(lambda: stage.gate() == "pass", "an open gate")
        stage.freeze(keeper)
        until(lambda: seat.keeper_sight().silent_s > KEEPER_SILENCE_S, "silence")
        assert seat.keeper_sight().alive
        refusal = confirm(seat, "second")
        assert isinstance(refusal, Refusal)
        assert "silent" in refusal.why
        keeper.send_signal(signal.SIGCONT)
        until(lambda: seat.keeper_sight().silent_s < 1.0, "a beat")


def test_sigterm_ends_it_in_order_and_a_hangup_does_not_end_it(stage: Stage) -> None:
    stage.begin()
    keeper = stage.keeper()
    until(lambda: stage.bodies("probe.changed"), "a reading")
    keeper.send_signal(signal.SIGHUP)
    sampled = len(stage.events("probes.sampled"))
    until(lambda: len(stage.events("probes.sampled")) > sampled, "another sample after the hangup")
    keeper.terminate()
    assert keeper.wait(60) == 0
    assert [body.reason for body in stage.bodies("keeper.stopped")] == ["terminated"]


def test_a_run_that_is_over_gets_no_keeper(stage: Stage) -> None:
    stage.begin()
    with stage.seat() as seat:
        do(seat, AbortRun, reason="no more")
    keeper = stage.keeper()
    assert keeper.wait(60) == 0
    assert stage.bodies("keeper.started") == []


def test_a_keeper_of_no_run_says_so(stage: Stage, tmp_path: Path) -> None:
    stage.run_dir = tmp_path / "nowhere"
    assert stage.keeper().wait(60) == 3
    assert "nowhere" in (tmp_path / "keeper-0.log").read_text()


def test_a_keeper_whose_log_can_no_longer_be_written_ends_with_a_sentence(stage: Stage, tmp_path: Path) -> None:
    from cockpit.audit.layout import poison_mark

    stage.begin()
    keeper = stage.keeper()
    until(lambda: stage.bodies("probe.changed"), "a reading")
    poison_mark(stage.run_dir).write_text("the disk is full")
    assert keeper.wait(60) == 5
    said = (tmp_path / "keeper-0.log").read_text()
    assert "cockpit keeper: " in said
    assert "Traceback" not in said


def test_a_keeper_whose_disk_is_full_ends_with_a_sentence_and_nothing_is_lost(stage: Stage, tmp_path: Path) -> None:
    import resource

    stage.begin()
    keeper = stage.keeper()
    until(lambda: stage.bodies("probe.changed"), "a reading")
    size = log_path(stage.run_dir).stat().st_size + 100
    resource.prlimit(keeper.pid, resource.RLIMIT_FSIZE, (size, size))  # as a full disk: the next write is cut short
    assert keeper.wait(60) == 5
    said = (tmp_path / "keeper-0.log").read_text()
    assert "writing" in said
    assert "Traceback" not in said
    assert stage.bodies("probe.changed"), "what was durable can be read"


def test_a_keeper_whose_log_was_damaged_ends_with_a_sentence(stage: Stage, tmp_path: Path) -> None:
    stage.begin()
    keeper = stage.keeper()
    until(lambda: stage.bodies("probe.changed"), "a reading")
    log = log_path(stage.run_dir)
    with log.open("r+b") as file:
        file.truncate(log.stat().st_size // 2)
    assert keeper.wait(60) == 5
    said = (tmp_path / "keeper-0.log").read_text()
    assert "was cut" in said or "was changed by another program" in said, said  # between or during its appends
    assert "Traceback" not in said


STUBBORN = """
import asyncio, sys, time
from cockpit.keeper import ending, main, opening

class Stubborn:
    async def read(self):
        await asyncio.to_thread(time.sleep, 600)  # the interpreter waits for such threads at its end
    async def close(self):
        pass

async def stubborn(settings, context):
    return Stubborn()

opening.find_opener = lambda kind: stubborn
ending.LAST_S = 0.5
sys.exit(main.main(sys.argv[1:]))
"""


def test_a_plug_in_whose_thread_never_ends_does_not_keep_the_keeper(stage: Stage) -> None:
    stage.begin(timeout="0.2")
    keeper = stage.keeper("-c", STUBBORN)
    until(lambda: "no answer within" in stage.state.probes["api"].detail, "a reading that timed out")
    with stage.seat() as seat:
        do(seat, AbortRun, reason="enough")
    assert keeper.wait(60) == 0
    assert [body.reason for body in stage.bodies("keeper.stopped")] == ["run over"]


def test_a_keeper_holds_its_lock_and_lets_it_go(stage: Stage) -> None:
    stage.begin()
    keeper = stage.keeper()
    assert HeldLock.take(keeper_lock(stage.run_dir)) is None
    os.kill(keeper.pid, signal.SIGKILL)
    keeper.wait()
    lock = HeldLock.take(keeper_lock(stage.run_dir))
    assert lock is not None
    lock.release()
