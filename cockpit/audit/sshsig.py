"""Signatures over small texts, made and checked by OpenSSH (ssh-keygen(1), `-Y`; PROTOCOL.sshsig).

Invariant: whether a signature counts is ssh-keygen's word alone, for exactly the text, the list, the name, the
namespace and the moment that are given. What is read from the signature and the list here only explains why one does
not count. A private key is used by the operator's agent; a file of one only where the operator names it.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from cockpit.audit.agent import AgentKey, string
from cockpit.audit.scratch import scratch_folder
from cockpit.audit.verdict import Signature
from cockpit.errors import SigningError
from cockpit.patterns import late
from cockpit.profile.signers import fingerprint, fits, read_revoked, read_signers
from cockpit.text import shortened, visible

CHECK_TIMEOUT_S = 20.0
SIGN_TIMEOUT_S = 60.0
"""A person may have to touch a key, or to confirm its use: tokens themselves give up after half of this."""
SIGNATURE_BYTES = 16 * 1024
"""No signature is longer: with a certificate of an RSA key it has about 6 KiB."""
NO_PROGRAM = "there is no ssh-keygen here"
_CANCEL_LOOK_S = 0.2
_ARMOUR = late(rb"-----BEGIN SSH SIGNATURE-----\s(.*?)-----END SSH SIGNATURE-----", re.DOTALL)
_GOOD = late(r'Good "[^"]*" signature for .* with (\S+) key (SHA256:[A-Za-z0-9+/]+)\s*$', re.MULTILINE)
_PLACE = late(r"^\S*signers:(\d+): ")


class Trust(Struct, frozen=True):
    """Whose signatures count."""

    signers: str
    """The text of an allowed signers file."""
    revoked: str = ""
    """The text of a file of public keys that count no more."""


class Blob(Struct, frozen=True):
    """What a signature says of itself."""

    namespace: str
    fingerprint: str
    """`SHA256:…`, as ssh-keygen(1) writes it."""


def parsed(raw: bytes) -> Blob | None:
    """PROTOCOL.sshsig: "SSHSIG", version 1, public key, namespace, …; each string with its length before it."""
    match = _ARMOUR.search(raw)
    if match is None:
        return None
    try:
        blob = base64.b64decode(b"".join(match[1].split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    if blob[:6] != b"SSHSIG" or blob[6:10] != b"\0\0\0\1":
        return None
    key, place = string(blob, 10)
    namespace, _ = string(blob, place)
    kind = string(key, 0)[0].decode("ascii", "replace")
    told = AgentKey(kind=kind, blob=key).fingerprint
    return Blob(namespace=namespace.decode(errors="replace"), fingerprint=told)


# ---- making ------------------------------------------------------------------------------------------------------


def sign(
    text: bytes,
    key: AgentKey | Path,
    namespace: str,
    *,
    timeout_s: float = SIGN_TIMEOUT_S,
    cancelled: threading.Event | None = None,
) -> str:
    """The armoured signature of `text`, by the agent in SSH_AUTH_SOCK; or with the private key in a file.

    Blocks while the operator touches or confirms the key, `timeout_s` at most or until `cancelled`. Raises SigningError
    with one sentence: there is no ssh-keygen, the agent is gone, has no such key, or refused, or it took too long.
    """
    program = shutil.which("ssh-keygen")
    if program is None:
        raise SigningError(NO_PROGRAM + " to sign with", hint="install OpenSSH")
    try:
        with scratch_folder("cockpit-signing-") as folder:
            path = key
            if isinstance(key, AgentKey):
                path = folder / "key"
                path.touch(0o600)
                path.write_text(key.line, encoding="ascii")
            return _signed(program, text, str(path), namespace, timeout_s, cancelled or threading.Event())
    except OSError as error:
        raise SigningError(f"ssh-keygen could not be started: {error.strerror or error}") from error


def _signed(program: str, text: bytes, path: str, namespace: str, timeout_s: float, cancelled: threading.Event) -> str:
    command = [program, "-Y", "sign", "-n", namespace, "-f", path]
    # Of a session of its own: it finds no terminal to ask on, and so never writes over the screen.
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environment() | {"SSH_ASKPASS_REQUIRE": "never"},
        start_new_session=True,
    ) as process:
        give_up, given = time.monotonic() + timeout_s, text
        try:
            while True:
                try:
                    made, said = process.communicate(given, timeout=_CANCEL_LOOK_S)
                    break
                except subprocess.TimeoutExpired:
                    given = b""
                    if cancelled.is_set():
                        raise SigningError("signing was broken off") from None
                    if time.monotonic() > give_up:
                        why = f"the SSH agent did not sign within {timeout_s:g} s"
                        raise SigningError(why, hint="touch or confirm your key in time") from None
        finally:
            process.kill()
    blob = parsed(made)
    if process.returncode or blob is None or len(made) > SIGNATURE_BYTES:
        raise _not_signed(said.decode(errors="replace"))
    return made.decode("ascii", "replace")


def _not_signed(said: str) -> SigningError:
    if "agent refused operation" in said:
        return SigningError("the SSH agent refused to sign", hint="touch or confirm your key when it asks")
    if "passphrase" in said:
        return SigningError("the key needs its passphrase", hint="give it to your agent: ssh-add FILE")
    if "No private key found" in said or "find key in agent" in said:
        return SigningError("the SSH agent does not have that key any more", hint="add it: ssh-add FILE")
    lines = [line for line in said.splitlines() if line.strip() and not line.startswith(("Signing ", "@"))]
    return SigningError(f"ssh-keygen did not sign: {shortened(lines[-1] if lines else 'it gave no reason', 200)}")


# ---- checking ----------------------------------------------------------------------------------------------------


def checked(text: bytes, signature: str, trust: Trust, names: Iterable[str], namespace: str, at: datetime) -> Signature:
    """What a signature is worth as one of these names, by a list, at a moment. Blocks for some milliseconds.

    A key that had expired by then does not count; one that expired since does. Times in the list that name no zone are
    taken as UTC, so that everybody reads them alike. Where ssh-keygen could not be asked, `was_checked` is false.
    """
    raw = signature.encode(errors="replace")
    blob = parsed(raw) if len(raw) <= SIGNATURE_BYTES else None
    if blob is None:
        return Signature(why_not="it is no signature of ssh-keygen")
    if blob.namespace != namespace:
        wrong = shortened(blob.namespace, 60)
        return Signature(key=blob.fingerprint, why_not=f"it was made for `{wrong}`, not for `{namespace}`")
    names = tuple(name for name in names if name.isprintable() and name)  # what no argument can hold is nobody's name
    if not names:
        return Signature(key=blob.fingerprint, why_not="it names nobody")
    if why := _not_allowed(blob, trust, names):
        return Signature(key=blob.fingerprint, why_not=why)
    program = shutil.which("ssh-keygen")
    if program is None:
        why = NO_PROGRAM + " to check it with: install OpenSSH"
        return Signature(key=blob.fingerprint, why_not=why, was_checked=False)
    try:
        with scratch_folder("cockpit-signature-") as folder:
            return _verified(program, folder, text, raw, trust, names, blob, at)
    except (OSError, subprocess.TimeoutExpired) as error:
        why = f"ssh-keygen did not answer: {shortened(str(error), 200)}"
        return Signature(key=blob.fingerprint, why_not=why, was_checked=False)


def _verified(
    program: str, folder: Path, text: bytes, raw: bytes, trust: Trust, names: tuple[str, ...], blob: Blob, at: datetime
) -> Signature:
    kept, signers, revoked = folder / "signature", folder / "signers", folder / "revoked"
    kept.write_bytes(raw)
    signers.write_text(trust.signers, encoding="utf-8", errors="replace")
    command = [program, "-Y", "verify", "-f", str(signers), "-n", blob.namespace, "-s", str(kept)]
    command += ["-O", f"verify-time={at.astimezone(UTC):%Y%m%d%H%M%S}"]
    if trust.revoked.strip():
        revoked.write_text(trust.revoked, encoding="utf-8", errors="replace")
        command += ["-r", str(revoked)]
    said = ""
    for name in names:
        answer = subprocess.run(
            [*command, "-I", name],
            input=text,
            capture_output=True,
            timeout=CHECK_TIMEOUT_S,
            check=False,
            env=_environment() | {"TZ": "UTC0"},
            start_new_session=True,
        )
        good = _GOOD.search(answer.stdout.decode(errors="replace"))
        if not answer.returncode and good is not None:
            return Signature(by=visible(name), key=f"{good[1]} {good[2]}")
        said = said or _reason(answer.stderr.decode(errors="replace"))
    return Signature(key=blob.fingerprint, why_not=said or f"the key {blob.fingerprint} does not count for it")


def _reason(said: str) -> str:
    for line in said.splitlines():
        text = _PLACE.sub(r"by line \1 of the allowed signers, ", line.strip())
        if "incorrect signature" in text:
            return "it is not under this text"
        if text and not text.startswith("Could not verify"):
            return shortened(text.rstrip("."), 200)
    return ""


def _not_allowed(blob: Blob, trust: Trust, names: tuple[str, ...]) -> str:
    """Why the key of a signature cannot count, as far as the lists alone tell; empty if it may."""
    try:
        lines, revoked = read_signers(trust.signers), read_revoked(trust.revoked)
    except SigningError as error:
        return f"whose signatures count cannot be read: {error}"
    if blob.fingerprint in revoked:
        return f"the key {blob.fingerprint} was revoked"
    has_authority = any(line.is_authority for line in lines)
    own = [line for line in lines if fingerprint(line.blob) == blob.fingerprint]
    if not own and not has_authority:
        return f"the key {blob.fingerprint} is nobody's in the allowed signers"
    if own and not has_authority and not any(fits(name, line.principals) for line in own for name in names):
        whose = shortened(", ".join(line.principals for line in own), 80)
        return f"the key {blob.fingerprint} is of {whose}, not of {shortened(names[0] if names else 'anybody', 60)}"
    return ""


def _environment() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C"}
