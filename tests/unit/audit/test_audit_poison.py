"""After a failed write or sync nobody appends any more, and everybody is told why."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from cockpit.audit import layout
from cockpit.audit.files import FileStore
from cockpit.audit.line import draft
from cockpit.audit.poison import Poison
from cockpit.audit.storage import Disk
from cockpit.audit.store import Durable
from cockpit.errors import StoreFailed
from cockpit.run.events import Actor, NoteAdded, ProbesSampled

ANA = Actor(user="ana", host="h")


class RecordingDisk(Disk):
    """Does what the disk does, notes it, and fails where it is told to."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.fail_at: dict[str, int] = {}
        """By call, the errno to fail with."""
        self.writes_at_most = 1 << 30

    def _note(self, call: str) -> None:
        self.calls.append(call)
        if number := self.fail_at.get(call):
            raise OSError(number, os.strerror(number))

    def create(self, path: Path, mode: int) -> int:
        self._note("create")
        return super().create(path, mode)

    def write(self, fd: int, data: bytes) -> int:
        self._note("write")
        return super().write(fd, data[: self.writes_at_most])

    def fdatasync(self, fd: int) -> None:
        self._note("fdatasync")
        super().fdatasync(fd)

    def fsync_dir(self, path: Path) -> None:
        self._note(f"fsync {path.name}")
        super().fsync_dir(path)


@pytest.fixture
def disk() -> RecordingDisk:
    return RecordingDisk()


@pytest.fixture
def store(tmp_path: Path, disk: RecordingDisk) -> FileStore:
    store = FileStore.create(tmp_path / "runs" / "R1", "R1", storage=disk)
    assert isinstance(note(store, "one"), Durable)
    return store


def note(store: FileStore, text: str) -> object:
    return store.append(None, draft(NoteAdded(text=text), ANA))


def test_names_are_durable_before_the_first_line_and_lines_before_they_are_acknowledged(
    store: FileStore, disk: RecordingDisk
) -> None:
    assert disk.calls == ["create", "fsync R1", "fsync runs", "write", "fdatasync"]


def test_telemetry_is_not_synced(store: FileStore, disk: RecordingDisk) -> None:
    disk.calls.clear()
    store.append(None, draft(ProbesSampled(), ANA))
    assert disk.calls == ["write"]


def test_a_decision_of_several_events_is_one_write_and_one_sync(store: FileStore, disk: RecordingDisk) -> None:
    disk.calls.clear()
    store.append(None, draft(NoteAdded(text="a"), ANA), draft(ProbesSampled(), ANA), draft(NoteAdded(text="b"), ANA))
    assert disk.calls == ["write", "fdatasync"]


def test_short_writes_are_continued(store: FileStore, disk: RecordingDisk) -> None:
    disk.calls.clear()
    disk.writes_at_most = 100
    note(store, "two")
    assert disk.calls[-2:] == ["write", "fdatasync"]
    assert disk.calls.count("write") > 2
    assert len(store.path.read_bytes().splitlines()) == 2


@pytest.mark.parametrize("call", ["write", "fdatasync"])
@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EIO, "the disk reports an I/O error"),
        (errno.EROFS, "the file system is read-only"),
        (errno.EDQUOT, "the quota is used up"),
    ],
)
def test_a_failure_poisons_the_store_for_everybody_and_says_why(
    store: FileStore, disk: RecordingDisk, call: str, number: int, words: str
) -> None:
    other = FileStore.open(store.path.parent)
    disk.fail_at[call] = number
    with pytest.raises(StoreFailed, match=words) as caught:
        note(store, "two")
    assert "nothing was acknowledged" in str(caught.value)
    assert "press W" in caught.value.hint
    assert f"cockpit resume {store.path.parent} --into FOLDER" in caught.value.hint
    assert f"cockpit print {store.path.parent}" in caught.value.hint
    assert "\n" not in str(caught.value)
    disk.fail_at.clear()
    for each in (store, other, FileStore.open(store.path.parent)):
        assert each.is_poisoned
        assert words in each.poison_reason
        with pytest.raises(StoreFailed, match=words):
            note(each, "three")
    assert b"three" not in store.path.read_bytes()


def test_a_failed_sync_is_never_tried_again(store: FileStore, disk: RecordingDisk) -> None:
    disk.fail_at["fdatasync"] = errno.EIO
    with pytest.raises(StoreFailed):
        note(store, "two")
    disk.calls.clear()
    disk.fail_at.clear()
    with pytest.raises(StoreFailed):
        note(store, "three")
    assert disk.calls == []


def test_the_mark_is_private_and_made_before_the_lock_is_let_go(
    store: FileStore, disk: RecordingDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    mark = layout.poison_mark(store.path.parent)
    seen_at_unlock: list[bool] = []
    real = fcntl.flock

    def watched(fd: int, how: int) -> None:
        if how == fcntl.LOCK_UN:
            seen_at_unlock.append(mark.exists())
        real(fd, how)

    monkeypatch.setattr(fcntl, "flock", watched)
    disk.fail_at["write"] = errno.ENOSPC
    with pytest.raises(StoreFailed):
        note(store, "two")
    assert seen_at_unlock == [False, True], "of the turn, then of the append"
    assert stat.S_IMODE(mark.stat().st_mode) == 0o600


def test_without_a_mark_the_process_still_refuses(
    store: FileStore, disk: RecordingDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cockpit.audit.poison.poison_mark", lambda run_dir: Path("/proc/nowhere/poisoned"))
    unmarkable = FileStore.open(store.path.parent, storage=disk)
    disk.fail_at["write"] = errno.ENOSPC
    with pytest.raises(StoreFailed, match="other processes could not be warned"):
        note(unmarkable, "two")
    disk.fail_at.clear()
    with pytest.raises(StoreFailed, match="the disk is full"):
        note(unmarkable, "three")


def test_a_mark_without_text_still_stops_everybody(store: FileStore) -> None:
    layout.poison_mark(store.path.parent).touch()
    with pytest.raises(StoreFailed, match="an append failed, with no room left"):
        note(store, "two")


def test_deleting_the_mark_lets_a_new_store_go_on_after_the_torn_bytes(store: FileStore, disk: RecordingDisk) -> None:
    disk.writes_at_most = 50
    disk.fail_at["fdatasync"] = errno.EIO
    with pytest.raises(StoreFailed):
        note(store, "two")
    store.path.write_bytes(store.path.read_bytes()[:-40])  # what a crash left of it
    store.close()
    layout.poison_mark(store.path.parent).unlink()
    opened = FileStore.open(store.path.parent)
    assert isinstance(note(opened, "three"), Durable)
    assert [b'"log.recovered"' in line for line in store.path.read_bytes().splitlines()] == [False, False, True, False]


def test_a_poisoned_store_is_opened_for_reading_what_it_holds(store: FileStore, disk: RecordingDisk) -> None:
    disk.fail_at["fdatasync"] = errno.EIO
    with pytest.raises(StoreFailed):
        note(store, "two")
    before = store.path.read_bytes()
    opened = FileStore.open(store.path.parent)
    assert opened.head is not None
    assert store.path.read_bytes() == before


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 5)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def edit(path: Path) -> None:
    with path.open("r+b") as log:
        log.seek(-9, os.SEEK_END)
        log.write(b"X")


def replace(path: Path) -> None:
    other = path.with_name("copy")
    other.write_bytes(path.read_bytes())
    other.rename(path)


def delete(path: Path) -> None:
    path.unlink()


def append_facts(path: Path) -> None:
    with path.open("ab") as log:
        log.write(path.read_bytes() * 2)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (truncate, "was cut from"),
        (empty, "to 0 bytes"),
        (edit, "was changed before byte"),
        (replace, "was replaced by another file"),
        (delete, "is gone"),
        (append_facts, "was damaged while in use"),
    ],
)
def test_a_log_changed_by_another_program_is_not_written_after(store: FileStore, change, words: str) -> None:  # type: ignore[no-untyped-def]  # a plain function on a path
    change(store.path)
    before = store.path.read_bytes() if store.path.exists() else b""
    with pytest.raises(StoreFailed, match=words) as caught:
        note(store, "two")
    assert str(store.path) in str(caught.value)
    assert (store.path.read_bytes() if store.path.exists() else b"") == before
    with pytest.raises(StoreFailed):
        note(store, "three")


def test_a_disk_that_fails_while_the_run_is_made_is_one_sentence(tmp_path: Path, disk: RecordingDisk) -> None:
    disk.fail_at["create"] = errno.ENOSPC
    with pytest.raises(StoreFailed, match="the disk is full"):
        FileStore.create(tmp_path / "R1", "R1", storage=disk)
    disk.fail_at = {"fsync R2": errno.EIO}
    with pytest.raises(StoreFailed, match="I/O error"):
        FileStore.create(tmp_path / "R2", "R2", storage=disk)


def test_a_mark_seen_before_it_was_written_tells_why_as_soon_as_it_can(tmp_path: Path) -> None:
    layout.locks_dir(tmp_path).mkdir()
    mark = layout.poison_mark(tmp_path)
    mark.touch()
    poison = Poison(tmp_path)
    assert "no room left" in poison.reason
    mark.write_text("the disk is full\n")
    assert poison.reason == "the disk is full"
    mark.unlink()
    assert poison.reason == "the disk is full", "it stays poisoned until it is opened anew"
