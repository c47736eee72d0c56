"""Going on without the database: this host's copy of a run is copied to a folder of its own, and goes on there.

    <run-id>/offline-<seq>/     a run's folder, whose log has the copy's bytes up to line <seq>, and goes on from there

Invariant: the copy itself is not touched, and only ever holds what the database holds. The branch appears under its
name whole and synced, with the `store.left` that begins it; then word is left (`moved`), and nobody on this host
appends to the database any more until the branch came back.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from cockpit.audit import layout
from cockpit.audit.aside import AsideReader, drafts_of
from cockpit.audit.chain import Chain
from cockpit.audit.continuing import PART
from cockpit.audit.copying import copied
from cockpit.audit.files import DISK, FileStore
from cockpit.audit.line import Draft, Head
from cockpit.audit.moved import leave_word
from cockpit.audit.opening import content, opened
from cockpit.audit.poison import cause
from cockpit.audit.postgres.lines import lines_of
from cockpit.audit.reading import open_log
from cockpit.errors import LogError, StoreFailed

_LIMIT_BYTES = 65536


class Ending(Head, frozen=True):
    """Where a log ends, fact or not."""

    position: int
    """Offset of the byte after its last line that counts."""


def end_of(run_dir: Path) -> Ending:
    """The last line of a log. Raises LogError."""
    chain = Chain()
    for _ in lines_of(layout.log_path(run_dir), chain):
        pass
    return Ending(seq=chain.seq, digest=chain.digest, position=chain.position)


def part_ways(run_dir: Path, end: Ending, left: Draft) -> Path:
    """Copy a log up to `end` into a branch, begin it with `left`, and leave word; the branch's folder.

    The caller holds the copy still (`moved.nobody_appends`). Returns once all of it is durable. Raises StoreFailed if
    the disk refuses: then the run has not left.
    """
    branch = _free(run_dir / f"offline-{end.seq}")
    part = branch.with_name(branch.name + PART)
    shutil.rmtree(part, ignore_errors=True)  # of one that was interrupted: nobody was told of it
    try:
        FileStore.create(part, run_dir.name, despite_place=True).close()
        _copy(layout.log_path(run_dir), end.position, layout.log_path(part))
        _furnish(run_dir, part)
        store = FileStore.open(part, despite_place=True)
        try:
            store.append(None, left)
        finally:
            store.close()
        os.rename(part, branch)
        DISK.fsync_dir(run_dir)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise StoreFailed(
            f"the run cannot go on in {branch}: {cause(error)}", hint="it needs as much room as its log has"
        ) from error
    except LogError:
        shutil.rmtree(part, ignore_errors=True)
        raise
    if not leave_word(run_dir, branch):
        raise StoreFailed(f"{layout.continued_mark(run_dir)} cannot be made: others here would not know of it")
    DISK.fsync_dir(layout.locks_dir(run_dir))
    return branch


def take_along(run_dir: Path, branch: Path) -> int:
    """Write what the last keeper saw and could not write any more into the branch; how many events.

    Only once that keeper has ended. Raises LogError.
    """
    waiting = drafts_of(AsideReader(run_dir).read())
    if waiting:
        store = FileStore.open(branch)
        try:
            known = frozenset(draft.id for draft in waiting if store.lookup(draft.id) is not None)
            for draft in waiting:
                if draft.id not in known:
                    store.append(None, draft)
        finally:
            store.close()
    layout.aside_path(run_dir).unlink(missing_ok=True)
    return len(waiting)


def _free(branch: Path) -> Path:
    """One that was left behind before anybody was told of it is no obstacle, and is not touched."""
    number, free = 1, branch
    while free.exists():
        number += 1
        free = branch.with_name(f"{branch.name}-{number}")
    return free


def _copy(log: Path, end: int, new_path: Path) -> None:
    source = open_log(log, os.O_RDONLY)
    try:
        if not copied(source, end, new_path, DISK):
            raise StoreFailed(f"{log} was cut while it was copied", hint="compare it: cockpit verify")
    finally:
        os.close(source)


def _furnish(run_dir: Path, part: Path) -> None:
    for named in (layout.origin_path, layout.environment_key, layout.place_mark):
        if named(run_dir).exists():
            fd = opened(named(part), os.O_WRONLY | os.O_CREAT | os.O_EXCL)
            with os.fdopen(fd, "wb") as copy:
                copy.write(content(named(run_dir), _LIMIT_BYTES))


# ---- back ----------------------------------------------------------------------------------------------------------


def come_back(run_dir: Path, branch: Path) -> None:
    """Leave word in a branch whose lines are in the database that it came back, and take the word from the copy.

    First the one, then the other: nobody may append to a branch that was told already. Raises StoreFailed.
    """
    if not layout.continued_mark(branch).is_symlink() and not leave_word(branch, run_dir):
        raise StoreFailed(f"{layout.continued_mark(branch)} cannot be made", hint="give the right back, and try again")
    DISK.fsync_dir(layout.locks_dir(branch))
    mark = layout.continued_mark(run_dir)
    if mark.is_symlink() and mark.readlink() == branch.absolute():
        mark.unlink()
    DISK.fsync_dir(layout.locks_dir(run_dir))


def bring_outputs(run_dir: Path, branch: Path) -> int:
    """Have the outputs of what was done on the branch beside those of the run, under their names; how many."""
    brought = 0
    for path in sorted(layout.outputs_dir(branch).iterdir()):
        there = layout.outputs_dir(run_dir) / path.name
        if path.name.startswith("keeper-") or not path.is_file() or path.is_symlink() or there.exists():
            continue
        os.link(path, there)  # the same file: what a reader opens is what the digest in the log is of
        brought += 1
    return brought


def put_aside(run_dir: Path, ancestor: int) -> Path:
    """Make room for a copy of what the database holds: the log here went on otherwise, and is in it as a branch.

    The file is kept, under another name in a folder of its own; where. Raises StoreFailed.
    """
    aside = _free(run_dir / f"offline-{ancestor}")
    try:
        aside.mkdir(0o700)
        os.rename(layout.log_path(run_dir), layout.log_path(aside))
        DISK.fsync_dir(aside)
        FileStore.create(run_dir, run_dir.name, despite_place=True).close()
    except OSError as error:
        raise StoreFailed(f"{layout.log_path(run_dir)} was not put aside: {cause(error)}") from error
    return aside
