"""Heads noted elsewhere: what an anchor, a code and a checkpoint show, over one process and over two."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from audit_small_log import ANA, long_log

from cockpit.audit import verify
from cockpit.audit.checkpoints import checkpoint_text, read_checkpoint
from cockpit.audit.line import GENESIS, Head, digest, draft, encode
from cockpit.audit.remarks import ClockSet, Ending
from cockpit.audit.verify import Verification, describe
from cockpit.errors import LogUnreadable
from cockpit.run.events import Body, ClockStepped, Instant, NoteAdded, ProbesSampled, RunAborted, RunFinished

CUT_OR_REWRITTEN = "the tail was cut off with it, or the log was rewritten, or that head is of another run"


@pytest.fixture(params=[False, True], ids=["one process", "two processes"])
def parallel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(verify, "PARALLEL_BYTES", 1)
    monkeypatch.setattr(verify.os, "sched_getaffinity", lambda _: {0, 1})
    return bool(request.param)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """4,000 lines of run R1; each tenth is a fact: 1, 11, 21 … and the last."""
    path = tmp_path_factory.mktemp("large") / "log.jsonl"
    path.write_bytes(long_log(4000)[0])
    return path


def digest_at(path: Path, seq: int) -> str:
    return digest(path.read_bytes().split(b"\n")[seq - 1])


@pytest.mark.parametrize("seq", [1, 11, 1001, 3991, 4000])
@pytest.mark.parametrize("digits", [8, 32, 64])
def test_a_code_is_found_whichever_fact_it_is_of(large: Path, seq: int, digits: int, parallel: bool) -> None:
    code = digest_at(large, seq)[:digits]
    found = verify.verify(large, codes=[code], parallel=parallel)
    assert found.ok, found.problem
    assert found.anchored == (Head(seq=seq, digest=code),)
    told = describe(found)
    assert f"anchored to seq {seq} ({code[:4]}·{code[4:8]}), {4000 - seq} records after it" in told
    assert any("note 32 for checking" in line for line in told) is (digits < 32)


def test_a_code_of_a_line_that_is_no_fact_is_no_head(large: Path, parallel: bool) -> None:
    found = verify.verify(large, codes=[digest_at(large, 12)], parallel=parallel)
    assert (found.ok, found.anchored) == (False, ())
    assert verify.verify(large, anchors=[Head(seq=12, digest=digest_at(large, 12))], parallel=parallel).ok


def test_a_code_that_is_nowhere_says_what_that_may_mean(large: Path, parallel: bool) -> None:
    found = verify.verify(large, codes=["0" * 64, digest_at(large, 11)], parallel=parallel)
    assert [problem.kind for problem in found.problems] == ["anchor"]
    assert f"no fact up to seq 4000 has the head 0000·0000: {CUT_OR_REWRITTEN}" in found.problem
    assert [head.seq for head in found.anchored] == [11]


def test_a_cut_tail_shows_against_a_code_a_checkpoint_and_an_anchor(
    large: Path, tmp_path: Path, parallel: bool
) -> None:
    cut = tmp_path / "cut.jsonl"
    cut.write_bytes(b"".join(large.read_bytes().splitlines(keepends=True)[:3000]))
    last = Head(seq=3991, digest=digest_at(large, 3991))
    (tmp_path / "noted").write_text(checkpoint_text("R1", last))
    noted = read_checkpoint(tmp_path / "noted")
    assert verify.verify(cut, parallel=parallel).ok
    for found in (
        verify.verify(cut, codes=[last.digest], parallel=parallel),
        verify.verify(cut, anchors=[last], parallel=parallel),
        verify.verify(cut, checkpoints=[noted], parallel=parallel),
    ):
        assert not found.ok
        assert "tail was cut off" in found.problem
        assert found.anchored == ()


def test_of_a_broken_chain_only_what_was_walked_anchors(large: Path, tmp_path: Path, parallel: bool) -> None:
    lines = large.read_bytes().splitlines(keepends=True)
    lines[2000] = lines[2000].replace(b"note 0", b"note 1")
    (tmp_path / "log").write_bytes(b"".join(lines))
    codes = [digest_at(large, seq) for seq in (11, 1991, 2001, 3991)]
    found = verify.verify(tmp_path / "log", codes=codes, parallel=parallel)
    assert [head.seq for head in found.anchored] == [11, 1991]
    assert [problem.kind for problem in found.problems] == ["chain"]
    assert found.problem_line == 2002
    assert found.unproven_bytes == sum(map(len, lines[2001:]))


def test_the_head_that_screens_show_is_the_one_that_is_found(tmp_path: Path, small_log: bytes) -> None:
    (tmp_path / "log").write_bytes(small_log)
    shown = verify.verify(tmp_path / "log").head
    assert shown is not None
    found = verify.verify(tmp_path / "log", codes=[shown.short.replace("·", "")])
    assert [head.seq for head in found.anchored] == [shown.seq]


def test_a_code_in_an_unusual_block_is_found_too(tmp_path: Path, small_log: bytes) -> None:
    """The small log is stepped over exactly, because a crash tore a line of it."""
    (tmp_path / "log").write_bytes(small_log)
    torn = small_log.split(b"\n").index(next(line for line in small_log.split(b"\n") if not line.endswith(b"}")))
    after = digest(small_log.split(b"\n")[torn + 2])
    assert verify.verify(tmp_path / "log", codes=[after]).anchored == (Head(seq=6, digest=after),)


# ---- checkpoints -------------------------------------------------------------------------------------------------


def test_a_checkpoint_is_its_run_its_number_and_its_digest(tmp_path: Path) -> None:
    head = Head(seq=17, digest="ab" * 32)
    text = checkpoint_text("01JD7", head)
    assert text == f"cockpit/01JD7\n17\n{'ab' * 32}\n"
    (tmp_path / "noted").write_text(text)
    noted = read_checkpoint(tmp_path / "noted")
    assert (noted.run, noted.head, noted.raw) == ("01JD7", head, text.encode())


@pytest.mark.parametrize("mailed", ["{0}", "{0}\r\n", " {0} \n", "{0}\n\nlater versions say more\n"])
def test_what_mail_adds_to_a_checkpoint_does_not_matter(tmp_path: Path, mailed: str) -> None:
    text = checkpoint_text("R1", Head(seq=3, digest="0" * 64)).strip()
    text = text.replace("\n", "\r\n") if "\r" in mailed else text
    (tmp_path / "noted").write_bytes(mailed.format(text).encode())
    assert read_checkpoint(tmp_path / "noted").head == Head(seq=3, digest="0" * 64)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "first line should be cockpit/RUN, and there is none"),
        ("cockpit/R1\n", "second line should be a sequence number, and there is none"),
        ("cockpit/R1\n03\n" + "0" * 64, "second line"),
        ("cockpit/R1\n3\n" + "0" * 63, "third line should be the 64 hex digits"),
        ("cockpit/R1\n3\n" + "A" * 64, "third line"),
        ("other/R1\n3\n" + "0" * 64, "first line"),
        ("\x1b[2Jevil\n", "first line should be cockpit/RUN, and it is `␛\\[2Jevil`"),
        ("x" * 70_000, "has more than 65536 bytes"),
    ],
)
def test_what_is_no_checkpoint_says_what_was_expected(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "noted").write_text(text)
    with pytest.raises(LogUnreadable, match=says):
        read_checkpoint(tmp_path / "noted")


def test_a_checkpoint_of_another_run_says_of_which(tmp_path: Path, large: Path) -> None:
    (tmp_path / "noted").write_text(checkpoint_text("R2", Head(seq=11, digest=digest_at(large, 11))))
    found = verify.verify(large, checkpoints=[read_checkpoint(tmp_path / "noted")])
    assert [(each.kind, found.anchored) for each in found.problems] == [("checkpoint", ())]
    assert "noted is of the run R2, this log is of the run R1" in found.problem
    assert not found.checkpoints[0].holds


def test_a_checkpoint_of_a_log_that_was_rewritten_says_so(tmp_path: Path, large: Path) -> None:
    (tmp_path / "noted").write_text(checkpoint_text("R1", Head(seq=11, digest="7f3a" * 16)))
    found = verify.verify(large, checkpoints=[read_checkpoint(tmp_path / "noted")])
    assert "7f3a·7f3a at 11 is not of this chain" in found.problem
    assert "rewritten" in found.problem


# ---- what a log says of itself -----------------------------------------------------------------------------------


def telling_log(path: Path, *last: Body, count: int = 1500) -> None:
    """Samples with two clocks that were set among them, and `last` at the end."""
    prev = GENESIS
    with path.open("wb") as log:
        bodies = [ProbesSampled(ages=(1,))] * count + list(last)
        bodies[0], bodies[200], bodies[1200] = NoteAdded(text="x"), ClockStepped(by_s=-3600), ClockStepped(by_s=12.5)
        for seq, body in enumerate(bodies, 1):
            moment = Instant(at=datetime(2026, 11, 21, tzinfo=UTC), boot="b", mono=1.0)
            raw = encode(draft(body, ANA, moment), run="R1", seq=seq, prev=prev)
            log.write(raw)
            prev = digest(raw[:-1])


def told_of(path: Path, parallel: bool) -> tuple[Verification, str]:
    found = verify.verify(path, parallel=parallel)
    assert found.ok, found.problem
    return found, "\n".join(describe(found))


def test_clocks_that_the_keeper_saw_being_set_are_told(tmp_path: Path, parallel: bool) -> None:
    telling_log(tmp_path / "log")
    found, told = told_of(tmp_path / "log", parallel)
    assert found.clock_sets == (ClockSet(201, -3600), ClockSet(1201, 12.5))
    assert "the clock of a keeper's host was set: at seq 201 by -3600 s, at seq 1201 by +12 s (clock.stepped)" in told


@pytest.mark.parametrize(("body", "how"), [(RunFinished(), "finished"), (RunAborted(reason="no"), "aborted")])
def test_how_the_run_ended_is_told(tmp_path: Path, parallel: bool, body: Body, how: str) -> None:
    telling_log(tmp_path / "log", body, ProbesSampled())
    found, told = told_of(tmp_path / "log", parallel)
    assert found.ending == Ending(1501, how, datetime(2026, 11, 21, tzinfo=UTC))  # type: ignore[arg-type]
    assert f"the run {how} at seq 1501, 2026-11-21 00:00:00 UTC" in told


def test_that_the_run_did_not_end_here_is_told(tmp_path: Path, parallel: bool) -> None:
    telling_log(tmp_path / "log")
    found, told = told_of(tmp_path / "log", parallel)
    assert found.ending is None
    assert told.endswith("the run is live, or its end is not here")


@pytest.mark.parametrize(("digits", "power"), [(8, 32), (16, 64), (31, 124), (32, 0), (64, 0)])
def test_it_is_said_what_a_code_of_few_digits_does_not_show(large: Path, digits: int, power: int) -> None:
    found = verify.verify(large, codes=[digest_at(large, 2001)[:digits]])
    assert found.ok
    told = "\n".join(describe(found))
    assert "anchored to seq 2001" in told
    assert (f"{digits} digits are for eyes" in told) is bool(power)
    assert (f"finds a line that fits after some 2^{power} tries; note 32 for checking" in told) is bool(power)
