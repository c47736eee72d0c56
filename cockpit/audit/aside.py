"""What a keeper saw while the database that keeps the run was away: beside the log, in `locks/aside`, until it is in.

The file's first line says whose it is; each other one is an event as the log would have it (docs/log-format.md), with
`seq` 0 and 64 zeros for `prev`: it has no place yet. Invariant: the file holds nothing that the database has
acknowledged for longer than it takes to write it anew, and nothing is ever decided on it. Screens of this host show it,
as what it is; the next keeper writes what a dead one left.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from cockpit.audit.layout import aside_path
from cockpit.audit.line import GENESIS, Draft, decode, encode
from cockpit.audit.opening import opened
from cockpit.errors import LogError
from cockpit.run.events import Event

_READ_BYTES = 1 << 20


class Owner(Struct, frozen=True):
    """Whose it is."""

    run: str
    epoch: int
    """Of the keeper."""


class AsideFile:
    """Written by the one keeper of a host. No method raises for what the disk refuses: `trouble` says it."""

    def __init__(self, run_dir: Path, run: str, epoch: int) -> None:
        """Nothing is written yet."""
        self._path = aside_path(run_dir)
        self._run = run
        self._header = msgspec.json.encode(Owner(run, epoch)) + b"\n"
        self.trouble = ""
        """Why what waits is in this process's memory alone; empty if it is in the file too."""

    def renew(self, drafts: Iterable[Draft]) -> None:
        """From now on the file holds these, in order; none: there is no file."""
        lines = b"".join(self._line(one) for one in drafts)
        part = self._path.with_name(f"{self._path.name}.part")
        try:
            if not lines:
                self._path.unlink(missing_ok=True)
                return
            part.unlink(missing_ok=True)
            self._put(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, self._header + lines)
            os.replace(part, self._path)
        except OSError as error:
            self.trouble = f"{part.parent} cannot be written: {error.strerror}"
        else:
            self.trouble = ""

    def add(self, drafts: Sequence[Draft]) -> None:
        """These wait too, behind all others."""
        if not drafts:
            return
        try:
            self._put(self._path, os.O_WRONLY | os.O_APPEND, b"".join(self._line(one) for one in drafts))
        except OSError as error:
            self.trouble = f"{self._path} cannot be written: {error.strerror}"

    def _line(self, one: Draft) -> bytes:
        try:
            return encode(one, run=self._run, seq=0, prev=GENESIS)
        except LogError:
            return b""  # the store will say so

    def _put(self, path: Path, flags: int, data: bytes) -> None:
        with os.fdopen(opened(path, flags), "wb") as file:
            file.write(data)
            file.flush()
            os.fdatasync(file.fileno())


class AsideReader:
    """One reader of a host's file, again and again."""

    def __init__(self, run_dir: Path) -> None:
        self._path = aside_path(run_dir)
        self._seen = (0, 0)
        """Inode, and bytes that were read."""
        self._events: tuple[Event, ...] = ()
        self.owner: Owner | None = None
        """Whose it is; None: there is no file, or it is none."""

    def read(self) -> tuple[Event, ...]:
        """What waits, oldest first; the same object as before while that is the same. Never raises."""
        try:
            found = os.stat(self._path, follow_symlinks=False)
        except OSError:
            self._seen, self._events, self.owner = (0, 0), (), None
            return self._events
        inode, size_bytes = self._seen
        if found.st_ino != inode or found.st_size < size_bytes:
            self._seen, self._events, self.owner = (found.st_ino, 0), (), None
        elif found.st_size == size_bytes:
            return self._events
        with suppress(OSError):
            self._read_on()
        return self._events

    def _read_on(self) -> None:
        inode, offset = self._seen
        found: list[Event] = []
        with os.fdopen(opened(self._path, os.O_RDONLY), "rb") as file:
            if os.fstat(file.fileno()).st_ino != inode:
                return  # it was written anew at this moment: the next look reads that
            file.seek(offset)
            while data := file.read(_READ_BYTES):
                whole = data[: data.rfind(b"\n") + 1]
                if not whole:
                    break
                offset += len(whole)
                file.seek(offset)
                found += self._decoded(whole.splitlines())
        self._seen = (inode, offset)
        if found:
            self._events = (*self._events, *found)

    def _decoded(self, lines: list[bytes]) -> list[Event]:
        found = []
        for raw in lines:
            if self.owner is None:
                try:
                    self.owner = msgspec.json.decode(raw, type=Owner)
                except (ValueError, RecursionError):
                    return []
                continue
            with suppress(LogError):
                found.append(decode(raw))
        return found


def drafts_of(events: Iterable[Event]) -> list[Draft]:
    """The events as they are to be appended."""
    return [Draft(id=each.id, instant=each.instant, actor=each.actor, body=each.body) for each in events]
