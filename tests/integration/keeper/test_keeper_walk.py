"""A keeper beside a walk: gates by fresh readings only, evidence, samples; a real process, server and log."""

from __future__ import annotations

import time
from pathlib import Path

from keeper_stage import Server, Stage, confirm, do, until
from looks import HANGS_S

from cockpit.audit.verify import verify
from cockpit.run.commands import FinishRun, Refusal, SkipStep
from cockpit.session.nudge import probe_now
from cockpit.session.outcomes import Done


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
    assert keeper.wait(HANGS_S) == 0
    stopped = stage.events("keeper.stopped")
    assert [event.body.reason for event in stopped] == ["run over"]  # type: ignore[attr-defined] # a KeeperStopped
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
    from cockpit.session.creating import create_run

    stage.begin()
    path = stage.folder / "stage.toml"
    loaded = load(path, installed())
    probes = tuple(replace(probe, kind="gone") if probe.id == "api" else probe for probe in loaded.profile.probes)
    profile = replace(loaded.profile, probes=probes)
    stage.run_dir = create_run(replace(loaded, profile=profile), {"base": stage.server.url}, folder=stage.folder / "r2")
    stage.keeper()
    until(lambda: stage.state.probes["api"].status == "error", "the error")
    assert "no plug-in for kind `gone`" in stage.state.probes["api"].detail


def test_samples_come_at_most_once_a_second_however_often_a_probe_is_read(stage: Stage) -> None:
    stage.begin(interval="0.1")
    stage.keeper()
    until(lambda: len(stage.events("probes.sampled")) >= 4, "four samples")
    at = [event.instant.mono for event in stage.events("probes.sampled")]
    assert len(at) - 1 <= (at[-1] - at[0]) * 1.1
    assert stage.bodies("probes.sampled")[0].key


def test_a_driver_that_no_probe_needs_is_not_loaded(stage: Stage) -> None:
    stage.begin()
    keeper = stage.keeper()
    until(lambda: stage.bodies("probe.changed"), "a reading")
    mapped = Path(f"/proc/{keeper.pid}/maps").read_text()
    assert "msgspec" in mapped
    assert "psycopg" not in mapped


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
