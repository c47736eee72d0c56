"""Virtue's night on a real terminal, by keys alone: to its end, and back when the validation fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from systems.dumping import dumped
from systems.stage import evening, resumed, system_of
from systems.virtue import FAST, VALUES, virtue_night

from cockpit.demo.virtue.app import NEW_IMAGE, OLD_IMAGE
from cockpit.demo.virtue.system import FLAGS, System

WHY = "it is not valid"


@pytest.fixture
def system(postgres_dsn: str, tmp_path: Path) -> Iterator[System]:
    with system_of("virtue", tmp_path, postgres_dsn) as system:
        yield system


def test_production_is_walked_to_its_end_by_keys_alone(system: System, tmp_path: Path):
    with evening(
        system, tmp_path, profile="virtue", fast=FAST, values=VALUES, more='production = true\nenvironment = "live"'
    ) as run:
        assert run.operator.walk_to_the_end() == 0
        log = run.log
        assert log.problem() == ""
        assert log.settled() == [step.id for _, step in log.state.profile.steps()]
        assert log.state.deviations == ()
        assert log.bodies("trigger.fired") == []
        approved = [log.state.steps[name].by for name in ("approved_database", "approved_release")]
        assert len({by.user for by in approved if by}) == 2, "four eyes"
    assert set(system.cluster.pods().values()) == {NEW_IMAGE}
    assert system.cluster.data("feature-flags") == dict.fromkeys(FLAGS, "true")
    assert system.query("select count(*) from profiles where organization_id is null") == [(0,)]


def test_a_validation_that_fails_is_rolled_back_by_keys_alone(system: System, tmp_path: Path):
    system.execute("update practitioner_assignments set sponsor_id = null where id = 1")
    before = dumped(system.dsn)
    night = virtue_night(system, tmp_path)
    try:
        night.walk("migrate_indexes")
        with resumed(night, why=WHY) as operator:
            assert operator.walk_to_the_end() == 0
        assert "Which way back?" in operator.questions
        chosen = night.bodies("rollback.chosen")
        assert [(body.plan, body.reason) for body in chosen] == [("emergency", WHY)]
        assert night.bodies("run.finished")
        assert night.problem() == ""
    finally:
        night.close()
    assert dumped(system.dsn) == before
    assert (system.cluster.image, system.cluster.replicas) == (OLD_IMAGE, 3)
    assert system.cluster.data("feature-flags") == dict.fromkeys(FLAGS, "false")
    assert system.cluster.data("app-config") == {"MAINTENANCE_MODE": "false"}


def test_logins_that_fail_are_announced_and_rolled_back_by_keys_alone(system: System, tmp_path: Path):
    before = dumped(system.dsn)
    night = virtue_night(system, tmp_path)
    try:
        night.walk("nothing_missing")
        with resumed(night, why="nobody can log in") as operator:
            operator.walk(lambda screen: "9.6 No link is broken" in screen)
            system.app.figures["login_success_percent"] = 85.0
            operator.terminal.wait_for(r"IMMEDIATE .*: b roll back, g go on")
            assert b"\a" in operator.terminal.raw, "it calls whoever is there"
            operator.walk(lambda screen: "ROLLING BACK" in screen)
            system.app.figures["login_success_percent"] = 99.0
            assert operator.walk_to_the_end() == 0
        assert [body.trigger for body in night.bodies("trigger.fired")] == ["logins_failing"]
        assert [body.plan for body in night.bodies("rollback.chosen")] == ["emergency"]
        assert night.settled()[-11] == "em_maintenance_on"
        assert night.problem() == ""
    finally:
        night.close()
    assert dumped(system.dsn) == before
    assert (system.cluster.image, system.cluster.replicas) == (OLD_IMAGE, 3)
    assert system.cluster.data("feature-flags") == dict.fromkeys(FLAGS, "false")
