"""The SSH agent: whether it is a forwarded one, what root of this host could do with it, and how to make that less.

Whether an agent asks before a key is used (`ssh-add -c`), or for which hosts it may be used (`ssh-add -h`), the agent's
protocol does not tell (draft-ietf-sshm-ssh-agent, 3.2 and 3.5): so that is said to be unknown, for every key that wants
no touch. Who listens on the socket the kernel tells (SO_PEERCRED, unix(7)). The agent is asked for its keys, and signs
nothing.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator, Mapping
from contextlib import suppress

from msgspec import Struct

from cockpit.audit.agent import AgentKey, agent_keys
from cockpit.doctor.findings import Finding, advice, error, ok, quoted, unknown, warning
from cockpit.doctor.ssh.weak import weakness
from cockpit.errors import SigningError
from cockpit.text import counted, shortened

TIMEOUT_S = 1.0
_SERVERS = ("sshd", "sshd-session", "sshd-auth", "dropbear")
_CREDENTIALS = struct.Struct("iII")
_LISTED = 4


class AgentSeen(Struct, frozen=True):
    """What stands behind SSH_AUTH_SOCK."""

    socket: str
    """Empty: the variable is not set."""
    is_ssh: bool
    """This shell came by SSH."""
    listener: str = ""
    """Name of the process that listens there; empty: it cannot be told."""
    keys: tuple[AgentKey, ...] = ()
    problem: str = ""
    """Why it does not tell its keys."""
    is_open: bool = False
    """Others than this user may connect to it, by its mode."""

    @property
    def is_forwarded(self) -> bool | None:
        """Whether the keys are on another machine; None: that cannot be told."""
        if self.listener:
            return self.listener in _SERVERS
        return None if self.is_ssh else False


def look(environ: Mapping[str, str], timeout_s: float = TIMEOUT_S) -> AgentSeen:
    """Ask the agent for its keys. Never raises."""
    path = environ.get("SSH_AUTH_SOCK", "")
    is_ssh = bool(environ.get("SSH_CONNECTION") or environ.get("SSH_CLIENT"))
    if not path:
        return AgentSeen("", is_ssh)
    keys: tuple[AgentKey, ...] = ()
    problem = ""
    try:
        keys = agent_keys(environ, timeout_s)
    except SigningError as failed:
        problem = failed.message
    return AgentSeen(path, is_ssh, _listener(path), keys, problem, _is_open(path))


def judge(agent: AgentSeen, *, signs: bool) -> Iterator[Finding]:
    """`signs`: the profile wants signatures, so an agent is needed."""
    what = "SSH agent"
    if not agent.socket:
        if signs:
            why = "nothing can be signed, and this profile asks for it"
            yield warning("ssh.agent", what, "there is none here", why, "ssh -A THIS_HOST    # or: eval $(ssh-agent)")
        else:
            yield ok("ssh.agent", what, "there is none, so no key of yours can be used from here")
        return
    if agent.is_open:
        why = "other users of this host can use your keys"
        yield error(
            "ssh.agent_open",
            what,
            f"its socket {agent.socket} is open to others",
            why,
            f"chmod 600 {quoted(agent.socket)}",
        )
    if agent.problem:
        cure = "unset SSH_AUTH_SOCK    # or log in again; in tmux: eval $(tmux show-env -s SSH_AUTH_SOCK)"
        yield (warning if signs else advice)("ssh.agent", what, agent.problem, "it is of no use like that", cure)
        return
    yield from _of_forwarding(agent, signs=signs)
    for key in agent.keys:
        if weak := weakness(key):
            name = shortened(key.comment, 40) or key.fingerprint[:20]
            yield warning("ssh.weak_key", f"key {name}", weak, "it can be broken", "ssh-keygen -t ed25519")


def _of_forwarding(agent: AgentSeen, *, signs: bool) -> Iterator[Finding]:
    what, count = "SSH agent", counted(len(agent.keys), "key")
    if agent.is_forwarded is None:
        found = f"it has {count}; whether it is forwarded cannot be seen"
        yield unknown("ssh.agent", what, found, "root of this host could use a forwarded one", "ssh-add -l")
    elif not agent.is_forwarded:
        found = f"it runs here ({agent.listener or 'not by SSH'}), with {count}"
        yield ok("ssh.agent", what, found)
    elif not agent.keys:
        yield ok("ssh.agent", what, "it is forwarded, and has no key or is locked")
    elif all(key.is_hardware for key in agent.keys):
        found = f"it is forwarded, with {count}, all on tokens"
        why = "a touch is wanted for each use, unless the key was made with no-touch-required"
        yield advice("ssh.forwarding", what, found, why, "# touch your token only when you asked for it")
    else:
        yield _of_unconfirmed(agent, signs=signs)


def _of_unconfirmed(agent: AgentSeen, *, signs: bool) -> Finding:
    soft = [key for key in agent.keys if not key.is_hardware]
    names = ", ".join(shortened(key.comment, 30) or key.fingerprint[:20] for key in soft[:_LISTED])
    more = f" and {len(soft) - _LISTED} more" if len(soft) > _LISTED else ""
    found = f"it is forwarded; it does not tell whether it asks before it uses {names}{more}"
    why = "root of this host can use these keys, on every host that takes them, for as long as you are logged in"
    cures = [
        "ssh-add -D && ssh-add -c KEY              # on your own machine: it asks each time",
        "ssh-add -h THIS_HOST KEY                  # or: of use here alone (OpenSSH 8.9)",
        "ssh-keygen -t ed25519-sk                  # or: a key that wants a touch",
    ]
    if not signs:
        cures.append("ssh -a -J THIS_HOST TARGET                # or no agent here: jump through it")
    return warning("ssh.forwarding", "SSH agent", found, why, *cures)


def _listener(path: str) -> str:
    """Who called listen(2) there; it may have ended since, or not be ours to see."""
    with suppress(OSError, ValueError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(TIMEOUT_S)
        line.connect(path)
        told = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        pid = _CREDENTIALS.unpack(told)[0]
        if pid > 0:
            with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
                return file.read(64).strip()
    return ""


def _is_open(path: str) -> bool:
    """Connecting takes the right to write to the socket, and to get to it (unix(7))."""
    try:
        socket_mode, folder_mode = os.stat(path).st_mode, os.stat(os.path.dirname(path) or ".").st_mode
    except (OSError, ValueError):
        return False
    return bool(socket_mode & 0o002 and folder_mode & 0o001) or bool(socket_mode & 0o020 and folder_mode & 0o010)
