"""The scheduler's way back puts back what was there, from wherever it is begun, and removes nothing else."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from systems.scheduler import ADMIN_SQL, FOLDER, asked, data, ours, started
from systems.stage import system_of

from cockpit.demo.scheduler import database
from cockpit.demo.scheduler.engine import NEW_IMAGE, OLD_IMAGE, RUNNING, Container
from cockpit.demo.scheduler.system import System
from cockpit.profile.kinds import installed
from cockpit.profile.load import load

PRODUCTION = load(FOLDER / "production.toml", installed()).profile
PREVIOUS = f"{RUNNING}-previous"
CHECK = "insert into login_attempts (email, succeeded) values ('check@cockpit-check.invalid', false)"


@pytest.fixture
def system(postgres_dsn: str, tmp_path: Path) -> Iterator[System]:
    with system_of("scheduler", tmp_path, postgres_dsn) as system:
        yield system


def put(system: System, name: str) -> None:
    """Run one of the profile's scripts, as somebody would by hand."""
    command = ["psql", "--quiet", "-v", "ON_ERROR_STOP=1", "-1", "-f", str(FOLDER / "sql" / name), system.direct_dsn]
    subprocess.run(command, check=True, timeout=60, env={**os.environ, **system.environ})


def test_the_database_is_as_it_was(system: System):
    before = data(system)
    put(system, "01_schema.sql")
    put(system, "01_schema.sql")
    with psycopg.connect(system.direct_dsn) as connection:
        for statement in ADMIN_SQL:
            given = {"email": database.ADMIN_EMAIL, "hash": "none"} if "%(" in statement else None
            connection.execute(statement.encode(), given)
    system.execute("insert into users (email, \"passwordHash\", role) values ('second', 'none', 'admin')")
    system.execute(f"update users set role = 'admin' where email = '{database.USER_EMAIL}'")
    system.execute("insert into organizations (name, slug, \"launchStage\") values ('P', 'pilot-one', 'pilot')")
    system.execute(CHECK)
    register = {"slug": "came-between", "email": "a@came-between.invalid", "password": "none"}
    assert asked(system, "POST", "/api/auth/register", register)[0] == 201, "version 0.9, on the new schema"
    came_between = "select enabled from organizations where slug = 'came-between'"
    assert system.query(came_between) == [(False,)]
    for _ in range(2):
        put(system, "rollback.sql")
    assert system.query(came_between) == [(True,)], "nobody approves in version 0.9"
    assert system.query("select from login_attempts where email like 'check@%'") == []
    system.execute("delete from organizations where slug = 'came-between'")
    assert data(system) == before


def test_a_default_that_was_there_before_stays(system: System):
    system.execute("alter table organizations alter column enabled set default false")
    before = data(system)
    put(system, "01_schema.sql")
    put(system, "rollback.sql")
    assert data(system) == before


def left_over(system: System) -> Container:
    """A container of an earlier launch, that nobody removed."""
    old = Container("e" * 64, PREVIOUS, system.engine.images[OLD_IMAGE], {}, state="exited")
    system.engine.containers[old.id] = old
    return old


def test_a_previous_container_of_an_earlier_launch_stops_nobody(system: System):
    left_over(system)
    before = system.engine.seen()
    done = ours(system, "stop_previous")
    assert (done.returncode, "there is a scheduler-api-previous already" in done.stderr) == (1, True)
    assert ours(system, "back_container").returncode == 0
    assert system.engine.seen() == before, "what runs is what was there, and not what was left over"


@pytest.mark.parametrize("reached", ["stopped", "renamed", "deployed"])
def test_the_old_version_is_started_from_wherever_it_stopped(system: System, reached: str):
    before = system.engine.seen()
    old = system.engine.running()
    assert old is not None
    old.state = "exited"
    if reached != "stopped":
        old.name = PREVIOUS
    if reached == "deployed":
        new = started(system)
        system.engine.containers[old.id] = old
        assert (RUNNING, NEW_IMAGE, "running") in system.engine.seen()
        assert new.id != old.id
    assert ours(system, "back_container").returncode == 0
    assert system.engine.seen() == before


def test_a_trial_registration_that_broke_off_can_be_made_again(system: System):
    put(system, "01_schema.sql")
    again = (
        "delete from organizations where slug = 'cockpit-check'",
        "insert into organizations (name, slug, \"launchStage\") values ('Check', 'cockpit-check', 'check')",
        "insert into invitations (code, stage, used) values ('check-01M7Y93MTEST', 'check', true)",
    )
    for statement in again:
        system.execute(statement)
    invite = str(next(each for _, each in PRODUCTION.every_step() if each.id == "invite_check").settings["statements"])
    with psycopg.connect(system.direct_dsn) as connection:
        for statement in [each for each in invite.split(";") if each.strip()]:
            given = {"code": "check-01M7Y93MTEST"} if "%(" in statement else None
            found = connection.execute(statement.encode(), given)
        assert found.fetchall() == [(1,)]
    assert system.query("select from organizations where slug = 'cockpit-check'") == []


def test_what_pilots_entered_is_dumped_after_people_are_served_and_before_it_goes(system: System):
    (back,) = PRODUCTION.rollbacks
    order = [step.id for phase in back.phases for step in phase.steps]
    assert order[:4] == ["back_container", "back_serving", "back_backup", "back_database"]
    assert len(back.phases) == 3, "within one phase, steps that undo change places"
    assert ours(system, "back_backup").returncode == 0
    assert [path.read_bytes()[:5] for path in system.backups.glob("*-before-rollback.dump")] == [b"PGDMP"]
