"""Who the log will say that one is, and how sshd, tmux and sudo stand in the way of its saying more.

Invariant: `docs/people.md` says what is proven by what; here it is only looked whether it is there.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from glob import glob
from pathlib import Path

from msgspec import Struct

from cockpit.audit.people import user_name
from cockpit.doctor.findings import Finding, advice, error, ok, quoted, unknown, warning
from cockpit.patterns import late
from cockpit.run.events import Actor
from cockpit.session.identity import actor
from cockpit.session.login_records import logind_session

_CONFIG_BYTES = 256 * 1024
_EXPOSING = late(r"^\s*ExposeAuthInfo\s*[\s=]\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_INCLUDING = late(r"^\s*Include\s+(.+)$", re.IGNORECASE)


class Terminal(Struct, frozen=True):
    """The device that one's terminal is."""

    name: str
    """`/dev/pts/3`."""
    owner: str
    is_own: bool
    mode: int


class Arrival(Struct, frozen=True):
    """How one came here."""

    actor: Actor
    is_ssh: bool
    multiplexer: str
    """`tmux` or `screen` that stands between; empty: none."""
    has_auth_info: bool
    """SSH_USER_AUTH is set: sshd told by which key one came."""
    exposes: bool | None
    """`ExposeAuthInfo` in sshd_config; None: it cannot be read, or does not say."""
    terminal: Terminal | None
    addresses: tuple[str, ...] | None
    """From where else this user is logged in now; None: nothing tells (no logind)."""
    is_shared: bool = False
    """The profile says that several people use this account."""


def look(environ: Mapping[str, str], *, is_shared: bool = False, root: Path = Path("/")) -> Arrival:
    """Never raises."""
    who = actor(environ)
    return Arrival(
        actor=who,
        is_ssh=bool(environ.get("SSH_CONNECTION") or environ.get("SSH_CLIENT")),
        multiplexer="tmux" if environ.get("TMUX") else "screen" if environ.get("STY") else "",
        has_auth_info=bool(environ.get("SSH_USER_AUTH")),
        exposes=exposes(root / "etc/ssh/sshd_config"),
        terminal=_terminal(),
        addresses=_addresses(root, who.client),
        is_shared=is_shared,
    )


def judge(arrival: Arrival) -> Iterator[Finding]:
    """What of it the log will not be able to say, and who could write to the terminal."""
    yield _of_auth_info(arrival)
    yield from _of_account(arrival)
    if arrival.terminal is not None:
        yield _of_terminal(arrival.terminal)


def _of_auth_info(arrival: Arrival) -> Finding:
    what, why = "ExposeAuthInfo", "the log cannot say by which key you came"
    add = (
        "echo ExposeAuthInfo yes | sudo tee /etc/ssh/sshd_config.d/50-cockpit.conf",
        "sudo systemctl reload ssh    # sshd on some hosts",
        "# where sshd_config includes no such folder: the same line at its beginning",
    )
    if arrival.actor.key:
        return ok("ssh.auth_info", what, f"sshd told the key of this session, {arrival.actor.key[:20]}…")
    if arrival.has_auth_info:
        return advice("ssh.auth_info", what, "SSH_USER_AUTH names no file with a key in it", why, "# log in by a key")
    if not arrival.is_ssh and not arrival.multiplexer:
        if arrival.exposes is False:
            return advice("ssh.auth_info", what, "it is off in sshd_config", why, *add)
        return ok("ssh.auth_info", what, "this is no SSH session")
    if arrival.multiplexer:
        told = f"{arrival.multiplexer} hides what sshd told"
        return unknown("ssh.auth_info", what, told, why, "# start cockpit outside of it, or sign: docs/people.md")
    if arrival.exposes:
        cure = "sudo --preserve-env=SSH_USER_AUTH cockpit …    # or log in again, once sshd was reloaded"
        return warning("ssh.auth_info", what, "it is on, and SSH_USER_AUTH is not set here", why, cure)
    return warning("ssh.auth_info", what, "sshd tells no key of this session", why, *add)


def _of_account(arrival: Arrival) -> Iterator[Finding]:
    who, what = arrival.actor, f"account {arrival.actor.user}"
    known = [name for name in ("login", "sudo") if name in who.proven]
    is_of_several = arrival.is_shared or bool(arrival.addresses) or who.user == "root"
    if known:
        person = who.login if "login" in known else who.sudo
        yield ok("ssh.account", what, f"the system knows that it is {person} who uses it")
    elif is_of_several:
        reason = "the profile shares it" if arrival.is_shared else "several may use it"
        if arrival.addresses:
            reason = f"it is also logged in from {', '.join(arrival.addresses[:3])}"
        why = "two on one account count as one person for approvals, unless each proves a name"
        cure = f"# log in as yourself, then: sudo -u {who.user} -i"
        shared = "# or in the profile: shared_accounts and allowed_signers (docs/people.md)"
        yield advice("ssh.account", what, reason, why, cure, shared)
    elif arrival.addresses is None:
        yield unknown("ssh.account", what, "whether somebody else uses it, too, cannot be seen", "", "who")
    else:
        yield ok("ssh.account", what, "nobody else is logged in to it")


def _of_terminal(terminal: Terminal) -> Finding:
    what = f"terminal {terminal.name}"
    if not terminal.is_own:
        why = "its owner can read your keys and write on your screen"
        return warning("ssh.tty", what, f"it belongs to {terminal.owner}", why, "# log in as this user, not by su")
    if terminal.mode & 0o006:
        why = "everybody here may write to your screen, or read your keys"
        return error("ssh.tty", what, f"mode {terminal.mode:04o}", why, f"chmod 600 {quoted(terminal.name)}")
    if terminal.mode & 0o020:
        why = "messages of others land on the screen in the middle of a run"
        return advice("ssh.tty", what, "write(1) and wall(1) may write to it", why, "mesg n")
    return ok("ssh.tty", what, f"yours alone (mode {terminal.mode:04o})")


def exposes(config: Path) -> bool | None:
    """The first `ExposeAuthInfo` counts (sshd_config(5)); what stands in a Match block is not looked at."""
    text = _text(config)
    if text is None:
        return None
    for line in text.splitlines():
        if line.strip().lower().startswith("match "):
            break
        if found := _EXPOSING.match(line):
            return found[1].lower() == "yes"
        if included := _INCLUDING.match(line):
            for pattern in included[1].replace("\0", "").split():
                for path in sorted(glob(str(config.parent / pattern))):
                    if found := _EXPOSING.search(_text(Path(path)) or ""):
                        return found[1].lower() == "yes"
    return False


def _terminal() -> Terminal | None:
    for fd in (0, 1, 2):
        try:
            name = os.ttyname(fd)
            found = os.stat(name)
        except OSError:
            continue
        mode = stat.S_IMODE(found.st_mode)
        return Terminal(name, user_name(found.st_uid), found.st_uid == os.geteuid(), mode)
    return None


def _addresses(root: Path, own: str) -> tuple[str, ...] | None:
    found = []
    try:
        names = os.listdir(root / "run/systemd/sessions")
    except OSError:
        return None
    for name in names:
        session = logind_session(int(name), str(root / "run")) if name.isdecimal() else None
        if session is not None and session.uid == os.getuid() and session.remote_host not in ("", own):
            found.append(session.remote_host)
    return tuple(dict.fromkeys(found))


def _text(path: Path) -> str | None:
    try:
        with open(path, "rb") as file:
            return file.read(_CONFIG_BYTES).decode("utf-8", "replace")
    except OSError:
        return None
