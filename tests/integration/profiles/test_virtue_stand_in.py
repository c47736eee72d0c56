"""The virtue system's stand-in does what the real kubectl and clients of HTTP and SQL expect of the real one."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from systems.looking import until
from systems.server import has_ended

from cockpit.demo.virtue.app import NEW_IMAGE, OLD_IMAGE, PASSWORD
from cockpit.demo.virtue.system import CONTEXT, System


@pytest.fixture
def system(postgres_dsn: str, tmp_path: Path) -> Iterator[System]:
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed here")
    system = System(tmp_path, postgres_dsn)
    yield system
    system.close()


def ask(url: str, token: str = "", body: dict[str, str] | None = None) -> tuple[int, dict[str, object]]:
    request = urllib.request.Request(url, json.dumps(body).encode() if body else None)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def kubectl(system: System, *arguments: str) -> str:
    done = system.kubectl(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_kubectl_finds_its_way_only_in_the_context_that_is_named(system: System):
    assert "v1.32.0-stand-in" in kubectl(system, "version", "--output", "json")
    assert CONTEXT in system.kubeconfig.read_text()
    elsewhere = ["kubectl", "--kubeconfig", str(system.kubeconfig), "get", "pods", "--request-timeout", "2s"]
    environ = {**os.environ, **system.environ}
    assert subprocess.run(elsewhere, capture_output=True, check=False, env=environ).returncode == 1
    assert "NotFound" in system.kubectl("get", "namespace", "other").stderr


def test_config_maps_are_patched_and_a_dry_run_patches_nothing(system: System):
    patch = '{"data":{"MAINTENANCE_MODE":"true"}}'
    kubectl(system, "patch", "configmap", "app-config", "--patch", patch, "--dry-run=server")
    assert (system.cluster.data("app-config"), system.cluster.changes) == ({"MAINTENANCE_MODE": "false"}, [])
    kubectl(system, "patch", "configmap", "app-config", "--patch", patch)
    assert system.cluster.data("app-config") == {"MAINTENANCE_MODE": "true"}
    shown = kubectl(system, "get", "configmap", "app-config", "--output", "jsonpath={.data.MAINTENANCE_MODE}")
    assert shown == "true"


def test_at_zero_replicas_a_rollout_is_called_complete_although_nothing_runs(system: System):
    kubectl(system, "scale", "deployment", "virtue-app", "--replicas=0")
    until(lambda: not system.cluster.pods(ready=False), "no pods")
    kubectl(system, "set", "image", "deployment/virtue-app", "app=virtue-app:there-is-no-such-image")
    said = kubectl(system, "rollout", "status", "deployment/virtue-app", "--timeout=5s")
    assert "successfully rolled out" in said
    assert system.cluster.pods(ready=False) == {}


def test_an_image_that_never_becomes_ready_makes_the_rollout_time_out(system: System):
    system.cluster.never_ready.add(NEW_IMAGE)
    kubectl(system, "set", "image", "deployment/virtue-app", f"app={NEW_IMAGE}")
    waited = system.kubectl("rollout", "status", "deployment/virtue-app", "--timeout=1s")
    assert waited.returncode == 1
    assert set(system.cluster.pods().values()) == {OLD_IMAGE}


def test_a_rollout_is_undone_to_the_revision_before(system: System):
    kubectl(system, "set", "image", "deployment/virtue-app", f"app={NEW_IMAGE}")
    kubectl(system, "rollout", "status", "deployment/virtue-app", "--timeout=20s")
    until(lambda: set(system.cluster.pods(ready=False).values()) == {NEW_IMAGE}, "only new pods")
    kubectl(system, "rollout", "undo", "deployment/virtue-app")
    kubectl(system, "rollout", "status", "deployment/virtue-app", "--timeout=20s")
    until(lambda: set(system.cluster.pods(ready=False).values()) == {OLD_IMAGE}, "only old pods")
    revisions = kubectl(system, "rollout", "history", "deployment/virtue-app").split()
    assert [word for word in revisions if word.isdigit()] == ["2", "3"]


def test_pods_have_logs_and_figures(system: System):
    system.app.log_lines.append("ERROR something")
    logs = kubectl(system, "logs", "--selector", "app=virtue-app", "--tail=100")
    assert (logs.count("serves"), logs.count("ERROR something")) == (3, 3)
    assert kubectl(system, "top", "pods", "--selector", "app=virtue-app").count("120m") == 3


def test_the_application_follows_the_cluster(system: System):
    url = f"{system.app.url}/api/health"
    assert ask(url)[1]["version"] == "previous-stable"
    until(lambda: system.connections() == 6, "two connections a pod")
    kubectl(system, "patch", "configmap", "app-config", "--patch", '{"data":{"MAINTENANCE_MODE":"true"}}')
    assert ask(url)[1]["maintenance"] is True
    assert ask(f"{system.app.url}/api/auth/signin", body={"email": "x", "password": "y"})[0] == 503
    kubectl(system, "scale", "deployment", "virtue-app", "--replicas=0")
    until(lambda: system.connections() == 0, "no connections")
    assert ask(url)[0] == 503


def test_each_version_works_on_its_own_schema_only(system: System):
    sign_in = {"email": "sponsor-1@virtue.invalid", "password": PASSWORD}
    answer = ask(f"{system.app.url}/api/auth/signin", body=sign_in)[1]
    assert answer["role"] == "sponsor"
    assert ask(f"{system.app.url}/api/auth/signin", body=sign_in | {"password": "wrong"})[0] == 401
    assert ask(f"{system.app.url}/api/sponsor/dashboard", str(answer["token"]))[1]["practitioners"] in range(10, 14)
    assert ask(f"{system.app.url}/api/practitioner/dashboard", "token-practitioner-1@virtue.invalid")[0] == 200
    kubectl(system, "set", "image", "deployment/virtue-app", f"app={NEW_IMAGE}")
    kubectl(system, "patch", "configmap", "feature-flags", "--patch", '{"data":{"ORGANIZATIONAL_ADMIN":"true"}}')
    until(lambda: set(system.cluster.pods(ready=False).values()) == {NEW_IMAGE}, "only new pods")
    assert ask(f"{system.app.url}/api/organization", "token-admin-1@virtue.invalid")[0] == 500


def test_the_database_server_ends_even_when_the_process_that_started_it_is_killed():
    with tempfile.TemporaryDirectory(prefix="virtue-guard-") as folder:
        Path(folder).chmod(0o755)  # as root, PostgreSQL runs as a user of its own and has to pass
        data = Path(folder) / "data"
        program = (
            "import pathlib, signal, sys\n"
            "from systems.server import guarded_server\n"
            "with guarded_server(pathlib.Path(sys.argv[1])):\n"
            "    print('up', flush=True)\n"
            "    signal.pause()\n"
        )
        tests = Path(__file__).parents[2]
        command = [sys.executable, "-c", program, str(data)]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, env={"PYTHONPATH": str(tests), "PATH": "/usr/bin:/bin"}
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"up\n"
            pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
            process.send_signal(signal.SIGKILL)
        until(lambda: has_ended(pid), "the server's end")
