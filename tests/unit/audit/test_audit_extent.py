"""How long a log may become: what is written can be read, and nobody reads on for ever."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from audit_small_log import ANA, SAMPLE, long_log, write_small_log

from cockpit.audit import beyond, extent, packed, reading, stretch
from cockpit.audit import chain as chain_module
from cockpit.audit.beyond import Break
from cockpit.audit.chain import TORN_LINES, Chain
from cockpit.audit.extent import CROWDED, FULL, LEFT_TO_PEOPLE, LONGEST, NEAR, Extent
from cockpit.audit.files import FileStore
from cockpit.audit.line import draft
from cockpit.audit.postgres.lines import whole_lines_of
from cockpit.audit.tail import Tail
from cockpit.audit.verify import verify
from cockpit.audit.walking import Walk
from cockpit.errors import LogDamaged, LogError, LogFull, LogTooLarge
from cockpit.report.replay.reel import Reel
from cockpit.run.events import NoteAdded

Shorten = Callable[[Extent], None]
NOTE = draft(NoteAdded(text="a note of some length"), ANA)
FAR = 1 << 60


@pytest.fixture
def shorten(monkeypatch: pytest.MonkeyPatch) -> Shorten:
    """Let the longest log be as long as that."""

    def let(longest: Extent) -> None:
        for module in (extent, packed, reading, stretch):
            monkeypatch.setattr(module, "LONGEST", longest)

    return let


def test_each_length_leaves_room_for_the_next_and_a_night_is_far_from_all() -> None:
    lengths = (NEAR, FULL, CROWDED, LEFT_TO_PEOPLE, LONGEST)
    for shorter, longer in pairwise(lengths):
        assert longer.reaches(shorter)
        assert not shorter.reaches(longer)
        assert longer.events - shorter.events >= 1_000_000
    assert Extent(1_000_000, 566_000_000).level == "", "what the benchmarks write"
    assert [each.level for each in lengths] == ["near", "full", "full", "full", "full"]
    assert (Extent(FULL.events, 0).level, Extent(0, FULL.size_bytes).level) == ("full", "full")


@pytest.mark.parametrize("by", ["events", "size_bytes"])
def test_what_is_written_up_to_the_longest_log_can_be_read_and_nothing_is_written_behind_it(
    tmp_path: Path, shorten: Shorten, by: str
) -> None:
    store = FileStore.create(tmp_path / "R1", "R1")
    for _ in range(4):
        store.append(None, NOTE)
    size = os.path.getsize(store.path)
    shorten(Extent(6, FAR) if by == "events" else Extent(FAR, size + size // 2 + 50))
    with pytest.raises(LogFull, match=r"is full, with 4 events, 0 MiB: nothing was written; go on in a new run"):
        store.append(None, NOTE, NOTE, NOTE)
    assert os.path.getsize(store.path) == size, "nothing of it"
    store.append(None, NOTE, NOTE)
    for drafts in ((NOTE,), (draft(SAMPLE, ANA),)):
        with pytest.raises(LogFull, match="the log is full, with 6 events"):
            store.append(None, *drafts)
    assert store.extent.events == 6
    assert not store.is_poisoned, "nothing is wrong with the disk"
    store.close()
    found = verify(tmp_path / "R1")
    assert (found.ok, found.seq) == (True, 6), found.problem
    tail = Tail(tmp_path / "R1")
    assert len(tail.read()) == 6
    assert tail.read() == []
    tail.close()
    FileStore.open(tmp_path / "R1").close()


def test_nobody_reads_behind_the_end_of_the_longest_log(tmp_path: Path, shorten: Shorten) -> None:
    log, _ = long_log(3000)
    path = tmp_path / "R1" / "audit.jsonl"
    (path.parent / "locks").mkdir(parents=True)
    for folder in (path.parent, path.parent / "locks"):
        folder.chmod(0o700)
    path.write_bytes(log)
    path.chmod(0o600)
    shorten(Extent(2000, FAR))
    found = verify(path)
    assert (found.ok, found.seq) == (False, 2000)
    assert "line 2001 is behind the end of the longest log, " in found.problem
    walk = Walk(path)
    assert sum(map(len, walk.batches())) == 2000
    assert isinstance(walk.trouble, LogTooLarge)
    walk.close()
    tail, told = Tail(path), 0
    while told < 2000:
        told += len(tail.read())
    assert told == 2000, "what comes before is told"
    with pytest.raises(LogTooLarge):
        tail.read()
    tail.close()
    with pytest.raises(LogTooLarge):
        FileStore.open(tmp_path / "R1")
    with pytest.raises(LogTooLarge):
        list(whole_lines_of(path, Chain()))


def test_a_file_whose_lines_go_on_behind_that_is_not_even_begun(tmp_path: Path, shorten: Shorten) -> None:
    log, _ = long_log(300)
    path = tmp_path / "audit.jsonl"
    path.write_bytes(log)
    shorten(Extent(FAR, len(log) // 2))
    for read in (verify, Walk, Tail, Reel):
        with pytest.raises(LogTooLarge, match=r"audit\.jsonl has 0 MiB, more than the 0 MiB of the longest log"):
            read(path)
    path.write_bytes(log[: len(log) // 2].rpartition(b"\n")[0] + b"\n" + bytes(len(log)))
    found = verify(path)
    assert found.seq > 100, "of damage, what counts is shown"


@pytest.mark.parametrize("filler", [b"\n", b"x\n", b"{}\n", b'{"class":"telemetry"}\n'])
def test_a_flood_of_short_lines_is_not_walked_to_its_end(
    tmp_path: Path, filler: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain_module, "TORN_LINES", 1000)
    monkeypatch.setattr(beyond, "FRUITLESS_LINES", 1000)
    run_dir = tmp_path / "R1"
    whole = write_small_log(run_dir)
    with (run_dir / "audit.jsonl").open("ab") as file:
        file.write(filler * 300_000)
        file.write(whole)
    path = run_dir / "audit.jsonl"
    chain = Chain()
    with pytest.raises(LogDamaged):
        list(whole_lines_of(path, chain))
    assert chain.lines < 1020
    found = verify(path)
    assert (found.ok, found.seq) == (False, 8)
    tail = Tail(path)
    assert len(tail.read()) == 8
    for _ in range(2):
        with pytest.raises(LogDamaged):
            tail.read()
    tail.close()
    with pytest.raises(LogError):
        FileStore.open(run_dir)
    walk = Walk(path)
    assert sum(map(len, walk.batches())) == 8
    breaks = [each for each in walk.beyond().read() if isinstance(each, Break)]
    assert "no more events were looked for" in breaks[-1].what
    walk.close()


def test_what_a_crash_can_have_left_is_stepped_over_as_ever(tmp_path: Path) -> None:
    write_small_log(tmp_path / "R1", torn=b"\0\n" * (TORN_LINES // 10) + b"half")
    found = verify(tmp_path / "R1")
    assert (found.ok, found.seq, len(found.recoveries)) == (True, 8, 1), found.problem
