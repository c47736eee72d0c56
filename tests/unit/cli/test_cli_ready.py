"""`cockpit ready`: everything that is missing is said at once, and the exit status says whether anything is."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from cli_desk import Cockpit, one_sentence

from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.session.creating import create_run

WHOLE = """
id = "shop"
environment = "staging"
alerts = "oncall"

[variables.host]
env = "COCKPIT_TEST_HOST"

[variables.hook]
env = "COCKPIT_TEST_HOOK"
secret = true

[[channels]]
id = "oncall"
webhook = "${hook}"

[[contacts]]
id = "dba"
title = "DBA"
reach = "${host}"

[[probes]]
id = "here"
title = "It is here"
kind = "file"
path = "here.txt"
pass = ["exists"]

[[phases]]
id = "before"
title = "Before"
stage = "before"
[[phases.steps]]
id = "backup"
title = "Backup"

[[phases]]
id = "one"
title = "One"
[[phases.steps]]
id = "go"
title = "Go"
kind = "command"
argv = ["sh", "-c", "true"]
files = ["a.txt"]

[[rollbacks]]
id = "back"
title = "Back"
[[rollbacks.phases]]
id = "way"
title = "Way"
[[rollbacks.phases.steps]]
id = "undo"
title = "Undo"
"""
SET = {"COCKPIT_TEST_HOST": "+34 600", "COCKPIT_TEST_HOOK": "https://h.invalid/s3cret-hook"}


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    path = tmp_path / "shop.toml"
    path.write_text(WHOLE)
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "here.txt").write_text("here")
    return path


def findings(cockpit: Cockpit, *arguments: str, **environ: str) -> list[dict[str, Any]]:
    ended = cockpit("ready", "shop.toml", "--format", "json", *arguments, **environ)
    assert ended.returncode in (0, 1), ended.stderr
    found: list[dict[str, Any]] = json.loads(ended.stdout)
    assert ended.returncode == int(any(each["severity"] == "missing" for each in found))
    return found


def missing(found: list[dict[str, Any]]) -> dict[str, str]:
    return {each["where"]: each["what"] for each in found if each["severity"] == "missing"}


def test_a_profile_with_everything_in_order_is_ready(cockpit: Cockpit, whole: Path) -> None:
    ended = cockpit("ready", "shop.toml", **SET)
    assert ended.returncode == 0, ended.stdout
    assert "✔ contacts: 1 contact can be reached" in ended.stdout
    assert "✔ probes: all 1 that were read pass" in ended.stdout
    assert "✔ files: 1 can be read" in ended.stdout
    assert "✔ programs: all found: sh" in ended.stdout
    assert "! preparation: 1 step before the window, none settled: no run has begun" in ended.stdout
    assert "0 missing, 2 to look at" in one_sentence(ended)  # no window
    assert "s3cret-hook" not in ended.stdout + ended.stderr
    assert not (whole.parent / "runs").exists()


def test_everything_that_is_missing_is_said_at_once(cockpit: Cockpit, whole: Path) -> None:
    (whole.parent / "a.txt").unlink()
    (whole.parent / "here.txt").unlink()
    whole.write_text(WHOLE.replace('"sh", "-c", "true"', '"no-such-program"'))
    found = missing(findings(cockpit, COCKPIT_TEST_HOST=""))
    assert found["variable hook"] == "has no value"
    assert found["contact DBA"] == "there is no way to reach them"
    assert found["probe It is here"].startswith("it fails")
    assert "a.txt" in found["2.1 Go"] or "no-such-program" in found["2.1 Go"]
    said = cockpit("ready", "shop.toml", COCKPIT_TEST_HOST="").stdout
    assert "there is no program `no-such-program` here" in said
    assert "`a.txt` cannot be read" in said


def test_the_gravest_comes_first(cockpit: Cockpit, whole: Path) -> None:
    order = [each["severity"] for each in findings(cockpit)]
    assert order == sorted(order, key=["missing", "look", "ok"].index)
    assert set(order) == {"missing", "look", "ok"}


def test_without_alerts_or_a_way_back_it_warns(cockpit: Cockpit, whole: Path) -> None:
    text = WHOLE.replace('alerts = "oncall"', "")
    whole.write_text(text[: text.index("[[rollbacks]]")])
    said = cockpit("ready", "shop.toml", **SET).stdout
    assert "! alerts: nobody is called when no screen is open" in said
    assert "! way back: there is no rollback plan" in said


@pytest.mark.parametrize("address", ["", "hooks.invalid/s3cret-hook", "https://", "http://["])
def test_a_channel_that_leads_nowhere_is_missing_and_its_address_is_not_told(
    cockpit: Cockpit, whole: Path, address: str
) -> None:
    ended = cockpit("ready", "shop.toml", **SET | {"COCKPIT_TEST_HOOK": address})
    assert ended.returncode == 1
    assert "✖ channel oncall: its webhook is no http or https URL: nothing can be sent" in ended.stdout
    assert "s3cret" not in ended.stdout + ended.stderr


@pytest.mark.parametrize(("above", "mark"), [("", "!"), ("production = true", "✖")], ids=["staging", "production"])
def test_a_channel_that_sends_in_clear_to_another_host_is_seen_beforehand_and_its_address_is_not_told(
    cockpit: Cockpit, whole: Path, above: str, mark: str
) -> None:
    whole.write_text(WHOLE.replace('alerts = "oncall"', f'alerts = "oncall"\n{above}'))
    ended = cockpit("ready", "shop.toml", **SET | {"COCKPIT_TEST_HOOK": "http://h.invalid/s3cret-hook"})
    assert f"{mark} channel oncall: its webhook is plain http to another host" in ended.stdout
    assert "s3cret" not in ended.stdout + ended.stderr


def test_a_window_that_has_ended_is_missing(cockpit: Cockpit, whole: Path) -> None:
    whole.write_text(WHOLE + '[window]\nstart = "2020-01-01T22:00"\nend = "2020-01-02T02:00"\n')
    assert missing(findings(cockpit, **SET))["window"].startswith("it has ended: 2020-01-01 22:00")


def test_what_is_asked_for_at_the_start_is_not_missing(cockpit: Cockpit, whole: Path) -> None:
    text = WHOLE.replace('env = "COCKPIT_TEST_HOOK"', 'prompt = "The hook"').replace(
        'path = "here.txt"', 'path = "${place}"'
    )
    whole.write_text(text + '[variables.place]\nprompt = "Where"\n')
    found = findings(cockpit, **SET)
    assert missing(found) == {}
    assert any(each["where"] == "probes" and "for want of place" in each["what"] for each in found)


def test_a_target_that_cannot_be_reached_is_missing_and_its_password_is_not_told(cockpit: Cockpit, whole: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    whole.write_text(
        WHOLE + '[variables.dsn]\nenv = "COCKPIT_TEST_DSN"\nsecret = true\n[[targets]]\nid = "db"\nkind = "postgres"\n'
        'dsn = "${dsn}"\ndatabase = "shop"\n'
    )
    dsn = f"postgresql://u:s3cret-word@127.0.0.1:{port}/shop"
    ended = cockpit("ready", "shop.toml", COCKPIT_TEST_DSN=dsn, **SET)
    assert ended.returncode == 1
    assert "✖ target db: it cannot be reached" in ended.stdout
    assert "s3cret-word" not in ended.stdout + ended.stderr
    unset = missing(findings(cockpit, **SET))
    assert unset["target db"] == "it was not asked who it is, for want of dsn"


def test_with_a_run_its_steps_and_its_keeper_count(cockpit: Cockpit, whole: Path) -> None:
    run_dir = create_run(load(whole, installed()), {"host": "+34 600"}, folder=whole.parent / "runs")
    found = missing(findings(cockpit, "--run", run_dir.name, **SET))
    assert found["1.1 Backup"] == "it is open"
    assert found["keeper"] == "nothing watches this run"
    assert "--run " + run_dir.name in cockpit("ready", "shop.toml", **SET).stderr


def test_while_a_run_is_live_its_open_steps_and_approvals_are_missing_without_asking_for_it(
    cockpit: Cockpit, whole: Path
) -> None:
    whole.write_text(
        WHOLE.replace(
            'title = "Backup"\n',
            'title = "Backup"\n[[phases.steps]]\nid = "yes"\ntitle = "Yes"\nkind = "signoff"\nrole = "dba"\n',
        )
        + '[[roles]]\nid = "dba"\npeople = ["bo"]\n'
    )
    said = cockpit("ready", "shop.toml", **SET)
    assert (said.returncode, "1 approval missing: 1.2 Yes" in said.stdout) == (0, True), said.stdout
    rehearsed = create_run(load(whole, installed()), {"host": "x"}, folder=whole.parent / "runs", rehearsal=True)
    assert missing(findings(cockpit, **SET)) == {}, f"nothing is settled in a rehearsal: {rehearsed.name}"
    create_run(load(whole, installed()), {"host": "+34 600"}, folder=whole.parent / "runs")
    found = missing(findings(cockpit, **SET))
    assert found == {"1.1 Backup": "it is open", "1.2 Yes": "this approval is missing"}


def test_a_run_of_another_profile_is_refused(cockpit: Cockpit, whole: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(WHOLE.replace('id = "shop"', 'id = "other"', 1))
    run_dir = create_run(load(other, installed()), {"host": "x"}, folder=tmp_path / "runs")
    ended = cockpit("ready", "shop.toml", "--run", run_dir.name, **SET)
    assert ended.returncode == 4
    assert "is of other staging, not of this profile" in one_sentence(ended)


def test_bad_input_is_one_sentence(cockpit: Cockpit, whole: Path) -> None:
    assert cockpit("ready").returncode == 2
    assert cockpit("ready", "none.toml").returncode == 1
    ended = cockpit("ready", "shop.toml", "--run", "nothing", **SET)
    assert ended.returncode == 3
    assert "there is no run nothing" in one_sentence(ended)
