"""Approvals of profiles, with real keys, a real agent and ssh-keygen."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from signers import Signers, needed, signers

from cockpit.audit.sshsig import sign
from cockpit.errors import TrustError
from cockpit.profile.kinds import installed
from cockpit.profile.load import Loaded, load
from cockpit.run.events import Actor
from cockpit.session.trust import Weighed, weigh
from cockpit.session.trust_approvals import (
    NAMESPACE,
    add_approval,
    approval_text,
    approvals_path,
    read_approvals,
)
from cockpit.session.trust_digest import executed
from cockpit.session.trust_policy import Policy

pytestmark = needed
KINDS = installed()
NOW = datetime.now(UTC)
ANA = Actor(user="ana", host="bastion-1")
PROFILE = """
id = "shop"
environment = "production"
production = true
[[phases]]
id = "one"
title = "One"
[[phases.steps]]
id = "deploy"
title = "Deploy"
kind = "command"
argv = ["./deploy.sh"]
"""


class Office:
    """A profile, and the people who approve it."""

    def __init__(self, folder: Path, them: Signers) -> None:
        self.folder, self.them = folder, them
        self.path = folder / "shop.toml"
        (folder / "deploy.sh").write_text("echo\n")
        self.path.write_text(PROFILE)

    @property
    def loaded(self) -> Loaded:
        return load(self.path, KINDS)

    def approve(self, who: str, key: str = "", namespace: str = NAMESPACE, text: str = "") -> None:
        done = executed(self.loaded)
        text = text or approval_text(done, who)
        signature = sign(text.encode(), self.them.key(key or who), namespace)
        add_approval(approvals_path(self.path), done, text, signature)

    def weigh(self, by: Actor = ANA, **policy: object) -> Weighed:
        (self.folder / "signers").write_text(self.them.text)
        (self.folder / "revoked").write_text(self.them.revoked)
        rules: dict[str, object] = {"reviewed": "production", "allowed_signers": self.folder / "signers",
                                    "revoked_keys": self.folder / "revoked", "sources": (Path("/etc/policy.toml"),),
                                    "four_eyes": True, **policy}  # fmt: skip
        return weigh(self.loaded, by, Policy(**rules), NOW)  # type: ignore[arg-type]


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with signers() as them:
        for name in ("bo", "carl"):
            them.allow(name, them.key(name), f'namespaces="{NAMESPACE}"')
        yield Office(tmp_path, them)


def test_an_approval_by_somebody_else_lets_a_reviewed_profile_run(office: Office) -> None:
    assert "none counts" in office.weigh().review.refusal
    office.approve("bo")
    review = office.weigh().review
    assert review.is_enough
    assert review.found.named == (f"bo {office.them.fingerprint(office.them.key('bo'))}",)


def test_a_plain_ssh_keygen_verifies_an_approval_as_the_page_says(office: Office) -> None:
    office.approve("carl")
    office.approve("bo")
    (office.folder / "allowed_signers").write_text(office.them.text)
    page = (Path(__file__).parents[3] / "docs" / "trust.md").read_text()
    commands = [
        line.strip() for line in page.splitlines() if line.startswith(("    awk", "    head -5", "    ssh-keygen"))
    ]
    assert len(commands) == 3
    script = ["bash", "-euo", "pipefail", "-c", "\n".join(commands)]
    told = subprocess.run(script, cwd=office.folder, capture_output=True, text=True, check=True).stdout
    assert 'Good "cockpit-profile@v1" signature for bo' in told


def test_two_approvals_are_of_two_people_with_two_keys(office: Office) -> None:
    office.approve("bo")
    office.approve("bo")
    assert len(read_approvals(approvals_path(office.path))) == 1
    office.them.allow("bob", office.them.key("bo"))
    office.approve("bob", key="bo")
    review = office.weigh(approvers=2).review
    assert not review.is_enough
    assert "counts once" in review.refusal
    office.approve("carl")
    assert office.weigh(approvers=2).review.is_enough


def refused_for(office: Office, **policy: object) -> str:
    review = office.weigh(**policy).review  # type: ignore[arg-type]
    assert not review.is_enough
    return review.refusal


def test_one_character_more_in_the_profile_or_its_files_has_to_be_approved_again(office: Office) -> None:
    office.approve("bo")
    (office.folder / "deploy.sh").write_text("echo \n")
    assert re.search(r"the approval by bo is of \w{12}, and this is", refused_for(office))
    (office.folder / "deploy.sh").write_text("echo\n")
    assert office.weigh().review.is_enough
    office.path.write_text(PROFILE + "\n")
    assert "the approval by bo is of" in refused_for(office)


def test_an_approval_of_another_environment_or_profile_is_none(office: Office) -> None:
    office.approve("bo")
    office.path.write_text(PROFILE.replace('environment = "production"', 'environment = "live"'))
    assert "is of shop production" in refused_for(office)
    office.path.write_text(PROFILE.replace('"shop"', '"shed"'))
    assert "is of shop production" in refused_for(office)


def test_a_text_with_another_digest_under_a_good_signature_is_none(office: Office) -> None:
    office.approve("bo")
    path = approvals_path(office.path)
    before = executed(office.loaded).digest
    (office.folder / "deploy.sh").write_text("rm -rf /\n")
    path.write_text(path.read_text().replace(before, executed(office.loaded).digest))
    assert "it is not under this text" in refused_for(office)


def test_a_strangers_key_counts_for_nobody(office: Office) -> None:
    office.approve("eve")
    assert "is nobody's in the allowed signers" in refused_for(office)


def test_a_strangers_key_under_a_known_name_does_not_count(office: Office) -> None:
    office.approve("bo", key="eve")
    assert "is nobody's in the allowed signers" in refused_for(office)


def test_one_persons_key_does_not_count_for_another(office: Office) -> None:
    office.approve("carl", key="bo")
    assert "is of bo, not of carl" in refused_for(office)


def test_a_signature_for_another_purpose_does_not_count(office: Office) -> None:
    office.approve("bo", namespace="cockpit-checkpoint@v1")
    assert "it was made for `cockpit-checkpoint@v1`" in refused_for(office)


def test_an_approval_lapses_with_its_key(office: Office) -> None:
    office.them.lines.clear()
    office.them.allow("bo", office.them.key("bo"), f'valid-before="{NOW - timedelta(days=1):%Y%m%d}"')
    office.approve("bo")
    assert "the approval by bo does not count" in refused_for(office)


def test_a_revoked_key_does_not_count(office: Office) -> None:
    office.approve("bo")
    office.them.revoke(office.them.key("bo"))
    assert "was revoked" in refused_for(office)


@pytest.mark.parametrize(
    "starter",
    [
        Actor(user="bo", host="bastion-1"),
        Actor(user="root", host="bastion-1", sudo="bo"),
        Actor(user="deploy", host="bastion-1", person="bo"),
        Actor(user="root", host="bastion-1", login="bo"),
    ],
    ids=["account", "sudo", "shared account", "login"],
)
def test_whoever_starts_a_run_is_no_second_pair_of_eyes(office: Office, starter: Actor) -> None:
    office.approve("bo")
    review = office.weigh(starter).review
    assert not review.is_enough
    assert "it is of whoever starts the run" in review.refusal
    assert office.weigh(starter, four_eyes=False).review.is_enough


def test_a_key_in_the_starters_own_agent_is_no_second_pair_of_eyes(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.approve("bo")
    assert office.weigh().review.is_enough
    agent = office.them.agent(office.them.key("bo"))
    monkeypatch.setenv("SSH_AUTH_SOCK", str(agent.socket))
    assert "it is of whoever starts the run" in refused_for(office)


def test_a_profile_may_ask_for_its_own_approval(office: Office) -> None:
    (office.folder / "signers").write_text(office.them.text)
    office.path.write_text('reviewed = true\nallowed_signers = "signers"\n' + PROFILE)
    loaded = office.loaded
    assert not weigh(loaded, ANA, Policy(), NOW).review.is_enough
    office.approve("bo")
    assert weigh(loaded, ANA, Policy(), NOW).review.is_enough


def test_what_a_profile_says_of_itself_does_not_go_past_the_policy(office: Office) -> None:
    hostile = PROFILE.replace("production = true", 'reviewed = false\nallowed_signers = "own"\n')
    office.path.write_text(hostile)
    (office.folder / "own").write_text(f"eve {office.them.public(office.them.key('eve'))}\n")
    office.approve("eve")
    assert "is nobody's in the allowed signers" in refused_for(office, production=("production",))
    with pytest.raises(TrustError, match="names no `allowed_signers`"):  # and not the profile's own list instead
        office.weigh(production=("production",), allowed_signers=None)


@pytest.mark.parametrize("harm", ["a merge conflict", "other text", "windows' newlines"])
def test_an_approvals_file_stays_readable_by_what_becomes_of_texts_in_git(office: Office, harm: str) -> None:
    office.approve("bo")
    office.approve("carl")
    path = approvals_path(office.path)
    raw = path.read_text()
    match harm:
        case "a merge conflict":
            first, second = raw.split("\n\n")
            path.write_text(f"<<<<<<< ours\n{first}\n=======\n{second}\n>>>>>>> theirs\n")
        case "other text":
            path.write_text(f"# who read it\n\n{raw}\n-----BEGIN SSH SIGNATURE-----\nnothing\n")
        case _:
            path.write_bytes(raw.replace("\n", "\r\n").encode())
    assert office.weigh(approvers=2).review.is_enough


def test_an_approvals_file_that_is_none_is_a_sentence(office: Office) -> None:
    path = approvals_path(office.path)
    path.write_bytes(os.urandom(3000))
    assert "none counts" in refused_for(office)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(TrustError, match="cannot be read"):
        office.weigh()


def test_a_policy_without_keys_lets_nothing_run(office: Office) -> None:
    with pytest.raises(TrustError, match="names no `allowed_signers`"):
        office.weigh(allowed_signers=None)
    with pytest.raises(TrustError, match="is not there"):
        office.weigh(allowed_signers=office.folder / "nowhere")


def test_a_list_of_keys_that_somebody_else_wrote_decides_nothing(office: Office) -> None:
    office.approve("bo")
    for owners in ("signers_owners", "revoked_owners"):
        with pytest.raises(TrustError, match=f"belongs to user {os.geteuid()}"):
            office.weigh(**{owners: (40_001,)})
