"""Opening and making the files of a run: never through a symbolic link, never what is no file, never waiting.

Invariant: what is made here belongs to the run, whoever makes it and whatever their umask: its mode, its group and, for
root, its owner are those of the folder it is made in (0600 in a folder of one user; 0660 in one that a group shares,
`cockpit.audit.places`). Standard library alone, and text for paths: shims start with it.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PRIVATE_FOLDER, SHARED_FOLDER = 0o700, 0o2770
PRIVATE_FILE, SHARED_FILE = 0o600, 0o660
_SAFELY = os.O_CLOEXEC | os.O_NOCTTY | os.O_NOFOLLOW | os.O_NONBLOCK
"""O_NONBLOCK: opening a pipe that nobody writes to would wait for ever. It changes nothing for a file."""
_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_ATTEMPTS = 100
_SAID = {errno.ELOOP: "it is a symbolic link", errno.ENXIO: "it is no regular file"}


def is_shared(mode: int) -> bool:
    """Whether the group of a folder of this mode may write in it, as in a run that a group shares."""
    return mode & 0o070 == 0o070


def opened(path: Path | str, flags: int) -> int:
    """Open a file in a run's folder; with O_CREAT it is made if it is not there.

    Raises OSError as open(2) does, with words of its own for a link and for what is no regular file.
    """
    name = os.fspath(path)
    with _Folder(os.path.dirname(name)) as folder:
        fd = _opened(folder, os.path.basename(name), flags, name)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, _SAID[errno.ENXIO], name)
    return fd


def make_folder(path: Path | str) -> None:
    """Make a folder inside a run, or leave the one that is there. Raises OSError, also if it is no folder."""
    name = os.fspath(path)
    with _Folder(os.path.dirname(name)) as parent:
        try:
            os.mkdir(os.path.basename(name), PRIVATE_FOLDER, dir_fd=parent.fd)
        except FileExistsError:
            if not stat.S_ISDIR(os.lstat(name).st_mode):
                raise OSError(errno.ENOTDIR, "it is no folder", name) from None
            return
        adopt_folder(name, parent.group, parent.made_for)


def adopt_folder(path: str, group: int | None, made_for: tuple[int, int] | None = None) -> None:
    """Give a folder that this process has just made the mode that it is to have. Raises OSError.

    `group` shares it; `made_for` are the user and group whom root makes it for. (mkdir(2) could not: umask.)
    """
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        _chown(fd, group, made_for)
        os.fchmod(fd, PRIVATE_FOLDER if group is None else SHARED_FOLDER)
    finally:
        os.close(fd)


def adopt_file(fd: int, path: Path | str) -> None:
    """Give a file that this process has just made at `path` the mode that its folder asks for. Raises OSError."""
    with _Folder(os.path.dirname(os.fspath(path))) as folder:
        folder.adopt(fd)


def content(path: Path | str, limit_bytes: int) -> bytes:
    """The beginning of a small file of a run. Raises OSError."""
    fd = opened(path, os.O_RDONLY)
    with os.fdopen(fd, "rb") as file:
        return file.read(limit_bytes)


class _Folder:
    """A folder, held open while a file is opened or made in it, and on what terms that is."""

    def __init__(self, path: str) -> None:
        try:
            self.fd = os.open(path or ".", _FOLDER)
        except NotADirectoryError:
            if not os.path.islink(path):
                raise
            raise OSError(errno.ELOOP, _SAID[errno.ELOOP], path) from None
        found = os.fstat(self.fd)
        self.group = found.st_gid if is_shared(found.st_mode) else None
        self.made_for = (found.st_uid, found.st_gid) if os.geteuid() == 0 else None

    def __enter__(self) -> _Folder:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)

    def adopt(self, fd: int) -> None:
        _chown(fd, self.group, self.made_for)
        os.fchmod(fd, PRIVATE_FILE if self.group is None else SHARED_FILE)


def _opened(folder: _Folder, base: str, flags: int, name: str) -> int:
    flags |= _SAFELY
    for _ in range(_ATTEMPTS):
        try:
            if flags & os.O_CREAT and flags & os.O_EXCL:
                return _made(folder, base, flags)
            try:
                return os.open(base, flags & ~os.O_CREAT, dir_fd=folder.fd)
            except FileNotFoundError:
                if not flags & os.O_CREAT:
                    raise
                # Whoever makes it has to know that they did: the file gets its mode from them.
                return _made(folder, base, flags | os.O_EXCL)
        except OSError as error:
            if error.errno == errno.EEXIST and not flags & os.O_EXCL:
                continue  # somebody else made it at this moment
            raise OSError(error.errno, _SAID.get(error.errno or 0, error.strerror), name) from None
    raise OSError(errno.EAGAIN, "it comes and goes", name)


def _made(folder: _Folder, base: str, flags: int) -> int:
    fd = os.open(base, flags, PRIVATE_FILE, dir_fd=folder.fd)
    try:
        folder.adopt(fd)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _chown(fd: int, group: int | None, made_for: tuple[int, int] | None) -> None:
    found = os.fstat(fd)
    new_owner, new_group = made_for or (found.st_uid, found.st_gid)
    new_group = new_group if group is None else group
    if (new_owner, new_group) != (found.st_uid, found.st_gid):
        os.fchown(fd, new_owner, new_group)
