"""Waits, triggers, plans, set times, targets and rest beside a real run: what a keeper process tells of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from keeper_stage import Server, Stage, confirm, until
from msgspec.structs import replace

from cockpit.profile.model import Channel, Phase, Profile, RollbackPlan, Step, Target, Trigger, Window
from cockpit.run.events import HoldReleased, NoteAdded, StepConfirmed
from cockpit.session.nudge import probe_now
from cockpit.session.outcomes import Done

WELL = '{"missing": 0}'


def walk(*steps: Step, **more: Any) -> Callable[[Profile], Profile]:
    stage = more.pop("stage", "window")
    phases = (Phase(id="one", title="One", steps=(*steps, Step(id="last", title="Last")), stage=stage),)
    return lambda profile: replace(profile, phases=phases, **more)


def wait(duration: float, on_breach: str = "restart") -> Step:
    settings = {"duration": duration, "healthy": ["missing == 0"], "on_breach": on_breach}
    return Step(id="settle", title="Settle", kind="wait", behaviour="wait", settings=settings)


def patient(walked: Callable[[Profile], Profile]) -> Callable[[Profile], Profile]:
    """Probes that stay fresh on a host that is slow: what is late would be a breach."""

    def longer(profile: Profile) -> Profile:
        return walked(replace(profile, probes=tuple(replace(probe, interval_s=15.0) for probe in profile.probes)))

    return longer


def test_a_wait_is_completed_after_its_time_in_health(stage: Stage, server: Server) -> None:
    server.body = WELL
    stage.begin_with(patient(walk(wait(1.0))))
    stage.keeper()
    until(lambda: stage.bodies("wait.completed"), "the end of the wait")
    began, completed = stage.events("wait.began")[-1], stage.events("wait.completed")[0]
    assert completed.instant.mono - began.instant.mono >= 1.0
    assert len(stage.bodies("wait.began")) == 1
    settle = stage.state.steps["settle"].wait
    assert settle is not None
    assert settle.status == "completed"


def test_a_breach_begins_a_wait_again_and_health_lets_it_end(stage: Stage, server: Server) -> None:
    server.body = WELL
    stage.begin_with(walk(wait(4.0)))
    stage.keeper()
    until(lambda: stage.bodies("wait.began") and stage.state.probes["missing"].status == "pass", "a healthy wait")
    server.body = '{"missing": 4}'
    # not the second beginning: a reading that comes late is a breach, too
    until(lambda: any("missing is 4" in body.detail for body in stage.bodies("wait.began")), "a breach")
    server.body = WELL
    until(lambda: stage.bodies("wait.completed"), "the end of the wait")
    began, completed = stage.events("wait.began")[-1], stage.events("wait.completed")[0]
    assert completed.instant.mono - began.instant.mono >= 4.0


def test_a_wait_goes_on_with_the_next_keeper(stage: Stage, server: Server) -> None:
    server.body = WELL
    stage.begin_with(patient(walk(wait(2.5))))
    first = stage.keeper()
    until(lambda: stage.bodies("wait.began"), "a wait")
    first.kill()
    first.wait()
    stage.keeper()
    until(lambda: stage.bodies("wait.completed"), "the end of the wait")
    assert len(stage.bodies("wait.began")) == 1


def test_a_trigger_fires_calls_people_and_clears_across_keepers(stage: Stage, server: Server) -> None:
    server.body = WELL
    trigger = Trigger(id="gone", title="Profiles are missing", when=("missing > 0",), for_s=0.5, severity="immediate")
    channels = (Channel(id="oncall", webhook="${base}/hook"),)
    stage.begin_with(walk(triggers=(trigger,), channels=channels, alerts="oncall"))
    first = stage.plugged()
    until(lambda: stage.state.probes["missing"].status == "pass", "health")
    server.body = '{"missing": 2}'
    until(lambda: stage.bodies("alert.sent"), "a call")
    (fired,) = stage.bodies("trigger.fired")
    assert [(one.probe, one.value) for one in fired.current] == [("missing", 2)]
    (sent,) = stage.bodies("alert.sent")
    assert (sent.ok, sent.about) == (True, "trigger (immediate): Profiles are missing")
    assert (stage.folder / "sent").read_text().startswith(f"{server.url}/hook stage staging: trigger")
    first.kill()
    first.wait()
    stage.plugged()
    until(lambda: len(stage.bodies("keeper.started")) == 2, "the next keeper")
    server.body = WELL
    until(lambda: stage.bodies("trigger.cleared"), "its end")
    assert len(stage.bodies("trigger.fired")) == 1
    assert len(stage.state.fired) == 1, "it stays until it is answered"


def test_a_service_that_is_gone_altogether_fires_the_trigger_that_watches_for_it(stage: Stage, server: Server) -> None:
    server.body = WELL
    trigger = Trigger(id="gone", title="Nobody answers", when=("!missing.passing",), for_s=0.5, severity="immediate")
    stage.begin_with(walk(triggers=(trigger,)))
    stage.plugged()
    until(lambda: stage.state.probes["missing"].status == "pass", "health")
    server.close()
    until(lambda: stage.bodies("trigger.fired"), "the trigger")
    assert stage.state.probes["missing"].status == "error"


def test_nobody_is_called_while_a_screen_is_open(stage: Stage, server: Server) -> None:
    trigger = Trigger(id="gone", title="Profiles are missing", when=("missing > 0",))
    channels = (Channel(id="oncall", webhook="${base}/hook"),)
    stage.begin_with(walk(triggers=(trigger,), channels=channels, alerts="oncall"))
    with stage.seat() as seat:
        seat.follow(lambda view: None)
        until(lambda: stage.bodies("operator.attached"), "a seat")
        stage.plugged()
        until(lambda: stage.bodies("trigger.fired"), "the trigger")
    assert not (stage.folder / "sent").exists()


def test_people_are_called_once_to_finish_a_run_whose_steps_are_all_settled(stage: Stage) -> None:
    stage.begin_with(walk(channels=(Channel(id="oncall", webhook="${base}/hook"),), alerts="oncall"))
    stage.plugged()
    stage.append(StepConfirmed(step="last", attempt=1))
    until(lambda: stage.bodies("alert.sent"), "a call")
    stage.append(NoteAdded(text="I come"))
    until(lambda: len(stage.bodies("probes.sampled")) > 3, "some time")
    (sent,) = stage.bodies("alert.sent")
    assert (sent.ok, sent.about) == (True, "every step is settled: finish the run (F), its keeper goes on until then")


def test_plans_are_judged_by_probes_and_by_what_was_done(stage: Stage, server: Server) -> None:
    server.body = WELL
    plans = (
        RollbackPlan(id="early", title="Early", phases=(), when=("since.first < 3600.0",)),
        RollbackPlan(id="healthy", title="Healthy", phases=(), when=("missing == 0",)),
    )
    stage.begin_with(walk(Step(id="first", title="First"), rollbacks=plans))
    stage.keeper()
    until(lambda: stage.state.plans == {"early": "unknown", "healthy": "pass"}, "a first verdict")
    stage.append(StepConfirmed(step="first", attempt=1))
    until(lambda: stage.state.plans == {"early": "pass", "healthy": "pass"}, "a plan that fits now")
    server.body = '{"missing": 2}'
    until(lambda: stage.state.plans == {"early": "pass", "healthy": "blocked"}, "a plan that fits no more")


def test_a_plan_counts_from_the_end_of_an_action_that_nobody_confirmed_yet(stage: Stage) -> None:
    deploy = Step(id="deploy", title="Deploy", kind="fake", behaviour="action", settings={"until": "go"})
    plans = (
        RollbackPlan(id="early", title="Early", phases=(), when=("since.deploy < 3600.0",)),
        RollbackPlan(id="late", title="Late", phases=(), when=("since.deploy >= 3600.0",)),
    )
    stage.begin_with(walk(deploy, rollbacks=plans))
    stage.plugged()
    until(lambda: stage.state.plans == {"early": "unknown", "late": "unknown"}, "nothing that could be gone back from")
    action = stage.order("deploy")
    until(lambda: stage.state.plans == {"early": "pass", "late": "blocked"}, "a way back from what was begun")
    (stage.run_dir / "go").touch()
    assert stage.ending(action).outcome == "succeeded"
    assert stage.state.plans == {"early": "pass", "late": "blocked"}
    assert stage.state.steps["deploy"].status == "open"


def test_what_was_recorded_opens_gates_and_decides_what_applies(stage: Stage) -> None:
    choices = {"choices": [{"id": "go"}, {"id": "later"}]}
    go = Step(id="go", title="Go?", kind="decision", behaviour="decision", settings=choices)
    only = Step(id="extra", title="Extra", only_if=("recorded.go == 'go'",))
    stage.begin_with(walk(go, only))
    stage.keeper()
    stage.append(StepConfirmed(step="go", attempt=1, values={"go": "later"}))
    until(lambda: stage.state.steps["extra"].status == "not_applicable", "the step that does not apply")
    assert stage.state.steps["extra"].reason == "recorded.go is later"


def test_a_choice_that_stops_lets_nothing_be_passed_by_until_the_hold_is_released(stage: Stage) -> None:
    go = Step(id="go", title="Go?", kind="decision", behaviour="decision")
    only = Step(id="extra", title="Extra", only_if=("recorded.go == 'go'",))
    stage.begin_with(walk(go, only))
    stage.keeper()
    stage.append(StepConfirmed(step="go", attempt=1, values={"go": "no_go"}))
    until(lambda: stage.gate() == "blocked", "what is found of it")
    assert stage.state.steps["extra"].status == "open"
    stage.append(HoldReleased(reason="they agreed to go without it"))
    assert stage.state.steps["extra"].status == "not_applicable"


def test_a_checkpoint_becomes_due_by_the_clock_and_its_gate_is_read_then(stage: Stage, server: Server) -> None:
    server.body = WELL
    settings = {"since": "start", "delay": 1.0}
    look = Step(
        id="look", title="Look", kind="checkpoint", behaviour="checkpoint", settings=settings, gate=("missing == 0",)
    )
    stage.begin_with(walk(look))
    stage.keeper()
    (due,) = until(lambda: stage.events("step.due"), "the set time")
    until(lambda: stage.gate() == "pass", "its gate")
    assert stage.bodies("gate.changed")[-1].opened_seq == due.seq


def test_probing_waits_for_the_targets_but_not_for_ever(stage: Stage) -> None:
    stage.begin_with(walk(targets=(Target(id="db", kind="postgres", dsn="x"),)))
    (stage.folder / "db").write_text("mismatch")
    stage.plugged()
    until(lambda: stage.bodies("probe.changed"), "a reading")
    types = [event.type for event in stage.events()]
    assert types.index("target.seen") < types.index("probe.changed")
    assert stage.state.targets["db"].verdict == "mismatch"


def test_outside_of_the_window_only_what_is_waited_for_is_read(stage: Stage, server: Server) -> None:
    server.body = WELL
    now = datetime.now(UTC)
    window = Window(start=(now - timedelta(hours=5)).isoformat(), end=(now - timedelta(hours=1)).isoformat())
    gated = Step(id="gated", title="Gated", gate=("missing == 0",))
    stage.begin_with(walk(gated, window=window, stage="after"))
    stage.keeper()
    until(lambda: stage.gate() == "pass", "a gate that is read")
    assert stage.state.probes["api"].status == "unread"
    probe_now(stage.run_dir)
    until(lambda: stage.state.probes["api"].status == "pass", "a reading that was asked for")
    until(lambda: stage.state.probes["api"].status == "stale", "rest")
    assert stage.state.probes["api"].detail == "resting outside the window"
    with stage.seat() as seat:
        assert isinstance(confirm(seat, "gated"), Done)
    until(lambda: stage.state.probes["missing"].status == "stale", "rest of what is no longer waited for")
    changed = len(stage.bodies("probe.changed"))
    requests = server.requests
    probe_now(stage.run_dir, ["missing"])
    until(lambda: server.requests > requests, "a reading that was asked for")
    until(lambda: len(stage.bodies("probe.changed")) == changed + 2, "read, and at rest again")
