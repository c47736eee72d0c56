"""`cockpit ready` on virtue: nothing is missing on its stand-in, and whatever would be is named beforehand."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from systems.stage import system_of

from cockpit.demo.virtue.system import CONTACTS, System

FOLDER = Path(__file__).parents[3] / "profiles" / "virtue"


@pytest.fixture
def system(postgres_dsn: str, tmp_path: Path) -> Iterator[System]:
    with system_of("virtue", tmp_path, postgres_dsn) as system:
        yield system


def missing(system: System, folder: Path, **more: str) -> list[str]:
    """What `cockpit ready` on staging says is missing, as an operator calls it."""
    command = [sys.executable, "-m", "cockpit.cli", "ready", str(FOLDER / "staging.toml")]
    env = {**os.environ, **system.environ, "COCKPIT_RUNS": str(folder), **more}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=env)
    wrong = [line for line in done.stdout.splitlines() if line.startswith("✖")]
    assert done.returncode == (1 if wrong else 0), done.stderr
    return wrong


def test_nothing_is_missing_on_the_stand_in(system: System, tmp_path: Path):
    assert missing(system, tmp_path) == []


def test_it_names_everybody_whom_nobody_could_reach(system: System, tmp_path: Path):
    wrong = missing(system, tmp_path, **{f"VIRTUE_REACH_{name}": "" for name in CONTACTS if name != "CEO"})
    assert len(wrong) == 9
    assert all("contact" in line for line in wrong)


def test_it_names_a_program_that_is_not_there(system: System, tmp_path: Path):
    (named,) = [line for line in missing(system, tmp_path, PATH=str(tmp_path)) if "program" in line]
    assert "kubectl" in named


PLACEHOLDERS = {
    "VIRTUE_DATABASE_URL": "postgresql://virtue:[PASSWORD]@<host>/virtue",
    "VIRTUE_APP_URL": "https://<your-app>",
    "VIRTUE_TEST_PASSWORD": "testpass",
    "VIRTUE_COACH_TOKEN": "your-token",
    "VIRTUE_ADMIN_TOKEN": "changeme",
    "VIRTUE_KUBE_CONTEXT": "[CONTEXT]",
}


def test_it_names_every_variable_that_still_has_its_placeholder_and_says_what_belongs_there(
    system: System, tmp_path: Path
):
    wrong = missing(system, tmp_path, **PLACEHOLDERS)
    for variable in PLACEHOLDERS:
        named = [line for line in wrong if variable in line]
        assert named, variable
        assert "does not match" in named[0]
        assert not named[0].endswith(variable), "what it is, and where to get it"


def test_it_names_a_context_that_leads_to_another_server(system: System, tmp_path: Path):
    wrong = missing(system, tmp_path, VIRTUE_KUBE_CONTEXT="elsewhere")
    assert "context `elsewhere` leads to http://127.0.0.1:9, the profile declares" in wrong[0]
    (named,) = missing(system, tmp_path, VIRTUE_KUBE_SERVER="https://another.invalid")
    assert "https://another.invalid" in named


def test_it_names_a_database_of_the_wrong_environment(system: System, tmp_path: Path):
    (named,) = missing(system, tmp_path, VIRTUE_DATABASE_SYSTEM="7000000000000000000")
    assert "target db: it IS NOT what the profile says" in named


def test_it_names_a_token_that_has_expired(system: System, tmp_path: Path):
    wrong = missing(system, tmp_path, VIRTUE_COACH_TOKEN="token-of-yesterday-1")
    assert len(wrong) == 2
    assert all("status is 401" in line for line in wrong)
