"""Which runs began on this machine, by this user: noted outside of their folders, which anybody can pack and unpack.

    $XDG_STATE_HOME/cockpit/begun/<run>     0600: the digest of the run's first line, a newline, the profile's folder

Invariant: what is kept here only ever spares a question. A note that is damaged, foreign or of another first line
counts as none. Notes of at most so many runs are kept.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from cockpit.audit.chain import RUN_ID

MOST_RUNS = 2000
_DIGEST = re.compile(r"[0-9a-f]{64}")
LIMIT_BYTES = 8192


def begun_folder(environ: Mapping[str, str] | None = None) -> Path:
    """`$XDG_STATE_HOME/cockpit/begun`, else `~/.local/state/cockpit/begun`."""
    state = (os.environ if environ is None else environ).get("XDG_STATE_HOME", "")
    # The XDG base directory specification: a relative path is to be ignored.
    home = Path(state) if os.path.isabs(state) else Path.home() / ".local" / "state"
    return home / "cockpit" / "begun"


def note_begun(run: str, digest: str, folder: Path | None = None, *, origin: Path | None = None) -> None:
    """Note that a run began here, with a first line of this digest, of a profile in the folder `origin`.

    Raises OSError.
    """
    folder = folder or begun_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = folder / f".{run}.{os.getpid()}"
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(f"{digest}\n".encode("ascii") + (b"" if origin is None else os.fsencode(origin)))
    part.replace(folder / run)
    _forget_old(folder)


def has_begun_here(run: str, digest: str, folder: Path | None = None) -> bool:
    """Whether a run with this first line began here. Never raises."""
    return _noted(run, digest, folder) is not None


def began_in(run: str, digest: str, folder: Path | None = None) -> Path | None:
    """The folder of its profile, as noted when it began here; None: it did not, or that was not noted. Never raises."""
    noted = _noted(run, digest, folder)
    return Path(os.fsdecode(noted)) if noted else None


def _noted(run: str, digest: str, folder: Path | None) -> bytes | None:
    """What is noted of a run with this first line beside its digest; None if it did not begin here."""
    if not RUN_ID.fullmatch(run) or not _DIGEST.fullmatch(digest):
        return None
    try:
        fd = os.open((folder or begun_folder()) / run, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(fd, "rb") as file:
            status = os.fstat(fd)
            if status.st_uid != os.geteuid() or status.st_mode & 0o022:
                return None
            first, _, rest = file.read(LIMIT_BYTES).partition(b"\n")
            return rest if first == digest.encode("ascii") else None
    except OSError:
        return None


def _forget_old(folder: Path) -> None:
    names = os.listdir(folder)
    if len(names) <= MOST_RUNS:
        return
    with os.scandir(folder) as entries:
        files = sorted((entry.stat(follow_symlinks=False).st_mtime, entry.path) for entry in entries)
    for _, path in files[:-MOST_RUNS]:
        with suppress(OSError):
            os.unlink(path)
