"""Who sits here, as the system knows it: user, host, who logged in, whose sudo, terminal, client, key.

Nothing here is asked of the person. What only the environment says is claimed, since the person could also have typed
it; what the kernel or root's own records say is named in `Actor.proven` (docs/people.md). Never raises, starts nothing.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from cockpit.run.events import Actor
from cockpit.session import whence
from cockpit.session.login_records import LogindSession, logind_session, utmp_address
from cockpit.session.session_key import session_key
from cockpit.text import shortened

_LIMIT = 64
_ENDS = (0, 1, 2)
"""File descriptors that may be the terminal."""


class Places(Struct, frozen=True):
    """Where the system's own word is read."""

    proc: str = "/proc"
    run: str = "/run"


SYSTEM = Places()


def actor(environ: Mapping[str, str] | None = None, places: Places = SYSTEM) -> Actor:
    """The user of the real uid on this host, with everything that is known of how they came."""
    environ = os.environ if environ is None else environ
    one = account(environ)
    tty = _terminal()
    claims = replace(one, tty=tty, key=session_key(environ), client=_claimed_client(environ), sudo=_sudo_user(environ))
    if not whence.is_among_all_users(places.proc):
        return replace(_told(claims, ("tty",)), via=", ".join(filter(None, (one.via, "in a user namespace"))))
    return _proven(claims, places)


def account(environ: Mapping[str, str] | None = None) -> Actor:
    """User, host and how they came, and nothing else: for what a program does in somebody's name."""
    environ = os.environ if environ is None else environ
    host = shortened(os.uname().nodename, _LIMIT)
    return Actor(user=_name(os.getuid()), host=host, via=_via(_claimed_client(environ), _sudo_user(environ), ""))


def _proven(claims: Actor, places: Places) -> Actor:
    """The claims, with what the system knows in the place of what the environment says."""
    uid, above = os.getuid(), whence.ancestors(places.proc)
    pids = frozenset({os.getpid(), *(process.pid for process in above)})
    session = _own_session(claims.tty, pids, places)
    login, proven = whence.login_uid(places.proc), ["tty"]
    if login == uid:
        login = None
    elif login is not None and (whence.is_among(login, above) or (session is not None and session.uid == login)):
        proven.append("login")
    came = whence.origin(uid, above)
    if came is not None:
        proven.append("sudo")
    client = (session.remote_host if session is not None else "") or utmp_address(claims.tty, pids, places.run)
    if client:
        proven.append("client")
    return _told(
        replace(
            claims,
            login="" if login is None else _name(login),
            sudo=claims.sudo if came is None else _name(came),
            client=client or claims.client,
        ),
        tuple(proven),
    )


def _told(claims: Actor, proven: tuple[str, ...]) -> Actor:
    """The actor with `via` for people, and of `proven` what there is."""
    sudo = "" if claims.sudo == claims.user else claims.sudo
    there = tuple(name for name in ("login", "sudo", "tty", "client") if name in proven and getattr(claims, name))
    return replace(claims, sudo=sudo, via=_via(claims.client, sudo, claims.login), proven=there)


def _own_session(tty: str, pids: frozenset[int], places: Places) -> LogindSession | None:
    """The login that this process is in: below what logged in, or at its terminal.

    In tmux neither holds: it outlives logins, and whoever attached to it may be another and have come from elsewhere.
    """
    session = logind_session(whence.audit_session(places.proc), places.run)
    is_own = session is not None and (session.leader in pids or (tty != "" and session.tty == tty))
    return session if is_own else None


def _terminal() -> str:
    for end in _ENDS:
        try:
            return shortened(os.ttyname(end).removeprefix("/dev/"), _LIMIT)
        except OSError:
            continue
    return ""


def _name(uid: int) -> str:
    try:
        return shortened(pwd.getpwuid(uid).pw_name, _LIMIT)
    except KeyError:  # a container may run as a number without a name
        return str(uid)


def _claimed_client(environ: Mapping[str, str]) -> str:
    client = (environ.get("SSH_CONNECTION") or environ.get("SSH_CLIENT") or "").split()
    return shortened(client[0], _LIMIT) if client else ""


def _sudo_user(environ: Mapping[str, str]) -> str:
    return shortened(environ.get("SUDO_USER", "").strip(), _LIMIT)


def _via(client: str, sudo: str, login: str) -> str:
    ways = [f"ssh {client}"] if client else []
    if sudo:
        ways.append(f"sudo by {sudo}")
    if login and login != sudo:
        ways.append(f"logged in as {login}")
    return ", ".join(ways)
