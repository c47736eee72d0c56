"""An operator's own signatures, by a real agent: with which key, and in which words one is not made."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from session_runs import new_run
from signers import Signers, needed, run, signers

from cockpit.audit import agent, clock, sshsig
from cockpit.audit.line import Head
from cockpit.audit.signing import NAMESPACE, PERSON_NAMESPACE
from cockpit.audit.sshsig import Trust, checked
from cockpit.errors import SigningError
from cockpit.run.events import Actor
from cockpit.run.state import RunState
from cockpit.session.identity import actor
from cockpit.session.seat import Seat
from cockpit.session.signing import SETTING, Made, prove, sign_head

pytestmark = needed

HEAD = Head(seq=41, digest="7f3a91c2" * 8)
TEXT = f"cockpit/R1\n41\n{HEAD.digest}\n".encode()
ANA = Actor(user="ana", host="bastion-1")


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Signers]:
    """Ana's key is in her agent and in the list, and so is Bo's in the list."""
    monkeypatch.delenv(SETTING, raising=False)
    with signers() as it:
        it.allow("ana", it.key("ana"))
        it.allow("bo", it.key("bo"))
        monkeypatch.setenv("SSH_AUTH_SOCK", str(it.agent(it.key("ana")).socket))
        yield it


def made(desk: Signers, who: Actor = ANA, at: datetime | None = None) -> Made:
    return sign_head("R1", HEAD, desk.trust, who, at or clock.now().at)


def sentence(desk: Signers, who: Actor = ANA, at: datetime | None = None) -> str:
    with pytest.raises(SigningError) as caught:
        made(desk, who, at)
    return str(caught.value)


def test_a_head_is_signed_by_the_agents_key_that_the_list_gives_the_person(desk: Signers) -> None:
    found = made(desk)
    assert (found.principal, found.key) == ("ana", desk.fingerprint(desk.key("ana")))
    assert checked(TEXT, found.signature, desk.trust, ("ana",), NAMESPACE, clock.now().at).by == "ana"


@pytest.mark.parametrize("kind", ["rsa", "ecdsa"])
def test_other_kinds_of_keys_sign_too(desk: Signers, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    key = desk.key(kind, kind=kind)
    desk.allow("carl", key)
    monkeypatch.setenv("SSH_AUTH_SOCK", str(desk.agent(key).socket))
    assert made(desk, Actor(user="carl", host="h")).key == desk.fingerprint(key)


def test_a_list_may_name_an_account_of_a_host_or_all_hosts(desk: Signers) -> None:
    desk.lines[0] = f"ana@bastion-* {desk.public(desk.key('ana'))}"
    assert made(desk).principal == "ana@bastion-1"
    assert "is not one that this run allows for ana" in sentence(desk, Actor(user="ana", host="elsewhere"))


def test_a_certificate_counts_by_the_authority_that_the_list_names(
    desk: Signers, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, key = desk.key("authority"), desk.key("carl")
    run("ssh-keygen", "-q", "-s", str(authority), "-I", "carl", "-n", "carl", f"{key}.pub")
    desk.allow("carl", authority, "cert-authority")
    monkeypatch.setenv("SSH_AUTH_SOCK", str(desk.agent(key).socket))
    assert made(desk, Actor(user="carl", host="h")).key == desk.fingerprint(key)
    assert not checked(TEXT, made(desk, Actor(user="carl", host="h")).signature, desk.trust, ("bo",), NAMESPACE,
                       clock.now().at).by  # fmt: skip


def test_the_operator_picks_among_several_keys(desk: Signers, monkeypatch: pytest.MonkeyPatch) -> None:
    second, stranger = desk.key("second"), desk.key("stranger")
    desk.allow("ana", second)
    monkeypatch.setenv("SSH_AUTH_SOCK", str(desk.agent(stranger, desk.key("ana"), second).socket))
    assert made(desk).key == desk.fingerprint(desk.key("ana"))
    for named in (desk.fingerprint(second), f"{second}.pub", str(second)):
        monkeypatch.setenv(SETTING, named)
        assert made(desk).key == desk.fingerprint(second)
    monkeypatch.setenv(SETTING, desk.fingerprint(stranger))
    assert "is nobody's in the allowed signers" in sentence(desk)
    monkeypatch.setenv(SETTING, "SHA256:nothing")
    assert "has no key SHA256:nothing" in sentence(desk)
    monkeypatch.setenv(SETTING, str(desk.folder / "absent"))
    assert "names a file that is no key" in sentence(desk)
    (desk.folder / "garbage").write_text("\x1b]0;gone\x07")
    monkeypatch.setenv(SETTING, str(desk.folder / "garbage"))
    assert "which is no SSH key" in sentence(desk)


def test_a_key_file_with_a_passphrase_asks_nobody(desk: Signers, monkeypatch: pytest.MonkeyPatch) -> None:
    key = desk.folder / "locked"
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "a long word", "-f", str(key))
    desk.allow("ana", key)
    monkeypatch.setenv(SETTING, str(key))
    assert "give it to your agent" in sentence(desk)


def test_a_key_that_the_list_does_not_give_the_person_is_not_even_tried(desk: Signers) -> None:
    said = sentence(desk, Actor(user="bo", host="h"))
    assert said == (
        "the SSH agent's key is not one that this run allows for bo; "
        f"ssh-add the one that it allows: {desk.fingerprint(desk.key('bo'))}"
    )
    assert sentence(desk, Actor(user="carl", host="h")).endswith("add it to allowed_signers for the next run")


def test_a_revoked_key_does_not_sign(desk: Signers, monkeypatch: pytest.MonkeyPatch) -> None:
    before = made(desk)
    desk.revoke(desk.key("ana"))
    assert sentence(desk).endswith(f"key {desk.fingerprint(desk.key('ana'))} was revoked; theirs were revoked")
    monkeypatch.setenv(SETTING, desk.fingerprint(desk.key("ana")))
    assert f"the key {desk.fingerprint(desk.key('ana'))} was revoked" in sentence(desk)
    assert "was revoked" in checked(TEXT, before.signature, desk.trust, ("ana",), NAMESPACE, clock.now().at).why_not


def test_a_key_counts_by_the_time_of_the_fact(desk: Signers) -> None:
    today = datetime.now(UTC)
    desk.lines[0] = f'ana valid-before="{today:%Y%m%d}" {desk.public(desk.key("ana"))}'
    assert "key has expired" in sentence(desk)
    assert made(desk, at=today - timedelta(days=2)).principal == "ana"
    desk.lines[0] = f'ana valid-after="{today + timedelta(days=2):%Y%m%d}Z" {desk.public(desk.key("ana"))}'
    assert "key is not yet valid" in sentence(desk)


def test_a_key_for_another_purpose_is_refused(desk: Signers) -> None:
    desk.lines[0] = f'ana namespaces="git,{PERSON_NAMESPACE}" {desk.public(desk.key("ana"))}'
    assert sentence(desk).endswith("theirs may not sign this")


def test_an_agent_that_is_gone_is_told(desk: Signers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK")
    assert "SSH_AUTH_SOCK is not set" in sentence(desk)
    monkeypatch.setenv("SSH_AUTH_SOCK", str(desk.folder / "nobody"))
    assert "is gone (No such file or directory)" in sentence(desk)
    going = desk.agent()
    going.end()
    monkeypatch.setenv("SSH_AUTH_SOCK", str(going.socket))
    assert "is gone" in sentence(desk)


def test_an_agent_that_is_locked_or_empty_is_told(desk: Signers, monkeypatch: pytest.MonkeyPatch) -> None:
    locked = desk.agent(desk.key("ana"))
    monkeypatch.setenv("SSH_AUTH_SOCK", str(locked.socket))
    locked.lock()
    assert sentence(desk) == "the SSH agent has no key, or is locked; ssh-add FILE, or unlock it: ssh-add -X"
    locked.lock(again=False)
    assert made(desk).principal == "ana"
    locked.forget()
    assert "has no key" in sentence(desk)


def test_a_person_who_refuses_is_told_so(desk: Signers, monkeypatch: pytest.MonkeyPatch) -> None:
    asking = desk.agent()
    asking.add(desk.key("ana"), "-c")  # it asks before each use, and there is nobody to say yes
    monkeypatch.setenv("SSH_AUTH_SOCK", str(asking.socket))
    assert sentence(desk) == "the SSH agent refused to sign; touch or confirm your key when it asks"


def test_an_agent_that_hangs_costs_its_time_and_no_more(desk: Signers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent, "TIMEOUT_S", 0.2)
    still = desk.agent(desk.key("ana"))
    still.stand_still()
    monkeypatch.setenv("SSH_AUTH_SOCK", str(still.socket))
    with pytest.raises(SigningError, match=r"did not answer within 0\.2 s"):
        agent.agent_keys(timeout_s=0.2)
    key = agent.AgentKey.of_line(desk.public(desk.key("ana")))
    assert key is not None
    with pytest.raises(SigningError, match=r"did not sign within 0\.3 s"):
        sshsig.sign(TEXT, key, NAMESPACE, timeout_s=0.3)
    broken_off = threading.Event()
    broken_off.set()
    with pytest.raises(SigningError, match="broken off"):
        sshsig.sign(TEXT, key, NAMESPACE, cancelled=broken_off)


@pytest.mark.parametrize(
    "answer", [b"", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\x01\x05", b"\0\0\0\x05\x0c\0\0\0\x09"]
)
def test_what_answers_not_as_an_agent_does_gives_no_key(
    desk: Signers, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    path = str(desk.folder / "odd")
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(path)
        door.listen()

        def answering() -> None:
            line, _ = door.accept()
            line.recv(5)
            line.sendall(answer)
            line.close()

        odd = threading.Thread(target=answering)
        odd.start()
        monkeypatch.setenv("SSH_AUTH_SOCK", path)
        assert "SSH agent" in sentence(desk)
        odd.join()


def test_without_ssh_keygen_nothing_is_signed_and_nothing_counts(
    desk: Signers, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = made(desk)
    monkeypatch.setenv("PATH", str(desk.folder))
    assert sentence(desk) == "there is no ssh-keygen here to sign with; install OpenSSH"
    found = checked(TEXT, before.signature, desk.trust, ("ana",), NAMESPACE, clock.now().at)
    assert (found.by, "there is no ssh-keygen" in found.why_not) == ("", True)


HOSTILE = [
    "",
    "garbage",
    "\x1b[2J\x1b]0;x\x07",
    "-----BEGIN SSH SIGNATURE-----\n\n-----END SSH SIGNATURE-----",
    "A" * 60000,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_that_is_no_signature_is_called_that(desk: Signers, text: str) -> None:
    found = checked(TEXT, text, desk.trust, ("ana",), NAMESPACE, clock.now().at)
    assert (found.by, found.why_not) == ("", "it is no signature of ssh-keygen")


def test_a_signature_counts_for_its_text_its_person_and_its_purpose_alone(desk: Signers) -> None:
    good, now = made(desk).signature, clock.now().at
    cases = {
        "it is not under this text": checked(TEXT + b"x", good, desk.trust, ("ana",), NAMESPACE, now),
        "it was made for `cockpit-checkpoint@v1`": checked(TEXT, good, desk.trust, ("ana",), PERSON_NAMESPACE, now),
        "is of ana, not of bo": checked(TEXT, good, desk.trust, ("bo",), NAMESPACE, now),
        "is nobody's": checked(TEXT, good, Trust(desk.text.splitlines()[1]), ("ana",), NAMESPACE, now),
        "cannot be read": checked(TEXT, good, Trust("ana"), ("ana",), NAMESPACE, now),
    }
    for said, found in cases.items():
        assert found.by == ""
        assert said in found.why_not


def test_whoever_proves_a_name_signs_the_run_their_seat_and_the_head(desk: Signers, tmp_path: Path) -> None:
    seat = Seat.open(new_run(tmp_path), actor())
    state, head = seat.view.state, seat.view.head
    assert head is not None
    deploy = Actor(user="deploy", host="bastion-1")
    state = with_signers(state, desk)
    told = prove(state, seat.id, "ana", deploy, head)
    assert (told.seat, told.person, told.key) == (seat.id, "ana", desk.fingerprint(desk.key("ana")))
    assert told.text == f"cockpit/{state.run}\n{seat.id}\nana\n{head.seq}\n{head.digest}\n"
    worth = checked(told.text.encode(), told.signature, desk.trust, ("ana",), PERSON_NAMESPACE, clock.now().at)
    assert worth.by == "ana"
    with pytest.raises(SigningError, match="not one that this run allows for bo"):
        prove(state, seat.id, "bo", deploy, head)
    with pytest.raises(SigningError, match="no list of allowed signers"):
        prove(seat.view.state, seat.id, "ana", deploy, head)
    seat.close()


def with_signers(state: RunState, desk: Signers) -> RunState:
    assert state.started is not None
    return replace(state, started=replace(state.started, signers=desk.text))
