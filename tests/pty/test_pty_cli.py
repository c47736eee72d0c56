"""Commands that open a screen, asked and answered in a real terminal."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from seated import keeper_pid
from terminal import Terminal

from cockpit.audit.layout import keeper_lock, outputs_dir
from cockpit.audit.locks import holder_alive
from cockpit.audit.tail import Tail
from cockpit.exits import Exit
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.run.commands import AbortRun, TakePen
from cockpit.run.events import Actor, Event
from cockpit.run.handover import standing
from cockpit.session.creating import create_run
from cockpit.session.identity import actor
from cockpit.session.seat import Seat

SECRET = "hunter2-and-more"
PROFILE = f"""
id = "shop"
environment = "staging"

[variables.token]
prompt = "The token"
secret = true

[variables.ticket]
prompt = "The ticket"
pattern = "CHG[0-9]+"

[[probes]]
id = "token_is_set"
kind = "command"
script = 'test "$T" = {SECRET}'
env = {{ T = "${{token}}" }}
interval = 0.3
timeout = 2
value = "exit_code"

[[phases]]
id = "one"
title = "One"

[[phases.steps]]
id = "first"
title = "First of all"
gate = ["token_is_set == 0"]
"""
PLAIN = """
id = "plain"
environment = "staging"
[[phases]]
id = "one"
title = "One"
[[phases.steps]]
id = "first"
title = "First of all"
"""


class Desk:
    """A folder of runs, and terminals that use it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.runs = folder / "runs"

    def cockpit(self, *arguments: str, columns: int = 120, lines: int = 40, term: str = "xterm-256color") -> Terminal:
        env = {**os.environ, "COCKPIT_RUNS": str(self.runs), "TERM": term}
        return Terminal([sys.executable, "-m", "cockpit.cli", *arguments], env=env, columns=columns, lines=lines)

    def profile(self, text: str) -> str:
        path = self.folder / "shop.toml"
        path.write_text(text)
        return str(path)

    @property
    def run_dir(self) -> Path:
        """The newest run."""
        return max(self.runs.iterdir())

    def events(self, type_: str) -> list[Event]:
        tail = Tail(self.run_dir)
        try:
            return [entry.event for entry in tail.read() if entry.event.type == type_]
        finally:
            tail.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    for run_dir in desk.runs.iterdir() if desk.runs.exists() else ():
        seat = Seat.open(run_dir, actor())
        seat.submit(seat.command(TakePen, reason="the test is over", read=standing(seat.view.state)))
        seat.submit(seat.command(AbortRun, reason="the test is over"))
        seat.close()
        for _ in range(1000):
            if not holder_alive(keeper_lock(run_dir)):
                break
            seat_wait()
        assert not holder_alive(keeper_lock(run_dir)), "a keeper was left behind"


def seat_wait() -> None:
    import time

    time.sleep(0.01)


def test_a_run_asks_for_what_it_needs_opens_its_screen_and_goes_on_without_it(desk: Desk) -> None:
    with desk.cockpit("run", desk.profile(PROFILE)) as terminal:
        terminal.wait_for_hidden_input("The token")
        terminal.send(*SECRET, "enter")
        terminal.wait_for("The ticket")
        terminal.send(*"nonsense", "enter")
        terminal.wait_for("does not match")
        terminal.send(*"CHG0042", "enter")
        terminal.wait_for(r"✔ token_is_set == 0")
        terminal.send("q")
        assert terminal.wait_for_exit() == 0
        terminal.wait_for(f"detached; the run {desk.run_dir.name} goes on")
        assert SECRET.encode() not in terminal.raw
    assert holder_alive(keeper_lock(desk.run_dir))
    (started,) = desk.events("run.started")
    assert started.body.variables == {"ticket": "CHG0042"}  # type: ignore[attr-defined] # a RunStarted
    kept = b"".join(path.read_bytes() for path in desk.run_dir.rglob("*") if path.is_file())
    assert kept.count(SECRET.encode()) == kept.count(b'test \\"$T\\" = ' + SECRET.encode()), "in the profile alone"
    assert any(outputs_dir(desk.run_dir).iterdir())


def test_resuming_after_the_keeper_died_asks_for_its_secret_again(desk: Desk) -> None:
    path = desk.profile(PROFILE)
    create_run(load(path, installed()), {"ticket": "CHG1"}, folder=desk.runs)
    with desk.cockpit("resume") as terminal:
        terminal.wait_for_hidden_input("The token")
        terminal.send(*SECRET, "enter")
        terminal.wait_for(r"✔ token_is_set == 0")
        terminal.send("q")
        terminal.wait_for_exit()
    with desk.cockpit("resume", desk.run_dir.name[:12]) as terminal:
        terminal.wait_for(r"✔ token_is_set == 0")  # the keeper lives and has it: nobody is asked
        terminal.send("q")
        terminal.wait_for_exit()


def test_a_keeper_that_dies_under_an_open_screen_is_started_again_by_one_key(desk: Desk) -> None:
    create_run(load(desk.profile(PLAIN), installed()), {}, folder=desk.runs)
    with desk.cockpit("resume") as terminal:
        terminal.wait_for(r"watching \(epoch 1")
        pid = keeper_pid(desk.run_dir)
        os.kill(pid, signal.SIGKILL)
        terminal.wait_for(r"KEEPER GONE .*\. starts it again")
        terminal.send(".")
        terminal.wait_for(r"watching \(epoch 2")
        terminal.wait_until_gone("KEEPER GONE")
        terminal.send("q")
        terminal.wait_for_exit()


def test_a_second_run_of_the_same_profile_asks_to_join_or_for_a_reason(desk: Desk) -> None:
    path = desk.profile(PLAIN)
    first = create_run(load(path, installed()), {}, folder=desk.runs)
    with desk.cockpit("run", path) as terminal:
        terminal.wait_for(f"has a live run.*{first.name}")
        terminal.send(*"join", "enter")
        terminal.wait_for("First of all")
        terminal.send("q")
        terminal.wait_for_exit()
    assert desk.run_dir == first
    with desk.cockpit("run", path) as terminal:
        terminal.wait_for("join it, or start another")
        terminal.send(*"another", "enter")
        terminal.wait_for("reason for another")
        terminal.send(*"training", "enter")
        terminal.wait_for("First of all")
        terminal.send("q")
        terminal.wait_for_exit()
    (started,) = desk.events("run.started")
    assert started.body.despite == {first.name: "training"}  # type: ignore[attr-defined] # a RunStarted


def test_the_reason_for_another_run_may_be_given_beforehand(desk: Desk) -> None:
    path = desk.profile(PLAIN)
    first = create_run(load(path, installed()), {}, folder=desk.runs)
    with desk.cockpit("run", path, "--another", "by script") as terminal:
        terminal.wait_for("First of all")
        terminal.send("q")
        terminal.wait_for_exit()
    (started,) = desk.events("run.started")
    assert started.body.despite == {first.name: "by script"}  # type: ignore[attr-defined] # a RunStarted


def test_resuming_another_persons_run_takes_the_pen_with_a_reason(desk: Desk) -> None:
    run_dir = create_run(load(desk.profile(PLAIN), installed()), {}, folder=desk.runs)
    seat = Seat.open(run_dir, Actor("somebody", "elsewhere"))
    seat.submit(seat.command(TakePen, reason="mine", read=standing(seat.view.state)))
    seat.close()
    with desk.cockpit("resume", run_dir.name) as terminal:
        terminal.wait_for("somebody@elsewhere holds the pen of this run; no screen of theirs is here")
        terminal.wait_for(r"at: 1\.1 First of all, for \d")
        terminal.wait_for(r"have you read it, .* \[y/n\]")
        terminal.send("y", "enter")
        terminal.wait_for("the reason for taking it")
        terminal.send(*"shift change", "enter")
        terminal.wait_for("First of all")
        terminal.send("q")
        terminal.wait_for_exit()
    taken = desk.events("pen.taken")[-1]
    assert (taken.actor.user, taken.body.reason) == (actor().user, "shift change")  # type: ignore[attr-defined] # a PenTaken
    assert taken.body.found == "gone"  # type: ignore[attr-defined]
    assert taken.body.card[0].startswith("at: 1.1 First of all")  # type: ignore[attr-defined]


def test_who_does_not_say_that_the_card_was_read_gets_no_pen(desk: Desk) -> None:
    run_dir = create_run(load(desk.profile(PLAIN), installed()), {}, folder=desk.runs)
    seat = Seat.open(run_dir, Actor("somebody", "elsewhere"))
    seat.submit(seat.command(TakePen, reason="mine", read=standing(seat.view.state)))
    seat.close()
    with desk.cockpit("resume", run_dir.name, "--reason", "shift change") as terminal:
        terminal.wait_for(r"have you read it, .* \[y/n\]")
        terminal.send("n", "enter")
        terminal.wait_for("the pen stays where it is; to watch only: cockpit join")
        assert terminal.wait_for_exit() == 4
    assert desk.events("pen.taken")[-1].actor.user == "somebody"


def test_joining_watches_and_starts_no_keeper(desk: Desk) -> None:
    run_dir = create_run(load(desk.profile(PLAIN), installed()), {}, folder=desk.runs)
    with desk.cockpit("join", run_dir.name) as terminal:
        terminal.wait_for("First of all")
        terminal.wait_until(lambda screen: bool(desk.events("operator.attached")), 10.0)  # written beside the painting
        terminal.send("q")
        terminal.wait_for_exit()
        terminal.wait_for("watch it again: cockpit join")
    assert [event.body.role for event in desk.events("operator.attached")] == ["watching"]  # type: ignore[attr-defined] # an OperatorAttached
    assert not holder_alive(keeper_lock(run_dir))


def test_in_a_window_that_has_ended_nothing_is_run_but_a_rehearsal(desk: Desk) -> None:
    ended = '[window]\nstart = "2024-11-16T22:00:00"\nend = "2024-11-17T02:00:00"\ntimezone = "Europe/Rome"\n'
    path = desk.profile(PLAIN.replace("[[phases]]", f"{ended}[[phases]]", 1))
    with desk.cockpit("run", path) as terminal:
        terminal.wait_for("has ended, on 2024-11-17 at 01:00 UTC")
        assert terminal.wait_for_exit() == Exit.REFUSED
    assert not desk.runs.exists(), "nothing was started"
    with desk.cockpit("rehearse", path) as terminal:
        terminal.wait_for("REHEARSAL of plain")
        terminal.send("enter")
        terminal.wait_for("First of all")
        terminal.send("q")
        assert terminal.wait_for_exit() == 0


def test_a_run_that_is_over_is_not_resumed_but_replayed(desk: Desk) -> None:
    run_dir = create_run(load(desk.profile(PLAIN), installed()), {}, folder=desk.runs)
    seat = Seat.open(run_dir, actor())
    seat.submit(seat.command(AbortRun, reason="enough"))
    seat.close()
    with desk.cockpit("resume", run_dir.name) as terminal:
        assert terminal.wait_for_exit() == 4
        terminal.wait_for("was aborted; look at it: cockpit replay")


def test_a_log_is_replayed_wherever_it_lies(desk: Desk, tmp_path: Path) -> None:
    run_dir = create_run(load(desk.profile(PLAIN), installed()), {}, folder=desk.runs)
    copy = tmp_path / "that-night.jsonl"
    copy.write_bytes((run_dir / "audit.jsonl").read_bytes())
    with desk.cockpit("replay", str(copy)) as terminal:
        terminal.wait_for("First of all")
        terminal.send("q")
        assert terminal.wait_for_exit() == 0


@pytest.mark.parametrize(
    ("term", "columns", "lines", "said"),
    [("dumb", 120, 40, "TERM=dumb"), ("xterm", 30, 40, "30x40"), ("xterm", 120, 5, "120x5")],
)
def test_a_terminal_that_cannot_show_a_screen_is_told_so(
    desk: Desk, term: str, columns: int, lines: int, said: str
) -> None:
    with desk.cockpit("run", desk.profile(PLAIN), term=term, columns=columns, lines=lines) as terminal:
        assert terminal.wait_for_exit() == 4
        assert said in terminal.raw.decode()
    assert not desk.runs.exists(), "and nothing was started"


def test_giving_up_at_a_question_starts_nothing(desk: Desk) -> None:
    with desk.cockpit("run", desk.profile(PROFILE)) as terminal:
        terminal.wait_for_hidden_input("The token")
        terminal.send("ctrl+c")
        assert terminal.wait_for_exit() == 130
    assert not desk.runs.exists()


def test_a_rehearsal_names_what_it_cannot_do_asks_for_enter_and_is_one_in_the_log(desk: Desk) -> None:
    step = '[[phases.steps]]\nid = "act"\ntitle = "Act"\nkind = "command"\nargv = ["true"]\n'
    path = desk.profile(PLAIN.replace('"staging"', '"live"\nproduction = true') + step)
    with desk.cockpit("rehearse", path, "--despite", "to learn") as terminal:
        terminal.wait_for(r"REHEARSAL of plain on live")
        terminal.wait_for(r"no `dry_run`: 1\.2 Act")
        assert not desk.runs.exists(), "nothing begins before the answer"
        terminal.send("enter")
        terminal.wait_for("First of all")
        terminal.send("q")
        terminal.wait_for_exit()
    (started,) = desk.events("run.started")
    assert (started.body.rehearsal, started.body.rehearsal_reason) == (True, "to learn")  # type: ignore[attr-defined] # a RunStarted


def test_a_keeper_that_is_stopped_is_named_on_the_screen_with_its_reason_and_no_screen_starts_another(
    desk: Desk,
) -> None:
    with desk.cockpit("run", desk.profile(PLAIN)) as screen:
        screen.wait_for("keeper +watching")
        with desk.cockpit("stop", desk.run_dir.name) as stopping:
            stopping.wait_for("the reason for stopping the keeper")
            stopping.send(*"patching", "enter")
            assert stopping.wait_for_exit() == Exit.OK
            stopping.wait_for("the run stays live")
        by = actor().user
        screen.wait_for(f"KEEPER STOPPED by {by}: patching")
        screen.send("l")
        screen.wait_for(rf"{by} +stops the keeper \(epoch 1\): patching")
        screen.send("escape")
        screen.wait_for("KEEPER STOPPED")
        screen.send("q")
        screen.wait_for_exit()
    assert len(desk.events("keeper.started")) == 1
    assert not holder_alive(keeper_lock(desk.run_dir))
