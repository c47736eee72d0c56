"""What is missing or wrong before BN-Aura's night is named, by `ready` and then by the step or probe."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from systems.bn_aura import FAST, bn_aura_night
from systems.laying import PROFILES, laid_out
from systems.looking import until
from systems.stage import system_of

from cockpit.audit import ids
from cockpit.demo.bn_aura.beside import EXPIRED_TOKEN
from cockpit.demo.bn_aura.releases import PREVIOUS, RELEASE
from cockpit.demo.bn_aura.system import System
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.run import commands as c
from cockpit.run.state import RunState


@pytest.fixture
def system(postgres_dsn: str, tmp_path: Path) -> Iterator[System]:
    with system_of("bn-aura", tmp_path, postgres_dsn) as system:
        yield system


class Elsewhere:
    """The system, as it looks to somebody whose environment says something else."""

    def __init__(self, system: System, **others: str) -> None:
        self.environ = {**system.environ, **others}

    def close(self) -> None:
        """It belongs to somebody else."""


def missing(system: System, folder: Path, **others: str) -> list[str]:
    """What `cockpit ready` says is missing."""
    path = folder / "bn-aura" / "tonight.toml"
    if not path.exists():
        laid_out("bn-aura", folder, FAST)
    env = {**os.environ, **system.environ, "COCKPIT_RUNS": str(folder / "runs"), **others}
    command = [sys.executable, "-m", "cockpit.cli", "ready", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=env)
    found = [line for line in done.stdout.splitlines() if line.startswith("✖")]
    assert done.returncode == bool(found), done.stderr
    return found


def without(program: str, folder: Path) -> str:
    """A PATH on which one program is not found."""
    programs = folder / "programs"
    programs.mkdir()
    for place in ("/usr/bin", "/bin"):
        for found in Path(place).iterdir():
            if found.name not in (program, *os.listdir(programs)):
                (programs / found.name).symlink_to(found)
    return str(programs)


def by_hand(system: System, step: str, **values: str) -> subprocess.CompletedProcess[str]:
    """Run the script of a step as the shim does: values by the environment."""
    profile = load(PROFILES / "bn-aura" / "production.toml", installed()).profile
    script = next(str(each.settings["script"]) for _, each in profile.every_step() if each.id == step)
    command = ["bash", "-euo", "pipefail", "-c", script.replace("$${", "${")]
    env = {**os.environ, **system.environ, **values}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)


def removed(*phases: str) -> str:
    """TOML that leaves phases out."""
    return "".join(f'[[phases]]\nid = "{phase}"\nremove = true\n\n' for phase in phases)


def ended(step: str, outcome: str) -> object:
    """Whether a step's action ended in a way."""

    def is_so(state: RunState) -> bool:
        return state.action is not None and (state.action.step, state.action.status) == (step, outcome)

    return is_so


# ---- beforehand --------------------------------------------------------------------------------------------------


def test_on_the_healthy_system_nothing_is_missing(system: System, tmp_path: Path):
    assert missing(system, tmp_path) == []


def test_each_thing_that_is_wrong_is_named(system: System, tmp_path: Path):
    found = missing(
        system,
        tmp_path,
        PATH=without("pg_dump", tmp_path),
        BN_AURA_API_KEY="your-api-key",
        BN_AURA_NOTICE_URL="https://hooks.example.com/clinics",
        BN_AURA_DATABASE_URL=system.test_dsn,
        BN_AURA_DATABASE_SYSTEM="7000000000000000000",
        BN_AURA_MANAGEMENT_TOKEN=EXPIRED_TOKEN,
    )
    said = "\n".join(found)
    assert "there is no program `pg_dump` here" in said
    assert "BN_AURA_API_KEY: the public client's key" in said
    assert "dashboard of the vendor, API keys" in said, "where to get it"
    assert "still a placeholder: BN_AURA_API_KEY BN_AURA_NOTICE_URL" in said
    assert "target db: it IS NOT what the profile says" in said
    assert "database is `bn_aura_test`, the profile declares `bn_aura`" in said
    assert "the profile declares `7000000000000000000`" in said
    assert any("(BN_AURA_MANAGEMENT_TOKEN)" in line and "status is 401" in line for line in found)
    assert "a-database-password" not in said


# ---- in the run --------------------------------------------------------------------------------------------------


def test_a_test_database_that_is_productions_is_not_written_to(system: System, tmp_path: Path):
    elsewhere = Elsewhere(system, BN_AURA_TEST_DATABASE_URL=system.dsn)
    night = bn_aura_night(elsewhere, tmp_path, more=removed("announcement"))  # type: ignore[arg-type]
    try:
        state = night.walk(ended("trigger_tried", "refused"))  # type: ignore[arg-type]
        assert state.action is not None
        assert "database is `bn_aura`, the profile declares `bn_aura_test`" in state.action.detail
    finally:
        night.close()
    assert system.query("select to_regclass('customer_code_seq')") == [(None,)]


def test_a_variable_of_the_release_that_is_still_a_placeholder_fails_its_step(system: System, tmp_path: Path):
    with (system.releases / RELEASE / ".env").open("a") as file:
        file.write("REALTIME_KEY=<the realtime key>\n")
    phases = ("announcement", "database_verification", "authentication", "performance", "certification")
    night = bn_aura_night(system, tmp_path, more=removed(*phases))
    try:
        state = night.walk(ended("variables_set", "failed"))  # type: ignore[arg-type]
        assert state.action is not None
        said = state.action.detail + "".join(state.action.tail)
        assert f"still a placeholder, in the .env of {RELEASE}: REALTIME_KEY" in said
    finally:
        night.close()


def test_a_missing_program_and_an_expired_token_say_where_to_get_another(system: System, tmp_path: Path):
    path = without("pg_dump", tmp_path)
    elsewhere = Elsewhere(system, PATH=path, BN_AURA_MANAGEMENT_TOKEN=EXPIRED_TOKEN)
    phases = ("announcement", "database_verification", "authentication", "performance", "environment", "certification")
    night = bn_aura_night(elsewhere, tmp_path, more=removed(*phases))  # type: ignore[arg-type]
    try:
        state = night.walk(ended("backup", "failed"))  # type: ignore[arg-type]
        assert state.action is not None
        said = state.action.detail + "".join(state.action.tail)
        assert "there is no pg_dump here: install PostgreSQL's client programs" in said
        assert not list(tmp_path.glob("*.dump*")), "nothing looks like a backup"
        own = Path(system.environ["PATH"].split(os.pathsep)[0])
        for program in ("pg_dump", "pg_restore"):
            (Path(path) / program).unlink(missing_ok=True)
            (Path(path) / program).symlink_to(own / program)
        cursor = state.cursor
        assert cursor is not None
        assert night.submit(c.RunAction, action=ids.new_id(), step="backup", painted_seq=cursor.opened_seq)
        until(lambda: ended("backup", "succeeded")(night.state), "the backup")  # type: ignore[operator]
        state = night.walk("leaked_passwords")
        gate = until(
            lambda: (found := night.state.gates.get("step:leaked_passwords")) and found.conditions and found, "its gate"
        )
        assert gate.verdict in ("blocked", "unknown")
        assert "status is 401" in night.state.probes["leak_protection"].detail
        step = next(step for _, step in state.profile.steps() if step.id == "leaked_passwords")
        assert "make a new one on the vendor's account page" in step.instructions
    finally:
        night.close()


def test_a_release_that_is_the_previous_one_too_is_no_release(system: System):
    releases = str(system.releases)
    done = by_hand(system, "variables_set", releases=releases, release=PREVIOUS, previous_release=PREVIOUS)
    assert done.returncode == 1
    assert f"are both {PREVIOUS}: there would be no way back" in done.stderr
    done = by_hand(system, "variables_set", releases=releases, release=RELEASE, previous_release=PREVIOUS)
    assert (done.returncode, "FALLBACK_POLL_MS" in done.stdout) == (0, True)


def test_a_previous_release_that_is_gone_is_not_pointed_to(system: System):
    for step in ("cb_restart", "ab_restart"):
        done = by_hand(system, step, releases=str(system.releases), previous_release="2025.12.9", URL=system.app.url)
        assert done.returncode == 1
        assert "2025.12.9 is not in" in done.stderr
        assert (system.releases / "current").readlink() == Path(PREVIOUS)


def test_a_second_backup_leaves_the_first_beside_it(system: System):
    digests = []
    for _ in range(2):
        done = by_hand(system, "backup", backup=str(system.backup_path), URL=system.dsn)
        assert done.returncode == 0, done.stderr
        digests.append(system.backup_path.read_bytes())
        system.execute("insert into customers (clinic_id, name) values (1, 'later')")
    first = system.backup_path.with_name(f"{system.backup_path.name}.~1~")
    assert first.read_bytes() == digests[0] != digests[1]
