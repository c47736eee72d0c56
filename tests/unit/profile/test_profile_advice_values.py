"""What `check` says of values that could be more than values, and what it lists."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.profile.arguments import may_begin_with_dash
from cockpit.profile.check import check
from cockpit.profile.conditions import matches_whole, pattern_error
from cockpit.profile.executing import HEADS, Execution, executions, keys, listing, summary
from cockpit.profile.kinds import installed
from cockpit.profile.load import examine
from cockpit.profile.model import Profile
from cockpit.profile.shell_values import uses
from cockpit.text import visible

KINDS = installed()
PROFILE = """
id = "shop"
environment = "staging"
[variables.x]
{variable}
[[phases]]
id = "one"
title = "One"
[[phases.steps]]
id = "first"
title = "First"
kind = "command"
{step}
"""


def said(tmp_path: Path, step: str, variable: str = 'env = "X"') -> list[str]:
    (tmp_path / "shop.toml").write_text(PROFILE.format(step=step, variable=variable))
    return [
        f"{each.line}:{each.column}: {each.severity}: {each.message}" for each in check([tmp_path / "shop.toml"], KINDS)
    ]


def test_an_argument_that_may_become_an_option_is_warned_of_at_its_place(tmp_path: Path) -> None:
    assert said(tmp_path, 'argv = ["rm", "${x}"]') == [
        "13:15: warning: `${x}` is an option if its value begins with a dash"
    ]
    for fine in ('argv = ["rm", "--", "${x}"]', 'argv = ["rm", "--name=${x}"]'):
        assert said(tmp_path, fine) == []
    assert said(tmp_path, 'argv = ["rm", "${x}"]', 'env = "X"\npattern = "[a-z][a-z-]*"') == []
    assert said(tmp_path, 'argv = ["rm", "${x}"]', 'value = "fixed"') == []
    assert len(said(tmp_path, 'argv = ["rm", "${x}"]', 'env = "X"\npattern = "[a-z-]+"')) == 1


def test_a_value_in_a_script_is_warned_of_where_bash_takes_it_for_more(tmp_path: Path) -> None:
    script = "script = '''\necho \"${x}\"\necho ${x}\nif [[ ${x} -gt 1 ]]; then eval \"${x}\"; fi\n'''"
    assert [line.partition(":")[0] + line.rpartition("`x`")[2][:12] for line in said(tmp_path, script)] == [
        "15 stands with", "16 is calculat", "16 is run as a",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name", ["LD_PRELOAD", "BASH_ENV", "PATH", "IFS", "PYTHONPATH", "GIT_SSH_COMMAND", "SHELLOPTS"]
)
def test_a_value_from_outside_does_not_say_what_a_program_loads(tmp_path: Path, name: str) -> None:
    step = f'argv = ["true"]\nenv = {{ {name} = "${{x}}" }}'
    (found,) = said(tmp_path, step)
    assert ": error: `" + name in found
    assert said(tmp_path, step, 'value = "/usr/lib"') == []


@pytest.mark.parametrize(
    "argv", ['["sudo", "bash", "-ec", "echo ${x}"]', '["kubectl", "exec", "p", "--", "sh", "-c", "${x}"]']
)
def test_no_value_is_pasted_into_a_shells_program_whatever_starts_the_shell(tmp_path: Path, argv: str) -> None:
    assert any("error: `x` would be pasted into shell text" in line for line in said(tmp_path, f"argv = {argv}"))


@given(st.from_regex(r"\A[\[\]^a-z0-9(|)?*+.\\dw-]{0,12}\Z"), st.text("-a1b", max_size=4))
def test_a_pattern_that_is_said_to_begin_with_no_dash_matches_none_that_does(pattern: str, rest: str) -> None:
    if not may_begin_with_dash(pattern) and not pattern_error(pattern):
        assert not matches_whole(pattern, f"-{rest}")


@pytest.mark.parametrize(
    ("script", "way"),
    [
        ("psql -q <<SQL\nselect '${x}';\nSQL\n", "run"),
        ("docker exec -i db psql <<SQL\nselect '${x}';\nSQL\n", "run"),
        ('bash <<< "echo ${x}"', "run"),
        ("echo \"select '${x}'\" | psql -q", "run"),
        ('printf "%s" "${x}" | tee log | sh', "run"),
        ("psql -q <<'SQL'\nselect '${x}';\nSQL\n", ""),
        ("psql -c '\\copy t from stdin' <<ROWS\n${x}\nROWS\n", ""),
        ("cat > out <<END\n${x}\nEND\n", ""),
        ('grep -q y <<< "${x}"', ""),
        ('echo "${x}" | docker login --password-stdin', ""),
        ('psql -v x="${x}" -f look.sql | tee "${x}"', ""),
    ],
)
def test_a_value_that_an_interpreter_reads_as_its_program_is_run_and_one_that_it_reads_as_data_is_not(
    script: str, way: str
) -> None:
    assert [use.way for use in uses(script, ["x"])] == ([way] if way else [])


@given(st.text(alphabet="x$ {}\"'()[]=;\n|&<>!#-eval1", max_size=60))
def test_any_script_is_read_to_its_end(script: str) -> None:
    for use in uses(script, ["x"]):
        assert use.name == "x"
        assert use.line <= script.count("\n") + 1
        assert use.column >= 1


def shipped() -> list[Path]:
    return sorted((Path(__file__).parents[3] / "profiles").glob("*/production.toml"))


def profiles() -> list[Profile]:
    found = [examine(path, KINDS, advice=False)[0] for path in shipped()]
    return [loaded.profile for loaded in found if loaded is not None and not loaded.partial]


def test_everything_of_the_shipped_profiles_that_acts_is_listed_and_nothing_in_it_can_act() -> None:
    found_profiles = profiles()
    assert len(found_profiles) > 2
    for profile in found_profiles:
        found = executions(profile)
        who = {each.who.split()[1] for each in found}
        acting = {step.id for _, step in profile.every_step() if step.behaviour == "action"}
        assert acting | {probe.id for probe in profile.probes} | {each.id for each in profile.targets} <= who
        assert all(visible(line) == line for line in listing(found))
        assert len(set(keys(found))) == len(keys(found))
        assert summary(found)
        for probe in profile.probes:
            (own,) = [each for each in found if each.who.split()[:2] == ["probe", probe.id] and each.when != "with"]
            assert own.when == ("asked" if probe.on_demand else "itself")


def test_a_listing_cuts_nothing_short_and_shows_what_would_hide() -> None:
    long = Execution(when="key", who="step a", what="runs", text=visible("true" + " " * 5000 + "; rm -rf / \x1b[8m"))
    assert listing((long,))[1].rstrip().endswith("; rm -rf / ␛[8m")
    assert set(HEADS) == {"itself", "asked", "key", "rehearsal", "back", "with"}
