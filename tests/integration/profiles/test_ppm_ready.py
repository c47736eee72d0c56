"""Before PPM's night, and in it: what is missing is named, with where to get it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from systems.looking import until
from systems.ppm import SLIM, ppm_night, system_on
from systems.stage import needs

from cockpit.demo.ppm.system import System
from cockpit.profile.check import check
from cockpit.profile.kinds import installed
from cockpit.profile.load import load

FOLDER = Path(__file__).parents[3] / "profiles" / "ppm"
NAMES = sorted(path.name for path in FOLDER.glob("*.toml"))


@pytest.fixture
def system(postgres_dsn: str, tmp_path: Path) -> Iterator[System]:
    needs("curl", "jq")
    with system_on("vercel", tmp_path, postgres_dsn) as system:
        yield system


def ready(system: System, profile: str, **more: str) -> subprocess.CompletedProcess[str]:
    """`cockpit ready`, as an operator calls it. What is None is not set."""
    command = [sys.executable, "-m", "cockpit.cli", "ready", str(FOLDER / f"{profile}.toml")]
    env = {**os.environ, **system.environ, "COCKPIT_RUNS": str(system.backend), **more}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=env)


def test_the_profiles_have_neither_errors_nor_warnings():
    assert len(NAMES) == 10
    assert [str(problem) for name in NAMES for problem in check([FOLDER / name], installed())] == []


@pytest.mark.parametrize("platform", ["vercel", "render", "docker", "railway"])
def test_figures_are_the_runbooks_on_every_platform(platform: str):
    profile = load(FOLDER / f"{platform}.toml", installed()).profile
    probes = {probe.id: probe for probe in profile.probes}
    assert profile.production
    assert [probes[name].interval_s for name in ("api", "user_sync", "sync_percentage")] == [60, 300, 300]
    assert {trigger.id: trigger.when for trigger in profile.triggers if trigger.when} == {
        "profiles_missing": ("missing_profiles > 0",),
        "not_in_step": ("sync_percentage < 100.0",),
        "unreachable_database": ("!database_answers.passing",),
        "unhealthy": ("!api.passing",),
    }
    assert (probes["env_bootstrap"].settings["pattern"], probes["env_development_mode"].settings["pattern"]) == (
        "true",
        "false",
    )
    told = " ".join(next(step for _, step in profile.steps() if step.id == "startup_log").settings["expect"])
    for line in ("Pre-startup tests passed", "Starting FastAPI server", "Migration verification passed"):
        assert line in told
    # Whatever a command does to the database, it does to the one that was asked who it is.
    for _, step in profile.every_step():
        if "DATABASE_URL" in step.settings.get("env", {}) and step.id != "tests":
            assert step.settings["target"] == "db", step.id


def test_nothing_is_missing_on_the_healthy_stand_in(system: System):
    with ThreadPoolExecutor(3) as pool:
        for done in pool.map(lambda profile: ready(system, profile), ("vercel", "staging", "daily", "weekly")):
            assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("platform", ["render", "railway", "docker"])
def test_nothing_is_missing_on_the_other_platforms(platform: str, postgres_dsn: str, tmp_path: Path):
    needs("curl", "jq", *(["docker"] if platform == "docker" else []))
    with system_on(platform, tmp_path, postgres_dsn) as system:  # type: ignore[arg-type]
        done = ready(system, platform)
        assert done.returncode == 0, done.stdout


def test_placeholders_are_named_with_where_to_get_the_value(system: System):
    done = ready(
        system,
        "vercel",
        SUPABASE_URL="your-supabase-url",
        SUPABASE_ANON_KEY="your-anon-key",
        SUPABASE_SERVICE_ROLE_KEY="your-service-role-key",
        JWT_SECRET="your-jwt-secret",
        DISABLE_BOOTSTRAP="false",
        ENABLE_DEVELOPMENT_MODE="true",
        SKIP_PRE_STARTUP_TESTS="true",
    )
    assert done.returncode == 1
    wrong = [line for line in done.stdout.splitlines() if line.startswith("✖")]
    said = "\n".join(wrong)
    assert "SUPABASE_URL: Supabase dashboard, Project settings, API" in said
    assert "anon_key: its value does not match" in said
    assert "your-anon-key" not in done.stdout, "a secret is not told, not even one that is none"
    for name in ("SUPABASE_SERVICE_ROLE_KEY", "JWT_SECRET", "DISABLE_BOOTSTRAP", "ENABLE_DEVELOPMENT_MODE"):
        assert f"probe {name}" in said
    assert "probe SKIP_PRE_STARTUP_TESTS" in said


def test_a_missing_program_another_database_and_expired_tokens_are_named(system: System, tmp_path: Path):
    (tmp_path / "bin" / "vercel").unlink()
    done = ready(
        system,
        "vercel",
        PPM_DATABASE_SYSTEM="7300000000000000000",
        PPM_ADMIN_TOKEN=system.expired_token(),
        VERCEL_TOKEN="an-expired-token",
    )
    assert done.returncode == 1
    wrong = [line for line in done.stdout.splitlines() if line.startswith("✖")]
    assert [line for line in wrong if "there is no program `vercel` here" in line]
    assert [line for line in wrong if "target db: it IS NOT what the profile says" in line]
    assert [
        line for line in wrong if "An admin's token counts (401: log in as admin anew)" in line and "is 401" in line
    ]
    assert [line for line in wrong if "VERCEL_TOKEN expired" in line and "is 403" in line]


def test_in_the_run_the_step_says_what_is_missing_and_where_to_get_it(system: System, tmp_path: Path):
    real = system.environ
    broken = {**real, "VERCEL_TOKEN": "an-expired-token", "JWT_SECRET": "your-jwt-secret"}
    night = ppm_night(_Elsewhere(system, broken), tmp_path, more=SLIM)  # type: ignore[arg-type]
    try:
        until(
            lambda: _shut_by(night.state.gates.get("step:environment")) == ["env_jwt_secret.passing"], "the shut gate"
        )
        step = next(step for _, step in night.state.profile.every_step() if step.id == "environment")
        assert "`JWT_SECRET`: the same place, JWT keys" in step.instructions
        assert until(lambda: night.state.probes["deployment"].status == "fail", "the platform's refusal")
        assert "status is 403" in night.state.probes["deployment"].detail
    finally:
        night.close()


def test_a_database_of_the_wrong_environment_is_not_migrated(system: System, tmp_path: Path):
    elsewhere = {**system.environ, "PPM_DATABASE_SYSTEM": "7300000000000000000"}
    night = ppm_night(_Elsewhere(system, elsewhere), tmp_path, more=SLIM)  # type: ignore[arg-type]
    try:
        night.walk("migrate")
        assert night.state.targets["db"].verdict == "mismatch"
        with pytest.raises(AssertionError, match=r"migrate refused: .*7300000000000000000"):
            night.walk("sync", timeout_s=5)
    finally:
        night.close()
    assert system.query("select to_regprocedure('public.handle_new_user()')") == [(None,)]


def _blocked(gate):
    return gate if gate is not None and gate.verdict == "blocked" else None


def _shut_by(gate):
    """Its conditions that do not hold."""
    return [each.condition for each in gate.conditions if not each.holds] if _blocked(gate) else []


class _Elsewhere:
    """The stand-in, seen from a shell with another environment."""

    def __init__(self, system: System, environ: dict[str, str]) -> None:
        self.hosting, self.environ = system.hosting, environ
