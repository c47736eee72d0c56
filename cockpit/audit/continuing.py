"""Going on elsewhere: what counts in a log that can no longer be written is copied to a place that can.

Invariant: the copy holds the same bytes, line for line, up to the last fact that is known to have been durable, and
then one `log.continued` that cites it; it appears under its name whole and synced, or not at all. The former log is not
touched. So the copy needs nothing but itself to be read and verified, also when the former disk is gone (ADR 0007).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from cockpit.audit import layout
from cockpit.audit.accepting import accept_place
from cockpit.audit.chain import Chain
from cockpit.audit.copying import copied
from cockpit.audit.files import DISK, FileStore
from cockpit.audit.line import Head, draft
from cockpit.audit.poison import Poison, cause
from cockpit.audit.reading import GrowingFile, open_log
from cockpit.audit.storage import Storage
from cockpit.errors import LogDamaged, LogError, LogUnreadable, StoreFailed
from cockpit.run.events import Actor, LogContinued

PART = ".part"


class Former(Struct, frozen=True):
    """What a log holds that counts, and what is known to be missing from it."""

    path: Path
    end: int
    """Bytes from its start that are to be copied."""
    cited: Head
    lost: int
    left_bytes: int


def survey(run_dir: Path, opened: int | None = None, vouched: Head | None = None) -> Former:
    """Walk a log as far as it counts, at most to the last fact that was durable when its store was poisoned.

    `opened` is a descriptor of the log from before the trouble, if there is one: it still reads a file that was
    replaced. `vouched` is the last fact that was read before, where the poisoned store's mark does not tell. What
    stands last before damage does not count: only the line after it would have vouched for it. Raises LogUnreadable if
    it cannot be read or no run began in it, LogTooNew, LogDamaged if what was durable was replaced by something else.
    """
    path = layout.log_path(run_dir)
    durable = Poison(run_dir).durable or vouched
    fd = open_log(path, os.O_RDONLY) if opened is None else os.dup(opened)
    try:
        seq, end, cited = _walk(fd, path, durable)
        size = os.fstat(fd).st_size
    except OSError as error:
        raise LogUnreadable(f"{path} cannot be read: {cause(error)}") from error
    finally:
        os.close(fd)
    if cited is None:
        raise LogUnreadable(f"no run began in {path}: there is nothing to go on from")
    lost = 0
    if durable is not None and durable.seq > seq:
        cited, lost = durable, durable.seq - seq
    return Former(path=path, end=end, cited=cited, lost=lost, left_bytes=max(0, size - end))


_Place = tuple[int, int, Head | None]


def _walk(fd: int, path: Path, durable: Head | None) -> _Place:
    """Where the log is to be cut: the last `seq` that counts, the byte after it, and the last fact up to there."""
    file, chain = GrowingFile(fd, path), Chain()
    before: _Place = (0, 0, None)
    last: _Place = before
    while lines := file.read_lines():
        for raw in lines:
            try:
                link = chain.step(raw)
            except LogDamaged:
                return before
            if chain.pending is not None and not chain.pending.could_be_torn():
                return before
            if link is None:
                continue
            before, last = last, (chain.seq, chain.position, chain.head)
            if durable is not None and chain.seq == durable.seq:
                if chain.digest != durable.digest:
                    raise LogDamaged(
                        f"line {chain.lines} of {path} is not the one that was durable: the log was rewritten",
                        line=chain.lines,
                        hint="do not go on from it: `cockpit print` what is left to do, and begin a new run",
                    )
                return last
    is_short = durable is not None and last[0] < durable.seq
    return before if is_short and chain.pending is not None else last


def carry_on(
    run_dir: Path,
    new_dir: Path,
    actor: Actor,
    *,
    trouble: str,
    opened: int | None = None,
    vouched: Head | None = None,
    furnish: Callable[[Path], None] = lambda part: None,
    storage: Storage = DISK,
    despite_place: str = "",
) -> Former:
    """Copy what counts in the log of `run_dir` to `new_dir`, which must not exist, and say so in its next line.

    `furnish` puts into the new folder what else belongs there, before it gets its name. `despite_place` is the reason
    to go on on a file system that cannot be trusted. Returns once all of it is durable. Raises as `survey`,
    PlaceRefused, and StoreFailed if the new place cannot be written either: then nothing is left there.
    """
    former = survey(run_dir, opened, vouched)
    part = new_dir.with_name(new_dir.name + PART)
    if new_dir.exists():
        raise StoreFailed(
            f"{new_dir} exists already: the run goes on there, or it is another one",
            hint=f"look at it: cockpit resume {new_dir}",
        )
    shutil.rmtree(part, ignore_errors=True)  # of a copy that was interrupted: nobody was told of it
    try:
        FileStore.create(part, run_dir.name, storage=storage, despite_place=bool(despite_place)).close()
        _copy(former, opened, layout.log_path(part), storage)
        furnish(part)
        _go_on(part, former, trouble, actor, storage, despite_place)
        os.rename(part, new_dir)
        storage.fsync_dir(new_dir.parent)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise StoreFailed(
            f"the run cannot go on in {new_dir.parent}: {cause(error)}", hint="name a folder on a disk that is well"
        ) from error
    except LogError:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return former


def _copy(former: Former, opened: int | None, new_path: Path, storage: Storage) -> None:
    source = open_log(former.path, os.O_RDONLY) if opened is None else os.dup(opened)
    try:
        if not copied(source, former.end, new_path, storage):
            raise LogUnreadable(f"{former.path} was cut while it was copied", hint="try again")
    finally:
        os.close(source)


def _go_on(part: Path, former: Former, trouble: str, actor: Actor, storage: Storage, despite_place: str) -> None:
    body = LogContinued(
        former=str(former.path.parent),
        trouble=trouble,
        seq=former.cited.seq,
        digest=former.cited.digest,
        lost=former.lost,
        left_bytes=former.left_bytes,
    )
    # It verifies the copy, byte by byte.
    store = FileStore.open(part, storage=storage, despite_place=bool(despite_place))
    try:
        store.append(None, draft(body, actor))
        accept_place(store, part, actor, despite_place)
    finally:
        store.close()
