"""What the runbook's own commands and queries would have shown, where PPM's profiles do something else."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from msgspec.structs import replace
from systems.ppm import ADMIN_TO_BE, system_on
from systems.stage import needs

from cockpit.demo.ppm.hosting import NEW, OLD
from cockpit.demo.ppm.system import System
from cockpit.probes.oneshot import read_once
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.profile.model import Step
from cockpit.profile.variables import resolve, secret_values
from cockpit.run.readings import Reading

FOLDER = Path(__file__).parents[3] / "profiles" / "ppm"
KINDS = installed()


@pytest.fixture
def system(postgres_dsn: str, tmp_path: Path) -> Iterator[System]:
    with system_on("vercel", tmp_path, postgres_dsn) as system:
        yield system


def shell(system: System, script: str, *, timeout_s: float = 30.0, **env: str) -> subprocess.CompletedProcess[str]:
    """What the runbook has people paste, in the backend's folder, as in a shell that knows where everything is."""
    names = {"API": system.app.url, "DATABASE_URL": system.dsn, "PY": system.environ["PPM_PYTHON"]}
    environ = {**os.environ, **system.environ, **names, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **env}
    command = ["bash", "-c", script]
    return subprocess.run(
        command, cwd=system.backend, capture_output=True, text=True, check=False, timeout=timeout_s, env=environ
    )


def ours(
    system: System, profile: str, step: str, *, key: str = "script", environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """What a step of the profile runs, with its variables and its environment, as the keeper fills them in."""
    loaded = load(FOLDER / f"{profile}.toml", KINDS).profile
    found: Step = next(each for _, each in loaded.every_step() if each.id == step)
    environ = environ or system.environ
    given = {**resolve(loaded, environ, {}), **secret_values(loaded, environ, {})}
    assert system.hosting.deployments
    given["former_deployment"] = system.hosting.deployments[0].id
    settings: Mapping[str, Any] = found.settings
    env = {name: _filled(value, given) for name, value in settings.get("env", {}).items()}
    what = settings.get(key) or settings["argv"]
    if not isinstance(what, str):
        what = subprocess.list2cmdline([_filled(item, given) for item in what])
    return shell(system, f"set -euo pipefail\n{what}", **{**given, **env})


def _filled(text: str, given: Mapping[str, str]) -> str:
    for name, value in given.items():
        text = text.replace(f"${{{name}}}", value)
    return text


def seen(system: System, *probes: str, profile: str = "vercel") -> list[Reading]:
    """What the profile's probes see."""
    loaded = load(FOLDER / f"{profile}.toml", KINDS).profile
    given = {**resolve(loaded, system.environ, {}), **secret_values(loaded, system.environ, {})}
    loaded = replace(loaded, probes=tuple(probe for probe in loaded.probes if probe.id in probes))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in system.environ.items():
            patch.setenv(name, value)
        results = asyncio.run(read_once(loaded, KINDS, given, FOLDER))
    by_id = {result.probe: result.reading for result in results}
    return [by_id[probe] for probe in probes]


# ---- before the deployment -----------------------------------------------------------------------------------------


def test_the_backup_has_no_row_of_anybody(system: System):
    assert shell(system, "supabase db dump --linked --file backup.sql").returncode == 0
    written = (system.backend / "backup.sql").read_text()
    assert "CREATE TABLE public.user_profiles" in written
    assert [word for word in ("COPY ", "INSERT INTO", "auth.users") if word in written] == []
    assert '"auth_users": 150, "user_profiles": 147' in ours(system, "vercel", "backup").stdout


def test_tests_that_run_in_the_shell_with_productions_keys_write_to_production(system: System):
    assert shell(system, "$PY -m pytest tests/ -v").returncode == 0
    assert system.query("select count(*) from auth.users") == [(151,)]
    assert ours(system, "vercel", "tests", key="argv").returncode == 0
    assert system.query("select count(*) from auth.users") == [(151,)]


def test_the_check_of_permissions_always_fails(system: System):
    """The runbook asks the REST API for `auth.users`; the account may read it all the same."""
    asked = 'curl -s -H "apikey: $SUPABASE_SERVICE_ROLE_KEY" $SUPABASE_URL/rest/v1/auth.users?select=id'
    assert "Could not find the table 'public.auth.users'" in shell(system, asked).stdout
    assert seen(system, "may_migrate")[0].value is True


# ---- deploying -----------------------------------------------------------------------------------------------------


def test_vercel_is_asked_for_an_environment_that_is_called_true(system: System):
    system.hosting.env.pop("DISABLE_BOOTSTRAP")
    assert shell(system, "vercel env add DISABLE_BOOTSTRAP true").returncode == 1
    assert "DISABLE_BOOTSTRAP" not in system.hosting.env
    assert ours(system, "vercel", "set_environment").returncode == 0
    assert system.hosting.env["DISABLE_BOOTSTRAP"] == "true"


def test_with_the_runbooks_variables_the_application_does_not_start(system: System):
    system.hosting.env.clear()
    three = ("SUPABASE_URL", "SUPABASE_SERVICE_ROLE_KEY", "DISABLE_BOOTSTRAP")
    for name in three:
        assert shell(system, f"printenv {name} | vercel env add {name} production").returncode == 0
    assert shell(system, "vercel --prod").returncode == 0
    assert shell(system, "curl $API/health").returncode == 0, "curl ends with 0 whatever the status"
    assert seen(system, "api")[0].status == "fail"
    assert ours(system, "vercel", "set_environment").returncode == 0
    assert shell(system, "vercel --prod").returncode == 0
    assert seen(system, "api")[0].status == "pass"


def test_the_deployment_after_a_rollback_does_not_go_live_on_vercel(system: System):
    system.hosting.deploy(NEW)
    assert shell(system, "vercel rollback").returncode == 0
    assert shell(system, "vercel --prod && curl --fail $API/health").returncode == 0
    serving = system.hosting.serving
    assert serving is not None
    assert serving.release == OLD, "what answers is the old one"
    assert seen(system, "deployment")[0].value == serving.id, "so the gate of `up`, that it is another, stays shut"


def test_docker_has_no_rollback_and_no_room_for_a_second_container(postgres_dsn: str, tmp_path: Path):
    needs("docker")
    with system_on("docker", tmp_path, postgres_dsn) as system:
        assert shell(system, "docker rollback ppm-backend").returncode != 0
        assert shell(system, "docker build -t ppm-backend:latest .").returncode == 0
        second = shell(system, "docker run -d -e SUPABASE_URL=your-url -p 8000:8000 ppm-backend")
        assert "port is already allocated" in second.stderr
        assert ours(system, "docker", "build", key="argv").returncode == 0
        assert ours(system, "docker", "deploy").returncode == 0
        assert seen(system, "deployment", profile="docker")[0].value == f"ppm-backend:{NEW}"
        assert "Starting FastAPI server" in ours(system, "docker", "startup_log", key="argv").stdout
        assert ours(system, "docker", "deploy", key="undo").returncode == 0
        assert seen(system, "deployment", "api", profile="docker")[0].value == f"ppm-backend:{OLD}"
        assert ours(system, "docker", "deploy", key="undo").returncode == 0, "once more changes nothing"
        assert seen(system, "deployment", profile="docker")[0].value == f"ppm-backend:{OLD}"


def test_the_log_of_railway_never_ends_and_a_key_as_an_argument_is_seen_by_all(postgres_dsn: str, tmp_path: Path):
    with system_on("railway", tmp_path, postgres_dsn) as system:
        with pytest.raises(subprocess.TimeoutExpired):
            shell(system, "exec railway logs", timeout_s=0.7)
        environ = {**os.environ, **system.environ}
        command = ["railway", "variables", "set", "JWT_SECRET=for-all-to-read"]
        with subprocess.Popen([str(tmp_path / "bin" / command[0]), *command[1:]], env=environ) as setting:
            assert "JWT_SECRET=for-all-to-read" in psutil.Process(setting.pid).cmdline()
        system.hosting.env.clear()
        assert ours(system, "railway", "set_environment").returncode == 0
        assert len(system.hosting.env) == 6
        goes_there_and_back(system, "railway")


def test_render_is_deployed_to_and_gone_back_from(postgres_dsn: str, tmp_path: Path):
    needs("curl", "jq")
    with system_on("render", tmp_path, postgres_dsn) as system:
        system.hosting.env.clear()
        assert ours(system, "render", "set_environment").returncode == 0
        assert len(system.hosting.env) == 6
        goes_there_and_back(system, "render")


def goes_there_and_back(system: System, platform: str) -> None:
    """The runbook has no way back on this platform; the profile's commands find one."""
    (former,) = seen(system, "deployment", profile=platform)
    assert ours(system, platform, "deploy", key="argv").returncode == 0
    assert "Starting FastAPI server" in ours(system, platform, "startup_log").stdout
    assert seen(system, "deployment", profile=platform)[0].value != former.value
    undone = ours(system, platform, "deploy", key="undo")
    assert undone.returncode == 0, undone.stderr
    serving = system.hosting.serving
    assert serving is not None
    assert (serving.id, serving.release) == (former.value, OLD)


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
    failed = ours(system, "daily", "status", key="argv", environ=as_in_the_profile)
    assert failed.returncode == 1, "which is where the profile's walk stops"


def test_a_migration_of_an_earlier_deployment_is_taken_away_from_the_old_version(system: System):
    """The profile's way back does not: see test_ppm_walk.py."""
    assert shell(system, "$PY apply_user_management_migration_direct.py").returncode == 0
    assert shell(system, "$PY user_management_migration_cli.py rollback").returncode == 0
    system.register("late@ppm.invalid")
    assert seen(system, "missing_profiles")[0].value == 4
