"""Two hosts, `ash` and `birch`, as namespaces of the kernel, each with a name, a network, a clock, a person and runs.

They share a server with a database, which listens on this host's end of the cable to `ash`, and nothing else. All of it
goes with the processes that hold the namespaces, however these end.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from policies import let_note
from psycopg.conninfo import make_conninfo
from terminal import Terminal

_PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
_HOLD = """
set -e
hostname "$1"
mount --bind "$2" "$5/python"; mount --bind "$3" "$5/site"; mount --bind "$4" "$5/tree"
mount --bind "$5/passwd" /etc/passwd
cat /proc/sys/kernel/random/uuid > "$5/boot"; mount --bind "$5/boot" /proc/sys/kernel/random/boot_id
ip link set lo up
echo "ready $$"
exec sleep infinity
"""


class Host:
    """One of them, with one person."""

    def __init__(self, folder: Path, name: str, person: str, uid: int, number: int) -> None:
        """Raises RuntimeError where the kernel refuses, with its reason."""
        self.name, self.person, self.number = name, person, number
        self._uid = uid
        self._folder = folder / name
        self.home = self._folder / "home"
        for each in ("python", "site", "tree", "home"):
            (self._folder / each).mkdir(parents=True)
        os.chown(self.home, uid, uid)
        let_note(self.home / ".config", uid)
        passwd = Path("/etc/passwd").read_text() + f"{person}:x:{uid}:{uid}::{self.home}:/bin/sh\n"
        (self._folder / "passwd").write_text(passwd)
        tree = Path(__file__).parents[2]
        places = map(str, (sys.base_prefix, sysconfig.get_paths()["purelib"], tree, self._folder))
        own = ["-n", "-u", "-m", "-T", "--monotonic", str(90_000 * number), "--kill-child=KILL"]
        self._holder = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", *own, "bash", "-c", _HOLD, "hold", name, *places],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._holder.stdout is not None
        word, _, pid = self._holder.stdout.readline().partition(" ")
        if word != "ready":
            _, said = self._holder.communicate()  # it ended
            raise RuntimeError(f"this kernel gives no host of its own: {said.strip()[-200:]}")

        self._pid = int(pid)
        self._uts = os.stat(f"/proc/{self._pid}/ns/uts").st_ino
        self._enter = ["nsenter", "-t", str(self._pid), "-n", "-u", "-m", "-T"]

    def cable(self) -> None:
        """Lay a cable from here to this machine. Raises RuntimeError where the kernel refuses."""
        link, pid = f"ck{os.getpid() % 100000}{self.name[0]}", str(self._pid)
        for command in (
            f"ip link add {link} type veth peer name eth0 netns {pid}",
            f"ip addr add {self.gateway}/24 dev {link}",
            f"ip link set {link} up",
        ):
            _done(command.split())
        for command in (
            f"ip addr add {self.address}/24 dev eth0",
            "ip link set eth0 up",
            f"ip route add default via {self.gateway}",
        ):
            self.root(*command.split())

    @property
    def gateway(self) -> str:
        """Of this host's cable, the other end."""
        return f"10.213.{self.number}.1"

    @property
    def address(self) -> str:
        return f"10.213.{self.number}.2"

    def root(self, *command: str) -> None:
        """Do something as root on this host."""
        _done([*self._enter, *command])

    def cut(self) -> None:
        """Pull the cable."""
        self.root("ip", "link", "set", "eth0", "down")

    def mend(self) -> None:
        """Put it back."""
        self.root("ip", "link", "set", "eth0", "up")
        self.root("ip", "route", "replace", "default", "via", self.gateway)

    def cockpit(self, *arguments: str, columns: int = 120, lines: int = 40) -> Terminal:
        """A terminal on this host, in which its person gives a command of cockpit's."""
        become = ["setpriv", "--reuid", str(self._uid), "--regid", str(self._uid), "--clear-groups"]
        python = str(self._folder / "python" / "bin" / _PYTHON)
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "TZ")}
        environ = {
            "LANG": "C.UTF-8", "TERM": "xterm-256color", **kept, "HOME": str(self.home), "COCKPIT_RUNS": str(self.runs),
            "PYTHONPATH": f"{self._folder}/tree:{self._folder}/site",
            "COCKPIT_UNVERIFIED_STORE": "a network of this test alone",  # its server has no TLS
            "LD_LIBRARY_PATH": f"{self._folder}/python/lib",  # its own path to there may lie in another's home
        }  # fmt: skip
        argv = [*self._enter, *become, python, "-P", "-m", "cockpit.cli", *arguments]
        return Terminal(argv, env=environ, columns=columns, lines=lines)

    @property
    def runs(self) -> Path:
        """The folder of runs here."""
        return self.home / "runs"

    def keepers(self) -> list[int]:
        """The keepers that live here."""
        return [pid for pid in self._all() if b"cockpit.keeper" in _words(pid)]

    def lose(self) -> None:
        """Lose the whole host at once: its network first, so that nobody hears of it."""
        self.cut()
        for pid in self._all():
            if pid not in (self._pid, self._holder.pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def _all(self) -> list[int]:
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if os.stat(entry / "ns/uts").st_ino == self._uts:
                    found.append(int(entry.name))
        return found

    def close(self) -> None:
        """End everything here."""
        for pid in self._all():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._holder.wait(60)
        for stream in (self._holder.stdout, self._holder.stderr):
            if stream is not None:
                stream.close()


def _words(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _done(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    if done.returncode:
        raise RuntimeError(f"this kernel gives no host of its own: {' '.join(command)}: {done.stderr.strip()[-200:]}")


class Hosts:
    """Both, and the connection string that both use."""

    def __init__(self, ash: Host, birch: Host, dsn: str) -> None:
        self.ash, self.birch, self.dsn = ash, birch, dsn


def obstacle() -> str:
    """Why there can be no such hosts here, as far as can be seen without trying; empty if there can."""
    if os.geteuid() != 0:
        return "only root can make hosts of namespaces"
    missing = [name for name in ("unshare", "nsenter", "setpriv", "ip", "mount") if shutil.which(name) is None]
    return f"{missing[0]} is not installed" if missing else ""


@contextmanager
def _networks(count: int) -> Iterator[list[int]]:
    """Numbers of networks that nobody else uses: tests beside this one lay cables to the same machine."""
    claims: dict[int, socket.socket] = {}
    try:
        for number in range(1, 255):
            claim = socket.socket(socket.AF_UNIX)
            try:
                claim.bind(f"\0cockpit-tests-network-{number}")  # as addresses are, names are of a network namespace
            except OSError:
                claim.close()
                continue
            claims[number] = claim
            if len(claims) == count:
                break
        yield list(claims)
    finally:
        for claim in claims.values():
            claim.close()


@contextmanager
def two_hosts(server: Any, people: tuple[str, str] = ("ana", "bo")) -> Iterator[Hosts]:
    """`server`: of `tests/systems/replicas.py`, not started yet. Raises RuntimeError where the kernel refuses."""
    folder = Path(tempfile.mkdtemp(prefix="cockpit-hosts-", dir="/tmp"))
    folder.chmod(0o755)
    made: list[Host] = []
    networks = ExitStack()
    try:
        numbers = networks.enter_context(_networks(len(people)))
        for at, (name, person) in enumerate(zip(("ash", "birch"), people, strict=True)):
            made.append(Host(folder, name, person, 40101 + at, numbers[at]))
            made[-1].cable()
        with socket.socket() as free:
            free.bind((made[0].gateway, 0))
            port = free.getsockname()[1]
        with (server.data / "postgresql.conf").open("a") as conf:
            conf.write(f"\nlisten_addresses = '{made[0].gateway}'\nport = {port}\n")
        with (server.data / "pg_hba.conf").open("a") as rules:
            rules.write("host all all 10.213.0.0/16 trust\n")
        server.port = port
        server.start()
        dsn = make_conninfo("", host=made[0].gateway, port=str(port), user="store_ana", dbname="postgres")
        yield Hosts(made[0], made[1], dsn)
    finally:
        for host in made:
            host.close()
        networks.close()
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
