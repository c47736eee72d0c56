"""Virtue's night on a real terminal, by keys alone: to its end, and back when validation or logins fail."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from systems.dumping import dumped
from systems.looking import until
from systems.stage import evening, resumed, system_of
from systems.virtue import FAST, VALUES, failed, is_as_before, virtue_night

from cockpit.demo.virtue import database
from cockpit.demo.virtue.app import NEW_IMAGE, PASSWORD
from cockpit.demo.virtue.system import FLAGS, System
from cockpit.run import commands as c

WHY = "it is not valid"
SECRETS = (PASSWORD, database.PASSWORD, "token-sponsor", "token-practitioner", "token-admin", "/hooks/mail")
pytestmark = pytest.mark.timeout(300)  # a minute on a machine that is busy; more only where it is slow, too


@pytest.fixture
def system(postgres_dsn: str, tmp_path: Path) -> Iterator[System]:
    with system_of("virtue", tmp_path, postgres_dsn) as system:
        yield system


def test_production_is_walked_to_its_end_by_keys_alone_and_leaves_the_new_system(system: System, tmp_path: Path):
    with evening(
        system, tmp_path, profile="virtue", fast=FAST, values=VALUES, more='production = true\nenvironment = "live"'
    ) as run:
        run.operator.walk(lambda screen: "Close the platform for maintenance" in screen)
        # Users go on working until the platform is closed: there is more than was noted beforehand.
        system.execute(
            "insert into virtue_progress (practitioner_id, virtue, score, noted_on)"
            " select id, 'hope', 5, current_date from profiles where role = 'practitioner'"
        )
        assert run.operator.walk_to_the_end() == 0
        log, state = run.log, run.log.state
        assert log.problem() == ""
        assert log.settled() == [step.id for _, step in state.profile.steps()]
        assert state.deviations == ()
        assert log.bodies("trigger.fired") == [], "the planned outage alarms nobody"
        acted = [step.id for _, step in state.profile.steps() if step.behaviour in ("action", "message")]
        assert [body.step for body in log.bodies("action.requested")] == acted
        assert {(body.outcome, body.exit_code) for body in log.bodies("action.ended")} <= {
            ("succeeded", 0),
            ("succeeded", None),
        }
        seen = {body.target: (body.verdict, body.identity) for body in log.bodies("target.seen")}
        assert {name: verdict for name, (verdict, _) in seen.items()} == {"db": "match", "cluster": "match"}
        assert seen["cluster"][1]["server"] == system.api.url
        # The two who approve are two people, and so is whoever calls it a success.
        approved = [state.steps[name].by for name in ("approved_database", "approved_release", "business_success")]
        assert len({by.user for by in approved[:2] if by}) == 2, "four eyes"
        for secret in SECRETS:
            assert log.holding(secret) == [], "no secret is in any file of the run"
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


def test_a_validation_that_fails_leads_back_by_keys_over_what_was_done_and_nothing_else(system: System, tmp_path: Path):
    system.execute("update practitioner_assignments set sponsor_id = null where id = 1")
    before = dumped(system.dsn)
    night = virtue_night(system, tmp_path)
    try:
        night.walk("validate")
        with resumed(night, why=WHY) as operator:
            operator.walk(lambda _: failed("validate")(night.state))
            action = night.state.action
            assert action is not None
            assert "1 active assignments without a supervisor" in action.detail + "".join(action.tail)
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
            assert operator.walk_to_the_end() == 0
        assert "Which way back?" in operator.questions
        chosen = night.bodies("rollback.chosen")
        assert [(body.plan, body.reason) for body in chosen] == [("emergency", WHY)]
        assert night.bodies("run.finished")
        assert "set_image" not in night.settled()
        assert night.problem() == ""
    finally:
        night.close()
    is_as_before(system, before)
    assert [message["title"] for message in system.app.sent["mail"]][1:] == ["Service restored"]


def test_logins_that_fail_within_the_hour_are_announced_and_lead_back_by_keys(system: System, tmp_path: Path):
    before = dumped(system.dsn)
    night = virtue_night(system, tmp_path)
    try:
        night.walk("nothing_missing")
        system.execute("insert into organizations (name) values ('entered since')")
        with resumed(night, why="nobody can log in") as operator:
            operator.terminal.wait_for("9.6 No link is broken")
            system.app.figures["login_success_percent"] = 85.0
            operator.terminal.wait_for(r"IMMEDIATE .*: b roll back, g go on")
            assert b"\a" in operator.terminal.raw, "it calls whoever is there"
            fired = until(lambda: night.state.fired, "the trigger")
            assert [(each.trigger, each.severity) for each in fired] == [("logins_failing", "immediate")]
            cursor = night.state.cursor
            assert cursor is not None
            refused = night.ask(c.ConfirmStep, step="nothing_missing", painted_seq=cursor.opened_seq)
            assert isinstance(refused, c.Refusal), "an alarm that nobody answered stops the walk"
            assert night.advice().proposed == "emergency"
            operator.walk(lambda screen: "ROLLING BACK" in screen)
            system.app.figures["login_success_percent"] = 99.0
            assert operator.walk_to_the_end() == 0
        assert [body.trigger for body in night.bodies("trigger.fired")] == ["logins_failing"]
        assert [body.plan for body in night.bodies("rollback.chosen")] == ["emergency"]
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
        assert night.problem() == ""
    finally:
        night.close()
    is_as_before(system, before)
