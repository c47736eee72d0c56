"""`cockpit rehearse`: what is refused, and what is said before it begins."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_desk import PROFILE, Cockpit, one_sentence

from cockpit.actions.foretelling import ONLY_SHOWN, Foretold
from cockpit.cli.rehearsing import told
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.session.creating import create_run

PRODUCTION = PROFILE.replace('environment = "staging"', 'environment = "live"\nproduction = true')


def test_production_is_refused_unless_a_reason_is_given(cockpit: Cockpit, profile: Path) -> None:
    profile.write_text(PRODUCTION)
    ended = cockpit("rehearse", "shop.toml", COCKPIT_TEST_HOST="x")
    assert ended.returncode == 4
    assert "is production" in one_sentence(ended)
    assert "--despite REASON" in one_sentence(ended)
    empty = cockpit("rehearse", "shop.toml", "--despite", "  ", COCKPIT_TEST_HOST="x")
    assert empty.returncode == 4
    assert "needs a reason" in one_sentence(empty)


@pytest.mark.parametrize("arguments", [["--yes"], ["--despite", "why"]])
def test_a_rehearsal_needs_a_terminal(cockpit: Cockpit, profile: Path, arguments: list[str]) -> None:
    profile.write_text(PRODUCTION if "--despite" in arguments else PROFILE)
    ended = cockpit("rehearse", "shop.toml", *arguments, COCKPIT_TEST_HOST="x")
    assert ended.returncode == 4
    assert "a screen needs a terminal" in one_sentence(ended)
    assert not (profile.parent / "runs").exists()


def test_what_is_missing_is_said_before_anything_is_asked(cockpit: Cockpit, profile: Path) -> None:
    ended = cockpit("rehearse", "shop.toml")
    assert ended.returncode == 1
    assert "COCKPIT_TEST_HOST" in one_sentence(ended)


def test_a_profile_with_problems_is_not_rehearsed(cockpit: Cockpit, profile: Path) -> None:
    profile.write_text("id = 7")
    ended = cockpit("rehearse", "shop.toml")
    assert ended.returncode == 1
    assert "cannot be run as it is" in one_sentence(ended)


def test_the_list_names_commands_in_one_line_and_everything_else_by_itself(profile: Path) -> None:
    loaded = load(profile, installed())
    lines = told(
        loaded.profile,
        (Foretold("first", ONLY_SHOWN), Foretold("second", ONLY_SHOWN), Foretold("second", "a sequence moves")),
    )
    assert lines[0].startswith("REHEARSAL of shop on staging")
    assert lines[1] == "Only shown, since they have no `dry_run`: 1.1 First, 1.2 Second."
    assert lines[2] == "  1.2 Second: a sequence moves"
    assert told(loaded.profile, ())[-1] == "All of it can be rehearsed."


def test_a_rehearsal_is_listed_and_told_as_one(cockpit: Cockpit, profile: Path, tmp_path: Path) -> None:
    run_dir = create_run(load(profile, installed()), {"host": "x"}, folder=tmp_path / "runs", rehearsal=True)
    assert "live, rehearsal" in cockpit("runs").stdout
    (row,) = json.loads(cockpit("runs", "--format", "json").stdout)
    assert (row["state"], row["rehearsal"]) == ("live", True)
    assert "began to rehearse shop on staging" in cockpit("log", run_dir.name).stdout
