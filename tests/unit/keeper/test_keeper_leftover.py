"""What a dead keeper could not write: written first, once, or kept for people where others went on since."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from cockpit.audit.aside import AsideFile
from cockpit.audit.layout import aside_path, locks_dir, outputs_dir
from cockpit.audit.line import Draft, draft
from cockpit.audit.store import Durable, Unknown
from cockpit.errors import StoreAway, StoreFailed
from cockpit.keeper.leftover import write_leftover
from cockpit.run.events import Actor, Event, NoteAdded, ProbesSampled
from cockpit.run.state import EMPTY, RunState
from cockpit.run.state_watch import KeeperState

ANA = Actor("ana", "here")


class Store:
    """In memory. `late` is what a dead keeper had asked for and what comes in at the first append."""

    run = "x"
    poison_reason = ""

    def __init__(self) -> None:
        self.written: list[Draft] = []
        self.late: list[Draft] = []
        self.answers_nothing = False

    def append(self, last_fact_seq: int | None, *drafts: Draft) -> Durable | Unknown:
        if self.answers_nothing:
            return Unknown(id=drafts[0].id)
        if self.late:
            self.written += self.late
            self.late = []
            raise StoreFailed("duplicate key")
        self.written += drafts
        return Durable(events=(), head=None)

    def lookup(self, event_id: str) -> Event | None:
        for one in self.written:
            if one.id == event_id:
                return Event(1, one.id, one.body.type, True, one.instant, one.actor, one.body, "x")
        return None


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    locks_dir(tmp_path).mkdir()
    outputs_dir(tmp_path).mkdir()
    return tmp_path


def state(epoch: int) -> RunState:
    moment = draft(NoteAdded(text=""), ANA).instant
    keeper = KeeperState(epoch=epoch, user="ana", host="here", pid=1, version="1", started=moment)
    return replace(EMPTY, run="x", status="live", keeper=keeper)


def left(run_dir: Path, count: int = 3) -> list[Draft]:
    facts = [draft(NoteAdded(text=str(number)), ANA) for number in range(count)]
    samples = [draft(ProbesSampled(key=True, readings=(), ages=()), ANA)]
    AsideFile(run_dir, "x", 4).renew([*samples, *facts])
    return facts


def test_facts_are_written_once_in_order_and_samples_are_left_out(run_dir: Path):
    facts, store = left(run_dir, 200), Store()
    assert write_leftover(run_dir, state(4), store) == 200
    assert store.written == facts
    assert not aside_path(run_dir).exists()
    assert write_leftover(run_dir, state(4), store) == 0


def test_what_the_dead_keeper_had_asked_for_and_what_comes_late_is_not_written_twice(run_dir: Path):
    facts, store = left(run_dir), Store()
    store.late = facts[:2]
    write_leftover(run_dir, state(4), store)
    assert store.written == facts


def test_it_stays_until_it_is_known_to_be_written(run_dir: Path):
    left(run_dir)
    store = Store()
    store.answers_nothing = True
    with pytest.raises(StoreAway):
        write_leftover(run_dir, state(4), store)
    assert aside_path(run_dir).exists()


@pytest.mark.parametrize("since", [state(5), replace(state(4), status="finished"), replace(state(4), run="y")])
def test_it_contradicts_nobody_who_went_on_since_and_is_kept(run_dir: Path, since: RunState):
    left(run_dir)
    told = aside_path(run_dir).read_bytes()
    store = Store()
    assert write_leftover(run_dir, since, store) == 0
    assert store.written == []
    assert not aside_path(run_dir).exists()
    assert (outputs_dir(run_dir) / "keeper-4.aside").read_bytes() == told


@pytest.mark.parametrize(
    "garbage", [b"", b"\xff\xfe", b"{}\n", b'{"run":"x","epoch":4}\n{"not":"a line"}\n' + b"[" * 9000]
)
def test_a_file_that_is_none_holds_up_nobody(run_dir: Path, garbage: bytes):
    aside_path(run_dir).write_bytes(garbage)
    assert write_leftover(run_dir, state(4), Store()) == 0
    assert not aside_path(run_dir).exists()
