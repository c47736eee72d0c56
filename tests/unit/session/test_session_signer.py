"""Two people's seats at a run that asks for signatures: who signs what, when, and what each sees of the other."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from looks import HANGS_S
from msgspec.structs import replace
from session_runs import append, eventually, new_run
from signers import Agent, Signers, needed, signers

from cockpit.audit.agent import AgentKey
from cockpit.audit.checkpoints import checkpoint_text
from cockpit.audit.files import FileStore
from cockpit.audit.line import Head, draft
from cockpit.audit.signing import NAMESPACE
from cockpit.audit.sshsig import checked, sign
from cockpit.audit.tail import Tail
from cockpit.audit.verdict import Signature
from cockpit.errors import SigningError
from cockpit.profile.model import Phase, Profile, Role, Signing, Step
from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run.commands import Refusal
from cockpit.session import signer as signer_module
from cockpit.session import signing as signing_module
from cockpit.session import witness as witness_module
from cockpit.session.identity import actor
from cockpit.session.outcomes import Done
from cockpit.session.seat import Seat
from cockpit.session.signing import SETTING, chosen_key

pytestmark = needed

HOST = actor().host
ANA, BO = actor(), e.Actor(user="bo", host=HOST)
"""Who starts a run is whoever runs the tests."""


def profile(signing: Signing) -> Profile:
    steps = (
        Step(id="work", title="Work"),
        Step(id="sign", title="Sign", kind="signoff", behaviour="signoff", settings={"role": "lead"}),
        Step(id="after", title="After"),
    )
    return Profile(
        id="virtue", environment="staging", signing=signing, allowed_signers="signers",
        roles=(Role(id="lead", people=("bo",)),), phases=(Phase(id="only", title="Only", steps=steps),),
    )  # fmt: skip


class Table:
    """A run, and the seats at it."""

    def __init__(self, desk: Signers, run_dir: Path, agent: Agent) -> None:
        self.desk, self.run_dir, self.agent = desk, run_dir, agent
        self.seats: list[Seat] = []

    def seat(self, who: e.Actor, role: str = "watching") -> Seat:
        seat = Seat.open(self.run_dir, who, role)  # type: ignore[arg-type]
        self.seats.append(seat)
        seat.follow(lambda view: None)
        return seat

    def events(self, kind: type[e.Body]) -> list[e.Event]:
        tail = Tail(self.run_dir, is_waited_for=False)
        found = []
        while entries := tail.read():
            found += [entry.event for entry in entries if isinstance(entry.event.body, kind)]
        tail.close()
        return found

    def forge(self, who: e.Actor, body: e.Body) -> None:
        store = FileStore.open(self.run_dir)
        store.append(None, draft(body, who))
        store.close()


def table(desk: Signers, folder: Path, signing: Signing, monkeypatch: pytest.MonkeyPatch) -> Table:
    desk.allow(ANA.user, desk.key("ana"))
    desk.allow("bo", desk.key("bo"))
    (folder / "signers").write_text(desk.text)
    agent = desk.agent(desk.key("ana"), desk.key("bo"))
    monkeypatch.setenv("SSH_AUTH_SOCK", str(agent.socket))
    return Table(desk, new_run(folder, profile(signing)), agent)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Signers]:
    monkeypatch.delenv(SETTING, raising=False)
    for module, name in ((signer_module, "LOOK_S"), (signer_module, "BEGIN_S"), (signer_module, "PAUSE_S"),
                         (witness_module, "LOOK_S")):  # fmt: skip
        monkeypatch.setattr(module, name, 0.05)
    with signers() as it:
        yield it


@pytest.fixture
def signoffs(desk: Signers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    it = table(desk, tmp_path, "signoffs", monkeypatch)
    yield it
    for seat in it.seats:
        seat.close()


@pytest.fixture
def facts(desk: Signers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    it = table(desk, tmp_path, "facts", monkeypatch)
    yield it
    for seat in it.seats:
        seat.close()


def does(seat: Seat, kind: type[c.Command], **fields: object) -> object:
    if issubclass(kind, c.PlanCommand):
        assert seat.view.state.cursor is not None
        fields.setdefault("painted_seq", seat.view.state.cursor.opened_seq)
    return seat.submit(seat.command(kind, **fields))


def approved(it: Table) -> tuple[Seat, Seat]:
    """Ana's and Bo's seats, once Bo has approved."""
    ana, bo = it.seat(ANA, "acting"), it.seat(BO)
    assert isinstance(does(ana, c.ConfirmStep, step="work"), Done)
    eventually(lambda: bo.view.state.cursor and bo.view.state.cursor.step == "sign")
    assert isinstance(does(bo, c.SignOff, step="sign"), Done)
    return ana, bo


def test_an_approval_is_signed_by_the_seat_of_whoever_gave_it_and_countersigned_by_the_other(signoffs: Table) -> None:
    ana, bo = approved(signoffs)
    approval = next(each for each in signoffs.events(e.StepConfirmed) if each.actor.user == "bo")
    eventually(lambda: len(signoffs.events(e.HeadSigned)) == 2)
    own, other = sorted(signoffs.events(e.HeadSigned), key=lambda event: event.actor == ANA)
    for event, who, is_other in ((own, "bo", False), (other, ANA.user, True)):
        body = event.body
        assert isinstance(body, e.HeadSigned)
        assert (event.actor.user, body.principal, body.seq, body.is_countersignature) == (
            who,
            who,
            approval.seq,
            is_other,
        )
        text = checkpoint_text(event.run, Head(body.seq, body.digest)).encode()
        assert checked(text, body.signature, signoffs.desk.trust, (who,), NAMESPACE, approval.instant.at).by == who
    eventually(lambda: not ana.view.state.unsigned)
    assert isinstance(does(ana, c.ConfirmStep, step="after"), Done)
    assert (ana.view.rejected, bo.view.rejected, bo.view.signing) == ((), (), "")


def test_signing_comes_to_rest(facts: Table) -> None:
    ana, bo = approved(facts)
    for seat, text in ((ana, "one"), (bo, "two"), (ana, "three")):
        assert isinstance(does(seat, c.AddNote, text=text), Done)
    rest: list[int] = []

    def rests() -> bool:
        rest.append(len(facts.events(e.HeadSigned)))
        return len(rest) > 40 and len(set(rest[-40:])) == 1

    eventually(rests)
    assert ana.view.state.unsigned == ()
    last = {name: head.seq for name, head in ana.view.state.signed.items()}
    assert min(last.values()) >= max(each.seq for each in facts.events(e.NoteAdded))
    assert not facts.events(e.SigningFailed)


def test_without_an_agent_the_approval_waits_and_the_person_tries_again_later(
    signoffs: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    signoffs.agent.forget()
    ana, bo = approved(signoffs)
    eventually(lambda: signoffs.events(e.SigningFailed))
    (failure,) = signoffs.events(e.SigningFailed)
    assert failure.actor.user == "bo"
    assert "has no key, or is locked" in failure.body.reason  # type: ignore[attr-defined]
    eventually(lambda: bo.view.signing.startswith("NOT SIGNED: the SSH agent has no key"))
    refusal = does(ana, c.ConfirmStep, step="after")
    assert isinstance(refusal, Refusal)
    assert refusal.code == "awaiting_signature"
    assert "has no key, or is locked" in refusal.why
    signoffs.agent.add(signoffs.desk.key("bo"))
    assert ana.signer.again().startswith("countersigning")
    assert bo.signer.again().startswith("signing 1 of yours")
    eventually(lambda: not ana.view.state.unsigned)
    assert isinstance(does(ana, c.ConfirmStep, step="after"), Done)


def test_the_end_of_a_run_is_signed_too(facts: Table) -> None:
    ana, _ = approved(facts)
    eventually(lambda: not ana.view.state.unsigned)
    assert isinstance(does(ana, c.ConfirmStep, step="after"), Done)
    assert isinstance(does(ana, c.FinishRun), Done)
    (end,) = facts.events(e.RunFinished)
    eventually(lambda: ana.view.state.signed[ANA.user].seq >= end.seq)
    assert ana.view.state.unsigned == ()


def test_a_later_seat_of_the_same_person_signs_what_the_one_before_left(
    signoffs: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signer_module, "LEFT_S", 0.2)
    signoffs.agent.stand_still()
    ana, bo = approved(signoffs)
    bo.close("hung up")  # while its agent was being waited for
    signoffs.agent.end()
    fresh = Agent(signoffs.agent.socket)
    fresh.add(signoffs.desk.key("bo"))
    try:
        assert len(ana.view.state.unsigned) == 1
        signoffs.seat(BO)
        eventually(lambda: not ana.view.state.unsigned)
    finally:
        fresh.end()


def test_a_key_that_wants_a_hand_at_it_is_told_while_it_waits_and_leaving_breaks_it_off(
    signoffs: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    def waits(text: bytes, key: object, namespace: str, *, cancelled: threading.Event) -> str:
        assert cancelled.wait(60), "nobody left"
        raise SigningError("signing was broken off")

    monkeypatch.setattr(signing_module, "sign", waits)
    monkeypatch.setattr(signer_module, "TELL_S", 0.05)
    _, bo = approved(signoffs)
    eventually(lambda: "touch or confirm your key if it asks" in bo.view.signing)
    bo.close()
    assert not signoffs.events(e.SigningFailed)  # it was not refused, and may still be signed


def test_a_screen_whose_agent_hangs_closes_all_the_same_and_writes_nothing_later(signoffs: Table) -> None:
    signoffs.agent.stand_still()
    _, bo = approved(signoffs)
    eventually(lambda: [each for each in threading.enumerate() if each.name == "cockpit-signer"])
    began = time.monotonic()
    bo.close()
    assert time.monotonic() - began < HANGS_S
    signoffs.agent.go_on()
    assert not [event for event in signoffs.events(e.HeadSigned) if event.actor.user == "bo"]


def test_a_token_countersigns_only_when_its_owner_asks(signoffs: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def token(trust: object, names: tuple[str, ...], namespace: str) -> AgentKey:
        asked.append(names[0])
        return AgentKey(kind="sk-ssh-ed25519@openssh.com", blob=b"")

    monkeypatch.setattr(signing_module, "chosen_key", token)
    ana, _ = approved(signoffs)
    eventually(lambda: ANA.user in asked)
    assert not signoffs.events(e.HeadSigned)
    assert ana.view.signing == ""
    assert ana.signer.again().startswith("countersigning")
    eventually(lambda: "not countersigned: " in ana.view.signing)  # there is no such token here


def test_a_wrong_key_is_told_and_never_written(signoffs: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger = signoffs.desk.key("stranger")
    signoffs.agent.add(stranger)
    monkeypatch.setenv(SETTING, signoffs.desk.fingerprint(stranger))
    approved(signoffs)
    eventually(lambda: signoffs.events(e.SigningFailed))
    assert "is nobody's in the allowed signers" in signoffs.events(e.SigningFailed)[0].body.reason  # type: ignore[attr-defined]
    assert not signoffs.events(e.HeadSigned)


def genuine(it: Table, who: str, head: Head, namespace: str = NAMESPACE) -> str:
    key = chosen_key(it.desk.trust, (who,), NAMESPACE)
    return sign(checkpoint_text(it.run_dir.name, head).encode(), key, namespace)


FORGERIES = {
    "another namespace": "it was made for `file`",
    "another head": "stands there in this log",
    "no such head": "there is no such fact before it",
    "another name": "it names bo, and",
    "another key": "it names the key SHA256:made-up",
    "not under it": "it is not under this text",
    "rubbish": "it is no signature of ssh-keygen",
    "hostile": "it is no signature of ssh-keygen",
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_signature_that_does_not_count_is_shown_and_nothing_goes_forward_from_it(
    signoffs: Table, forgery: str
) -> None:
    signoffs.agent.forget()
    ana, bo = approved(signoffs)
    eventually(lambda: signoffs.events(e.SigningFailed))
    bo.close()
    signoffs.agent.add(signoffs.desk.key("bo"))
    approval = ana.view.state.unsigned[0]
    tail = Tail(signoffs.run_dir, is_waited_for=False)
    digest = {entry.event.seq: entry.digest for entry in tail.read()}[approval.seq]
    tail.close()
    head = Head(approval.seq, digest)
    body = e.HeadSigned(
        seq=head.seq, digest=head.digest, principal="bo", key=signoffs.desk.fingerprint(signoffs.desk.key("bo")),
        signature=genuine(signoffs, "bo", head),
    )  # fmt: skip
    other = Head(head.seq, "ab" * 32)
    who = BO
    match forgery:
        case "another namespace":
            body = replace(body, signature=genuine(signoffs, "bo", head, "file"))
        case "another head":
            body = replace(body, digest=other.digest, signature=genuine(signoffs, "bo", other))
        case "no such head":
            body = replace(body, seq=9999)
        case "another name":
            who = replace(ANA, user="carl", login="", sudo="")
        case "another key":
            body = replace(body, key="SHA256:made-up")
        case "not under it":
            body = replace(body, signature=genuine(signoffs, "bo", other))
        case "rubbish":
            body = replace(body, signature="A" * 50_000)
        case "hostile":
            body = replace(body, signature="\x1b]0;gone\x07\x1b[2J‮", principal="bo")
    signoffs.forge(who, body)
    eventually(lambda: ana.view.rejected)
    assert FORGERIES[forgery] in ana.view.rejected[0].why
    refusal = does(ana, c.ConfirmStep, step="after")
    assert isinstance(refusal, Refusal)
    assert refusal.code == "bad_signature"
    assert isinstance(does(ana, c.AddNote, text="something is wrong"), Done)
    bad = signoffs.events(e.HeadSigned)[0].seq
    waived = does(ana, c.WaiveSignature, seq=bad, is_bad=True, reason="bo is beside me and says that it is his")
    assert isinstance(waived, Done)
    if (waits := ana.view.state.unsigned) != ():  # it was of nobody who was waited for
        assert isinstance(does(ana, c.WaiveSignature, seq=waits[0].seq, reason="his key broke"), Done)
    assert isinstance(does(ana, c.ConfirmStep, step="after"), Done)


def test_what_was_signed_a_moment_ago_is_checked_before_anything_goes_on_from_it(
    signoffs: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witness_module, "LOOK_S", 60)
    signoffs.agent.forget()
    ana, _ = approved(signoffs)
    eventually(lambda: signoffs.events(e.SigningFailed))
    held = ana.view.state.unsigned[0].seq
    signoffs.forge(BO, e.HeadSigned(seq=held, digest="ab" * 32, principal="bo", key="k", signature="s"))
    refusal = does(ana, c.ConfirmStep, step="after")
    assert isinstance(refusal, Refusal)
    assert refusal.code == "bad_signature"


def test_nothing_goes_on_from_a_signature_while_it_is_being_checked(
    signoffs: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witness_module, "LOOK_S", 60)
    signoffs.agent.forget()
    ana, _ = approved(signoffs)
    eventually(lambda: signoffs.events(e.SigningFailed))
    held = ana.view.state.unsigned[0].seq
    behind: list[bool] = []

    def judged(*_: object) -> Signature:
        behind.append(witness.is_behind)
        return Signature(why_not="it is not")

    monkeypatch.setattr("cockpit.audit.signing.judged", judged)
    signoffs.forge(BO, e.HeadSigned(seq=held, digest="ab" * 32, principal="bo", key="k", signature="s"))
    eventually(lambda: not ana.view.state.unsigned)
    witness = ana._witness
    witness.check()
    assert (behind, witness.is_behind) == ([True], False)


def test_a_signature_that_comes_as_telemetry_signs_nothing(signoffs: Table) -> None:
    signoffs.agent.forget()
    ana, _ = approved(signoffs)
    eventually(lambda: signoffs.events(e.SigningFailed))
    held = ana.view.state.unsigned[0].seq

    class Unwaited(e.HeadSigned, frozen=True, kw_only=True):
        is_fact: ClassVar[bool] = False

    before = ana.view.state.last_seq
    signoffs.forge(BO, Unwaited(seq=held, digest="ab" * 32, principal="bo", key="k", signature="s"))
    eventually(lambda: ana.view.state.last_seq > before)
    assert [each.seq for each in ana.view.state.unsigned] == [held]
    refusal = does(ana, c.ConfirmStep, step="after")
    assert isinstance(refusal, Refusal)
    assert refusal.code == "awaiting_signature"


def test_whoever_has_an_at_in_their_name_countersigns_a_head_once(
    desk: Signers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "bo@corp.example"
    desk.allow(name, desk.key("bo"))
    it = table(desk, tmp_path, "facts", monkeypatch)
    ana, bo = it.seat(ANA, "acting"), it.seat(replace(BO, user=name))
    assert isinstance(does(ana, c.AddNote, text="one"), Done)
    try:
        eventually(lambda: name in bo.view.state.signed)
        eventually(lambda: bo.signer.again() == "")
    finally:
        ana.close()
        bo.close()


def test_without_ssh_keygen_a_signature_is_not_taken_for_a_bad_one(
    signoffs: Table, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    approved(signoffs)
    eventually(lambda: len(signoffs.events(e.HeadSigned)) == 2)
    monkeypatch.setenv("PATH", str(tmp_path))
    later = signoffs.seat(replace(ANA, user="carl", login="", sudo=""))
    eventually(lambda: "there is no ssh-keygen here" in later.view.signing)
    assert later.view.rejected == ()


def test_a_seat_at_a_run_without_signatures_starts_no_thread_for_them(tmp_path: Path) -> None:
    run_dir = new_run(tmp_path)
    append(run_dir, e.NoteAdded(text="x"))
    seat = Seat.open(run_dir, actor())
    seat.follow(lambda view: None)
    assert not [each for each in threading.enumerate() if each.name == "cockpit-signer"]
    assert seat.signer.again() == ""
    seat.close()
