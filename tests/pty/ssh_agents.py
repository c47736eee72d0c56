"""Keys and agents as people have them on their own machines."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from pathlib import Path

from seated import until


def key_pair(path: Path, *, comment: str = "") -> Path:
    """Make an ed25519 key without a passphrase; the private key's path, beside which lies `.pub`."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path], check=True)
    return path


def fingerprint(path: Path) -> str:
    """`SHA256:…` of a key."""
    told = subprocess.run(["ssh-keygen", "-lf", path], capture_output=True, text=True, check=True)
    return told.stdout.split()[1]


def public(path: Path) -> str:
    """A key as it stands in a list of allowed signers: type and base64."""
    return " ".join(path.with_suffix(".pub").read_text().split()[:2])


class Agent:
    """A real ssh-agent at a socket."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self._process = subprocess.Popen(
            ["ssh-agent", "-D", "-a", str(socket)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        until(socket.exists, "an agent's socket")

    def add(self, key: Path) -> None:
        """Let it sign with a key."""
        self._ask("ssh-add", "-q", str(key))

    def forget(self) -> None:
        """Take all keys away."""
        self._ask("ssh-add", "-q", "-D")

    def lock(self) -> None:
        """Have it refuse everything, as an agent does whose owner walked away."""
        subprocess.run(
            ["setsid", "-w", "ssh-add", "-x"],
            env={
                **os.environ,
                "SSH_AUTH_SOCK": str(self.socket),
                "SSH_ASKPASS": "/bin/echo",
                "SSH_ASKPASS_REQUIRE": "force",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
        )

    def _ask(self, *words: str) -> None:
        environ = {**os.environ, "SSH_AUTH_SOCK": str(self.socket)}
        subprocess.run(words, env=environ, stdin=subprocess.DEVNULL, capture_output=True, check=True)

    def close(self) -> None:
        """End it; nothing signs any more."""
        self._process.kill()
        self._process.wait(10)
        with suppress(FileNotFoundError):
            self.socket.unlink()
