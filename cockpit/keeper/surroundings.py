"""The keeper's environment as it may stand in a log: a digest of every variable, keyed, so that nobody can guess it.

Invariant: no value leaves this module, and no digest of one without the key. The key is 32 random bytes in the run's
folder, as private as its log, and never in the log: who has the log alone cannot try out what a short password might
be. Without the key (lost, or another host) nothing is compared, and `cockpit.run.hands` says so.

Left out is what differs from one terminal, connection or login to the next although the same person does the same
things; resuming a run over a new SSH connection is no difference. Whatever else a command, a driver or a probe may read
counts, above all credentials, `PATH` and `KUBECONFIG`, and the language, which sorts and writes numbers.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from cockpit.actions.command.planning import UMASK_VARIABLE
from cockpit.audit.layout import environment_key
from cockpit.audit.opening import content, opened
from cockpit.patterns import late
from cockpit.run.hands import REST
from cockpit.session.placed import origin

_LEFT_OUT = late(
    r"""
    # The connection. An agent's socket is new with each one, and does not say whose keys it holds.
    SSH_(CLIENT|CONNECTION|TTY|AUTH_SOCK|AGENT_PID|ORIGINAL_COMMAND|USER_AUTH)|MOSH_.*|MOTD_SHOWN
    # The terminal and its multiplexer; a command under the shim has none, and `TERM=dumb`.
    |TERM(INAL_.*|_PROGRAM(_VERSION)?|_SESSION_ID|CAP|INFO(_DIRS)?)?|COLORTERM|COLORFGBG|COLUMNS|LINES|NO_COLOR
    |TMUX(_.*)?|STY|WINDOW(ID)?|ZELLIJ(_.*)?|LC_TERMINAL(_VERSION)?|VTE_VERSION|GPG_TTY|LS_COLORS
    |(ITERM|KITTY|KONSOLE|WEZTERM|ALACRITTY|GHOSTTY|VSCODE|GNOME_TERMINAL)_.*|WT_SESSION|WT_PROFILE_ID
    # The shell: where it stands, how deep it is, how it prompts.
    |_|PWD|OLDPWD|SHLVL|PS[0-4]|PROMPT(_COMMAND)?|HIST.*|MAIL(CHECK|PATH)?
    # The login session and the desktop: new with each login, or there only with a screen.
    |XDG_(SESSION_.*|SEAT(_PATH)?|VTNR|RUNTIME_DIR|CURRENT_DESKTOP|ACTIVATION_TOKEN)|DESKTOP_SESSION
    |DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|DBUS_.*|SESSION_MANAGER|DESKTOP_STARTUP_ID
    # How it was started: `sudo` names its whole command line, systemd each start of a unit.
    |SUDO_COMMAND|INVOCATION_ID|JOURNAL_STREAM|SYSTEMD_EXEC_PID|MANAGERPID|NOTIFY_SOCKET|LISTEN_.*|WATCHDOG_.*
    |MEMORY_PRESSURE_.*|CREDENTIALS_DIRECTORY
    # cockpit's own: how its screen looks, where runs are made and for which group. Of the umask see `UMASK`.
    |COCKPIT_(THEME|DEBUG|RUNS|GROUP|SIGNING_KEY|UMASK|UNIT)|_COCKPIT_COMPLETE
    # A test run by pytest is told so, with the part that it is in.
    |PYTEST_CURRENT_TEST
    """,
    re.VERBOSE,
)
UMASK = "umask"
"""In the environment that is told: how commands make their files, which is nobody's variable."""
_NAME = late(r"[!-<>-~]{1,100}")
_VARIABLES = 300
_NAME_BYTES = 8192
"""Of all names together: a line of the log holds them beside everything else."""
_KEY_BYTES = 32
_DIGITS = 16
_ID = b"cockpit-environment-key\n"
DEMO = "cockpit-demo-"
"""In the folder of a demo's profile: a demo is resumed from any shell, and nobody is asked."""


class Surroundings(Struct, frozen=True):
    """What a keeper says of its environment."""

    environment: dict[str, str] | None
    """Names of variables, and digests; None: not compared."""
    key: str = ""
    """Which key they were made with; empty: none could be read or made."""


def surroundings(run_dir: Path, environ: Mapping[bytes, bytes] | None = None) -> Surroundings:
    """This process's environment, or `environ`, for the log. Never raises: what cannot be told is not known."""
    folder = origin(run_dir)
    if folder is not None and DEMO in str(folder):
        return Surroundings(None)
    try:
        key = _key(environment_key(run_dir))
    except OSError:
        return Surroundings({})
    digests = told(os.environb if environ is None else environ, key)
    return Surroundings(digests, hashlib.sha256(_ID + key).hexdigest()[:_DIGITS])


def told(environ: Mapping[bytes, bytes], key: bytes) -> dict[str, str]:
    """Digests by name, in the order of the names, and one of all that have no place of their own."""
    found, rest, room = dict[str, str](), list[bytes](), _NAME_BYTES
    for name, value in sorted(_counting(environ)):
        shown = os.fsdecode(name)
        room -= len(name)
        if room >= 0 and len(found) < _VARIABLES and _NAME.fullmatch(shown):
            found[shown] = _digest(key, name, value)
        else:
            rest += (name, value)
    return {**found, REST: _digest(key, *rest)} if rest else found


def _counting(environ: Mapping[bytes, bytes]) -> Iterator[tuple[bytes, bytes]]:
    for name, value in environ.items():
        if not _LEFT_OUT.fullmatch(os.fsdecode(name)):
            yield name, value
    if (mask := environ.get(UMASK_VARIABLE.encode())) is not None:
        yield UMASK.encode(), mask


def _digest(key: bytes, *parts: bytes) -> str:
    """HMAC-SHA256 (RFC 2104), cut to 64 bits: enough to see a difference. No part holds a NUL (environ(7))."""
    return hmac.new(key, b"\0".join(parts), "sha256").hexdigest()[:_DIGITS]


def _key(path: Path) -> bytes:
    """The run's key, made by its first keeper, and again when it is gone. Raises OSError."""
    with contextlib.suppress(OSError):
        key = content(path, _KEY_BYTES + 1)
        if len(key) == _KEY_BYTES:
            return key
    key = secrets.token_bytes(_KEY_BYTES)
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)  # only one keeper at a time is here: it holds the run's lock
    with open(opened(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    return key
