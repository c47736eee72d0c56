"""Who sits here, as a /proc, a logind, a utmp and a file of sshd's tell it that a test wrote."""

from __future__ import annotations

import os
import platform
import pwd
import socket
import struct
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from looks import HANGS_S

from cockpit.run.people import name_of, same_person
from cockpit.session import whence
from cockpit.session.identity import Places, account, actor
from cockpit.session.login_records import logind_session, utmp_address
from cockpit.session.session_key import session_key
from cockpit.text import visible

ME = pwd.getpwuid(os.getuid()).pw_name
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="the records of logins count only if they are root's")


class Host:
    """A /proc and a /run in a folder."""

    def __init__(self, folder: Path) -> None:
        self.proc, self.run = folder / "proc", folder / "run"
        (self.run / "systemd" / "sessions").mkdir(parents=True)
        (self.proc / "self").mkdir(parents=True)
        self.says("loginuid", "4294967295")
        self.says("sessionid", "4294967295")
        self.says("uid_map", "         0          0 4294967295\n")

    def says(self, name: str, text: str) -> None:
        (self.proc / "self" / name).write_text(text)

    def above(self, *processes: tuple[str, int, int]) -> None:
        """This process below those of (name, real uid, effective uid), the nearest first."""
        pids = [os.getpid(), *range(900, 900 + len(processes))]
        everyone = [("cockpit", os.getuid(), os.getuid()), *processes]
        for place, (name, real, effective) in enumerate(everyone):
            parent = pids[place + 1] if place + 1 < len(pids) else 1
            status = f"Name:\t{name}\nState:\tS\nPPid:\t{parent}\nUid:\t{real}\t{effective}\t0\t0\nGid:\t0\n"
            (self.proc / str(pids[place])).mkdir(exist_ok=True)
            (self.proc / str(pids[place]) / "status").write_text(status)

    def session(self, number: int, **fields: object) -> None:
        self.says("sessionid", str(number))
        lines = ["# This is private data. Do not parse.", *(f"{name}={value}" for name, value in fields.items())]
        (self.run / "systemd" / "sessions" / str(number)).write_text("\n".join(lines) + "\n")

    @property
    def places(self) -> Places:
        return Places(proc=str(self.proc), run=str(self.run))


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process of user 7001, which has no name, without a terminal."""
    monkeypatch.setattr(os, "getuid", lambda: 7001)
    monkeypatch.setattr(os, "ttyname", _no_terminal)


def _no_terminal(end: int) -> str:
    raise OSError


# ---- who it is ---------------------------------------------------------------------------------------------------


def test_the_actor_is_the_user_of_the_process_on_this_host(host: Host) -> None:
    who = actor({"USER": "somebody-else", "LOGNAME": "somebody-else"}, host.places)
    assert (who.user, who.host, who.via) == (ME, os.uname().nodename, "")


@pytest.mark.usefixtures("away")
def test_a_user_without_a_name_is_a_number(host: Host) -> None:
    assert actor({}, host.places).user == "7001"


@pytest.mark.usefixtures("away")
def test_what_only_the_environment_says_is_claimed(host: Host) -> None:
    environ = {"SSH_CONNECTION": "192.0.2.7 50311 198.51.100.2 22", "SUDO_USER": "ana"}
    who = actor(environ, host.places)
    assert (who.client, who.sudo, who.via, who.proven) == ("192.0.2.7", "ana", "ssh 192.0.2.7, sudo by ana", ())
    assert name_of(who) == "7001"
    assert actor({"SSH_CLIENT": "2001:db8::7 50311 22"}, host.places).via == "ssh 2001:db8::7"
    assert account(environ) == account(environ).__class__("7001", who.host, "ssh 192.0.2.7, sudo by ana")


@pytest.mark.usefixtures("away")
def test_a_hostile_environment_is_shown_and_does_nothing(host: Host) -> None:
    assert actor({"SUDO_USER": "\x1b[31mroot\n"}, host.places).sudo == "␛[31mroot"
    assert len(actor({"SSH_CLIENT": "x" * 10_000}, host.places).via) < 80


@pytest.mark.usefixtures("away")
def test_sudo_is_proven_by_the_process_that_gave_the_command(host: Host) -> None:
    host.above(("bash", 7001, 7001), ("sudo", 0, 0), ("sudo", 0, 0), ("bash", 7002, 7002), ("sshd", 7002, 7002))
    for claim in ({}, {"SUDO_USER": "carl"}, {"SUDO_USER": "7002"}):
        who = actor(claim, host.places)
        assert (who.sudo, who.proven, name_of(who), who.via) == ("7002", ("sudo",), "7002", "sudo by 7002")


@pytest.mark.usefixtures("away")
@pytest.mark.parametrize(
    "above",
    [
        (("su", 7002, 0), ("bash", 7002, 7002)),  # su keeps the real uid of who gave the command
        (("su", 0, 0), ("bash", 0, 0), ("sudo", 0, 0), ("zsh", 7002, 7002)),
        (("sudo", 0, 0), ("bash", 7003, 7003), ("sudo", 0, 0), ("bash", 7002, 7002)),  # in two turns
    ],
)
def test_who_it_was_at_first_counts(host: Host, above: tuple[tuple[str, int, int], ...]) -> None:
    host.above(*above)
    assert actor({"SUDO_USER": "7003"}, host.places).sudo == "7002"


@pytest.mark.usefixtures("away")
@pytest.mark.parametrize(
    "above",
    [
        (("bash", 7002, 7002),),  # nobody who asked stands between
        (("sudo", 7002, 7002), ("bash", 7002, 7002)),  # any program of theirs, called so
        (("login", 0, 0), ("ttyd", 7002, 7002)),  # a service in which people log in
        (("sudo", 0, 0), ("sshd", 0, 0)),
        (("sudo", 0, 0), ("bash", 7001, 7001)),
        (),
    ],
)
def test_where_no_sudo_of_roots_is_seen_nothing_is_proven(host: Host, above: tuple[tuple[str, int, int], ...]) -> None:
    host.above(*above)
    who = actor({"SUDO_USER": "7002"}, host.places)
    assert (who.sudo, who.proven) == ("7002", ())


@pytest.mark.usefixtures("away")
def test_a_login_uid_is_proven_by_a_process_of_that_user_above(host: Host) -> None:
    host.says("loginuid", "7002")
    host.above(("tmux: server", 7001, 7001))
    who = actor({}, host.places)
    assert (who.login, who.proven, name_of(who)) == ("7002", (), "7001")  # a process without one may set its own
    host.above(("bash", 7001, 7001), ("bash", 7002, 7002))
    who = actor({}, host.places)
    assert (who.login, who.proven, name_of(who), who.via) == ("7002", ("login",), "7002", "logged in as 7002")


@needs_root
@pytest.mark.usefixtures("away")
def test_a_login_uid_is_proven_by_logind_below_what_logged_in(host: Host) -> None:
    host.says("loginuid", "7002")
    host.above(("bash", 7001, 7001), ("sshd", 0, 0))
    host.session(5, UID=7002, AUDIT=5, LEADER=901)
    assert actor({}, host.places).proven == ("login",)
    host.session(5, UID=7003, AUDIT=5, LEADER=901)
    assert actor({}, host.places).proven == ()
    # In a tmux of the account, which ana began, and to which bo attached:
    host.session(5, UID=7002, AUDIT=5, LEADER=950)
    host.above(("bash", 7001, 7001), ("tmux: server", 7001, 7001))
    who = actor({}, host.places)
    assert (who.login, who.proven) == ("7002", ())


@pytest.mark.usefixtures("away")
def test_root_who_logged_in_is_not_proven_by_the_systems_own_processes(host: Host) -> None:
    host.says("loginuid", "0")
    host.above(("bash", 7001, 7001), ("sudo", 0, 0), ("bash", 0, 0), ("sshd", 0, 0))
    who = actor({"SUDO_USER": "root"}, host.places)
    assert (who.login, who.sudo, who.proven) == ("root", "root", ())


@pytest.mark.usefixtures("away")
def test_who_logged_in_as_themselves_is_not_told_twice(host: Host) -> None:
    host.says("loginuid", "7001")
    host.above(("bash", 7001, 7001))
    assert actor({"SUDO_USER": "7001"}, host.places) == account({})


@pytest.mark.usefixtures("away")
def test_in_a_user_namespace_anybody_can_be_anybody(host: Host) -> None:
    host.says("uid_map", "      7001       1000          1\n")
    host.says("loginuid", "7002")
    host.above(("sudo", 0, 0), ("bash", 7002, 7002))
    who = actor({}, host.places)
    assert (who.login, who.sudo, who.proven, who.via) == ("", "", (), "in a user namespace")


@given(st.dictionaries(st.sampled_from(("SSH_CONNECTION", "SSH_CLIENT", "SUDO_USER", "SSH_USER_AUTH")), st.text()))
def test_whatever_the_environment_says_nothing_is_raised_and_nothing_acts(environ: dict[str, str]) -> None:
    for who in (actor(environ), account(environ)):
        for told in (who.via, who.client, who.sudo, who.key):
            assert visible(told) == told
            assert len(told) <= 200


# ---- from where --------------------------------------------------------------------------------------------------


def test_the_terminal_is_that_of_the_process(host: Host) -> None:
    leader, follower = os.openpty()
    kept = os.dup(0)
    try:
        os.dup2(follower, 0)
        who = actor({}, host.places)
        assert (who.tty, who.proven) == (os.ttyname(follower).removeprefix("/dev/"), ("tty",))
    finally:
        os.dup2(kept, 0)
        for end in (leader, follower, kept):
            os.close(end)


@needs_root
@pytest.mark.usefixtures("away")
def test_the_client_is_proven_by_logind_below_what_logged_in(host: Host) -> None:
    host.session(5, UID=7001, AUDIT=5, REMOTE_HOST="192.0.2.7", LEADER=901, REMOTE=1)
    environ = {"SSH_CONNECTION": "10.0.0.1 50311 198.51.100.2 22"}
    host.above(("tmux: server", 7001, 7001))
    assert (actor(environ, host.places).client, actor(environ, host.places).proven) == ("10.0.0.1", ())
    host.above(("bash", 7001, 7001), ("sshd", 0, 0))
    for claim in (environ, {}):  # sudo takes the variable away
        who = actor(claim, host.places)
        assert (who.client, who.proven, who.via) == ("192.0.2.7", ("client",), "ssh 192.0.2.7")


def test_a_record_that_somebody_else_may_have_written_does_not_count(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.session(5, UID=7001, AUDIT=5, REMOTE_HOST="192.0.2.7", LEADER=1)
    path = host.run / "systemd" / "sessions" / "5"
    if os.geteuid() == 0:
        assert logind_session(5, str(host.run)) is not None
        path.chmod(0o666)
        assert logind_session(5, str(host.run)) is None
        path.chmod(0o644)
        os.chown(path, 7001, -1)
    assert logind_session(5, str(host.run)) is None


@needs_root
@pytest.mark.parametrize("text", ["", "UID=x\n", "UID\n", "UID=1\nAUDIT=6\n", "\0" * 5000, "LEADER=1\n"])
def test_a_session_file_that_says_nothing_says_nothing(host: Host, text: str) -> None:
    (host.run / "systemd" / "sessions" / "5").write_text(text)
    assert logind_session(5, str(host.run)) is None
    assert logind_session(6, str(host.run)) is None
    assert logind_session(None, str(host.run)) is None


@needs_root
@pytest.mark.skipif(platform.machine() != "x86_64", reason="the record's layout here is x86-64's")
def test_the_client_is_proven_by_the_address_in_utmp_and_not_by_a_name(host: Host) -> None:
    def record(kind: int, pid: int, line: str, name: bytes, address: bytes) -> bytes:
        form = "<hxxi32s4s32s256shhiii16s20x"
        return struct.pack(form, kind, pid, line.encode(), b"", b"ana", name, 0, 0, 0, 0, 0, address)

    v4 = socket.inet_aton("192.0.2.7") + bytes(12)
    v6 = socket.inet_pton(socket.AF_INET6, "2001:db8::7")
    rows = [record(8, 1, "pts/3", b"", v4), record(7, 1, "pts/4", b"forged by utempter", bytes(16))]
    (host.run / "utmp").write_bytes(
        b"".join([*rows, record(7, 901, "pts/5", b"", v4), record(7, 902, "pts/6", b"", v6)])
    )
    pids = frozenset({901, 902, 1})
    known = {tty: utmp_address(tty, pids, str(host.run)) for tty in ("pts/3", "pts/4", "pts/5", "pts/6", "pts/7", "")}
    assert known == {"pts/3": "", "pts/4": "", "pts/5": "192.0.2.7", "pts/6": "2001:db8::7", "pts/7": "", "": ""}
    assert utmp_address("pts/5", frozenset({4}), str(host.run)) == ""  # left over from somebody's login
    (host.run / "utmp").write_bytes(b"x" * 1000)
    assert utmp_address("pts/5", pids, str(host.run)) == ""


# ---- the key -----------------------------------------------------------------------------------------------------


def keygen(*arguments: str) -> str:
    return subprocess.run(["ssh-keygen", *arguments], check=True, capture_output=True, text=True, timeout=30).stdout


@pytest.mark.parametrize("kind", ["ed25519", "rsa", "ecdsa"])
def test_the_fingerprint_is_the_one_that_ssh_keygen_prints_of_keys_and_certificates(tmp_path: Path, kind: str) -> None:
    keygen("-q", "-t", kind, "-N", "", "-f", str(tmp_path / "key"))
    keygen("-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "authority"))
    keygen("-q", "-s", str(tmp_path / "authority"), "-I", "ana", "-n", "ana", str(tmp_path / "key.pub"))
    for name in ("key.pub", "key-cert.pub"):
        shown = keygen("-l", "-f", str(tmp_path / name)).split()[1]
        words = (tmp_path / name).read_text().split()
        noted = tmp_path / f"noted-{name}"
        noted.write_text(f"password\npublickey {words[0]} {words[1]}\n")
        assert session_key({"SSH_USER_AUTH": str(noted)}) == shown
    assert (
        keygen("-l", "-f", str(tmp_path / "key-cert.pub")).split()[1]
        == keygen("-l", "-f", str(tmp_path / "key.pub")).split()[1]
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"password\n",
        b"publickey ssh-ed25519\n",
        b"publickey ssh-ed25519 AAAA\n",
        b"publickey ssh-ed25519 ====\n",
        b"publickey ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
        b"publickey evil-cert-v01@openssh.com AAAAGWV2aWwtY2VydC12MDFAb3BlbnNzaC5jb20AAAAA\n",
        b"\xff\xfe" * 1000,
        b"publickey " * 20_000,
        b"publickey ssh-ed25519 " + b"A" * 100_000,
    ],
)
def test_a_file_that_holds_no_key_gives_none(tmp_path: Path, content: bytes) -> None:
    noted = tmp_path / "noted"
    noted.write_bytes(content)
    assert session_key({"SSH_USER_AUTH": str(noted)}) == ""


def test_what_is_no_file_gives_no_key_and_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    line = socket.socket(socket.AF_UNIX)
    line.bind(str(tmp_path / "socket"))
    began = time.monotonic()
    for path in ("pipe", "link", "socket", "gone", ".", "\0"):
        assert session_key({"SSH_USER_AUTH": str(tmp_path) + "/" + path}) == ""
    assert session_key({"SSH_USER_AUTH": "/dev/zero"}) == session_key({"SSH_USER_AUTH": "relative"}) == ""
    assert time.monotonic() - began < HANGS_S
    line.close()


# ---- the real thing ----------------------------------------------------------------------------------------------


def test_it_starts_no_process_and_asks_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is found out before the first paint."""

    def never(*_: object, **__: object) -> None:
        raise AssertionError("this may take long")

    for owner, name in ((subprocess, "Popen"), (os, "fork"), (os, "posix_spawn"), (socket.socket, "connect")):
        monkeypatch.setattr(owner, name, never)
    assert actor().user


def test_the_processes_above_are_those_that_the_kernel_tells() -> None:
    above = whence.ancestors()
    assert above[0].pid == os.getppid()
    assert all(process.real >= 0 for process in above)
    assert same_person(actor(), actor())
