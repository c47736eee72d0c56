"""What is trusted of a profile, what a policy asks, and what is remembered."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cockpit.errors import TrustError
from cockpit.profile.executing import changes
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.session.trust_digest import Executed, executed, scripts
from cockpit.session.trust_memory import MOST_DIGESTS, Confirmed, Remembered, remember, remembered
from cockpit.session.trust_policy import Policy, policy

KINDS = installed()
AT = datetime(2026, 11, 22, 3, tzinfo=UTC)
PROFILE = """
id = "shop"
environment = "staging"
[variables]
release = { env = "RELEASE" }
[[phases]]
id = "one"
title = "One"
[[phases.steps]]
id = "deploy"
title = "Deploy"
kind = "command"
argv = ["./deploy.sh", "--release=${release}"]
files = ["settings.yaml"]
dry_run = "bash scripts/look.sh > out.log"
"""


def laid(folder: Path, text: str = PROFILE) -> Executed:
    (folder / "scripts").mkdir(exist_ok=True)
    for name in ("deploy.sh", "settings.yaml", "scripts/look.sh", "out.log"):
        if not (folder / name).exists():
            (folder / name).write_text("echo\n")
    (folder / "shop.toml").write_text(text)
    return executed(load(folder / "shop.toml", KINDS))


def test_the_digest_changes_with_every_file_that_is_named_and_with_nothing_else(tmp_path: Path) -> None:
    before = laid(tmp_path)
    assert sorted(before.files) == ["deploy.sh", "scripts/look.sh", "settings.yaml"]
    (tmp_path / "out.log").write_text("what the last run left")
    os.utime(tmp_path / "deploy.sh", (1, 1))
    assert laid(tmp_path).digest == before.digest
    seen = {before.digest}
    for name in before.files:
        (tmp_path / name).write_text("another")
        seen.add(laid(tmp_path).digest)
    seen.add(laid(tmp_path, PROFILE.replace('"Deploy"', '"Deploys"')).digest)
    assert len(seen) == 5


def test_a_file_that_cannot_be_read_is_told_and_counts_as_that(tmp_path: Path) -> None:
    there = laid(tmp_path)
    (tmp_path / "settings.yaml").unlink()
    os.mkfifo(tmp_path / "settings.yaml")
    away = laid(tmp_path)
    assert away.digest != there.digest
    assert "not a regular file" in away.files["settings.yaml"]


def test_only_what_changed_is_shown_of_a_profile_that_was_confirmed_before(tmp_path: Path) -> None:
    before = laid(tmp_path)
    after = laid(tmp_path, PROFILE.replace("--release", "--force --release"))
    told = changes(before.keys, after.keys)
    assert [line[0] for line in told] == ["-", "+"]
    assert "--force" in told[1]
    assert changes(before.keys, before.keys) == []
    (tmp_path / "deploy.sh").write_text("rm -rf /")
    assert any("deploy.sh" in line for line in changes(after.keys, laid(tmp_path).keys))


# ---- what is remembered ------------------------------------------------------------------------------------------


def confirmed(digest: str) -> Confirmed:
    return Confirmed(digest, AT, "ana", "asked")


def test_what_was_confirmed_is_kept_for_each_environment_and_for_this_user_alone(tmp_path: Path) -> None:
    folder = tmp_path / "trusted"
    remember(Remembered("shop", "staging"), confirmed("a" * 64), ("key",), folder)
    known = remembered("shop", "staging", folder)
    assert known.of("a" * 64) == confirmed("a" * 64)
    assert known.keys == ("key",)
    assert known.of("b" * 64) is None
    assert remembered("shop", "production", folder).confirmed == ()
    (path,) = folder.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_earlier_digests_stay_trusted_but_not_without_end(tmp_path: Path) -> None:
    for number in range(MOST_DIGESTS + 5):
        remember(remembered("shop", "s", tmp_path), confirmed(f"{number:064}"), (), tmp_path)
    known = remembered("shop", "s", tmp_path)
    assert len(known.confirmed) == MOST_DIGESTS
    assert known.of(f"{MOST_DIGESTS + 4:064}") is not None
    assert known.of(f"{0:064}") is None


@pytest.mark.parametrize(
    "damage", ["empty", "cut", "binary", "others", "link", "of another profile", "writable by others", "a folder"]
)
def test_a_damaged_memory_asks_again(tmp_path: Path, damage: str) -> None:
    remember(Remembered("shop", "staging"), confirmed("a" * 64), (), tmp_path)
    (path,) = tmp_path.iterdir()
    raw = path.read_bytes()
    match damage:
        case "empty":
            path.write_bytes(b"")
        case "cut":
            path.write_bytes(raw[: len(raw) // 2])
        case "binary":
            path.write_bytes(b"\xff\x00" * 50)
        case "others":
            path.write_text(json.dumps({"profile": "shop"}))
        case "link":
            path.rename(tmp_path / "elsewhere")
            path.symlink_to(tmp_path / "elsewhere")
        case "of another profile":
            path.write_bytes(raw.replace(b'"shop"', b'"shap"'))
        case "writable by others":
            path.chmod(0o666)
        case _:
            path.unlink()
            path.mkdir()
    assert remembered("shop", "staging", tmp_path) == Remembered("shop", "staging")


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TrustError, match=r"cannot be kept in .*file"):
        remember(Remembered("shop", "staging"), confirmed("a" * 64), (), tmp_path / "file" / "trusted")


# ---- the policy --------------------------------------------------------------------------------------------------


def policies(tmp_path: Path, machine: str | None, user: str | None) -> Policy:
    for name, text in (("etc", machine), ("home", user)):
        (tmp_path / name / "cockpit").mkdir(parents=True, exist_ok=True)
        if text is not None:
            (tmp_path / name / "cockpit" / "policy.toml").write_text(text)
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "home")}
    return policy(environ, tmp_path / "etc" / "cockpit" / "policy.toml")


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="the machine's policy is root's")


def test_without_a_policy_everything_is_asked_and_no_approval_is_needed(tmp_path: Path) -> None:
    found = policies(tmp_path, None, None)
    assert (found.first_use, found.reviewed, found.four_eyes, found.emergency) == ("ask", "none", True, True)


@as_root
def test_a_user_may_only_be_stricter_than_the_machine(tmp_path: Path) -> None:
    machine = 'first_use = "ask"\nreviewed = "production"\napprovers = 2\nfour_eyes = true\nemergency = false\n'
    lax = 'first_use = "note"\nreviewed = "none"\napprovers = 1\nfour_eyes = false\nemergency = true\n'
    found = policies(tmp_path, machine, lax)
    assert (found.first_use, found.reviewed, found.approvers) == ("ask", "production", 2)
    assert (found.four_eyes, found.emergency) == (True, False)
    found = policies(tmp_path, lax, machine)
    assert (found.first_use, found.reviewed, found.approvers) == ("ask", "production", 2)
    assert (found.four_eyes, found.emergency) == (True, False)


@as_root
def test_the_machine_says_whose_approvals_count(tmp_path: Path) -> None:
    found = policies(tmp_path, 'allowed_signers = "signers"', 'allowed_signers = "/tmp/mine"')
    assert found.allowed_signers == tmp_path / "etc" / "cockpit" / "signers"
    found = policies(tmp_path, 'reviewed = "production"', 'allowed_signers = "/tmp/mine"')
    assert found.allowed_signers is None
    found = policies(tmp_path, 'first_use = "ask"', 'reviewed = "all"\nallowed_signers = "/tmp/mine"')
    assert found.allowed_signers == Path("/tmp/mine")


@as_root
def test_the_list_that_the_machine_s_policy_names_is_root_s_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine, mine = (
        'allowed_signers = "signers"\nrevoked_keys = "revoked"',
        'allowed_signers = "mine"\nrevoked_keys = "gone"',
    )
    named = [policies(tmp_path, machine, mine), policies(tmp_path, "", mine)]
    (tmp_path / "home" / "cockpit" / "policy.toml").write_text("")
    monkeypatch.setattr(os, "geteuid", lambda: 40_001)
    owners = [(each.signers_owners, each.revoked_owners) for each in (*named, policies(tmp_path, "", None))]
    assert owners == [((0,), (0,)), ((0, 0), (0, 0)), ((0, 40_001), (0, 40_001))]


def test_a_profile_does_not_decide_whether_its_environment_is_production(tmp_path: Path) -> None:
    found = policies(tmp_path, None, 'reviewed = "production"\nproduction = ["prod*", "shop/live"]\n')
    assert found.wants_review("shop", "production-eu", production=False)
    assert found.wants_review("shop", "live", production=False)
    assert not found.wants_review("other", "live", production=False)
    assert found.wants_review("other", "live", production=True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("reviewed = 1", "cannot be understood"),
        ('reviewed = "some"', "cannot be understood"),
        ('rewieved = "all"', "cannot be understood"),
        ("approvers = 0", "expected 1 to 20"),
        ("not toml", "cannot be understood"),
        ("# " + "x" * 70_000, "more than 65536 bytes"),
    ],
)
def test_a_policy_that_cannot_be_understood_lets_nothing_run(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(TrustError, match=said) as caught:
        policies(tmp_path, None, text)
    assert "policy.toml" in str(caught.value)


def test_a_policy_that_others_could_have_written_decides_nothing(tmp_path: Path) -> None:
    policies(tmp_path, None, 'first_use = "note"')
    path = tmp_path / "home" / "cockpit" / "policy.toml"
    path.chmod(0o666)
    with pytest.raises(TrustError, match="can be written by others"):
        policies(tmp_path, None, None)
    path.chmod(0o644)
    if os.geteuid() == 0:
        os.chown(path, 40_001, 40_001)
        with pytest.raises(TrustError, match="belongs to user 40001"):
            policies(tmp_path, None, None)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(TrustError, match="is no file"):
        policies(tmp_path, None, None)


def test_a_script_that_is_started_in_another_folder_is_found_there(tmp_path: Path) -> None:
    script = 'script = "cd scripts && ./deeper.sh; cd sub; bash look.sh"'
    (tmp_path / "scripts" / "sub").mkdir(parents=True)
    (tmp_path / "scripts" / "deeper.sh").write_text("echo\n")
    (tmp_path / "scripts" / "sub" / "look.sh").write_text("echo\n")
    before = laid(tmp_path, PROFILE.replace('argv = ["./deploy.sh", "--release=${release}"]', script))
    assert {"scripts/deeper.sh", "scripts/sub/look.sh"} <= set(before.files)


def test_of_what_is_in_the_digest_a_run_is_held_to_what_is_code(tmp_path: Path) -> None:
    argv = 'argv = ["python3", "tool.py", "values.yaml", "scripts/look.sh", "-f", "up.sql", "data.JSON"]'
    for name in ("tool.py", "values.yaml", "up.sql", "data.JSON"):
        (tmp_path / name).write_text("x\n")
    text = PROFILE.replace('argv = ["./deploy.sh", "--release=${release}"]', argv)
    assert {"values.yaml", "data.JSON", "tool.py"} <= set(laid(tmp_path, text).files)
    found = scripts(load(tmp_path / "shop.toml", KINDS).profile, tmp_path)
    assert set(found) == {"tool.py", "scripts/look.sh", "up.sql"}


# ---- what comes with a profile and is no step's --------------------------------------------------------------------


def test_a_kubeconfig_beside_the_profile_is_in_the_digest_since_kubectl_runs_what_it_names(tmp_path: Path) -> None:
    target = '[[targets]]\nid = "k"\nkind = "kubernetes"\ncontext = "c"\nkubeconfig = "kube.yaml"\nserver = "https://k:6443"\n'
    target += 'unverified = "no CA yet"\n'
    (tmp_path / "kube.yaml").write_text("users: []\n")
    before = laid(tmp_path, PROFILE + target)
    assert "kube.yaml" in before.files
    (asked,) = (each for each in before.executions if each.who == "target k")
    assert "the program that its kubeconfig may name (exec)" in asked.text
    assert "no CA yet" in asked.text
    (tmp_path / "kube.yaml").write_text("users: [{name: c, user: {exec: {command: ./evil}}}]\n")
    assert laid(tmp_path, PROFILE + target).digest != before.digest
    away = laid(tmp_path, PROFILE + target.replace('"kube.yaml"', '"~/.kube/config"'))
    assert "~/.kube/config" not in away.files
