"""The way to a path, step by step as the kernel goes it; and who else could put something in its place.

Invariant: only looks (lstat, readlink), and changes nothing. What cannot be seen ends the way.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator
from pathlib import Path

from msgspec import Struct

from cockpit.audit.people import is_alone

LINKS = 40
"""As many symbolic links as the kernel follows on one way."""


class Step(Struct, frozen=True):
    """A folder or symbolic link on the way, or what lies at its end."""

    path: str
    found: os.stat_result
    """By lstat."""
    links: int
    """Symbolic links gone through so far, this one too; more than `LINKS`: it leads in a circle, and the way ends."""

    @property
    def is_link(self) -> bool:
        """Whether it leads elsewhere."""
        return stat.S_ISLNK(self.found.st_mode)

    @property
    def is_folder(self) -> bool:
        """Whether more may lie below it."""
        return stat.S_ISDIR(self.found.st_mode)


class Others(Struct, frozen=True):
    """Who else may change something, by its owner and its mode alone. Of a folder: what lies in it (sticky or not)."""

    owner: bool
    """Its owner is none of those who may."""
    group: bool
    """Its group may write, and is neither the owner's own nor the one that shares it on purpose."""
    everybody: bool

    def __bool__(self) -> bool:
        return self.owner or self.group or self.everybody


def way(path: Path | str) -> Iterator[Step]:
    """Every step to `path`, from `/` on, as far as it exists; the last one is what it leads to, if all of it does."""
    at, links = "/", 0
    left = _parts(os.path.join(os.getcwd(), path))
    yield Step(at, os.lstat(at), links)
    while left:
        part = left.pop()
        step = os.path.dirname(at) if part == ".." else os.path.join(at, part)
        try:
            found = os.lstat(step)
        except OSError:
            return
        links += stat.S_ISLNK(found.st_mode)
        here = Step(step, found, links)
        yield here
        if here.is_link:
            if links > LINKS:
                return
            try:
                target = os.readlink(step)
            except OSError:
                return  # it has gone meanwhile
            at = "/" if target.startswith("/") else at
            left += _parts(target)
        elif here.is_folder:
            at = step
        else:
            return


def others(found: os.stat_result, users: Collection[int], group: int | None) -> Others:
    """Who else than `users` may change this. Members of `group` may, where its mode lets them on purpose."""
    is_shared_on_purpose = group is not None and found.st_gid == group and bool(found.st_mode & 0o020)
    return Others(
        owner=found.st_uid not in users and not is_shared_on_purpose,
        group=bool(found.st_mode & 0o020) and not is_shared_on_purpose and not is_alone(found.st_uid, found.st_gid),
        everybody=bool(found.st_mode & 0o002),
    )


def _parts(path: str) -> list[str]:
    """What is to be gone, the last part first."""
    return [part for part in reversed(path.split("/")) if part not in ("", ".")]
