"""What the runbook's own commands and queries would have shown, where PPM's profiles do something else."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from systems.looking import until
from systems.pasted import ours, seen, shell
from systems.ppm import ADMIN_TO_BE, system_on
from systems.stage import needs

from cockpit.demo.ppm import database
from cockpit.demo.ppm.hosting import OLD
from cockpit.demo.ppm.system import System


@pytest.fixture
def system(postgres_dsn: str, tmp_path: Path) -> Iterator[System]:
    with system_on("vercel", tmp_path, postgres_dsn) as system:
        yield system


# ---- before the deployment -----------------------------------------------------------------------------------------


def test_the_backup_has_no_row_of_anybody(system: System):
    assert shell(system, "supabase db dump --linked --file backup.sql").returncode == 0
    written = (system.backend / "backup.sql").read_text()
    assert "CREATE TABLE public.user_profiles" in written
    assert [word for word in ("COPY ", "INSERT INTO", "auth.users") if word in written] == []
    assert '"auth_users": 150, "user_profiles": 147, "users_before": 150' in ours(system, "vercel", "backup").stdout


def test_the_backup_is_of_whichever_project_the_folder_is_linked_to(
    system: System, postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(database, "NAME", "ppm_staging")
    elsewhere = database.create(postgres_dsn)
    try:
        with psycopg.connect(elsewhere, autocommit=True) as staging:
            staging.execute("delete from auth.users where email like 'person-1%'")
        dumped = shell(system, "supabase db dump --data-only --file backup.sql", PPM_STAND_IN_LINKED=elsewhere)
        assert dumped.returncode == 0
        assert "person-1@ppm.invalid" not in (system.backend / "backup.sql").read_text()
        environ = {**system.environ, "PPM_STAND_IN_LINKED": elsewhere}
        counted = json.loads(ours(system, "vercel", "backup", environ=environ).stdout)
        assert (counted["users_before"], counted["auth_users"]) == (150, 90), "so the step's expectation fails"
    finally:
        database.drop(postgres_dsn)


def test_tests_that_run_in_the_shell_with_productions_keys_write_to_production(system: System):
    assert shell(system, "$PY -m pytest tests/ -v").returncode == 0
    assert system.query("select count(*) from auth.users") == [(151,)]
    assert ours(system, "vercel", "tests").returncode == 0
    assert system.query("select count(*) from auth.users") == [(151,)]


def test_the_check_of_permissions_always_fails(system: System):
    """The runbook asks the REST API for `auth.users`; the account may read it all the same."""
    asked = 'curl -s -H "apikey: $SUPABASE_SERVICE_ROLE_KEY" $SUPABASE_URL/rest/v1/auth.users?select=id'
    assert "Could not find the table 'public.auth.users'" in shell(system, asked).stdout
    assert seen(system, "may_migrate")[0].value is True


# ---- the migration -------------------------------------------------------------------------------------------------


def test_instances_that_start_at_once_both_apply_the_migration_and_one_of_them_fails(system: System):
    """The runbook recommends that the application applies it when it starts: so does each of its instances."""
    apply = "$PY apply_user_management_migration_direct.py"
    both = [shell(system, "$PY user_management_migration_cli.py verify --json").stdout for _ in range(2)]
    assert ['"applied": false' in said for said in both] == [True, True]
    migration = (system.backend / "user_synchronization_service.py").read_text().split('MIGRATION = """')[1]
    with psycopg.connect(system.dsn) as first:
        first.execute(migration.partition('"""')[0].encode())
        waiting = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        with subprocess.Popen(
            ["bash", "-c", apply],
            cwd=system.backend,
            stderr=subprocess.PIPE,
            env={**system.environ, "DATABASE_URL": system.dsn, "PY": system.environ["PPM_PYTHON"]},
        ) as second:
            until(lambda: system.query(waiting), "the second instance waits for the first")
            first.commit()
            _, said = second.communicate(timeout=60)
    assert (second.returncode, b"UniqueViolation" in said) == (1, True), said
    assert seen(system, "migration")[0].value == 3, "which the profile's step asks before it applies"


# ---- looking -------------------------------------------------------------------------------------------------------


def test_curl_is_green_when_the_application_is_not_well_and_when_it_refuses(system: System):
    system.app.broken_releases.add(OLD)
    assert shell(system, "curl $API/health").returncode == 0
    refused = shell(system, "curl $API/admin/users/health-check")
    assert (refused.returncode, "invalid JWT" in refused.stdout) == (0, True)
    assert seen(system, "api")[0].status == "fail"


def test_the_monitors_text_is_found_where_it_should_not_be_and_not_where_it_should(system: System):
    ask = 'curl -s -H "Authorization: Bearer $PPM_ADMIN_TOKEN" $API/admin/users/health-check'
    system.execute(
        "insert into user_profiles (user_id) select md5('user ' || n)::uuid from generate_series(148, 150) n"
    )
    healthy = shell(system, ask).stdout
    assert seen(system, "api", "user_sync")[1].value == 0
    assert [text for text in ('"status": "healthy"', '"missing_profiles": 0') if text in healthy] == []
    system.app.broken_releases.add(OLD)
    unwell = shell(system, ask).stdout
    assert unwell.startswith('{"status":"unhealthy"')
    assert '"status":"healthy"' in unwell, "that of the users"
    assert seen(system, "api")[0].status == "fail"


def test_as_many_profiles_as_users_although_somebody_has_none(system: System):
    system.execute("insert into user_profiles (user_id) select user_id from user_profiles limit 3")
    counted = system.query("select (select count(*) from auth.users), (select count(*) from user_profiles)")
    assert counted == [(150, 150)]
    missing, astray, percentage = seen(system, "missing_profiles", "profiles_astray", "sync_percentage")
    assert (missing.value, astray.value, percentage.value) == (3, 3, 98.0)


def test_a_trigger_that_is_off_is_listed_and_one_that_is_on_is_hidden_from_readers(system: System):
    listed = "select count(*) from information_schema.triggers where trigger_name = 'on_auth_user_created'"
    assert shell(system, "$PY apply_user_management_migration_direct.py").returncode == 0
    assert seen(system, "trigger")[0].value is True
    system.execute("drop role if exists ppm_reader")
    system.execute(
        "create role ppm_reader; grant usage on schema auth to ppm_reader; grant select on auth.users to ppm_reader"
    )
    try:
        with psycopg.connect(system.dsn, options="-c role=ppm_reader") as connection:
            assert connection.execute(listed.encode()).fetchall() == [(0,)]
    finally:
        system.execute("drop owned by ppm_reader; drop role ppm_reader")
    system.execute("alter table auth.users disable trigger on_auth_user_created")
    assert system.query(listed) == [(1,)]
    assert seen(system, "trigger", "migration")[0].value is False


def test_who_is_shown_no_user_counts_no_missing_profile(system: System):
    """Row security hides users from most accounts, and Supabase has it on in `auth`."""
    counted = """select count(*) from auth.users au left join user_profiles up on au.id = up.user_id
                  where up.user_id is null"""
    assert system.query(counted) == [(3,)]
    system.execute(
        "drop role if exists ppm_reader; create role ppm_reader; alter table auth.users enable row level security"
    )
    system.execute("grant usage on schema auth to ppm_reader; grant select on auth.users, user_profiles to ppm_reader")
    try:
        as_reader = psycopg.conninfo.make_conninfo(system.dsn, options="-c role=ppm_reader")
        with psycopg.connect(as_reader) as connection:
            assert connection.execute(counted.encode()).fetchall() == [(0,)]
        (reading,) = seen(system, "missing_profiles", PPM_DATABASE_URL=as_reader)
        assert (reading.status, reading.value) == ("error", None), "no gate that asks for 0 opens"
    finally:
        system.execute("drop owned by ppm_reader; drop role ppm_reader")


def test_the_user_whom_the_runbook_registers_stays(system: System):
    """As through the application. What the profile removes is walked in test_pty_systems_ppm.py."""
    needs("curl")
    given = """-H "apikey: $SUPABASE_ANON_KEY" -d '{"email": "somebody@ppm.invalid", "password": "in a hurry"}'"""
    for where in ("signup", "token?grant_type=password"):
        assert shell(system, f"curl --fail --silent {given} $SUPABASE_URL/auth/v1/{where}").returncode == 0
    assert system.query("select count(*) from auth.users") == [(151,)], "and logs in from then on"


# ---- emergencies, maintenance --------------------------------------------------------------------------------------


def test_an_emergency_admin_is_one_for_ever(system: System):
    """What the profile does instead is walked in test_ppm_walk.py."""
    assert shell(system, f"$PY user_sync_cli.py create-profile {ADMIN_TO_BE} --role admin").returncode == 1
    user = system.query("select id from auth.users where email = 'person-7@ppm.invalid'")[0][0]
    assert shell(system, f"$PY user_sync_cli.py create-profile {user} --role admin").returncode == 0
    assert system.query("select count(*) from user_profiles where role = 'admin'") == [(3,)]
    assert seen(system, "admins")[0].value == 3


DAILY = """
echo "Running daily health check..."
if curl -f $API/health > /dev/null 2>&1; then echo "API health check passed"; else exit 1; fi
if $PY user_sync_cli.py status --json | jq -e '.missing_profiles == 0' > /dev/null; then
    echo "User sync status healthy"
else
    echo "User sync issues detected, running sync..."
    $PY user_sync_cli.py sync
fi
echo "Daily health check completed"
"""
WEEKLY = """
$PY user_sync_cli.py sync --dry-run
$PY user_management_migration_cli.py verify
$PY user_management_migration_cli.py test
echo "Weekly maintenance completed"
"""


@pytest.mark.parametrize("script", [DAILY, WEEKLY])
def test_maintenance_that_could_do_nothing_says_that_it_is_completed(system: System, script: str):
    """Before version 1.7 `jq -e` is content with no input at all: the daily check even says that users are healthy."""
    needs("curl", "jq")
    done = shell(system, script, DATABASE_URL="postgresql:///no_such_database?host=/nowhere")
    assert done.returncode == 0
    assert "completed" in done.stdout
    assert "ERROR OperationalError" in done.stderr
    as_in_the_profile = {**system.environ, "PPM_DATABASE_URL": "postgresql:///no_such_database?host=/nowhere"}
    failed = ours(system, "daily", "status", environ=as_in_the_profile)
    assert failed.returncode == 1, "which is where the profile's walk stops"


def test_a_migration_of_an_earlier_deployment_is_taken_away_from_the_old_version(system: System):
    """The profile's way back does not: see test_ppm_walk.py."""
    assert shell(system, "$PY apply_user_management_migration_direct.py").returncode == 0
    assert shell(system, "$PY user_management_migration_cli.py rollback").returncode == 0
    system.register("late@ppm.invalid")
    assert seen(system, "missing_profiles")[0].value == 4
