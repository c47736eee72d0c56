"""The power goes at every point between write, sync, create and the folder's sync: nothing acknowledged is lost."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from crash_figures import tell
from simulated_disk import PowerCut, SimulatedDisk

from cockpit.audit.continuing import carry_on
from cockpit.audit.files import FileStore
from cockpit.audit.layout import log_path
from cockpit.audit.line import draft
from cockpit.audit.store import Conflict, Durable
from cockpit.audit.tail import Tail
from cockpit.audit.verify import verify
from cockpit.errors import LogError, LogUnreadable, StoreFailed
from cockpit.run.events import Actor, Event, NoteAdded, ProbesSampled

ANA = Actor(user="ana", host="h")
KINDS = ("least", "most", "torn", "torn", "torn")
MANY_KINDS = ("least", "most", *("torn",) * 40)


def night(run_dir: Path, disk: SimulatedDisk, told: list[str]) -> None:
    """Two writers by turns: facts, telemetry, several at once, a conflict. What was acknowledged is noted in `told`."""

    def append(store: FileStore, expected: int | None, *texts: str, samples: int = 0) -> None:
        drafts = [draft(NoteAdded(text=text), ANA) for text in texts]
        extra = [draft(ProbesSampled(), ANA) for _ in range(samples)]
        outcome = store.append(expected, *extra, *drafts)
        if isinstance(outcome, Durable):
            told.extend(one.id for one in drafts)

    with ExitStack() as stores:
        one = FileStore.create(run_dir, "R1", storage=disk)
        stores.callback(one.close)
        append(one, 0, "begin")
        other = FileStore.open(run_dir, storage=disk)
        stores.callback(other.close)
        append(other, None, "from the other side")
        append(one, None, samples=2)
        append(one, None, "long " + "x" * 3000, samples=1)
        append(other, None, "two", "at once")
        append(one, 1, "a conflict: writes nothing")
        append(other, None, samples=1)
        append(one, None, "after telemetry of the other")
        append(other, None, "last", samples=3)


def events(run_dir: Path) -> list[Event]:
    tail, found = Tail(run_dir), []
    while entries := tail.read():
        found += [entry.event for entry in entries]
    tail.close()
    return found


def cuts(calls: int, many: bool) -> Iterator[tuple[int, str, int]]:
    """Every call, every kind of return, a seed for each."""
    for cut_at in range(1, calls + 1):
        for number, kind in enumerate(MANY_KINDS if many else KINDS):
            yield cut_at, kind, cut_at * 1000 + number


def calls_of(work: object, tmp_path: Path) -> int:
    disk = SimulatedDisk(random.Random(0))
    work(tmp_path / "dry" / "runs" / "R1", disk, [])  # type: ignore[operator]
    return disk.calls + 4  # short writes come by chance: a little beyond the end is no cut at all


def cut(run_dir: Path, cut_at: int, seed: int) -> tuple[SimulatedDisk, list[str]]:
    disk, told = SimulatedDisk(random.Random(seed), cut_at), []
    with suppress(PowerCut):
        night(run_dir, disk, told)
    return disk, told


def goes_on(run_dir: Path, told: list[str]) -> None:
    """What came back is opened, appended to and read: everything acknowledged is there once, in its order."""
    store = FileStore.open(run_dir)
    after = store.append(None, draft(NoteAdded(text="after the cut"), ANA))
    assert isinstance(after, Durable)
    store.close()
    ids = [event.id for event in events(run_dir) if event.type == "note.added"]
    assert [each for each in ids if each in set(told)] == told
    assert len(set(ids)) == len(ids)
    assert ids[-1] == after.events[-1].id
    found = verify(run_dir, parallel=False)
    assert found.ok, found.problem


def test_wherever_the_power_goes_nothing_acknowledged_is_lost(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    lost_names = opened = acknowledged = tried = 0
    for cut_at, kind, seed in cuts(calls_of(night, tmp_path), request.config.getoption("--many")):
        work = tmp_path / "work"
        shutil.rmtree(work, ignore_errors=True)
        run_dir = work / "runs" / "R1"
        disk, told = cut(run_dir, cut_at, seed)
        back = disk.power_cut(work / "back", run_dir, kind)
        tried, acknowledged = tried + 1, acknowledged + len(told)
        if back is None:
            assert told == [], f"cut {cut_at}: the run's name was lost after something was acknowledged"
            lost_names += 1
            continue
        if not told and log_path(back).stat().st_size == 0:
            with pytest.raises(LogUnreadable):
                FileStore.open(back)
            continue
        try:
            goes_on(back, told)
        except LogUnreadable:
            assert told == [], f"cut {cut_at} ({kind}, seed {seed})"
            continue
        opened += 1
    assert lost_names > 3
    assert opened > 50, "most cuts leave a log to go on from"
    tell(
        "Power cut before, in and after every write, sync, create and folder's sync of a simulated disk, torn writes",
        tried,
        acknowledged=acknowledged,
        lost=0,
    )


def test_a_cut_during_the_recovery_from_a_cut_loses_nothing_either(tmp_path: Path) -> None:
    recovered = 0
    for seed in range(60):
        work = tmp_path / "work"
        shutil.rmtree(work, ignore_errors=True)
        run_dir = work / "runs" / "R1"
        chance = random.Random(seed)
        disk, told = cut(run_dir, chance.randrange(8, 30), seed)
        back = disk.power_cut(work / "back", run_dir, "torn")
        if back is None or not told:
            continue
        second = SimulatedDisk(random.Random(seed + 1), chance.randrange(1, 5))
        second._durable[log_path(back)] = log_path(back).read_bytes()
        second._named.add(log_path(back))
        try:
            with ExitStack() as stores:
                store = FileStore.open(back, storage=second)
                stores.callback(store.close)
                store.append(None, draft(NoteAdded(text="never told"), ANA))
        except PowerCut:
            recovered += 1
        again = second.power_cut(work / "again", back, "torn")
        assert again is not None
        goes_on(again, told)
    assert recovered > 20


def test_wherever_the_power_goes_while_a_log_is_carried_elsewhere_there_is_a_whole_copy_or_none(tmp_path: Path) -> None:
    former = tmp_path / "runs" / "R1"
    told: list[str] = []
    night(former, SimulatedDisk(random.Random(1)), told)
    before = log_path(former).read_bytes()
    wholes = 0
    for cut_at in range(1, 12):
        place = tmp_path / f"spare-{cut_at}"
        new_dir = place / "R1"
        try:
            carry_on(former, new_dir, ANA, trouble="tried", storage=SimulatedDisk(random.Random(cut_at), cut_at))
        except PowerCut:
            if not new_dir.exists():
                carry_on(former, new_dir, ANA, trouble="tried again")
        else:
            wholes += 1
        ids = [event.id for event in events(new_dir) if event.type == "note.added"]
        assert ids == told
        assert verify(new_dir).ok
        assert not list(place.glob("*.part"))
    assert wholes
    assert log_path(former).read_bytes() == before


def test_the_simulation_would_notice_a_store_that_acknowledges_too_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that does not sync must be caught: else the tests above show nothing."""
    monkeypatch.setattr(SimulatedDisk, "fdatasync", lambda self, fd: None)
    run_dir = tmp_path / "runs" / "R1"
    disk, told = cut(run_dir, 0, 1)
    back = disk.power_cut(tmp_path / "back", run_dir, "least")
    assert told
    assert back is not None
    with pytest.raises((AssertionError, LogError)):
        goes_on(back, told)


def test_a_conflict_and_a_failure_leave_nothing_behind(tmp_path: Path) -> None:
    store = FileStore.create(tmp_path / "R1", "R1")
    store.append(0, draft(NoteAdded(text="one"), ANA))
    before = log_path(tmp_path / "R1").read_bytes()
    assert isinstance(store.append(0, draft(NoteAdded(text="two"), ANA)), Conflict)
    assert log_path(tmp_path / "R1").read_bytes() == before
    store.close()
    with pytest.raises(StoreFailed, match="was closed"):
        store.append(None, draft(NoteAdded(text="three"), ANA))
