"""`cockpit verify` of logs that carry signatures, and of logs whose heads the reader's own screens saw."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from signers import Signers, needed, signers

from cockpit.audit.branching import merging, read_branch
from cockpit.audit.checkpoints import checkpoint_text
from cockpit.audit.files import FileStore
from cockpit.audit.line import Head, draft
from cockpit.audit.signing import NAMESPACE, PERSON_NAMESPACE, person_text
from cockpit.audit.sshsig import sign
from cockpit.audit.tail import Tail
from cockpit.cli import main
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.run import events as e
from cockpit.session.creating import create_run
from cockpit.session.follower import Follower
from cockpit.session.identity import actor
from cockpit.session.noted import Notebook

pytestmark = needed

PROFILE = """
id = "shop"
environment = "staging"
signing = "signoffs"
allowed_signers = "signers"
revoked_keys = "revoked"
[[phases]]
id = "a"
[[phases.steps]]
id = "sign"
title = "Sign"
kind = "signoff"
role = "lead"
[[roles]]
id = "lead"
people = ["ana", "bo"]
"""
HOST = actor().host
ANA, BO = e.Actor("ana", HOST), e.Actor("bo", HOST)


class Desk:
    """A run, and the hands that write into its log."""

    def __init__(self, keys: Signers, folder: Path) -> None:
        self.keys = keys
        for name in ("ana", "bo"):
            keys.allow(name, keys.key(name))
        keys.revoke(keys.key("lost"))
        self.signers = folder / "signers"
        self.signers.write_text(keys.text)
        (folder / "revoked").write_text(keys.revoked)
        (folder / "shop.toml").write_text(PROFILE)
        self.run_dir = create_run(load(folder / "shop.toml", installed()), {}, folder=folder / "runs")

    def writes(self, body: e.Body, who: e.Actor = ANA) -> Head:
        """Append; the head that it is."""
        store = FileStore.open(self.run_dir)
        store.append(None, draft(body, who))
        store.close()
        tail = Tail(self.run_dir, is_waited_for=False)
        while tail.read():
            pass
        tail.close()
        assert tail.head is not None
        return tail.head

    def approves(self, who: e.Actor = ANA) -> Head:
        return self.writes(e.StepConfirmed(step="sign", attempt=1), who)

    def signature(self, head: Head, key: str, namespace: str = NAMESPACE) -> str:
        return sign(checkpoint_text(self.run_dir.name, head).encode(), self.keys.key(key), namespace)

    def signed(self, head: Head, who: str = "ana", **otherwise: object) -> e.HeadSigned:
        body = e.HeadSigned(
            seq=head.seq, digest=head.digest, principal=who, key=self.keys.fingerprint(self.keys.key(who)),
            signature=self.signature(head, who),
        )  # fmt: skip
        return replace(body, **otherwise)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with signers() as keys:
        yield Desk(keys, tmp_path)


@pytest.fixture
def verify(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., tuple[int, str, str]]:
    monkeypatch.setenv("COCKPIT_RUNS", str(tmp_path / "runs"))

    def call(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(["verify", str(desk.run_dir), *arguments])
        return (int(ended.value.code or 0), *capsys.readouterr())

    return call


Verify = Callable[..., tuple[int, str, str]]


def test_it_says_who_vouches_for_how_much_and_by_which_list(desk: Desk, verify: Verify) -> None:
    head = desk.approves()
    assert "1 fact is unsigned: seq 2 by ana, 1.1 Sign" in verify()[1]
    desk.writes(desk.signed(head))
    desk.writes(desk.signed(head, "bo", is_countersignature=True), BO)
    status, told, _ = verify()
    key = desk.keys.fingerprint(desk.keys.key("ana"))
    assert status == 0
    assert f"ana vouches up to seq 2, with ED25519 {key} (1 signature)" in told
    assert "bo vouches up to seq 2" in told
    assert "unsigned" not in told
    assert "checked by the list that the log carries" in told
    status, told, _ = verify("--signers", str(desk.signers))
    assert (status, "checked by" in told) == (0, False)
    desk.signers.write_text(desk.keys.text + "# and nobody else\n")
    status, told, _ = verify("--signers", str(desk.signers))
    assert (status, "ANOTHER list than the one that the run fixed at its start" in told) == (0, True)
    found = json.loads(verify("--format", "json")[1])["signed"]
    assert [each["by"] for each in found["signatures"]] == ["ana", "bo"]
    assert (found["is_own_list"], found["signing"], found["unsigned"]) == (True, "signoffs", [])


FORGED = {
    "wrong namespace": "it was made for `git`, not for `cockpit-checkpoint@v1`",
    "another principal": "is of bo, not of ana",
    "unknown": "is nobody's in the allowed signers",
    "revoked": "was revoked",
    "another head": "stands there in this log",
    "tampered": "it is not under this text",
    "huge": "it is no signature of ssh-keygen",
    "escapes": "it is no signature of ssh-keygen",
}


@pytest.mark.parametrize("how", FORGED)
def test_a_signature_that_does_not_count_is_a_problem_and_signs_nothing(desk: Desk, verify: Verify, how: str) -> None:
    head = desk.approves()
    other = Head(seq=head.seq, digest="ab" * 32)
    match how:
        case "wrong namespace":
            body = desk.signed(head, signature=desk.signature(head, "ana", "git"))
        case "another principal":
            body = desk.signed(head, signature=desk.signature(head, "bo"))
        case "unknown":
            body = desk.signed(head, signature=desk.signature(head, "stranger"))
        case "revoked":
            body = desk.signed(head, signature=desk.signature(head, "lost"))
        case "another head":
            body = desk.signed(other)
        case "tampered":
            body = desk.signed(head, signature=desk.signature(other, "ana"))
        case "huge":
            body = desk.signed(head, signature="-" * 60_000)
        case _:
            body = desk.signed(head, signature="\x1b[2J\x1b]0;x\x07\u202e")
    desk.writes(body)
    status, told, errors = verify()
    assert status == 1
    assert "PROBLEM at signature: the signature of ana at seq 3 does not count: " in told
    assert FORGED[how] in told
    assert "1 fact is unsigned: seq 2 by ana" in told
    assert "vouches" not in told
    assert not {"\x1b", "\x07", "\u202e"} & set(told + errors)


@pytest.mark.parametrize("text", ["", "\x00", "\x1b[2J\x07", "-I", "\u202eana", "x" * 5000, "ana\nbo", "*", "é"])
def test_hostile_names_and_heads_are_only_shown(desk: Desk, verify: Verify, text: str) -> None:
    head = desk.approves()
    hostile = e.Actor(text.replace("\x00", "\x01"), HOST)
    good = desk.signed(head)
    for body in (
        replace(good, principal=hostile.user),
        replace(good, digest=text.replace("\x00", "\x02") or "0"),
        replace(good, key=text.replace("\x00", "\x03")),
        e.OperatorIdentified(
            seat=text.replace("\x00", ""), person=hostile.user, key="k", text=hostile.user, signature="s"
        ),
    ):
        desk.writes(body, hostile)
    status, told, errors = verify()
    assert status == 1
    assert told.count("PROBLEM at signature") == 4
    assert max(map(len, told.splitlines())) < 1000
    assert not {"\x1b", "\x07", "\u202e", "\x00", "\x01"} & set(told + errors)


def test_a_report_has_the_signatures_and_what_is_unsigned(
    desk: Desk, verify: Verify, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.writes(desk.signed(desk.approves()))
    desk.writes(desk.signed(Head(seq=2, digest="ab" * 32), "bo"), BO)
    desk.approves(BO)
    for format_ in ("md", "html", "json"):
        capsys.readouterr()
        with pytest.raises(SystemExit):
            main(["report", str(desk.run_dir), "--format", format_, "-o", "-"])
        told = capsys.readouterr().out
        if format_ == "json":
            found = json.loads(told)["verification"]
            assert (found["ok"], [bool(each["by"]) for each in found["signed"]["signatures"]]) == (False, [True, False])
            continue
        assert "Signatures" in told
        assert "stands there in this log" in told
        assert "Unsigned" in told


def test_paper_says_what_awaits_a_signature(desk: Desk, verify: Verify, capsys: pytest.CaptureFixture[str]) -> None:
    desk.approves()
    desk.writes(e.SigningFailed(seq=2, reason="the SSH agent is gone"))
    capsys.readouterr()
    with pytest.raises(SystemExit):
        main(["print", str(desk.run_dir)])
    assert "1.1 Sign awaits the signature of ana" in " ".join(capsys.readouterr().out.split())


def test_a_list_that_says_otherwise_makes_other_signatures_count(desk: Desk, verify: Verify) -> None:
    desk.writes(desk.signed(desk.approves()))
    desk.signers.write_text("bo " + desk.keys.public(desk.keys.key("ana")) + "\n")
    status, told, _ = verify("--signers", str(desk.signers))
    assert (status, "is of bo, not of ana" in told) == (1, True)


def test_a_proven_name_is_checked_too(desk: Desk, verify: Verify) -> None:
    head = desk.approves()
    deploy = e.Actor("deploy", HOST, person="ana", signer="x", proven=("person",))
    text = person_text(desk.run_dir.name, "01SEAT", "ana", head)
    signature = sign(text.encode(), desk.keys.key("ana"), PERSON_NAMESPACE)
    body = e.OperatorIdentified(
        seat="01SEAT", person="ana", key=desk.keys.fingerprint(desk.keys.key("ana")), text=text, signature=signature
    )
    desk.writes(body, deploy)
    assert "1 name was proven by a signature" in verify()[1]
    desk.writes(replace(body, seat="01OTHER"), deploy)
    status, told, _ = verify()
    assert (status, "its text is not that of this run, this seat and this name" in told) == (1, True)


def test_heads_that_the_readers_own_screens_saw_are_held_against_the_log_unasked(desk: Desk, verify: Verify) -> None:
    head = desk.approves()
    Notebook(desk.run_dir.name).note(head)
    status, told, _ = verify()
    assert (status, f"held by you: seq {head.seq} ({head.short}); 0 records after it" in told) == (0, True)
    assert json.loads(verify("--format", "json")[1])["held"] == [{"seq": head.seq, "digest": head.digest}]
    assert "held by you" not in verify("--without-notes")[1]
    log = desk.run_dir / "audit.jsonl"
    log.write_bytes(log.read_bytes().splitlines(keepends=True)[0])
    status, told, _ = verify()
    assert status == 1
    assert f"PROBLEM at anchor: you held {head.short} at {head.seq}, as your screens noted it, and it is not" in told
    assert verify("--without-notes")[0] == 0


def test_without_ssh_keygen_nothing_counts_and_that_is_said(
    desk: Desk, verify: Verify, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    desk.writes(desk.signed(desk.approves()))
    monkeypatch.setenv("PATH", str(tmp_path))
    status, told, _ = verify()
    assert (status, "there is no ssh-keygen here to check it with" in told) == (1, True)


def test_a_run_does_not_begin_with_a_list_that_cannot_be_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "shop.toml").write_text(PROFILE)
    with pytest.raises(SystemExit) as ended:
        main(["run", str(tmp_path / "shop.toml")])
    assert ended.value.code
    told = capsys.readouterr().err
    assert "allowed_signers names signers, which cannot be read: No such file or directory" in told


@pytest.mark.parametrize("is_good", [True, False])
def test_a_signature_that_a_branch_tells_is_checked_against_the_branch(
    desk: Desk, verify: Verify, tmp_path: Path, *, is_good: bool
) -> None:
    here = desk.run_dir
    desk.run_dir = tmp_path / "apart" / here.name
    shutil.copytree(here, desk.run_dir)
    head = desk.approves()
    good = desk.signed(head)
    desk.writes(good if is_good else replace(good, signature=desk.signature(replace(head, seq=1), "ana")))
    branch = read_branch(desk.run_dir, 1)
    desk.run_dir = here
    desk.writes(e.NoteAdded(text="meanwhile"), BO)
    for body in merging(branch, "a test"):
        desk.writes(body)
    follower = Follower(here)
    (claim,) = follower.memory.claims  # what a screen checks
    follower.close()
    assert claim.held is not None
    assert claim.held.digest == head.digest
    assert claim.event.seq == 5
    status, told, _ = verify()
    assert status == (0 if is_good else 1), told
    assert ("1 signature told of branches" in told) is is_good
    assert ("does not count" in told) is not is_good
    assert "ana vouches up to" not in told
    if is_good:
        assert "unsigned" not in told
