"""A log that can no longer be written goes on elsewhere: what counts, byte by byte, and a line that says so."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import independent_verifier
import pytest
from test_audit_poison import ANA, RecordingDisk, note

from cockpit.audit import layout
from cockpit.audit.continuing import Former, carry_on
from cockpit.audit.files import FileStore
from cockpit.audit.line import Head, draft
from cockpit.audit.moved import leave_word, unwritable, went_on
from cockpit.audit.store import Durable
from cockpit.audit.tail import Tail
from cockpit.audit.verify import describe, verify
from cockpit.errors import LogDamaged, LogUnreadable, StoreFailed
from cockpit.run.events import Event, LogContinued, NoteAdded, ProbesSampled

FULL = "the disk is full"


@pytest.fixture
def disk() -> RecordingDisk:
    return RecordingDisk()


@pytest.fixture
def store(tmp_path: Path, disk: RecordingDisk) -> FileStore:
    """Four facts and a sample, all of it acknowledged."""
    store = FileStore.create(tmp_path / "runs" / "R1", "R1", storage=disk)
    for text in ("one", "two", "three", "four"):
        note(store, text)
    store.append(None, draft(ProbesSampled(), ANA))
    return store


def fails(store: FileStore, disk: RecordingDisk, call: str = "fdatasync") -> Head:
    """One append that fails; the head before it."""
    head = store.head
    assert head is not None
    disk.fail_at[call] = errno.ENOSPC
    with pytest.raises(StoreFailed):
        note(store, "five")
    disk.fail_at.clear()
    return head


def gone_on(store: FileStore, tmp_path: Path, **more: object) -> tuple[Former, Path]:
    new_dir = tmp_path / "elsewhere" / "R1"
    return carry_on(store.path.parent, new_dir, ANA, trouble=FULL, **more), new_dir  # type: ignore[arg-type]


def texts(run_dir: Path) -> list[str]:
    return [event.body.text for event in events(run_dir) if isinstance(event.body, NoteAdded)]


def events(run_dir: Path) -> list[Event]:
    tail, found = Tail(run_dir), []
    while entries := tail.read():
        found += [entry.event for entry in entries]
    tail.close()
    return found


@pytest.mark.parametrize("call", ["write", "fdatasync"])
def test_what_was_durable_is_copied_byte_by_byte_and_what_was_not_is_left(
    store: FileStore, disk: RecordingDisk, tmp_path: Path, call: str
) -> None:
    head = fails(store, disk, call)
    former, new_dir = gone_on(store, tmp_path)
    old, new = store.path.read_bytes(), layout.log_path(new_dir).read_bytes()
    assert new.startswith(b"".join(old.splitlines(keepends=True)[:4]))
    assert texts(new_dir) == ["one", "two", "three", "four"]
    last = events(new_dir)[-1]
    assert isinstance(last.body, LogContinued)
    assert (last.seq, last.body.seq, last.body.digest) == (5, head.seq, head.digest)
    assert (last.body.lost, last.body.trouble, last.body.former) == (0, FULL, str(store.path.parent))
    assert last.body.left_bytes == former.left_bytes == len(old) - former.end


def test_the_copy_verifies_by_itself_and_goes_on(store: FileStore, disk: RecordingDisk, tmp_path: Path) -> None:
    fails(store, disk)
    _, new_dir = gone_on(store, tmp_path)
    goes_on = FileStore.open(new_dir)
    assert isinstance(note(goes_on, "five again"), Durable)
    found = verify(new_dir)
    assert found.ok
    assert [(each.seq, each.head.seq, each.lost) for each in found.continuations] == [(5, 4, 0)]
    assert any(f"went on here at seq 5, from {store.path.parent}" in line for line in describe(found))
    raw = layout.log_path(new_dir).read_bytes()
    assert independent_verifier.first_bad_line(raw) == (0, 6, found.digest)
    assert {path.stat().st_mode & 0o777 for path in (new_dir, layout.locks_dir(new_dir))} == {0o700}
    assert layout.log_path(new_dir).stat().st_mode & 0o777 == 0o600


def test_the_former_log_is_not_touched(store: FileStore, disk: RecordingDisk, tmp_path: Path) -> None:
    fails(store, disk)
    before = store.path.read_bytes(), store.path.stat().st_mtime_ns
    gone_on(store, tmp_path)
    assert (store.path.read_bytes(), store.path.stat().st_mtime_ns) == before


def test_without_a_readable_mark_all_that_counts_is_copied(
    store: FileStore, disk: RecordingDisk, tmp_path: Path
) -> None:
    fails(store, disk)
    layout.poison_mark(store.path.parent).write_text("")
    _, new_dir = gone_on(store, tmp_path)
    assert texts(new_dir) == ["one", "two", "three", "four", "five"], "written, and not known not to be durable"


def test_what_another_program_cut_off_is_said_to_be_lost(store: FileStore, tmp_path: Path) -> None:
    head = store.head
    assert head is not None
    whole = store.path.read_bytes().splitlines(keepends=True)
    os.truncate(store.path, len(b"".join(whole[:2])))
    with pytest.raises(StoreFailed, match="was cut from"):
        note(store, "five")
    former, new_dir = gone_on(store, tmp_path)
    assert (former.lost, former.cited) == (2, head)
    assert texts(new_dir) == ["one", "two"]
    assert "2 LINES LOST" in "\n".join(describe(verify(new_dir)))


def test_a_line_that_nothing_vouches_for_any_more_is_not_copied(store: FileStore, tmp_path: Path) -> None:
    raw = store.path.read_bytes()
    store.path.write_bytes(raw.replace(b'"text":"three"', b'"text":"forty"'))
    former, new_dir = gone_on(store, tmp_path, vouched=store.head)
    assert texts(new_dir) == ["one", "two"], "line 3 was changed, and line 4 shows it"
    assert former.lost == 2


def test_a_last_line_that_was_rewritten_is_refused(store: FileStore, disk: RecordingDisk, tmp_path: Path) -> None:
    fails(store, disk)
    raw = store.path.read_bytes()
    store.path.write_bytes(raw.replace(b'"text":"four"', b'"text":"4444"'))
    with pytest.raises(LogDamaged, match=r"line 4 of .* is not the one that was durable"):
        gone_on(store, tmp_path)
    assert not (tmp_path / "elsewhere" / "R1").exists()


def test_a_log_that_was_replaced_is_still_read_by_who_had_it_open(store: FileStore, tmp_path: Path) -> None:
    tail = Tail(store.path.parent)
    while tail.read():
        pass
    other = store.path.with_suffix(".new")
    other.write_bytes(store.path.read_bytes().replace(b'"text":"one"', b'"text":"uno"'))
    other.rename(store.path)
    with pytest.raises(LogDamaged, match="was replaced"):
        tail.read()
    former, new_dir = gone_on(store, tmp_path, opened=tail.descriptor, vouched=tail.head)
    assert (texts(new_dir), former.lost) == (["one", "two", "three", "four"], 0)
    tail.close()


def test_a_log_without_a_beginning_is_refused(store: FileStore, tmp_path: Path) -> None:
    store.path.write_bytes(b"")
    with pytest.raises(LogUnreadable, match="nothing to go on from"):
        gone_on(store, tmp_path)


@pytest.mark.parametrize("call", ["create", "write", "fdatasync", "fsync elsewhere", "fsync R1.part"])
def test_where_the_new_place_cannot_be_written_either_nothing_is_left(
    store: FileStore, disk: RecordingDisk, tmp_path: Path, call: str
) -> None:
    fails(store, disk)
    bad = RecordingDisk()
    bad.fail_at[call] = errno.EIO
    with pytest.raises(StoreFailed):
        gone_on(store, tmp_path, storage=bad)
    assert list((tmp_path / "elsewhere").iterdir()) == []
    gone_on(store, tmp_path)


def test_a_copy_that_was_interrupted_is_begun_again(store: FileStore, disk: RecordingDisk, tmp_path: Path) -> None:
    fails(store, disk)
    part = tmp_path / "elsewhere" / "R1.part"
    part.mkdir(parents=True)
    (part / "audit.jsonl").write_text("half")
    _, new_dir = gone_on(store, tmp_path)
    assert verify(new_dir).ok
    assert not part.exists()


def test_nobody_goes_on_twice_to_one_place(store: FileStore, disk: RecordingDisk, tmp_path: Path) -> None:
    fails(store, disk)
    gone_on(store, tmp_path)
    with pytest.raises(StoreFailed, match="exists already"):
        gone_on(store, tmp_path)


def test_whoever_would_append_at_the_former_place_is_told_where_it_goes_on(store: FileStore, tmp_path: Path) -> None:
    assert went_on(store.path.parent) == ""
    assert leave_word(store.path.parent, tmp_path / "elsewhere" / "R1")
    with pytest.raises(StoreFailed, match=r"goes on in .*elsewhere/R1"):
        note(store, "five")
    assert not store.is_poisoned


def test_a_log_that_was_made_read_only_is_not_written_and_heals(store: FileStore) -> None:
    store.path.chmod(0o444)
    assert "was made read-only (mode 0444)" in unwritable(store.path)
    before = store.path.read_bytes()
    with pytest.raises(StoreFailed, match="made read-only"):
        note(store, "five")
    assert store.path.read_bytes() == before
    store.path.chmod(0o600)
    assert unwritable(store.path) == ""
    assert isinstance(note(store, "five"), Durable)


def test_a_continuation_is_found_in_the_middle_of_a_long_log(
    store: FileStore, disk: RecordingDisk, tmp_path: Path
) -> None:
    fails(store, disk)
    _, new_dir = gone_on(store, tmp_path)
    goes_on = FileStore.open(new_dir)
    for number in range(40):
        note(goes_on, f"{number} " + "x" * 4000)
    found = verify(new_dir, parallel=False)
    assert (found.ok, len(found.continuations)) == (True, 1)
    types = [json.loads(line)["type"] for line in layout.log_path(new_dir).read_bytes().splitlines()]
    assert types.count("log.continued") == 1
