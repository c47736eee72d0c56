"""Real keys, a real ssh-agent and an allowed signers file, in a folder of a test's own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cockpit.audit.sshsig import Trust

needed = pytest.mark.skipif(
    not all(shutil.which(each) for each in ("ssh-keygen", "ssh-agent", "ssh-add")), reason="there is no OpenSSH here"
)


def run(*command: str, given: str = "", **environ: str) -> str:
    return subprocess.run(
        command, input=given, check=True, capture_output=True, text=True, env={**os.environ, **environ}, timeout=20
    ).stdout


class Agent:
    """An ssh-agent on a socket of its own."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self._process = subprocess.Popen(
            ["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()  # it tells its socket once that is there

    def add(self, key: Path, *options: str) -> None:
        run("ssh-add", "-q", *options, str(key), SSH_AUTH_SOCK=str(self.socket))

    def forget(self) -> None:
        run("ssh-add", "-q", "-D", SSH_AUTH_SOCK=str(self.socket))

    def lock(self, *, again: bool = True) -> None:
        run("ssh-add", "-x" if again else "-X", given="word\nword\n", SSH_AUTH_SOCK=str(self.socket),
            SSH_ASKPASS_REQUIRE="never")  # fmt: skip

    def stand_still(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self.socket.unlink(missing_ok=True)


class Signers:
    """Keys, agents, and whose signatures count."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines: list[str] = []
        self.revoked = ""
        self._agents: list[Agent] = []

    def key(self, name: str, *, kind: str = "ed25519") -> Path:
        path = self.folder / name
        if not path.exists():
            run("ssh-keygen", "-q", "-t", kind, "-N", "", "-C", name, "-f", str(path))
        return path

    def public(self, key: Path) -> str:
        return " ".join(key.with_name(key.name + ".pub").read_text().split()[:2])

    def fingerprint(self, key: Path) -> str:
        return run("ssh-keygen", "-l", "-f", f"{key}.pub").split()[1]

    def allow(self, who: str, key: Path, options: str = "") -> None:
        self.lines.append(" ".join(filter(None, (who, options, self.public(key)))))

    def revoke(self, key: Path) -> None:
        self.revoked += self.public(key) + "\n"

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)

    @property
    def trust(self) -> Trust:
        return Trust(self.text, self.revoked)

    def agent(self, *keys: Path) -> Agent:
        agent = Agent(self.folder / f"agent-{len(self._agents)}")
        self._agents.append(agent)
        for key in keys:
            agent.add(key)
        return agent

    def end(self) -> None:
        for agent in self._agents:
            agent.end()


@contextmanager
def signers() -> Iterator[Signers]:
    """In a folder with a short name: a socket's has 108 bytes at most."""
    with tempfile.TemporaryDirectory(prefix="ck-") as folder:
        it = Signers(Path(folder))
        try:
            yield it
        finally:
            it.end()
