"""What the runbook's own commands for the platforms would have shown, where PPM's profiles do something else."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from systems.looking import until
from systems.pasted import ours, seen, shell
from systems.ppm import system_on
from systems.stage import needs

from cockpit.demo.ppm.hosting import NEW, OLD
from cockpit.demo.ppm.system import System

SIX = {
    "SUPABASE_URL",
    "SUPABASE_SERVICE_ROLE_KEY",
    "SUPABASE_ANON_KEY",
    "JWT_SECRET",
    "DISABLE_BOOTSTRAP",
    "ENABLE_DEVELOPMENT_MODE",
}
IF_SET = {"SKIP_PRE_STARTUP_TESTS", "PRE_STARTUP_TEST_TIMEOUT"}
"""Of those that need not be there the two that the stand-in's shell has."""


@pytest.fixture
def system(postgres_dsn: str, tmp_path: Path) -> Iterator[System]:
    with system_on("vercel", tmp_path, postgres_dsn) as system:
        yield system


# ---- Vercel --------------------------------------------------------------------------------------------------------


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


def test_vercel_rollback_that_names_no_deployment_rolls_nothing_back(system: System):
    """Vercel's source (commands/rollback): without an argument it is `vercel rollback status`."""
    former = system.hosting.serving
    assert former is not None
    system.hosting.deploy(NEW)
    said = shell(system, "vercel rollback")
    assert (said.returncode, system.hosting.serving) == (0, system.hosting.deployments[-1]), said.stderr
    assert ours(system, "vercel", "deploy", key="undo").returncode == 0
    assert system.hosting.serving is former
    system.hosting.is_pinned = False
    again = ours(system, "vercel", "deploy", key="undo")
    assert (again.stdout, system.hosting.is_pinned) == ("it serves already\n", False)


def test_the_deployment_after_a_rollback_does_not_go_live_on_vercel(system: System):
    former = system.hosting.deployments[0]
    system.hosting.deploy(NEW)
    assert shell(system, f"vercel rollback {former.id}").returncode == 0
    assert shell(system, "vercel --prod && curl --fail $API/health").returncode == 0
    assert system.hosting.serving is former, "what answers is the old one"
    assert seen(system, "deployment")[0].value == former.id, "so the gate of `up`, that it is another, stays shut"


# ---- Docker --------------------------------------------------------------------------------------------------------


@pytest.fixture
def on_docker(postgres_dsn: str, tmp_path: Path) -> Iterator[System]:
    needs("docker")
    with system_on("docker", tmp_path, postgres_dsn) as system:
        yield system


def test_docker_has_no_rollback_and_no_room_for_a_second_container(on_docker: System):
    system = on_docker
    assert shell(system, "docker rollback ppm-backend").returncode != 0
    assert shell(system, "docker build -t ppm-backend .").returncode == 0
    second = shell(system, "docker run -d -e SUPABASE_URL=your-url -p 8000:8000 ppm-backend")
    assert "port is already allocated" in second.stderr
    assert ours(system, "docker", "build").returncode == 0
    assert ours(system, "docker", "deploy").returncode == 0
    assert seen(system, "deployment", profile="docker")[0].value == f"ppm-backend:{NEW}"
    assert "Starting FastAPI server" in ours(system, "docker", "startup_log").stdout
    serving = system.hosting.serving
    assert serving is not None
    assert set(serving.env) == SIX | IF_SET | {"NEXT_PUBLIC_SENTRY_DSN"}
    assert ours(system, "docker", "deploy", key="undo").returncode == 0
    assert seen(system, "deployment", "api", profile="docker")[0].value == f"ppm-backend:{OLD}"
    assert ours(system, "docker", "deploy", key="undo").returncode == 0, "once more changes nothing"
    assert seen(system, "deployment", profile="docker")[0].value == f"ppm-backend:{OLD}"


def test_the_name_of_the_runbooks_image_goes_over_to_the_next_build(on_docker: System):
    system, builds = on_docker, []
    for line in ("# one", "# two"):
        with (system.backend / "Dockerfile").open("a") as dockerfile:
            dockerfile.write(f"{line}\n")
        assert shell(system, "docker build -t ppm-backend .").returncode == 0
        builds.append(shell(system, "docker image inspect --format '{{.Id}}' ppm-backend").stdout)
    assert builds[0] != builds[1], "and by its name nobody reaches the first"
    assert ours(system, "docker", "build").returncode == 0
    names = f"docker image inspect --format '{{{{.Id}}}}' ppm-backend:{OLD} ppm-backend:{NEW}"
    assert len(set(shell(system, names).stdout.splitlines())) == 2
    as_before = {**system.environ, "PPM_RELEASE": OLD}
    assert "runs already" in ours(system, "docker", "build", environ=as_before).stderr


def test_a_deployment_that_is_tried_once_more_keeps_the_container_to_go_back_to(on_docker: System):
    system = on_docker
    for _ in range(2):
        assert "No such image" in ours(system, "docker", "deploy").stderr
    assert ours(system, "docker", "build").returncode == 0
    for _ in range(2):
        assert ours(system, "docker", "deploy").returncode == 0
    assert ours(system, "docker", "deploy", key="undo").returncode == 0
    assert seen(system, "deployment", "api", profile="docker")[0].value == f"ppm-backend:{OLD}"
    shell(system, f"docker rm --force ppm-backend && docker run -d --name ppm-backend ppm-backend:{NEW}")
    meanwhile = ours(system, "docker", "deploy")
    assert (meanwhile.returncode, "somebody has deployed meanwhile" in meanwhile.stderr) == (1, True)


def test_a_container_that_has_ended_has_an_image_and_does_not_serve(on_docker: System):
    system = on_docker
    assert shell(system, "docker stop ppm-backend").returncode == 0
    assert shell(system, "docker container inspect --format '{{.Config.Image}}' ppm-backend").stdout.strip()
    assert seen(system, "deployment", profile="docker")[0].status == "fail"


ADDITIONS = """
COPY user_sync_cli.py ./
COPY user_synchronization_service.py ./
COPY user_management_migration_cli.py ./

HEALTHCHECK --interval=30s --timeout=10s --start-period=5s --retries=3 \\
  CMD curl -f http://localhost:8000/health || exit 1
"""
"""The runbook's, for the Dockerfile."""


def test_the_runbooks_image_lacks_the_script_that_applies_the_migration(on_docker: System, tmp_path: Path):
    copied = [line.split()[1] for line in ADDITIONS.splitlines() if line.startswith("COPY")]
    image = tmp_path / "image"
    image.mkdir()
    for name in (*copied, "answering.py"):  # the last is the stand-in's own
        (image / name).write_bytes((on_docker.backend / name).read_bytes())
    verify = shell(on_docker, f"cd {image} && $PY user_management_migration_cli.py verify --json")
    assert json.loads(verify.stdout)["applied"] is False
    apply = "apply_user_management_migration_direct.py"
    missing = shell(on_docker, f"cd {image} && $PY {apply}")
    assert (missing.returncode, "No such file" in missing.stderr) == (2, True)
    assert shell(on_docker, f"$PY {apply}").returncode == 0, "from the checkout, which is where the profile runs it"


def test_the_runbooks_health_check_finds_no_curl_in_a_slim_image(on_docker: System):
    needs("curl")
    system = on_docker
    with (system.backend / "Dockerfile").open("a") as dockerfile:
        dockerfile.write(ADDITIONS)
    assert ours(system, "docker", "build").returncode == 0
    assert ours(system, "docker", "deploy").returncode == 0, "docker does nothing about it"
    reading, api = seen(system, "deployment", "api", profile="docker")
    assert (reading.status, api.status) == ("fail", "pass")
    assert "json.health is unhealthy" in reading.detail
    assert system.docker is not None
    system.docker.install("curl")
    assert seen(system, "deployment", profile="docker")[0].status == "pass"


# ---- Render, Railway -----------------------------------------------------------------------------------------------


def test_the_log_of_railway_never_ends_and_a_key_as_an_argument_is_seen_by_all(postgres_dsn: str, tmp_path: Path):
    with system_on("railway", tmp_path, postgres_dsn) as system:
        with pytest.raises(subprocess.TimeoutExpired):
            shell(system, "exec railway logs", timeout_s=0.7)
        command = [str(tmp_path / "bin" / "railway"), "variables", "set", "JWT_SECRET=for-all-to-read"]
        with subprocess.Popen(command, env=system.environ) as setting:
            until(lambda: "JWT_SECRET=for-all-to-read" in psutil.Process(setting.pid).cmdline(), "all see it")
        system.hosting.env.clear()
        assert ours(system, "railway", "set_environment").returncode == 0
        assert set(system.hosting.env) == SIX | IF_SET


def test_a_key_in_render_yaml_is_valid_and_stays_where_everybody_reads_it(system: System, tmp_path: Path):
    needs("git")
    yaml, jsonschema = pytest.importorskip("yaml"), pytest.importorskip("jsonschema")
    key = system.environ["SUPABASE_SERVICE_ROLE_KEY"]
    file = RENDER_YAML.replace("your-service-role-key", key)
    jsonschema.validate(yaml.safe_load(file), BLUEPRINT)
    (tmp_path / "render.yaml").write_text(file)
    git = "git -c user.name=a -c user.email=a@a.invalid"
    (tmp_path / "later.yaml").write_text(WITHOUT_KEYS)
    kept = shell(
        system,
        f"""cd {tmp_path} && git init -q && git add render.yaml && {git} commit -q -m one
            mv later.yaml render.yaml && {git} commit -q -a -m two && git log -p render.yaml""",
    )
    assert key in kept.stdout, "also when it was taken out again"
    jsonschema.validate(yaml.safe_load(WITHOUT_KEYS), BLUEPRINT)
    for env in (each["envVars"] for each in yaml.safe_load(file)["services"]):
        assert SIX - {each["key"] for each in env} == {"SUPABASE_ANON_KEY", "JWT_SECRET", "ENABLE_DEVELOPMENT_MODE"}


RENDER_YAML = """
services:
  - type: web
    name: ppm-backend
    env: python
    buildCommand: "pip install -r requirements.txt"
    startCommand: "bash start_with_testing.sh"
    envVars:
      - key: SUPABASE_URL
        value: your-supabase-url
      - key: SUPABASE_SERVICE_ROLE_KEY
        value: your-service-role-key
      - key: DISABLE_BOOTSTRAP
        value: "true"
"""
"""The runbook's."""
WITHOUT_KEYS = (
    RENDER_YAML[: RENDER_YAML.index("    envVars")]
    + "    envVars:\n"
    + "".join(f"      - key: {name}\n        sync: false\n" for name in sorted(SIX))
)
"""What belongs there; the values are set by the profile, through Render's API."""
_VARIABLE = {
    "type": "object",
    "required": ["key"],
    "additionalProperties": False,
    "properties": {
        "key": {"type": "string"},
        "value": {"type": ["string", "number", "boolean"]},
        "sync": {"type": "boolean"},
        "generateValue": {"type": "boolean"},
    },
    "oneOf": [{"required": [source]} for source in ("value", "sync", "generateValue")],
}
_SERVICE = {
    "type": "object",
    "required": ["type", "name"],
    "additionalProperties": False,
    "anyOf": [{"required": ["runtime"]}, {"required": ["env"]}],
    "properties": {
        "type": {"enum": ["web", "pserv", "worker", "cron", "keyvalue"]},
        "name": {"type": "string"},
        "runtime": {"enum": ["docker", "elixir", "go", "image", "node", "python", "ruby", "rust", "static"]},
        "env": {"enum": ["docker", "elixir", "go", "image", "node", "python", "ruby", "rust", "static"]},
        "buildCommand": {"type": "string"},
        "startCommand": {"type": "string"},
        "envVars": {"type": "array", "items": _VARIABLE},
    },
}
BLUEPRINT = {"type": "object", "properties": {"services": {"type": "array", "items": _SERVICE}}}
"""What of a Blueprint is needed here, after Render's reference (render.com/docs/blueprint-spec); `env` is the older
name of `runtime`."""
