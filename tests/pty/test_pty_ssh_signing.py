"""Approvals are signed at the other end of an SSH session, by forwarded agents; and not with keys that do not count."""

from __future__ import annotations

import subprocess

from seated import until
from ssh_host import SshHost
from ssh_nights import Shared, agrees, answers, leave, press, shared
from terminal import Terminal

from cockpit.audit.checkpoints import checkpoint_text
from cockpit.run.events import HeadSigned, SignatureWaived, SigningFailed, StepConfirmed

HEAD = """
id = "shop"
environment = "staging"
signing = "signoffs"
allowed_signers = "signing"
revoked_keys = "revoked"
"""
ROLES = """
[[roles]]
id = "dba"
people = ["ana", "bo"]
[[phases]]
id = "one"
title = "One"
"""
APPROVAL = """
[[phases.steps]]
id = "approve_{number}"
title = "Approve {number}"
kind = "signoff"
role = "dba"
"""
LAST = """
[[phases.steps]]
id = "last"
title = "Last"
"""
FORGING = """
import sys
from pathlib import Path
from cockpit.run.commands import RecordSignature
from cockpit.session.identity import actor
from cockpit.session.outcomes import Done
from cockpit.session.seat import Seat
seat = Seat.open(Path(sys.argv[1]), actor(), "watching")
what = {"seq": int(sys.argv[2]), "digest": sys.argv[3], "principal": "bo", "key": "SHA256:x", "signature": sys.argv[4]}
outcome = seat.submit(seat.command(RecordSignature, **what))
assert isinstance(outcome, Done), outcome
seat.close()
"""
DO_NOT_COUNT = {
    ("unknown", "revoked", "elsewhere"): "the SSH agent's key SHA256:.* was revoked",
    ("expired",): "key has expired",
}
"""Keys of bo's, and what is said of them."""


def allow(host: SshHost) -> None:
    """Write the lists: which of bo's keys count, and which do not, each for a reason of its own."""
    keys = host.signers
    lines = {
        "ana": "",
        "bo": 'namespaces="cockpit-*"',
        "revoked": "",
        "expired": 'valid-before="20200101"',
        "elsewhere": 'namespaces="git"',
    }
    listed = [
        " ".join(filter(None, ("ana" if name == "ana" else "bo", options, keys.public(keys.key(name)))))
        for name, options in lines.items()
    ]
    host.file("profiles/signing", "\n".join(listed) + "\n")
    host.file("profiles/revoked", keys.public(keys.key("revoked")) + "\n")


def approves(bo: Terminal, number: int) -> None:
    bo.wait_for(rf"▶ 1\.{number}")
    agrees(bo, rf"Approve 1\.{number} Approve {number}\?", "a", opened_by="a")


def signatures(it: Shared, user: str) -> list[HeadSigned]:
    """What somebody signed, as it stands in the log."""
    return [event.body for event in it.of(HeadSigned) if event.actor.user == user]


def forges(it: Shared) -> None:
    """As somebody who may write to the log, and had bo sign something elsewhere."""
    head = it.head()
    text = checkpoint_text(it.run_dir.name, head)
    key = it.host.signers.key("bo")
    made = subprocess.run(
        ["ssh-keygen", "-Y", "sign", "-n", "git", "-f", key], input=text, capture_output=True, text=True, check=True
    )
    words = [str(it.host.python), "-P", "-c", FORGING, str(it.run_dir), str(head.seq), head.digest, made.stdout]
    told = it.host.run("bo", *words)
    assert told.returncode == 0, told.stderr


def test_an_approval_is_signed_by_the_forwarded_agent_or_said_not_to_be(ssh_host: SshHost) -> None:
    allow(ssh_host)
    keys = ssh_host.signers
    hers, his = ssh_host.agent("ana"), ssh_host.agent("bo")
    steps = "".join(APPROVAL.format(number=number) for number in range(1, 5)) + LAST
    with shared(ssh_host, ROLES + steps, HEAD) as it:
        with (
            it.sits("ana", "resume", agent=hers, columns=120, lines=40) as ana,
            it.sits("bo", "join", agent=his, columns=120, lines=40) as bo,
        ):
            ana.wait_for(r"watching \(epoch 1")
            approves(bo, 1)
            until(lambda: signatures(it, "bo"), "bo's signature")
            (signed,) = signatures(it, "bo")
            assert (signed.principal, signed.key) == ("bo", keys.fingerprint(keys.key("bo")))
            assert not signed.is_countersignature
            until(lambda: signatures(it, "ana"), "ana's countersignature")
            assert signatures(it, "ana")[0].is_countersignature
            for number, (names, said) in enumerate(DO_NOT_COUNT.items(), 2):
                his.forget()
                for name in names:
                    his.add(keys.key(name))
                approves(bo, number)
                bo.wait_for(f"NOT SIGNED: .*{said}")
                until(lambda number=number: len(it.of(SigningFailed)) == number - 1, "a failure in the log")
                press(ana, "a", rf"✖ 1\.{number} Approve {number} awaits bo's signature")
                his.forget()
                his.add(keys.key("bo"))
                bo.send("S")
                bo.wait_until_gone("NOT SIGNED")
            his.end()
            approves(bo, 4)
            bo.wait_for("NOT SIGNED: the SSH agent at .* is gone")
            press(ana, "c", r"✖ 1\.4 Approve 4 awaits bo's signature: the SSH agent at .* is gone")
            answers(ana, "why can it not wait", "he said so", opened_by="w")
            until(lambda: it.of(SignatureWaived), "a waiver")
            # a signature of bo's own key, made for something else, is put into the log
            forges(it)
            for screen in (ana, bo):
                screen.wait_for("A SIGNATURE DOES NOT COUNT, bo at .*git")
            press(ana, "c", "✖ the signature of bo at .* does not count")
            assert it.of(StepConfirmed)[-1].body.step == "approve_4"
            answers(ana, "why can it not wait", "a joke", opened_by="w")
            press(ana, "c", "confirmed 1.5 Last")
            for screen in (bo, ana):
                leave(screen)
        assert len(it.of(SignatureWaived)) == 2
        told = it.host.run("ana", "cockpit", "verify", str(it.run_dir))
        assert told.returncode == 1
        assert "the signature of bo at seq" in told.stdout
        assert "it was made for `git`, not for `cockpit-checkpoint@v1`" in told.stdout
        for name in ("ana", "bo"):
            assert f"{name} vouches up to seq" in told.stdout
