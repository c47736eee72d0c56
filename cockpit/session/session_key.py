"""The key that opened this SSH session, as sshd noted it in a file (`ExposeAuthInfo yes`, sshd_config(5)).

The file is the user's own, like the variable that names it, so this is a claim: it becomes more only by a signature.
Never raises and never waits, whatever the variable names.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping

_FILE_BYTES = 64 * 1024
"""sshd writes a line for each way in which somebody proved themselves; the longest keys have about 3 KiB."""


def session_key(environ: Mapping[str, str]) -> str:
    """Fingerprint (`SHA256:…`) of the first key in the file that SSH_USER_AUTH names; empty where there is none.

    Of a certificate it is that of the certified key, as `ssh-keygen -l` prints it.
    """
    for line in _lines(environ.get("SSH_USER_AUTH", "")):
        words = line.split()
        if len(words) >= 3 and words[0] == "publickey" and (found := _fingerprint(words[1], words[2])):
            return found
    return ""


def _fingerprint(kind: str, text: str) -> str:
    import base64  # only where sshd names a key: each screen asks
    import binascii

    from cockpit.audit.agent import AgentKey, string

    try:
        blob = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return ""
    named, end = string(blob, 0)
    if named != kind.encode() or end >= len(blob):
        return ""
    key = AgentKey(kind=kind, blob=blob)
    return "" if key.is_certificate and not key.certified else key.fingerprint


def _lines(path: str) -> list[str]:
    if not os.path.isabs(path) or "\0" in path:
        return []
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return []  # opening a device may do something
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW)
    except (OSError, ValueError):
        return []
    try:
        known = os.fstat(fd)
        if not stat.S_ISREG(known.st_mode) or known.st_size > _FILE_BYTES:
            return []
        return os.read(fd, _FILE_BYTES).decode("ascii", "replace").splitlines()
    except OSError:
        return []
    finally:
        os.close(fd)
