"""What is missing or wrong before go-live is named, by `ready`, also by area, and then by the step or probe."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from systems.go_live import FAST, go_live_night, without
from systems.laying import laid_out
from systems.stage import system_of

from cockpit.demo.go_live.people import EXPIRED
from cockpit.demo.go_live.system import BIN, System
from cockpit.demo.go_live.vendor import EXPIRED_TOKEN
from cockpit.run.state import RunState


@pytest.fixture
def system(postgres_dsn: str, tmp_path: Path) -> Iterator[System]:
    with system_of("go-live", tmp_path, postgres_dsn) as system:
        yield system


class Elsewhere:
    """The system, as it looks to somebody whose environment says something else."""

    def __init__(self, system: System, **others: str) -> None:
        self.environ = {**system.environ, **others}

    def close(self) -> None:
        """It belongs to somebody else."""


def ready(system: System, folder: Path, **others: str) -> list[str]:
    """What `cockpit ready` says, line by line."""
    path = folder / "go-live" / "tonight.toml"
    if not path.exists():
        laid_out("go-live", folder, FAST)
    env = {**os.environ, **system.environ, "COCKPIT_RUNS": str(folder / "runs"), **others}
    command = [sys.executable, "-m", "cockpit.cli", "ready", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=env)
    found = done.stdout.splitlines()
    assert done.returncode == any(line.startswith("✖") for line in found), done.stderr
    return found


def reads(probe: str, status: str) -> Callable[[RunState], bool]:
    """Whether a probe was read with a status."""
    return lambda state: state.probes[probe].status == status


# ---- beforehand --------------------------------------------------------------------------------------------------


def test_on_the_healthy_system_nothing_is_missing(system: System, tmp_path: Path):
    assert [line for line in ready(system, tmp_path) if line.startswith("✖")] == []


def test_on_the_healthy_staging_nothing_is_missing_either(system: System, tmp_path: Path):
    staging = tmp_path / "staging_fast.toml"
    staging.write_text('extends = "staging.toml"\n')
    laid_out("go-live", tmp_path, staging)
    assert [line for line in ready(system, tmp_path) if line.startswith("✖")] == []


def test_each_thing_that_is_wrong_is_named(system: System, tmp_path: Path):
    path = os.environ["PATH"].replace(str(BIN), "")
    found = ready(
        system,
        tmp_path,
        PATH=path,
        GO_LIVE_ANON_KEY="your-anon-key",
        GO_LIVE_REACH_FINANCE="[Your Finance Team]",
        GO_LIVE_REACH_SECURITY="",
        GO_LIVE_DATABASE_SYSTEM="7000000000000000000",
        GO_LIVE_SUPER_ADMIN_TOKEN=EXPIRED,
        GO_LIVE_MANAGEMENT_TOKEN=EXPIRED_TOKEN,
    )
    said = "\n".join(line for line in found if line.startswith("✖"))
    assert "there is no program `supabase` here" in said
    assert "GO_LIVE_ANON_KEY: the key of the public client: dashboard of the platform, API keys" in said
    assert "still a placeholder: GO_LIVE_ANON_KEY, GO_LIVE_REACH_FINANCE, GO_LIVE_REACH_SECURITY" in said
    assert "contact Security issues: security team: there is no way to reach them" in said
    assert "target db: it IS NOT what the profile says" in said
    assert "the profile declares `7000000000000000000`" in said
    assert "(GO_LIVE_MANAGEMENT_TOKEN)" in said
    assert "status is 401" in said
    assert "a-database-password" not in said


def test_a_live_run_is_the_gap_report_by_area(system: System, tmp_path: Path):
    night = go_live_night(system, tmp_path)
    try:
        night.walk("rate_limits")
        found = ready(system, tmp_path)
    finally:
        night.close()
    assert "✔ area 1 Database setup: 6 steps, none open" in found
    assert "! area 2 Edge functions: 3 of 5 steps open, 3 of them only claimed to be done; go through it" in found
    claim = (
        "it is claimed to be done (ticked in the team's checklist of 2025-10-22, by nobody named), nobody verified it"
    )
    assert f"✖ 2.3 Calls are limited: {claim}; look, and confirm it" in found
    assert not any("2.1 All edge functions" in line for line in found), "it was looked at"
    assert "✖ 5.1 Every tenant has credentials of a provider: it is open; settle it before the window" in found


# ---- in the run --------------------------------------------------------------------------------------------------


def test_an_expired_token_shuts_the_step_and_says_where_to_get_another(system: System, tmp_path: Path):
    elsewhere = Elsewhere(system, GO_LIVE_MANAGEMENT_TOKEN=EXPIRED_TOKEN)
    night = go_live_night(elsewhere, tmp_path, more=without(["database"]))  # type: ignore[arg-type]
    try:
        night.walk(reads("functions_deployed", "fail"))
        assert "unexpected status 401" in night.state.probes["functions_deployed"].detail
        step = next(step for _, step in night.state.profile.steps() if step.id == "functions_active")
        assert "`GO_LIVE_MANAGEMENT_TOKEN` is made on the platform's account page" in step.instructions
        assert night.state.cursor is not None
        assert night.state.cursor.step == "functions_active"
    finally:
        night.close()


def test_a_missing_program_and_a_placeholder_are_named_by_their_probes(system: System, tmp_path: Path):
    path = system.environ["PATH"].replace(str(BIN), "")
    elsewhere = Elsewhere(system, PATH=path, GO_LIVE_REACH_FINANCE="[Your Finance Team]")
    night = go_live_night(elsewhere, tmp_path, more=without(["database"]))  # type: ignore[arg-type]
    try:
        night.walk(reads("functions_deployed", "error"))
        assert "supabase" in night.state.probes["functions_deployed"].detail
    finally:
        night.close()
    night = go_live_night(elsewhere, tmp_path / "later", more=without(["database", "edge_functions"]))  # type: ignore[arg-type]
    try:
        night.walk(reads("placeholders", "fail"))
        assert "still a placeholder: GO_LIVE_REACH_FINANCE" in night.state.probes["placeholders"].detail
        night.walk(reads("secrets_set", "fail"))
        assert "install the platform's command line" in night.state.probes["secrets_set"].detail
    finally:
        night.close()


def test_a_database_of_another_environment_is_not_touched(system: System, tmp_path: Path):
    elsewhere = Elsewhere(system, GO_LIVE_DATABASE_SYSTEM="7000000000000000000")
    night = go_live_night(elsewhere, tmp_path)  # type: ignore[arg-type]
    try:
        night.walk(lambda state: state.action is not None and state.action.status == "refused")
        assert night.state.action is not None
        assert night.state.action.step == "advisory_locks"
        assert "the profile declares `7000000000000000000`" in night.state.action.detail
    finally:
        night.close()
    assert system.query("select to_regclass('advisory.leases')") == [(None,)]
