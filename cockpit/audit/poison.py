"""What happens after a failed write or sync: the store is poisoned, for every writer on this host, until a person acts.

After a failed fdatasync the kernel may have dropped the pages and reports no second error, so nothing that is tried
again can be believed (https://wiki.postgresql.org/wiki/Fsync_Errors). The mark is made before the append lock is let
go. If even the mark cannot be made, this process still refuses, and others meet the same disk or the invalid tail.

The mark's first line says why; its second names the last durable fact, so that the run can go on elsewhere from there
(`cockpit.audit.continuing`).
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
from pathlib import Path

from cockpit.audit.layout import log_path, poison_mark
from cockpit.audit.line import Head
from cockpit.audit.opening import content, opened
from cockpit.errors import StoreFailed
from cockpit.patterns import late
from cockpit.text import shortened

_CAUSES = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the quota is used up",
    errno.EIO: "the disk reports an I/O error",
    errno.EROFS: "the file system is read-only",
    errno.EFBIG: "the file may not grow any more",
}
_LIMIT_BYTES = 8192
_DURABLE = late(r"^durable ([1-9][0-9]{0,17}) ([0-9a-f]{64})$", re.MULTILINE)


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
            self._reason = (
                text or f"the disk is full, it seems: an append failed, with no room left to note why, in {self._log}"
            )
        return self._reason

    @property
    def durable(self) -> Head | None:
        """The last fact that was durable when the store was poisoned; None if the mark cannot tell."""
        try:
            match = _DURABLE.search(self._text())
        except OSError:
            return None
        return Head(seq=int(match[1]), digest=match[2]) if match else None

    def _text_of_mark(self) -> str:
        try:
            text = self._text()
        except OSError as error:
            return f"an append to {self._log} failed, and why cannot be read: {cause(error)}"
        return shortened(_DURABLE.sub("", text).strip(), 500)

    def _text(self) -> str:
        return content(self._mark, _LIMIT_BYTES).decode(errors="replace")

    def put(self, reason: str, durable: Head | None = None) -> StoreFailed:
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
            noted = f"durable {durable.seq} {durable.digest}\n" if durable else ""
            os.write(fd, f"{reason}\n{noted}".encode())
            os.fsync(fd)
        os.close(fd)
        return self.error()

    def error(self, addition: str = "") -> StoreFailed:
        """The error to raise for every append from now on."""
        return StoreFailed(
            self.reason + addition,
            hint="nothing more is written here; go on elsewhere: press W, or run "
            f"`cockpit resume {self._log.parent} --into FOLDER`; on paper: `cockpit print {self._log.parent}`",
        )
