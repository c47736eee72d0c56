"""What is missing or wrong before the scheduler's launch is named, by `ready` and then by the step or probe."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from systems.looking import until
from systems.scheduler import FOLDER, ROLLOUT_FAST, data, launched, scheduler_night
from systems.stage import system_of

from cockpit.demo.scheduler.system import ACCESS_SECRET, DATABASE_PASSWORD, System
from cockpit.profile.check import check
from cockpit.profile.kinds import installed
from cockpit.run.state import RunState

FILES = ("base", "deployment", "staging", "production", "rollout", "full-launch")


@pytest.fixture
def system(postgres_dsn: str, tmp_path: Path) -> Iterator[System]:
    with system_of("scheduler", tmp_path, postgres_dsn) as system:
        yield system


class Elsewhere:
    """The system, as it looks to somebody whose environment says something else."""

    def __init__(self, system: System, **others: str) -> None:
        self.environ = {**system.environ, **others}

    def close(self) -> None:
        """It belongs to somebody else."""


def missing(system: System, folder: Path, profile: str = "production", **others: str) -> list[str]:
    """What `cockpit ready` says is missing."""
    path = FOLDER / f"{profile}.toml"
    env = {**os.environ, **system.environ, "COCKPIT_RUNS": str(folder / "runs"), **others}
    command = [sys.executable, "-m", "cockpit.cli", "ready", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=env)
    found = [line for line in done.stdout.splitlines() if line.startswith("✖")]
    assert done.returncode == bool(found), done.stderr
    for secret in (ACCESS_SECRET, DATABASE_PASSWORD):
        assert secret not in done.stdout + done.stderr
    return found


def without(program: str, system: System, folder: Path) -> str:
    """A PATH on which one program is not found."""
    programs = folder / "programs"
    programs.mkdir()
    for place in reversed(system.environ["PATH"].split(os.pathsep)):
        for found in Path(place).iterdir() if Path(place).is_dir() else ():
            if found.name != program:
                (programs / found.name).unlink(missing_ok=True)
                (programs / found.name).symlink_to(found)
    return str(programs)


def gate_says(state: Callable[[], RunState], step: str, probe: str) -> str:
    """What the probe says on which a step's gate stands blocked."""
    until(lambda: (gate := state().gates.get(f"step:{step}")) and gate.verdict in ("blocked", "unknown"), step)
    until(lambda: state().probes[probe].detail, probe)
    return state().probes[probe].detail


@pytest.mark.parametrize("name", FILES)
def test_the_profiles_have_neither_errors_nor_warnings(name: str):
    assert [str(problem) for problem in check([FOLDER / f"{name}.toml"], installed())] == []


def test_on_the_healthy_system_nothing_is_missing_in_any_stage(system: System, tmp_path: Path):
    assert missing(system, tmp_path) == []
    launched(system)
    assert missing(system, tmp_path, "rollout") == []
    assert missing(system, tmp_path, "full-launch") == []


def test_each_thing_that_is_wrong_is_named(system: System, tmp_path: Path):
    system.beside.token_expired = True
    said = "\n".join(
        missing(
            system,
            tmp_path,
            PATH=without("npm", system, tmp_path),
            SCHEDULER_ENGINE="another-host",
            SCHEDULER_ALERT_URL="https://hooks.example.com/your-hook",
            SCHEDULER_JWT_SECRET="changeme",
            SCHEDULER_MAIL_URL="mail.invalid/[hook]",
            SCHEDULER_DATABASE_URL=system.dsn.replace("/scheduler?", "/postgres?"),
            SCHEDULER_DATABASE_SYSTEM="7000000000000000000",
            SCHEDULER_BACKUP_URL=make_conninfo(system.direct_dsn, dbname="postgres"),
        )
    )
    assert "there is no program `npm` here" in said
    assert "docker speaks with scheduler-host, not with another-host" in said
    assert "still a placeholder: SCHEDULER_ALERT_URL, SCHEDULER_JWT_SECRET" in said
    assert "variable mail_url" in said, "what does not fit its pattern is named as well"
    assert "SCHEDULER_ALERT_URL: webhook that calls whoever is on duty: from the on-call" in said
    assert "Entropy of the secret for access tokens: it fails" in said
    assert "target db: it IS NOT what the profile says" in said
    assert "target dumped: it IS NOT what the profile says" in said, "what pg_dump would have taken for the database"
    assert "database is `postgres`, the profile declares `scheduler`" in said
    assert "the profile declares `7000000000000000000`" in said
    assert "Monitoring takes our token (SCHEDULER_METRICS_TOKEN): it fails" in said
    assert "status is 401" in said


def test_in_the_run_the_step_says_what_is_missing_and_where_to_get_it(system: System, tmp_path: Path):
    path, hook = without("docker", system, tmp_path), "https://hooks.example.com/your-hook"
    night = scheduler_night(Elsewhere(system, PATH=path, SCHEDULER_MAIL_URL=hook), tmp_path)  # type: ignore[arg-type]
    try:
        night.walk("variables_set")
        said = gate_says(lambda: night.state, "variables_set", "placeholders")
        assert "still a placeholder: SCHEDULER_MAIL_URL" in said
        assert "webhook of the service that mails organizations: from support" in said
        said = gate_says(lambda: night.state, "variables_set", "container_host")
        assert "there is no docker here: install the docker client" in said
    finally:
        night.close()


def test_another_database_is_not_written_to(system: System, tmp_path: Path):
    launched(system)
    before = data(system)
    elsewhere = Elsewhere(system, SCHEDULER_DATABASE_SYSTEM="7000000000000000000")
    night = scheduler_night(elsewhere, tmp_path, fast=ROLLOUT_FAST)  # type: ignore[arg-type]
    try:
        state = night.walk(lambda state: state.action is not None and state.action.status == "refused")
        assert state.action is not None
        assert state.action.step == "make_invitations"
        assert "the profile declares `7000000000000000000`" in state.action.detail
    finally:
        night.close()
    assert data(system) == before


def test_a_rehearsal_of_production_changes_nothing_outside(system: System, tmp_path: Path):
    before, containers, backups = data(system), system.engine.seen(), sorted(system.backups.iterdir())
    looking = ("security", "infrastructure", "operations", "security_live", "first_hour")
    more = "".join(f'[[phases]]\nid = "{phase}"\nremove = true\n\n' for phase in looking)
    night = scheduler_night(system, tmp_path, rehearsal=True, more=more)
    try:
        night.walk()
        assert night.problem() == ""
    finally:
        night.close()
    assert data(system) == before
    assert (system.engine.seen(), sorted(system.backups.iterdir())) == (containers, backups)
    assert system.beside.sent == {"mail": [], "alert": []}
    with psycopg.connect(system.dsn) as connection:
        assert connection.pgconn.ssl_in_use
