"""Users and groups of this host, as far as a run's folder asks for them. Reads the setting `COCKPIT_GROUP`."""

from __future__ import annotations

import grp
import os
import pwd

from cockpit.errors import PlaceRefused
from cockpit.text import shortened, visible

SETTING = "COCKPIT_GROUP"
"""Names the group that runs are shared with; none without it."""
_NAME = 64


def shared_group() -> int | None:
    """The id of the group that runs are shared with; None: they belong to one user each.

    Raises PlaceRefused if the setting names no group, or one that this user is not in.
    """
    name = os.environ.get(SETTING, "").strip()
    if not name:
        return None
    try:
        group = int(name) if name.isdecimal() else grp.getgrnam(name).gr_gid
    except KeyError:
        raise PlaceRefused(
            f"{SETTING} names the group {shortened(name, _NAME)}, which does not exist here",
            hint=f"have it made (sudo groupadd), or unset {SETTING}: the run is then yours alone",
        ) from None
    if os.geteuid() != 0 and group not in own_groups():
        who = user_name(os.geteuid())
        raise PlaceRefused(
            f"{SETTING} names the group {shortened(name, _NAME)}, and {who} is not in it",
            hint=f"have them taken in (sudo gpasswd -a {who} {shortened(name, _NAME)}) and log in again",
        )
    return group


def own_groups() -> frozenset[int]:
    """The groups of this process."""
    return frozenset((os.getegid(), *os.getgroups()))


def is_alone(user: int, group: int) -> bool:
    """Whether a group is the user's own, with nobody else in it (as most Linux systems make one for each user)."""
    try:
        found = grp.getgrgid(group)
        name = pwd.getpwuid(user).pw_name
    except KeyError:
        return False
    return found.gr_name == name and not set(found.gr_mem) - {name}


def user_name(user: int) -> str:
    """By name, or by number if there is none."""
    try:
        return shortened(pwd.getpwuid(user).pw_name, _NAME)
    except KeyError:
        return str(user)


def group_name(group: int) -> str:
    """By name, or by number if there is none."""
    try:
        return visible(grp.getgrgid(group).gr_name)
    except KeyError:
        return str(group)
