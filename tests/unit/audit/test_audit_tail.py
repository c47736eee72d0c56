"""Following a log."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from audit_small_log import ANA, SAMPLE, write_small_log

from cockpit.audit import tail as tail_module
from cockpit.audit.files import FileStore
from cockpit.audit.line import draft
from cockpit.audit.tail import Tail
from cockpit.errors import LogDamaged, LogTooNew, LogUnreadable
from cockpit.run.events import LogRecovered, NoteAdded


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FileStore]:
    opened = FileStore.create(tmp_path / "runs" / "R1", "R1")
    opened.append(None, draft(NoteAdded(text="one"), ANA))
    yield opened
    opened.close()


@pytest.fixture
def tail(store: FileStore) -> Iterator[Tail]:
    opened = Tail(store.path.parent)
    yield opened
    opened.close()


def note(store: FileStore, text: str) -> None:
    store.append(None, draft(NoteAdded(text=text), ANA))


def test_new_lines_are_told_once_and_in_order(store: FileStore, tail: Tail) -> None:
    assert [entry.event.seq for entry in tail.read()] == [1]
    assert tail.read() == []
    note(store, "two")
    note(store, "three")
    entries = tail.read()
    assert [entry.event.body for entry in entries] == [NoteAdded(text="two"), NoteAdded(text="three")]
    assert tail.head == store.head
    assert tail.head is not None
    assert entries[-1].digest == tail.head.digest
    assert sum(entry.size for entry in entries) < store.path.stat().st_size


def test_the_head_rests_during_telemetry(store: FileStore, tail: Tail) -> None:
    tail.read()
    head = tail.head
    store.append(None, draft(SAMPLE, ANA))
    assert [entry.event.type for entry in tail.read()] == ["probes.sampled"]
    assert tail.head == head


def test_a_line_is_told_only_once_it_is_complete(store: FileStore, tail: Tail) -> None:
    note(store, "two")
    whole = store.path.read_bytes()
    store.path.write_bytes(whole[:-10])
    assert len(tail.read()) == 1
    with store.path.open("ab") as log:
        log.write(whole[-10:])
    assert [entry.event.seq for entry in tail.read()] == [2]


def test_torn_bytes_are_waited_on_and_stepped_over_with_the_writer(store: FileStore, tail: Tail) -> None:
    tail.read()
    with store.path.open("ab") as log:
        log.write(b"torn\nand torn again")
    assert tail.read() == []
    note(store, "two")
    recovered, two = tail.read()
    assert isinstance(recovered.event.body, LogRecovered)
    assert two.event.body == NoteAdded(text="two")


def test_damage_is_raised_with_its_line_after_the_lines_before_it(tmp_path: Path) -> None:
    run_dir = tmp_path / "R9"
    log = write_small_log(run_dir)
    (run_dir / "audit.jsonl").write_bytes(log.replace("höher".encode(), b"lower"))
    opened = Tail(run_dir)
    assert [entry.event.seq for entry in opened.read()] == [1, 2, 3]
    for _ in range(2):
        with pytest.raises(LogDamaged, match="line 4 does not chain to line 3") as caught:
            opened.read()
        assert caught.value.line == 4
    opened.close()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda path: os.truncate(path, path.stat().st_size - 1), "was cut"),
        (lambda path: path.write_bytes(path.read_bytes().replace(b"one", b"two")), "was changed"),
        (lambda path: path.unlink(), "is gone"),
    ],
)
def test_a_log_that_did_not_only_grow_is_damaged(
    store: FileStore, tail: Tail, change: Callable[[Path], object], words: str
) -> None:
    tail.read()
    change(store.path)
    with pytest.raises(LogDamaged, match=words):
        tail.read()


def test_a_line_of_a_newer_cockpit_says_to_update(store: FileStore, tail: Tail) -> None:
    with store.path.open("ab") as log:
        log.write(b'{"v":2,"shape":"unknown"}\n')
    assert len(tail.read()) == 1
    with pytest.raises(LogTooNew, match="update cockpit"):
        tail.read()


def test_a_missing_log_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(LogUnreadable):
        Tail(tmp_path)


def test_a_large_log_is_read_in_blocks(store: FileStore, tail: Tail) -> None:
    drafts = [draft(NoteAdded(text="x" * 1000), ANA) for _ in range(100)]
    for _ in range(10):
        store.append(None, *drafts)
    sizes = []
    while entries := tail.read():
        sizes.append(sum(entry.size for entry in entries))
    assert sum(sizes) == store.path.stat().st_size
    assert max(sizes) < 2 * 256 * 1024


@pytest.mark.parametrize("with_inotify", [True, False])
def test_waiting_ends_when_the_log_grows(store: FileStore, with_inotify: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not with_inotify:
        monkeypatch.setattr(tail_module, "_watch", lambda path: None)
    tail = Tail(store.path.parent)
    tail.read()
    writer = threading.Timer(0.05, note, (store, "two"))
    writer.start()
    tail.wait(60)
    assert [entry.event.seq for entry in tail.read()] == [2]
    writer.join()
    tail.close()


def test_waiting_ends_at_once_if_there_is_something_to_read(store: FileStore, tail: Tail) -> None:
    tail.wait(60)
    assert tail.read()


def test_waiting_ends_by_a_wake_from_another_thread_even_if_it_came_before(tail: Tail) -> None:
    tail.read()
    tail.wake()
    tail.wait(60)
    threading.Timer(0.05, tail.wake).start()
    tail.wait(60)


def test_waiting_ends_after_its_time(tail: Tail) -> None:
    tail.read()
    began = time.monotonic()
    tail.wait(0.05)
    assert time.monotonic() - began >= 0.05


def test_what_was_read_can_be_made_durable(tail: Tail) -> None:
    tail.read()
    tail.sync()
    tail.sync()


def test_closing_twice_is_harmless(tail: Tail) -> None:
    tail.close()
    tail.close()
