"""Signatures under checkpoints, made by the real ssh-keygen: whose they are, and why one does not count."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from cockpit.audit import signing
from cockpit.audit.checkpoints import Checkpoint, checkpoint_text, read_checkpoint
from cockpit.audit.line import Head
from cockpit.audit.signing import NAMESPACE, check
from cockpit.errors import LogUnreadable

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="there is no ssh-keygen here")

HEAD = Head(seq=17, digest="7f3a91c2" * 8)


class Desk:
    """A checkpoint, keys, and who is allowed to sign."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.checkpoint = folder / "night.checkpoint"
        self.checkpoint.write_text(checkpoint_text("R1", HEAD))
        self.signers = folder / "allowed_signers"
        self.signers.write_text("")

    def key(self, name: str, *, kind: str = "ed25519") -> Path:
        path = self.folder / name
        keygen("-q", "-t", kind, "-N", "", "-C", name, "-f", str(path))
        return path

    def allow(self, who: str, key: Path, options: str = "") -> None:
        public = key.with_name(key.name + ".pub").read_text().split()
        with self.signers.open("a") as file:
            file.write(f"{who} {options} {public[0]} {public[1]}\n")

    def sign(self, key: Path, *, namespace: str = NAMESPACE) -> Path:
        signature = self.checkpoint.with_name(self.checkpoint.name + ".sig")
        signature.unlink(missing_ok=True)
        keygen("-Y", "sign", "-n", namespace, "-f", str(key), str(self.checkpoint))
        return signature

    def read(self) -> Checkpoint:
        return read_checkpoint(self.checkpoint)


def keygen(*arguments: str) -> str:
    return subprocess.run(["ssh-keygen", *arguments], check=True, capture_output=True, text=True).stdout


def fingerprint(key: Path) -> str:
    return keygen("-l", "-f", f"{key}.pub").split()[1]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_a_signature_says_whose_it_is_and_with_which_key(desk: Desk, kind: str) -> None:
    ana, bo = desk.key("ana", kind=kind), desk.key("bo")
    desk.allow("bo@example.org", bo)
    desk.allow("ana@example.org", ana)
    found = check(desk.read(), desk.sign(ana), desk.signers)
    assert (found.by, found.why_not) == ("ana@example.org", "")
    assert found.key == f"{kind.upper()} {fingerprint(ana)}"


def test_signers_may_be_given_as_patterns_and_for_a_purpose(desk: Desk) -> None:
    ana = desk.key("ana")
    desk.allow("*@example.org", ana, f'namespaces="file,{NAMESPACE}",valid-after="20200101"')
    assert check(desk.read(), desk.sign(ana), desk.signers).by == "*@example.org"


def test_a_key_that_is_nobodys_is_named(desk: Desk) -> None:
    ana, bo = desk.key("ana"), desk.key("bo")
    desk.allow("bo@example.org", bo)
    found = check(desk.read(), desk.sign(ana), desk.signers)
    assert found.by == ""
    assert f"the key {fingerprint(ana)} is nobody's in {desk.signers}" in found.why_not


def test_a_signature_for_another_purpose_is_none_under_a_checkpoint(desk: Desk) -> None:
    ana = desk.key("ana")
    desk.allow("ana@example.org", ana)
    found = check(desk.read(), desk.sign(ana, namespace="file"), desk.signers)
    assert (found.by, found.why_not) == ("", "it was made for `file`, not for `cockpit-checkpoint@v1`")


def test_a_signature_under_another_text_does_not_count(desk: Desk) -> None:
    ana = desk.key("ana")
    desk.allow("ana@example.org", ana)
    signature = desk.sign(ana)
    for text in (
        checkpoint_text("R1", Head(seq=18, digest=HEAD.digest)),
        checkpoint_text("R1", HEAD) + "\n",
        checkpoint_text("R1", HEAD).replace("\n", "\r\n"),
    ):
        desk.checkpoint.write_bytes(text.encode())
        found = check(desk.read(), signature, desk.signers)
        assert found.by == ""
        assert "but not under this text" in found.why_not
        assert fingerprint(ana) in found.why_not


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ('valid-before="20200101"', "key has expired"),
        ('namespaces="git"', "not permitted for use in signature namespace"),
    ],
)
def test_a_signer_who_is_not_allowed_now_or_for_this_is_told_why(desk: Desk, options: str, says: str) -> None:
    ana = desk.key("ana")
    desk.allow("ana@example.org", ana, options)
    found = check(desk.read(), desk.sign(ana), desk.signers)
    assert found.by == ""
    assert says in found.why_not
    assert str(desk.signers) in found.why_not  # and no copy of it
    assert "cockpit-signature-" not in found.why_not


@pytest.mark.parametrize("damage", ["empty", "text", "base64", "bit"])
def test_a_damaged_signature_is_a_sentence(desk: Desk, damage: str) -> None:
    ana = desk.key("ana")
    desk.allow("ana@example.org", ana)
    signature = desk.sign(ana)
    whole = signature.read_text()
    signature.write_text(
        {
            "empty": "",
            "text": "\x1b[2Jsigned, Ana",
            "base64": whole.replace("U1NIU0lH", "!!!!!!!!"),
            "bit": whole[:-60] + ("A" if whole[-60] != "A" else "B") + whole[-59:],
        }[damage]
    )
    found = check(desk.read(), signature, desk.signers)
    assert found.by == ""
    assert found.why_not
    assert "\x1b" not in found.why_not
    if damage != "bit":
        assert "is no signature of ssh-keygen" in found.why_not


def test_without_openssh_nothing_is_said_to_be_signed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = desk.key("ana")
    desk.allow("ana@example.org", ana)
    signature = desk.sign(ana)
    monkeypatch.setenv("PATH", "/nowhere")
    found = check(desk.read(), signature, desk.signers)
    assert found.by == ""
    assert "there is no ssh-keygen here" in found.why_not


def test_an_ssh_keygen_that_only_says_good_is_not_believed_without_its_words(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = desk.key("ana")
    signature = desk.sign(ana)
    fake = tmp_path / "bin" / "ssh-keygen"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\necho mallory\nexit 0\n")
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    assert check(desk.read(), signature, desk.signers).by == ""


def test_one_that_hangs_is_given_up(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = desk.key("ana")
    signature = desk.sign(ana)
    fake = tmp_path / "bin" / "ssh-keygen"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\nexec sleep 60\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(signing, "TIMEOUT_S", 0.2)
    assert "did not answer" in check(desk.read(), signature, desk.signers).why_not


def test_files_that_cannot_be_read_are_sentences(desk: Desk, tmp_path: Path) -> None:
    ana = desk.key("ana")
    signature = desk.sign(ana)
    os.mkfifo(tmp_path / "pipe")
    for sig, signers in ((tmp_path / "pipe", desk.signers), (signature, tmp_path), (signature, tmp_path / "none")):
        with pytest.raises(LogUnreadable):
            check(desk.read(), sig, signers)
