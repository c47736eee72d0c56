"""This host's copy of a run that is kept in a database: the same bytes, in the file that everybody here reads.

Invariant: the file only ever grows by lines that the database holds, in their order, each checked against the chain
and synced if it is a fact. So every screen, keeper, replay and report on this host reads a log like any other, also
when the database is gone. Nothing is decided on the file alone.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from copy import copy
from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct

from cockpit.audit import layout
from cockpit.audit.chain import Chain
from cockpit.audit.extent import Extent
from cockpit.audit.files import DISK
from cockpit.audit.line import Head
from cockpit.audit.locks import AppendLock
from cockpit.audit.moved import set_aside, unwritable, went_on
from cockpit.audit.poison import Poison, cause
from cockpit.audit.postgres.lines import as_in_a_file
from cockpit.audit.postgres.servers import Server
from cockpit.audit.reading import GrowingFile, open_log
from cockpit.audit.rewritten import MERGED
from cockpit.audit.storage import APPENDING, Storage
from cockpit.errors import LogDamaged, LogError, StoreFailed


class Kept(Struct, frozen=True):
    """One line as the database keeps it."""

    seq: int
    before: bytes
    """Torn bytes that it steps over."""
    line: bytes
    """Without its newline."""
    is_fact: bool


_LOOK_BYTES = 2**20
"""Of the copy, looked through at once."""
Fetch = Callable[[int], Iterable[Kept]]
"""The lines after a sequence number, in order; at least one if there is any."""


class Source(Protocol):
    """A connection to the database that keeps the run. What it answers is what the database holds now."""

    @property
    def server(self) -> Server:
        """Who answers."""
        ...

    def lines_after(self, seq: int) -> list[Kept]:
        """As `Fetch`. Raises StoreFailed."""
        ...

    def ask(self, query: str, *values: object) -> list[Any]:
        """Rows of a query that changes nothing. Raises StoreFailed."""
        ...


class Mirror:
    """The copy of one run, open to be brought up to date. Blocking; any thread may call."""

    def __init__(self, run_dir: Path, run: str, *, storage: Storage = DISK) -> None:
        """Open the file and walk it. Raises LogError if it is there and is not a beginning of this run's log."""
        self.path = layout.log_path(run_dir)
        self._fd = open_log(self.path, APPENDING)
        self._storage = storage
        self._file = GrowingFile(self._fd, self.path)
        self._chain = Chain(run)
        self._poison = Poison(run_dir)
        self._lock = AppendLock(layout.append_lock(run_dir), layout.turn_lock(run_dir))
        self._thread_lock = threading.RLock()
        try:
            self._walk()
        except BaseException:
            self.close()
            raise

    @property
    def end(self) -> tuple[int, str]:
        """The last line that is here and its digest, as of the last look; nobody else's write lies between both."""
        with self._thread_lock:
            return self._chain.seq, self._chain.digest

    def distrust(self, why: str) -> StoreFailed:
        """Write nothing here any more, since the database is not to be trusted; the error to raise."""
        with self._thread_lock:
            return self._poison.put(why, self.head)

    @property
    def seq(self) -> int:
        """Of the last line that is here, as of the last look."""
        return self._chain.seq

    @property
    def digest(self) -> str:
        """Of that line."""
        return self._chain.digest

    @property
    def extent(self) -> Extent:
        """How long the copy is."""
        return Extent(self._chain.seq, self._chain.position)

    @property
    def head(self) -> Head | None:
        """The last fact that is here."""
        return self._chain.head

    @property
    def poison_reason(self) -> str:
        """Why nothing more can be written here; empty while all is well."""
        return self._poison.reason

    def require_trust(self) -> None:
        """Raise StoreFailed if nothing is to be written any more, here or in the database."""
        if self._poison.reason:
            raise self._poison.error()

    def require_usable(self) -> None:
        """Raise LogError if the copy can no longer be written, as far as that can be seen without trying."""
        if where := went_on(self.path.parent):
            raise StoreFailed(f"this run goes on in {where}", hint=f"cockpit resume {where}")
        if why := unwritable(self.path):
            raise StoreFailed(f"{why}; nothing was written", hint="give the right back: the database has the log")
        if self._poison.reason:
            raise self._poison.error()

    def pull(self, fetch: Fetch, to_seq: int = 0) -> int:
        """Bring the file up to `to_seq`, or to all there is; the last sequence number here then.

        Raises LogDamaged if the database holds another history than this copy, StoreFailed if the disk refuses.
        """
        while True:
            with self._thread_lock:
                self._require_open()
                self._walk()
                seq = self.seq
            if seq >= to_seq > 0:
                return seq
            lines = list(fetch(seq))  # before the locks: a database that hangs blocks nobody here
            if not lines:
                return seq
            if lines[0].seq > seq + 1:  # it would be asked for again and again
                raise LogDamaged(
                    f"the database does not hold line {seq + 1} of the run, and holds line {lines[0].seq}",
                    line=seq + 1,
                    hint="nothing was taken from it; compare both: cockpit store export, cockpit compare",
                )
            self.take(lines)

    def take(self, lines: list[Kept]) -> bool:
        """Write what follows here of these lines, in order; whether all of them are here now, and durable.

        Not if there is a gap before them, or if other lines have their places: then nothing of them is written.

        They have to be what the database holds. Raises as `pull` does.
        """
        with self._thread_lock:
            self._require_open()
            return self._taken(lines)

    def _taken(self, lines: list[Kept]) -> bool:
        with self._lock.held():
            if self._poison.reason:
                raise self._poison.error()
            self._walk()
            if not self._has([each for each in lines if each.seq <= self.seq]):
                return False
            following = [each for each in lines if each.seq > self.seq]
            if following and following[0].seq > self.seq + 1:
                return False
            if following:
                self._take(following)
            else:
                self._sync()  # whoever wrote them may have died before
            return True

    def holds(self, lines: list[Kept]) -> bool:
        """Whether these very lines are here, and not others in their places: a failover may have lost them there."""
        with self._thread_lock:
            self._require_open()
            self._walk()
            return self._has(lines)

    def holds_id(self, event_id: str) -> bool:
        """Whether an event of this id is here."""
        with self._thread_lock:
            self._require_open()
            self._walk()
            return self._find(f'"id":"{event_id}"'.encode())

    def _has(self, lines: list[Kept]) -> bool:
        return all(self._find(each.line + b"\n") for each in lines)

    def _find(self, wanted: bytes) -> bool:
        """Whether these bytes are in what was walked; near its end they mostly are."""
        end, step = self._file.offset, max(_LOOK_BYTES, 2 * len(wanted))
        while end > 0:
            start = max(0, end - step)
            if wanted in os.pread(self._fd, end - start, start):
                return True
            if start == 0:
                return False
            end = start + len(wanted)  # they may lie on the border
        return False

    def close(self) -> None:
        """Let go of the file. A second call does nothing."""
        with self._thread_lock:
            if self._fd >= 0:
                self._lock.close()
                os.close(self._fd)
                self._fd = -1

    def _require_open(self) -> None:
        if self._fd < 0:
            raise StoreFailed(f"this host's copy {self.path} was closed")

    def _walk(self) -> None:
        """Take in what others on this host wrote. What a crash left unfinished at the end is completed by `_take`."""
        if trouble := self._file.trouble():
            if where := set_aside(self.path.parent, self._fd):
                raise StoreFailed(f"{MERGED}: this host's copy was made anew, and what it was is kept in {where}")
            raise StoreFailed(
                f"{trouble}: this host's copy of the run cannot be trusted", hint="put it aside, and join anew"
            )
        while lines := self._file.read_lines():
            for raw in lines:
                self._chain.step(raw)

    def _take(self, lines: list[Kept]) -> None:
        """Write what follows, under the lock."""
        left = self._unfinished()
        data = b"".join(each.before + each.line + b"\n" for each in lines)
        if not data.startswith(left):
            raise LogDamaged(
                f"{self.path} ends in bytes that the database does not have: the copy, or the database, was changed",
                line=self._chain.lines + 1,
                hint="compare both: cockpit store export, cockpit verify",
            )
        ahead = self._ahead(lines)
        rest = data[len(left) :]
        try:
            while rest:
                written = self._storage.write(self._fd, rest)
                if written <= 0:
                    raise OSError("write(2) wrote nothing")
                rest = rest[written:]
        except OSError as error:
            raise self._failed(error) from error
        if any(each.is_fact for each in lines):
            self._sync()
        if not left:
            self._file.wrote(data)
            self._chain = ahead
        self._walk()

    def _sync(self) -> None:
        try:
            self._storage.fdatasync(self._fd)
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> StoreFailed:
        return self._poison.put(
            f"{cause(error)}: writing this host's copy {self.path} failed; the database has what was acknowledged"
        )

    def _unfinished(self) -> bytes:
        """What stands after the last line that counts: a write that a crash cut short."""
        chain, end = self._chain, self._file.offset
        return os.pread(self._fd, end - chain.position, chain.position) if end > chain.position else b""

    def _ahead(self, lines: list[Kept]) -> Chain:
        """Where the walk is once they are written. Raises LogDamaged unless they follow: before anything is."""
        ahead = copy(self._chain)
        ahead.lines -= self._pending_lines()
        ahead.pending = None
        for each in lines:
            *torn, raw = as_in_a_file(each.before, each.line, each.seq)
            for one in torn:
                ahead.step(one)
            if ahead.step(raw) is None:
                assert ahead.pending is not None
                raise LogDamaged(
                    f"the database holds another history than {self.path}: {ahead.pending.why.message}",
                    line=ahead.lines,
                    hint="nothing was taken from it; compare both: cockpit store export, cockpit compare",
                )
        return ahead

    def _pending_lines(self) -> int:
        pending = self._chain.pending
        return self._chain.lines + 1 - pending.line if pending is not None else 0


def start_mirror(run_dir: Path, run: str, *, despite_place: bool = False) -> None:
    """Make an empty copy, in a folder as every run has. Raises LogError."""
    from cockpit.audit.files import FileStore

    try:
        FileStore.create(run_dir, run, despite_place=despite_place).close()
    except LogError as error:
        raise StoreFailed(f"no copy of the run {run} can be kept here: {error.message}", hint=error.hint) from error
