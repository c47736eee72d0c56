"""Loading: from files to a profile, or to every problem with its place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from profile_kinds import KINDS

from cockpit.errors import VariableError
from cockpit.profile import durations
from cockpit.profile.load import examine, load
from cockpit.profile.problems import ProfileError

GOOD = """
id = "shop"
environment = "staging"
[variables.base]
value = "http://localhost:1"
[variables.token]
env = "TOKEN"
secret = true
[[probes]]
id = "api"
kind = "web"
url = "${base}/health"
headers = { Authorization = "Bearer ${token}" }
interval = "1m30s"
pass = ["status == 200", "latency_ms < 500.0"]
value = "status"
[[phases]]
id = "db"
title = "Database"
[[phases.steps]]
id = "migrate"
title = "Migrate"
estimate = "10m"
gate = "api == 200 && api.passing"
"""


def write(folder: Path, text: str, name: str = "p.toml") -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def said(path: str) -> list[str]:
    folder = os.path.dirname(path) + "/"
    return [str(problem).replace(folder, "") for problem in examine(path, KINDS, advice=False)[1]]


def test_a_good_profile_becomes_typed_values(tmp_path: Path) -> None:
    loaded = load(write(tmp_path, GOOD), KINDS)
    probe = loaded.profile.probes[0]
    assert (probe.interval_s, probe.pass_when) == (90.0, ("status == 200", "latency_ms < 500.0"))
    assert probe.settings == {"url": "${base}/health", "headers": {"Authorization": "Bearer ${token}"}}
    (step,) = (step for _, step in loaded.profile.steps())
    assert (step.estimate_s, step.gate) == (600.0, ("api == 200 && api.passing",))


def test_every_value_remembers_its_place(tmp_path: Path) -> None:
    loaded = load(write(tmp_path, GOOD), KINDS)
    assert loaded.place("probes", "api", "pass", 1)[1:] == (15, 26)
    assert loaded.place("phases", "db", "steps", "migrate", "title")[1:] == (22, 9)
    assert loaded.place("probes", "api", "interval", key=True)[1:] == (14, 1)
    assert loaded.place("phases", "db")[1:] == (17, 1)


def test_all_problems_are_found_at_once_and_each_at_its_place(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
id = "Shop"
enviroment = "staging"
[[probes]]
id = "api"
kind = "wbe"
[[probes]]
id = "api"
kind = "web"
ulr = "http://x"
expected_codes = [1, "a"]
pass = ["latency_ms < 5", "statu == 200"]
timeout = "5 parsecs"
[[phases]]
id = "db"
steps = [{ id = "x", title = "é ${who}", gate = "apo.passing" }]
""",
    )
    places = [line.split(" ")[0] for line in said(path)]
    assert places == [
        "p.toml:1:1:",  # no environment
        "p.toml:2:6:",
        "p.toml:3:1:",
        "p.toml:6:8:",
        "p.toml:7:1:",  # no url
        "p.toml:8:6:",
        "p.toml:10:1:",
        "p.toml:11:22:",
        "p.toml:12:23:",
        "p.toml:12:28:",
        "p.toml:13:11:",
        "p.toml:16:33:",
        "p.toml:16:50:",
    ]


def test_columns_inside_a_string_with_escapes_are_those_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace('"status == 200"', r'"text == \"é\u00e9\" && statu == 200"'))
    assert said(path) == ["p.toml:15:33: there is no `statu`; did you mean `status`?"]


def test_a_problem_of_the_kind_itself_stands_at_the_key_it_names(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace('"http://localhost:1"', '"localhost"'))
    assert said(path) == ["p.toml:12:7: probe `api`: `url` is `localhost/health`, without http:// or https://"]


def test_load_raises_every_problem_in_one_error(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace("probes", "probs").replace("phases", "fases"))
    with pytest.raises(ProfileError) as raised:
        load(path, KINDS)
    assert [problem.nearest for problem in raised.value.problems] == ["probes", "phases"]


def test_a_missing_environment_variable_is_named_with_what_to_do(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace("secret = true", ""))
    assert load(path, KINDS, environ={"TOKEN": "x"}).profile.id == "shop"
    with pytest.raises(VariableError, match=r"`token` has no value; set the environment variable TOKEN"):
        load(path, KINDS, environ={})


def test_a_missing_or_wrong_variable_says_where_to_get_it_if_the_profile_does(tmp_path: Path) -> None:
    text = GOOD.replace("secret = true", 'description = "the dashboard, API"\npattern = "tk-.+"')
    path = write(tmp_path, text)
    with pytest.raises(VariableError, match="set the environment variable TOKEN: the dashboard, API"):
        load(path, KINDS, environ={})
    with pytest.raises(VariableError, match="correct the environment variable TOKEN: the dashboard, API"):
        load(path, KINDS, environ={"TOKEN": "your-token"})


def test_the_digest_changes_with_any_byte_and_with_nothing_else(tmp_path: Path) -> None:
    first = load(write(tmp_path, GOOD), KINDS).digest
    assert load(write(tmp_path, GOOD, "q.toml"), KINDS).digest == first
    assert load(write(tmp_path, GOOD + "#"), KINDS).digest != first


def test_a_base_is_examined_but_not_run(tmp_path: Path) -> None:
    path = write(tmp_path, 'partial = true\n[[phases]]\nid = "a"\ngate = "later.passing"\n')
    assert examine(path, KINDS)[1] == []
    with pytest.raises(ProfileError, match=r"p.toml:1:11: this is only a base"):
        load(path, KINDS)


@pytest.mark.parametrize("prepare", ["missing", "folder", "fifo", "locked", "large", "latin", "deep", "digits", "nul"])
def test_what_is_no_profile_is_one_clear_problem_and_never_blocks(tmp_path: Path, prepare: str) -> None:
    path = tmp_path / "p.toml"
    expected = {
        "missing": "p.toml:1:1: cannot be read: No such file or directory; expected a TOML file that you may read",
        "folder": "p.toml:1:1: is not a file that can be read whole; expected a regular TOML file",
        "fifo": "p.toml:1:1: is not a file that can be read whole; expected a regular TOML file",
        "locked": "p.toml:1:1: cannot be read: Too many levels of symbolic links",
        "large": "p.toml:1:1: too large: a profile's files may have 1 MiB together; expected a profile, not its data",
        "latin": "p.toml:2:1: byte 0xe9 is not UTF-8; expected a UTF-8 text file",
        "deep": "p.toml:1:1: nested too deeply; expected a profile's tables",
        "digits": "p.toml:1:1: a number has too many digits",
        "nul": "p.toml:1:7: not TOML: ",
    }
    match prepare:
        case "folder":
            path.mkdir()
        case "fifo":
            os.mkfifo(path)
        case "locked":  # root may read anything, so what cannot be read is a link to itself
            path.symlink_to(path)
        case "large":
            path.write_bytes(b"#" * (1 << 20) + b"#")
        case "latin":
            path.write_bytes(b"\nid = 'caf\xe9'")
        case "deep":
            path.write_text("a = " + "[" * 20_000)
        case "digits":
            path.write_text("a = " + "9" * 5000)
        case "nul":
            path.write_text("a = 'b\x00'")
    (only,) = said(str(path))
    assert only.startswith(expected[prepare])


def test_settings_are_judged_field_by_field_and_then_together_by_their_struct(tmp_path: Path) -> None:
    wrong = GOOD.replace('interval = "1m30s"', 'max_age_s = "soon"\nexpected_codes = [2026-01-01]\nmethod = 3')
    assert said(write(tmp_path, wrong)) == [
        "p.toml:14:13: `max_age_s` is a string `soon`; expected " + durations.EXPECTED,
        "p.toml:15:19: `expected_codes` holds a date; expected a string",
        "p.toml:16:10: `method` is a whole number; expected a string",
    ]
    odd = GOOD.replace('interval = "1m30s"', 'max_age_s = "2h"\nmethod = "POST"')
    assert said(write(tmp_path, odd)) == ["p.toml:9:1: probe `api`: `body` of a POST may not be older than an hour"]
    assert load(write(tmp_path, odd.replace("2h", "30m")), KINDS).profile.probes[0].settings["max_age_s"] == 1800.0


def test_a_window_and_durations_may_be_written_with_tomls_own_types(tmp_path: Path) -> None:
    window = "[window]\nstart = 2026-11-21T22:00:00\nend = 2026-11-22T02:00:00Z\nreserve = 600\n"
    read = load(write(tmp_path, GOOD + window), KINDS).profile.window
    assert read is not None
    assert (read.start, read.end, read.reserve_s) == ("2026-11-21T22:00:00", "2026-11-22T02:00:00+00:00", 600.0)
    daily = load(write(tmp_path, GOOD + "[window]\nstart = 22:00:00\nend = 02:00:00\n"), KINDS).profile.window
    assert daily is not None
    assert (daily.start, daily.end) == ("22:00", "02:00")


def test_windows_line_ends_and_a_byte_order_mark_move_no_position(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("latency_ms <", "latncy_ms <").replace("\n", "\r\n").encode())
    assert said(str(path)) == ["p.toml:15:27: there is no `latncy_ms`; did you mean `latency_ms`?"]


def test_a_base_may_name_what_only_its_heirs_define_but_nothing_of_the_wrong_sort(tmp_path: Path) -> None:
    base = """
partial = true
alerts = "oncall"
[[targets]]
id = "db"
kind = "postgres"
dsn = "${dsn}"
[[templates]]
id = "notice"
body = "${ticket} ${run.window_start}"
channel = "mail"
[[phases]]
id = "deploy"
gate = ["recorded.later == 'x'", "since_when > 3.0"]
[[phases.steps]]
id = "run"
title = "Run"
kind = "do"
argv = ["kubectl", "apply"]
target = "cluster"
on_failure = "back"
[[phases.steps]]
id = "tell"
title = "Tell"
kind = "tell"
template = "later"
due = "start-2h"
[[phases.steps]]
id = "approve"
title = "Approve"
kind = "signoff"
role = "dba"
not_by = ["ops"]
[[triggers]]
id = "failing"
when = "later.passing"
plan = "back"
armed = ["afterwards"]
"""
    assert said(write(tmp_path, base)) == []
    wrong = base.replace('target = "cluster"', 'target = "db"').replace("start-2h", "soon")
    assert [line.split(": ", 1)[1] for line in said(write(tmp_path, wrong))] == [
        "kubectl cannot act on `db`, a postgres target; expected a kubernetes target",
        "`due` is `soon`; expected `start` or `end` of the window, such as `start-48h` or `end+30m`",
    ]


def test_a_wait_is_estimated_by_its_duration_unless_told_otherwise(tmp_path: Path) -> None:
    wait = '[[phases.steps]]\nid = "settle"\ntitle = "Settle"\nkind = "wait"\nduration = "5m"\n'
    assert load(write(tmp_path, GOOD + wait), KINDS).profile.phases[0].steps[1].estimate_s == 300.0
    told = load(write(tmp_path, GOOD + wait + 'estimate = "1m"\n'), KINDS).profile.phases[0].steps[1]
    assert (told.behaviour, told.estimate_s) == ("wait", 60.0)
