"""Making a folder of runs that a group shares: its owner, group and modes, and who the group's people are.

Invariant: everything is looked at before anything is made; a folder that is there already and holds anything keeps its
modes. What stands here goes by numbers, as the kernel does; names are for people.
"""

from __future__ import annotations

import grp
import os
import pwd
import shlex
import stat
from pathlib import Path
from typing import Literal

from msgspec import Struct

from cockpit.audit.opening import SHARED_FOLDER
from cockpit.audit.people import group_name, own_groups, user_name
from cockpit.audit.places import require_shared_way
from cockpit.errors import PlaceRefused
from cockpit.text import visible

READABLE = 0o005
"""What others get of a folder that they may read."""
_NO_GROUP = 0xFFFFFFFF
"""The number that means none to chown(2); no group has one as high."""


class Group(Struct, frozen=True):
    """A group of this host."""

    id: int
    name: str
    people: tuple[str, ...]
    """Those whom this host's lists name, in their order: members, and whose own group it is."""
    has_me: bool
    """This process is in it."""


def group_called(name: str) -> Group:
    """A group by name, or by a number, which needs no name. Raises PlaceRefused if there is none."""
    try:
        is_number = name.isascii() and name.isdecimal() and len(name) <= len(str(_NO_GROUP))
        number = int(name) if is_number and int(name) < _NO_GROUP else grp.getgrnam(name).gr_gid
        members = grp.getgrgid(number).gr_mem if number in {each.gr_gid for each in grp.getgrall()} else []
    except KeyError:
        raise PlaceRefused(
            f"there is no group {visible(name)} on this host",
            hint=f"have it made: sudo groupadd {shlex.quote(visible(name))}; and people taken in: "
            f"sudo gpasswd -a NAME {shlex.quote(visible(name))}",
        ) from None
    own = [each.pw_name for each in pwd.getpwall() if each.pw_gid == number]
    people = tuple(dict.fromkeys(map(visible, (*members, *own))))
    return Group(id=number, name=group_name(number), people=people, has_me=number in own_groups())


def share(folder: Path, group: Group, *, is_readable: bool = False) -> Literal["made", "mended", "ready"]:
    """Have `folder` be one in which the group shares runs: 2770, or 2775 where others may read them.

    What is missing above it is made for everybody to pass (0755). `mended`: it was there, empty, and not so. Raises
    PlaceRefused, with what mends it, for a folder that would not do or holds anything and is not so; OSError.
    """
    if not os.fspath(folder).isprintable():
        raise PlaceRefused(
            f"{_shown(folder)} has a name that cannot be typed, and everybody has to set it", hint="name it plainly"
        )
    mode = SHARED_FOLDER | (READABLE if is_readable else 0)
    found = _looked_at(folder)
    if os.geteuid() != 0 and not group.has_me:
        me = user_name(os.geteuid())
        taken_in = "" if me in group.people else f"be taken in (sudo gpasswd -a {me} {group.name}) and "
        raise PlaceRefused(
            f"{me} is not in the group {group.name}, as this session has it, and cannot give it a folder",
            hint=f"{taken_in}log in again, or do it as root: sudo cockpit runs init …",
        )
    missing = [above for above in folder.parents if not above.exists()]
    require_shared_way(folder if found is not None else (missing[-1] if missing else folder), group.id)
    if found is not None and (found.st_gid, stat.S_IMODE(found.st_mode)) == (group.id, mode):
        return "ready"
    if found is not None and os.listdir(folder):
        raise PlaceRefused(
            f"{_shown(folder)} is there already, of the group {group_name(found.st_gid)} with the mode "
            f"{stat.S_IMODE(found.st_mode):04o}, and holds something; nothing was changed",
            hint=f"if the group is to share it: {mending(folder, group, mode)}",
        )
    for above in reversed(missing):
        above.mkdir(0o755)
        above.chmod(0o755)  # whatever the umask
    if found is None:
        folder.mkdir(0o700)
    os.chown(folder, -1, group.id)
    folder.chmod(mode)
    return "made" if found is None else "mended"


def mending(folder: Path, group: Group, mode: int) -> str:
    """The command that gives a folder this group and mode."""
    name = shlex.quote(visible(os.fspath(folder)))
    return f"sudo chgrp {shlex.quote(group.name)} {name} && sudo chmod {mode:04o} {name}"


def _looked_at(folder: Path) -> os.stat_result | None:
    try:
        found = os.lstat(folder)
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        raise PlaceRefused(f"{_shown(folder)} lies below a file", hint="name a folder") from None
    if stat.S_ISLNK(found.st_mode):
        raise PlaceRefused(f"{_shown(folder)} is a symbolic link", hint=f"name it itself: {_shown(folder.resolve())}")
    if not stat.S_ISDIR(found.st_mode):
        raise PlaceRefused(f"{_shown(folder)} is no folder", hint="name one that there is, or a new one")
    return found


def _shown(path: Path) -> str:
    return visible(os.fspath(path))
