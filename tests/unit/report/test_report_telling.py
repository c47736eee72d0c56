"""What is told of a log, and where a pattern is found in it."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from cockpit.audit.files import FileStore
from cockpit.audit.line import decode, digest, draft
from cockpit.audit.walking import Walk
from cockpit.errors import LogError
from cockpit.report.search.filtering import Asked
from cockpit.report.search.patterns import Pattern
from cockpit.report.search.telling import Teller, Told, Wanted, grouped
from cockpit.run import events as e
from cockpit.run.evolve import evolve
from cockpit.run.state import EMPTY
from cockpit.run.wording import sentence

LOGS = Path(__file__).parents[2] / "logs" / "v1"


def told(log: Path, wanted: Wanted) -> tuple[Teller, list[Told]]:
    walk, teller = Walk(log), Teller(wanted)
    lines = [each for batch in walk.batches() for line, raw in batch if (each := teller.take(line, raw)) is not None]
    walk.close()
    return teller, lines


def test_samples_and_output_are_told_only_where_they_are_asked_for() -> None:
    night = LOGS / "night.jsonl"
    assert len(told(night, Wanted())[1]) == 26
    assert len(told(night, Wanted(with_many=True))[1]) == 48
    for asked in (
        Asked(types=("probes.*",)),
        Asked(types=("probes.sampled",)),
        Asked(class_="telemetry", by=("keeper",)),
    ):
        assert len(told(night, Wanted(asked))[1]) == 22
    assert len(told(night, Wanted(Asked(types=("*.entered",))))[1]) == 1


def test_steps_are_called_by_number_and_title_also_where_only_some_events_are_told() -> None:
    """An action's later events name the action alone: the fold knows whose it is."""
    _, lines = told(LOGS / "acting.jsonl", Wanted(Asked(types=("action.cancelled", "action.settled"))))
    assert [line.text for line in lines] == [
        "ana  asked to cancel 2.1 Scale down: wrong window",
        "ana  says that 2.1 Scale down succeeded: kubectl get shows 0 replicas",
    ]


@pytest.mark.parametrize("log", sorted(LOGS.glob("*.jsonl")), ids=lambda path: path.stem)
def test_every_event_is_told_as_the_screens_tell_it(log: Path) -> None:
    """They fold all of it; here only what sentences need is kept."""
    state, shown = EMPTY, list[str]()
    for raw in log.read_bytes().splitlines():
        try:
            event = decode(raw)
        except LogError:
            continue  # stepped over
        state = evolve(state, event)
        shown.append(sentence(event, state))
    assert [line.text for line in told(log, Wanted(with_many=True))[1]] == shown


def test_a_pattern_is_looked_for_in_sentences_or_in_the_lines_themselves() -> None:
    acting = LOGS / "acting.jsonl"
    _, lines = told(acting, Wanted(pattern=Pattern("scale DOWN$", ignore_case=True)))
    assert [line.seq for line in lines if line.is_found] == [15]
    teller, lines = told(acting, Wanted(pattern=Pattern("deployment.apps", is_fixed=True), in_bytes=True))
    assert [line.seq for line in lines] == [17]
    assert teller.found == 1
    assert "output of 2.1 Scale down  ‹" in lines[0].text
    assert "deployment.apps" in lines[0].text


def test_what_is_found_in_bytes_does_not_act() -> None:
    class Evil:
        def place(self, raw: bytes) -> tuple[int, int]:
            return 0, len(raw)

    teller = Teller(Wanted(pattern=Evil(), in_bytes=True))  # type: ignore[arg-type]
    raw = (LOGS / "night.jsonl").read_bytes().split(b"\n")[30]
    walk = Walk(LOGS / "night.jsonl")
    envelopes = [line for batch in walk.batches() for line, _ in batch]
    walk.close()
    teller.take(envelopes[0], (LOGS / "night.jsonl").read_bytes().split(b"\n")[0])
    one = teller.take(envelopes[30], raw.replace(b"twelve", "\u202e\x9b2J".encode()))
    assert one is not None
    assert "\u202e" not in one.text
    assert "\x9b" not in one.text
    assert len(one.text) < 900


def line(seq: int, *, is_found: bool) -> Told:
    _, lines = told(LOGS / "place.jsonl", Wanted())
    return Told(seq, lines[0].at, "", b"", is_found)


@pytest.mark.parametrize(
    ("found", "around", "shown"),
    [
        ("..x....x..", 0, "x -x"),
        ("..x....x..", 1, ".x. -.x."),
        ("..x....x..", 2, "..x.. ..x.."),
        ("x...x", 1, "x. -.x"),
        ("x..x", 1, "x. .x"),
        ("xx.x", 1, "xx.x"),
        ("....x", 9, "....x"),
        (".....", 2, ""),
    ],
)
def test_lines_around_what_is_found_stand_once_and_gaps_are_marked(found: str, around: int, shown: str) -> None:
    base = line(0, is_found=True)
    lines = [Told(seq, base.at, "", b"", each == "x") for seq, each in enumerate(found)]
    groups = [("-" if apart else "", each) for each, apart in grouped(iter(lines), around)]
    assert [each.seq for _, each in groups] == sorted({each.seq for _, each in groups})
    assert "".join(apart + "x."[not each.is_found] for apart, each in groups) == shown.replace(" ", "")


def test_data_that_are_not_those_of_their_type_are_said_to_be_unreadable(tmp_path: Path) -> None:
    store = FileStore.create(tmp_path / "R1", "R1")
    for text in ("one", "two", "three"):
        store.append(None, draft(e.NoteAdded(text=text), e.Actor(user="ana", host="h")))
    store.close()
    first, second, third = store.path.read_bytes().splitlines()
    second = second.replace(b'"text":"two"', b'"text":2')
    third = re.sub(rb'"prev":"[0-9a-f]{64}"', f'"prev":"{digest(second)}"'.encode(), third)
    store.path.write_bytes(b"\n".join((first, second, third, b"")))
    teller, lines = told(store.path, Wanted())
    assert [each.text for each in lines] == [
        "ana  note: one",
        "ana  note.added, whose data cannot be read",
        "ana  note: three",
    ]
    assert teller.unreadable == 1


def test_no_pattern_takes_longer_than_its_text() -> None:
    """What hangs a backtracking matcher for years."""
    began = time.process_time()
    assert not Pattern("(a+)+$").is_in("a" * 60_000 + "b")
    assert not Pattern("(x+x+)+y").is_in("x" * 60_000)
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "text", ["(", "a{1001}", r"\1", "(?<=x)y", "[[:foo:]]", "\udcff", "((a{100}){100}){100}", "*" * 5000]
)
def test_what_is_no_pattern_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"^.{0,200}$"):
        Pattern(text)
