"""What happens after a failed write or sync: the store is poisoned, for every writer on this host, until a person acts.

After a failed fdatasync the kernel may have dropped the pages and reports no second error, so nothing that is tried
again can be believed (https://wiki.postgresql.org/wiki/Fsync_Errors). The mark is made before the append lock is let
go. If even the mark cannot be made, this process still refuses, and others meet the same disk or the invalid tail.
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from cockpit.audit.layout import log_path, poison_mark
from cockpit.audit.opening import content, opened
from cockpit.errors import StoreFailed
from cockpit.text import shortened

_LIMIT_BYTES = 8192
_CAUSES = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the quota is used up",
    errno.EIO: "the disk reports an I/O error",
    errno.EROFS: "the file system is read-only",
    errno.EFBIG: "the file may not grow any more",
}


def cause(error: OSError) -> str:
    """Say in words why a system call failed."""
    return _CAUSES.get(error.errno or 0, error.strerror or str(error))


class Poison:
    """Whether this run's log may still be appended to."""

    def __init__(self, run_dir: Path) -> None:
        self._log = log_path(run_dir)
        self._mark = poison_mark(run_dir)
        self._reason = ""
        self._is_unexplained = False

    @property
    def reason(self) -> str:
        """Why not, one sentence; empty while it may."""
        if (not self._reason or self._is_unexplained) and os.path.exists(self._mark):
            # A mark may be seen between its making and its writing: look again for the text, if there was none.
            text = self._text_of_mark()
            self._is_unexplained = not text
            self._reason = text or f"an append to {self._log} failed, with no room left on the disk to note why"
        return self._reason

    def _text_of_mark(self) -> str:
        try:
            return shortened(content(self._mark, _LIMIT_BYTES).decode(errors="replace").strip(), 500)
        except OSError as error:
            return f"an append to {self._log} failed, and why cannot be read: {cause(error)}"

    def put(self, reason: str) -> StoreFailed:
        """Poison the store and return the error to raise. The first reason stays."""
        self._reason = self._reason or reason
        try:
            fd = opened(self._mark, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        except FileExistsError:
            return self.error()
        except OSError as error:
            return self.error(f" (and other processes could not be warned: {cause(error)})")
        # It is there, and that counts: a full disk may take the name and not the text.
        with contextlib.suppress(OSError):
            os.write(fd, (reason + "\n").encode())
            os.fsync(fd)
        os.close(fd)
        return self.error()

    def error(self, addition: str = "") -> StoreFailed:
        """The error to raise for every append from now on."""
        return StoreFailed(
            self.reason + addition,
            hint=f"nothing more is written to this run; check the disk and `cockpit verify {self._log}`, "
            f"then delete {self._mark} and resume the run",
        )
