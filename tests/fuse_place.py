"""Folders on another machine's file system: in the kernel's own words, and as a real FUSE mount that a thread answers.

The mount is empty, and whatever is to be made in it fails: enough to see that nothing is tried.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
_INIT, _LOOKUP, _FORGET, _GETATTR, _OPENDIR, _READDIR, _RELEASEDIR = 26, 1, 2, 3, 27, 28, 29
_DETACH = 2


def obstacle() -> str:
    """Why nothing can be mounted here; empty if it can."""
    if os.geteuid() != 0:
        return "only root can mount"
    return "" if os.access("/dev/fuse", os.R_OK | os.W_OK) else "there is no /dev/fuse"


def as_if_mounted(folder: Path, kind: str, source: str) -> str:
    """What the kernel says of mounts, with the one that `folder` is on changed into another."""
    true = Path("/proc/self/mountinfo").read_text()
    fd = os.open(folder, os.O_PATH)
    number = re.search(r"mnt_id:\s*(\d+)", Path(f"/proc/self/fdinfo/{fd}").read_text())
    os.close(fd)
    assert number is not None
    return re.sub(rf"(?m)^({number[1]} .*) - \S+ \S+", lambda mount: f"{mount[1]} - {kind} {source}", true)


@contextmanager
def mounted(folder: Path, kind: str, source: str) -> Iterator[list[int]]:
    """Mount over `folder` for a block; gives the numbers of the operations that the kernel asked for."""
    fd = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
    options = f"fd={fd},rootmode=40700,user_id={os.getuid()},group_id={os.getgid()},default_permissions,allow_other"
    if _LIBC.mount(source.encode(), os.fsencode(folder), kind.encode(), 0, options.encode()):
        os.close(fd)
        raise OSError(ctypes.get_errno(), "the mount was refused", str(folder))
    asked: list[int] = []
    thread = threading.Thread(target=_answer, args=(fd, asked), daemon=True)
    thread.start()
    try:
        yield asked
    finally:
        _LIBC.umount2(os.fsencode(folder), _DETACH)
        thread.join(60)
        os.close(fd)


def _answer(fd: int, asked: list[int]) -> None:
    while True:
        try:
            request = os.read(fd, 1 << 20)
        except OSError:  # ENODEV: it is mounted no more
            return
        _, operation, unique, *_ = struct.unpack_from("IIQQIIII", request)
        asked.append(operation)
        if operation == _FORGET:
            continue
        answer, error = b"", 0
        if operation == _INIT:
            answer = struct.pack("IIIIHHIIHHI7I", 7, 31, 65536, 0, 12, 10, 65536, 1, 0, 0, 0, *[0] * 7)
        elif operation == _GETATTR:
            attributes = (1, *[0] * 5, *[0] * 3, 0o40700, 2, os.getuid(), os.getgid(), 0, 4096, 0)
            answer = struct.pack("QII", 1, 0, 0) + struct.pack("QQQQQQIIIIIIIIII", *attributes)
        elif operation == _OPENDIR:
            answer = struct.pack("QII", 1, 0, 0)
        elif operation not in (_READDIR, _RELEASEDIR):
            error = errno.ENOENT if operation == _LOOKUP else errno.EIO
        os.write(fd, struct.pack("IiQ", 16 + len(answer), -error, unique) + answer)
