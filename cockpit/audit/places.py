"""Where a run may be kept: on a disk that tells the truth, in folders that nobody else can write to or put aside.

Invariant: what is asked here is asked before anything is written, and changes nothing; a refusal names one path, what
is wrong with it, and what mends it. Reading is never refused. Who may change a run is its owner and root, and with
`COCKPIT_GROUP` the members of that group (files 0660, folders 2770); where anybody else could, it is refused. Of a run
that a group shares, others may be let read the log (folder 2775, log 0664), and nothing else: no lock, no output. This
guards against accidents and against other users, not against the run's owner, and looks when a run is opened, not
at every append.
"""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Collection, Iterator
from pathlib import Path

from cockpit.audit import layout
from cockpit.audit.filesystems import FileSystem, file_system
from cockpit.audit.opening import content, is_shared, opened
from cockpit.audit.people import group_name, own_groups, shared_group, user_name
from cockpit.audit.ways import LINKS, others, way
from cockpit.errors import PlaceRefused, ReadOnlyRun
from cockpit.text import visible

_DEPTH = 3
_LIMIT_BYTES = 4096
_KINDS = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFBLK: "a device", stat.S_IFCHR: "a device"}


def require_way(folder: Path, *, despite: bool = False) -> None:
    """Raise PlaceRefused unless runs may be made in `folder`, which need not exist yet.

    `despite`: also on a file system whose locks and syncs cannot be trusted.
    """
    found = _walk(folder, _Trusted({0, os.geteuid()}, shared_group()))
    if not despite and (system := file_system(found)) is not None and system.doubt:
        raise doubtful(folder, system)


def require_shared_way(folder: Path, group: int) -> None:
    """Raise PlaceRefused unless every member of `group` may have runs in `folder`, whose parents all exist.

    On the way to it only root, or that group, may put one folder in the place of another, and the group gets through.
    """
    _walk(folder, _Trusted({0}, group))
    if (system := file_system(folder if folder.exists() else folder.parent)) is not None and system.doubt:
        raise PlaceRefused(doubtful(folder, system).message, hint="name a folder on a disk of this host")
    for above in reversed(folder.resolve().parents):
        found = os.stat(above)
        if not (found.st_mode & 0o001 or (found.st_gid == group and found.st_mode & 0o010)):
            name = group_name(group)
            raise _refused(
                above,
                f"members of {name} cannot get through this folder (mode {stat.S_IMODE(found.st_mode):04o})",
                f"name a folder elsewhere, such as /srv/cockpit/runs, or: sudo chmod o+x {_quoted(above)}",
            )


def require_run(run_dir: Path, *, despite: bool = False) -> None:
    """Raise PlaceRefused unless the run in `run_dir` may be written to by this process.

    What is not there, or not to be seen, is not refused here: opening it says so. `despite`: as in `require_way`.
    """
    try:
        found = os.lstat(run_dir)
    except OSError:
        return
    if stat.S_ISLNK(found.st_mode):
        raise _refused(
            run_dir, "this is a symbolic link", f"name the folder itself: {_quoted(os.path.realpath(run_dir))}"
        )
    if not stat.S_ISDIR(found.st_mode):
        return
    group = _require_own(run_dir, found)
    _walk(run_dir.parent, _Trusted({0, os.geteuid(), found.st_uid}, shared_group() if group is None else group))
    _require_mode(run_dir, found, group, run_dir, spared=0 if group is None else 0o005)
    for path, entry in _entries(run_dir, _DEPTH):
        _require_entry(path, entry, run_dir, found, group)
    if not despite and (system := doubt_of(run_dir)) is not None:
        raise doubtful(run_dir, system)


def doubt_of(run_dir: Path) -> FileSystem | None:
    """The file system of a run, if it cannot be trusted and nobody has accepted that; else None."""
    system = file_system(run_dir)
    if system is None or not system.doubt:
        return None
    try:
        accepted = content(layout.place_mark(run_dir), _LIMIT_BYTES).decode(errors="replace").strip()
    except OSError:
        return system
    return None if accepted == str(system) else system


def accept(run_dir: Path, system: FileSystem) -> None:
    """Let the run be written to on this file system from now on; the log has the reason by then. Raises OSError."""
    fd = opened(layout.place_mark(run_dir), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(f"{system}\n")


def doubtful(path: Path, system: FileSystem) -> PlaceRefused:
    """The error to raise for a file system that cannot be trusted."""
    return PlaceRefused(
        f"no run can be kept safely on {visible(str(system))} ({_shown(path)}): {system.doubt}",
        hint="name a folder on a disk of this host in COCKPIT_RUNS, or take the risk: --despite-place REASON",
    )


def is_readable_by_others(folder: Path) -> bool:
    """Whether what a group shares in this folder of runs may be read by everybody who gets to it (mode 2775)."""
    try:
        mode = os.stat(folder).st_mode
    except OSError:
        return False
    return is_shared(mode) and mode & 0o005 == 0o005


# ---- the way to it -----------------------------------------------------------------------------------------------


class _Trusted:
    """Who may own the folders on the way to a run, and which group may write in them."""

    def __init__(self, users: Collection[int], group: int | None) -> None:
        self.users = users
        self.group = group

    def require_folder(self, path: str, found: os.stat_result) -> None:
        """Raise PlaceRefused if somebody else could put another folder in the place of one that lies in `path`."""
        mode = stat.S_IMODE(found.st_mode)
        who = others(found, self.users, self.group)
        if who.owner:
            raise _refused(
                path,
                f"this folder belongs to {user_name(found.st_uid)}, who could put another in a run's place",
                f"name a folder of your own in COCKPIT_RUNS, or: sudo chown {user_name(os.geteuid())} {_quoted(path)}",
            )
        if mode & stat.S_ISVTX:
            return  # what lies there is put aside by its owner alone, and that is looked at next
        if who.everybody:
            mend = f"chmod {'go' if who.group else 'o'}-w {_quoted(path)}"
            raise _refused(path, f"everybody may write to this folder (mode {mode:04o})", mend)
        if who.group:
            group = group_name(found.st_gid)
            raise _refused(
                path,
                f"the group {group} may write to this folder (mode {mode:04o})",
                f"chmod g-w {_quoted(path)}, or share runs with that group: COCKPIT_GROUP={group}",
            )


def _walk(folder: Path, trusted: _Trusted) -> str:
    """Go the way to `folder` as the kernel would, and look at every folder on it; the last that exists, really."""
    at = "/"
    for step in way(folder):
        if step.is_link and (step.found.st_uid not in trusted.users or step.links > LINKS):
            whose = f"this symbolic link belongs to {user_name(step.found.st_uid)}, who could lead it elsewhere"
            raise _refused(
                step.path, whose if step.links <= LINKS else "this leads in a circle", "name the folder it leads to"
            )
        if step.is_folder:
            trusted.require_folder(step.path, step.found)
            at = step.path
    return at


# ---- the run itself ----------------------------------------------------------------------------------------------


def _require_own(run_dir: Path, found: os.stat_result) -> int | None:
    """The group that shares it, or None. Raises ReadOnlyRun if it is neither this user's nor their group's."""
    me = os.geteuid()
    if is_shared(found.st_mode):
        if me not in (0, found.st_uid) and found.st_gid not in own_groups():
            group, who = group_name(found.st_gid), user_name(me)
            raise ReadOnlyRun(
                f"this run is shared by the group {group}, and {who} is not in it: {_shown(run_dir)}",
                hint=f"to watch: cockpit join; to write, be taken in (sudo gpasswd -a {who} {group}) and log in again",
            )
        if me == 0 or found.st_gid == shared_group():
            return found.st_gid
        group = group_name(found.st_gid)
        raise _refused(
            run_dir,
            f"this run is shared with the group {group}, and COCKPIT_GROUP does not say so",
            f"say it, if you mean it: export COCKPIT_GROUP={group}; or end it: chmod -R g-rwxs {_quoted(run_dir)}",
        )
    if me not in (0, found.st_uid):
        owner = user_name(found.st_uid)
        raise ReadOnlyRun(
            f"this run belongs to {owner}: {_shown(run_dir)}; nothing was written",
            hint=f"only {owner} and root can write to it: sudo cockpit join",
        )
    return None


def _entries(folder: Path | str, depth: int) -> Iterator[tuple[str, os.stat_result]]:
    """What lies in a run's folder, and in the folders in it. What goes away meanwhile is left out."""
    try:
        with os.scandir(folder) as found:
            entries = list(found)
    except FileNotFoundError:
        return
    except OSError as error:
        mend = f"sudo chown -R {user_name(os.geteuid())} {_quoted(folder)}"
        raise _refused(folder, f"this cannot be looked into ({error.strerror})", mend) from error
    for entry in entries:
        try:
            seen = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            continue
        yield entry.path, seen
        if stat.S_ISDIR(seen.st_mode) and depth > 1:
            yield from _entries(entry.path, depth - 1)


def _require_entry(path: str, entry: os.stat_result, run_dir: Path, run: os.stat_result, group: int | None) -> None:
    kind = stat.S_IFMT(entry.st_mode)
    if kind == stat.S_IFLNK:
        branches = (layout.continued_mark(each) for each in run_dir.glob("offline-*"))
        if path == str(layout.continued_mark(run_dir)) or path in map(str, branches):
            return  # a name that says where the run goes on; nobody follows it by opening it
        raise _refused(path, "this is a symbolic link", "put the file itself there, or remove the link")
    if kind not in (stat.S_IFREG, stat.S_IFDIR):
        raise _refused(path, f"this is {_KINDS.get(kind, 'no file')}, where a run has files", f"rm {_quoted(path)}")
    if entry.st_uid not in (0, run.st_uid) and (group is None or entry.st_gid != group):
        raise _refused(
            path,
            f"this belongs to {user_name(entry.st_uid)}, and the run to {user_name(run.st_uid)}",
            f"sudo chown {user_name(run.st_uid)} {_quoted(path)}",
        )
    # What lies in `locks/` says nothing that others may not read; but nobody else makes or takes away marks there.
    is_mark = kind == stat.S_IFREG and os.path.dirname(path) == str(layout.locks_dir(run_dir))
    is_log = group is not None and path == str(layout.log_path(run_dir))
    _require_mode(path, entry, group, run_dir, spared=0o044 if is_mark else 0o004 if is_log else 0)


def _require_mode(path: Path | str, found: os.stat_result, group: int | None, run_dir: Path, spared: int = 0) -> None:
    mode = stat.S_IMODE(found.st_mode)
    forbidden, mend = (0o077, "go=") if group is None else (0o007, "o=")
    if mode & forbidden & ~spared:
        raise _refused(path, f"this is open to others (mode {mode:04o})", f"chmod -R {mend} {_quoted(run_dir)}")


def _refused(path: Path | str, why: str, hint: str) -> PlaceRefused:
    # What is wrong comes first: on a small screen there is room for little more.
    return PlaceRefused(f"{why}: {_shown(path)}; nothing was written", hint=hint, path=_shown(path), fault=why)


def _shown(path: Path | str) -> str:
    return visible(os.fsdecode(path))


def _quoted(path: Path | str) -> str:
    return visible(shlex.quote(os.fsdecode(path)))
