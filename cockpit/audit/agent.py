"""The operator's SSH agent, asked which keys it has (draft-ietf-sshm-ssh-agent, 3.5). It is asked for nothing else.

Invariant: no private key comes near: those stay with the agent, which may be on the operator's own machine (a forwarded
one). An agent that does not answer costs `TIMEOUT_S` and no more.
"""

from __future__ import annotations

import base64
import binascii
import os
import socket
import time
from collections.abc import Mapping

from msgspec import Struct

from cockpit.errors import SigningError
from cockpit.profile.signers import fingerprint
from cockpit.text import shortened, visible

TIMEOUT_S = 5.0
_REQUEST_IDENTITIES, _IDENTITIES_ANSWER = 11, 12
_ANSWER_BYTES = 1 << 20
NOT_THERE = "log in with your agent (ssh -A), or start one: eval $(ssh-agent); ssh-add"


class AgentKey(Struct, frozen=True):
    """A public key whose private half an agent has, or that a file names."""

    kind: str
    blob: bytes
    comment: str = ""

    @property
    def fingerprint(self) -> str:
        """`SHA256:…`; of a certificate, of the key that it certifies."""
        return fingerprint(self.certified or self.blob)

    @property
    def is_certificate(self) -> bool:
        """Whether somebody vouches for it (PROTOCOL.certkeys)."""
        return "-cert-v01@" in self.kind

    @property
    def is_hardware(self) -> bool:
        """Whether it is on a token that may want to be touched."""
        return self.kind.startswith("sk-")

    @property
    def certified(self) -> bytes:
        """The plain key in a certificate; empty if it is none."""
        return _certified(self.kind, self.blob) if self.is_certificate else b""

    @classmethod
    def of_line(cls, text: str) -> AgentKey | None:
        """The key in a .pub file; None if there is none."""
        words = text.split(None, 2)
        try:
            blob = base64.b64decode(words[1], validate=True)
        except (IndexError, binascii.Error, ValueError):
            return None
        kind = string(blob, 0)[0].decode("ascii", "replace")
        return cls(kind=kind, blob=blob) if kind and kind == words[0] else None

    @property
    def line(self) -> str:
        """As in a .pub file, without its comment."""
        return f"{self.kind} {base64.b64encode(self.blob).decode('ascii')}\n"


def agent_keys(environ: Mapping[str, str] | None = None, timeout_s: float = TIMEOUT_S) -> tuple[AgentKey, ...]:
    """The keys of the agent in SSH_AUTH_SOCK, in its order; none from a locked one.

    Raises SigningError: there is no agent, or it did not answer within `timeout_s`, or not as agents do.
    """
    path = (os.environ if environ is None else environ).get("SSH_AUTH_SOCK", "")
    if not path:
        raise SigningError("there is no SSH agent here (SSH_AUTH_SOCK is not set)", hint=NOT_THERE)
    try:
        answer = _asked(path, timeout_s)
    except TimeoutError as error:
        raise SigningError(
            f"the SSH agent did not answer within {timeout_s:g} s", hint="see to it: ssh-add -l"
        ) from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise SigningError(
            f"the SSH agent at {shortened(path, 120)} is gone ({visible(str(why))})", hint=NOT_THERE
        ) from error
    return _keys(answer)


def _asked(path: str, timeout_s: float) -> bytes:
    give_up = time.monotonic() + timeout_s
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(timeout_s)
        line.connect(path)
        line.sendall(b"\0\0\0\1" + bytes([_REQUEST_IDENTITIES]))
        length = int.from_bytes(_received(line, 4, give_up), "big")
        if not 0 < length <= _ANSWER_BYTES:
            raise ValueError("it does not answer as an agent does")
        return _received(line, length, give_up)


def _received(line: socket.socket, count: int, give_up: float) -> bytes:
    data = b""
    while len(data) < count:
        left_s = give_up - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        line.settimeout(left_s)
        part = line.recv(count - len(data))
        if not part:
            raise ValueError("it hung up")
        data += part
    return data


def _keys(answer: bytes) -> tuple[AgentKey, ...]:
    if answer[0] != _IDENTITIES_ANSWER or len(answer) < 5:
        raise SigningError("the SSH agent does not tell its keys", hint="see to it: ssh-add -l")
    count, place = int.from_bytes(answer[1:5], "big"), 5
    keys = []
    for _ in range(min(count, 10_000)):
        blob, place = string(answer, place)
        comment, place = string(answer, place)
        kind, _ = string(blob, 0)
        if not kind:
            break
        keys.append(AgentKey(kind=kind.decode("ascii", "replace"), blob=blob, comment=comment.decode(errors="replace")))
    return tuple(keys)


def string(data: bytes, place: int) -> tuple[bytes, int]:
    """One string with its length before it (RFC 4251, 5), and where the next begins; empty where there is none."""
    end = place + 4 + int.from_bytes(data[place : place + 4], "big")
    return (data[place + 4 : end], end) if end <= len(data) else (b"", len(data))


_NUMBERS = {
    "ssh-rsa": 2,
    "ssh-ed25519": 1,
    "ecdsa-sha2-nistp256": 2,
    "ecdsa-sha2-nistp384": 2,
    "ecdsa-sha2-nistp521": 2,
    "sk-ssh-ed25519@openssh.com": 2,
    "sk-ecdsa-sha2-nistp256@openssh.com": 3,
}
"""How many strings a public key of a kind has after its kind."""


def _certified(kind: str, blob: bytes) -> bytes:
    base = kind.replace("-cert-v01@openssh.com", "")
    plain = next((each for each in (base, f"{base}@openssh.com") if each in _NUMBERS), "")
    if not plain:
        return b""
    _, place = string(blob, 0)
    _, start = string(blob, place)  # the nonce
    place = start
    for _ in range(_NUMBERS[plain]):
        _, place = string(blob, place)
    return len(plain).to_bytes(4, "big") + plain.encode() + blob[start:place]
