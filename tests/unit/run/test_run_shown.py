"""What a step is shown and copied as."""

from __future__ import annotations

import os
import subprocess

import pytest
from msgspec.structs import replace
from run_story import PROFILE, Story

from cockpit.profile.model import Phase, Step, Variable
from cockpit.run.shown import shown

WHO = 'it\'s "me" $(echo pwned) `id`'


def story(step: Step) -> Story:
    phase = Phase(id="one", title="One", steps=(step,))
    variables = (Variable(name="token", env="TOKEN", secret=True), Variable(name="who", value=WHO))
    profile = replace(PROFILE, phases=(phase,), variables=variables)
    return Story(profile, variables={"who": WHO})


def command(text: str, **settings: object) -> Step:
    return Step(id="a", title="A", kind="command", behaviour="action", command=text, settings=settings)


def test_a_scripts_values_stand_before_it_and_never_in_it() -> None:
    script = 'echo "${who} in ${run.environment} as ${TOK} at $${HOME} and ${HOME}"\n'
    step = command(script, script=script, env={"TOK": "Bearer ${token}"})
    told = shown(story(step).state, step).split("\n")
    assert told[0].startswith("export who='it'")
    assert told[1:] == [
        "export run_environment=staging",
        "export TOK='Bearer ‹secret token›'",
        'echo "${who} in ${run_environment} as ${TOK} at ${HOME} and ${HOME}"',
    ]


@pytest.mark.parametrize(
    "step",
    [
        command('printf %s "${who}"', script='printf %s "${who}"'),
        command("printf %s '${who}'", argv=["printf", "%s", "${who}"]),
    ],
    ids=["script", "argv"],
)
def test_what_is_copied_into_a_shell_takes_a_value_as_it_is(step: Step) -> None:
    told = shown(story(step).state, step)
    done = subprocess.run(["bash", "-c", told], capture_output=True, text=True, env=dict(os.environ), check=True)
    assert done.stdout == WHO


def test_what_a_person_does_elsewhere_is_filled_in_as_it_is_written() -> None:
    step = Step(id="a", title="A", command="ssh ${run.environment}")
    assert shown(story(step).state, step) == "ssh staging"


def test_the_parameters_of_sql_stand_before_it_and_it_stays_as_it_is_written() -> None:
    sql = "update t set who = %(who)s where key = %(key)s;\ndo $${ not filled ${who} }$$"
    settings = {"statements": sql, "params": {"who": "${who}", "key": "${token}-${later}"}}
    step = Step(id="a", title="A", kind="sql", behaviour="action", command=sql, settings=settings)
    assert shown(story(step).state, step) == f"-- who = {WHO}\n-- key = ‹secret token›-${{later}}\n{sql}"


def test_no_value_leaves_the_line_that_tells_it() -> None:
    settings = {"statements": "select %(who)s", "params": {"who": "a\n; drop table t"}}
    step = Step(id="a", title="A", kind="sql", behaviour="action", command="select %(who)s", settings=settings)
    assert len(shown(story(step).state, step).split("\n")) == 2
