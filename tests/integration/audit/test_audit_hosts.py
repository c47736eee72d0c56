"""A run on two hosts, which share nothing but the server: who is there, and whose keeper it is."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from looks import PATIENCE_S
from msgspec.structs import replace

from cockpit.audit.ids import new_id
from cockpit.audit.keeping import copy_run
from cockpit.audit.layout import keeper_here, outputs_dir
from cockpit.audit.tail import Tail
from cockpit.exits import Exit
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.run import events as e
from cockpit.run.commands import MoveKeeper, PlanCommand, Refusal, RunAction, SettleAction, TakePen
from cockpit.run.handover import standing
from cockpit.session.creating import create_run
from cockpit.session.elsewhere import Glances
from cockpit.session.identity import account
from cockpit.session.outcomes import Done
from cockpit.session.seat import Seat
from cockpit.session.view import View

pytestmark = pytest.mark.xdist_group("store")  # one server for all of them

PROFILE = """
id = "two"
title = "Two hosts"
environment = "staging"

[[phases]]
id = "one"
title = "First"
[[phases.steps]]
id = "a"
title = "Long"
kind = "command"
argv = ["sh", "-c", "echo begun; until test -e {gate}; do sleep 0.05; done; echo ended"]

[[probes]]
id = "there"
title = "It is there"
kind = "file"
path = "{gate}"
interval = "1 h"
"""


def until(holds: Callable[[], object], what: str, timeout_s: float = PATIENCE_S) -> None:
    give_up = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < give_up, f"never came: {what}"
        time.sleep(0.02)


class Host:
    """A folder of runs with this run in it, a seat that is followed, and keepers."""

    def __init__(self, run_dir: Path) -> None:
        self.run_dir = run_dir
        self.seat = Seat.open(run_dir, account(), "acting")
        self.keepers: list[subprocess.Popen[bytes]] = []
        self._changed = threading.Condition()

    def follow(self) -> Host:
        self.seat.follow(self._shown)
        self.until(lambda view: self.seat.id in view.state.seats, "its own coming")
        return self

    def _shown(self, view: View) -> None:
        with self._changed:
            self._changed.notify_all()

    def until(self, holds: Callable[[View], object], what: str, timeout_s: float = PATIENCE_S) -> View:
        with self._changed:
            came = self._changed.wait_for(lambda: holds(self.seat.view), timeout_s)
        assert came, f"never came: {what}; {self.seat.view.state.steps}, {self.seat.view.away}"
        return self.seat.view

    def keeper(self) -> subprocess.Popen[bytes]:
        argv = [sys.executable, "-P", "-m", "cockpit.keeper", str(self.run_dir)]
        process = subprocess.Popen(argv, stderr=subprocess.PIPE, start_new_session=True)
        self.keepers.append(process)
        return process

    def started(self) -> subprocess.Popen[bytes]:
        before = self.seat.view.state.keeper
        epoch = before.epoch if before is not None else 0
        process = self.keeper()
        self.until(lambda view: view.state.keeper and view.state.keeper.epoch > epoch, "a keeper")
        until(lambda: self.seat.keeper_sight().silent_s < 3, "its beat")
        return process

    @property
    def is_alone(self) -> bool:
        sight = self.seat.keeper_sight()
        return not (sight.alive or sight.is_unknown)

    def submit(self, kind: type, **fields: object) -> object:
        if issubclass(kind, PlanCommand):
            cursor = self.seat.view.state.cursor
            fields = {"painted_seq": cursor.opened_seq if cursor else 0} | fields
        return self.seat.submit(self.seat.command(kind, **fields))

    def events(self) -> list[e.Event]:
        tail, found = Tail(self.run_dir), list[e.Event]()
        while entries := tail.read():
            found += [entry.event for entry in entries]
        tail.close()
        return found

    def close(self) -> None:
        self.seat.close("over")
        for process in self.keepers:
            process.kill()
            process.wait(60)
            assert process.stderr is not None
            process.stderr.close()


@pytest.fixture
def hosts(store_dsn: str, tmp_path: Path) -> Iterator[tuple[Host, Host]]:
    profile = tmp_path / "p.toml"
    profile.write_text(PROFILE.format(gate=tmp_path / "gate"))
    ash = create_run(load(profile, installed()), {}, folder=tmp_path / "ash", dsn=store_dsn)
    birch = copy_run(store_dsn, ash.name, tmp_path / "birch")
    both = Host(ash), Host(birch)
    yield both
    (tmp_path / "gate").touch()
    for host in both:
        host.close()


def test_both_see_both_and_one_who_is_killed_is_written_down_once(hosts: tuple[Host, Host]):
    ash, birch = (host.follow() for host in hosts)
    for host in (ash, birch):
        host.until(lambda view: len(view.here) == 2 and not view.unsure and not view.gone, "both")
    third = _screen(ash.run_dir)
    birch.until(lambda view: len(view.here) == 3, "the third")
    third.kill()
    third.wait(60)
    birch.until(lambda view: len(view.here) == 2, "that it is gone")
    birch.until(lambda view: len(view.state.seats) == 2, "that it is written down")
    seen = Glances().of(birch.run_dir)
    assert seen.is_held(f"seat-{ash.seat.id}")
    assert sum(isinstance(event.body, e.OperatorDetached) for event in birch.events()) == 1


def _screen(run_dir: Path) -> subprocess.Popen[bytes]:
    """A seat in a process of its own."""
    program = (
        "import sys,time;from pathlib import Path;from cockpit.session.seat import Seat;"
        "from cockpit.session.identity import account;"
        "s=Seat.open(Path(sys.argv[1]),account(),'watching');s.follow(lambda v:None);time.sleep(600)"
    )
    return subprocess.Popen([sys.executable, "-c", program, str(run_dir)])


def test_the_pen_is_taken_from_another_host_only_once_its_holder_is_gone(hosts: tuple[Host, Host]):
    ash, birch = hosts
    birch.seat.actor = replace(birch.seat.actor, user="bo")
    birch.follow()
    screen = _screen(ash.run_dir)
    birch.until(lambda view: len(view.here) == 2 and not view.unsure, "the holder")
    read = standing(birch.seat.view.state)
    refused = birch.submit(TakePen, reason="mine", read=read)
    assert isinstance(refused, Refusal)
    assert refused.code == "holder_here"
    screen.kill()
    screen.wait(60)
    birch.until(lambda view: len(view.here) == 1, "that they are gone")
    assert isinstance(birch.submit(TakePen, reason="they are gone", read=read), Done)
    (taken,) = [event.body for event in birch.events() if isinstance(event.body, e.PenTaken)]
    assert taken.found == "gone"
    late = Seat.open(ash.run_dir, account())
    late.glance()
    assert [seat.seat for seat in late.view.here] == [birch.seat.id], "one look is enough for who follows nothing"
    late.close()


def test_one_keeper_serves_both_and_another_needs_a_reason(hosts: tuple[Host, Host], tmp_path: Path):
    ash, birch = (host.follow() for host in hosts)
    keeper = ash.started()
    birch.until(lambda view: view.state.keeper is not None, "the keeper")
    until(lambda: birch.seat.keeper_sight().silent_s < 3, "its place")
    assert birch.seat.keeper_sight().is_elsewhere
    assert birch.seat.keeper_objection() == "a keeper lives"
    assert birch.keeper().wait(60) == Exit.OK, "one that is started all the same leaves"
    refused = birch.submit(MoveKeeper, epoch=1, reason="I want it")
    assert isinstance(refused, Refusal)
    assert refused.code == "keeper_lives"

    birch.seat.ask_probes()
    before = ash.seat.view.state.probes["there"].as_of_mono
    ash.until(lambda view: view.state.probes["there"].as_of_mono > before, "readings that were asked for elsewhere")

    action = new_id()
    assert isinstance(birch.submit(RunAction, step="a", action=action), Done), "the other host's keeper does it"
    birch.until(lambda view: view.state.action and view.state.action.tail, "its output")

    keeper.kill()
    until(lambda: birch.is_alone, "that it is gone")
    assert birch.seat.keeper_sight().is_elsewhere
    assert "needs a reason" in birch.seat.keeper_objection()
    assert birch.keeper().wait(60) == Exit.REFUSED, "one that is started all the same leaves"

    assert isinstance(birch.submit(MoveKeeper, epoch=1, reason="ash burned"), Done)
    birch.started()
    state = birch.until(lambda view: view.state.action and view.state.action.status == "unknown", "its end").state
    assert state.keeper is not None
    assert state.keeper.epoch == 2
    assert state.action is not None
    assert "cannot be seen from here" in state.action.detail
    assert any(each.kind == "moved" and each.reason == "ash burned" for each in state.deviations)
    assert keeper_here(birch.run_dir).read_text() == "2\n"

    until(lambda: ash.seat.keeper_sight().alive and ash.seat.keeper_sight().is_elsewhere, "the other side's view")
    ash_has, birch_has = (outputs_dir(host.run_dir) / f"{action}.log" for host in (ash, birch))
    assert ash_has.read_text() == "begun\n"
    assert not birch_has.exists(), "what is not whole is not brought"
    assert isinstance(birch.submit(SettleAction, action=action, outcome="failed", reason="it was not done"), Done)


def test_a_keeper_that_comes_back_ends_and_writes_nothing_but_how_its_command_ended(
    hosts: tuple[Host, Host], tmp_path: Path
):
    ash, birch = (host.follow() for host in hosts)
    keeper = ash.started()
    birch.until(lambda view: view.state.keeper is not None, "the keeper")
    assert isinstance(ash.submit(RunAction, step="a", action="A1"), Done)
    birch.until(lambda view: view.state.action and view.state.action.tail, "its output")
    keeper.send_signal(signal.SIGSTOP)
    until(lambda: birch.is_alone, "the end of its lease")
    assert isinstance(birch.submit(MoveKeeper, epoch=1, reason="it hangs"), Done)
    birch.started()
    birch.until(lambda view: view.state.action and view.state.action.status == "unknown", "its end")
    seq = birch.seat.view.state.last_seq
    keeper.send_signal(signal.SIGCONT)
    assert keeper.poll() is None
    (tmp_path / "gate").touch()
    assert keeper.wait(60) == Exit.OK
    state = birch.until(lambda view: view.state.action and view.state.action.status == "succeeded", "what it did").state
    assert state.action is not None
    assert state.action.detail.startswith("told late")
    came = outputs_dir(birch.run_dir) / state.action.output
    until(came.exists, "its output, from the other host")
    assert came.read_text() == "begun\nended\n"
    since = [
        event for event in birch.events() if event.seq > seq and isinstance(event.body, e.KeeperStarted | e.ActionEnded)
    ]
    assert [event.type for event in since] == ["action.ended"]
    assert state.keeper is not None
    assert state.keeper.epoch == 2
    assert birch.seat.keeper_sight().alive
