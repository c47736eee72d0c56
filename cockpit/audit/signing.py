"""Signatures under checkpoints, made and checked by OpenSSH (ssh-keygen(1), `-Y`; PROTOCOL.sshsig).

    ssh-keygen -Y sign -n cockpit-checkpoint@v1 -f KEY night.checkpoint      → night.checkpoint.sig

Invariant: whether a signature counts is ssh-keygen's word alone, for exactly the bytes that were read as the
checkpoint. What is read from the signature here only explains why one does not count.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from datetime import datetime
from pathlib import Path

from cockpit.audit.checkpoints import Checkpoint, checkpoint_text, small_file
from cockpit.audit.line import Head
from cockpit.audit.scratch import scratch_folder
from cockpit.audit.sshsig import Blob, Trust, checked, parsed
from cockpit.audit.verdict import Signature
from cockpit.patterns import late
from cockpit.run.events import Actor, Event, HeadSigned, OperatorIdentified
from cockpit.run.people import called, name_of
from cockpit.text import shortened, visible

NAMESPACE = "cockpit-checkpoint@v1"
PERSON_NAMESPACE = "cockpit-person@v1"
"""Of texts by which somebody on a shared account proves who they are."""
TIMEOUT_S = 20
_NUMBER = late(r"[1-9][0-9]{0,17}")
_GOOD = late(r'Good "[^"]*" signature for .* with (\S+) key (SHA256:[A-Za-z0-9+/]+)\s*$', re.MULTILINE)


def beside(checkpoint: Path) -> Path | None:
    """Where ssh-keygen leaves the signature of a file; None if there is none."""
    path = checkpoint.with_name(checkpoint.name + ".sig")
    return path if os.path.lexists(path) else None


def principals(actor: Actor) -> tuple[str, ...]:
    """The names by which a list of allowed signers may know a person: `ana`, `ana@bastion-1`."""
    name = name_of(actor)
    return (name, f"{name}@{actor.host}")


def person_text(run: str, seat: str, person: str, head: Head) -> str:
    """What somebody on a shared account signs: the run, their seat, their name and a head, a line each."""
    return f"cockpit/{run}\n{seat}\n{person}\n{head.seq}\n{head.digest}\n"


def judged(event: Event, held: Head | None, trust: Trust | None, at: datetime) -> Signature:
    """What a signature in the log is worth: of `head.signed` or `operator.identified`.

    `held` is the fact that it names, as whoever judges holds it, with its time `at`; None: there is no such fact before
    it. Blocks for some milliseconds.
    """
    body = event.body
    if trust is None:
        return Signature(why_not="the run fixed no list of allowed signers")
    if isinstance(body, HeadSigned):
        head, names = Head(body.seq, body.digest), principals(event.actor)
        text, namespace, name = checkpoint_text(event.run, head), NAMESPACE, body.principal
    elif isinstance(body, OperatorIdentified):
        lines = body.text.split("\n")
        head = Head(int(lines[3]) if _NUMBER.fullmatch("".join(lines[3:4])) else 0, "".join(lines[4:5]))
        names = (body.person, f"{body.person}@{event.actor.host}")
        text, namespace, name = person_text(event.run, body.seat, body.person, head), PERSON_NAMESPACE, body.person
        if text != body.text:
            return Signature(why_not="its text is not that of this run, this seat and this name")
    else:
        return Signature(why_not="it is no signature")
    if held is None or head.seq >= event.seq:
        return Signature(why_not=f"it is of {visible(head.short)} at {head.seq}, and there is no such fact before it")
    if head.digest != held.digest:
        why = f"it is of {visible(head.short)} at {head.seq}, and {held.short} stands there in this log"
        return Signature(why_not=why)
    if name not in names:
        return Signature(why_not=f"it names {shortened(name, 60)}, and {called(event.actor)} wrote it")
    found = checked(text.encode(errors="replace"), body.signature, trust, dict.fromkeys((name, *names)), namespace, at)
    return _by_that_key(found, body.key)


def _by_that_key(found: Signature, key: str) -> Signature:
    if found.by and found.key.split(" ")[-1] != key:
        return Signature(key=found.key, why_not=f"it names the key {shortened(key, 60)}, and is by {found.key}")
    return found


def check(checkpoint: Checkpoint, signature: Path, signers: Path) -> Signature:
    """What a signature under a checkpoint is worth, if those count who are in `signers` (an allowed signers file).

    Raises LogUnreadable if one of the files cannot be read.
    """
    raw, allowed = small_file(signature), small_file(signers)
    blob = parsed(raw)
    if blob is None:
        return Signature(why_not=f"{visible(str(signature))} is no signature of ssh-keygen")
    if blob.namespace != NAMESPACE:
        wrong = shortened(blob.namespace, 60)
        return Signature(key=blob.fingerprint, why_not=f"it was made for `{wrong}`, not for `{NAMESPACE}`")
    program = shutil.which("ssh-keygen")
    if program is None:
        return Signature(key=blob.fingerprint, why_not="there is no ssh-keygen here to check it with: install OpenSSH")
    # What was read is what is checked, whatever becomes of the files meanwhile.
    with scratch_folder("cockpit-signature-") as folder:
        kept, trusted = folder / "signature", folder / "signers"
        kept.write_bytes(raw)
        trusted.write_bytes(allowed)
        try:
            return _checked([program, "-Y"], checkpoint.raw, kept, trusted, blob, signers)
        except (OSError, subprocess.TimeoutExpired) as error:
            return Signature(key=blob.fingerprint, why_not=f"ssh-keygen did not answer: {shortened(str(error), 200)}")


def _checked(program: list[str], text: bytes, signature: Path, trusted: Path, blob: Blob, signers: Path) -> Signature:
    names = _run([*program, "find-principals", "-s", str(signature), "-f", str(trusted)], b"")
    if names.returncode or not names.stdout.strip():
        why = f"the key {blob.fingerprint} is nobody's in {visible(str(signers))}"
        return Signature(key=blob.fingerprint, why_not=why + _said(names, trusted, signers))
    said = ""
    for name in names.stdout.decode(errors="replace").splitlines():
        asked = ["verify", "-f", str(trusted), "-I", name, "-n", NAMESPACE, "-s", str(signature)]
        answer = _run([*program, *asked], text)
        good = _GOOD.search(answer.stdout.decode(errors="replace"))
        if not answer.returncode and good is not None:
            return Signature(by=shortened(name, 200), key=f"{good[1]} {good[2]}")
        said = said or _said(answer, trusted, signers)
    who = shortened(", ".join(names.stdout.decode(errors="replace").split("\n")).strip(", "), 200)
    why = f"it is by {who} with {blob.fingerprint}, but not under this text, or it does not count for this{said}"
    return Signature(key=blob.fingerprint, why_not=why)


def _run(command: list[str], given: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command, input=given, capture_output=True, timeout=TIMEOUT_S, check=False, env={**os.environ, "LC_ALL": "C"}
    )


def _said(answer: subprocess.CompletedProcess[bytes], trusted: Path, signers: Path) -> str:
    """What ssh-keygen gave as its reason, in brackets."""
    text = answer.stderr.decode(errors="replace").replace(str(trusted), str(signers))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return f" ({shortened(lines[0].rstrip('.'), 200)})" if lines else ""
