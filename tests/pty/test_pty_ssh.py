"""A real OpenSSH server: a session dies in the middle of a command, another one comes back and goes on watching."""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from crash.crash_figures import tell
from seated import Night, night, until
from terminal import Terminal

from cockpit.run.commands import ConfirmStep, SkipStep
from cockpit.run.events import (
    ActionEnded,
    ActionRequested,
    ActionStarted,
    OperatorAttached,
    OperatorDetached,
    StepDue,
    WaitCompleted,
)
from cockpit.session.identity import actor
from cockpit.session.outcomes import Done
from cockpit.session.seat import Seat

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/user_key.pub
PidFile {folder}/sshd.pid
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
StrictModes no
AcceptEnv COCKPIT_RUNS
SetEnv PATH={path}
"""
PHASES = """
[[phases]]
id = "one"
title = "One"
[[phases.steps]]
id = "long"
title = "A long one"
kind = "command"
argv = ["sh", "{folder}/work.sh"]
timeout = "2m"
"""
COUNTING = """
[[phases]]
id = "one"
title = "One"
[[phases.steps]]
id = "stuck"
title = "One that hangs"
kind = "command"
argv = ["sleep", "600"]
timeout = "1s"
[[phases.steps]]
id = "rest"
title = "A rest"
kind = "wait"
duration = "1s"
[[phases.steps]]
id = "look"
title = "A look"
kind = "checkpoint"
since = "rest"
delay = "1s"
"""
WORK = """
echo begun
until test -e '{folder}/enough'; do sleep 0.05; done
echo half
until test -e '{folder}/enough for all'; do sleep 0.05; done
echo over
echo x >> '{folder}/effects'
"""


class Server:
    """sshd on a port of its own, with keys of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700)
        for name in ("host_key", "user_key"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        (folder / "config").write_text(CONFIG.format(folder=folder, port=self.port, path=os.environ["PATH"]))
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        self._log = (folder / "log").open("wb")
        argv = [str(SSHD), "-D", "-e", "-f", str(folder / "config")]
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log)

    def wait(self) -> None:
        """Return once it listens; skip the test where it does not start."""

        def listens() -> bool:
            if self.process.poll() is not None:
                pytest.skip(f"sshd does not start here: {(self.folder / 'log').read_text()[-300:]}")
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return True
            return False

        until(listens, "a listening sshd")

    def session(self, it: Night) -> Terminal:
        """Resume the run in a session with a terminal."""
        # sshd gives a session none of the tests' own folders, in which this person's notes are
        own = [f"{name}={os.environ[name]}" for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME")]
        words = ["env", f"COCKPIT_RUNS={it.folder / 'runs'}", *own, *it.argv()]
        remote = " ".join(shlex.quote(word) for word in words)
        key, hosts = self.folder / "user_key", self.folder / "known_hosts"
        options = ["-F", "none", "-i", str(key), "-o", f"UserKnownHostsFile={hosts}", "-o", "StrictHostKeyChecking=no"]
        options += ["-o", "IdentitiesOnly=yes", "-o", "LogLevel=ERROR", "-p", str(self.port)]
        return Terminal(
            ["ssh", "-tt", *options, f"{getpass.getuser()}@127.0.0.1", remote], env=it.environ(), columns=80, lines=24
        )

    def children(self) -> list[psutil.Process]:
        """What serves sessions, oldest first: never the listening one, never what runs in a session."""
        found = list[psutil.Process]()
        for each in psutil.Process(self.process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # it ended while we looked
                if each.name().startswith("sshd"):
                    found.append(each)
        return found

    def kill_sessions(self) -> None:
        """Kill what serves them, but for what ends by itself when another of them does."""
        for each in self.children():
            with suppress(psutil.NoSuchProcess):
                each.kill()

    def close(self) -> None:
        self.kill_sessions()
        self.process.kill()
        self.process.wait(60)
        self._log.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    if SSHD is None or shutil.which("ssh") is None:
        pytest.skip("there is no OpenSSH server here (Debian: openssh-server, openssh-client)")
    server = Server(tmp_path / "ssh")
    try:
        server.wait()
        yield server
    finally:
        server.close()


def seat_pids(it: Night) -> list[int]:
    """Processes that show the run."""
    line = [*it.argv()[1:]]
    return [each.pid for each in psutil.process_iter(["cmdline"]) if (each.info["cmdline"] or [])[1:] == line]


def has_ended(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize("killed", ["server's side", "client"])
def test_a_session_that_dies_in_the_middle_of_a_command_is_resumed_by_another(
    server: Server, tmp_path: Path, killed: str
) -> None:
    (tmp_path / "work.sh").write_text(WORK.format(folder=tmp_path))
    with night(tmp_path / "night", PHASES.format(folder=tmp_path)) as it:
        with server.session(it) as first:
            first.wait_for("watching \\(epoch 1")
            first.send("r")
            first.wait_for("begun")
            (screen,) = seat_pids(it)
            via = [event.actor.via for event in it.events() if isinstance(event.body, OperatorAttached)]
            assert via[-1].startswith("ssh 127.0.0.1"), via
            if killed == "client":
                first.kill()
            else:
                server.kill_sessions()
            took = until(lambda: has_ended(screen), "the end of the screen")
            left = it.bodies(OperatorDetached)[-1].reason
            print(f"{killed} killed: the screen was gone after {took:.2f} s: {left}")
        assert left == "the terminal went away (SIGHUP)"
        assert it.bodies(ActionEnded) == [], "the command goes on"
        keeper = it.keeper_pid()
        with server.session(it) as second:
            second.wait_for("begun")
            (tmp_path / "enough").touch()
            second.wait_for("half")
            (tmp_path / "enough for all").touch()
            second.wait_for("over")
            until(lambda: it.bodies(ActionEnded), "the command's end")
            second.wait_for("c confirm")
            assert "DIFFERS" not in second.text
            second.send("c")
            until(lambda: it.state.steps["long"].status == "confirmed", "a confirmation")
            second.send("q")
            assert second.wait_for_exit() == 0
        assert it.keeper_pid() == keeper, "it is the same keeper still"
        assert [body.outcome for body in it.bodies(ActionEnded)] == ["succeeded"]
        assert len(it.bodies(ActionRequested)) == 1
        assert (tmp_path / "effects").read_text() == "x\n"
        tell(f"an SSH session killed in the middle of a command, by the {killed}", 1, done=1, twice=0)


def test_deadlines_waits_and_checkpoints_go_on_counting_while_nobody_is_there(server: Server, tmp_path: Path) -> None:
    with night(tmp_path / "night", COUNTING) as it:
        with server.session(it) as session:
            session.wait_for("watching \\(epoch 1")
            session.send("r")
            until(lambda: it.bodies(ActionStarted), "a command under way")
            (screen,) = seat_pids(it)
            session.kill()
            until(lambda: has_ended(screen), "the end of the screen")
        until(lambda: it.bodies(ActionEnded), "the command's deadline")
        assert [body.outcome for body in it.bodies(ActionEnded)] == ["timed_out"]
        by_another_seat(it, SkipStep, reason="it hangs")
        until(lambda: it.bodies(WaitCompleted), "the end of the wait")
        by_another_seat(it, ConfirmStep)
        until(lambda: it.bodies(StepDue), "the checkpoint's time")
        with server.session(it) as session:
            session.wait_for(r"▶ 1\.3 A look")
            session.send("q")
            assert session.wait_for_exit() == 0


def by_another_seat(it: Night, kind: type[ConfirmStep] | type[SkipStep], **fields: str) -> None:
    """Decide on the step at the cursor, without a screen."""
    seat = Seat.open(it.run_dir, actor())
    try:
        cursor = seat.view.state.cursor
        assert cursor is not None
        outcome = seat.submit(seat.command(kind, step=cursor.step, painted_seq=cursor.opened_seq, **fields))
        assert isinstance(outcome, Done), outcome
    finally:
        seat.close()
