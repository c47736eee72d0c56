"""What the runbook's own commands would have shown, where virtue's profile does something else."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from systems.looking import until

from cockpit.demo.virtue.app import OLD_IMAGE
from cockpit.demo.virtue.system import System


@pytest.fixture
def system(postgres_dsn: str, tmp_path: Path) -> Iterator[System]:
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed here")
    system = System(tmp_path, postgres_dsn)
    yield system
    system.close()


def shell(system: System, script: str) -> int:
    """The exit status of what the runbook has people paste."""
    env = {**os.environ, **system.environ, "APP_URL": system.app.url}
    return subprocess.run(["bash", "-c", script], capture_output=True, check=False, timeout=30, env=env).returncode


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
