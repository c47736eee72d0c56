"""The file store: what it writes, recovers and refuses."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.audit import layout
from cockpit.audit.files import FileStore
from cockpit.audit.line import draft
from cockpit.audit.store import Conflict, Durable
from cockpit.audit.tail import Tail
from cockpit.errors import LogDamaged, LogError, LogUnreadable, StoreFailed
from cockpit.run.events import Actor, Event, LogRecovered, NoteAdded, ProbesSampled

ANA = Actor(user="ana", host="h")


def append(store: FileStore, *texts: str, after: int | None = None) -> Durable:
    outcome = store.append(after, *(draft(NoteAdded(text=text), ANA) for text in texts))
    assert isinstance(outcome, Durable)
    return outcome


def events(run_dir: Path) -> list[Event]:
    tail = Tail(run_dir)
    try:
        found: list[Event] = []
        while entries := tail.read():
            found += [entry.event for entry in entries]
        return found
    finally:
        tail.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FileStore]:
    opened = FileStore.create(tmp_path / "runs" / "R1", "R1")
    yield opened
    opened.close()


@pytest.fixture
def run_dir(store: FileStore) -> Path:
    return store.path.parent


def test_what_is_appended_is_read_in_order(store: FileStore, run_dir: Path) -> None:
    append(store, "one")
    append(store, "two", "three")
    assert [event.seq for event in events(run_dir)] == [1, 2, 3]
    assert [event.body for event in events(run_dir)] == [NoteAdded(text=text) for text in ("one", "two", "three")]


def test_folders_and_files_are_private(store: FileStore, run_dir: Path) -> None:
    append(store, "one")
    found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (run_dir, run_dir.parent, *run_dir.rglob("*"))}
    folders, files = ("runs", "R1", "outputs", "locks"), ("append", "turn", "audit.jsonl")
    assert found == dict.fromkeys(folders, 0o700) | dict.fromkeys(files, 0o600)


def test_a_run_is_not_created_over_another(store: FileStore, run_dir: Path) -> None:
    append(store, "one")
    with pytest.raises(StoreFailed, match="File exists"):
        FileStore.create(run_dir, "R1")


def test_an_append_after_another_fact_is_a_conflict_and_writes_nothing(store: FileStore, run_dir: Path) -> None:
    first = append(store, "one", after=0)
    append(store, "two", after=1)
    outcome = store.append(1, draft(NoteAdded(text="three"), ANA))
    assert isinstance(outcome, Conflict)
    assert outcome.head is not None
    assert outcome.head.seq == 2
    assert first.head is not None
    assert len(events(run_dir)) == 2


def test_telemetry_between_is_no_conflict_and_leaves_the_head(store: FileStore) -> None:
    head = append(store, "one").head
    sampled = store.append(None, draft(ProbesSampled(), ANA))
    assert isinstance(sampled, Durable)
    assert sampled.head == head
    assert append(store, "two", after=1).events[0].seq == 3


def test_two_stores_see_each_others_facts(store: FileStore, run_dir: Path) -> None:
    append(store, "one")
    other = FileStore.open(run_dir)
    append(store, "two")
    assert isinstance(other.append(1, draft(NoteAdded(text="late"), ANA)), Conflict)
    append(other, "three", after=2)
    assert isinstance(store.append(2, draft(NoteAdded(text="late"), ANA)), Conflict)
    assert [event.seq for event in events(run_dir)] == [1, 2, 3]
    other.close()


def test_an_event_is_found_by_its_id(store: FileStore) -> None:
    append(store, "one")
    two = append(store, "two").events[0]
    assert store.lookup(two.id) == two
    assert store.lookup("01JZZZZZZZZZZZZZZZZZZZZZZZ") is None


def reopened(run_dir: Path) -> FileStore:
    return FileStore.open(run_dir)


def test_an_unterminated_line_that_chains_gets_its_newline_and_counts(store: FileStore, run_dir: Path) -> None:
    append(store, "one", "two")
    store.close()
    whole = store.path.read_bytes()
    store.path.write_bytes(whole[:-1])
    assert [event.seq for event in events(run_dir)] == [1]
    opened = reopened(run_dir)
    assert store.path.read_bytes() == whole
    assert opened.head is not None
    assert opened.head.seq == 2
    opened.close()


@pytest.mark.parametrize(
    "torn", [b"{", b'{"v":1,"run":"R1","seq":3', b"\0" * 300, b"\n", b"\xff\n\xfe", b"x\n", b"\n\n"]
)
def test_torn_bytes_are_named_and_stepped_over(store: FileStore, run_dir: Path, torn: bytes) -> None:
    append(store, "one", "two")
    store.close()
    before = store.path.read_bytes()
    store.path.write_bytes(before + torn)
    opened = reopened(run_dir)
    append(opened, "three", after=3)
    opened.close()
    after = store.path.read_bytes()
    assert after.startswith(before + torn)
    one, two, recovered, three = events(run_dir)
    assert isinstance(recovered.body, LogRecovered)
    start, length = recovered.body.offset, recovered.body.length
    assert start == len(before)
    assert after[start : start + length + 1] == torn.removesuffix(b"\n") + b"\n"
    assert (one.seq, two.seq, recovered.seq, three.seq) == (1, 2, 3, 4)
    reopened(run_dir).close()
    assert store.path.read_bytes() == after


def test_a_crash_during_recovery_is_recovered_too(
    store: FileStore, run_dir: Path, request: pytest.FixtureRequest
) -> None:
    append(store, "one")
    store.close()
    before = store.path.read_bytes()
    store.path.write_bytes(before + b'{"v":1,"ru')
    reopened(run_dir).close()
    whole = store.path.read_bytes()
    step = 1 if request.config.getoption("--many") else 29
    for cut in (*range(len(before) + 10, len(whole), step), len(whole) - 1):
        store.path.write_bytes(whole[:cut])
        reopened(run_dir).close()
        assert [event.type for event in events(run_dir)] == ["note.added", "log.recovered"], cut


@settings(max_examples=60, deadline=None)  # a busy disk is no failure
@given(data=st.data())
def test_a_crash_at_any_byte_loses_nothing_that_was_acknowledged(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """A law: whatever part of the last write reached the disk, even with holes, the lines before it stay and count."""
    run_dir = tmp_path_factory.mktemp("crash") / "R1"
    with closing(FileStore.create(run_dir, "R1")) as store:
        append(store, "one", "two")
        acknowledged = store.path.read_bytes()
        append(store, "three ✔")
        written = store.path.read_bytes()[len(acknowledged) :]
    # Drawn independently of the log's own length: its times have more or fewer digits.
    cut = min(data.draw(st.integers(0, 400)), len(written))
    hole = slice(min(data.draw(st.integers(0, 400)), cut), cut) if data.draw(st.booleans()) else slice(0, 0)
    left = bytearray(written[:cut])
    left[hole] = bytes(len(left[hole]))
    store.path.write_bytes(acknowledged + left)
    with closing(FileStore.open(run_dir)) as opened:
        append(opened, "next")
    assert opened.path.read_bytes().startswith(acknowledged + left)
    told = [event.body for event in events(run_dir)]
    assert told[:2] == [NoteAdded(text="one"), NoteAdded(text="two")]
    assert told[-1] == NoteAdded(text="next")
    intact = left.removesuffix(b"\n") == written.removesuffix(b"\n")
    assert (NoteAdded(text="three ✔") in told) == intact
    assert sum(isinstance(body, LogRecovered) for body in told) == (0 if intact or not left else 1)


def test_another_process_dying_within_a_line_is_stepped_over_by_the_next_append(
    store: FileStore, run_dir: Path
) -> None:
    append(store, "one")
    with store.path.open("ab") as other:
        other.write(b'{"v":1,"run":"R1","se')
    append(store, "two")
    assert [event.type for event in events(run_dir)] == ["note.added", "log.recovered", "note.added"]


def test_a_changed_line_with_facts_behind_it_is_damage_and_not_a_crash(store: FileStore, run_dir: Path) -> None:
    append(store, "one", "two", "three", "four")
    store.close()
    changed = store.path.read_bytes().replace(b"two", b"TWO")
    store.path.write_bytes(changed)
    with pytest.raises(LogDamaged) as caught:
        reopened(run_dir)
    assert caught.value.line == 3
    assert "does not chain to line 2" in str(caught.value)
    assert store.path.read_bytes() == changed


def test_a_log_without_a_whole_first_line_is_no_run(store: FileStore, run_dir: Path) -> None:
    store.close()
    with pytest.raises(LogUnreadable, match="no run began"):
        reopened(run_dir)
    store.path.write_bytes(b'{"v":1,"run":"R1","seq":1,')
    with pytest.raises(LogUnreadable, match="no run began"):
        reopened(run_dir)


def test_a_missing_log_is_named(tmp_path: Path) -> None:
    with pytest.raises(LogUnreadable, match=r"nowhere/audit\.jsonl"):
        reopened(tmp_path / "nowhere")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_to_is_one_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreFailed, match=r"Permission denied.*COCKPIT_RUNS"):
        FileStore.create(tmp_path / "runs" / "R1", "R1")


def test_a_run_folder_below_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("no folder")
    with pytest.raises(StoreFailed, match=r"Not a directory.*COCKPIT_RUNS"):
        FileStore.create(tmp_path / "runs" / "R1", "R1")


def test_a_line_that_is_too_long_writes_nothing_and_the_store_goes_on(store: FileStore, run_dir: Path) -> None:
    append(store, "one")
    with pytest.raises(Exception, match="more than the 65536 allowed"):
        append(store, "x" * 70000)
    append(store, "two", after=1)
    assert len(events(run_dir)) == 2


def test_the_layout_is_where_the_store_writes(store: FileStore, run_dir: Path) -> None:
    assert store.path == layout.log_path(run_dir)


@pytest.mark.parametrize("run_id", ["", "a b", "ö", "x" * 65, 'a"', "../R1", "R1\n"])
def test_an_id_that_would_break_the_line_is_refused(tmp_path: Path, run_id: str) -> None:
    with pytest.raises(LogError, match="cannot be a run's id"):
        FileStore.create(tmp_path / "R1", run_id)
    assert not (tmp_path / "R1").exists()
