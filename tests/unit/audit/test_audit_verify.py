"""What verify finds. Every tampering is also shown to a verifier written from the format's description alone."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import independent_verifier
import pytest
from audit_small_log import long_log

from cockpit.audit import stretch, verify
from cockpit.audit.files import FileStore
from cockpit.audit.line import GENESIS, Envelope, Head, digest, draft, encode
from cockpit.audit.verify import Verification, describe
from cockpit.errors import LogUnreadable
from cockpit.run.events import Actor, Instant, LogRecovered, NoteAdded

ANA = Actor(user="ana", host="bastion-1")


def verified(tmp_path: Path, log: bytes, *anchors: Head, parallel: bool = False) -> Verification:
    path = tmp_path / "log.jsonl"
    path.write_bytes(log)
    return verify.verify(path, anchors=anchors, parallel=parallel)


def last_of(found: Verification) -> Head:
    return Head(seq=found.seq, digest=found.digest)


def test_a_whole_log_verifies(tmp_path: Path, small_log: bytes) -> None:
    found = verified(tmp_path, small_log)
    assert found.ok, found.problem
    assert (found.run, found.seq, found.facts, found.lines) == ("R1", 8, 5, 9)
    assert found.head == last_of(found)
    assert [(skip.line, skip.length) for skip in found.recoveries] == [(5, 31)]
    assert independent_verifier.first_bad_line(small_log) == (0, 8, found.digest)


def test_the_text_says_what_a_bare_chain_cannot_show(tmp_path: Path, small_log: bytes) -> None:
    found = verified(tmp_path, small_log)
    told = "\n".join(describe(found))
    assert f"chain unbroken from line 1 to line 9; head seq 8, {found.head.short if found.head else ''}" in told
    assert "not anchored: a bare chain cannot show that its tail was cut off" in told
    assert "stepped over 31 bytes" in told


def test_an_anchor_says_how_much_it_vouches_for(tmp_path: Path, small_log: bytes) -> None:
    third = digest(small_log.split(b"\n")[2])
    found = verified(tmp_path, small_log, Head(seq=3, digest=third[:8]))
    assert found.ok
    assert f"anchored to seq 3 ({third[:4]}·{third[4:8]}), 5 records after it" in describe(found)


def test_a_tail_cut_off_shows_against_an_anchor_alone(tmp_path: Path, small_log: bytes) -> None:
    whole = last_of(verified(tmp_path, small_log))
    cut = b"".join(small_log.splitlines(keepends=True)[:-2])
    assert verified(tmp_path, cut).ok
    found = verified(tmp_path, cut, whole)
    assert "its tail was cut off" in found.problem
    assert found.anchored == ()


def test_a_rewritten_log_shows_against_an_anchor(tmp_path: Path, small_log: bytes) -> None:
    found = verified(tmp_path, small_log, Head(seq=3, digest="0" * 64))
    assert "rewritten" in found.problem


def test_too_short_an_anchor_anchors_nothing(tmp_path: Path, small_log: bytes) -> None:
    third = digest(small_log.split(b"\n")[2])
    assert not verified(tmp_path, small_log, Head(seq=3, digest=third[:7])).ok


@pytest.mark.parametrize("parallel", [False, True])
@pytest.mark.parametrize("at", [0, 1, 5000, 7800, 14999])
def test_a_change_deep_in_a_long_log_names_its_line(
    tmp_path: Path, at: int, parallel: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "PARALLEL_BYTES", 1)
    monkeypatch.setattr(verify.os, "sched_getaffinity", lambda _: {0, 1})
    log, last = long_log(15_000)
    whole = verified(tmp_path, log, last, Head(seq=9_000, digest=digest(log.split(b"\n")[8_999])), parallel=parallel)
    assert whole.ok, whole.problem
    assert (whole.seq, whole.facts, whole.lines) == (15_000, 1_501, 15_000)
    lines = log.splitlines(keepends=True)
    lines[at] = lines[at].replace(b"note 0", b"note 1").replace(b"pass", b"warn")
    found = verified(tmp_path, b"".join(lines), last, parallel=parallel)
    assert found.problem_line == (at + 2 if at < 14_999 else 0)
    assert found.problem


def test_a_clock_that_was_set_back_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretch, "BLOCK_BYTES", 2000)
    prev, log = GENESIS, b""
    at = datetime(2026, 11, 21, tzinfo=UTC)
    for seq in range(1, 2001):
        at += timedelta(hours=-1) if seq in (500, 1500) else timedelta(milliseconds=-999 if seq % 2 else 1000)
        moment = Instant(at=at, boot="b", mono=float(seq))
        raw = encode(draft(NoteAdded(text="x"), ANA, moment), run="R1", seq=seq, prev=prev)
        log, prev = log + raw, digest(raw[:-1])
    found = verified(tmp_path, log)
    assert found.ok
    assert found.clock_steps == (500, 1500)
    assert "gone back by more than a second at seq 500, 1500" in "\n".join(describe(found))


def test_the_fast_walk_walks_a_whole_ordinary_log(tmp_path: Path) -> None:
    log, last = long_log(2000)
    (tmp_path / "log.jsonl").write_bytes(log)
    with (tmp_path / "log.jsonl").open("rb") as opened:
        walked = stretch.walk(opened.fileno(), stretch.Place(0, 0, GENESIS), len(log), "R1", stretch.Wanted((7,)))
    assert (walked.lines, walked.facts, walked.place) == (2000, 201, stretch.Place(len(log), 2000, last.digest))
    assert walked.digests == {7: digest(log.split(b"\n")[6])}


def test_the_fast_walk_demands_what_the_exact_one_does() -> None:
    assert stretch.Ordinary.__struct_fields__ == Envelope.__struct_fields__
    assert stretch._Names.__struct_fields__ == Actor.__struct_fields__


@pytest.mark.parametrize(
    "change",
    [
        (b'"user":"ana"', b'"user":null'), (b'"boot":"b"', b'"boot":7'), (b'"mono":1.0', b'"mono":"1"'),
        (b'00Z"', b'00"'), (b'"class":"fact"', b'"class":"rumour"'), (b'"ages":[1502]', b'"ages":[1502]}'),
        (b'"ages":[1502]', b'"ages":[\xff]'), (b'"ages":[1502]', b'"ages":["' + b"x" * 65536 + b'"]'),
        (b'"id":"', b'"id":"x","seq":1,"id":"'), (b'"actor"', b'"actress"'),
        (b'"type":"probes.s', b'"v":0,"type":"probes.s'),
        (b'"type":"probes.sampled"', b'"type":"log.recovered"'),
    ],
)  # fmt: skip
def test_the_fast_walk_accepts_no_line_that_the_exact_one_does_not(tmp_path: Path, change: tuple[bytes, bytes]) -> None:
    """A line beyond the first block is changed and the chain mended after it: only the line itself is wrong."""
    log, _ = long_log(2000)
    lines = log.split(b"\n")[:-1]
    assert change[0] in lines[1501] + lines[1500]
    at = 1500 if change[0] in lines[1500] else 1501
    lines[at] = lines[at].replace(*change)
    for after in range(at + 1, 2000):
        beginning, _, rest = lines[after].partition(b'"prev":"')
        lines[after] = beginning + b'"prev":"' + digest(lines[after - 1]).encode() + rest[64:]
    found = verified(tmp_path, b"\n".join(lines) + b"\n")
    assert found.problem_line == at + 1
    place = stretch.Place(len(b"\n".join(lines[:at])) + 1, at, digest(lines[at - 1]))
    with (tmp_path / "log.jsonl").open("rb") as opened:
        assert stretch.walk(opened.fileno(), place, 10**7, "R1").lines == 0


@pytest.mark.parametrize(
    ("log", "line"),
    [(b"", 1), (b"{", 1), (b"\n", 1), (b"\x89PNG\r\n\x1a\n" * 50, 1), (b"\0" * 5_000_000, 1), (b"{}\n{}\n{}\n", 1)],
)
def test_what_is_no_log_is_one_clear_sentence(tmp_path: Path, log: bytes, line: int) -> None:
    found = verified(tmp_path, log)
    assert found.problem_line == line
    assert "\n" not in found.problem
    assert describe(found)


def test_a_missing_file_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(LogUnreadable, match="No such file"):
        verify.verify(tmp_path / "none.jsonl")


def test_a_pipe_or_device_is_unreadable_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/null")):
        with pytest.raises(LogUnreadable, match="is not a file"):
            verify.verify(path)


def test_a_last_line_whose_data_are_not_of_its_type_is_found(tmp_path: Path, small_log: bytes) -> None:
    changed = small_log.replace(b'"text":"end"', b'"toxt":"end"')
    assert verified(tmp_path, changed).problem_line == 9


def test_an_unterminated_line_is_told_and_not_counted(tmp_path: Path, small_log: bytes) -> None:
    found = verified(tmp_path, small_log[:-1])
    assert found.ok
    assert (found.seq, found.torn_bytes) == (7, len(small_log.splitlines()[-1]))


def test_torn_bytes_that_nobody_stepped_over_yet_are_a_problem_with_an_explanation(
    tmp_path: Path, small_log: bytes
) -> None:
    found = verified(tmp_path, small_log + b"torn\n")
    assert found.problem_line == 10
    assert "if a crash left it" in found.problem


def test_a_line_that_gives_a_key_twice_does_not_count(tmp_path: Path, small_log: bytes) -> None:
    first = small_log.splitlines()[0]
    for twice in (b',"seq":7}', b',"v":2}', b',"run":"R2"}'):
        assert verified(tmp_path, first[:-1] + twice + b"\n").problem_line == 1
        assert independent_verifier.first_bad_line(first[:-1] + twice + b"\n")[0] == 1


def test_a_recovery_cannot_hide_facts(tmp_path: Path) -> None:
    """Two whole facts before a `log.recovered` that names them: no crash leaves that, so it does not count."""
    run_dir = tmp_path / "runs" / "R1"
    store = FileStore.create(run_dir, "R1")
    store.append(None, draft(NoteAdded(text="one"), ANA))
    store.close()
    hidden = b"".join(encode(draft(NoteAdded(text="x"), ANA), run="R1", seq=7 + n, prev=GENESIS) for n in range(2))
    one = store.path.read_bytes()
    body = LogRecovered(offset=len(one), length=len(hidden) - 1, sha256=sha256(hidden[:-1]).hexdigest())
    log = one + hidden + encode(draft(body, ANA), run="R1", seq=2, prev=digest(one[:-1]))
    assert verified(tmp_path, log).problem_line == 2
    assert independent_verifier.first_bad_line(log)[0] == 2
