"""A keeper from end to end: real processes, a real server, a real log."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from keeper_stage import Server, Stage, log_path, until

from cockpit.audit.layout import keeper_lock
from cockpit.audit.locks import HeldLock, holder_alive
from cockpit.audit.verify import verify
from cockpit.run.commands import AbortRun, Command, ConfirmStep, FinishRun, Refusal, SkipStep
from cockpit.run.refusals import KEEPER_SILENCE_S
from cockpit.session.nudge import probe_now
from cockpit.session.seat import Done, Outcome, Seat
from cockpit.session.secrets import give, socket_path, wanted


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def stage(tmp_path: Path, server: Server) -> Iterator[Stage]:
    stage = Stage(tmp_path, server)
    yield stage
    stage.end()
    assert not holder_alive(keeper_lock(stage.run_dir)), "a keeper was left behind"


def confirm(seat: Seat, step: str) -> Outcome:
    cursor = seat.view.state.cursor
    assert cursor is not None
    return seat.submit(seat.command(ConfirmStep, step=step, painted_seq=cursor.opened_seq))


def do(seat: Seat, kind: type[Command], **fields: object) -> None:
    outcome = seat.submit(seat.command(kind, **fields))
    assert isinstance(outcome, Done), outcome


def test_a_walk_is_watched_from_start_to_finish_and_the_keeper_ends_with_it(stage: Stage, server: Server) -> None:
    stage.begin()
    keeper = stage.keeper()
    until(lambda: stage.state.probes["missing"].status == "pass", "the first reading")
    with stage.seat() as seat:
        assert isinstance(confirm(seat, "first"), Done)
        until(lambda: stage.gate() == "blocked", "a blocked gate")
        refusal = confirm(seat, "second")
        assert isinstance(refusal, Refusal)
        assert "missing is 12" in refusal.why
        server.body = '{"missing": 0}'
        until(lambda: stage.gate() == "pass", "an open gate")
        outcome = confirm(seat, "second")
        assert isinstance(outcome, Done)
        evidence = {one.probe: one for one in outcome.events[0].body.current}  # type: ignore[attr-defined] # a StepConfirmed
        assert evidence["missing"].value == 0, "what is recorded is what opened the gate"
        assert isinstance(confirm(seat, "third"), Done)
        do(seat, FinishRun)
    began = time.monotonic()
    assert keeper.wait(10) == 0
    stopped = stage.events("keeper.stopped")
    assert [event.body.reason for event in stopped] == ["run over"]  # type: ignore[attr-defined] # a KeeperStopped
    assert stopped[0].instant.mono - stage.events("run.finished")[0].instant.mono < 1.0
    assert time.monotonic() - began < 5
    assert verify(stage.run_dir).ok


def test_a_gate_counts_no_reading_begun_before_it_opened(stage: Stage, server: Server) -> None:
    server.body = '{"missing": 0}'
    stage.begin(interval="0.2", timeout="5")
    stage.keeper()
    until(lambda: {p.status for p in stage.state.probes.values()} == {"pass"}, "all probes passing")
    server.delay_s = 1.0  # from now on a reading takes a second: none of the good ones before may open the gate
    requests = server.requests
    until(lambda: server.requests >= requests + 2, "readings that are under way")
    server.body = '{"missing": 7}'
    with stage.seat() as seat:
        assert isinstance(confirm(seat, "first"), Done)
        assert isinstance(confirm(seat, "second"), Refusal)
        assert until(lambda: (g := stage.gate()) != "pending" and g, "a verdict") == "blocked"
    opened = stage.events("step.confirmed")[0].instant.mono
    verdicts = stage.events("gate.changed")
    assert all(event.body.verdict != "pass" for event in verdicts)  # type: ignore[attr-defined] # a GateChanged
    assert verdicts[0].instant.mono - opened > 0.9, "the first verdict came from a reading begun after the opening"


def test_an_open_gate_closes_when_its_probe_goes_stale_or_in_error(stage: Stage, server: Server) -> None:
    server.body = '{"missing": 0}'
    stage.begin(interval="0.2", timeout="0.3")
    stage.keeper()
    with stage.seat() as seat:
        confirm(seat, "first")
        until(lambda: stage.gate() == "pass", "an open gate")
        server.delay_s = 3.0
        until(lambda: stage.gate() == "unknown", "a gate that cannot be judged")
        refusal = confirm(seat, "second")
        assert isinstance(refusal, Refusal)
        assert "cannot be judged" in refusal.why


def test_a_second_keeper_leaves_quietly(stage: Stage) -> None:
    stage.begin()
    first = stage.keeper()
    second = stage.keeper()
    assert second.wait(10) == 0
    assert first.poll() is None
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
        keeper.send_signal(signal.SIGSTOP)
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
    assert keeper.wait(10) == 0
    assert [body.reason for body in stage.bodies("keeper.stopped")] == ["terminated"]


def test_a_run_that_is_over_gets_no_keeper(stage: Stage) -> None:
    stage.begin()
    with stage.seat() as seat:
        do(seat, AbortRun, reason="no more")
    keeper = stage.keeper()
    assert keeper.wait(10) == 0
    assert stage.bodies("keeper.started") == []


def test_a_keeper_of_no_run_says_so(stage: Stage, tmp_path: Path) -> None:
    stage.run_dir = tmp_path / "nowhere"
    assert stage.keeper().wait(10) == 3
    assert "nowhere" in (tmp_path / "keeper-0.log").read_text()


def test_a_keeper_whose_log_can_no_longer_be_written_ends_with_a_sentence(stage: Stage, tmp_path: Path) -> None:
    from cockpit.audit.layout import poison_mark

    stage.begin()
    keeper = stage.keeper()
    until(lambda: stage.bodies("probe.changed"), "a reading")
    poison_mark(stage.run_dir).write_text("the disk is full")
    assert keeper.wait(20) == 5
    said = (tmp_path / "keeper-0.log").read_text()
    assert "cockpit keeper: " in said
    assert "Traceback" not in said


def test_a_nudge_reads_at_once_what_the_gate_needs(stage: Stage, server: Server) -> None:
    stage.begin(interval="600", timeout="1")
    stage.keeper()
    until(lambda: len(stage.bodies("probe.changed")) == 2, "both first readings, although the interval is ten minutes")
    requests = server.requests
    probe_now(stage.run_dir)
    until(lambda: server.requests == requests + 2, "both probes read again")
    probe_now(stage.run_dir, ["missing"])
    until(lambda: server.requests == requests + 3, "the one that was named")


def test_a_probe_of_an_unknown_kind_reads_error_and_never_opens_a_gate(stage: Stage) -> None:
    from msgspec.structs import replace

    from cockpit.profile.kinds import installed
    from cockpit.profile.load import load
    from cockpit.session.runs import create_run

    stage.begin()
    path = stage.folder / "stage.toml"
    loaded = load(path, installed())
    probes = tuple(replace(probe, kind="gone") if probe.id == "api" else probe for probe in loaded.profile.probes)
    profile = replace(loaded.profile, probes=probes)
    stage.run_dir = create_run(replace(loaded, profile=profile), {"base": stage.server.url}, folder=stage.folder / "r2")
    stage.keeper()
    until(lambda: stage.state.probes["api"].status == "error", "the error")
    assert "no plug-in for kind `gone`" in stage.state.probes["api"].detail


def test_a_keeper_whose_disk_is_full_ends_with_a_sentence_and_nothing_is_lost(stage: Stage, tmp_path: Path) -> None:
    import resource

    stage.begin()
    keeper = stage.keeper()
    until(lambda: stage.bodies("probe.changed"), "a reading")
    size = log_path(stage.run_dir).stat().st_size + 100
    resource.prlimit(keeper.pid, resource.RLIMIT_FSIZE, (size, size))  # as a full disk: the next write is cut short
    assert keeper.wait(20) == 5
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
    assert keeper.wait(20) == 5
    said = (tmp_path / "keeper-0.log").read_text()
    assert "was cut" in said
    assert "Traceback" not in said


def test_samples_come_at_most_once_a_second_however_often_a_probe_is_read(stage: Stage) -> None:
    stage.begin(interval="0.1")
    stage.keeper()
    until(lambda: len(stage.events("probes.sampled")) >= 4, "four samples")
    at = [event.instant.mono for event in stage.events("probes.sampled")]
    assert all(later - earlier > 0.9 for earlier, later in pairwise(at))
    assert stage.bodies("probes.sampled")[0].key


def test_a_driver_that_no_probe_needs_is_not_loaded(stage: Stage) -> None:
    stage.begin()
    keeper = stage.keeper()
    until(lambda: stage.bodies("probe.changed"), "a reading")
    mapped = Path(f"/proc/{keeper.pid}/maps").read_text()
    assert "msgspec" in mapped
    assert "psycopg" not in mapped


STUBBORN = """
import asyncio, sys, time
from cockpit.keeper import __main__, keeper, opening

class Stubborn:
    async def read(self):
        await asyncio.to_thread(time.sleep, 600)  # the interpreter waits for such threads at its end
    async def close(self):
        pass

async def stubborn(settings, context):
    return Stubborn()

opening.find_opener = lambda kind: stubborn
keeper.LAST_S = 0.5
sys.exit(__main__.main(sys.argv[1:]))
"""


def test_a_plug_in_whose_thread_never_ends_does_not_keep_the_keeper(stage: Stage) -> None:
    stage.begin(timeout="0.2")
    keeper = stage.keeper("-c", STUBBORN)
    until(lambda: "no answer within" in stage.state.probes["api"].detail, "a reading that timed out")
    with stage.seat() as seat:
        do(seat, AbortRun, reason="enough")
    assert keeper.wait(10) == 0
    assert [body.reason for body in stage.bodies("keeper.stopped")] == ["run over"]


SECRET = "correct-horse-battery-staple"
ASKED = """
[variables.token]
prompt = "The token"
secret = true

[variables.other]
env = "COCKPIT_TEST_OTHER"
secret = true

[[probes]]
id = "guarded"
kind = "http"
url = "${base}/guarded"
bearer = "${token}"
interval = 0.2
timeout = 1
value = "text"

[[probes]]
id = "other"
kind = "http"
url = "${base}/other"
bearer = "${other}"
interval = 600
timeout = 1
"""


def test_a_typed_secret_reaches_its_probe_and_nothing_else(stage: Stage, server: Server) -> None:
    server.body = f'{{"missing": 0, "quoted": "{SECRET}"}}'  # a server that gives it away
    stage.begin(more=ASKED)
    stage.keeper()
    until(lambda: stage.state.probes["guarded"].status == "error", "the probe that waits")
    assert "waiting for the secret `token`" in stage.state.probes["guarded"].detail
    until(lambda: "COCKPIT_TEST_OTHER" in stage.state.probes["other"].detail, "the one that the environment lacks")
    assert wanted(stage.run_dir) == ("token",)
    assert socket_path(stage.run_dir).stat().st_mode & 0o777 == 0o600
    give(stage.run_dir, "token", SECRET)
    until(lambda: stage.state.probes["guarded"].status == "pass", "the probe that has its secret")
    assert wanted(stage.run_dir) == ()
    until(lambda: stage.state.probes["guarded"].reading, "a sample")
    reading = stage.state.probes["guarded"].reading
    assert reading is not None
    assert "‹secret token›" in str(reading.value)
    assert SECRET.encode() not in stage.everything_kept()


def test_a_new_keeper_asks_again(stage: Stage) -> None:
    stage.begin(more=ASKED)
    first = stage.keeper(COCKPIT_TEST_OTHER="known")
    give(stage.run_dir, "token", SECRET)
    assert wanted(stage.run_dir) == ()
    first.kill()
    first.wait()
    stage.keeper(COCKPIT_TEST_OTHER="known")
    assert wanted(stage.run_dir) == ("token",)
    until(lambda: stage.state.probes["other"].status == "pass", "a secret of the environment")


@pytest.mark.parametrize(
    "request_bytes",
    [b"\n", b"not json\n", b'{"name": "token"}\n', b"x" * 200_000 + b"\n", b'{"name": "base", "value": "x"}\n'],
)
def test_nonsense_on_the_socket_changes_nothing(stage: Stage, request_bytes: bytes) -> None:
    import socket

    stage.begin(more=ASKED)
    keeper = stage.keeper()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(socket_path(stage.run_dir)))
        try:
            connection.sendall(request_bytes)
            answer = connection.recv(4096)
        except ConnectionError:
            answer = b'"ok":false'
    assert b'"ok":false' in answer
    assert wanted(stage.run_dir) == ("token",)
    assert keeper.poll() is None


def test_a_keeper_holds_its_lock_and_lets_it_go(stage: Stage) -> None:
    stage.begin()
    keeper = stage.keeper()
    assert HeldLock.take(keeper_lock(stage.run_dir)) is None
    os.kill(keeper.pid, signal.SIGKILL)
    keeper.wait()
    lock = HeldLock.take(keeper_lock(stage.run_dir))
    assert lock is not None
    lock.release()


def test_a_skipped_step_moves_the_gate_on(stage: Stage) -> None:
    stage.begin()
    stage.keeper()
    with stage.seat() as seat:
        confirm(seat, "first")
        until(lambda: stage.gate() == "blocked", "a blocked gate")
        cursor = seat.view.state.cursor
        assert cursor is not None
        do(seat, SkipStep, step="second", reason="not today", painted_seq=cursor.opened_seq)
    changed = len(stage.bodies("gate.changed"))
    time.sleep(0.5)  # nothing is to come: there is no condition to wait for
    assert len(stage.bodies("gate.changed")) == changed
