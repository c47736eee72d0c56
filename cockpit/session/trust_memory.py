"""Which profiles were confirmed on this machine, by this user.

    $XDG_STATE_HOME/cockpit/trusted/<16 hex>.json   0600, one for each profile id and environment

Invariant: what is kept here only ever spares a question. A file that is damaged, foreign or too large counts as none,
and the question is asked again; a file is there whole or not at all.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from cockpit.errors import TrustError

LIMIT_BYTES = 16 << 20
MOST_DIGESTS = 200


class Confirmed(Struct, frozen=True):
    """One digest that was confirmed."""

    digest: str
    at: datetime
    by: str
    how: str
    """`asked`, `noted`, `reviewed` or `shipped`."""


class Remembered(Struct, frozen=True):
    """What is known of one profile's environment: the digests, the newest last, and what the newest executes."""

    profile: str
    environment: str
    confirmed: tuple[Confirmed, ...] = ()
    keys: tuple[str, ...] = ()

    def of(self, digest: str) -> Confirmed | None:
        """When and by whom a digest was confirmed; None: it was not."""
        return next((each for each in reversed(self.confirmed) if each.digest == digest), None)


def trusted_folder(environ: Mapping[str, str] | None = None) -> Path:
    """`$XDG_STATE_HOME/cockpit/trusted`, else `~/.local/state/cockpit/trusted`."""
    state = (os.environ if environ is None else environ).get("XDG_STATE_HOME", "")
    # The XDG base directory specification: a relative path is to be ignored.
    home = Path(state) if os.path.isabs(state) else Path.home() / ".local" / "state"
    return home / "cockpit" / "trusted"


def remembered(profile: str, environment: str, folder: Path | None = None) -> Remembered:
    """What was confirmed of a profile's environment here; nothing if the file is not there or cannot be believed."""
    nothing = Remembered(profile, environment)
    try:
        fd = os.open(_path(profile, environment, folder), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(fd, "rb") as file:
            status = os.fstat(fd)
            if status.st_uid != os.geteuid() or status.st_mode & 0o022 or status.st_size > LIMIT_BYTES:
                return nothing
            known = msgspec.json.decode(file.read(LIMIT_BYTES), type=Remembered)
    except (OSError, msgspec.MsgspecError, ValueError, RecursionError):
        return nothing
    return known if (known.profile, known.environment) == (profile, environment) else nothing


def remember(known: Remembered, confirmed: Confirmed, keys: tuple[str, ...], folder: Path | None = None) -> None:
    """Keep that a digest was confirmed, and what it executes. Raises TrustError if it cannot be kept."""
    others = [each for each in known.confirmed if each.digest != confirmed.digest]
    kept = Remembered(known.profile, known.environment, (*others[1 - MOST_DIGESTS :], confirmed), keys)
    path = _path(known.profile, known.environment, folder)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(msgspec.json.encode(kept))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        why = f"that the profile is trusted cannot be kept in {path.parent}: {error.strerror}"
        raise TrustError(why, hint="mend it, or name another folder in XDG_STATE_HOME") from error


def _path(profile: str, environment: str, folder: Path | None) -> Path:
    name = hashlib.sha256(f"{profile}\n{environment}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return (folder or trusted_folder()) / f"{name}.json"
