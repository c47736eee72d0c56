"""Where runs are kept: the folder, the runs in it, the disk below it, and the keeper of a run that is named.

Invariant: the rules are those by which runs are refused (`cockpit.audit.places`); nothing is opened for writing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

import cockpit
from cockpit.audit.filesystems import FileSystem, file_system
from cockpit.audit.layout import log_path, store_path
from cockpit.audit.line import decode
from cockpit.audit.places import require_run, require_way
from cockpit.audit.skimming import BEGINNING, facts_in
from cockpit.doctor.findings import Finding, at_home, error, ok, quoted, unknown, warning
from cockpit.errors import LogError, PlaceRefused, ReadOnlyRun
from cockpit.run.events import KeeperStarted
from cockpit.session.runs import summary

NEWEST = 50
"""Runs that are looked at one by one."""
_LITTLE_BYTES, _NO_ROOM_BYTES = 1 << 30, 100 << 20
_LITTLE_INODES = 1000
_IN_MEMORY = ("tmpfs", "ramfs")


class Disk(Struct, frozen=True):
    """The disk below the folder of runs; None where it does not say."""

    free_bytes: int | None
    free_inodes: int | None
    """None also where a file system has no such limit."""
    system: FileSystem | None


def of_folder(folder: Path) -> Iterator[Finding]:
    """The folder of runs: who could put another in its place, and what it is on."""
    what = at_home(folder)
    try:
        require_way(folder, despite=True)
    except PlaceRefused as refused:
        why = "no run can be begun there"
        yield error("runs.folder", refused.path or what, refused.fault or refused.message, why, f"# {refused.hint}")
    else:
        yield ok("runs.folder", what, "only you and root can write there" if folder.exists() else "it can be made")
    yield from of_disk(what, disk_of(folder))


def disk_of(folder: Path) -> Disk:
    """Of the nearest folder that exists."""
    at = folder
    while not at.exists() and at != at.parent:
        at = at.parent
    try:
        told = os.statvfs(at)
    except OSError:
        return Disk(None, None, file_system(at))
    return Disk(told.f_bavail * told.f_frsize, told.f_favail if told.f_files else None, file_system(at))


def of_disk(what: str, disk: Disk) -> Iterator[Finding]:
    """Whether a night has room there, and whether locks and syncs can be believed."""
    if disk.system is None:
        yield unknown("runs.filesystem", what, "which file system it is on cannot be seen", "", "df -T")
    elif disk.system.doubt:
        cure = "export COCKPIT_RUNS=/var/lib/cockpit/runs    # any folder on a disk of this host"
        yield error("runs.filesystem", what, f"it is on {disk.system}", disk.system.doubt, cure)
    elif disk.system.kind in _IN_MEMORY:
        why = "the log is gone with the next reboot"
        yield warning("runs.filesystem", what, f"it is in memory ({disk.system.kind})", why, "export COCKPIT_RUNS=…")
    else:
        yield ok("runs.filesystem", "its file system", str(disk.system))
    yield _of_room(what, disk)


def _of_room(what: str, disk: Disk) -> Finding:
    if disk.free_bytes is None:
        return unknown("runs.room", what, "how much room is left cannot be seen", "", "df -h")
    told = f"{disk.free_bytes / (1 << 20):,.0f} MiB are free"
    why = "when the disk is full nothing is acknowledged any more, and the run has to go on elsewhere"
    if disk.free_bytes < _NO_ROOM_BYTES:
        return error("runs.room", what, told, why, "df -h    # make room, or: export COCKPIT_RUNS=…")
    if disk.free_inodes is not None and disk.free_inodes < _LITTLE_INODES:
        return error("runs.room", what, f"{disk.free_inodes} inodes are free", why, "df -i    # make room")
    if disk.free_bytes < _LITTLE_BYTES:
        return warning("runs.room", what, told, why, "df -h    # make room, or: export COCKPIT_RUNS=…")
    return ok("runs.room", "room on the disk", told)


def of_runs(run_dirs: Sequence[Path]) -> Iterator[Finding]:
    """The newest runs: logs, locks, outputs and keys, by the rules that refuse to write to one."""
    bad = well = others = 0
    for run_dir in run_dirs[:NEWEST]:
        try:
            require_run(run_dir, despite=True)
        except ReadOnlyRun:
            others += 1
        except PlaceRefused as refused:
            bad += 1
            why = "nothing can be written to this run, and others may read or change what is in it"
            yield error("runs.run", refused.path, refused.fault or refused.message, why, f"# {refused.hint}")
        else:
            well += 1
    left = len(run_dirs) - NEWEST
    more = f"; {left} older ones were not looked at" if left > 0 else ""
    if well and not bad:
        yield ok("runs.run", "runs", f"{well} are closed to others{more}")
    if others:
        yield ok("runs.others", "runs of others", f"{others} that you may only read")


def of_run(run_dir: Path, *, has_store: bool = False) -> Iterator[Finding]:
    """One run: its folder, its disk, and whether its keeper is of this cockpit. `has_store`: that is looked at."""
    yield from of_runs([run_dir])
    yield from of_disk(at_home(run_dir), disk_of(run_dir))
    if store_path(run_dir).exists() and not has_store:
        found = "a database keeps it, which was not looked at"
        yield unknown("runs.store", run_dir.name[:8], found, "", f"cockpit doctor {quoted(run_dir.name)} --store DSN")
    what = f"keeper of {run_dir.name[:8]}"
    seen = summary(run_dir)
    if seen.status == "damaged":
        why = "nothing goes on from a log that does not verify"
        yield error("runs.log", at_home(run_dir), seen.problem, why, f"cockpit verify {quoted(run_dir)}")
    elif seen.status != "live":
        yield ok("runs.keeper", what, f"none is needed: the run is {seen.status}")
    elif seen.has_keeper is None:
        yield unknown("runs.keeper", what, "this user may not see whether it lives")
    elif not seen.has_keeper:
        why = "nothing is watched while the run is live"
        yield warning("runs.keeper", what, "none lives on this host", why, f"cockpit resume {quoted(run_dir.name)}")
    else:
        yield of_version(what, keeper_version(log_path(run_dir)), run_dir.name)


def of_version(what: str, version: str, run: str) -> Finding:
    """Whether the keeper that lives is of this cockpit."""
    own = cockpit.__version__
    if not version:
        return unknown("runs.keeper", what, "its version cannot be read from the log")
    if version != own:
        why = "a newer one may write what an older one does not know"
        cure = f"cockpit stop {quoted(run)} --reason 'update' && cockpit resume {quoted(run)}"
        return warning("runs.keeper", what, f"it is cockpit {version}, this is {own}", why, cure)
    return ok("runs.keeper", what, f"it is cockpit {version}, as this one")


def keeper_version(log: Path) -> str:
    """Of the last keeper that began, by the log; empty if that cannot be read."""
    last = b""
    try:
        fd = os.open(log, os.O_RDONLY | os.O_CLOEXEC)
        try:
            for line in facts_in(fd):
                if b'"type":"keeper.started"' in line[: 2 * BEGINNING]:
                    last = line
        finally:
            os.close(fd)
        body = decode(last).body if last else None
    except (OSError, LogError):
        return ""
    return body.version if isinstance(body, KeeperStarted) else ""
