"""Files and folders: who else can change them, who else can read them, and who could put others in their place.

Invariant: a way is judged as far as it goes; a folder that others may write to is told once, with all that lies below
it, since one `chmod` mends it for all.
"""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct

from cockpit.audit import ways
from cockpit.audit.people import group_name, user_name
from cockpit.doctor.findings import Finding, advice, at_home, error, ok, quoted, unknown, warning

_LISTED = 3


class Node(Struct, frozen=True):
    """A step of a way, or what lies at its end."""

    path: str
    owner: str
    group: str
    mode: int
    """With its kind, as lstat has it."""
    others: ways.Others
    is_group_empty: bool = False
    """Its group may write, and nobody else who is known here is in it: a directory service may know of more."""

    @property
    def kind(self) -> Callable[..., Finding]:
        """How grave it is that others may write to it."""
        is_for_nobody = self.is_group_empty and not self.others.owner and not self.others.everybody
        return advice if is_for_nobody else error

    @property
    def is_folder(self) -> bool:
        """Whether something lies in it."""
        return stat.S_ISDIR(self.mode)

    @property
    def permissions(self) -> str:
        """`0644`."""
        return f"{stat.S_IMODE(self.mode):04o}"


class Way(Struct, frozen=True):
    """The way to one path, as far as it could be gone."""

    asked: str
    nodes: tuple[Node, ...]
    is_whole: bool
    """The last node is what lies there. If not, there is nothing, or it cannot be seen."""
    unseen: str = ""
    """Why it could not be gone to its end, where that is another reason than that there is nothing."""


class Wish(Struct, frozen=True):
    """What a file or folder should be."""

    way: Way
    id: str
    is_private: bool = False
    """Nobody else may read it."""
    why_private: str = ""
    why_own: str = "who can change it decides what is done in your name"
    why_missing: str = ""
    """Why it should be there; empty: it need not be."""
    is_of_root: bool = False
    """Nobody but root may own it."""


def look(path: str | os.PathLike[str], *, is_of_root: bool = False) -> Way:
    """Go the way to a path. `is_of_root`: nobody else may own it, this user neither. Changes nothing, never raises."""
    asked = os.fspath(path)
    trusted = {0} if is_of_root else {0, os.geteuid()}
    try:
        steps = list(ways.way(asked))
    except (OSError, ValueError) as why:
        return Way(asked, (), is_whole=False, unseen=str(getattr(why, "strerror", why)))
    nodes = tuple(_node(step, trusted) for step in steps)
    try:
        end = os.stat(asked)
    except FileNotFoundError:
        return Way(asked, nodes, is_whole=False)
    except (OSError, ValueError) as why:
        return Way(asked, nodes, is_whole=False, unseen=str(getattr(why, "strerror", why)))
    return Way(asked, nodes, is_whole=os.path.samestat(end, steps[-1].found))


def own_program(name: str, environ: Mapping[str, str]) -> str | None:
    """Where PATH finds a program that only this user and root can change; None: there is none to be run unseen.

    What judges PATH runs nothing that somebody else may have put there.
    """
    folders = [each for each in environ.get("PATH", os.defpath).split(":") if os.path.isabs(each)]
    path = shutil.which(name, path=":".join(folders)) if folders else None
    if path is None:
        return None
    way = look(path)
    bad = not way.is_whole or way.nodes[-1].others or any(_lets_others_in(node, is_last=False) for node in way.nodes)
    return None if bad else path


def _node(step: ways.Step, trusted: set[int]) -> Node:
    others = ways.others(step.found, trusted, None)
    return Node(
        path=step.path,
        owner=user_name(step.found.st_uid),
        group=group_name(step.found.st_gid),
        mode=step.found.st_mode,
        others=others,
        is_group_empty=others.group and _is_empty(step.found.st_gid, trusted),
    )


def _is_empty(group: int, trusted: set[int]) -> bool:
    try:
        members = {pwd.getpwnam(name).pw_uid for name in grp.getgrgid(group).gr_mem}
    except KeyError:
        return False  # a group or a member without a name: who that is cannot be told
    members |= {user.pw_uid for user in pwd.getpwall() if user.pw_gid == group}
    return members <= trusted


def judge(wishes: Iterable[Wish]) -> Iterator[Finding]:
    """What lies at the end of each way, and then every folder on the ways that somebody else may write to."""
    wishes = list(wishes)
    for wish in wishes:
        yield from of_end(wish)
    yield from of_folders(wishes)


def of_end(wish: Wish) -> Iterator[Finding]:
    """What lies at the end of a way, if anything does."""
    way, what = wish.way, at_home(wish.way.asked)
    if not way.is_whole:
        if way.unseen:
            yield unknown(wish.id, what, f"it cannot be looked at ({way.unseen})")
        elif wish.why_missing:
            yield warning(wish.id, what, "it is not there", wish.why_missing)
        return
    end, mend = way.nodes[-1], quoted(way.nodes[-1].path)
    told = list(_of_owner(wish, end, what, mend))
    if wish.is_private and (opened := end.mode & (0o077 if end.is_folder else 0o066)) and not told:
        who = "everybody" if opened & 0o007 else f"the group {end.group}"
        do = "read and change" if opened & 0o022 else "read"
        told.append(
            error(
                wish.id,
                what,
                f"{who} may {do} it (mode {end.permissions})",
                wish.why_private,
                f"chmod {'700' if end.is_folder else '600'} {mend}",
            )
        )
    yield from told or [ok(wish.id, what, f"{end.owner}, mode {end.permissions}")]


def _of_owner(wish: Wish, end: Node, what: str, mend: str) -> Iterator[Finding]:
    if end.others.owner:
        yield error(
            wish.id,
            what,
            f"it belongs to {end.owner}",
            wish.why_own,
            f"sudo chown {user_name(0 if wish.is_of_root else os.geteuid())} {mend}",
        )
    elif (who := _writers(end)) and not (end.is_folder and end.mode & stat.S_ISVTX):
        letters = "go" if end.others.group and end.others.everybody else "o" if end.others.everybody else "g"
        cure = f"chmod {'600' if wish.is_private and not end.is_folder else f'{letters}-w'} {mend}"
        yield end.kind(wish.id, what, f"{who} may write to it (mode {end.permissions})", wish.why_own, cure)


def of_folders(wishes: Iterable[Wish]) -> Iterator[Finding]:
    """The folders on the ways in which somebody else may put another file in the place of one that is meant."""
    below: dict[str, list[str]] = {}
    bad: dict[str, Node] = {}
    for wish in wishes:
        nodes = wish.way.nodes[:-1] if wish.way.is_whole else wish.way.nodes
        for node in nodes:
            if _lets_others_in(node, is_last=not wish.way.is_whole and node is nodes[-1]):
                bad[node.path] = node
                below.setdefault(node.path, []).append(at_home(wish.way.asked))
    for path, node in bad.items():
        names = list(dict.fromkeys(below[path]))
        listed = ", ".join(names[:_LISTED]) + (f" and {len(names) - _LISTED} more" if len(names) > _LISTED else "")
        why = f"whoever can write there puts another file in the place of {listed}"
        yield _of_folder(path, node, why)


def _of_folder(path: str, node: Node, why: str) -> Finding:
    what, mend = at_home(path), quoted(path)
    if stat.S_ISLNK(node.mode):
        return error("files.link", what, f"this link belongs to {node.owner}", why, "# name what it leads to instead")
    if node.others.owner:
        cure = f"sudo chown {user_name(os.geteuid())} {mend}"
        return error("files.folder", what, f"this folder belongs to {node.owner}", why, cure)
    letters = "go" if node.others.group and node.others.everybody else "o" if node.others.everybody else "g"
    found = f"{_writers(node)} may write to this folder (mode {node.permissions})"
    return node.kind("files.folder", what, found, why, f"chmod {letters}-w {mend}")


def _lets_others_in(node: Node, *, is_last: bool) -> bool:
    """Whether somebody else may put something else there. `is_last`: what is meant is not there, and may be made."""
    if stat.S_ISLNK(node.mode):
        return node.others.owner  # a link's mode says nothing
    if node.others.owner:
        return True
    return bool(node.others) and not (node.mode & stat.S_ISVTX and not is_last)


def _writers(node: Node) -> str:
    if node.others.everybody:
        return "everybody"
    if not node.others.group:
        return ""
    return f"the group {node.group}{' (nobody known here)' if node.is_group_empty else ''}"
