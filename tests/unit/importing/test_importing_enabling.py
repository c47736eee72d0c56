"""What an import only shows, turned on: the script or SQL says the same, values act nowhere, the text stays."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.errors import ImportRefused
from cockpit.importing.enabling import enableable, enabled, enabling
from cockpit.importing.enabling_shell import script_of
from cockpit.importing.enabling_sql import sql_of
from cockpit.profile.check import check
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.profile.model import Profile

BASH = shutil.which("bash")
needs_bash = pytest.mark.skipif(BASH is None, reason="bash is not installed")

PROFILE = """\
id = "shop"
environment = "production"

[variables.user_id]
env = "USER_ID"
default = "<user_id>"

[variables.dsn]
env = "DSN"
secret = true

[[targets]]
id = "db"
kind = "postgres"
dsn = "${dsn}"

[[phases]]
id = "walk"
title = "Walk"

[[phases.steps]]
id = "look" # the first
title = "Look"
# as in the wiki
command = "curl https://shop.example/${user_id} -H \\"Id: ${user_id}\\"" # with care
language = "bash"
estimate = "1m"

[[phases.steps]]
id = "remove"
title = "Remove"
command = "DELETE FROM users WHERE id = '${user_id}'"
language = "sql"
estimate = "1m"
rollback = "None."

[[phases.steps]]
id = "say"
title = "Say"
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    path = tmp_path / "shop.toml"
    path.write_text(PROFILE)
    return path


def profile(place: Path) -> Profile:
    return load(place, installed()).profile


def test_steps_that_show_a_command_can_be_turned_on_and_no_others(place: Path):
    assert [step.id for step in enableable(profile(place))] == ["look", "remove"]
    for step_id in ("say", "nothing"):
        with pytest.raises(ImportRefused, match=step_id):
            enabling(profile(place), step_id)


def test_a_command_that_is_turned_on_is_a_script_and_all_else_of_the_text_stays(place: Path):
    text = enabled(PROFILE, [enabling(profile(place), "look")])
    place.write_text(text)
    assert not [each for each in check([place], installed()) if each.severity == "error"]
    step = next(step for _, step in profile(place).steps() if step.id == "look")
    assert (step.kind, step.behaviour, step.command) == ("command", "action", "")
    assert step.settings["script"] == 'curl https://shop.example/"${user_id}" -H "Id: ${user_id}"'
    changed = [line for line in PROFILE.splitlines() if line not in text.splitlines()]
    assert [line.split(" = ")[0] for line in changed] == ["command", "language"]
    assert "# as in the wiki\nscript = " in text
    assert '" # with care\n' in text


def test_sql_that_is_turned_on_has_its_values_as_parameters(place: Path):
    made = enabling(profile(place), "remove")
    assert (made.text, made.params, made.target) == (
        "DELETE FROM users WHERE id = %(user_id)s", {"user_id": "${user_id}"}, "db",
    )  # fmt: skip
    place.write_text(enabled(PROFILE, [made]))
    assert not [each for each in check([place], installed()) if each.severity == "error"]
    step = next(step for _, step in profile(place).steps() if step.id == "remove")
    assert (step.kind, step.settings["target"], step.settings["params"]) == ("sql", "db", {"user_id": "${user_id}"})


def test_sql_needs_a_target_that_is_there(place: Path):
    with pytest.raises(ImportRefused, match=r"no postgres target `other`; name it: --target ID, `db`"):
        enabling(profile(place), "remove", "other")
    place.write_text(PROFILE[: PROFILE.index("[[targets]]")] + PROFILE[PROFILE.index("[[phases]]") :])
    with pytest.raises(ImportRefused, match=r"\[\[targets\]\]"):
        enabling(profile(place), "remove")


def test_several_steps_are_turned_on_at_once(place: Path):
    place.write_text(enabled(PROFILE, [enabling(profile(place), each) for each in ("look", "remove")]))
    assert [step.kind for _, step in profile(place).steps()] == ["command", "sql", "confirm"]
    with pytest.raises(ImportRefused, match="of kind `command` already"):
        enabling(profile(place), "look")


@pytest.mark.parametrize(
    ("command", "script"),
    [
        ("echo ${user_id}", 'echo "${user_id}"'),
        ('echo "a ${user_id} b"', 'echo "a ${user_id} b"'),
        ("echo 'a ${user_id} b'", "echo 'a '\"${user_id}\"' b'"),
        ("A=${user_id} run > /tmp/${user_id}.log", 'A="${user_id}" run > /tmp/"${user_id}".log'),
        ("cat <<EOF\n${user_id} $${HOME}\nEOF", "cat <<EOF\n${user_id} $${HOME}\nEOF"),
        ("[ ${user_id} = 1 ] && echo $USER", '[ "${user_id}" = 1 ] && echo $USER'),
        ("echo $${count:-1} ${run.id}", 'echo $${count:-1} "${run.id}"'),
        ("echo $(cat ${user_id})", 'echo $(cat "${user_id}")'),
        ("for i in a ${user_id}; do echo $i; done", 'for i in a "${user_id}"; do echo $i; done'),
        ("echo ${user_id} | awk '{print $1}'", "echo \"${user_id}\" | awk '{print $1}'"),
        ("psql -h ${user_id} -c 'select 1'", "psql -h \"${user_id}\" -c 'select 1'"),
        ("kubectl drain node ${user_id}", 'kubectl drain node "${user_id}"'),
        ("échő ${user_id}", 'échő "${user_id}"'),
    ],
)
def test_a_value_stays_one_word_wherever_it_stands(command: str, script: str):
    assert script_of(command).text == script


@pytest.mark.parametrize(
    "command",
    [
        "${user_id} --now", "sudo ${user_id}", "timeout 5 ${user_id}", "env A=1 ${user_id}",
        "bash -c 'echo ${user_id}'", 'sh -c "echo ${user_id}"', "echo ${user_id} | bash", "eval echo ${user_id}",
        'psql -c "DELETE FROM users WHERE id = ${user_id}"', "psql <<EOF\nselect ${user_id};\nEOF",
        "kubectl exec shop -- psql -c 'select ${user_id}'", "ssh ${user_id} uptime", "ssh host 'echo ${user_id}'",
        "awk '/${user_id}/'", "sed -i s/a/${user_id}/ file", "python3 -c 'print(${user_id})'",
        "/usr/bin/perl -e ${user_id}", "sudo -u postgres psql -c ${user_id}",
        "echo $((1 + ${user_id}))", "[[ ${user_id} -eq 1 ]]", "a[${user_id}]=1", "cat <<'EOF'\n${user_id}\nEOF",
        "echo $'a ${user_id}'", "find . -name ${user_id}", "xargs echo ${user_id}", "bash <<< ${user_id}",
        "user_id=1; echo ${user_id}", "echo $user_id ${user_id}", "if then", "trap ${user_id} EXIT",
        'echo "$(psql -c "${user_id}")"', "docker exec -i db psql -U shop <<EOF\n${user_id}\nEOF",
    ],
)  # fmt: skip
def test_a_command_where_a_value_could_act_is_refused_with_what_to_do(command: str):
    with pytest.raises(ImportRefused) as refused:
        script_of(command)
    assert refused.value.hint


@needs_bash
@settings(max_examples=40, deadline=None, derandomize=True)
@given(value=st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=20))
def test_whatever_the_value_is_bash_gives_it_on_unchanged(value: str):
    command = "printf_() { command printf '%s|' \"$@\"; }; printf_ ${v} 'a ${v}' \"${v} b\" x${v}y"
    script = script_of(command).text.replace("$${", "${")
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], env={"PATH": os.environ["PATH"], "v": value}, capture_output=True,
        check=True, timeout=20,
    )  # fmt: skip
    assert ended.stdout.decode() == f"{value}|a {value}|{value} b|x{value}y|"


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("SELECT 1", "SELECT 1"),
        ("SELECT * FROM t WHERE id = ${user_id}", "SELECT * FROM t WHERE id = %(user_id)s"),
        ("SELECT '${user_id}', 'a''b'", "SELECT %(user_id)s, 'a''b'"),
        ("DO $$ BEGIN PERFORM 1; END $$", "DO $$ BEGIN PERFORM 1; END $$"),
        ("SELECT '$${HOME}'", "SELECT '${HOME}'"),
        ("SELECT ${run.id}", "SELECT %(run_id)s"),
    ],
)
def test_what_is_filled_into_sql_becomes_a_parameter(command: str, text: str):
    assert sql_of(command).text == text


@pytest.mark.parametrize(
    "command",
    [
        "SELECT 'user ${user_id}'", 'SELECT "${user_id}"', "DO $$ BEGIN DELETE FROM t WHERE id = ${user_id}; END $$",
        "SELECT * FROM t${user_id}", "\\i file.sql", "COPY t FROM STDIN", "SELECT '", "",
        "SELECT ${user_id}, %(other)s", "SELECT E'${user_id}'", "-- ${user_id}\nSELECT 1",
    ],
)  # fmt: skip
def test_sql_that_no_parameter_reaches_or_that_cannot_be_sent_is_refused(command: str):
    with pytest.raises(ImportRefused):
        sql_of(command)


def test_sql_that_stands_alone_is_sent_without_a_transaction():
    made = sql_of("CREATE INDEX CONCURRENTLY i ON t (a)")
    assert made.transaction is False


def test_what_is_different_from_typing_it_is_said():
    said = {word: script_of(command).cautions for word, command in (
        ("cd", "cd /srv"), ("export", "export A=1"), ("terminal", "kubectl exec -it shop -- sh"),
        ("timeout", "kubectl logs -f shop"), ("password", "sudo systemctl stop shop"),
    )}  # fmt: skip
    assert all(word in "".join(cautions) for word, cautions in said.items())
    assert script_of("docker compose -f a.yml up -d").cautions == ()
