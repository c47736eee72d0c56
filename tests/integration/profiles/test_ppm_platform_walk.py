"""PPM's production on Render, Docker and Railway, to its end; and the way back of each, to the former deployment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from systems.night import Night
from systems.ppm import SLIM, TEST_USER, fast_on, ppm_night, system_on
from systems.stage import needs

from cockpit.demo.ppm.hosting import OLD, Platform
from cockpit.demo.ppm.system import KEY, System

PLATFORMS: tuple[Platform, ...] = ("render", "docker", "railway")


@pytest.fixture(params=PLATFORMS)
def system(request: pytest.FixtureRequest, postgres_dsn: str, tmp_path: Path) -> Iterator[System]:
    needs("curl", "jq", *(["docker"] if request.param == "docker" else []))
    with system_on(request.param, tmp_path, postgres_dsn) as system:
        yield system


@pytest.fixture
def night(system: System, tmp_path: Path) -> Iterator[Night]:
    night = ppm_night(system, tmp_path, fast=fast_on(system.hosting.platform, tmp_path), more=SLIM)
    yield night
    night.close()


def test_production_is_walked_to_its_end_and_back_on_every_platform(night: Night, system: System):
    night.walk(lambda state: state.cursor is None)
    assert night.problem() == ""
    assert night.state.profile.production
    assert night.settled() == [step.id for _, step in night.state.profile.steps()]
    assert {body.outcome for body in night.bodies("action.ended")} == {"succeeded"}
    assert (night.state.deviations, night.bodies("trigger.fired")) == ((), [])
    assert night.holding(KEY) == [], "the platform's token is in no file of the run"
    serving = system.hosting.serving
    assert serving is not None
    assert (serving.release, serving.is_up) == (system.environ["PPM_RELEASE"], True)
    assert system.query("select count(*), count(distinct user_id) from user_profiles") == [(150, 150)]
    assert system.query(f"select count(*) from auth.users where email = '{TEST_USER}'") == [(0,)]
    system.hosting.rollback_takes_s = 0.3  # the commands wait for it: nothing else does
    night.roll_back("back", "users cannot save their work")
    night.walk()
    assert night.settled()[-4:] == ["undo_deploy", "undo_migrate", "bk_former", "bk_users"]
    serving = system.hosting.serving
    assert serving is not None
    assert (serving.release, serving.is_up) == (OLD, True)
    assert system.query("select to_regprocedure('public.handle_new_user()')") == [(None,)]
