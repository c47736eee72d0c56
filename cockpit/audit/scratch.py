"""A private folder for what a command needs while it runs, gone when the command is.

Invariant: only its owner can look into it (0700). It goes at the end, after an error, SIGTERM and SIGHUP; what a
process left that had no time for that (SIGKILL, a power cut) goes when the next one makes a folder of this kind. A lock
on the folder says that its process lives, so that nothing is taken from under a reader, wherever that runs.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import NoReturn

YOUNG_S = 60.0
"""A folder that is younger may not be locked yet."""


@contextmanager
def scratch_folder(prefix: str) -> Iterator[Path]:
    """Make an empty folder whose name begins with `prefix`, below TMPDIR, for as long as the context lasts.

    Raises OSError if there can be none.
    """
    with suppress(OSError):
        _sweep(Path(tempfile.gettempdir()), prefix)
    with _tidy_end():
        folder = Path(tempfile.mkdtemp(prefix=prefix))
        lock = -1
        try:
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            if lock >= 0:
                os.close(lock)


def _sweep(parent: Path, prefix: str) -> None:
    """Remove folders of this kind whose process is no more."""
    for entry in os.scandir(parent):
        if not entry.name.startswith(prefix):
            continue
        with suppress(OSError):  # another user's, or gone meanwhile
            fd = os.open(entry.path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                seen = os.fstat(fd)
                if seen.st_uid != os.geteuid() or stat.S_IMODE(seen.st_mode) != 0o700:
                    continue
                if abs(time.time() - seen.st_ctime) < YOUNG_S:
                    continue
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(entry.path, ignore_errors=True)
            finally:
                os.close(fd)


@contextmanager
def _tidy_end() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the program by SystemExit, where nobody else attends to them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    taken = [each for each in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(each) is signal.SIG_DFL]
    for each in taken:
        signal.signal(each, _exit)
    try:
        yield
    finally:
        for each in taken:
            signal.signal(each, signal.SIG_DFL)


def _exit(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)
