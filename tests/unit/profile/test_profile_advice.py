"""Warnings that `tests/broken/warnings.toml` cannot show: those that depend on what else is there."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from profile_kinds import KINDS

from cockpit.profile.check import check, check_json, check_summary, check_text
from cockpit.profile.kinds import installed

START = 'id = "shop"\nenvironment = "staging"\n'
STEP = '[[phases]]\nid = "db"\n[[phases.steps]]\nid = "migrate"\ntitle = "Migrate"\n'
PROBE = '[[probes]]\nid = "api"\nkind = "web"\ninterval = "5s"\n'


def warned(folder: Path, text: str) -> list[str]:
    path = folder / "p.toml"
    path.write_text(text)
    return [problem.message for problem in check([path], KINDS)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (START, ["the profile has no phases: there is nothing to walk"]),
        (START + STEP + 'risk = "irreversible"\n', ["step `migrate` is irreversible and unprotected"]),
        (START + STEP + 'risk = "irreversible"\nrollback = "Restore."\n', []),
        (
            START + STEP + 'risk = "irreversible"\ngate = "1 < 2"\n',
            ["step `migrate` is irreversible and does not say what undoes it"],
        ),
        (START + STEP + 'owner = "anybody"\n', []),
        (
            START + STEP + '[window]\nstart = "22:00"\nend = "23:00"\n',
            ["step `migrate` has no `estimate`: the forecast counts it as nothing"],
        ),
        (START + STEP + 'estimate = "50m"\n[window]\nstart = "22:00"\nend = "23:00"\nreserve = "10m"\n', []),
        (
            START + STEP + 'estimate = "51m"\n[window]\nstart = "22:00"\nend = "23:00"\nreserve = "10m"\n',
            ["the window of 1h is too short for 51m of steps and 10m of reserve"],
        ),
    ],
)  # fmt: skip
def test_steps_and_window_are_weighed_against_each_other(tmp_path: Path, text: str, said: list[str]) -> None:
    assert warned(tmp_path, text) == said


@pytest.mark.parametrize(
    ("url", "budget", "is_over"),
    [("http://a", 0.2, False), ("http://a", 0.19, True), ("${base}", 0.19, True), ("http://", 0.19, False)],
)
def test_the_budget_counts_probes_with_a_target_also_a_hidden_one(
    tmp_path: Path, url: str, budget: float, is_over: bool
) -> None:
    base = '[variables.base]\nenv = "BASE"\n[[roles]]\nid = "a"\ntitle = "${base}"\n'
    text = f'requests_per_s = {budget}\ntitle = "${{base}}"\n' + START + base + PROBE + f'url = "{url}"\n'
    said = warned(tmp_path, text + STEP + 'gate = "api.passing"\n')
    assert said == ([f"the probes make 0.2 requests/s, more than the {budget:g} declared"] if is_over else [])


def test_a_probe_read_on_demand_spends_no_budget_and_may_take_longer_than_its_interval(tmp_path: Path) -> None:
    probe = PROBE + 'on_demand = true\ntimeout = "9s"\nurl = "http://a"\n'
    assert warned(tmp_path, "requests_per_s = 0.01\n" + START + probe + STEP + 'gate = "api.passing"\n') == []


def test_problems_are_told_as_lines_as_json_and_as_a_sum(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text(START + "colour = 1\n" + STEP + 'command = "psql -f x"\n')
    problems = check([path], KINDS)
    assert check_text(problems).count("\n") == 2
    told = msgspec.json.decode(check_json(problems))
    assert [(problem["line"], problem["column"], problem["severity"]) for problem in told] == [
        (3, 1, "error"),
        (9, 12, "warning"),
    ]
    assert set(told[0]) == {"file", "line", "column", "severity", "message", "expected", "nearest"}
    assert check_summary(1, problems) == "1 profile: 1 error, 1 warning"


@pytest.mark.parametrize(
    "reads",
    [
        'requires = "api.passing"\nkind = "do"\nargv = ["true"]',
        'only_if = "api.passing"',
        'kind = "wait"\nduration = "1m"\nhealthy = ["api.passing"]',
        '[[triggers]]\nid = "failing"\nwhen = "api.passing"',
        '[[triggers]]\nid = "failing"\nwhen = "1 < 2"\nclear_when = "api.passing"',
        (
            '[[rollbacks]]\nid = "back"\nwhen = "api.passing"\n'
            '[[rollbacks.phases]]\nid = "b"\nsteps = [{ id = "c", title = "C" }]'
        ),
    ],
)
def test_a_probe_is_used_by_whatever_condition_reads_it(tmp_path: Path, reads: str) -> None:
    assert warned(tmp_path, START + PROBE + 'url = "http://a"\n' + STEP + reads) == []


def test_only_what_is_done_in_the_window_is_weighed_against_it(tmp_path: Path) -> None:
    window = '[window]\nstart = "22:00"\nend = "23:00"\n'
    long = STEP.replace("title", 'estimate = "2h"\ntitle')
    assert warned(tmp_path, START + window + long) == [
        "the window of 1h is too short for 2h of steps and 0s of reserve"
    ]
    assert warned(tmp_path, START + window + long.replace('"db"', '"db"\nstage = "after"')) == []


def test_a_message_sent_by_hand_does_not_need_what_only_sending_it_leads_to(tmp_path: Path) -> None:
    template = '[[templates]]\nid = "done"\ntitle = "Done"\nbody = "Done."\n'
    channel = '[[channels]]\nid = "ops"\nwebhook = "http://127.0.0.1:1/"\n'
    step = STEP + 'kind = "message"\ntemplate = "done"\nestimate = "1m"\nrequires = ["1 < 2"]\n'
    said = "step `migrate` is sent by hand, and has conditions both before and after: only `d` ends it"
    kinds = installed()
    path = tmp_path / "m.toml"

    def messages(text: str) -> list[str]:
        path.write_text(text)
        return [problem.message for problem in check([path], kinds)]

    assert messages(START + template + step) == []
    assert messages(START + template + step + 'gate = ["1 < 2"]\n') == [said]
    assert messages(START + channel + template + 'channel = "ops"\n' + step + 'gate = ["1 < 2"]\n') == []


URL = 'url = "http://a"\n'
TRIGGER = '[[triggers]]\nid = "gone"\nwhen = ["!api.passing"]\n'


@pytest.mark.parametrize(
    ("where", "is_dead"),
    [
        ("", False), ('armed = ["db"]\n', False), ('suspended = ["migrate"]\n', True), ('suspended = ["db"]\n', True),
        ('armed = ["migrate"]\nsuspended = ["migrate"]\n', True), ('armed = ["back"]\n', True),
    ],
)  # fmt: skip
def test_a_trigger_that_can_never_fire_is_told(tmp_path: Path, where: str, is_dead: bool) -> None:
    way = '[[rollbacks]]\nid = "way"\n[[rollbacks.phases]]\nid = "undo"\n'
    way += '[[rollbacks.phases.steps]]\nid = "back"\ntitle = "Back"\n'
    said = warned(tmp_path, START + STEP + PROBE + URL + way + TRIGGER + where)
    assert any("trigger `gone` can never fire" in each for each in said) is is_dead, said


def test_a_trigger_of_people_is_never_dead_and_before_the_window_none_is_armed_by_itself(tmp_path: Path) -> None:
    early = START + STEP.replace("[[phases.steps]]", 'stage = "before"\n[[phases.steps]]') + PROBE + URL
    assert any("can never fire" in each for each in warned(tmp_path, early + TRIGGER))
    assert not any("can never fire" in each for each in warned(tmp_path, early + '[[triggers]]\nid = "told"\n'))
