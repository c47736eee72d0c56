"""Whether whoever sits here could sign what a profile asks for, before the night."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace
from signers import Signers, needed, signers

from cockpit.audit.sshsig import Trust
from cockpit.profile.model import Profile
from cockpit.run.events import Actor
from cockpit.run.readiness import Finding
from cockpit.session.ready_to_sign import of_signing
from cockpit.session.signing import SETTING

pytestmark = needed

PROFILE = Profile(id="shop", environment="staging", signing="signoffs", allowed_signers="signers")
ANA = Actor("ana", "bastion-1")
NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Signers]:
    monkeypatch.delenv(SETTING, raising=False)
    with signers() as it:
        it.allow("ana", it.key("ana"))
        (tmp_path / "signers").write_text(it.text)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(it.agent(it.key("ana")).socket))
        yield it


def found(folder: Path, profile: Profile = PROFILE, who: Actor = ANA, fixed: Trust | None = None) -> list[Finding]:
    return list(of_signing(profile, folder, who, NOW, fixed))


def test_a_key_that_will_count_is_in_order(desk: Signers, tmp_path: Path) -> None:
    (told,) = found(tmp_path)
    assert (told.severity, told.what) == ("ok", f"ana can sign with ssh-ed25519 {desk.fingerprint(desk.key('ana'))}")
    assert found(tmp_path, replace(PROFILE, signing="off")) == []


def test_what_is_missing_is_said(desk: Signers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (told,) = found(tmp_path, who=Actor("bo", "h"))
    assert (told.severity, "not one that this run allows for bo" in told.what) == ("missing", True)
    (tmp_path / "signers").write_text(f'ana valid-before="20260101" {desk.public(desk.key("ana"))}\n')
    (told,) = found(tmp_path)
    assert (told.severity, "does not count now" in told.what) == ("missing", True)
    (tmp_path / "signers").write_text("")
    (told,) = found(tmp_path)
    assert (told.severity, "nobody's key is in it" in told.what) == ("missing", True)
    (tmp_path / "signers").write_text(desk.text)
    monkeypatch.delenv("SSH_AUTH_SOCK")
    (told,) = found(tmp_path)
    assert (told.severity, "there is no SSH agent here" in told.what) == ("missing", True)
    monkeypatch.setenv("PATH", str(tmp_path))
    (told,) = found(tmp_path)
    assert "there is no ssh-keygen here" in told.what


def test_a_run_goes_by_the_list_that_it_fixed(desk: Signers, tmp_path: Path) -> None:
    fixed = desk.trust
    (tmp_path / "signers").write_text("bo " + desk.public(desk.key("bo")) + "\n")
    other, told = found(tmp_path, fixed=fixed)
    assert (other.severity, "otherwise than when this run began" in other.what) == ("look", True)
    assert told.severity == "ok"


def test_on_a_shared_account_any_key_of_the_list_proves_somebody(desk: Signers, tmp_path: Path) -> None:
    profile = replace(PROFILE, signing="off", shared_accounts=("deploy",))
    (told,) = found(tmp_path, profile, Actor("deploy", "h"))
    assert (told.severity, told.what.startswith("whoever it is of can sign with")) == ("ok", True)
