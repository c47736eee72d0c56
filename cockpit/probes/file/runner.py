"""Looks at a file: never blocks on a FIFO, never reads more than its last MiB. Works in a thread, disks can be slow."""

from __future__ import annotations

import os
import stat
import time
from datetime import datetime

from cockpit.errors import ProbeError
from cockpit.patterns import late
from cockpit.probes.file.declaration import FileSettings
from cockpit.probes.file.matching import matching
from cockpit.probes.runner import Context, Facts
from cockpit.probes.threads import in_own_thread
from cockpit.profile.kinds import Settings
from cockpit.text import shortened

READ_BYTES = 1 << 20
_TIME = late(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,6})?(?:Z|[+-]\d\d:?\d\d)?")


class FileRunner:
    """One `file` probe."""

    def __init__(self, settings: FileSettings, context: Context) -> None:
        self._settings = settings
        self._path = context.base_dir / settings.path

    async def read(self) -> Facts:
        """Look at the file."""
        return await in_own_thread(self._look)

    def _look(self) -> Facts:
        try:
            # O_NONBLOCK: opening a FIFO that nobody writes to would wait for ever.
            fd = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return _ABSENT
        except OSError as error:
            raise ProbeError(f"{shortened(self._settings.path, 120)} cannot be opened: {error.strerror}") from error
        seen = os.fstat(fd)
        if not stat.S_ISREG(seen.st_mode):
            os.close(fd)
            return _ABSENT
        with os.fdopen(fd, "rb") as file:
            file.seek(max(0, seen.st_size - READ_BYTES))
            lines = file.read(READ_BYTES).decode("utf-8", "replace").splitlines()
        if seen.st_size > READ_BYTES:
            lines = lines[1:]  # the first is cut
        found = self._matching(lines)
        return {
            "exists": True,
            "size_bytes": seen.st_size,
            "age_s": max(0.0, time.time() - seen.st_mtime),
            "lines_matching": len(found) if self._settings.lines else 0,
            "last_line": shortened(found[-1], 500) if found else "",
        }

    def _matching(self, lines: list[str]) -> list[str]:
        recent = self._recent(lines) if self._settings.within_s else lines
        return matching(self._settings.lines, recent) if self._settings.lines else recent

    def _recent(self, lines: list[str]) -> list[str]:
        """The lines of the time that counts; one without a time belongs to the one before it."""
        since_s = time.time() - self._settings.within_s
        found: list[str] = []
        is_recent = False
        for line in lines:
            if (at := written_at(line)) is not None:
                is_recent = at >= since_s
            if is_recent:
                found.append(line)
        return found

    async def close(self) -> None:
        """Nothing is held."""


_ABSENT: Facts = {"exists": False, "size_bytes": 0, "lines_matching": 0, "last_line": ""}


def written_at(line: str) -> float | None:
    """Return the first ISO 8601 time in a line, in seconds since the epoch; local time where it names no zone."""
    found = _TIME.search(line[:200])
    if found is None:
        return None
    try:
        return datetime.fromisoformat(found[0].replace(",", ".")).timestamp()
    except ValueError:
        return None


async def open_runner(settings: Settings, context: Context) -> FileRunner:
    """Open a `file` probe."""
    assert isinstance(settings, FileSettings)
    return FileRunner(settings, context)
