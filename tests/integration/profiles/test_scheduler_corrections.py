"""What the checklist's own commands and boxes would have shown, where the scheduler's profiles do something else."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from systems.scheduler import ADMIN_SQL, FOLDER, asked, launched, ours, started
from systems.stage import needs, system_of

from cockpit.demo.scheduler import database
from cockpit.demo.scheduler.app import ORIGIN
from cockpit.demo.scheduler.certificate import issue
from cockpit.demo.scheduler.engine import OLD_IMAGE, Engine
from cockpit.demo.scheduler.system import ACCESS_SECRET, DATABASE_PASSWORD, System
from cockpit.probes.oneshot import read_once
from cockpit.profile.conditions import compile_condition, probe_environment
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.profile.model import Profile
from cockpit.profile.variables import resolve, secret_values
from cockpit.run.readings import Reading

KINDS = installed()
PRODUCTION = load(FOLDER / "production.toml", KINDS).profile
STAGING = load(FOLDER / "staging.toml", KINDS).profile


@pytest.fixture
def system(postgres_dsn: str, tmp_path: Path) -> Iterator[System]:
    with system_of("scheduler", tmp_path, postgres_dsn) as system:
        yield system


def seen(system: System, *probes: str, **others: str) -> list[Reading]:
    """What probes of the profile see, in the system's environment and what is said otherwise."""
    environ = {**system.environ, **others}
    given = {**resolve(PRODUCTION, environ, {}), **secret_values(PRODUCTION, environ, {})}
    wanted = msgspec.structs.replace(PRODUCTION, probes=tuple(each for each in PRODUCTION.probes if each.id in probes))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environ.items():
            patch.setenv(name, value)
        by_id = {each.probe: each.reading for each in asyncio.run(read_once(wanted, KINDS, given, FOLDER))}
    return [by_id[probe] for probe in probes]


def value(system: System, probe: str) -> object:
    """What a gate would compare."""
    return seen(system, probe)[0].value


def shell(system: System, script: str, **others: str) -> subprocess.CompletedProcess[str]:
    """What people paste, in a shell that knows where everything is."""
    names = {"API": system.app.url, "DATABASE": system.direct_dsn, "BACKUPS": str(system.backups)}
    env = {**os.environ, **system.environ, **names, **others}
    return subprocess.run(
        ["bash", "-c", script], cwd=system.source, capture_output=True, text=True, check=False, timeout=60, env=env
    )


def gate_of(step: str) -> tuple[str, ...]:
    """The conditions under which a step may be confirmed."""
    return tuple(next(each for _, each in PRODUCTION.every_step() if each.id == step).gate)


def unmet(step: str, done: subprocess.CompletedProcess[str], profile: Profile = PRODUCTION) -> list[str]:
    """What a step of the profile expects of its command, and did not get."""
    found = next(each for _, each in profile.every_step() if each.id == step)
    facts: dict[str, object] = {"exit_code": done.returncode, "stdout": done.stdout, "stderr": done.stderr}
    if done.stdout.lstrip().startswith("{"):
        facts["json"] = json.loads(done.stdout)
    environment = probe_environment(KINDS.steps["command"])
    conditions: list[str] = (
        [found.settings["expect"]] if isinstance(found.settings["expect"], str) else list(found.settings["expect"])
    )
    return [each for each in conditions if compile_condition(each, environment).evaluate(facts) is not True]


# ---- secrets and tokens --------------------------------------------------------------------------------------------


def test_a_secret_may_be_long_enough_and_not_random(system: System):
    sentence = "your-secret-key-that-is-long-enough-to-look-good-0123456789"
    for weak in ("9f2c7be04a51d8e36c0f1ab7d2945e83", "a" * 64, sentence):
        assert len(weak) >= 32, "what people count"
        (reading,) = seen(system, "access_secret", SCHEDULER_JWT_SECRET=weak)
        assert reading.status == "fail"
        assert weak not in str(reading)


def test_a_strong_secret_in_the_environment_need_not_be_the_one_that_signs(system: System):
    launched(system)
    assert seen(system, "access_secret")[0].status == "pass"
    assert value(system, "tokens") is True
    system.engine.running().env["JWT_SECRET"] = "secret"  # type: ignore[union-attr]
    assert seen(system, "access_secret")[0].status == "pass"
    assert value(system, "tokens") is False


def test_the_answer_says_15_minutes_and_the_token_a_month(system: System):
    launched(system)
    system.app.faults.access_s = 30 * 86_400
    login = {"email": database.USER_EMAIL, "password": database.USER_PASSWORD}
    assert asked(system, "POST", "/api/auth/login", login)[2]["expiresIn"] == 900
    (reading,) = seen(system, "tokens")
    assert reading.value is False
    assert "2592000" in reading.detail
    assert ACCESS_SECRET not in str(reading)


def test_an_image_that_holds_a_secret_is_built_without_a_word(system: System):
    dockerfile = system.source / "Dockerfile"
    dockerfile.write_text(f"{dockerfile.read_text()}ENV JWT_SECRET={ACCESS_SECRET}\n")
    assert shell(system, "docker build --tag scheduler-api:1.0.0 .").returncode == 0
    (reading,) = seen(system, "image_clean")
    assert reading.value is False
    assert ACCESS_SECRET not in str(reading)


def test_a_file_of_secrets_is_copied_into_the_image_unseen(system: System):
    assert seen(system, "source_clean")[0].status == "pass"
    (system.source / ".env").write_text("PORT=3000\n")
    (system.source / "src" / "config.js").write_text(f'exports.secret = "{ACCESS_SECRET}";\n')
    assert shell(system, "docker build --tag scheduler-api:1.0.0 .").returncode == 0
    assert value(system, "image_clean") is True, "its variables are not its files"
    (reading,) = seen(system, "source_clean")
    assert reading.status == "fail"
    assert ".env is there" in reading.detail
    assert "src/config.js holds SCHEDULER_JWT_SECRET" in reading.detail
    assert ACCESS_SECRET not in str(reading)


# ---- the way to the database ---------------------------------------------------------------------------------------


def test_a_connection_with_tls_says_nothing_about_those_without(system: System):
    system.pooler.tls_only = False
    with psycopg.connect(system.dsn) as connection:
        assert connection.pgconn.ssl_in_use
    plain = system.dsn.replace("verify-full", "disable")
    with psycopg.connect(plain) as connection:
        assert not connection.pgconn.ssl_in_use
    assert seen(system, "database_plain")[0].status == "fail"
    system.pooler.tls_only = True
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        psycopg.connect(plain)
    assert (value(system, "database_plain"), seen(system, "database_certificate")[0].status) == ("refused", "pass")


def test_sslmode_require_believes_any_certificate(system: System, tmp_path: Path):
    (tmp_path / "others").mkdir()
    _, another = issue(tmp_path / "others")
    believing = f"postgresql://scheduler:{DATABASE_PASSWORD}@127.0.0.1:{system.pooler.port}/scheduler?sslmode=require"
    psycopg.connect(believing).close()
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        psycopg.connect(system.dsn.replace(str(system.authority), str(another)))
    assert seen(system, "database_certificate", SCHEDULER_DATABASE_CA=str(another))[0].status == "fail"


def test_a_default_password_works_as_well_as_any_other(system: System):
    for known in ("postgres", "scheduler"):
        system.pooler.passwords["scheduler"] = known
        url = system.dsn.replace(DATABASE_PASSWORD, known)
        answers, password = seen(system, "database_answers", "database_password", SCHEDULER_DATABASE_URL=url)
        assert (answers.status, password.status) == ("pass", "fail")


# ---- what the outside meets ----------------------------------------------------------------------------------------


def test_an_open_server_looks_closed_to_whoever_asks_for_what_they_may(system: System):
    """Version 0.9: nobody is refused, an ordinary user is not; our own origin is let in, and so is every other."""
    assert asked(system, "GET", "/api/admin/organizations")[0] == 401
    assert asked(system, "GET", "/health", headers={"Origin": ORIGIN})[1]["Access-Control-Allow-Origin"]
    assert asked(system, "GET", "/api/admin/create")[0] == 404, "by the wrong method it is not there"
    probes = ("admin_guard", "cors_foreign", "admin_route_gone", "tenants_apart", "injection", "nothing_leaks")
    assert [each.value for each in seen(system, *probes)] == [False] * 6
    launched(system)
    assert [each.value for each in seen(system, *probes)] == [True] * 6


def test_headers_of_a_rate_limit_limit_nothing(system: System):
    launched(system)
    system.app.faults.counts_requests = False
    path = "/api/organizations/available/somebody"
    assert asked(system, "GET", path)[1]["RateLimit-Limit"] == "100"
    assert {asked(system, "GET", path)[0] for _ in range(120)} == {200}
    assert value(system, "rate_limit") is False
    system.app.faults.counts_requests = True
    assert value(system, "rate_limit") is True
    reached = ours(system, "rate_limit_reached", "staging")
    assert int(json.loads(reached.stdout)["refused_after"]) in range(90, 101)
    assert unmet("rate_limit_reached", reached, STAGING) == []


def test_a_limit_that_counts_need_not_refuse(system: System):
    launched(system)
    system.app.faults.refuses = False
    path = "/api/organizations/available/somebody"
    answers = [asked(system, "GET", path) for _ in range(110)]
    assert int(answers[0][1]["RateLimit-Remaining"]) > int(answers[50][1]["RateLimit-Remaining"])
    assert {status for status, _, _ in answers} == {200}
    assert unmet("rate_limit_reached", ours(system, "rate_limit_reached", "staging"), STAGING) == [
        "json.refused == true"
    ]


def test_whoever_says_to_come_from_elsewhere_has_no_limit(system: System):
    launched(system)
    system.app.faults.believes_forwarded = True
    path = "/api/organizations/available/somebody"
    assert int(asked(system, "GET", path)[1]["RateLimit-Remaining"]) > int(
        asked(system, "GET", path)[1]["RateLimit-Remaining"]
    ), "it counts, for whoever is honest"
    from_anywhere = (asked(system, "GET", path, headers={"X-Forwarded-For": f"192.0.2.{n}"})[0] for n in range(110))
    assert set(from_anywhere) == {200}
    assert value(system, "rate_limit") is False


def test_a_security_policy_may_allow_everything(system: System):
    launched(system)
    assert value(system, "headers_set") is True
    for lax in ("default-src *", "default-src 'self'; script-src 'self' 'unsafe-inline'", "img-src 'self'"):
        system.app.faults.policy = lax
        said = shell(system, "curl --silent --head --request GET $API/health").stdout.lower()
        assert "content-security-policy:" in said
        (reading,) = seen(system, "headers_set")
        assert (reading.value, reading.status) == (False, "warn")


def test_a_list_of_few_clients_looks_like_a_page(system: System):
    """Version 0.9 gives whatever there is, to whoever asks: of 20 clients nobody can tell."""
    system.execute("delete from clients where \"organizationId\" = 1 and identifier > 'C-20'")
    login = {"email": database.USER_EMAIL, "password": database.USER_PASSWORD}
    token = asked(system, "POST", "/api/auth/login", login)[2]["accessToken"]
    items = asked(system, "GET", "/api/organizations/1/clients", headers={"Authorization": f"Bearer {token}"})[2]
    assert 0 < len(items) <= 50
    launched(system)
    assert value(system, "lists_bounded") is False
    insert = "insert into clients (\"organizationId\", identifier, name) select 1, 'D-' || n, 'D' from "
    system.execute(f"{insert} generate_series(1, 60) n")
    assert value(system, "lists_bounded") is True


def test_a_column_says_disabled_and_the_application_enables(system: System):
    launched(system)
    system.app.faults.enables_at_once = True
    system.execute("delete from users where role = 'admin'")
    system.execute(
        f"insert into users (email, \"passwordHash\", role) values ('{database.ADMIN_EMAIL}', "
        f"'{database.hashed(database.ADMIN_PASSWORD)}', 'admin')"
    )
    system.execute("insert into invitations (code, stage) values ('check-01M7Y93MTEST', 'check')")
    shown = shell(system, "psql \"$DATABASE\" -c '\\d organizations'").stdout
    assert re.search(r"enabled .*\bfalse\b", shown)
    assert value(system, "new_disabled") is True
    assert unmet("registration", ours(system, "registration")) == ["int(json.before) == 403"]


def test_an_image_that_names_a_user_may_run_as_root(system: System):
    needs("docker")
    shell(system, "docker build --tag scheduler-api:1.0.0 . && docker rm --force scheduler-api")
    shell(system, "docker run --detach --name scheduler-api --user root scheduler-api:1.0.0")
    said = shell(system, "docker image inspect --format '{{.Config.User}}' scheduler-api:1.0.0").stdout
    assert said.strip() == "node"
    assert (value(system, "not_root"), value(system, "limits")) == (False, False)


def test_memory_without_a_limit_is_a_share_of_the_whole_host(system: System):
    system.engine.memory_share = 0.9
    (open_ended,) = seen(system, "memory")
    assert (open_ended.status, open_ended.value) == ("pass", 2.81)
    launched(system)
    assert seen(system, "memory")[0].value == 90.0


# ---- before the deployment -----------------------------------------------------------------------------------------


def test_npm_finds_no_test_and_is_content(system: System):
    assert unmet("tests", ours(system, "tests")) == []
    (system.source / "test" / "overlaps.test.js").unlink()
    done = ours(system, "tests")
    assert done.returncode == 0
    assert unmet("tests", done)


def test_npm_finds_no_hole_without_asking_anybody(system: System):
    hole = {
        "id": 1,
        "title": "it lets everybody in",
        "severity": "critical",
        "vulnerable_versions": "<3",
        "url": "none",
    }
    system.beside.advisories["ms"] = [hole]
    offline = shell(system, "npm audit", npm_config_offline="true")
    assert (offline.returncode, "found 0 vulnerabilities" in offline.stdout) == (0, True)
    system.beside.advisories["ms"] = [{**hole, "id": 2, "severity": "low"}]
    assert shell(system, "npm audit").returncode == 1, "the same as for a critical one"
    assert unmet("audit", ours(system, "audit")) == []
    assert shell(system, "npm audit", npm_config_registry="http://127.0.0.1:9/").returncode == 1
    system.beside.advisories["ms"] = [hole]
    done = ours(system, "audit", npm_config_offline="true")
    assert unmet("audit", done) == ["int(json.metadata.vulnerabilities.critical) == 0"]
    system.beside.advisories.clear()
    assert unmet("audit", ours(system, "audit")) == []


def test_a_dump_through_a_pipe_ends_well_and_is_empty(system: System):
    piped = "pg_dump --dbname=postgresql:///nowhere?host=/nowhere | gzip > $BACKUPS/tonight.dump"
    assert shell(system, piped).returncode == 0
    assert (system.backups / "tonight.dump").stat().st_size > 0
    assert seen(system, "backups")[0].status == "fail"
    (system.backups / "tonight.dump").unlink()
    before = sorted(system.backups.iterdir())
    assert ours(system, "backup", SCHEDULER_BACKUP_URL="postgresql:///nowhere?host=/nowhere").returncode != 0
    assert sorted(system.backups.iterdir()) == before
    assert ours(system, "backup").returncode == 0
    assert seen(system, "backups")[0].status == "pass"
    assert float(str(value(system, "launch_backup"))) < 0.1


def test_a_dump_by_hand_hides_that_none_is_made_by_itself(system: System):
    for path in system.backups.iterdir():
        os.utime(path, (path.stat().st_mtime - 2 * 86_400,) * 2)
    assert ours(system, "backup").returncode == 0
    assert shell(system, "find $BACKUPS -name '*.dump' -mmin -1500 | grep .").returncode == 0
    (reading,) = seen(system, "backups")
    assert (reading.status, 67.0 < float(str(reading.value)) < 69.0) == ("fail", True)


def test_backups_of_a_few_days_do_not_show_that_they_are_kept(system: System):
    assert gate_of("backups_scheduled") == (
        "backups.status == 'pass'",
        "backups_kept >= 29.0",
        "backup_success == 100.0",
    )
    assert float(str(value(system, "backups_kept"))) > 29.0
    for path in sorted(system.backups.iterdir())[:-3]:
        path.unlink()
    assert shell(system, "find $BACKUPS -name '*.dump' -mtime +30 | grep .").returncode == 1, "none is too old"
    assert seen(system, "backups")[0].status == "pass"
    assert float(str(value(system, "backups_kept"))) < 3.0
    oldest = min(system.backups.iterdir())
    (system.backups / "one-more-daily.dump").write_bytes(oldest.read_bytes())
    newest = max(path.stat().st_mtime for path in system.backups.iterdir())
    os.utime(oldest, (newest - 20 * 86_400,) * 2)
    assert seen(system, "backups")[0].status == "warn", "a day is missing, which `passing` would let pass"


def test_nobody_finds_an_error_in_a_log_that_nobody_writes(system: System, tmp_path: Path):
    launched(system)
    elsewhere = tmp_path / "application.log.1"
    elsewhere.write_text('{"timestamp":"2020-01-01T00:00:00Z","level":"info","message":"listening"}\n')
    os.utime(elsewhere, (0, 0))
    for log in (elsewhere, tmp_path / "not-there.log"):
        errors = shell(system, 'grep --count \'"level":"error"\' "$SCHEDULER_LOG" || true', SCHEDULER_LOG=str(log))
        assert errors.stdout in ("0\n", "")
        written, found = seen(system, "log_written", "log_errors", SCHEDULER_LOG=str(log))
        assert (found.value, written.status) == (0, "fail")
    assert seen(system, "log_written")[0].status == "pass"
    for step in ("services_running", "first_day"):
        assert "log_written.passing" in gate_of(step)


# ---- deploying -----------------------------------------------------------------------------------------------------


def test_a_new_version_that_is_deployed_first_is_healthy_and_cannot_work(system: System):
    started(system)
    assert shell(system, "curl --silent $API/health").returncode == 0
    assert shell(system, "curl --silent $API/health/ready").returncode == 0, "without --fail it ends well at a 503"
    assert [each.status for each in seen(system, "alive", "ready")] == ["pass", "fail"]
    register = {"slug": "new-one", "email": "a@new-one.invalid", "password": "none"}
    assert asked(system, "POST", "/api/auth/register", register)[0] == 500


def test_the_old_version_works_on_the_new_schema(system: System):
    launched(system)
    running = system.engine.running()
    assert running is not None
    running.image = system.engine.images[OLD_IMAGE]
    register = {"slug": "new-one", "email": "a@new-one.invalid", "password": "none"}
    assert asked(system, "POST", "/api/auth/register", register)[0] == 201
    assert seen(system, "alive")[0].value == "0.9.0"


def test_docker_stop_ends_well_when_it_had_to_kill(system: System):
    started(system).ends_gracefully = False
    assert shell(system, "docker stop -t 30 scheduler-api").returncode == 0
    shell(system, "docker start scheduler-api")
    assert unmet("graceful_shutdown", ours(system, "graceful_shutdown"))
    started(system)
    assert unmet("graceful_shutdown", ours(system, "graceful_shutdown")) == []


def test_columns_with_capitals_get_no_index_and_psql_ends_well(system: System, tmp_path: Path):
    script = tmp_path / "indexes.sql"
    script.write_text("create index on users (email);\ncreate index on users (organizationId);\n")
    done = shell(system, f'psql "$DATABASE" -f {script}')
    assert (done.returncode, 'column "organizationid" does not exist' in done.stderr) == (0, True)
    assert value(system, "indexes") == 2, "slug, and now email"
    launched(system)
    assert value(system, "indexes") == 8


# ---- the first administrator ---------------------------------------------------------------------------------------


def test_whoever_asks_twice_makes_two_administrators(system: System):
    for name in ("first", "second"):
        given = {"email": f"{name}@scheduler.invalid", "password": "none"}
        assert asked(system, "POST", "/api/admin/create", given)[0] == 201
    assert value(system, "admins") == 2


def test_the_first_administrator_is_made_once_however_often_and_at_once(system: System):
    launched(system)
    system.execute("delete from users where role = 'admin'")
    given: Mapping[str, Any] = {"email": database.ADMIN_EMAIL, "hash": database.hashed(database.ADMIN_PASSWORD)}
    made: list[int] = []
    barrier = threading.Barrier(4)

    def create() -> None:
        with psycopg.connect(system.direct_dsn) as connection:
            barrier.wait()
            for statement in ADMIN_SQL:
                cursor = connection.execute(statement.encode(), given if "%(" in statement else None)
            made.append(cursor.rowcount)

    together = [threading.Thread(target=create) for _ in range(4)]
    for each in together:
        each.start()
    for each in together:
        each.join()
    assert sorted(made) == [0, 0, 0, 1]
    assert value(system, "admins") == 1
    system.execute("update users set role = 'user' where role = 'admin'")
    barrier = threading.Barrier(1)
    create()
    assert made[-1] == 0, "also when it is no administrator any more"


# ---- figures -------------------------------------------------------------------------------------------------------


def test_the_mean_of_the_approved_does_not_know_who_waits(system: System):
    launched(system)
    system.execute(
        "insert into organizations (name, slug, \"createdAt\") values ('W', 'waits', now() - interval '3 days')"
    )
    mean = 'select extract(epoch from avg("approvedAt" - "createdAt")) / 3600 from organizations where enabled'
    assert system.query(mean)[0][0] < 24
    (reading,) = seen(system, "approval_wait")
    assert (reading.status, 71.9 < float(str(reading.value)) < 72.1) == ("warn", True)


def test_failed_logins_of_a_day_hide_those_of_an_hour(system: System):
    system.execute("delete from login_attempts")
    system.execute("insert into login_attempts (email, succeeded) select 'x', false from generate_series(1, 11)")
    assert system.query("select count(*) / 24.0 from login_attempts where at > now() - interval '1 day'")[0][0] < 1
    assert seen(system, "failed_logins")[0].value == 11


def test_who_looks_before_they_book_books_twice_all_the_same(system: System):
    free = "select count(*) from appointments where staff = 'dora'"
    book = """insert into appointments ("organizationId", "clientId", staff, date, minutes)
              values (1, 1, 'dora', date_trunc('day', now()) + interval '400 days', 45)"""
    with psycopg.connect(system.direct_dsn) as one, psycopg.connect(system.direct_dsn) as other:
        for connection in (one, other):
            assert connection.execute(free.encode()).fetchone() == (0,)
            connection.execute(book.encode())
    (reading,) = seen(system, "double_bookings")
    assert (reading.status, reading.value) == ("warn", 1)


def test_docker_goes_to_whichever_host_is_current(system: System):
    needs("docker")
    elsewhere = Engine({})
    try:
        assert shell(system, "docker stop scheduler-api", DOCKER_HOST=elsewhere.host).returncode == 0
        (reading,) = seen(system, "container_host", SCHEDULER_ENGINE="another-host")
        assert reading.status == "fail"
        assert "DOCKER_HOST" in reading.detail
    finally:
        elsewhere.close()
