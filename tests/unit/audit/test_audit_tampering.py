"""Every way to change a log is found and named, by cockpit and by a verifier that knows the format alone."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import independent_verifier
import pytest
from audit_small_log import ANA, long_log, write_small_log
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cockpit.audit import verify
from cockpit.audit.chain import Chain
from cockpit.audit.line import GENESIS, Head, digest, draft, encode
from cockpit.audit.verify import Verification
from cockpit.errors import LogError
from cockpit.run.events import NoteAdded

GOLDEN = sorted((Path(__file__).parents[2] / "logs").glob("v*/*.jsonl"))


class Bench:
    """A file in memory, in which a log is changed and verified again some ten thousand times."""

    def __init__(self, log: bytes) -> None:
        self.log = log
        self._fd = os.memfd_create("log")
        self._path = Path(f"/proc/self/fd/{self._fd}")
        self.anchor = Head(seq=0, digest="")
        whole = self.verified(log)
        assert whole.ok, whole.problem
        self.anchor = Head(seq=whole.seq, digest=whole.digest)
        self._stepping = {skip.line + 1 for skip in whole.recoveries}
        """Lines that name torn bytes: with them changed, the torn bytes before them are the first not to count."""

    def verified(self, log: bytes, *, parallel: bool = False) -> Verification:
        os.ftruncate(self._fd, len(log))
        os.pwrite(self._fd, log, 0)
        anchors = [self.anchor] if self.anchor.seq else []
        return verify.verify(self._path, anchors=anchors, parallel=parallel)

    def close(self) -> None:
        os.close(self._fd)

    def assert_found(self, changed: bytes, number: int, *, latest: int = 0) -> None:
        """It is found on the line changed or the next, and named; at the end of the log, by the anchor.

        Both verifiers agree.
        """
        assert changed != self.log
        lines = range(number - (number in self._stepping), (latest or number + 1) + 1)
        found = self.verified(changed)
        assert not found.ok, (changed, "was not found")
        if found.problem_line:
            assert found.problem_line in lines, (found, lines)
            assert f"line {found.problem_line}" in found.problem
        else:
            assert found.problems[0].kind == "anchor"
            assert changed.count(b"\n", 0, len(changed) - found.torn_bytes) + 1 in lines, (found, lines)
        assert_agreed(changed, found)


@pytest.fixture
def bench(small_log: bytes) -> Iterator[Bench]:
    bench = Bench(small_log)
    yield bench
    bench.close()


def assert_agreed(log: bytes, found: Verification) -> None:
    """Both verifiers name the same line, sequence number and digest."""
    bad, seq, last = independent_verifier.first_bad_line(log)
    if bad == 0 and found.problem_line == found.lines:
        assert "is not an event" in found.problem  # the last line counts, but cockpit knows its type's fields
        bad = found.problem_line
    agreed = (bad, seq, last) == (found.problem_line, found.seq, found.digest)
    assert agreed or repeats_a_key(log), (bad, seq, last, found)


def repeats_a_key(log: bytes) -> bool:
    """What a reader makes of such a line is left open by the format."""
    repeats: list[bool] = []

    def note(pairs: list[tuple[str, object]]) -> None:
        repeats.append(len(dict(pairs)) < len(pairs))

    for line in log.split(b"\n"):
        with suppress(ValueError):
            json.loads(line, object_pairs_hook=note)
    return any(repeats)


def line_of(log: bytes, offset: int) -> int:
    return log.count(b"\n", 0, offset) + 1


def test_every_flipped_bit_is_found(bench: Bench, request: pytest.FixtureRequest) -> None:
    """Each with `--many`, else each fifth: of every byte one or two, and all places in turn."""
    for bit in range(0, len(bench.log) * 8, 1 if request.config.getoption("--many") else 5):
        changed = bytearray(bench.log)
        changed[bit // 8] ^= 1 << bit % 8
        number = line_of(bench.log, bit // 8)
        bench.assert_found(bytes(changed), number)  # a line's digest stands in the line after it


def test_every_byte_taken_out_or_put_in_is_found(bench: Bench) -> None:
    chance = random.Random(5)
    for at in chance.sample(range(len(bench.log)), 800):
        number = line_of(bench.log, at)
        bench.assert_found(bench.log[:at] + bench.log[at + 1 :], number)
        more = bytes([chance.choice(b'\n\r {}",0a\xff')])
        bench.assert_found(bench.log[:at] + more + bench.log[at:], number)


def foreign(at: int) -> bytes:
    """A line of another run, that would have this place."""
    return encode(draft(NoteAdded(text="mine"), ANA), run="R2", seq=at + 1, prev=GENESIS)


def forged(lines: list[bytes], at: int) -> bytes:
    """A line that chains to the one before, as somebody makes it who has read the format."""
    try:
        before = json.loads(lines[at - 1]) if at else {"seq": 0}
    except ValueError:  # after the torn line
        before = json.loads(lines[at - 2])
    prev = digest(lines[at - 1][:-1]) if at else GENESIS
    return encode(draft(NoteAdded(text="mine"), ANA), run="R1", seq=before["seq"] + 1, prev=prev)


CHANGES: dict[str, Callable[[list[bytes], int], list[bytes]]] = {
    "deleted": lambda lines, at: [*lines[:at], *lines[at + 1 :]],
    "two deleted": lambda lines, at: [*lines[:at], *lines[at + 2 :]],
    "swapped": lambda lines, at: [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]],
    "repeated": lambda lines, at: [*lines[: at + 1], *lines[at:]],
    "repeated at the end": lambda lines, at: [*lines, lines[at]],
    "moved to the end": lambda lines, at: [*lines[:at], *lines[at + 1 :], lines[at]],
    "empty line before": lambda lines, at: [*lines[:at], b"\n", *lines[at:]],
    "foreign line before": lambda lines, at: [*lines[:at], foreign(at), *lines[at:]],
    "in its place a foreign line": lambda lines, at: [*lines[:at], foreign(at), *lines[at + 1 :]],
    "forged line before": lambda lines, at: [*lines[:at], forged(lines, at), *lines[at:]],
    "in its place a forged line": lambda lines, at: [*lines[:at], forged(lines, at), *lines[at + 1 :]],
    "Windows line ending": lambda lines, at: [*lines[:at], lines[at][:-1] + b"\r\n", *lines[at + 1 :]],
    "old Macintosh line ending": lambda lines, at: [*lines[:at], lines[at][:-1] + b"\r", *lines[at + 1 :]],
    "Unicode line ending": lambda lines, at: [*lines[:at], lines[at][:-1] + b"\xe2\x80\xa8", *lines[at + 1 :]],
    "space at its end": lambda lines, at: [*lines[:at], lines[at][:-1] + b" \n", *lines[at + 1 :]],
    "byte order mark": lambda lines, at: [*lines[:at], b"\xef\xbb\xbf" + lines[at], *lines[at + 1 :]],
    "joined with the next": lambda lines, at: [*lines[:at], lines[at][:-1] + lines[at + 1], *lines[at + 2 :]],
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_moved_line_is_found(bench: Bench, change: str) -> None:
    lines = bench.log.splitlines(keepends=True)
    for at in range(len(lines) - 1):
        latest = len(lines) + 1 if "at the end" in change else at + 2
        bench.assert_found(b"".join(CHANGES[change](lines, at)), at + 1, latest=latest)


@pytest.mark.parametrize("change", ["deleted", "repeated", "forged line before", "in its place a forged line"])
def test_a_change_of_the_last_line_shows_by_the_anchor_alone(bench: Bench, change: str) -> None:
    lines = bench.log.splitlines(keepends=True)
    changed = b"".join(CHANGES[change](lines, len(lines) - 1))
    found = bench.verified(changed)
    assert not found.ok
    bench.anchor = Head(seq=0, digest="")
    is_seen_alone = change in ("repeated", "forged line before")  # something follows that does not chain
    assert bench.verified(changed).ok is not is_seen_alone
    assert_agreed(changed, bench.verified(changed))


def test_other_line_endings_throughout_are_found_on_the_first_line(bench: Bench) -> None:
    for ending in (b"\r\n", b"\r", b"\n\n", b" \n"):
        changed = bench.log.replace(b"\n", ending)
        found = bench.verified(changed)
        assert found.problem_line == (2 if ending == b"\n\n" else 1), ending
        if ending == b"\r\n":
            assert "line ending" in found.problem
        assert_agreed(changed, found)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_a_flipped_bit_of_a_golden_log_is_found(path: Path) -> None:
    log = path.read_bytes()
    bench = Bench(log)
    for bit in random.Random(path.name).sample(range(len(log) * 8), 120):
        changed = bytearray(log)
        changed[bit // 8] ^= 1 << bit % 8
        number = line_of(log, bit // 8)
        bench.assert_found(bytes(changed), number)
    bench.close()


@pytest.mark.parametrize(("parallel", "count"), [(False, 40), (True, 10)])
def test_changes_anywhere_in_a_large_log_are_found(monkeypatch: pytest.MonkeyPatch, parallel: bool, count: int) -> None:
    """By the fast walk, and by its second process, which begins in the middle."""
    monkeypatch.setattr(verify, "PARALLEL_BYTES", 1)
    monkeypatch.setattr(verify.os, "sched_getaffinity", lambda _: {0, 1})
    log, _ = long_log(15_000)
    bench, chance = Bench(log), random.Random(7)
    lines = log.splitlines(keepends=True)
    for number in range(count):
        at = chance.randrange(len(lines) - 1)
        if number % 2:
            name = chance.choice([name for name in CHANGES if "end" not in name.split()])
            changed = b"".join(CHANGES[name](lines, at))
        else:
            damaged = bytearray(lines[at])
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
            changed = b"".join([*lines[:at], bytes(damaged), *lines[at + 1 :]])
        found = bench.verified(changed, parallel=parallel)
        assert found.problem_line in (at + 1, at + 2), (at, found)
        assert f"line {found.problem_line}" in found.problem
        assert (found.seq, found.digest) == (
            found.problem_line - 1,
            digest(changed.split(b"\n")[found.problem_line - 2]),
        )
    bench.close()


@pytest.fixture(scope="module")
def shared_log(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_small_log(tmp_path_factory.mktemp("shared") / "R1")


@settings(deadline=None)  # a busy machine is no failure
@given(data=st.data())
def test_any_changed_bytes_are_found(data: st.DataObject, shared_log: bytes) -> None:
    """A law: any replacement of any bytes by any others is found, given an anchor at the last line."""
    bench = Bench(shared_log)
    start = data.draw(st.integers(0, 2500)) % len(shared_log)
    stop = start + data.draw(st.integers(0, 300))
    changed = shared_log[:start] + data.draw(st.binary(max_size=300)) + shared_log[stop:]
    found = bench.verified(changed)
    assert changed == shared_log or not found.ok
    assert_agreed(changed, found)
    bench.close()


# ---- what counts as a line, held against the other verifier -------------------------------------------------------

ACTOR = '{"user":"ana","host":"b1","via":"ssh","login":"bo","proven":["tty"]}'
LINE = (
    f'{{"v":1,"run":"R1","seq":1,"prev":"{GENESIS}","class":"fact","type":"note.added","id":"01J",'
    '"at":"2026-11-21T22:04:11.382914Z","boot":"8b","mono":8123.442,'
    f'"actor":{ACTOR},"data":{{"text":"x","n":[1,2.5,null]}}}}'
)
PARTS = (
    '"fact"', '"note.added"', '"01J"', '"2026-11-21T22:04:11.382914Z"', '"8b"', "8123.442", '"ana"', '"b1"', '"ssh"',
    ACTOR, '"bo"', '["tty"]', '"tty"', '{"text":"x","n":[1,2.5,null]}', '"x"', "2.5", "null",
)  # fmt: skip
VALUES = (
    "1", '"a"', "null", "true", "[]", "{}", "1e400", "-0", "9" * 30, "1" + "0" * 400, "9" * 5000, "01", "1.", ".5",
    "1e", "+1", "NaN", "Infinity", '"\\ud800"', '"\\ud83d\\ude00"', '"\\u0000"', '"\\x"', '"\t"', '"\x7f"', '"\u2028"',
    "[1,]", '{"a":1,}', '{"\\ud800":1}', '""', '"fa\\u0063t"', "1E5", " 1", "[" * 90 + "]" * 90,
    '"2026-11-21 22:04:11z"', '"2026-11-21T22:04Z"', '"2026-11-21T22:04:60Z"', '"2026-11-21T24:00:00Z"',
    '"2026-02-29T22:04:11Z"', '"0000-01-01T00:00:00Z"', '"0001-01-01T00:00:00+23:59"', '"9999-12-31T23:59:59.9999999Z"',
    '"0002-01-01T00:00:00+23:59"', '"9998-12-31T23:59:59.9999999-23:59"', '"2026-11-21T22:04:11+24:00"',
    '"2026-11-21T22:04:11+01:60"', '"2026-11-21T22:04:11+0100"', '"2026-11-21T22:04:11+01"', '"2026-11-21T22:04:11"',
    '"2026-11-21T22:04:11,5Z"', '"2026-11-21T22:04:11.Z"', '"20261121T220411Z"', '"2026-W47-6T22:04:11Z"',
    '"２026-11-21T22:04:11Z"', '"2026-11-21T22:04:11.123456789012Z"', '"2026-11-21T22:04:11 Z"',
)  # fmt: skip


def assert_same_verdict(line: bytes) -> None:
    try:
        Chain().examine(line)
        counts = True
    except LogError:
        counts = False
    assert (independent_verifier.first_bad_line(line + b"\n")[1] == 1) is counts or repeats_a_key(line), line


@pytest.mark.parametrize("part", PARTS)
def test_both_verifiers_agree_on_what_each_key_may_hold(part: str) -> None:
    assert_same_verdict(LINE.encode())
    for value in VALUES:
        assert_same_verdict(LINE.replace(part, value, 1).encode())
        assert_same_verdict((LINE[:-1] + f',"later":{value}}}').encode())


def test_both_verifiers_agree_on_any_time() -> None:
    chance = random.Random(3)
    for _ in range(4000):
        at = list(chance.choice(["2026-11-21T22:04:11.382914Z", "2026-11-21T22:04:11+01:00"]))
        for _ in range(chance.randint(1, 3)):
            at[chance.randrange(len(at))] = chance.choice("0123456789TtZz+-:. ,W")
        assert_same_verdict(LINE.replace("2026-11-21T22:04:11.382914Z", "".join(at)).encode())


@settings(deadline=None, max_examples=300)
@given(at=st.integers(len(LINE) - 200, len(LINE) - 1), gone=st.integers(0, 3), put=st.binary(max_size=4))
@example(at=len(LINE) - 20, gone=1, put=b"\xff")
def test_both_verifiers_agree_on_any_line(at: int, gone: int, put: bytes) -> None:
    changed = LINE.encode()[:at] + put + LINE.encode()[at + gone :]
    if b"\n" not in changed:
        assert_same_verdict(changed)


def test_both_verifiers_stop_at_a_line_of_a_newer_version(bench: Bench) -> None:
    lines = bench.log.splitlines(keepends=True)
    newer = lines[2].replace(b'{"v":1', b'{"v":2')
    for changed, kind in (
        (newer, "newer"),
        (lines[0] + newer, "newer"),
        (lines[0] + b"torn\n" + newer, "newer"),
        (lines[0] + b'{"v":7}\n', "newer"),
        (lines[0] + b'{"v":1.5}\n', "chain"),
    ):
        found = bench.verified(changed)
        assert found.problems[0].kind == kind
        assert ("update cockpit" in found.problem) is (kind == "newer")
        assert_agreed(changed, found)


@pytest.mark.parametrize(
    "change",
    [
        ('"length":31', '"length":31.0'), ('"length":31', '"length":"31"'), ('"length":31', '"length":true'),
        ('"length":31', '"length":30'), ('"length":31,', ""), ('"sha256":"', '"sha256":"0'), ('"data":{', '"data":[{'),
        ('"type":"log.recovered"', '"type":"log.recovered "'), ('"length":31', '"length":31,"more":[{}]'),
    ],
)  # fmt: skip
def test_both_verifiers_agree_on_what_steps_over_torn_bytes(bench: Bench, change: tuple[str, str]) -> None:
    lines = bench.log.splitlines(keepends=True)
    lines[5] = lines[5].replace(change[0].encode(), change[1].encode())
    if change[1] == '"data":[{':
        lines[5] = lines[5].replace(b"}}\n", b"}]}\n")
    changed = b"".join(lines[:6])
    found = bench.verified(changed)
    assert found.seq == (5 if "more" in change[1] else 4)
    assert_agreed(changed, found)


def test_both_verifiers_agree_that_a_continuation_may_say_nothing(bench: Bench) -> None:
    lines = bench.log.splitlines(keepends=True)
    changed = b"".join([*lines[:3], lines[3].replace(b'"type":"probes.sampled"', b'"type":"log.continued"')])
    found = bench.verified(changed)
    assert (found.seq, found.continuations) == (4, ())
    assert_agreed(changed, found)
