"""Following a log: new lines as they come, verified on the way.

Invariant: every entry handed out counts by the rule of `chain`, in order, once. Memory does not grow with the log.
A tail locks nothing and writes nothing, but for the mark of a failed sync. Seeing comes before durability: call `sync`
before acting on a fact.
"""

from __future__ import annotations

import os
import select
import time
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from cockpit.audit import layout
from cockpit.audit.chain import Chain
from cockpit.audit.inotify import ATTRIBUTES, DELETED, MODIFIED, MOVED, Watch
from cockpit.audit.line import Head
from cockpit.audit.poison import Poison, cause
from cockpit.audit.reading import GrowingFile, open_log
from cockpit.errors import LogDamaged, LogError, LogTooLarge, LogTooNew
from cockpit.run.events import Event

POLL_BEHIND_S = 0.25
"""Between looks at the file's size while inotify is at work: it misses what another host writes."""
POLL_ALONE_S = 0.05
"""The same without inotify."""


class Entry(Struct, frozen=True):
    """One line that counts."""

    event: Event
    digest: str
    size: int
    """Bytes, newline included."""


class Tail:
    """A reader of one run's log. One thread reads and waits; `wake` may be called from any."""

    def __init__(self, run_dir: Path, *, is_waited_for: bool = True, remembers: bool = False) -> None:
        """Open the log of a run, or a log file of any name; raises LogUnreadable if there is none.

        One that nobody waits for (`is_waited_for`) asks the kernel for no watch. One
        that `remembers` notices by and by that lines were changed which it read long ago: see `look_back`.
        """
        is_log = run_dir.exists() and not run_dir.is_dir()
        self.path = run_dir if is_log else layout.log_path(run_dir)
        self._fd = open_log(self.path, os.O_RDONLY)
        self._file = GrowingFile(self._fd, self.path)
        if remembers:
            self._file.remember()
        self._chain = Chain()
        self._failure: LogError | None = None
        self._synced = 0
        self._poison = Poison(self.path.parent)
        self.was_well = False
        """Whether what was read had been well until another program changed the file."""
        self._waker = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._watch = _watch(self.path) if is_waited_for else None
        self._poll = select.poll()
        for fd in (self._waker, *((self._watch.fileno(),) if self._watch else ())):
            self._poll.register(fd, select.POLLIN)

    @property
    def run(self) -> str:
        """The run's id; empty before the first line was read."""
        return self._chain.run

    @property
    def head(self) -> Head | None:
        """The last fact read; None before the first."""
        return self._chain.head

    @property
    def descriptor(self) -> int:
        """Of the file as it was opened: it reads on, also where another file has taken its name."""
        return self._fd

    @property
    def uncounted(self) -> LogError | None:
        """What is wrong with the complete lines at the end of the file that count for nothing; None if all do."""
        return self._chain.pending.why if self._chain.pending is not None else None

    def read(self) -> list[Entry]:
        """Return the next new lines, at most about a block of 256 KiB of them; empty once all are read.

        Raises LogDamaged (with the line) for bytes that no crash can have left, or if the file was cut, replaced or
        edited; LogTooNew for a line of a newer cockpit; LogTooLarge behind the end of the longest log. Lines before the
        bad one are returned first, and the error is raised from then on. Torn bytes after a crash are waited on
        quietly: whoever next appends steps over them.
        """
        if self._failure is not None:
            raise self._failure
        if trouble := self._file.trouble():
            self.was_well = True
            raise self._fail(LogDamaged(trouble, line=self._chain.lines))
        entries: list[Entry] = []
        failure: LogError | None = None
        try:
            while not entries and (lines := self._file.read_lines()):
                for raw in lines:
                    if (link := self._chain.step(raw)) is not None:
                        entries.append(Entry(event=link.event, digest=link.digest, size=link.size))  # noqa: PERF401 (those before a failure are kept)
        except (LogDamaged, LogTooNew, LogTooLarge) as error:
            failure = error
        pending = self._chain.pending
        if failure is None and pending is not None and not pending.could_be_torn():
            failure = pending.why
        if failure is not None:
            self._fail(failure)
            if not entries:
                raise failure
        return entries

    def look_back(self) -> None:
        """Look at some of what was read before. `read` raises from then on if another program changed it."""
        if self._failure is None and (trouble := self._file.was_changed()):
            self.was_well = True
            self._fail(LogDamaged(trouble, line=self._chain.lines))

    def _fail(self, error: LogError) -> LogError:
        self._failure = error
        return error

    def wait(self, timeout_s: float) -> None:
        """Return once the file has grown since the last `read`, or `wake` was called, or after `timeout_s` seconds."""
        give_up = time.monotonic() + timeout_s
        longest_s = POLL_BEHIND_S if self._watch else POLL_ALONE_S
        while self._file.size() == self._file.offset:
            left_s = give_up - time.monotonic()
            if left_s <= 0:
                return
            ready = {fd for fd, _ in self._poll.poll(min(left_s, longest_s) * 1000)}
            if self._watch and self._watch.fileno() in ready:
                self._watch.clear()
            if self._waker in ready:
                os.eventfd_read(self._waker)
                return

    def wake(self) -> None:
        """Make the present or the next `wait` return. From any thread, until `close`."""
        os.eventfd_write(self._waker, 1)

    def sync(self) -> None:
        """Make all that was read durable.

        Raises StoreFailed if the disk refuses: then the store is poisoned for all. Where it is, by whomever, nothing is
        synced any more: that could only seem to succeed.
        """
        if self._synced == self._file.offset:
            return
        if self._poison.reason:
            raise self._poison.error()
        try:
            os.fdatasync(self._fd)
        except OSError as error:
            why = f"{cause(error)}: syncing {self.path} failed; act on nothing that came last"
            # Writers may have acknowledged more than was synced here: what is durable is not for a reader to say.
            raise self._poison.put(why) from error
        self._synced = self._file.offset

    def close(self) -> None:
        """Let go of all descriptors. Only once no thread waits any more; a second call does nothing."""
        if self._fd < 0:
            return
        os.close(self._fd)
        os.close(self._waker)
        if self._watch:
            self._watch.close()
        self._fd = self._waker = -1


def _watch(path: Path) -> Watch | None:
    """A watch on the file, or None where the kernel has none to give: polling is then all there is."""
    with suppress(OSError):
        return Watch(path, MODIFIED | MOVED | DELETED | ATTRIBUTES)
    return None
