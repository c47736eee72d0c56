"""What `docs/profile.md` shows and promises."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import msgspec

from cockpit.profile.kinds import installed
from cockpit.profile.load import examine, load
from cockpit.profile.recording import RUN_NAMES
from cockpit.profile.schema import schema

PAGE = (Path(__file__).parents[3] / "docs" / "profile.md").read_text()
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
FIRST, (EXTENDING,) = EXAMPLES[0], [example for example in EXAMPLES if example.startswith("extends")]
WHOLE = "\n".join(['[window]\nstart = "22:00"\nend = "02:00"', *(e for e in EXAMPLES if e != EXTENDING)])
"""The first example, continued by all others: one profile with every kind of step."""


def test_the_first_example_is_a_profile_without_problems(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text(FIRST)
    assert examine(tmp_path / "base.toml", installed())[1] == []


def test_the_example_of_extends_extends_the_first(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text(FIRST)
    (tmp_path / "staging.toml").write_text(EXTENDING)
    profile = load(tmp_path / "staging.toml", installed()).profile
    assert (profile.environment, profile.probes[0].interval_s) == ("staging", 30.0)
    assert [step.id for _, step in profile.steps()] == ["migrate", "look"]


def test_all_examples_together_are_a_profile_that_shows_every_kind_of_step(tmp_path: Path) -> None:
    top, *rest = FIRST.split("\n\n", 1)
    (tmp_path / "whole.toml").write_text("\n".join([top, WHOLE.replace(FIRST, rest[0])]))
    loaded, problems = examine(tmp_path / "whole.toml", installed())
    assert [str(problem) for problem in problems] == []
    assert loaded is not None
    assert {step.kind for _, step in loaded.profile.every_step()} == set(installed().steps)


def test_every_setting_of_every_kind_of_step_is_in_the_page() -> None:
    settings = {
        field.encode_name for kind in installed().steps.values() for field in msgspec.structs.fields(kind.settings)
    }
    assert sorted(key for key in settings if f"`{key}`" not in PAGE) == []


def test_every_name_that_a_run_knows_is_in_the_page() -> None:
    assert [name for name in RUN_NAMES if f"`${{{name}}}`" not in PAGE] == []


def test_every_key_of_the_schema_is_in_the_page() -> None:
    def keys(below: object) -> set[str]:
        if isinstance(below, list):
            return {key for item in below for key in keys(item)}
        if not isinstance(below, dict):
            return set()
        named = below.get("properties")
        return (set(named) if isinstance(named, dict) else set()).union(*map(keys, below.values()))

    common = {key: value for key, value in schema(installed()).items() if key != "$defs"}
    assert sorted(key for key in keys(common) if not re.search(rf"[`\[]{key}\b|^{key} =", PAGE, re.MULTILINE)) == []


def test_checking_a_good_profile_imports_neither_textual_nor_drivers_nor_tree_sitter(
    tmp_path: Path,
) -> None:
    (tmp_path / "base.toml").write_text(FIRST)
    assert tomllib.loads(FIRST)
    code = (
        "import sys\nfrom cockpit.profile.check import check\nfrom cockpit.profile.kinds import installed\n"
        "assert check(sys.argv[1:], installed()) == []\n"
        "print([m for m in ('textual', 'rich', 'httpx', 'psycopg', 'asyncio', 'tree_sitter') if m in sys.modules])"
    )
    argv = [sys.executable, "-c", code, str(tmp_path / "base.toml")]
    assert subprocess.run(argv, capture_output=True, text=True, check=True).stdout == "[]\n"
