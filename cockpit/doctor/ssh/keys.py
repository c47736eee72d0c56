"""The folder `~/.ssh`: who else can read or change what is in it, and private keys that nothing protects.

Invariant: of a private key no more is read than its head, which says whether it is encrypted (PROTOCOL.key of OpenSSH:
the name of the cipher stands before everything else; PEM, RFC 1421: `Proc-Type`).
"""

from __future__ import annotations

import base64
import binascii
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from cockpit.audit.agent import AgentKey, string
from cockpit.doctor.findings import Finding, advice, at_home, quoted, warning
from cockpit.doctor.paths import Wish, judge, look
from cockpit.doctor.ssh.weak import weakness
from cockpit.text import shortened

_HEAD_BYTES = 160
_PUBLIC_BYTES = 32 * 1024
_MOST = 200
_MAGIC = b"openssh-key-v1\0"
_OPEN_KEY = "whoever reads it is you, wherever it is taken"


def look_at(folder: Path) -> Iterator[Finding]:
    """`~/.ssh`, its files, and the keys in them."""
    try:
        with os.scandir(folder) as entries:
            paths = sorted(Path(entry.path) for _, entry in zip(range(_MOST), entries, strict=False))
    except OSError:
        paths = []
    heads = {path: head for path in paths if (head := _head(path))}
    wishes = [Wish(look(folder), "ssh.folder", why_own="who can write there logs in as you")]
    for path in paths:
        if path in heads:
            wishes.append(Wish(look(path), "ssh.key", is_private=True, why_private=_OPEN_KEY))
        elif path.name in ("config", "authorized_keys", "known_hosts", "rc", "environment"):
            wishes.append(Wish(look(path), "ssh.file", why_own="who can change it decides who logs in, and where to"))
    yield from judge(wishes)
    for path, head in heads.items():
        if is_encrypted(head) is False:
            cure = f"ssh-keygen -p -f {quoted(path)}    # better: keep it on your own machine alone"
            why = "whoever reads this file, or a backup of it, is you"
            yield warning("ssh.bare_key", at_home(path), "this private key has no passphrase", why, cure)
    yield from _of_public(folder, paths)


def is_encrypted(head: bytes) -> bool | None:
    """Whether a private key is, by its first bytes; None: that cannot be told."""
    lines = head.splitlines()
    if b"OPENSSH" not in lines[0]:
        return b"ENCRYPTED" in head
    try:
        text = b"".join(lines[1:])[:64]
        blob = base64.b64decode(text[: len(text) // 4 * 4])
    except (binascii.Error, IndexError):
        return None
    if not blob.startswith(_MAGIC):
        return None
    cipher, _ = string(blob, len(_MAGIC))
    return cipher != b"none" if cipher else None


def _head(path: Path) -> bytes:
    """The first bytes of what is a private key; empty of anything else."""
    head = _content(path, _HEAD_BYTES)
    return head if head.startswith(b"-----BEGIN ") and b"PRIVATE KEY-----" in head else b""


def _of_public(folder: Path, paths: list[Path]) -> Iterator[Finding]:
    for path in paths:
        if path.suffix != ".pub" and path.name != "authorized_keys":
            continue
        for line in _content(path, _PUBLIC_BYTES).decode("utf-8", "replace").splitlines():
            key = _key(line)
            if key is not None and (weak := weakness(key)):
                name = shortened(line.split()[-1], 40)
                told = f"{weak} ({name})"
                yield advice("ssh.weak_key", at_home(path), told, "it can be broken", "ssh-keygen -t ed25519")


def _key(line: str) -> AgentKey | None:
    """The key in a line of a .pub file or of authorized_keys(5), where options may stand before it."""
    words = line.split()
    for at, word in enumerate(words[:-1]):
        if word.startswith(("ssh-", "ecdsa-", "sk-")) and (key := AgentKey.of_line(" ".join(words[at : at + 2]))):
            return key
    return None


def _content(path: Path, limit_bytes: int) -> bytes:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError:
        return b""
    try:
        return os.read(fd, limit_bytes) if stat.S_ISREG(os.fstat(fd).st_mode) else b""
    except OSError:
        return b""
    finally:
        os.close(fd)
