"""What a log tells of a branch is held against the branch's own chain, and any change to it is found."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from cockpit.audit.line import GENESIS, Draft, decode, digest, encode, prefix
from cockpit.audit.verify import verify
from cockpit.run.events import Body, BranchMerged, BranchTold, Event
from cockpit.text import visible

LOG = Path(__file__).parents[2] / "logs" / "v1" / "branches.jsonl"


def test_the_branch_of_the_golden_log_verifies_by_the_format_alone() -> None:
    """As docs/log-format.md says it, with the standard library."""
    lines = LOG.read_bytes().split(b"\n")[:-1]
    events = [json.loads(line) for line in lines]
    merged = next(each["data"] for each in events if each["type"] == "branch.merged")
    told = [each["data"] for each in events if each["type"] == "branch.told"]
    assert [each["part"] for each in told] == list(range(1, merged["parts"] + 1))
    assert {each["branch"] for each in told} == {merged["tip_digest"]}
    ancestor = lines[merged["ancestor"] - 1]
    before, seq = sha256(b"cockpit-log-v1\n" + ancestor).hexdigest(), merged["ancestor"]
    assert before == merged["ancestor_digest"]
    branch = "".join(each["text"] for each in told).encode().split(b"\n")
    assert branch.pop() == b""
    for line in branch:
        seq += 1
        assert line.startswith(f'{{"v":1,"run":"RUN1","seq":{seq},"prev":"{before}","class":"'.encode())
        before = sha256(b"cockpit-log-v1\n" + line).hexdigest()
    assert (seq, before, len(branch)) == (merged["tip"], merged["tip_digest"], merged["count"])


def mended(tmp_path: Path, change: Any) -> Path:
    """The golden log as somebody would leave it who changes events and mends the chain."""
    raws = LOG.read_bytes().split(b"\n")[:-1]
    before = [decode(raw) for raw in raws]
    events: list[Event | None] = list(before)
    change(events)
    rests = {event.id: raw[raw.index(b'"class":"') + 9 :] for event, raw in zip(before, raws, strict=True)}
    prev, path, seq = GENESIS, tmp_path / "mended.jsonl", 0
    with path.open("wb") as file:
        for event in events:
            if event is None:
                continue
            seq += 1
            raw = prefix("RUN1", seq, prev) + rests[event.id]
            if not any(event is each for each in before):
                one = Draft(event.id, event.instant, event.actor, event.body)
                raw = encode(one, run="RUN1", seq=seq, prev=prev)[:-1]
            prev = digest(raw)
            file.write(raw + b"\n")
    return path


def _put(events: list[Event | None], at: int, body: Body) -> None:
    from msgspec.structs import replace

    event = events[at]
    assert event is not None
    events[at] = replace(event, body=body)


def _places(events: list[Event | None], kind: type[Body]) -> list[int]:
    return [at for at, event in enumerate(events) if event is not None and isinstance(event.body, kind)]


def changed(old: str, new: str) -> Any:
    def change(events: list[Event | None]) -> None:
        from msgspec.structs import replace

        for at in _places(events, BranchTold):
            body = events[at].body  # type: ignore[union-attr]
            assert isinstance(body, BranchTold)
            if old in body.text:
                _put(events, at, replace(body, text=body.text.replace(old, new)))

    return change


def without(number: int) -> Any:
    def change(events: list[Event | None]) -> None:
        events[_places(events, BranchTold)[number]] = None

    return change


def named(**fields: Any) -> Any:
    def change(events: list[Event | None]) -> None:
        from msgspec.structs import replace

        at = _places(events, BranchMerged)[0]
        _put(events, at, replace(events[at].body, **fields))  # type: ignore[union-attr,type-var]

    return change


def without_name(events: list[Event | None]) -> None:
    events[_places(events, BranchMerged)[0]] = None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (changed('"step":"migrate"', '"step":"smoke"'), "does not chain"),
        (changed("nobody can reach it", "everything was well"), "which is not the tip that it names"),
        (changed('"type":"step.confirmed"', '"type":7'), "is no event"),
        (without(1), "tells part 3 of 4, expected 2"),
        (without(-1), "of 4 parts 3 are told"),
        (named(ancestor_digest="0" * 64), "does not chain to the line before it"),
        (named(ancestor=8), "does not chain to the line before it"),
        (named(count=9), "it tells 5 lines with 4 facts, not 9 with 4"),
        (named(facts=1), "it tells 5 lines with 4 facts, not 5 with 1"),
        (named(tip=13), "which is not the tip that it names"),
        (without_name, "tells of a branch that nothing before it names"),
    ],
)
def test_whoever_changes_what_is_told_and_mends_the_chain_is_found(tmp_path: Path, change: Any, said: str) -> None:
    found = verify(mended(tmp_path, change))
    assert not found.is_broken
    assert {each.kind for each in found.problems} == {"branch"}
    assert said in found.problem
    assert visible(found.problem) == found.problem


def test_an_ancestor_that_this_log_does_not_have_is_a_problem(tmp_path: Path) -> None:
    def change(events: list[Event | None]) -> None:
        note = events[6]
        assert note is not None
        events[8] = note  # the ancestor is another line

    found = verify(mended(tmp_path, change))
    assert "line 9 of this log is not the ancestor that it names" in found.problem


def test_the_golden_log_says_what_it_tells() -> None:
    found = verify(LOG)
    assert found.ok
    assert [(each.seq, each.ancestor, each.tip, each.lines, each.facts) for each in found.branches] == [
        (12, 9, 14, 5, 4)
    ]
