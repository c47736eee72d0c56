"""A rewritten history is noticed by whoever was there: at an open screen, and by their notes after it closed."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from session_runs import append, eventually, new_run

from cockpit.audit import layout, line
from cockpit.audit.rereading import BLOCK_BYTES, Reread
from cockpit.audit.rewritten import first_other, run_named
from cockpit.audit.tail import Tail
from cockpit.audit.verify import verify
from cockpit.cli.replaying import _rewritten
from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.session.identity import actor
from cockpit.session.noted import MOST_HEADS, MOST_RUNS, Notebook, heads_folder, noted
from cockpit.session.outcomes import Failed
from cockpit.session.seat import Seat


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    run_dir = new_run(tmp_path)
    for number in range(40):
        append(run_dir, e.NoteAdded(text=f"note {number} " + "x" * 400))
    return run_dir


@pytest.fixture
def seat(run_dir: Path) -> Iterator[Seat]:
    seat = Seat.open(run_dir, actor())
    seat.follow(lambda view: None)
    eventually(lambda: seat.id in seat.view.state.seats)  # nothing of its own is being written any more
    yield seat
    seat.close("test is over")


def rechained(raw: bytes, old: bytes, new: bytes) -> bytes:
    """The log with one text changed and every line after it chained anew: what `verify` alone takes for a good one."""
    lines, prev = [], line.GENESIS
    for seq, text in enumerate(raw.split(b"\n")[:-1], 1):
        run = text.split(b'"run":"', 1)[1].split(b'"', 1)[0].decode()
        rest = text.split(b'"class":"', 1)[1].replace(old, new)
        lines.append(line.prefix(run, seq, prev) + rest)
        prev = line.digest(lines[-1])
    return b"".join(each + b"\n" for each in lines)


def in_place(log: Path) -> None:
    """One early word is another, of the same length; nothing else changes."""
    raw = log.read_bytes()
    with log.open("r+b") as file:
        file.seek(raw.index(b"note 3 "))
        file.write(b"note X ")


def in_place_and_chained(log: Path) -> None:
    with log.open("r+b") as file:
        file.write(rechained(log.read_bytes(), b"note 3 ", b"note X "))


def replaced(log: Path) -> None:
    other = log.with_name("other")
    other.write_bytes(rechained(log.read_bytes(), b"note 3 ", b"note X "))
    other.rename(log)


def cut(log: Path) -> None:
    os.truncate(log, log.read_bytes().index(b"note 20 ") - 500)


def cut_and_grown(log: Path) -> None:
    """The end is another one, and longer than it was."""
    raw = log.read_bytes()
    with log.open("r+b") as file:
        file.write(rechained(raw, b"note 38 ", b"note 3a " + b"y" * 4000))


def emptied_and_written(log: Path) -> None:
    raw = rechained(log.read_bytes(), b"note 3 ", b"note 3.1 ")
    with log.open("r+b") as file:
        file.truncate()
        file.write(raw)


def opened(run_dir: Path) -> tuple[line.Head, str]:
    """The head that a seat finds, and its trouble."""
    seat = Seat.open(run_dir, actor())
    seat.close()
    assert seat.view.head is not None
    return seat.view.head, seat.view.trouble


WAYS: list[Callable[[Path], None]] = [in_place, in_place_and_chained, replaced, cut, cut_and_grown, emptied_and_written]


@pytest.mark.parametrize("rewrite", WAYS)
def test_an_open_screen_says_that_what_it_held_is_not_there(
    seat: Seat, run_dir: Path, rewrite: Callable[[Path], None]
) -> None:
    held = {recent.event.seq for recent in seat.view.recent}
    time.sleep(0.15)  # so that the file's time of change lies behind the first look
    rewrite(layout.log_path(run_dir))
    eventually(lambda: seat.view.trouble)
    assert seat.view.trouble.startswith("THE LOG WAS REWRITTEN: you held ")
    assert int(seat.view.trouble.split(" at ")[1].split(",")[0]) in held
    refused = seat.submit(seat.command(c.AddNote, text="still here"))
    assert isinstance(refused, Failed)
    assert "THE LOG WAS REWRITTEN" in refused.sentence
    assert f"yours are in {heads_folder() / run_dir.name}" in refused.sentence
    head = seat.view.head
    assert head is not None
    seat.close()
    assert noted(run_dir.name)[head.seq] == head.digest  # what was held is kept


def test_a_log_that_was_copied_whole_is_told_for_what_it_is(seat: Seat, run_dir: Path) -> None:
    log = layout.log_path(run_dir)
    shutil.copy(log, run_dir.parent / "copy")  # not in the run: for a moment it is open to others
    (run_dir.parent / "copy").rename(log)
    eventually(lambda: seat.view.trouble)
    assert "was replaced by another file while in use" in seat.view.trouble
    assert "REWRITTEN" not in seat.view.trouble


def test_a_screen_that_only_watched_notes_the_heads_it_saw_and_tells_a_rewritten_log_later(run_dir: Path) -> None:
    seat = Seat.open(run_dir, actor(), "watching")
    seat.follow(lambda view: None)
    head = seat.view.head
    assert head is not None
    run = seat.view.state.run
    eventually(lambda: noted(run).get(head.seq) == head.digest)
    seat.close()
    assert opened(run_dir) == (head, "")
    log = layout.log_path(run_dir)
    log.write_bytes(rechained(log.read_bytes(), b"note 39 ", b"note X9 "))
    assert verify(log).ok  # the chain alone cannot tell
    later = Seat.open(run_dir, actor())
    assert later.view.trouble.startswith(f"THE LOG WAS REWRITTEN: you held {head.short} at {head.seq}, and ")
    assert "stands there now (as your screens noted it)" in later.view.trouble
    assert isinstance(later.submit(later.command(c.AddNote, text="x")), Failed)
    later.close()


def test_a_log_whose_end_was_cut_off_is_told_by_the_notes(run_dir: Path) -> None:
    head, _ = opened(run_dir)
    Notebook(run_dir.name).note(head)
    log = layout.log_path(run_dir)
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:-3]))
    assert f"you held {head.short} at {head.seq}, and that is gone" in opened(run_dir)[1]


def test_what_was_seen_behind_the_place_where_a_log_went_on_is_no_rewriting(run_dir: Path) -> None:
    head, _ = opened(run_dir)
    Notebook(run_dir.name).note(line.Head(seq=head.seq + 1, digest="0" * 64))
    append(run_dir, e.LogContinued(former="/before", trouble="t", seq=head.seq, digest=head.digest))
    append(run_dir, e.NoteAdded(text="on"))
    assert opened(run_dir)[1] == ""
    assert first_other(layout.log_path(run_dir), {head.seq: head.digest, head.seq + 2: "0" * 64}) is None


def test_a_replay_tells_a_log_that_is_not_what_the_readers_screens_saw(run_dir: Path) -> None:
    head, _ = opened(run_dir)
    log = layout.log_path(run_dir)
    assert run_named(log) == run_dir.name
    Notebook(run_dir.name).note(head)
    assert _rewritten(run_dir) == _rewritten(log) == ""
    in_place_and_chained(log)
    assert _rewritten(log).startswith(f"THE LOG WAS REWRITTEN: you held {head.short} at {head.seq}")


# ---- notes -------------------------------------------------------------------------------------------------------


def test_notes_are_private_few_and_only_of_heads(tmp_path: Path) -> None:
    folder = tmp_path / "heads"
    notebook = Notebook("R1", folder)
    for seq in range(1, 2 * MOST_HEADS + 100):
        notebook.note(line.Head(seq=seq, digest=f"{seq:064x}"))
    found = noted("R1", folder)
    assert found[2 * MOST_HEADS] == f"{2 * MOST_HEADS:064x}"
    assert 1 in found
    assert len(found) <= 2 * MOST_HEADS + 1
    assert notebook.path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    for number in range(MOST_RUNS + 5):
        Notebook(f"N{number}", folder).note(line.Head(seq=1, digest="0" * 64))
    assert len(list(folder.iterdir())) == MOST_RUNS


@pytest.mark.parametrize(
    "content", [b"", b"\x00\xff\n1 2\n", b"1 " + b"0" * 64 + b" more\n", b"-1 " + b"0" * 64 + b"\n"]
)
def test_notes_that_are_none_are_not_believed(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "R1").write_bytes(content)
    assert noted("R1", tmp_path) == {}
    assert noted("../R1", tmp_path) == {}
    assert noted("R2", tmp_path) == {}


def test_where_nothing_can_be_noted_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "heads").write_text("a file")
    notebook = Notebook("R1", tmp_path / "heads")
    notebook.note(line.Head(seq=1, digest="0" * 64))
    assert noted("R1", tmp_path / "heads") == {}
    assert heads_folder({"XDG_STATE_HOME": "relative"}) == Path.home() / ".local/state/cockpit/heads"


# ---- reading again -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 40 * BLOCK_BYTES + 7])
def test_any_byte_that_changed_is_found_in_a_few_looks(tmp_path: Path, size: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(os.urandom(size))
    for at in {0, size // 2, size - 1}:
        reread = Reread()
        raw = path.read_bytes()
        for start in range(0, size, 100_000):
            reread.take(raw[start : start + 100_000])
        with path.open("r+b") as file:
            assert [reread.changed_at(file.fileno()) for _ in range(6)] == [None] * 6
            file.write(b"")
            file.seek(at)
            file.write(bytes([raw[at] ^ 1]))
            file.flush()
            found = [reread.changed_at(file.fileno()) for _ in range(6)]
            assert at // BLOCK_BYTES * BLOCK_BYTES in found
            file.seek(at)
            file.write(raw[at : at + 1])


def test_a_file_that_nobody_touches_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 1000)
    time.sleep(0.15)
    reread = Reread()
    reread.take(b"x" * 1000)
    with path.open("rb") as file:
        assert reread.changed_at(file.fileno()) is None
        monkeypatch.setattr(os, "pread", lambda *_: pytest.fail("it was read again"))
        assert reread.changed_at(file.fileno()) is None


def test_a_tail_that_does_not_remember_reads_nothing_twice(run_dir: Path) -> None:
    tail = Tail(run_dir, is_waited_for=False)
    while tail.read():
        pass
    in_place(layout.log_path(run_dir))
    tail.look_back()
    assert tail.read() == []
    tail.close()
