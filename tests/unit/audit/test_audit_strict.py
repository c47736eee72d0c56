"""What a log never holds is found by `--strict`, with its line and key; what cockpit writes passes."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from audit_small_log import long_log

from cockpit.audit import strict
from cockpit.audit.beyond import lines_of
from cockpit.audit.line import digest
from cockpit.audit.strict import MOST, breaches
from cockpit.audit.verify import Verification, describe, verify

LOGS = sorted((Path(__file__).parents[2] / "logs").glob("v*/*.jsonl"))
NIGHT = next(path for path in LOGS if path.name == "night.jsonl")


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.name)
def test_what_cockpit_wrote_holds_nothing_of_the_kind(path: Path) -> None:
    found = verify(path, strict=True)
    assert found.ok, found.problem
    assert "strict: every line is as the format says, and no JSON object gives a key twice" in describe(found)


def mended(tmp_path: Path, at: int, *changes: tuple[str, str]) -> Verification:
    """Verify the night with a line changed, and the chain mended after it: the line itself is all that is wrong."""
    lines = NIGHT.read_bytes().split(b"\n")[:-1]
    for old, new in changes:
        assert old.encode() in lines[at - 1]
        lines[at - 1] = lines[at - 1].replace(old.encode(), new.encode("utf-8", "surrogatepass"), 1)
    for after in range(at, len(lines)):
        start, _, rest = lines[after].partition(b'"prev":"')
        lines[after] = start + b'"prev":"' + digest(lines[after - 1]).encode() + rest[64:]
    (tmp_path / "log").write_bytes(b"\n".join(lines) + b"\n")
    assert verify(tmp_path / "log").ok, "it counts"
    return verify(tmp_path / "log", strict=True)


@pytest.mark.parametrize(
    ("at", "change", "says"),
    [
        (20, ('"data":{', '"data":{"step":"other",'), "line 20 gives the key `step` twice in one object"),
        (20, ('"actor":{', '"actor":{"user":"bob",'), "line 20 gives the key `user` twice in one object"),
        (2, ('"boot":"boot-a"', '"boot":"boot-b","boot":"boot-a"'), "line 2 gives the key `boot` twice in one object"),
        (20, ('"data":{', '"data":{"x":[[{"deep":{"a":1,"a":1}}]],'), "line 20 gives the key `a` twice in one object"),
        (20, ('"data":{', '"data":{"\\u0061":1,"a":2,'), "line 20 gives the key `a` twice in one object"),
        (20, ('"data":{', '"data":{"\x1f[2J":1,"\x1f[2J":2,'.replace("\x1f", "\\u001b")), "the key `␛[2J` twice"),
        (20, ('"boot":"boot-a",', '"boot": "boot-a",'), "line 20 has space between its tokens"),
        (20, ('"data":{', '"data":{"x":"\\u0000",'), "line 20 holds U+0000 or a lone surrogate, at the key `x`"),
        (20, ('"data":{', '"data":{"x":[1,["\\\\\\u0000"]],'), "at the key `x`"),
        (20, ('"data":{', '"data":{"\\u0000":1,'), "line 20 holds U+0000 or a lone surrogate"),
        (20, ('"data":{', '"data":{"x":' + "[" * 99 + "]" * 99 + ","), "line 20 is nested deeper than 100 levels"),
        (20, (".000000Z", "Z"), "does not give its time (`at`) in UTC with six decimals: 2026-11-21T21:24:41Z"),
        (20, (".000000Z", ".000000+00:00"), "in UTC with six decimals"),
        (20, ('"id":"01M7', '"id":"01m7'), "has an `id` that is not 26 of 0-9 A-Z: 01m7"),
        (20, ('"step":"', '"stop":"'), "line 20 is not what its type demands: Object missing required field `step`"),
        (20, ('"class":"fact"', '"class":"telemetry"'), "line 20 calls step.confirmed telemetry, but it is fact"),
        (40, ('"class":"telemetry"', '"class":"fact"'), "line 40 calls probes.sampled fact, but it is telemetry"),
        (1, ('"type":"run.started"', '"type":"run.begun"'), "line 1 is run.begun, but a log begins with run.started"),
    ],
)
def test_what_is_never_written_is_found_with_its_line_and_key(
    tmp_path: Path, at: int, change: tuple[str, str], says: str
) -> None:
    found = mended(tmp_path, at, change)
    assert [problem.line for problem in found.problems] == [at]
    assert found.problems[0].kind == "strict"
    assert says in found.problem
    assert f"PROBLEM at line {at}: " in "\n".join(describe(found))


def test_keys_in_another_order_are_found(tmp_path: Path) -> None:
    found = mended(tmp_path, 20, ('"boot":"boot-a",', ""), ('"actor":', '"boot":"boot-a","actor":'))
    assert "line 20 does not have its keys in the order of the format" in found.problem


@pytest.mark.parametrize(
    "change",
    [
        ('"data":{', '"data":{"x":"\\\\u0000 a  b\\t",'), ('"data":{', '"data":{"x":"\\ud83d\\ude00",'),
        ('"data":{', '"data":{"x":{"a":1},"y":{"a":1},'), ('"data":{', '"data":{"x":' + "[" * 98 + "]" * 98 + ","),
        ('"type":"step.confirmed"', '"type":"step.blessed"'), ('"actor":{', '"actor":{"badge":"7",'),
    ],
)  # fmt: skip
def test_what_may_be_written_passes(tmp_path: Path, change: tuple[str, str]) -> None:
    found = mended(tmp_path, 20, change)
    assert found.ok, found.problem


def test_a_repeated_key_may_also_lie_behind_a_break(tmp_path: Path) -> None:
    lines = NIGHT.read_bytes().split(b"\n")
    lines[9] = lines[9].replace(b'"user":"ana"', b'"user":"bob"')
    lines[29] = lines[29].replace(b'"actor":{', b'"actor":{"user":"x",')
    (tmp_path / "log").write_bytes(b"\n".join(lines))
    found = verify(tmp_path / "log", strict=True)
    assert [(problem.kind, problem.line) for problem in found.problems] == [("chain", 11), ("strict", 30)]


def test_what_was_stepped_over_is_not_looked_at(tmp_path: Path, small_log: bytes) -> None:
    (tmp_path / "log").write_bytes(small_log)
    found = verify(tmp_path / "log", strict=True)
    assert [problem.what for problem in found.problems] == ["line 1 is note.added, but a log begins with run.started"]


def test_no_more_breaches_are_told_than_anybody_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, _ = long_log(3000)
    (tmp_path / "log").write_bytes(log.replace(b'"boot":"b"', b'"boot":"b" '))
    found = verify(tmp_path / "log", strict=True)
    told = [problem for problem in found.problems if problem.kind == "strict"]
    assert len(told) == MOST + 1
    assert "there is more" in told[-1].what


def test_memory_does_not_grow_with_the_log(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(long_log(3000)[0])
    with path.open("rb") as log:
        tracemalloc.start()
        assert len(strict.find_breaches(log.fileno(), path.stat().st_size)) == 1
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
        tracemalloc.stop()


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"7", b"{}", b"\xff", b"[" * 100_000, b'{"v":1}'])
def test_what_is_no_event_is_for_the_chain_to_name(text: bytes) -> None:
    assert list(breaches(text)) == []


def test_lines_are_found_with_their_places_whatever_their_length(tmp_path: Path) -> None:
    content = b"a\n\n" + b"x" * 300_000 + b"\n" + b"y" * 2_500_000 + b"\nb\nrest"
    path = tmp_path / "log"
    path.write_bytes(content)
    with path.open("rb") as log:
        told = list(lines_of(log.fileno(), 0, len(content)))
    assert [offset for offset, _ in told] == [0, 2, 3, 300_004, 2_800_005]
    assert [text if text is None else len(text) for _, text in told] == [1, 0, 300_000, None, 1]
