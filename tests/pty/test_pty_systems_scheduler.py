"""The scheduler's launch on a real terminal, by keys alone: to the end of week 1, and back from a broken version."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from systems.looking import Looking
from systems.scheduler import FAST, VALUES, data, scheduler_night
from systems.stage import evening, resumed, system_of

from cockpit.demo.scheduler.database import ADMIN_PASSWORD, USER_PASSWORD
from cockpit.demo.scheduler.engine import NEW_IMAGE, OLD_IMAGE, RUNNING
from cockpit.demo.scheduler.system import ACCESS_SECRET, DATABASE_PASSWORD, REFRESH_SECRET, System

WHY = "version 1.0 answers with errors"
pytestmark = pytest.mark.timeout(300)  # a minute on a machine that is busy; more only where it is slow, too


@pytest.fixture
def system(postgres_dsn: str, tmp_path: Path) -> Iterator[System]:
    with system_of("scheduler", tmp_path, postgres_dsn) as system:
        yield system


def is_launched(system: System, log: Looking) -> None:
    """The run went as it should, and left what it should."""
    assert log.problem() == ""
    assert set(log.settled()) == {step.id for _, step in log.state.profile.steps()}
    assert log.state.profile.production
    assert log.state.deviations == ()
    assert log.bodies("trigger.fired") == []
    assert {body.outcome for body in log.bodies("action.ended")} == {"succeeded"}
    for secret in (ACCESS_SECRET, REFRESH_SECRET, DATABASE_PASSWORD, USER_PASSWORD, ADMIN_PASSWORD, "/hooks/"):
        assert log.holding(secret) == []
    assert system.engine.seen() == [
        (RUNNING, NEW_IMAGE, "running"),
        (f"{RUNNING}-previous", OLD_IMAGE, "exited"),
    ]
    assert system.query("select role, count(*) from users group by role order by role") == [("admin", 1), ("user", 1)]
    stages = system.query('select slug, enabled from organizations where "launchStage" is not null order by slug')
    assert stages == [("pilot-one", True), ("pilot-two", True)]
    assert [path.read_bytes()[:5] for path in system.backups.glob("*-before-launch.dump")] == [b"PGDMP"]
    assert len(system.beside.sent["alert"]) == 1, "the trial alert, and no other"
    assert [said["title"] for said in system.beside.sent["mail"]] == ["The scheduler is there"]


def test_production_is_walked_to_the_end_of_week_1(system: System, tmp_path: Path):
    night = scheduler_night(system, tmp_path)
    try:
        night.walk(timeout_s=250)
        is_launched(system, night)
    finally:
        night.close()


@pytest.mark.many  # the keys of its screens are those of the walks that are walked to their ends by keys anyway
def test_production_is_walked_to_the_end_of_week_1_by_keys_alone(system: System, tmp_path: Path):
    with evening(system, tmp_path, profile="scheduler", fast=FAST, values=VALUES) as run:
        assert run.operator.walk_to_the_end() == 0
        is_launched(system, run.log)


def test_a_version_that_breaks_down_leads_back_by_keys_alone(system: System, tmp_path: Path):
    before, containers = data(system), system.engine.seen()
    night = scheduler_night(system, tmp_path)
    try:
        night.walk("admin_works")
        system.app.faults.broken = True
        with resumed(night, why=WHY) as operator:
            operator.terminal.wait_for(re.escape("The application is down"))
            assert operator.walk_to_the_end() == 0
        assert "application_down" in [body.trigger for body in night.bodies("trigger.fired")]
        chosen = night.bodies("rollback.chosen")
        assert [(body.plan, body.reason) for body in chosen] == [("back", WHY)]
        assert night.settled()[-5:] == ["back_container", "back_serving", "back_database", "back_image", "back_works"]
        assert night.bodies("run.finished")
        assert night.problem() == ""
    finally:
        night.close()
    assert data(system) == before
    assert system.engine.seen() == containers
    assert list(system.engine.images) == [OLD_IMAGE]
