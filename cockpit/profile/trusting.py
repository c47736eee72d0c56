"""The files beside a profile that say whose signatures count, read and judged.

Invariant: what is read is at most so large, a regular file and UTF-8, and every line of it means something. It opens
the two files that the profile names, and nothing else.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from cockpit.errors import SigningError
from cockpit.profile.model import Profile
from cockpit.profile.signers import LIMIT_BYTES, Signer, fits, read_revoked, read_signers
from cockpit.text import shortened

if TYPE_CHECKING:  # a run that begins, or is resumed, reads the files and judges no profile
    from cockpit.profile.nodes import Findings, Node

_STRANGER = "somebody-whom-no-list-names"
_LISTED = 5


class TrustFiles(Struct, frozen=True):
    """What a run fixes of them at its start. Digests are SHA-256 of the bytes, hex; empty where there is no file."""

    signers: str = ""
    signers_digest: str = ""
    revoked: str = ""
    revoked_digest: str = ""


def read_trust(profile: Profile, base_dir: Path) -> TrustFiles:
    """The files that a profile in `base_dir` names. Raises SigningError with the first that cannot be used."""
    if not profile.allowed_signers:
        return TrustFiles()
    signers, signers_digest = _read(base_dir, "allowed_signers", profile.allowed_signers)
    _parsed("allowed_signers", profile.allowed_signers, signers)
    if not profile.revoked_keys:
        return TrustFiles(signers, signers_digest)
    revoked, revoked_digest = _read(base_dir, "revoked_keys", profile.revoked_keys)
    _parsed("revoked_keys", profile.revoked_keys, revoked)
    return TrustFiles(signers, signers_digest, revoked, revoked_digest)


def _read(base_dir: Path, key: str, name: str) -> tuple[str, str]:
    said = f"{key} names {shortened(name, 120)}"
    try:
        fd = os.open(base_dir / name, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
        with open(fd, "rb") as file:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise SigningError(f"{said}, which is no file")
            raw = file.read(LIMIT_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise SigningError(f"{said}, which cannot be read: {why}") from error
    if len(raw) > LIMIT_BYTES:
        raise SigningError(f"{said}, which has more than {LIMIT_BYTES} bytes")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        binary = " (a key revocation list is not read: give public keys, one a line)" if raw[:6] == b"SSHKRL" else ""
        raise SigningError(f"{said}, which is no text{binary}") from error
    if "\0" in text:
        raise SigningError(f"{said}, which is no text")
    return text, hashlib.sha256(raw).hexdigest()


def _parsed(key: str, name: str, text: str) -> None:
    try:
        read_signers(text) if key == "allowed_signers" else read_revoked(text)
    except SigningError as error:
        raise SigningError(f"{key} names {shortened(name, 120)}: {error.message}", hint=error.hint) from error


# ---- judging a profile -------------------------------------------------------------------------------------------


def judge_trust(profile: Profile, root: Node, base_dir: Path, findings: Findings) -> None:
    """Note what keeps a run of the profile from beginning, and what nobody can have meant."""
    node = root.find("allowed_signers")
    if profile.signing != "off" and not profile.allowed_signers:
        said = f"signing is `{profile.signing}`, and no `allowed_signers` say whose signatures count"
        findings.add(root.find("signing"), said, expected="a file (ssh-keygen(1), ALLOWED SIGNERS)")
    elif profile.reviewed and not profile.allowed_signers:
        said = "the profile is to be reviewed, and no `allowed_signers` say whose approval counts"
        findings.add(root.find("reviewed"), said, expected="a file (ssh-keygen(1), ALLOWED SIGNERS)")
    elif profile.revoked_keys and not profile.allowed_signers:
        findings.add(root.find("revoked_keys"), "`revoked_keys` without `allowed_signers` revoke nothing")
    elif profile.allowed_signers:
        try:
            read_trust(profile, base_dir)
        except SigningError as error:
            is_revoked = error.message.startswith("revoked_keys")
            findings.add(root.find("revoked_keys") if is_revoked else node, error.message, expected=error.hint)


def advise_trust(profile: Profile, root: Node, base_dir: Path, findings: Findings) -> None:
    """Note what will hurt: a list that nobody asks for, people who cannot sign, a key that signs for everybody."""
    node = root.find("allowed_signers")
    if profile.allowed_signers and profile.signing == "off" and not profile.shared_accounts and not profile.reviewed:
        _warn(findings, node, "nothing is signed: `signing` is off", 'signing = "signoffs" or "facts"')
    if profile.shared_accounts and not profile.allowed_signers:
        said = "a name on a shared account can only be claimed: no `allowed_signers` say whose key proves it"
        _warn(findings, root.find("shared_accounts"), said, "allowed_signers")
    if not profile.allowed_signers:
        return
    try:
        trust = read_trust(profile, base_dir)
    except SigningError:
        return
    revoked = set(read_revoked(trust.revoked))
    lines = [each for each in read_signers(trust.signers) if each.fingerprint not in revoked]
    for line in lines:
        if fits(_STRANGER, line.principals):
            said = f"line {line.line} of {profile.allowed_signers} lets one key sign for everybody: `{line.principals}`"
            _warn(findings, node, said, "a name")
    for role in profile.roles:
        without = [person for person in role.people if not has_key(lines, person)]
        if without:
            names = ", ".join(without[:_LISTED]) + (", …" if len(without) > _LISTED else "")
            said = f"of role `{role.id}` nobody's key in {profile.allowed_signers} is of {names}"
            place = root.find("roles", role.id)
            _warn(findings, place.table.get("people") or place, said, "a line NAME KEY for each of them")


def has_key(lines: Iterable[Signer], person: str) -> bool:
    """Whether a key is somebody's, given as `user` or `user@host`."""
    user, at, _ = person.partition("@")
    return any(
        fits(person, line.principals)
        or fits(user, line.principals)
        or (
            not at
            and any(fits(f"{user}@x", each) or each.startswith(f"{user}@") for each in line.principals.split(","))
        )
        for line in lines
    )


def _warn(findings: Findings, node: Node, said: str, expected: str) -> None:
    findings.add(node, said, severity="warning", expected=expected)
