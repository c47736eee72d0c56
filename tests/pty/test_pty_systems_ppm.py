"""PPM's deployment on a real terminal, by keys alone: to its end, and back when the new deployment is not well."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from systems.dumping import dumped
from systems.looking import until
from systems.ppm import FAST, SLIM, TEST_USER, ppm_night, values
from systems.stage import evening, needs, resumed, system_of

from cockpit.demo.ppm.app import JWT_SECRET
from cockpit.demo.ppm.hosting import NEW, OLD
from cockpit.demo.ppm.system import KEY, System

WHY = "it says of itself that it is not well"
pytestmark = pytest.mark.timeout(300)  # a minute on a machine that is busy; more only where it is slow, too


@pytest.fixture
def system(postgres_dsn: str, tmp_path: Path) -> Iterator[System]:
    needs("curl", "jq")
    with system_of("ppm", tmp_path, postgres_dsn) as system:
        yield system


def test_production_is_walked_to_its_end_by_keys_alone(system: System, tmp_path: Path):
    with evening(system, tmp_path, profile="ppm", fast=FAST, values=values(system)) as run:
        assert run.operator.walk_to_the_end() == 0
        log = run.log
        assert log.problem() == ""
        assert log.settled() == [step.id for _, step in log.state.profile.steps()]
        assert log.state.profile.production
        assert (log.state.deviations, log.bodies("trigger.fired")) == ((), [])
        assert {body.outcome for body in log.bodies("action.ended")} == {"succeeded"}
        for secret in (KEY, JWT_SECRET, system.environ["PPM_ADMIN_TOKEN"]):
            assert log.holding(secret) == [], "no secret is in any file of the run"
    serving = system.hosting.serving
    assert serving is not None
    assert (serving.release, serving.env["ENABLE_DEVELOPMENT_MODE"]) == (NEW, "false")
    assert system.query("select count(*), count(distinct user_id) from user_profiles") == [(150, 150)]
    assert system.query(f"select count(*) from auth.users where email = '{TEST_USER}'") == [(0,)]
    system.register("after@ppm.invalid")
    assert system.query("select count(*) from user_profiles") == [(151,)], "the trigger works"


def test_a_deployment_that_is_not_well_is_rolled_back_by_keys_alone(system: System, tmp_path: Path):
    before = _without_profiles(dumped(system.dsn))
    former = system.hosting.serving
    night = ppm_night(system, tmp_path, more=SLIM)
    try:
        night.walk("existing_users")
        system.app.broken_releases.add(NEW)
        (fired,) = until(lambda: night.state.fired, "the trigger")
        assert (fired.trigger, fired.severity) == ("unhealthy", "immediate")
        with resumed(night, why=WHY) as operator:
            assert operator.walk_to_the_end() == 0
        assert "Which way back?" in operator.questions
        assert [(body.plan, body.reason) for body in night.bodies("rollback.chosen")] == [("back", WHY)]
        assert night.settled()[-4:] == ["undo_deploy", "undo_migrate", "bk_former", "bk_users"]
        assert night.bodies("run.finished")
        assert night.problem() == ""
    finally:
        night.close()
    assert system.hosting.serving is former
    assert former is not None
    assert former.release == OLD
    assert _without_profiles(dumped(system.dsn)) == before
    # What was made for users who had none is theirs, whichever version serves.
    assert system.query("select count(*), count(distinct user_id) from user_profiles") == [(150, 150)]


def _without_profiles(dump: str) -> str:
    return re.sub(r"(?m)^INSERT INTO public\.user_profiles .*\n?", "", dump)
