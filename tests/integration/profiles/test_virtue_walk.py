"""Virtue's whole night on its stand-in, with a real keeper: to the end, and back."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from systems.dumping import dumped
from systems.looking import until
from systems.night import Night
from systems.virtue import virtue_night

from cockpit.demo.virtue import database
from cockpit.demo.virtue.app import NEW_IMAGE, OLD_IMAGE, PASSWORD
from cockpit.demo.virtue.system import FLAGS, System
from cockpit.run import commands as c
from cockpit.run.arming import suspended_because
from cockpit.run.state import RunState
from cockpit.session.nudge import probe_now
from cockpit.session.seat import Done

SECRETS = (PASSWORD, database.PASSWORD, "token-sponsor", "token-practitioner", "token-admin", "/hooks/mail")


@pytest.fixture
def system(postgres_dsn: str, tmp_path: Path) -> Iterator[System]:
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed here")
    system = System(tmp_path, postgres_dsn)
    yield system
    system.close()


@pytest.fixture
def begin(system: System, tmp_path: Path) -> Iterator[Callable[..., Night]]:
    """Begins nights, and ends them."""
    nights: list[Night] = []

    def begin(**options: object) -> Night:
        nights.append(virtue_night(system, tmp_path, **options))
        return nights[-1]

    yield begin
    for night in nights:
        night.close()


def test_the_night_walks_to_its_end_and_leaves_the_new_system(begin: Callable[..., Night], system: System):
    night = begin(more="production = true")
    night.walk("maintenance_on")
    # Users go on working until the platform is closed: there is more than was noted beforehand.
    system.execute(
        "insert into virtue_progress (practitioner_id, virtue, score, noted_on)"
        " select id, 'hope', 5, current_date from profiles where role = 'practitioner'"
    )
    night.walk()
    assert night.problem() == ""
    profile = night.state.profile
    assert night.settled() == [step.id for _, step in profile.steps()]
    assert night.state.deviations == ()
    assert night.bodies("trigger.fired") == [], "the planned outage alarms nobody"
    assert (system.cluster.image, system.cluster.replicas) == (NEW_IMAGE, 3)
    assert set(system.cluster.pods().values()) == {NEW_IMAGE}
    assert system.cluster.data("feature-flags") == dict.fromkeys(FLAGS, "true")
    assert system.cluster.data("app-config") == {"MAINTENANCE_MODE": "false"}
    assert system.cluster.changes == [
        "patch configmaps/app-config",
        "scale deployments/virtue-app to 0",
        "patch deployments/virtue-app",
        "scale deployments/virtue-app to 3",
        *["patch configmaps/feature-flags"] * 3,
        "patch configmaps/app-config",
    ]
    assert system.query("select count(*) from profiles where organization_id is null") == [(0,)]
    assert system.query("select datconnlimit from pg_database where datname = 'virtue'") == [(40,)]
    assert [message["title"] for message in system.app.sent["mail"]] == [
        "Scheduled maintenance: Virtue Development Platform",
        "Maintenance complete: new features for organizations",
    ]
    acted = [step.id for _, step in profile.steps() if step.behaviour in ("action", "message")]
    assert [body.step for body in night.bodies("action.requested")] == acted
    assert {(body.outcome, body.exit_code) for body in night.bodies("action.ended")} <= {
        ("succeeded", 0),
        ("succeeded", None),
    }
    seen = {body.target: (body.verdict, body.identity) for body in night.bodies("target.seen")}
    assert {name: verdict for name, (verdict, _) in seen.items()} == {"db": "match", "cluster": "match"}
    assert seen["cluster"][1]["server"] == system.api.url
    # The two who approve are two people, and so is whoever calls it a success.
    approved = [night.state.steps[name].by for name in ("approved_database", "approved_release", "business_success")]
    assert len({by.user for by in approved[:2] if by}) == 2
    for secret in SECRETS:
        assert night.holding(secret) == [], "no secret is in any file of the run"


def test_a_database_without_a_limit_of_its_own_gets_none(begin: Callable[..., Night], system: System):
    system.execute("alter database virtue connection limit -1")
    night = begin(values={"former_limit": "-1"})
    night.walk("validation_tested")
    assert night.state.steps["raise_limit"].status == "not_applicable"
    assert system.query("select datconnlimit from pg_database where datname = 'virtue'") == [(-1,)]


def test_a_no_go_holds_the_run_before_anything_is_touched(begin: Callable[..., Night], system: System):
    night = begin(values={"go": "no_go"})
    night.walk(lambda state: state.hold is not None)
    assert night.state.values["go"] == "no_go"
    assert system.cluster.changes == []
    assert system.query("select to_regclass('public.organizations')") == [(None,)]


def test_the_planned_outage_alarms_nobody_and_an_unplanned_one_does(begin: Callable[..., Night], system: System):
    night = begin()
    night.walk("migrate_schema")
    until(lambda: night.state.probes["api"].status == "fail", "the outage is seen")
    since = night.state.probes["api"].since
    until(lambda: night.state.last.mono - since.mono > 1.0, "it lasted longer than the trigger waits for")
    trigger = next(each for each in night.state.profile.triggers if each.id == "application_unreachable")
    assert "7 Migrate the database" in suspended_because(night.state, trigger)
    assert night.state.fired == ()
    night.walk("login_works")
    system.app.broken = True
    (fired,) = until(lambda: night.state.fired, "the trigger")
    assert (fired.trigger, fired.severity) == ("application_unreachable", "immediate")
    system.app.broken = False
    until(lambda: night.state.fired[0].is_cleared, "it is over")
    assert isinstance(night.ask(c.AnswerTriggers, reason="a node was restarted; all is well again"), Done)
    night.walk()
    assert [deviation.kind for deviation in night.state.deviations] == ["trigger"]


def is_as_before(system: System, before: str) -> None:
    """The database, the cluster and the application are as they were before the night."""
    assert dumped(system.dsn) == before
    assert (system.cluster.image, system.cluster.replicas) == (OLD_IMAGE, 3)
    assert set(system.cluster.pods().values()) == {OLD_IMAGE}
    assert system.cluster.data("feature-flags") == dict.fromkeys(FLAGS, "false")
    assert system.cluster.data("app-config") == {"MAINTENANCE_MODE": "false"}


def failed(step: str) -> Callable[[RunState], bool]:
    """Whether a step is current whose action failed."""

    def is_so(state: RunState) -> bool:
        at = state.cursor is not None and state.cursor.step == step
        return at and state.action is not None and state.action.status == "failed"

    return is_so


def test_a_validation_that_fails_leads_back_over_what_was_done_and_nothing_else(
    begin: Callable[..., Night], system: System
):
    system.execute("update practitioner_assignments set sponsor_id = null where id = 1")
    before = dumped(system.dsn)
    night = begin()
    state = night.walk(failed("validate"))
    assert state.action is not None
    assert "1 active assignments without a supervisor" in state.action.detail + "".join(state.action.tail)
    until(lambda: night.advice().proposed == "emergency", "the emergency plan is proposed")
    option = night.advice().option("emergency")
    assert option is not None
    assert option.steps == (
        "em_database",
        "em_validate",
        "em_scale_up",
        "em_maintenance_off",
        "em_restore_limit",
        "em_works",
        "em_notice",
    )
    night.roll_back("emergency", "the validation failed")
    night.walk()
    assert night.problem() == ""
    assert "set_image" not in night.settled()
    is_as_before(system, before)
    assert [message["title"] for message in system.app.sent["mail"]][1:] == ["Service restored"]
    chosen = night.bodies("rollback.chosen")
    assert [(body.plan, body.reason) for body in chosen] == [("emergency", "the validation failed")]


def test_logins_that_fail_within_the_hour_lead_back_by_the_emergency_plan(begin: Callable[..., Night], system: System):
    before = dumped(system.dsn)
    night = begin()
    night.walk("nothing_missing")
    system.execute("insert into organizations (name) values ('entered since')")
    system.app.figures["login_success_percent"] = 85.0
    fired = until(lambda: night.state.fired, "the trigger")
    assert [(each.trigger, each.severity) for each in fired] == [("logins_failing", "immediate")]
    refused = night.ask(c.ConfirmStep, step="nothing_missing", painted_seq=night.state.cursor.opened_seq)
    assert isinstance(refused, c.Refusal), "an alarm that nobody answered stops the walk"
    assert night.advice().proposed == "emergency"
    night.roll_back("emergency", "people cannot log in")
    system.app.figures["login_success_percent"] = 99.0
    night.walk()
    assert night.problem() == ""
    assert night.settled()[-11:] == [
        "em_maintenance_on",
        "em_features_off",
        "em_scale_down",
        "em_undo_image",
        "em_database",
        "em_validate",
        "em_scale_up",
        "em_maintenance_off",
        "em_restore_limit",
        "em_works",
        "em_notice",
    ]
    is_as_before(system, before)


HOUR = """
[[rollbacks]]
id = "emergency"
when = ["image != 'virtue-app:organizational-model-v1.0' || since.set_image < 0.1"]

[[rollbacks]]
id = "planned"
when = ["since.set_image >= 0.1"]
"""
"""An hour that is over sooner."""


def test_complaints_after_the_hour_lead_back_by_the_planned_way(begin: Callable[..., Night], system: System):
    before = dumped(system.dsn)
    night = begin(more=HOUR)
    night.walk("first_4_hours")
    said = night.bo.submit(night.bo.command(c.RaiseTrigger, trigger="complaints", reason="forty calls in an hour"))
    assert isinstance(said, Done), said
    until(lambda: night.state.fired, "the trigger")
    until(lambda: night.advice().proposed == "planned", "the planned way is proposed")
    night.roll_back("planned", "it costs too many people their evening")
    night.walk()
    assert night.problem() == ""
    assert night.settled()[-12:] == [
        "pl_maintenance_on",
        "pl_scale_down",
        "rollback_backup_id",
        "pl_features_off",
        "pl_image",
        "pl_database",
        "pl_validate",
        "pl_scale_up",
        "pl_maintenance_off",
        "pl_restore_limit",
        "pl_works",
        "pl_notice",
    ]
    assert night.state.values["rollback_backup_id"] == "backup-before-rollback"
    is_as_before(system, before)


def test_the_image_is_set_and_nobody_confirmed_it_the_emergency_way_fits(begin: Callable[..., Night], system: System):
    night = begin()
    night.walk(lambda state: state.action and (state.action.step, state.action.status) == ("set_image", "succeeded"))
    probe_now(night.run_dir, ["image"])
    until(lambda: NEW_IMAGE in str(night.state.probes["image"].reading), "the probe sees the new image")
    until(lambda: night.advice().proposed == "emergency", "the emergency way is proposed")
    assert night.state.plans["planned"] == "blocked"
    assert night.state.steps["set_image"].status == "open"


def test_a_rollout_whose_pods_never_become_ready_leads_back(begin: Callable[..., Night], system: System):
    before = dumped(system.dsn)
    system.cluster.never_ready.add(NEW_IMAGE)
    night = begin(more=IMPATIENT)
    night.walk(failed("rollout"))
    night.roll_back("emergency", "the new pods do not start")
    night.walk()
    assert night.settled()[-9:-7] == ["em_scale_down", "em_undo_image"]
    is_as_before(system, before)


IMPATIENT = """
[[phases]]
id = "application"

[[phases.steps]]
id = "rollout"
argv = ["kubectl", "rollout", "status", "deployment/virtue-app", "--timeout=1s"]
"""


def test_a_rehearsal_changes_nothing_outside(begin: Callable[..., Night], system: System):
    before = dumped(system.dsn)
    night = begin(rehearsal=True)
    night.walk()
    assert night.problem() == ""
    is_as_before(system, before)
    assert system.cluster.changes == []
    assert system.app.sent == {"mail": [], "alert": []}
    modes = {body.step: body.mode for body in night.bodies("action.started")}
    shown = {"migrate_data", "migrate_indexes", "validate", "notice_24h", "notice_complete"}
    rolled_back = {"raise_limit", "migrate_schema", "slow_statements", "table_use"}
    assert {step for step, mode in modes.items() if mode == "shown"} == shown
    assert {step for step, mode in modes.items() if mode == "rolled_back"} == rolled_back
    assert {mode for step, mode in modes.items() if step not in shown | rolled_back} == {"dry_run"}
