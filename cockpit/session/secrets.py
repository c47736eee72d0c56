"""Handing a typed secret to the run's keeper: both ends' agreement on the socket, and the client's side.

A request is one JSON object on a line, `{"name": …, "value": …}`; the answer is one, `{"ok": true}` or
`{"ok": false, "why": …}`; then the connection ends. The socket is 0600 in a folder of this user alone, and each side
checks that the other is the same user (SO_PEERCRED). Invariant: a value is in no message, no log, no exception.
"""

from __future__ import annotations

import os
import socket
import stat
import struct
from collections.abc import Collection
from pathlib import Path

import msgspec
from msgspec import Struct

from cockpit.audit.layout import keeper_wants
from cockpit.audit.opening import content, opened
from cockpit.errors import KeeperError
from cockpit.text import shortened

LIMIT_BYTES = 65536
"""Of a request or an answer."""
TIMEOUT_S = 5.0


class Given(Struct, frozen=True):
    """The request."""

    name: str
    value: str

    def __repr__(self) -> str:
        """Without the value: a traceback or a log may show this."""
        return f"Given({self.name!r})"


class Taken(Struct, frozen=True):
    """The answer."""

    ok: bool
    why: str = ""


def runtime_folder() -> Path:
    """A folder of this user alone (0700): `/run/user/<uid>/cockpit`, or in /tmp where there is none.

    By uid and not by `$XDG_RUNTIME_DIR`, so that a screen under sudo or cron finds what the keeper made. Raises
    KeeperError if somebody else owns it.
    """
    uid = os.getuid()
    system = Path(f"/run/user/{uid}")
    folder = system / "cockpit" if system.is_dir() else Path(f"/tmp/cockpit-{uid}")  # noqa: S108 (owner and mode are checked below)
    try:
        folder.mkdir(0o700, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise KeeperError(f"{folder} cannot be used: {error.strerror}") from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid or found.st_mode & 0o077:
        raise KeeperError(f"{folder} is not a folder of this user alone", hint=f"remove it: rm -r {folder}")
    return folder


def socket_path(run_dir: Path) -> Path:
    """Where the keeper of this run listens."""
    return runtime_folder() / f"{run_dir.name}.sock"


def peer_uid(connection: socket.socket) -> int:
    """The user at the other end, as the kernel saw them connect or listen (unix(7), SO_PEERCRED)."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", raw)[1])


def give(run_dir: Path, name: str, value: str) -> None:
    """Give the keeper the value of a secret. Raises KeeperError if it did not take it."""
    path = socket_path(run_dir)
    request = msgspec.json.encode(Given(name, value)) + b"\n"
    if len(request) > LIMIT_BYTES:
        raise KeeperError(f"the secret {shortened(name, 60)} is longer than {LIMIT_BYTES} bytes")
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(TIMEOUT_S)
            connection.connect(str(path))
            if peer_uid(connection) != os.getuid():
                raise KeeperError(f"{path} belongs to another user; nothing was given", hint=f"remove it: rm {path}")
            connection.sendall(request)
            answer = _line(connection)
    except OSError as error:
        why = "no keeper listens" if isinstance(error, FileNotFoundError | ConnectionRefusedError) else str(error)
        hint = "start one by resuming the run: cockpit resume"
        raise KeeperError(f"the secret {shortened(name, 60)} was not taken: {why}", hint=hint) from None
    taken = understood(answer)
    if not taken.ok:
        raise KeeperError(f"the keeper did not take the secret {shortened(name, 60)}: {shortened(taken.why, 200)}")


def understood(answer: bytes) -> Taken:
    """What a keeper answered; that it took nothing, if that is none."""
    try:
        return msgspec.json.decode(answer, type=Taken)
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors, UnicodeDecodeError too
        return Taken(ok=False, why="its answer was not understood")


def want(run_dir: Path, names: Collection[str]) -> None:
    """The keeper waits for these secrets: for screens to see, which may have them or can ask for them."""
    path = keeper_wants(run_dir)
    part = path.with_suffix(".part")
    with os.fdopen(opened(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "w", encoding="utf-8") as file:
        file.write("\n".join(names))
    part.rename(path)


def wanted(run_dir: Path) -> tuple[str, ...]:
    """The secrets that the newest keeper waits for; it may be dead."""
    try:
        return tuple(content(keeper_wants(run_dir), LIMIT_BYTES).decode("utf-8", "replace").split())
    except OSError:  # no keeper has started yet
        return ()


def _line(connection: socket.socket) -> bytes:
    received = b""
    while not received.endswith(b"\n") and len(received) <= LIMIT_BYTES:
        part = connection.recv(4096)
        if not part:
            break
        received += part
    return received
