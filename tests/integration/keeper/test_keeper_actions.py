"""Orders carried out by a real keeper process with a plug-in of its own: once, after all checks, to a told end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from keeper_stage import Stage, until
from msgspec.structs import replace

from cockpit.audit.clock import now
from cockpit.profile.model import Phase, Profile, Step, Target, Variable
from cockpit.run.events import ActionCancelled, ActionRequested, ActionStarted, HoldPlaced, RunAborted

DB = Target(id="db", kind="postgres", dsn="postgres://localhost/${run.environment}", database="shop")


def with_step(*, kind: str = "fake", requires: tuple[str, ...] = (), **settings: Any) -> Callable[[Profile], Profile]:
    """A profile whose first step is of the plug-in's kind."""
    act = Step(id="act", title="Act", kind=kind, behaviour="action", settings=settings, requires=requires)
    phases = (Phase(id="doing", title="Doing", steps=(act, Step(id="look", title="Look"))),)
    token = Variable(name="token", env="COCKPIT_TEST_TOKEN", secret=True)
    return lambda profile: replace(profile, phases=phases, targets=(DB,), variables=(*profile.variables, token))


def test_an_order_is_carried_out_once_and_its_intent_comes_first(stage: Stage) -> None:
    stage.begin_with(with_step(says="hello", target="db", expect=("rows == 3",)))
    stage.plugged(COCKPIT_TEST_TOKEN="open-sesame")
    action = stage.order("act")
    ended = stage.ending(action)
    assert (ended.outcome, ended.detail) == ("succeeded", "3 rows")
    assert [verdict.holds for verdict in ended.conditions] == [True]
    assert stage.done(action) == ["run postgres://localhost/staging", "done"]
    types = [event.type for event in stage.events() if event.type.startswith("action")]
    assert types == ["action.requested", "action.started", "action.output", "action.ended"]
    (started,) = stage.bodies("action.started")
    assert (started.shown, started.mode, started.target) == ("fake hello", "real", "db")
    assert [body.text for body in stage.bodies("action.output")] == ["hello ‹secret token›\n"]
    state = stage.state
    assert state.cursor is not None
    assert (state.cursor.step, state.cursor.gate) == ("act", "step:act"), "a person confirms what was done"


def test_an_order_of_another_epoch_or_too_late_lapses_and_nothing_is_done(stage: Stage) -> None:
    stage.begin_with(with_step(says="x"))
    stage.plugged()
    other = stage.order("act", epoch=7)
    assert stage.ending(other).outcome == "lapsed"
    moment = now()
    earlier = replace(moment, mono=moment.mono - 6.0)
    stage.append(ActionRequested(action="A2", step="act", attempt=2, epoch=1), when=earlier)
    late = stage.ending("A2")
    assert (late.outcome, "late" in late.detail) == ("lapsed", True)
    assert stage.done(other) == stage.done("A2") == []
    assert stage.bodies("action.started") == []


def test_an_order_for_a_step_that_is_not_current_is_refused(stage: Stage) -> None:
    stage.begin_with(with_step(says="x"))
    stage.plugged()
    assert stage.ending(stage.order("look")).outcome == "refused"
    assert stage.bodies("action.started") == []


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"refuses": "the moon is full"}, "the moon is full"),
        ({"says": "${nobody}"}, "`nobody` has no value yet"),
        ({"says": "${token}"}, "COCKPIT_TEST_TOKEN"),
        ({"target": "gone"}, "no target `gone`"),
        ({"plan_raises": True}, "the plug-in's own code failed while planning: KeyError"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason(stage: Stage, settings: dict[str, Any], why: str) -> None:
    stage.begin_with(with_step(**settings))
    stage.plugged()
    action = stage.order("act")
    ended = stage.ending(action)
    assert ended.outcome == "refused"
    assert why in ended.detail
    assert stage.done(action) == []
    assert stage.bodies("action.started") == []


def test_a_file_that_changed_since_the_run_began_blocks_its_step(stage: Stage) -> None:
    path = stage.folder / "a.sql"
    path.write_text("select 1;")
    stage.begin_with(with_step(files=("a.sql",)))
    stage.plugged()
    path.write_text("drop table users;")
    changed = stage.order("act")
    ended = stage.ending(changed)
    assert (ended.outcome, "`a.sql` has changed since the run began" in ended.detail) == ("refused", True)
    assert stage.done(changed) == []
    path.write_text("select 1;")
    assert stage.ending(stage.order("act", attempt=2)).outcome == "succeeded"


def test_a_script_that_changed_since_the_run_began_blocks_its_step_for_a_later_keeper_too(stage: Stage) -> None:
    path = stage.folder / "scripts" / "act.sh"
    path.parent.mkdir()
    path.write_text("echo deployed\n")
    (stage.folder / "values.json").write_text("{}")
    stage.begin_with(with_step(kind="command", argv=("sh", "scripts/act.sh", "values.json")))
    first = stage.keeper()
    (stage.folder / "values.json").write_text("data of a step before it")
    done = stage.ending(stage.order("act"))
    assert done.outcome == "succeeded", done
    path.write_text("rm -rf /\n")
    ended = stage.ending(stage.order("act", attempt=2))
    assert ended.outcome == "refused"
    assert "`scripts/act.sh` has changed since the run began" in ended.detail
    assert "put it back as it was, or do the step by hand: d" in ended.detail
    first.kill()
    first.wait()
    stage.keeper()
    until(lambda: len(stage.bodies("keeper.started")) == 2, "another keeper")
    again = stage.ending(stage.order("act", epoch=2, attempt=3))
    assert (again.outcome, "`scripts/act.sh` has changed" in again.detail) == ("refused", True)
    path.write_text("echo deployed\n")
    assert stage.ending(stage.order("act", epoch=2, attempt=4)).outcome == "succeeded"


def test_a_kind_that_is_not_installed_is_warned_of_and_refused(stage: Stage) -> None:
    stage.begin_with(with_step())
    stage.keeper()
    (began, *_) = until(lambda: stage.bodies("keeper.started"), "what it says")
    assert any("`fake`" in warning for warning in began.warnings)
    ended = stage.ending(stage.order("act"))
    assert (ended.outcome, "no plug-in for kind `fake`" in ended.detail) == ("refused", True)


@pytest.mark.parametrize("verdict", ["mismatch", "unreachable"])
def test_a_target_is_looked_at_before_every_action_and_must_be_the_declared_one(stage: Stage, verdict: str) -> None:
    stage.begin_with(with_step(target="db"))
    stage.plugged()
    until(lambda: stage.state.targets.get("db"), "a first look")
    assert stage.state.targets["db"].verdict == "match"
    (stage.folder / "db").write_text(verdict)
    action = stage.order("act")
    ended = stage.ending(action)
    assert ended.outcome == "refused"
    assert "target `db`" in ended.detail
    assert stage.done(action) == []
    assert [body.verdict for body in stage.bodies("target.seen")] == ["match", verdict]
    (stage.folder / "db").write_text("match")
    assert stage.ending(stage.order("act", attempt=2)).outcome == "succeeded"


def test_what_was_not_expected_makes_a_success_a_failure(stage: Stage) -> None:
    stage.begin_with(with_step(rows=0, expect=("rows >= 1", "said == 'x'")))
    stage.plugged()
    ended = stage.ending(stage.order("act"))
    assert (ended.outcome, [verdict.holds for verdict in ended.conditions]) == ("failed", [False, None])
    assert "rows >= 1" in ended.detail


def test_a_runner_that_raises_leaves_open_what_was_done_and_quotes_no_secret(stage: Stage) -> None:
    stage.begin_with(with_step(raises=True))
    stage.plugged(COCKPIT_TEST_TOKEN="open-sesame")
    ended = stage.ending(stage.order("act"))
    assert ended.outcome == "unknown"
    assert "‹secret token›" in ended.detail
    assert b"open-sesame" not in stage.everything_kept()


def test_a_running_action_is_cancelled_by_the_log(stage: Stage) -> None:
    stage.begin_with(with_step(until="never"))
    stage.plugged()
    action = stage.order("act")
    until(lambda: stage.bodies("action.output"), "its output")
    stage.append(ActionCancelled(action=action, reason="wrong night"))
    assert stage.ending(action).outcome == "cancelled"
    assert stage.done(action) == ["run", "stopped"]


def test_only_one_action_runs_at_a_time(stage: Stage) -> None:
    stage.begin_with(with_step(until="enough"))
    stage.plugged()
    first = stage.order("act")
    until(lambda: stage.bodies("action.started"), "its start")
    second = stage.order("act", attempt=2)
    assert stage.ending(second).outcome == "refused"
    (stage.run_dir / "enough").touch()
    assert stage.ending(first).outcome == "succeeded"


def test_an_order_that_was_held_before_it_began_is_refused(stage: Stage) -> None:
    stage.begin_with(with_step())
    stage.plugged()
    stage.append(ActionRequested(action="A1", step="act", attempt=1, epoch=1), HoldPlaced(reason="wait"))
    ended = stage.ending("A1")
    assert (ended.outcome, "ana holds the run" in ended.detail) == ("refused", True)


def test_what_requires_blocks_is_refused_even_if_it_was_asked_for(stage: Stage) -> None:
    stage.begin_with(with_step(requires=("missing == 0",)))
    stage.plugged()
    until(lambda: stage.gate() == "blocked", "a blocked gate before the action")
    ended = stage.ending(stage.order("act"))
    assert (ended.outcome, "missing is 12" in ended.detail) == ("refused", True)


def test_a_keeper_that_ends_leaves_what_runs_and_the_next_one_adopts_it(stage: Stage) -> None:
    stage.begin_with(with_step(until="enough"))
    first = stage.plugged()
    action = stage.order("act")
    until(lambda: stage.bodies("action.output"), "its output")
    first.terminate()
    assert first.wait(60) == 0
    assert stage.bodies("action.ended") == []
    assert stage.done(action) == ["run", "detached"]
    stage.plugged()
    until(lambda: "adopt" in stage.done(action), "its adoption")
    (stage.run_dir / "enough").touch()
    assert stage.ending(action).outcome == "succeeded"
    assert stage.done(action) == ["run", "detached", "adopt", "done"]


def test_after_sigkill_an_action_without_a_trace_is_unknown_and_not_run_again(stage: Stage) -> None:
    stage.begin_with(with_step(until="never"))
    first = stage.plugged()
    action = stage.order("act")
    until(lambda: stage.bodies("action.output"), "its output")
    first.kill()
    first.wait()
    stage.keeper()
    assert stage.ending(action).outcome == "unknown"
    assert stage.done(action) == ["run"]


def test_an_order_that_no_keeper_began_lapses_with_the_next_one(stage: Stage) -> None:
    stage.begin_with(with_step())
    stage.append(ActionRequested(action="A1", step="act", attempt=1, epoch=1))
    stage.plugged()
    assert stage.ending("A1").outcome == "lapsed"
    assert stage.done("A1") == []


EVIL = "../../../evil"


def test_an_order_whose_id_leads_elsewhere_is_refused_and_touches_nothing(stage: Stage) -> None:
    stage.begin_with(with_step(says="x"))
    stage.plugged()
    stage.append(ActionRequested(action=EVIL, step="act", attempt=1, epoch=1))
    assert stage.ending(EVIL).outcome == "refused"
    assert stage.bodies("action.started") == []
    assert list(stage.folder.rglob("evil*")) == []


def test_what_an_earlier_keeper_began_under_an_id_that_leads_elsewhere_is_unknown(stage: Stage) -> None:
    stage.begin_with(with_step(until="never"))
    started = ActionStarted(action=EVIL, step="act", attempt=1, shown="x", runs_as="ana@here")
    stage.append(ActionRequested(action=EVIL, step="act", attempt=1, epoch=1), started)
    stage.plugged()
    assert stage.ending(EVIL).outcome == "unknown"
    assert list(stage.folder.rglob("evil*")) == []


def test_an_id_that_was_used_before_is_not_taken_for_another_try(stage: Stage) -> None:
    stage.begin_with(with_step(says="x"))
    stage.plugged()
    action = stage.order("act")
    assert stage.ending(action).outcome == "succeeded"
    stage.append(ActionRequested(action=action, step="act", attempt=2, epoch=1))
    until(lambda: len(stage.bodies("action.ended")) == 2, "its refusal")
    assert stage.bodies("action.ended")[1].outcome == "refused"
    assert stage.done(action) == ["run", "done"]


def test_a_flood_of_output_is_told_in_part_and_all_of_it_is_accounted_for(stage: Stage) -> None:
    stage.begin_with(with_step(says="x", lines=20_000))
    stage.plugged()
    assert stage.ending(stage.order("act")).outcome == "succeeded"
    told = stage.bodies("action.output")
    size = len("x\n") + sum(len(f"line {number}\n") for number in range(20_000))
    assert sum(len(body.text) + body.skipped_bytes for body in told) == size
    assert all(len(body.text) <= 4096 for body in told)
    assert told[-1].text.endswith("line 19999\n")


def test_what_runs_when_its_run_is_given_up_goes_on_and_its_end_is_told(stage: Stage) -> None:
    stage.begin_with(with_step(until="enough"))
    keeper = stage.plugged()
    action = stage.order("act")
    until(lambda: stage.bodies("action.output"), "its output")
    stage.append(RunAborted(reason="enough"))
    late = stage.order("look")
    assert keeper.poll() is None
    (stage.run_dir / "enough").touch()
    assert stage.ending(action).outcome == "succeeded"
    assert keeper.wait(60) == 0
    assert stage.done(action) == ["run", "done"]
    found = stage.state.steps["act"].action
    assert found is not None
    assert (stage.state.status, found.status) == ("aborted", "succeeded")
    assert [body.action for body in stage.bodies("action.ended")] == [action], f"{late} was begun by nobody"
    assert [body.reason for body in stage.bodies("keeper.stopped")] == ["run over"]


def test_a_runner_that_will_not_let_go_does_not_keep_the_keeper(stage: Stage) -> None:
    stage.begin_with(with_step(until="never", ignores_detach=True))
    keeper = stage.plugged()
    action = stage.order("act")
    until(lambda: stage.bodies("action.output"), "its output")
    keeper.terminate()
    assert keeper.wait(12) == 0
    assert stage.done(action) == ["run"], "it was neither stopped nor let go of in order"
    assert [body.reason for body in stage.bodies("keeper.stopped")] == ["terminated"]
