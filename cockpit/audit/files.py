"""The embedded store: a run's log as one file that is only ever appended to.

Invariant: a line is acknowledged only after `write` and, for facts, `fdatasync` returned without error while the append
lock was held; the file is never truncated or rewritten, so that it works under `chattr +a`. Every append first walks
what others appended since; what is not as it was left poisons the store instead of being written after.
"""

from __future__ import annotations

import contextlib
import errno
import os
import pwd
import socket
import stat
import threading
from pathlib import Path

from cockpit.audit import layout, places
from cockpit.audit.chain import RUN_ID, Chain
from cockpit.audit.extent import Extent, require_room
from cockpit.audit.line import Draft, Head, digest, draft, encode
from cockpit.audit.locks import AppendLock
from cockpit.audit.moved import unwritable, went_on
from cockpit.audit.opening import PRIVATE_FILE, PRIVATE_FOLDER, adopt_file, adopt_folder, make_folder
from cockpit.audit.people import shared_group
from cockpit.audit.poison import Poison, cause
from cockpit.audit.reading import GrowingFile, open_log
from cockpit.audit.storage import APPENDING, Disk, Storage
from cockpit.audit.store import Conflict, Durable
from cockpit.errors import LogDamaged, LogError, LogTooNew, LogUnreadable, StoreFailed
from cockpit.run.events import Actor, Event, LogRecovered

DISK = Disk()
_ACLS = ("system.posix_acl_access", "system.posix_acl_default")


class FileStore:
    """The log of one run, open for appending. Blocking; any thread may call."""

    def __init__(self, run_dir: Path, fd: int, run: str, storage: Storage) -> None:
        """Use `create` or `open`."""
        self.path = layout.log_path(run_dir)
        self._fd = fd
        self._storage = storage
        self._file = GrowingFile(fd, self.path)
        self._chain = Chain(run)
        self._poison = Poison(run_dir)
        self._broken: LogError | None = None
        self._thread_lock = threading.Lock()
        self._lock = AppendLock(layout.append_lock(run_dir), layout.turn_lock(run_dir))

    @classmethod
    def create(cls, run_dir: Path, run_id: str, *, storage: Storage = DISK, despite_place: bool = False) -> FileStore:
        """Make the run's folder (0700) and an empty log (0600) in it; the first append writes line 1.

        With `COCKPIT_GROUP` the group shares them (2770, 0660). `despite_place`: also where locks and syncs cannot be
        trusted. Raises PlaceRefused, StoreFailed if the folder cannot be made or already holds a log, LogError for an
        id that no log may have.
        """
        if not RUN_ID.fullmatch(run_id):
            raise LogError(f"{run_id!r} cannot be a run's id", hint="use 1 to 64 letters, digits, _ and -")
        places.require_way(run_dir.parent, despite=despite_place)
        try:
            _make_folders(run_dir)
            places.require_run(run_dir, despite=True)  # one that is there already may be anybody's
            fd = storage.create(layout.log_path(run_dir), PRIVATE_FILE)
            adopt_file(fd, layout.log_path(run_dir))
            if places.is_readable_by_others(run_dir):
                os.fchmod(fd, stat.S_IMODE(os.fstat(fd).st_mode) | 0o004)
        except OSError as error:
            raise StoreFailed(
                f"the run cannot be kept in {run_dir}: {cause(error)}",
                hint="name a folder that you can write to in COCKPIT_RUNS",
            ) from error
        try:
            storage.fsync_dir(run_dir)
            storage.fsync_dir(run_dir.parent)
            return cls(run_dir, fd, run_id, storage)
        except OSError as error:
            os.close(fd)
            raise StoreFailed(f"the new run in {run_dir} was not made durable: {cause(error)}") from error

    @classmethod
    def open(cls, run_dir: Path, *, storage: Storage = DISK, despite_place: bool = False) -> FileStore:
        """Open the log for appending: walk it whole, end an unterminated line that counts, step over torn bytes.

        `despite_place`: also where locks and syncs cannot be trusted and nobody has accepted that yet. Raises
        PlaceRefused, LogUnreadable if there is no log or no run began in it, LogDamaged if it holds what no crash
        leaves, LogTooNew, StoreFailed if it cannot be appended to.
        """
        places.require_run(run_dir, despite=despite_place)
        if layout.store_path(run_dir).exists():
            raise StoreFailed(
                f"the log in {run_dir} is a copy of the one in a database: nothing is added to it here",
                hint="see which: cockpit store list",
            )
        fd = open_log(layout.log_path(run_dir), APPENDING)
        try:
            store = cls(run_dir, fd, "", storage)
        except OSError as error:
            os.close(fd)
            raise StoreFailed(
                f"{error.filename or layout.locks_dir(run_dir)} cannot be used: {cause(error)}"
            ) from error
        try:
            with store._lock.held():
                store._catch_up(may_write=not store.is_poisoned)
            if not store.run:
                raise LogUnreadable(f"no run began in {store.path}: its first line was never written whole")
        except BaseException:
            store.close()
            raise
        return store

    @property
    def run(self) -> str:
        """The run's id."""
        return self._chain.run

    @property
    def head(self) -> Head | None:
        """The last fact's place, as of the last append or opening."""
        return self._chain.head

    @property
    def extent(self) -> Extent:
        """How long the log is, as of the last append or opening."""
        return Extent(self._chain.seq, self._chain.position)

    @property
    def is_poisoned(self) -> bool:
        """Whether a write or sync failed, here or in another process."""
        return bool(self.poison_reason)

    @property
    def poison_reason(self) -> str:
        """Why nothing can be appended any more; empty while all is well."""
        return self._poison.reason

    def require_usable(self) -> None:
        """Raise LogError if nothing could be appended, as far as that can be seen without trying."""
        if where := went_on(self.path.parent):
            raise StoreFailed(f"this run goes on in {where}", hint=f"cockpit resume {where}")
        if why := unwritable(self.path):
            raise StoreFailed(f"{why}; nothing was written", hint="give the right back, or go on elsewhere: press W")
        if self._broken is not None:
            raise self._broken
        if self._poison.reason:
            raise self._poison.error()

    def append(self, last_fact_seq: int | None, *drafts: Draft) -> Durable | Conflict:
        """Append `drafts` in one write, if the last fact is still `last_fact_seq` (0: none yet; None: always).

        Durable means synced, unless all drafts are telemetry. Raises StoreFailed when the store is or becomes
        poisoned, or the lock is not to be had; LogError if a draft cannot be written (then nothing was).
        """
        with self._thread_lock:
            if self._fd < 0:
                raise StoreFailed(f"{self.path} was closed")
            with self._lock.held():
                self.require_usable()
                self._watchfully_catch_up()
                head = self._chain.head
                if last_fact_seq is not None and last_fact_seq != (head.seq if head else 0):
                    return Conflict(head=head)
                events = self._write(drafts)
                return Durable(events=tuple(events), head=self._chain.head)

    def lookup(self, event_id: str) -> Event | None:
        """Return the event with this id if the file holds it in a line that counts; walks the whole file."""
        fd = open_log(self.path, os.O_RDONLY)
        try:
            file, chain = GrowingFile(fd, self.path), Chain()
            while lines := file.read_lines():
                for raw in lines:
                    link = chain.step(raw)
                    if link is not None and link.envelope.id == event_id:
                        return link.event
        finally:
            os.close(fd)
        return None

    def close(self) -> None:
        """Close the log and its lock. A second call does nothing."""
        with self._thread_lock:
            self._lock.close()
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1

    # ---- under the append lock -----------------------------------------------------------------------------------

    def _watchfully_catch_up(self) -> None:
        """Walk what others appended. The file is this run's memory: any other change to it ends appending."""
        trouble = self._file.trouble()
        if trouble:
            raise self._poisoned(trouble)
        try:
            self._catch_up(may_write=True)
        except LogDamaged as damage:
            raise self._poisoned(f"{self.path} was damaged while in use: {damage.message}") from damage
        except LogTooNew as newer:
            self._broken = newer  # the walk stands in the middle of a block: it cannot go on
            raise

    def _catch_up(self, *, may_write: bool) -> None:
        while lines := self._file.read_lines():
            for raw in lines:
                self._chain.step(raw)
        if may_write and self._chain.seq and (self._file.rest or self._chain.pending):
            self._settle_tail()

    def _settle_tail(self) -> None:
        """End an unterminated line that counts; step over anything else that a crash can have left."""
        rest, pending = self._file.rest, self._chain.pending
        if pending is not None and not pending.could_be_torn(rest):
            raise pending.why
        if rest:
            # Whether it counts or not, the next line needs a beginning; the walk tells which of both it was.
            self._put(b"\n", sync=True)
            self._walk_own()
        torn = self._chain.pending
        if torn is not None:
            body = LogRecovered(offset=torn.offset, length=torn.length, sha256=torn.sha256)
            one = draft(body, own_actor())
            raw = encode(one, run=self.run, seq=self._chain.seq + 1, prev=self._chain.digest)
            self._put(raw, sync=True)
            self._walk_own()
        if self._chain.pending is not None or self._file.rest:
            raise self._poisoned(f"{self.path} was changed by another program during its recovery")

    def _write(self, drafts: tuple[Draft, ...]) -> list[Event]:
        chain = self._chain
        raws: list[bytes] = []
        digests: list[str] = []
        for number, one in enumerate(drafts, 1):
            prev = digests[-1] if digests else chain.digest
            raws.append(encode(one, run=chain.run, seq=chain.seq + number, prev=prev))
            digests.append(digest(raws[-1][:-1]))
        data = b"".join(raws)
        require_room(self.extent, len(raws), len(data))
        self._put(data, sync=any(one.body.is_fact for one in drafts))
        if not self._file.wrote(data):
            raise self._poisoned(f"{self.path} was changed by another program during an append")
        events = []
        for one, raw, own_digest in zip(drafts, raws, digests, strict=True):
            chain.extend(raw, own_digest, is_fact=one.body.is_fact)
            events.append(_event(one, chain))
        return events

    def _put(self, data: bytes, *, sync: bool) -> None:
        """Write all of `data`, then sync. Any failure poisons the store; nothing is tried again."""
        left = data
        try:
            while left:
                written = self._storage.write(self._fd, left)
                if written <= 0:
                    raise OSError(errno.EIO, "write(2) wrote nothing")
                left = left[written:]
            if sync:
                self._storage.fdatasync(self._fd)
        except OSError as error:
            doing = "syncing" if not left else "writing"
            raise self._poisoned(f"{cause(error)}: {doing} {self.path} failed; nothing was acknowledged") from error

    def _poisoned(self, why: str) -> StoreFailed:
        return self._poison.put(why, self._chain.head)

    def _walk_own(self) -> None:
        """Walk what was just written to settle the tail, by the rule of all readers."""
        while lines := self._file.read_lines():
            for raw in lines:
                self._chain.step(raw)


def _event(one: Draft, chain: Chain) -> Event:
    """The event that readers will decode from the line that was counted last."""
    return Event(
        seq=chain.seq,
        id=one.id,
        type=one.body.type,
        is_fact=one.body.is_fact,
        instant=one.instant,
        actor=one.actor,
        body=one.body,
        run=chain.run,
    )


def _make_folders(run_dir: Path) -> None:
    """Make the run's folder and whatever is missing above it, each for this user alone or for the group that shares."""
    group = shared_group()
    for folder in reversed((run_dir, *run_dir.parents)):
        if not folder.exists():
            try:
                folder.mkdir(PRIVATE_FOLDER)
            except FileExistsError:
                continue  # another run is begun at this moment
            adopt_folder(str(folder), group)
            if folder == run_dir and places.is_readable_by_others(run_dir.parent):
                folder.chmod(stat.S_IMODE(folder.stat().st_mode) | 0o005)
    make_folder(layout.outputs_dir(run_dir))
    make_folder(layout.locks_dir(run_dir))
    for name in _ACLS:  # whom a default ACL lets read everything: a lock that can be opened can be held, too
        with contextlib.suppress(OSError):
            os.removexattr(layout.locks_dir(run_dir), name)


def own_actor() -> Actor:
    """Whoever runs this process: recovery is no operator's decision."""
    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        user = str(os.geteuid())
    return Actor(user=user, host=socket.gethostname())
