"""The two files in which a shim says who it is and how its command ended.

Invariant: `status` is there, durable, before the command is started, and is never replaced by another shim's: whoever
makes it first, a shim or a keeper that gives one up, decides whether the command is ever started. `exit` appears whole,
by rename, after everything is over; room for it is reserved before the start, so that a disk filled by the command
cannot take it away.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from types import UnionType
from typing import NamedTuple

from cockpit.actions.shim.processes import boot_id, look
from cockpit.audit.opening import content, opened

_RESERVED_BYTES = 8192
_LIMIT_BYTES = 32 << 20
"""Of an end: two excerpts of 1 MiB, each byte of which JSON may write as six."""
_LATEST = 1 << 36
"""Seconds since 1970 that are still a date."""
_MOST, _MOST_PIDS = 1 << 63, 1 << 31


class Status(NamedTuple):
    """Who watches a command."""

    pid: int
    """Of the shim; 0: given up by a keeper before a shim came."""
    start_ticks: int
    boot: str
    at: float
    """Seconds since 1970."""
    child: int = 0
    """Process id of the command; 0: not started yet."""


class Exit(NamedTuple):
    """How a command ended. All texts are masked."""

    code: int | None = None
    signal: int | None = None
    refused: str = ""
    """Why it was not started; then nothing was done."""
    timed_out: bool = False
    cancelled: bool = False
    duration_s: float = 0.0
    written_bytes: int = 0
    """What the command wrote, both streams together."""
    log_bytes: int = 0
    log_sha256: str = ""
    left_out_bytes: int = 0
    """Not in the output file."""
    lines: int = 0
    """Of standard output."""
    stdout: str = ""
    stderr: str = ""
    is_whole: bool = True
    """Whether `stdout` is all of it."""
    left: list[str] = []
    """Processes that are still running, `pid name`."""
    fault: str = ""
    """What went wrong with the watching itself."""


def claim(path: str, status: Status) -> bool:
    """Make the status file; whether it was not there before. Raises OSError."""
    fresh = f"{path}.{os.getpid()}"
    _write(fresh, status)
    try:
        os.link(fresh, path)
    except FileExistsError:
        return False
    finally:
        os.unlink(fresh)
    sync_folder(path)
    return True


def renew(path: str, status: Status) -> None:
    """Replace one's own status file. Raises OSError."""
    fresh = f"{path}.{os.getpid()}"
    _write(fresh, status)
    os.rename(fresh, path)


def own_status() -> Status:
    """This process."""
    own = look(os.getpid())
    assert own is not None
    return Status(own.pid, own.start_ticks, boot_id(), time.time())


def is_alive(status: Status) -> bool:
    """Whether the shim that wrote this still runs: the same process, not a later one of its number."""
    if status.pid == 0 or status.boot != boot_id():
        return False
    process = look(status.pid)
    return process is not None and process.start_ticks == status.start_ticks


def read_status(path: str) -> Status | None:
    """The status, or None if there is none that can be read, or no shim wrote it."""
    try:
        told = Status(**json.loads(content(path, _LIMIT_BYTES)))
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    is_one = _fits(told, (int, int, str, int | float, int))
    return told if is_one and told.at < _LATEST and max(told.pid, told.child) < _MOST_PIDS else None


def read_exit(path: str) -> Exit | None:
    """The end, or None if there is none that can be read, or no shim wrote it."""
    try:
        told = Exit(**json.loads(content(path, _LIMIT_BYTES)))
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    number, sizes = int | None, (int, int)
    kinds = (number, number, str, bool, bool, int | float, *sizes, str, *sizes, str, str, bool, list, str)
    return told if _fits(told, kinds) and all(isinstance(each, str) for each in told.left) else None


def _fits(told: tuple[object, ...], kinds: tuple[type | UnionType, ...]) -> bool:
    """Whether each is of its kind, and each number one that others can calculate with."""
    return all(
        isinstance(each, kind) and (not isinstance(each, int | float) or 0 <= each < _MOST)
        for each, kind in zip(told, kinds, strict=True)
    )


class ExitFile:
    """The room for an `Exit`, taken before anything is done."""

    def __init__(self, path: str) -> None:
        """Raises OSError if there is no room."""
        self._path = path
        self._fresh = f"{path}.part"
        self._fd = opened(self._fresh, os.O_WRONLY | os.O_CREAT)
        os.posix_fallocate(self._fd, 0, _RESERVED_BYTES)

    def leave(self, end: Exit) -> None:
        """Let it appear, durable. Where the disk is full, without the output that is in the output file anyway."""
        try:
            self._put(json.dumps(end._asdict()).encode("ascii"))
        except OSError as error:
            fault = end.fault or f"the output is not kept: {error.strerror}"
            brief = end._replace(stdout="", stderr="", is_whole=False, left=end.left[:20], fault=fault)
            self._put(json.dumps(brief._asdict()).encode("ascii"))
        os.close(self._fd)
        os.rename(self._fresh, self._path)
        sync_folder(self._path)

    def give_up(self) -> None:
        """There is nothing to be said."""
        os.close(self._fd)
        with suppress(FileNotFoundError):
            os.unlink(self._fresh)

    def _put(self, text: bytes) -> None:
        at = 0
        while at < len(text):
            at += os.pwrite(self._fd, text[at:], at)
        os.ftruncate(self._fd, len(text))
        os.fsync(self._fd)


def sync_folder(path: str) -> None:
    """Make the names in the folder of `path` durable. Raises OSError."""
    fd = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _write(path: str, status: Status) -> None:
    fd = opened(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        os.write(fd, json.dumps(status._asdict()).encode("ascii"))
        os.fsync(fd)
    finally:
        os.close(fd)
