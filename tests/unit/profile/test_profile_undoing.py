"""`undo = true`: which steps a phase of a rollback plan gets, and where what is wrong with them stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from profile_kinds import KINDS

from cockpit.profile.load import examine, load
from cockpit.profile.model import Profile, Step

START = """
id = "shop"
environment = "staging"
[variables.token]
env = "TOKEN"
secret = true
[[targets]]
id = "cluster"
kind = "kubernetes"
context = "shop"
[[phases]]
id = "down"
[[phases.steps]]
id = "scale"
title = "Scale down"
kind = "do"
argv = ["kubectl", "scale", "--replicas=0"]
undo = ["kubectl", "scale", "--replicas=3"]
undo_title = "Scale up again"
target = "cluster"
env = { A = "${token}" }
risk = "careful"
estimate = "2m"
timeout = "90s"
files = ["a.yaml"]
expect = ["code == 0"]
requires = ["1 < 2"]
[[phases.steps]]
id = "look"
title = "Look"
[[phases]]
id = "up"
[[phases.steps]]
id = "apply"
title = "Apply"
kind = "do"
argv = ["apply", "a.yaml"]
undo = "kubectl delete -f a.yaml"
files = ["a.yaml", "b.yaml"]
target = "cluster"
"""
PLAN = """
[[rollbacks]]
id = "back"
[[rollbacks.phases]]
id = "all"
undo = true
[[rollbacks.phases.steps]]
id = "tell_all"
title = "Tell everybody"
"""


def read(folder: Path, text: str) -> Profile:
    (folder / "p.toml").write_text(text)
    return load(folder / "p.toml", KINDS).profile


def said(folder: Path, text: str) -> list[str]:
    (folder / "p.toml").write_text(text)
    problems = examine(folder / "p.toml", KINDS, advice=False)[1]
    return [str(problem).removeprefix(f"{folder}/") for problem in problems]


def test_every_step_with_an_undo_is_undone_in_reverse_before_the_phases_own_steps(tmp_path: Path) -> None:
    (phase,) = read(tmp_path, START + PLAN).rollbacks[0].phases
    assert [step.id for step in phase.steps] == ["undo_apply", "undo_scale", "tell_all"]
    script, scale, _ = phase.steps
    assert scale == Step(
        id="undo_scale",
        title="Scale up again",
        kind="do",
        behaviour="action",
        estimate_s=120.0,
        risk="careful",
        undoes=("scale",),
        settings={
            "argv": ["kubectl", "scale", "--replicas=3"], "env": {"A": "${token}"}, "target": "cluster",
            "timeout": 90.0,
        },
    )  # fmt: skip
    assert script.title == "Undo: Apply"
    assert script.settings == {"script": "kubectl delete -f a.yaml", "files": ["a.yaml"], "target": "cluster"}


def test_sql_is_undone_by_statements_on_the_same_target(tmp_path: Path) -> None:
    from cockpit.profile.kinds import installed

    text = (
        START.replace('kind = "do"', 'kind = "command"').replace('expect = ["code == 0"]', "")
        + """
[[targets]]
id = "db"
kind = "postgres"
dsn = "postgresql://localhost/"
[[phases.steps]]
id = "insert"
title = "Insert"
kind = "sql"
target = "db"
file = "insert.sql"
params = { id = "1" }
lock_timeout = "1s"
undo = "DELETE FROM a WHERE id = %(id)s"
"""
    )
    (tmp_path / "p.toml").write_text(text + PLAN)
    step = load(tmp_path / "p.toml", installed()).profile.rollbacks[0].phases[0].steps[0]
    assert (step.id, step.kind, step.undoes) == ("undo_insert", "sql", ("insert",))
    assert step.settings == {
        "target": "db", "statements": "DELETE FROM a WHERE id = %(id)s", "params": {"id": "1"}, "lock_timeout": 1.0,
    }  # fmt: skip


def test_two_plans_may_undo_the_same_step_under_ids_that_differ(tmp_path: Path) -> None:
    other = PLAN.replace('"back"', '"slow"').replace('"all"', '"everything"').replace("tell_all", "tell_some")
    profile = read(tmp_path, START + PLAN + other)
    ids = [[step.id for phase in plan.phases for step in phase.steps] for plan in profile.rollbacks]
    assert ids == [
        ["undo_apply", "undo_scale", "tell_all"], ["undo_apply_slow", "undo_scale_slow", "tell_some"],
    ]  # fmt: skip


def test_what_is_wrong_with_an_undo_is_said_once_where_it_is_written(tmp_path: Path) -> None:
    text = START.replace('"--replicas=3"', '"${token}"')
    assert said(tmp_path, text + PLAN) == [
        "p.toml:18:30: `token` is secret, and arguments are seen by every user of the host; expected it in `env`"
    ]
    assert said(tmp_path, START.replace('"Scale up again"', '"""a\nb"""') + PLAN) == [
        "p.toml:19:14: `title` is no short line; expected one line of 200 characters at most"
    ]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("undo = 1", "p.toml:46:8: `undo` is a whole number `1`; expected true or false"),
        (
            'undo = true\n[[rollbacks.phases]]\nid = "more"\nundo = true',
            "p.toml:49:8: another phase of this plan undoes all already; expected one `undo = true`",
        ),
    ],
)
def test_undoing_is_asked_for_once_in_a_plan(tmp_path: Path, change: str, problem: str) -> None:
    assert said(tmp_path, START + PLAN.replace("undo = true", change)) == [problem]


def test_undoing_nothing_asks_for_nothing(tmp_path: Path) -> None:
    (phase,) = read(tmp_path, START + PLAN.replace("undo = true", "undo = false")).rollbacks[0].phases
    assert [step.id for step in phase.steps] == ["tell_all"]


def test_an_heir_undoes_its_own_steps_too(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text(START + PLAN)
    heir = """
extends = "base.toml"
[[phases]]
id = "up"
[[phases.steps]]
id = "apply"
remove = true
[[phases.steps]]
id = "more"
title = "More"
kind = "do"
argv = ["more"]
undo = ["less"]
"""
    (phase,) = read(tmp_path, heir).rollbacks[0].phases
    assert [step.id for step in phase.steps] == ["undo_more", "undo_scale", "tell_all"]


@given(st.lists(st.booleans(), max_size=6))
def test_what_is_undone_is_exactly_what_has_an_undo_and_in_reverse(tmp_path_factory, undone: list[bool]) -> None:
    steps = "".join(
        f'[[phases.steps]]\nid = "s{index}"\ntitle = "S"\nkind = "do"\nargv = ["s"]\n'
        + ('undo = ["u"]\n' if has_undo else "")
        for index, has_undo in enumerate(undone)
    )
    folder = tmp_path_factory.mktemp("undone")
    profile = read(folder, 'id = "a"\nenvironment = "b"\n[[phases]]\nid = "p"\n' + steps + PLAN)
    made = [step for step in profile.rollbacks[0].phases[0].steps if step.id != "tell_all"]
    expected = [f"s{index}" for index, has_undo in enumerate(undone) if has_undo]
    assert [step.undoes for step in made] == [(name,) for name in reversed(expected)]
