"""Logs that were kept compressed: gzip and zstd, known by their first bytes and not by their names.

Invariant: what is compressed is unpacked into a private file (0600, in a folder of its own: `scratch`), which is gone
when the reader is done. At most half of the room that is free there is used: a file made to fill a disk fills none.
Memory does not grow with the log. A stream that is cut off or damaged gives every byte before that, and says so; the
original is only read.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from cockpit.audit.compression import BrokenOff, Packing, packing_of, pieces
from cockpit.audit.extent import LONGEST, too_large
from cockpit.audit.layout import log_path
from cockpit.audit.poison import cause
from cockpit.audit.scratch import scratch_folder
from cockpit.errors import LogUnreadable

LOOK_BYTES = 4 * 1024 * 1024
"""Between looks at the room that is left; also how far is looked for a line of a log before a file is given up."""
LINE_BYTES = 64 * 1024 * 1024
"""A line that is longer than this ends the unpacking: no reader goes beyond it."""
_BEGINNING = b'{"v":'


class Unpacked(Struct, frozen=True):
    """A log that can be read as a file."""

    path: Path
    """To be read: the file that was given, or an unpacked copy of it."""
    given: Path
    """To be named to people."""
    trouble: str = ""
    """Why the copy is not all of the log, one sentence that names no file; empty if it is."""

    @property
    def is_copy(self) -> bool:
        """Whether what was given is compressed: such a log cannot grow."""
        return self.path != self.given


@contextmanager
def unpacked(path: Path) -> Iterator[Unpacked]:
    """Give the log at `path` as a file that can be read and sought, for as long as the context lasts.

    A folder, a file that is not compressed and one that cannot be opened are given as they are: whoever reads them says
    what is wrong. Of what is compressed and no log, only the beginning is unpacked. Raises LogUnreadable if there is
    no room.
    """
    packing = packing_of(path)
    if packing is None:
        yield Unpacked(path, path)
        return
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(scratch_folder("cockpit-unpacked-"))
        except OSError as error:
            raise LogUnreadable(f"{path} cannot be unpacked: {cause(error)}", hint="set TMPDIR to a folder") from error
        target = folder / unpacked_name(path)
        yield Unpacked(target, path, _unpack(path, target, packing))


def packed_log(run_dir: Path) -> Path | None:
    """The log of a run that was put away compressed; None if it has one as it was written, or none at all."""
    log = log_path(run_dir)
    if log.exists():
        return None
    return next((path for suffix in (".gz", ".zst") if (path := log.with_name(log.name + suffix)).is_file()), None)


def unpacked_name(path: Path) -> str:
    """The name of a log without what its compression added to it."""
    suffix = path.suffix.lower()
    return path.stem if suffix in (".gz", ".zst", ".gzip", ".zstd") else path.name


def _unpack(path: Path, target: Path, packing: Packing) -> str:
    """Unpack a file; why not all of it could be, or an empty text. Raises LogUnreadable."""
    try:
        fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with path.open("rb") as packed, open(fd, "wb") as out:
            room = _Room(path, target.parent, packing)
            try:
                _copy(pieces(packed, packing, sys.maxsize), out, room, path)
            except BrokenOff:
                # What a decoder had in its hands at the fault is lost: once more, and slowly at the end.
                packed.seek(0)
                return _copy_rest(pieces(packed, packing, out.tell()), out, out.tell())
    except OSError as error:
        raise LogUnreadable(f"{path} cannot be unpacked into {target.parent.parent}: {cause(error)}") from error
    return ""


def _copy(pieces: Iterator[bytes], out: BinaryIO, room: _Room, path: Path) -> None:
    """Write pieces until they end or what they tell cannot be a log; BrokenOff passes through. Raises LogTooLarge."""
    is_log, look_at, line_start = False, LOOK_BYTES, 0
    for piece in pieces:
        is_log = is_log or (piece.startswith(_BEGINNING) and not out.tell()) or b"\n" + _BEGINNING in piece
        newline = piece.rfind(b"\n")
        line_start = line_start if newline < 0 else out.tell() + newline + 1
        out.write(piece)
        if out.tell() - line_start > LINE_BYTES:
            return
        if out.tell() >= look_at:
            if not is_log:
                return
            look_at += LOOK_BYTES
            if out.tell() > LONGEST.size_bytes:
                raise too_large(f"the log in {path}", out.tell())
            room.look(out)


def _copy_rest(pieces: Iterator[bytes], out: BinaryIO, done: int) -> str:
    """Write what follows the first `done` bytes, up to the fault; what the fault is."""
    seen = 0
    try:
        for piece in pieces:
            if seen >= done:
                out.write(piece)
            seen += len(piece)
    except BrokenOff as why:
        return f"{why} after {seen} bytes of the log; what comes before that is told here"
    return ""


class _Room:
    """How much may still be written into a folder."""

    def __init__(self, path: Path, folder: Path, packing: Packing) -> None:
        self._path, self._folder, self._packing = path, folder, packing
        self._free_bytes = _free_bytes(folder)

    def look(self, out: BinaryIO) -> None:
        """Raises LogUnreadable once half of the room that was free is used, by this or by others."""
        out.flush()
        if max(out.tell(), self._free_bytes - _free_bytes(self._folder)) <= self._free_bytes // 2:
            return
        where = self._folder.parent
        raise LogUnreadable(
            f"{self._path} is too large to unpack here: it holds more than {_size(out.tell())}, and of the "
            f"{_size(self._free_bytes)} that were free in {where} half are kept free",
            hint="set TMPDIR to a folder with more room, or unpack it by hand: "
            f"{self._packing.by_hand} {self._path.name}",
        )


def _free_bytes(folder: Path) -> int:
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
