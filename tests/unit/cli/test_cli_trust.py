"""`cockpit check`, `trust` and `approve`: what a profile executes, without a terminal."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cli_desk import Cockpit, one_sentence
from signers import Signers, needed, signers

from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.report.pages.account import read_account
from cockpit.report.pages.phrasing import Phrasing
from cockpit.report.pages.summary import facts_of
from cockpit.run.events import ProfileTrust
from cockpit.session.creating import create_run
from cockpit.session.trust_digest import executed

PROFILE = """
id = "shop"
environment = "staging"
[variables.password]
env = "SHOP_PASSWORD"
secret = true
[variables.release]
env = "RELEASE"
pattern = "v[0-9.]+"
[[probes]]
id = "up"
kind = "command"
argv = ["./look.sh"]
interval = 7
[[probes]]
id = "health"
kind = "http"
method = "POST"
url = "https://shop.example/health"
bearer = "${password}"
on_demand = true
[[phases]]
id = "one"
title = "One"
[[phases.steps]]
id = "deploy"
title = "Deploy"
kind = "command"
script = '''
set -x
./deploy.sh --release="${release}"
'''
dry_run = ["true"]
env = { LD_PRELOAD = "/opt/lib.so" }
gate = ["up == 0", "health > 0.0"]
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    for name in ("look.sh", "deploy.sh"):
        (tmp_path / name).write_text("#!/bin/sh\ntouch executed\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "shop.toml").write_text(PROFILE)
    return tmp_path


ASKS = {"XDG_CONFIG_HOME": "/nonexistent"}
"""Without a policy: every first use is asked."""


def test_check_lists_all_that_may_be_executed_sent_and_given_away(cockpit: Cockpit, shop: Path) -> None:
    ended = cockpit("check", "shop.toml")
    told = ended.stdout
    for line in (
        "by itself, without a key press:\n    probe up every 7s runs: ./look.sh",
        "probe health asks: POST https://shop.example/health; bearer = ",
        "step deploy runs a script:\n        set -x\n",
        '\n        ./deploy.sh --release="${release}"\n',
        '(env = {"LD_PRELOAD":"/opt/lib.so"})',
        "in a rehearsal, at a key press:\n    step deploy runs: true",
        "variable password is: a secret, what $SHOP_PASSWORD holds, goes to probe health",
        "variable release is: what $RELEASE holds",
        "step deploy sets: LD_PRELOAD, which changes what programs load, run or reach",
    ):
        assert line in told
    assert re.search(r"deploy\.sh  [0-9a-f]{16}\n\s+look\.sh  [0-9a-f]{16}\n", told)
    assert re.search(r"digest [0-9a-f]{64}\n$", told)


def test_check_of_several_files_has_a_line_for_each_and_all_of_it_on_request(cockpit: Cockpit, shop: Path) -> None:
    (shop / "other.toml").write_text((shop / "shop.toml").read_text().replace('"shop"', '"other"'))
    short = cockpit("check", "shop.toml", "other.toml").stdout.splitlines()
    assert [line.split(":")[0] for line in short if "; digest " in line] == ["shop.toml", "other.toml"]
    assert "probe up every 7s runs" not in "".join(short)
    assert cockpit("check", "--executes", "shop.toml", "other.toml").stdout.count("probe up every 7s runs") == 2


def test_check_tells_programs_the_same_as_notes(cockpit: Cockpit, shop: Path) -> None:
    found = json.loads(cockpit("check", "--format", "json", "shop.toml").stdout)
    notes = [each for each in found if each["severity"] == "note"]
    done = [each["executes"] for each in notes if "executes" in each]
    assert {"when": "itself", "who": "probe up every 7s", "what": "runs", "text": "./look.sh"} in done
    assert re.fullmatch("[0-9a-f]{64}", notes[-1]["digest"])
    assert set(notes[-1]["files"]) == {"look.sh", "deploy.sh"}


@pytest.mark.parametrize("command", ["probe", "ready"])
def test_without_a_terminal_nothing_of_a_new_profile_is_executed(cockpit: Cockpit, shop: Path, command: str) -> None:
    state = {"XDG_STATE_HOME": str(shop / "state"), "SHOP_PASSWORD": "long-enough-1", "RELEASE": "v1", **ASKS}
    ended = cockpit(command, "shop.toml", **state)
    if command == "ready":  # whoever prepares learns of everything else as well
        assert ended.returncode == 1
        said = next(line for line in ended.stdout.splitlines() if "was never confirmed on this machine" in line)
        assert said.startswith("✖ profile: ")
        assert "until then its probes and targets are not asked" in said
        assert "! way back: there is no rollback plan" in ended.stdout
    else:
        assert ended.returncode == 4
        said = one_sentence(ended)
    assert "was never confirmed on this machine" in said
    digits = re.search(r"cockpit trust shop\.toml \(--digest (\w{64}) in a script\)", said)
    assert digits is not None
    assert not (shop / "executed").exists()
    assert cockpit("trust", "shop.toml", "--digest", digits[1], **state).returncode == 0
    ended = cockpit(command, "shop.toml", **state)
    assert (shop / "executed").exists()
    assert command != "ready" or re.search("✔ profile: trusted since .* UTC, its digest given by ", ended.stdout)


def test_a_script_trusts_what_was_reviewed_and_nothing_else(cockpit: Cockpit, shop: Path) -> None:
    state = {"XDG_STATE_HOME": str(shop / "state"), **ASKS}
    assert cockpit("trust", "shop.toml", **state).returncode == 4
    digest = re.search(r"digest (\w{64})", cockpit("check", "shop.toml").stdout)
    assert digest is not None
    assert "fewer than 64 digits" in one_sentence(cockpit("trust", "shop.toml", "--digest", digest[1][:63], **state))
    (shop / "deploy.sh").write_text("rm -rf /")
    refused = cockpit("trust", "shop.toml", "--digest", digest[1], **state)
    assert refused.returncode == 4
    assert "is not what was reviewed" in one_sentence(refused)
    assert not (shop / "state").exists()


# ---- approvals ---------------------------------------------------------------------------------------------------


@pytest.fixture
def them() -> Iterator[Signers]:
    with signers() as it:
        yield it


@needed
def test_a_reviewer_approves_and_the_profile_is_run_by_somebody_else(
    cockpit: Cockpit, shop: Path, them: Signers
) -> None:
    them.allow("bo", them.key("bo"), 'namespaces="cockpit-profile@v1"')
    (shop / "home" / "cockpit").mkdir(parents=True)
    (shop / "home" / "cockpit" / "signers").write_text(them.text)
    rules = 'first_use = "note"\nreviewed = "all"\nallowed_signers = "signers"\nemergency = false\n'
    (shop / "home" / "cockpit" / "policy.toml").write_text(rules)
    given = {"XDG_CONFIG_HOME": str(shop / "home"), "XDG_STATE_HOME": str(shop / "state"),
             "SHOP_PASSWORD": "long-enough-1", "RELEASE": "v1"}  # fmt: skip
    refused = cockpit("probe", "shop.toml", **given)
    assert refused.returncode == 4
    said = one_sentence(refused)
    assert "asks for an approval of this very profile, and none counts" in said
    assert "somebody else has to read and sign it: cockpit approve shop.toml" in said
    assert "--unreviewed" not in said
    assert cockpit("probe", "shop.toml", "--unreviewed", "no time", **given).returncode == 4
    ready = cockpit("ready", "shop.toml", **given)
    assert ready.returncode == 1
    missing = next(line for line in ready.stdout.splitlines() if line.startswith("✖ approvals: "))
    assert "asks for an approval of this very profile, and none counts; until then its probes" in missing
    assert missing.endswith("somebody else has to read and sign it: cockpit approve shop.toml")
    assert not (shop / "executed").exists()
    agent = them.agent(them.key("bo"))
    as_bo = {**given, "SSH_AUTH_SOCK": str(agent.socket)}
    digest = re.search(r"--digest (\w{64})", one_sentence(cockpit("approve", "shop.toml", "--as", "bo", **as_bo)))
    assert digest is not None
    approved = cockpit("approve", "shop.toml", "--as", "bo", "--digest", digest[1], **as_bo)
    assert approved.returncode == 0, approved.stderr
    assert (shop / "shop.toml.approvals").read_text().startswith("cockpit-profile-v1\nprofile shop\n")
    assert "✔ approvals: 1 of 1 count: bo" in cockpit("ready", "shop.toml", **given).stdout
    assert (shop / "executed").exists()


@needed
def test_nobody_signs_what_would_not_count(cockpit: Cockpit, shop: Path, them: Signers) -> None:
    (shop / "signers").write_text(f"carl {them.public(them.key('carl'))}\n")
    text = (shop / "shop.toml").read_text()
    (shop / "shop.toml").write_text('reviewed = true\nallowed_signers = "signers"\n' + text)
    agent = them.agent(them.key("bo"))
    digest = re.search(r"digest (\w{64})", cockpit("check", "shop.toml").stdout)
    assert digest is not None
    given = {"SSH_AUTH_SOCK": str(agent.socket)}
    refused = cockpit("approve", "shop.toml", "--as", "bo", "--digest", digest[1], **given)
    assert refused.returncode == 1
    assert "not one that this run allows for bo" in one_sentence(refused)
    assert not (shop / "shop.toml.approvals").exists()


# ---- what is told of it afterwards -------------------------------------------------------------------------------


def test_the_log_the_report_and_the_paper_say_who_trusted_the_profile(cockpit: Cockpit, shop: Path) -> None:
    loaded = load(shop / "shop.toml", installed())
    at = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    trust = ProfileTrust(
        digest=executed(loaded).digest, how="asked", by="ana", at=at, approved_by=("bo SHA256:abc",), wanted=1
    )
    run_dir = create_run(loaded, {}, folder=shop / "runs", trust=trust)
    told = "approved by bo (SHA256:abc); trusted since 2026-01-02 03:04 UTC, confirmed by ana"
    assert f", its profile {told}" in cockpit("log", str(run_dir)).stdout
    assert told in " ".join(cockpit("print", str(run_dir)).stdout.split())
    account = read_account(run_dir, at)
    assert ("Profile", told) in facts_of(account, Phrasing(account.told, ZoneInfo("UTC")))
