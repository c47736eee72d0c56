"""A host that several people reach by SSH: a real OpenSSH server, real accounts, keys and agents.

The accounts exist in a mount namespace of the server's alone (copies of /etc/passwd, /etc/group and /etc/shadow lie
over the real ones there), so that nothing on this machine changes; a process namespace of its own ends every process of
theirs with the server. Everything lies in one folder in /tmp: homes, keys, the runs that the group `ops` shares. Only
root can make one.
"""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
from contextlib import suppress
from functools import cached_property
from pathlib import Path

import psutil
from policies import let_note
from seated import until
from signers import Agent, Signers
from ssh_link import Link
from terminal import Terminal

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
OPS = 45100
PEOPLE = {"ana": 41001, "bo": 41002, "carl": 41003, "deploy": 41004}
"""Account and number. All but carl are in the group `ops`; everybody has a group of their own, of the same number."""
FROM = {"ana": "127.0.0.2", "bo": "127.0.0.3", "carl": "127.0.0.4"}
"""Whose client has which address; everybody else's is 127.0.0.1."""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/keys/host
AuthorizedKeysFile {folder}/keys/%u.authorized
PidFile none
UsePAM {pam}
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
ExposeAuthInfo yes
MaxStartups 100
AcceptEnv COCKPIT_TEST_*
SetEnv {environ}
"""
STARTING = """
set -e
mount --bind "$2" "$1/python"; mount --bind "$3" "$1/site"; mount --bind "$4" "$1/tree"
for name in passwd group shadow; do mount --bind "$1/etc/$name" "/etc/$name"; done
for name in sshd su; do test ! -e "/etc/pam.d/$name" || mount --bind "$1/etc/pam.$name" "/etc/pam.d/$name"; done
mount -t tmpfs -o mode=755 tmpfs /var/log
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -m 755 /run/sshd; touch /run/utmp; chmod 644 /run/utmp
exec "$5" -D -e -f "$1/config"
"""
PAM = """
auth required pam_permit.so
account required pam_permit.so
session optional pam_{session}.so
"""
"""Whoever has a key comes in, and everybody becomes everybody by su(1): who logged in, the kernel knows."""

LAUNCHER = """#!/bin/sh
exec {python} -P -m cockpit.cli "$@"
"""


TREE = Path(__file__).parents[2]
COMPILED = "import cockpit.cli.beginning, cockpit.cli.coming_back, cockpit.keeper.keeper, cockpit.tui.app"


def obstacle() -> str:
    """Why there can be no such host here; empty if there can."""
    if os.geteuid() != 0:
        return "only root can make accounts, also for a while"
    for name in ("unshare", "nsenter", "setpriv", "mount", "ssh", "ssh-keygen", "ssh-agent", "ssh-add"):
        if shutil.which(name) is None:
            return f"{name} is not installed (Debian: util-linux, openssh-client)"
    if SSHD is None:
        return "there is no OpenSSH server here (Debian: openssh-server)"
    tried = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "true"], capture_output=True, text=True, check=False
    )
    return f"no namespaces can be made here: {tried.stderr.strip()[-200:]}" if tried.returncode else ""


class SshHost:
    """Use `start`, and `close` afterwards."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cockpit-ssh-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.runs = self.folder / "runs"
        self.python = self.folder / "python" / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
        self.log = self.folder / "sshd.log"
        self._links: list[Link] = []
        for name in ("python", "site", "tree", "etc", "keys", "bin", "home"):
            (self.folder / name).mkdir(mode=0o755)
        self.signers = Signers(self.folder / "keys")
        """Everybody's keys and agents, as they have them on their own machines."""
        self._accounts()
        self.runs.mkdir()
        os.chown(self.runs, 0, OPS)
        self.runs.chmod(0o2775)
        self.command("cockpit", LAUNCHER.format(python=self.python))
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        # What nobody has compiled yet, each process of theirs would compile: they may not write beside the sources.
        subprocess.run([sys.executable, "-c", COMPILED], cwd=TREE, check=False, capture_output=True, timeout=60)
        self._server = self._serve()

    def command(self, name: str, script: str) -> None:
        """Install a program for everybody."""
        path = self.folder / "bin" / name
        path.write_text(script)
        path.chmod(0o755)

    def another_cockpit(self, name: str, changes: str) -> None:
        """Install a cockpit beside this one: the same, but for what `changes` does when it starts."""
        self.file(f"{name}/sitecustomize.py", changes)
        start = LAUNCHER.format(python=self.python)
        self.command(name, start.replace("exec", f'export PYTHONPATH="{self.folder}/{name}:$PYTHONPATH"\nexec'))

    def file(self, name: str, text: str, mode: int = 0o644) -> Path:
        """A file of root's that everybody may read."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    # ---- accounts and keys ---------------------------------------------------------------------------------------

    def _accounts(self) -> None:
        added: dict[str, list[str]] = {"passwd": [], "group": [], "shadow": []}
        members = ",".join(name for name in PEOPLE if name != "carl")
        added["group"].append(f"ops:x:{OPS}:{members}")
        for name, uid in PEOPLE.items():
            home = self.folder / "home" / name
            home.mkdir(mode=0o700)
            os.chown(home, uid, uid)
            let_note(home / ".config", uid)
            added["passwd"].append(f"{name}:x:{uid}:{uid}::{home}:/bin/bash")
            added["group"].append(f"{name}:x:{uid}:")
            added["shadow"].append(f"{name}:*:20000:0:99999:7:::")
        for name, lines in added.items():
            real = Path("/etc") / name
            copy = self.folder / "etc" / name
            taken = {*PEOPLE, "ops"}  # by people of this machine: the server does not know them
            kept = [line for line in real.read_text().splitlines() if line.partition(":")[0] not in taken]
            copy.write_text("\n".join([*kept, *lines]) + "\n")
            copy.chmod(real.stat().st_mode & 0o777)
        for name, session in (("sshd", "loginuid"), ("su", "permit")):
            (self.folder / "etc" / f"pam.{name}").write_text(PAM.format(session=session))
        self.signers.key("host")
        for name in ("ana", "bo", "carl"):
            self.admit(name, name)
        self.admit("deploy", "ana", "bo")

    def admit(self, account: str, *names: str) -> None:
        """Let these people's keys, and no others, open sessions of an account."""
        path = self.folder / "keys" / f"{account}.authorized"
        path.write_text("".join(self.signers.public(self.signers.key(name)) + "\n" for name in names))
        path.chmod(0o644)

    def agent(self, *names: str) -> Agent:
        """An agent on a person's own machine, with the keys of these."""
        return self.signers.agent(*map(self.signers.key, names))

    # ---- the server ----------------------------------------------------------------------------------------------

    def _serve(self) -> subprocess.Popen[bytes]:
        environ = " ".join(f"{name}={value}" for name, value in self.environ().items())
        pam = "yes" if Path("/etc/pam.d/sshd").exists() else "no"
        config = CONFIG.format(port=self.port, folder=self.folder, environ=environ, pam=pam)
        (self.folder / "config").write_text(config)
        places = [sys.base_prefix, sysconfig.get_paths()["purelib"], str(TREE)]
        # It ends with this process, however that ends.
        argv = [
            "setpriv",
            "--pdeathsig",
            "KILL",
            "unshare",
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount-proc",
        ]
        with self.log.open("wb") as log:
            return subprocess.Popen(
                [*argv, "bash", "-c", STARTING, "ssh-host", str(self.folder), *places, str(SSHD)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def start(self) -> SshHost:
        """Return once the server listens; raises RuntimeError with what it said if it does not start."""

        def listens() -> bool:
            if self._server.poll() is not None:
                raise RuntimeError(f"sshd does not start here: {self.log.read_text()[-300:]}")
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return True
            return False

        until(listens, "a listening sshd")
        return self

    def close(self) -> None:
        """End every process of these people, and take everything away."""
        for link in self._links:
            link.close()
        self.signers.end()
        for each in self.processes():  # --kill-child ends the server alone, if unshare itself was killed before
            with suppress(psutil.NoSuchProcess):
                each.kill()
        self._server.kill()
        self._server.wait(60)
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- what people do ------------------------------------------------------------------------------------------

    def ssh(
        self,
        account: str,
        *words: str,
        key: str = "",
        agent: Agent | None = None,
        link: Link | None = None,
        columns: int = 80,
        lines: int = 24,
        **environ: str,
    ) -> Terminal:
        """A terminal in which somebody logs in to `account` and gives a command (`words`).

        `key`: whose key opens the session, if another's than the account's. `agent`: is forwarded. `link`: goes by it.
        """
        who = key or account
        options = ["-F", "none", "-i", str(self.signers.key(who)), "-o", "IdentitiesOnly=yes", "-o", "LogLevel=ERROR"]
        options += ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]
        options += ["-b", FROM.get(who, "127.0.0.1"), "-p", str(link.port if link is not None else self.port)]
        options += ["-A"] if agent is not None else ["-a"]
        remote = shlex.join(
            [*(["env", *(f"{name}={value}" for name, value in environ.items())] if environ else []), *words]
        )
        mine = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        if agent is not None:
            mine["SSH_AUTH_SOCK"] = str(agent.socket)
        argv = ["ssh", "-tt", *options, f"{account}@127.0.0.1", remote]
        return Terminal(argv, env=mine, columns=columns, lines=lines)

    def link(self) -> Link:
        """A way to the server whose speed can be set."""
        link = Link(self.port)
        self._links.append(link)
        return link

    def entered(self, account: str, *words: str) -> list[str]:
        """How root has a command run as an account, in its world but in no session."""
        uid = PEOPLE[account]
        way = ["nsenter", "--target", str(self.server_pid), "--mount", "--pid", "setpriv", f"--reuid={uid}"]
        return [*way, f"--regid={uid}", "--init-groups", *words]

    def environ(self) -> dict[str, str]:
        """What every session has in its environment."""
        return {
            "PATH": f"{self.folder}/bin:{PATH}",
            "LANG": "C.UTF-8",
            "PYTHONPATH": f"{self.folder}/tree:{self.folder}/site",
            "COCKPIT_RUNS": str(self.runs),
            "COCKPIT_GROUP": "ops",
        }

    def run(self, account: str, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Have a command run as an account, to its end."""
        return subprocess.run(
            self.entered(account, *words),
            env={**self.environ(), "HOME": str(self.folder / "home" / account), **environ},
            cwd="/",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    # ---- what the system keeps of them ---------------------------------------------------------------------------

    @cached_property
    def knows_logins(self) -> bool:
        """Whether the kernel knows who logged in, also once they became somebody else."""
        with self.ssh("ana", "su", "deploy", "-c", "id -u; cat /proc/self/loginuid") as terminal:
            terminal.wait_for_exit()
            return terminal.text.split()[:2] == [str(PEOPLE["deploy"]), str(PEOPLE["ana"])]

    @property
    def keeps_utmp(self) -> bool:
        """Whether sshd writes down from where somebody came, once somebody has."""
        return Path(f"/proc/{self.server_pid}/root/run/utmp").stat().st_size > 0

    # ---- processes -----------------------------------------------------------------------------------------------

    @property
    def server_pid(self) -> int:
        """Of sshd."""
        (server,) = psutil.Process(self._server.pid).children()
        return server.pid

    def processes(self, account: str = "", word: str = "") -> list[psutil.Process]:
        """What runs on this host, oldest first: of an account, with a word in its command line."""
        found = []
        for each in psutil.Process(self._server.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if account and each.uids().real != PEOPLE[account]:
                    continue
                if word and not any(word in part for part in each.cmdline()):
                    continue
                found.append(each)
        return found

    def screens(self, account: str) -> list[psutil.Process]:
        """The processes of an account that show a run."""
        return [each for each in self.processes(account, "cockpit.cli") if _is_of(each, name="python")]

    def keepers(self, run_dir: Path) -> list[psutil.Process]:
        """The keepers of a run; there should never be more than one."""
        return [each for each in self.processes(word="cockpit.keeper") if _is_of(each, word=str(run_dir))]


def _is_of(process: psutil.Process, *, name: str = "", word: str = "") -> bool:
    """Whether a process's name begins with one, and a word stands in its command line; not if it has just ended."""
    with suppress(psutil.NoSuchProcess):
        return process.name().startswith(name) and word in " ".join(process.cmdline())
    return False
