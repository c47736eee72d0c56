"""What a film shows at a place is the fold of the log up to it, wherever one comes from."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace

from cockpit.audit.line import GENESIS, digest, encode
from cockpit.audit.line import Draft as LineDraft
from cockpit.audit.tail import Tail
from cockpit.errors import LogError, LogTooNew, LogUnreadable
from cockpit.report.replay import film as film_module
from cockpit.report.replay import scene
from cockpit.report.replay.film import Film
from cockpit.run import events as e
from cockpit.run.events import BY_MACHINE, Event
from cockpit.run.evolve import fold
from cockpit.run.people import name_of
from cockpit.run.state import RunState

GOLDEN = Path(__file__).parents[2] / "logs" / "v1"
LOGS = sorted(GOLDEN.glob("*.jsonl"))


@contextmanager
def opened(path: Path) -> Iterator[Film]:
    """A film that has been read whole."""
    film, is_read = Film(path), threading.Event()
    film.start(lambda: is_read.set() if film.is_whole and film.proof is not None else None)
    try:
        assert is_read.wait(60)
        yield film
    finally:
        film.close()


def events_of(path: Path) -> list[Event]:
    """All that counts."""
    tail = Tail(path)
    try:
        return [entry.event for entry in tail.read()]  # a golden log is less than a block
    finally:
        tail.close()


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.stem)
def test_a_golden_log_is_at_every_line_what_its_fold_is(path: Path) -> None:
    events = events_of(path)
    with opened(path) as film:
        assert film.is_whole
        assert film.proof is not None
        assert film.proof.ok
        assert film.damages == ()
        assert film.facts == sum(event.is_fact for event in events)
        order = list(range(len(events)))
        random.Random(1).shuffle(order)
        for index in [*range(len(events)), *order]:
            place = film.at_seq(events[index].seq)
            assert (place.seq, place.at) == (events[index].seq, events[index].instant)
            assert film.state(place) == fold(events[: index + 1])


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.stem)
def test_facts_are_found_by_number_and_by_time(path: Path) -> None:
    facts = [event for event in events_of(path) if event.is_fact]
    with opened(path) as film:
        for k, fact in enumerate(facts):
            moment = film.moment(k)
            who = "keeper" if fact.type in BY_MACHINE else name_of(fact.actor)
            assert (moment.seq, moment.type, moment.user) == (fact.seq, fact.type, who)
            assert abs(moment.at - fact.instant.at) < timedelta(microseconds=2)
            assert film.event(k) == fact
            assert film.at_fact(k).seq == fact.seq
            found = film.at_time(fact.instant.at)
            assert found.seq >= fact.seq
            assert film.recent(film.at_fact(k), 3)[-1] == fact


def test_what_a_keeper_did_in_somebody_s_name_is_not_taken_for_theirs() -> None:
    with opened(GOLDEN / "night.jsonl") as film:
        moments = [film.moment(k) for k in range(film.facts)]
        assert {each.type for each in moments if each.user == "keeper"} >= {"probe.changed", "gate.changed"}
        assert not {each.type for each in moments if each.user == "ana"} & BY_MACHINE


def test_a_time_between_two_lines_is_shown_as_that_time(tmp_path: Path) -> None:
    path = written(tmp_path, GOLDEN / "night.jsonl")
    events = events_of(path)
    with opened(path) as film:
        for before, after in pairwise(events):
            gap = after.instant.at - before.instant.at
            if gap > timedelta(seconds=1):
                place = film.at_time(before.instant.at + gap / 2)
                assert place.seq == before.seq
                assert place.at.at == before.instant.at + gap / 2
                assert place.at.mono == pytest.approx(before.instant.mono + gap.total_seconds() / 2)
        assert film.at_time(events[0].instant.at - timedelta(days=1)).seq == 1
        assert film.at_time(events[-1].instant.at + timedelta(days=1)).seq == events[-1].seq


def test_that_all_is_read_is_told_also_right_after_something_else_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(film_module, "_TELL_S", 0.0)  # as on a slow disk: each block is told of
    with opened(GOLDEN / "night.jsonl") as film:
        assert film.is_whole


def written(folder: Path, golden: Path) -> Path:
    path = folder / "audit.jsonl"
    path.write_bytes(golden.read_bytes())
    return path


# ---- any log, with key frames close together ---------------------------------------------------------------------


def encoded(events: list[Event]) -> bytes:
    """The events as a log's bytes, chained."""
    prev, log = GENESIS, b""
    for seq, event in enumerate(events, 1):
        raw = encode(LineDraft(event.id, event.instant, event.actor, event.body), run="R1", seq=seq, prev=prev)
        log, prev = log + raw, digest(raw[:-1])
    return log


def long_story(rng: random.Random, count: int) -> list[Event]:
    """A night of the golden log's profile: samples, outputs, facts, at random."""
    first = events_of(GOLDEN / "acting.jsonl")[0]
    assert isinstance(first.body, e.RunStarted)
    first = replace(first, run="R1")
    probes = [probe.id for probe in first.body.profile.probes]
    steps = [step.id for _, step in first.body.profile.every_step()]
    at, mono, told = first.instant.at, first.instant.mono, [first]
    running: list[str] = []
    while len(told) < count:
        at, mono = at + timedelta(seconds=rng.random()), mono + rng.random()
        # A keeper's first sample is a key frame.
        body = _body(rng, probes, steps, running, len(told)) if len(told) > 1 else _sampled(rng, probes, probes)
        instant = e.Instant(at=at, boot=first.instant.boot, mono=mono)
        told.append(Event(len(told) + 1, f"id{len(told)}", body.type, body.is_fact, instant, first.actor, body, "R1"))
    return told


def _body(rng: random.Random, probes: list[str], steps: list[str], running: list[str], seq: int) -> e.Body:
    """What may come next; `running` are actions whose end is not told yet: every action has an id of its own."""
    probe, step, kind = rng.choice(probes), rng.choice(steps), rng.randrange(20)
    if kind < 9:
        return _sampled(rng, probes, probes if kind == 0 else [probe])
    if kind < 13 and running:
        text = f"line {seq}\n" * rng.randrange(3) + "part" * rng.randrange(2)
        return e.ActionOutput(action=rng.choice(running), text=text, end=seq, skipped_bytes=rng.choice([0, 0, 7]))
    if kind == 13:
        running.append(f"A{seq}")
        return e.ActionRequested(action=running[-1], step=step, attempt=1, epoch=1)
    if kind == 14 and running:
        return e.ActionStarted(action=rng.choice(running), step=step, attempt=1, shown="x", runs_as="ana@b")
    if kind == 15 and running:
        ended = running.pop(rng.randrange(len(running)))
        return e.ActionEnded(action=ended, step=step, outcome=rng.choice(["succeeded", "unknown"]))  # type: ignore[arg-type]
    bodies: list[e.Body] = [
        e.ProbeChanged(probe=probe, previous="pass", status=rng.choice(["fail", "pass"]), value=1.5),  # type: ignore[arg-type]
        e.StepSkipped(step=step, attempt=1, reason="r"),
        e.OperatorAttached(seat=f"s{rng.randrange(4)}", role="watching"),
        e.OperatorDetached(seat=f"s{rng.randrange(4)}"),
        e.NoteAdded(text="n"),
    ]
    return rng.choice(bodies)


@pytest.mark.parametrize("seed", range(8))
def test_any_place_of_a_long_log_is_its_fold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    rng = random.Random(seed)
    stride, is_over = rng.randrange(1, 8), bool(seed % 2)
    monkeypatch.setattr(scene, "STRIDE", stride)
    monkeypatch.setattr(scene, "_ONWARD_BYTES", rng.choice([0, 2000, 10**6]))
    monkeypatch.setattr(scene, "LOOK_BACK_BYTES", 10**6)
    events = long_story(rng, 150)
    if is_over:
        last = events[100]
        events[100] = Event(101, "end", "run.aborted", True, last.instant, last.actor, e.RunAborted(reason="x"), "R1")
    path = tmp_path / "audit.jsonl"
    path.write_bytes(encoded(events))
    with opened(path) as film:
        for seq in [*range(1, 151), *(rng.randrange(1, 151) for _ in range(60))]:
            place = film.at_seq(seq)
            assert place.seq == seq
            assert film.state(place) == fold(events[:seq])
            by_time = film.at_time(events[seq - 1].instant.at)
            assert film.state(by_time) == fold(events[: by_time.seq])


def _sampled(rng: random.Random, probes: list[str], read: list[str]) -> e.ProbesSampled:
    readings = tuple(e.Reading(probe=each, status="pass", value=float(rng.randrange(9))) for each in read)
    return e.ProbesSampled(key=read == probes, readings=readings, ages=tuple(rng.randrange(9) for _ in probes))


def without_sparklines(state: RunState) -> RunState:
    return replace(state, probes={name: replace(probe, history=()) for name, probe in state.probes.items()})


@pytest.mark.parametrize("seed", range(4))
def test_far_behind_its_beginning_only_sparklines_are_shorter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    rng = random.Random(seed)
    monkeypatch.setattr(scene, "STRIDE", 5)
    monkeypatch.setattr(scene, "_ONWARD_BYTES", 0)
    monkeypatch.setattr(scene, "LOOK_BACK_BYTES", rng.choice([1, 700, 3000]))
    events = long_story(rng, 400)
    path = tmp_path / "audit.jsonl"
    path.write_bytes(encoded(events))
    is_cut = False
    with opened(path) as film:
        for seq in [rng.randrange(1, 401) for _ in range(150)]:
            found, whole = film.state(film.at_seq(seq)), fold(events[:seq])
            assert without_sparklines(found) == without_sparklines(whole)
            for name, probe in found.probes.items():
                assert not probe.history or whole.probes[name].history[-len(probe.history) :] == probe.history
            is_cut = is_cut or found != whole
    assert is_cut, "the stretch that is read again was long enough: this showed nothing"


# ---- a log that grows, and damage --------------------------------------------------------------------------------


def test_a_live_log_is_followed(tmp_path: Path) -> None:
    log = (GOLDEN / "night.jsonl").read_bytes().splitlines(keepends=True)
    path = tmp_path / "audit.jsonl"
    path.write_bytes(b"".join(log[:10]))
    film, more = Film(path), threading.Event()
    film.start(more.set)
    try:
        facts = sum(b'"class":"fact"' in line for line in log)
        with path.open("ab") as file:
            file.write(b"".join(log[10:-1]) + log[-1][:20])
            file.flush()
            while film.facts < facts - (b'"class":"fact"' in log[-1]):
                assert more.wait(60)
                more.clear()
            file.write(log[-1][20:])
        while film.facts < facts:
            assert more.wait(60)
            more.clear()
        assert film.state(film.at_fact(film.facts)) == fold(events_of(path)[: film.at_fact(facts).seq])
    finally:
        film.close()


def changed(tmp_path: Path, change: object) -> Path:
    lines = (GOLDEN / "night.jsonl").read_bytes().splitlines(keepends=True)
    path = tmp_path / "audit.jsonl"
    path.write_bytes(b"".join(change(lines)))  # type: ignore[operator]
    return path


def test_a_gap_is_told_and_what_follows_is_shown(tmp_path: Path) -> None:
    path = changed(tmp_path, lambda lines: [*lines[:7], *lines[9:]])
    with opened(path) as film:
        assert "line 8: the events 8 to 9 are missing" in [each.sentence for each in film.damages]
        first = film.damages[0]
        last = film.at_fact(film.facts)
        assert last.seq == 48
        assert film.trouble(film.at_seq(7)) == ""
        assert film.trouble(last).startswith("not proven from here on: ")
        assert first.offset == sum(map(len, path.read_bytes().splitlines(keepends=True)[:7]))


def test_a_line_that_is_none_is_told_and_what_follows_is_shown(tmp_path: Path) -> None:
    path = changed(tmp_path, lambda lines: [*lines[:7], b"rubbish\n", *lines[8:]])
    with opened(path) as film:
        assert [each.line for each in film.damages][:1] == [8]
        assert film.at_fact(film.facts).seq > 20


def test_a_changed_value_is_told_once_the_chain_was_verified(tmp_path: Path) -> None:
    path = changed(tmp_path, lambda lines: [*lines[:7], lines[7].replace(b'"mono":', b'"mono":1'), *lines[8:]])
    with opened(path) as film:
        assert [each.line for each in film.damages] == [9]
        assert "does not chain" in film.trouble(film.at_fact(film.facts))
        assert film.trouble(film.at_seq(7)) == ""
        assert "does not chain" in film.trouble(film.at_seq(8))  # the changed line itself is not shown as if it held
        assert [film.moment(k).seq for k in film.damaged] == [8]


def test_a_cut_tail_is_no_line_yet(tmp_path: Path) -> None:
    path = changed(tmp_path, lambda lines: [*lines[:-1], lines[-1][:-40]])
    with opened(path) as film:
        assert film.damaged == (film.facts - 1,)
        assert film.torn_bytes > 100
        assert film.damages == ()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "it is empty"),
        (b'{"v":1', "never written whole"),
        (b"\x89PNG\r\n\x1a\n\n", "is no log of cockpit"),
        (b'{"time":"now","msg":"hello"}\n' * 9, "is no log of cockpit"),
        (b"\0" * 3_000_000, "more than 2097152 bytes"),
    ],
)
def test_what_is_no_log_is_one_clear_sentence(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "some.log"
    path.write_bytes(content)
    with pytest.raises(LogError, match=says):
        Film(path)


def test_a_newer_log_asks_for_a_newer_cockpit(tmp_path: Path) -> None:
    path = changed(tmp_path, lambda lines: [lines[0].replace(b'{"v":1', b'{"v":2', 1)])
    with pytest.raises(LogTooNew, match="update cockpit"):
        Film(path)


def test_a_log_without_its_start_says_so(tmp_path: Path) -> None:
    path = changed(tmp_path, lambda lines: lines[3:])
    with pytest.raises(LogUnreadable, match="its start was cut off"):
        Film(path)
