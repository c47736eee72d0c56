"""Heads that a person's own screens saw, noted in that person's own folder: who was there can tell a rewritten log.

    $XDG_STATE_HOME/cockpit/heads/<run>     0600, a line each: SEQ DIGEST

Invariant: a note is made only of what was durable when it was seen, and never keeps anybody from working: where nothing
can be noted, nothing is. Notes of at most so many runs are kept, and of each at most so many heads.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from cockpit.audit.line import Head
from cockpit.audit.moved import branch_of
from cockpit.patterns import late

MOST_HEADS = 2000
MOST_RUNS = 200
_LIMIT_BYTES = 1 << 20
_LINE = late(r"([1-9][0-9]{0,17}) ([0-9a-f]{64})")
_RUN = late(r"[0-9A-Za-z_-]{1,64}")


def heads_folder(environ: Mapping[str, str] | None = None) -> Path:
    """`$XDG_STATE_HOME/cockpit/heads`, else `~/.local/state/cockpit/heads`."""
    state = (os.environ if environ is None else environ).get("XDG_STATE_HOME", "")
    # The XDG base directory specification: a relative path is to be ignored.
    home = Path(state) if os.path.isabs(state) else Path.home() / ".local" / "state"
    return home / "cockpit" / "heads"


def noted_as(run: str, log: Path) -> str:
    """Under which name heads of a log are noted: its run's; those of an offline branch apart, since it may be told."""
    folder = log if log.is_dir() else log.parent
    former = branch_of(folder)
    return f"{former.name}-{folder.name}" if former is not None and former.name == run else run


def noted(run: str, folder: Path | None = None) -> dict[int, str]:
    """The digests that were noted of a run, by sequence number; none if nothing was, or it cannot be read."""
    if not _RUN.fullmatch(run):
        return {}
    try:
        fd = os.open((folder or heads_folder()) / run, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(fd, "rb") as file:
            if os.fstat(fd).st_uid != os.geteuid():
                return {}
            text = file.read(_LIMIT_BYTES).decode("ascii", "replace")
    except OSError:
        return {}
    matches = (_LINE.fullmatch(line) for line in text.split("\n"))
    return {int(match[1]): match[2] for match in matches if match is not None}


class Notebook:
    """The notes of one run, for one screen."""

    def __init__(self, run: str, folder: Path | None = None) -> None:
        self._folder = folder or heads_folder()
        self._path = self._folder / run
        self._is_usable = bool(_RUN.fullmatch(run))
        self._last = 0

    @property
    def path(self) -> Path:
        """Where they are."""
        return self._path

    def note(self, head: Head) -> None:
        """Note a head that is durable, unless it was the last one noted here. Never raises OSError."""
        if not self._is_usable or head.seq == self._last:
            return
        try:
            self._note(head)
        except OSError:
            self._is_usable = False
        self._last = head.seq

    def _note(self, head: Head) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        is_new = not self._path.exists()
        with open(os.open(self._path, flags, 0o600), "ab", buffering=0) as file:
            file.write(f"{head.seq} {head.digest}\n".encode("ascii"))
            is_long = file.tell() > MOST_HEADS * 86
        if is_long:
            self._shorten()
        if is_new:
            self._forget_old()

    def _shorten(self) -> None:
        kept = sorted(noted(self._path.name, self._folder).items())
        # Of the old ones every other one, so that a note of the beginning stays for long.
        kept = kept[: MOST_HEADS // 2 : 2] + kept[MOST_HEADS // 2 :][-MOST_HEADS // 2 :]
        part = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write("".join(f"{seq} {digest}\n" for seq, digest in kept).encode("ascii"))
        part.rename(self._path)

    def _forget_old(self) -> None:
        with os.scandir(self._folder) as entries:
            files = sorted((entry.stat(follow_symlinks=False).st_mtime, entry.path) for entry in entries)
        for _, path in files[:-MOST_RUNS]:
            with suppress(OSError):
                os.unlink(path)
