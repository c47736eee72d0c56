"""Forwarded agents, weak and bare keys, what sshd tells, who may write to a terminal."""

from __future__ import annotations

import base64
import os
import struct
from pathlib import Path

import pytest
from msgspec.structs import replace
from signers import needed, run, signers

from cockpit.audit.agent import AgentKey
from cockpit.doctor.findings import Finding, Level
from cockpit.doctor.ssh import agent, keys, people
from cockpit.doctor.ssh.agent import AgentSeen
from cockpit.doctor.ssh.people import Arrival, Terminal
from cockpit.doctor.ssh.weak import weakness
from cockpit.run.events import Actor


def text(*parts: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


ED = AgentKey("ssh-ed25519", text(b"ssh-ed25519", b"k" * 32), "ana@laptop")
SK = AgentKey("sk-ssh-ed25519@openssh.com", text(b"sk-ssh-ed25519@openssh.com", b"k" * 32, b"ssh:"), "token")
RSA_1024 = AgentKey("ssh-rsa", text(b"ssh-rsa", b"\1\0\1", b"\0" + b"\xff" * 128), "old")
RSA_2048 = AgentKey("ssh-rsa", text(b"ssh-rsa", b"\1\0\1", b"\0" + b"\xff" * 256), "new")
DSA = AgentKey("ssh-dss", text(b"ssh-dss", b"p", b"q", b"g", b"y"), "older")
FORWARDED = AgentSeen("/tmp/ssh-x/agent.1", is_ssh=True, listener="sshd", keys=(ED,))


def of_agent(seen: AgentSeen, *, signs: bool = False) -> dict[str, Finding]:
    return {each.id: each for each in agent.judge(seen, signs=signs)}


def test_a_forwarded_agent_is_a_warning_that_says_what_cannot_be_known_and_every_way_to_make_it_less():
    found = of_agent(FORWARDED)["ssh.forwarding"]
    assert found.level is Level.WARNING
    assert found.found == "it is forwarded; it does not tell whether it asks before it uses ana@laptop"
    assert "root of this host" in found.why
    cures = "\n".join(found.cure)
    assert all(each in cures for each in ("ssh-add -c", "ssh-add -h", "ed25519-sk", "ssh -a -J"))


def test_who_has_to_sign_is_not_told_to_come_without_an_agent():
    assert "-J" not in "\n".join(of_agent(FORWARDED, signs=True)["ssh.forwarding"].cure)


@pytest.mark.parametrize("listener", ["sshd", "sshd-session", "dropbear"])
def test_who_listens_tells_a_forwarded_agent(listener: str):
    assert "ssh.forwarding" in of_agent(replace(FORWARDED, listener=listener))


@pytest.mark.parametrize(
    ("seen", "level"),
    [
        (replace(FORWARDED, keys=(SK,)), Level.ADVICE),
        (replace(FORWARDED, keys=(SK, ED)), Level.WARNING),
        (replace(FORWARDED, keys=()), Level.OK),
        (replace(FORWARDED, listener="ssh-agent"), Level.OK),
        (replace(FORWARDED, listener=""), Level.UNKNOWN),
        (replace(FORWARDED, listener="", is_ssh=False), Level.OK),
        (AgentSeen("", is_ssh=True), Level.OK),
        (AgentSeen("/x", is_ssh=True, problem="the SSH agent at /x is gone"), Level.ADVICE),
    ],
    ids=[str(number) for number in range(8)],
)
def test_an_agent_is_judged_by_what_it_is(seen: AgentSeen, level: Level):
    [found] = agent.judge(seen, signs=False)
    assert found.level is level


def test_without_an_agent_a_profile_that_asks_for_signatures_warns():
    assert of_agent(AgentSeen("", is_ssh=True), signs=True)["ssh.agent"].level is Level.WARNING


def test_a_socket_that_others_may_connect_to_is_an_error():
    assert of_agent(replace(FORWARDED, is_open=True))["ssh.agent_open"].level is Level.ERROR


@pytest.mark.parametrize(
    ("key", "weak"),
    [(ED, ""), (SK, ""), (RSA_2048, ""), (RSA_1024, "RSA key of 1024 bits"), (DSA, "DSA")],
    ids=lambda each: each.comment if isinstance(each, AgentKey) else "",
)
def test_a_key_is_weak_by_its_kind_and_length(key: AgentKey, weak: str):
    assert weak in weakness(key)
    assert bool(weakness(key)) is bool(weak)
    assert ("ssh.weak_key" in of_agent(replace(FORWARDED, keys=(key,)))) is bool(weak)


@needed
def test_a_real_agent_of_this_host_is_known_by_who_listens():
    with signers() as it:
        key = it.key("ana")
        own = it.agent(key)
        environ = {"SSH_AUTH_SOCK": str(own.socket), "SSH_CONNECTION": "192.0.2.7 1 192.0.2.1 22"}
        seen = agent.look(environ)
        assert (seen.listener, seen.is_forwarded, seen.is_open) == ("ssh-agent", False, False)
        assert [each.fingerprint for each in seen.keys] == [it.fingerprint(key)]
        own.socket.chmod(0o777)
        own.socket.parent.chmod(0o755)
        assert agent.look(environ).is_open
        own.end()
        [found] = agent.judge(agent.look(environ), signs=True)
        assert (found.level, "is gone" in found.found) == (Level.WARNING, True)


@needed
def test_real_private_keys_are_told_apart_by_their_heads_alone(tmp_path: Path):
    for name, options in {
        "bare": ["-t", "ed25519", "-N", ""],
        "closed": ["-t", "ed25519", "-N", "a passphrase"],
        "bare_pem": ["-t", "rsa", "-b", "1024", "-m", "PEM", "-N", ""],
        "closed_pem": ["-t", "rsa", "-b", "1024", "-m", "PEM", "-N", "a passphrase"],
    }.items():
        run("ssh-keygen", "-q", *options, "-f", str(tmp_path / name))
    tmp_path.chmod(0o700)
    found = {(each.id, Path(each.what).name): each for each in keys.look_at(tmp_path)}
    assert {name for id_, name in found if id_ == "ssh.bare_key"} == {"bare", "bare_pem"}
    assert {name for id_, name in found if id_ == "ssh.weak_key"} == {"bare_pem.pub", "closed_pem.pub"}
    (tmp_path / "closed").chmod(0o640)
    [open_] = [each for each in keys.look_at(tmp_path) if each.level is Level.ERROR]
    assert (Path(open_.what).name, open_.cure) == ("closed", (f"chmod 600 {tmp_path / 'closed'}",))


def test_no_more_than_the_head_of_a_private_key_is_read():
    line = base64.b64encode(b"openssh-key-v1\0" + text(b"none", b"none", b"") + b"x" * 400)
    head = b"-----BEGIN OPENSSH PRIVATE KEY-----\n" + line
    assert keys.is_encrypted(head[: keys._HEAD_BYTES]) is False
    assert keys.is_encrypted(b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n") is None
    assert keys.is_encrypted(b"-----BEGIN OPENSSH PRIVATE KEY-----") is None
    assert keys.is_encrypted(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n") is True
    assert keys._HEAD_BYTES < 200


def test_what_is_in_the_folder_and_no_key_hangs_nothing(tmp_path: Path):
    os.mkfifo(tmp_path / "id_fifo")
    (tmp_path / "agent").symlink_to("/dev/zero")
    (tmp_path / "config").write_text("Host *\n")
    (tmp_path / "config").chmod(0o666)
    found = [each.id for each in keys.look_at(tmp_path) if each.level is Level.ERROR]
    assert "ssh.file" in found
    assert list(keys.look_at(tmp_path / "none")) == []


# ---- who one is ----------------------------------------------------------------------------------------------------

ANA = Actor(user="ana", host="bastion")
CAME = Arrival(
    actor=ANA,
    is_ssh=True,
    multiplexer="",
    has_auth_info=False,
    exposes=False,
    terminal=Terminal("/dev/pts/3", "ana", is_own=True, mode=0o600),
    addresses=(),
)


def of_people(**changes: object) -> dict[str, Finding]:
    return {each.id: each for each in people.judge(replace(CAME, **changes))}


@pytest.mark.parametrize(
    ("changes", "level", "cure"),
    [
        ({}, Level.WARNING, "ExposeAuthInfo yes"),
        ({"exposes": True}, Level.WARNING, "--preserve-env=SSH_USER_AUTH"),
        ({"exposes": None}, Level.WARNING, "ExposeAuthInfo yes"),
        ({"multiplexer": "tmux"}, Level.UNKNOWN, "outside of it"),
        ({"has_auth_info": True}, Level.ADVICE, "log in by a key"),
        ({"actor": replace(ANA, key="SHA256:abc"), "has_auth_info": True}, Level.OK, ""),
        ({"is_ssh": False}, Level.ADVICE, "ExposeAuthInfo yes"),
        ({"is_ssh": False, "exposes": None}, Level.OK, ""),
    ],
    ids=[str(number) for number in range(8)],
)
def test_whether_the_log_can_say_by_which_key_somebody_came(changes: dict[str, object], level: Level, cure: str):
    found = of_people(**changes)["ssh.auth_info"]
    assert found.level is level
    assert cure.replace("ExposeAuthInfo yes", "echo ExposeAuthInfo yes | sudo tee") in "\n".join(found.cure)


@pytest.mark.parametrize(
    ("changes", "level"),
    [
        ({}, Level.OK),
        ({"addresses": None}, Level.UNKNOWN),
        ({"is_shared": True}, Level.ADVICE),
        ({"addresses": ("192.0.2.9",)}, Level.ADVICE),
        ({"actor": Actor(user="root", host="b")}, Level.ADVICE),
        ({"actor": Actor(user="root", host="b", sudo="ana", proven=("sudo",))}, Level.OK),
        ({"actor": Actor(user="root", host="b", sudo="ana")}, Level.ADVICE),
        ({"is_shared": True, "actor": Actor(user="d", host="b", login="ana", proven=("login",))}, Level.OK),
    ],
    ids=[str(number) for number in range(8)],
)
def test_an_account_that_several_may_use_is_told_unless_it_is_proven_who_does(changes: dict[str, object], level: Level):
    assert of_people(**changes)["ssh.account"].level is level


@pytest.mark.parametrize(
    ("terminal", "level"),
    [
        (Terminal("/dev/pts/3", "root", is_own=False, mode=0o620), Level.WARNING),
        (Terminal("/dev/pts/3", "ana", is_own=True, mode=0o622), Level.ERROR),
        (Terminal("/dev/pts/3", "ana", is_own=True, mode=0o620), Level.ADVICE),
        (Terminal("/dev/pts/3", "ana", is_own=True, mode=0o600), Level.OK),
    ],
    ids=["of another", "open", "messages", "own"],
)
def test_who_may_write_to_the_terminal(terminal: Terminal, level: Level):
    assert of_people(terminal=terminal)["ssh.tty"].level is level


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("ExposeAuthInfo yes\n", True),
        ("exposeauthinfo=yes\nExposeAuthInfo no\n", True),
        ("# ExposeAuthInfo yes\n", False),
        ("Include sshd_config.d/*.conf\nExposeAuthInfo no\n", True),
        ("ExposeAuthInfo no\nInclude sshd_config.d/*.conf\n", False),
        ("Match User ana\n  ExposeAuthInfo yes\n", False),
    ],
    ids=[str(number) for number in range(6)],
)
def test_the_first_setting_of_sshd_counts_with_what_it_includes(tmp_path: Path, config: str, said: bool):
    (tmp_path / "sshd_config.d").mkdir()
    (tmp_path / "sshd_config.d" / "50.conf").write_text("ExposeAuthInfo yes\n")
    (tmp_path / "sshd_config").write_text(config)
    assert people.exposes(tmp_path / "sshd_config") is said
    assert people.exposes(tmp_path / "none") is None


def test_a_null_character_in_an_include_of_sshd_is_no_crash(tmp_path: Path) -> None:
    (tmp_path / "sshd_config").write_bytes(b"Include /n\0r*/*\nExposeAuthInfo yes\n")
    assert people.exposes(tmp_path / "sshd_config") is True


def test_from_where_else_this_user_is_logged_in_is_read_from_logind(tmp_path: Path):
    folder = tmp_path / "run/systemd/sessions"
    folder.mkdir(parents=True)
    for number, (uid, host) in enumerate([(os.getuid(), "192.0.2.9"), (os.getuid(), ""), (os.getuid() + 1, "x")]):
        (folder / str(number)).write_text(f"UID={uid}\nREMOTE_HOST={host}\n")
    (folder / "1.ref").write_text("")
    expected = ("192.0.2.9",) if os.geteuid() == 0 else ()  # what others could have written does not count
    assert people.look({}, root=tmp_path).addresses == expected
    assert people.look({}, root=tmp_path / "none").addresses is None
