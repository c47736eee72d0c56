"""What `docs/profile.md` shows and promises."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from cockpit.profile.kinds import installed
from cockpit.profile.load import examine, load
from cockpit.profile.schema import schema

PAGE = (Path(__file__).parents[3] / "docs" / "profile.md").read_text()
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


def test_the_first_example_is_a_profile_without_problems(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text(EXAMPLES[0])
    assert examine(tmp_path / "base.toml", installed())[1] == []


def test_the_example_of_extends_extends_the_first(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text(EXAMPLES[0])
    (tmp_path / "staging.toml").write_text(EXAMPLES[1])
    profile = load(tmp_path / "staging.toml", installed()).profile
    assert (profile.environment, profile.probes[0].interval_s) == ("staging", 30.0)
    assert [step.id for _, step in profile.steps()] == ["migrate", "look"]


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
    (tmp_path / "base.toml").write_text(EXAMPLES[0])
    assert tomllib.loads(EXAMPLES[0])
    code = (
        "import sys\nfrom cockpit.profile.check import check\nfrom cockpit.profile.kinds import installed\n"
        "assert check(sys.argv[1:], installed()) == []\n"
        "print([m for m in ('textual', 'rich', 'httpx', 'psycopg', 'asyncio', 'tree_sitter') if m in sys.modules])"
    )
    argv = [sys.executable, "-c", code, str(tmp_path / "base.toml")]
    assert subprocess.run(argv, capture_output=True, text=True, check=True).stdout == "[]\n"
