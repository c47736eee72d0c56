"""Every line that counts, with its own bytes: neither more nor less than the exact rule says."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from audit_small_log import ANA, write_small_log

from cockpit.audit import stretch, walking
from cockpit.audit.chain import Chain
from cockpit.audit.files import FileStore
from cockpit.audit.line import draft
from cockpit.audit.walking import Walk
from cockpit.errors import LogError
from cockpit.run.events import NoteAdded

LOGS = sorted((Path(__file__).parents[2] / "logs" / "v1").glob("*.jsonl"))


def walked(path: Path) -> tuple[list[bytes], Walk]:
    walk = Walk(path)
    lines = [raw for batch in walk.batches() for _, raw in batch]
    walk.close()
    return lines, walk


def exactly(raw: bytes) -> tuple[list[bytes], bool]:
    """The lines that count, one by one, and whether all of the bytes do."""
    chain, counting = Chain(), list[bytes]()
    try:
        for line in raw.split(b"\n")[:-1]:
            if chain.step(line + b"\n") is not None:
                counting.append(line)
            if chain.pending is not None and not chain.pending.could_be_torn():
                return counting, False
    except LogError:
        return counting, False
    return counting, chain.position == len(raw) and bool(counting)


@pytest.mark.parametrize("log", LOGS, ids=lambda path: path.stem)
def test_all_of_a_log_is_its_own_bytes(log: Path) -> None:
    lines, walk = walked(log)
    counting, _ = exactly(log.read_bytes())
    assert lines == counting
    assert walk.trouble is None
    assert (walk.left_bytes, walk.seq) == (0, len(lines))


def test_what_a_crash_tore_and_a_later_line_stepped_over_is_left_out(tmp_path: Path) -> None:
    raw = write_small_log(tmp_path / "R1")
    lines, walk = walked(tmp_path / "R1")
    assert lines == exactly(raw)[0]
    assert len(lines) == 8
    assert walk.trouble is None


@pytest.mark.parametrize("block_bytes", [1500, stretch.BLOCK_BYTES])
def test_of_a_log_that_was_tampered_with_exactly_what_counts_is_handed_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block_bytes: int
) -> None:
    monkeypatch.setattr(walking, "BLOCK_BYTES", block_bytes)
    small, dice = write_small_log(tmp_path / "R1"), random.Random(20261121)
    path = tmp_path / "tampered.jsonl"
    for raw in (small, LOGS[0].read_bytes()):
        for _ in range(300):
            changed = bytearray(raw)
            at = dice.randrange(len(changed))
            match dice.randrange(4):
                case 0:
                    changed[at] ^= 1 << dice.randrange(8)
                case 1:
                    del changed[at : at + dice.randrange(1, 900)]
                case 2:
                    changed[at:at] = changed[: dice.randrange(1, 900)]
                case 3:
                    changed = changed[:at]
            path.write_bytes(changed)
            lines, walk = walked(path)
            counting, is_whole = exactly(bytes(changed))
            assert lines == counting
            assert (walk.trouble is None) is is_whole
            assert (walk.left_bytes > 0) is (walk.trouble is not None and len(changed) > 0)


def test_a_log_is_walked_to_where_it_ended_when_the_walk_began(tmp_path: Path) -> None:
    store = FileStore.create(tmp_path / "R1", "R1")
    store.append(None, draft(NoteAdded(text="one"), ANA))
    walk = Walk(tmp_path / "R1")
    store.append(None, draft(NoteAdded(text="two"), ANA))
    store.close()
    assert len([line for batch in walk.batches() for line in batch]) in (1, 2)  # a block may take in more
    assert walk.trouble is None
    walk.close()


def test_a_line_that_is_being_written_is_none_yet_and_one_that_stays_torn_is_said(tmp_path: Path) -> None:
    store = FileStore.create(tmp_path / "R1", "R1")
    for text in ("one", "two"):
        store.append(None, draft(NoteAdded(text=text), ANA))
    store.close()
    whole = store.path.read_bytes()
    store.path.write_bytes(whole[:-20])
    walk = Walk(store.path)
    with store.path.open("ab") as file:
        file.write(whole[-20:])
    assert len([line for batch in walk.batches() for line in batch]) in (1, 2)
    assert walk.trouble is None
    walk.close()
    store.path.write_bytes(whole[:-20])
    lines, walk = walked(store.path)
    assert len(lines) == 1
    assert "are no line yet" in str(walk.trouble)
