"""Who is at a run on other hosts, by what its database tells: seen, gone, or not to be told."""

from __future__ import annotations

import math
import time
from pathlib import Path

import pytest
from session_runs import new_run

from cockpit.audit import clock
from cockpit.audit.keeping import note_store
from cockpit.audit.layout import keeper_here, seat_lock
from cockpit.audit.locks import HeldLock
from cockpit.keeper.beat import note_here
from cockpit.run.events import Actor, Instant
from cockpit.run.state import RunState
from cockpit.run.state_people import SeatState
from cockpit.run.state_watch import KeeperState
from cockpit.session.elsewhere import BEATS, KEEPER, Glances, seat_name
from cockpit.session.lookout import Lookout
from cockpit.session.outputs import is_output, missing
from cockpit.session.sight import keeper_sight, why_not_here

ANA = Actor("ana", "ash")


class Far:
    """What a database tells; `held` is None while it is away."""

    is_there = True

    def __init__(self, *held: str) -> None:
        self.held: set[str] | None = set(held)
        self.looked_s = time.monotonic()
        self.silence: dict[str, float] = {}

    def is_held(self, name: str, since_s: float = -math.inf) -> bool | None:
        if self.held is None:
            return None
        return True if name in self.held else None if self.looked_s < since_s else False

    def silent_s(self, name: str) -> float:
        return self.silence.get(name, 0.0 if self.held and name in self.held else math.inf)


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    return new_run(tmp_path)


def state_with(*seats: str, epoch: int = 0, **keeper: str) -> RunState:
    now = clock.now()
    here = {name: SeatState(seat=name, user="ana", role="acting", since=now, by=ANA) for name in seats}
    known = KeeperState(epoch=epoch, user="ana", host="ash", pid=1, version="0", started=now, **keeper)
    return RunState(status="live", seats=here, keeper=known if epoch else None)


def looked(lookout: Lookout, state: RunState) -> tuple[list[str], set[str], set[str]]:
    lookout.look(state)
    here, gone, unsure = lookout.present(state)
    return [seat.seat for seat in here], set(gone), set(unsure)


def test_a_seat_of_another_host_is_here_while_its_lease_is_held(run_dir: Path) -> None:
    far, state = Far(seat_name("01A")), state_with("01A", "01B")
    lookout = Lookout(run_dir, far)
    assert looked(lookout, state) == (["01A", "01B"], set(), {"01B"}), "nobody has looked since it came"
    far.looked_s = time.monotonic()
    assert looked(lookout, state) == (["01A"], {"01B"}, set())
    far.held = None
    assert looked(lookout, state) == (["01A", "01B"], set(), {"01A", "01B"}), "nobody is gone while that cannot be seen"


def test_a_seat_of_this_host_is_known_by_its_own_lock_whatever_the_database_says(run_dir: Path) -> None:
    far, state = Far(), state_with("01A")
    lookout = Lookout(run_dir, far)
    lock = HeldLock.take(seat_lock(run_dir, "01A"))
    assert lock is not None
    far.held = None
    assert looked(lookout, state) == (["01A"], set(), set())
    lock.release()
    assert looked(lookout, state) == ([], {"01A"}, set()), "its lock's file is here, and nobody holds it"


def at(mono: float) -> Instant:
    return Instant(clock.now().at, clock.now().boot, mono)


def test_a_keeper_of_another_host_lives_by_its_place_and_is_silent_by_its_beats(run_dir: Path) -> None:
    now = clock.now()
    sight = keeper_sight(run_dir, now, Far(KEEPER, BEATS), 1)
    assert sight.alive
    assert sight.is_elsewhere
    assert sight.silent_s == 0
    hangs = Far(KEEPER)
    hangs.silence[BEATS] = 2.0
    assert keeper_sight(run_dir, now, hangs, 1).silent_s == 5.0, "it let go of its beats after 3 s"
    gone = Far()
    gone.silence[KEEPER] = 9.0
    sight = keeper_sight(run_dir, now, gone, 1)
    assert (sight.alive, sight.is_unknown, sight.silent_s) == (False, False, 9.0)
    gone.held = None
    sight = keeper_sight(run_dir, now, gone, 1)
    assert (sight.alive, sight.is_unknown) == (False, True), "never gone while that cannot be seen"


def test_a_keeper_that_was_on_this_host_is_gone_with_its_lock_also_while_the_database_is_away(run_dir: Path) -> None:
    note_here(run_dir, 1)
    away = Far()
    away.held = None
    sight = keeper_sight(run_dir, clock.now(), away, 1)
    assert (sight.alive, sight.is_elsewhere, sight.is_unknown) == (False, False, False)


def test_a_keeper_begins_where_the_last_one_was_or_where_a_person_said(run_dir: Path) -> None:
    assert why_not_here(run_dir, state_with(), "birch") == ""
    assert "the last keeper was on ash" in why_not_here(run_dir, state_with(epoch=2), "birch")
    assert why_not_here(run_dir, state_with(epoch=2, moved_to="birch"), "birch") == ""
    assert "to begin on birch" in why_not_here(run_dir, state_with(epoch=2, moved_to="birch"), "ash")
    note_here(run_dir, 1)
    note_here(run_dir, 2)
    assert keeper_here(run_dir).read_text() == "1\n2\n"
    assert why_not_here(run_dir, state_with(epoch=2), "ash") == ""


def test_a_database_that_cannot_be_asked_tells_nothing(run_dir: Path) -> None:
    glances = Glances()
    assert glances.of(run_dir).is_held("keeper") is False, "nobody of another host is at a run of this folder alone"
    note_store(run_dir, "postgresql://nobody@/db?host=/nowhere")
    assert glances.of(run_dir).is_held("keeper") is None


@pytest.mark.parametrize("name", ["", "..", "../x.log", "a/b.log", ".log", "x", "x.log\n", "x" * 65 + ".log"])
def test_what_is_no_name_of_an_output_is_none(name: str, run_dir: Path) -> None:
    assert not is_output(name)
    assert missing(run_dir) == {}
