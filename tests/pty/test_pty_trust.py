"""The first use of a profile, asked and answered in a real terminal."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from signers import needed, signers
from systems.looking import until
from terminal import Terminal

from cockpit.audit.tail import Tail
from cockpit.cli.ending import INTERRUPTED
from cockpit.demo.ending import abort
from cockpit.exits import Exit
from cockpit.run.events import RunStarted
from cockpit.session.identity import actor
from cockpit.session.seat import Seat

PROFILE = """
id = "shop"
environment = "{environment}"
production = {production}
[[probes]]
id = "up"
kind = "command"
argv = ["touch", "executed"]
interval = 3600
timeout = 2
[[phases]]
id = "one"
title = "One"
[[phases.steps]]
id = "first"
title = "First of all"
gate = ["up == 0"]
"""


class Desk:
    """A machine on which nothing was confirmed yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write()

    def write(self, environment: str = "staging", production: str = "false", text: str = PROFILE) -> None:
        (self.folder / "shop.toml").write_text(text.format(environment=environment, production=production))

    def policy(self, text: str) -> None:
        (self.folder / "config" / "cockpit").mkdir(parents=True, exist_ok=True)
        (self.folder / "config" / "cockpit" / "policy.toml").write_text(text)

    def cockpit(self, *arguments: str) -> Terminal:
        own = {"COCKPIT_RUNS": "runs", "XDG_STATE_HOME": "state", "XDG_CONFIG_HOME": "config"}
        env = {**os.environ, **{name: str(self.folder / below) for name, below in own.items()}}
        argv = [sys.executable, "-P", "-m", "cockpit.cli", arguments[0], str(self.folder / "shop.toml")]
        return Terminal([*argv, *arguments[1:]], env=env)

    @property
    def executed(self) -> bool:
        return (self.folder / "executed").exists()

    @property
    def run_dir(self) -> Path:
        (found,) = until(lambda: list((self.folder / "runs").glob("*")), "the run")
        return Path(found)

    def started(self) -> RunStarted:
        tail = Tail(self.run_dir / "audit.jsonl", is_waited_for=False)
        try:
            body = tail.read()[0].event.body
        finally:
            tail.close()
        assert isinstance(body, RunStarted)
        return body


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_new_profile_is_shown_and_asked_for_and_enter_is_no(desk: Desk) -> None:
    with desk.cockpit("probe") as terminal:
        terminal.wait_for("trust it on this machine")
        terminal.wait_for("probe up every 1h runs: touch executed")
        assert "1 by itself, without a key press" in terminal.text
        terminal.send("enter")
        assert terminal.wait_for_exit() == Exit.REFUSED
        assert "was not confirmed: nothing was run" in terminal.text
    assert not desk.executed
    with desk.cockpit("probe") as terminal:
        terminal.wait_for("trust it on this machine")
        terminal.send("y", "enter")
        assert terminal.wait_for_exit() == Exit.OK
    assert desk.executed
    desk.write(text=PROFILE.replace('"touch", "executed"', '"touch", "executed", "again"'))
    with desk.cockpit("probe") as terminal:
        terminal.wait_for("trust it on this machine")
        assert "- by itself, without a key press: probe up every 1h runs: touch executed" in terminal.text
        assert "+ by itself, without a key press: probe up every 1h runs: touch executed again" in terminal.text
        terminal.send("ctrl+c")
        assert terminal.wait_for_exit() == INTERRUPTED
    assert not (desk.folder / "again").exists()


def test_a_file_that_changes_while_its_profile_is_read_is_not_run(desk: Desk) -> None:
    script = desk.folder / "look.sh"
    script.write_text("true\n")
    desk.write(text=PROFILE.replace('"touch", "executed"', f'"sh", "{script.name}"'))
    with desk.cockpit("probe") as terminal:
        terminal.wait_for("trust it on this machine")
        script.write_text(f"touch {desk.folder}/executed\n")
        terminal.send("y", "enter")
        assert terminal.wait_for_exit() == Exit.REFUSED
        assert "changedwhileitwasread:nothingwasrun" in "".join(terminal.text.split())
    assert not desk.executed


def test_production_wants_its_name_typed_and_the_log_says_who_did(desk: Desk) -> None:
    desk.write("production", "true")
    with desk.cockpit("run") as terminal:
        terminal.wait_for("type production to go on")
        terminal.type("yes")
        terminal.send("enter")
        assert terminal.wait_for_exit() == Exit.REFUSED
    assert not (desk.folder / "runs").exists()
    with desk.cockpit("run") as terminal:
        terminal.wait_for("type production to go on")
        terminal.type("production")
        terminal.send("enter")
        terminal.wait_for("First of all")
        trust = desk.started().trust
        abort(desk.run_dir, "it was only a test")
    assert (trust.how, trust.unreviewed) == ("asked", "")
    assert trust.by
    assert len(trust.digest) == 64


@needed
def test_going_without_approvals_costs_a_word_and_a_reason_and_is_a_deviation(desk: Desk) -> None:
    desk.write("live")
    with signers() as them:
        (desk.folder / "signers").write_text(f"bo {them.public(them.key('bo'))}\n")
    desk.policy(
        f'first_use = "note"\nreviewed = "production"\nproduction = ["live"]\n'
        f'allowed_signers = "{desk.folder}/signers"\n'
    )
    with desk.cockpit("run") as terminal:
        assert terminal.wait_for_exit() == Exit.REFUSED
        assert "inanemergency:--unreviewedREASON" in "".join(terminal.text.split())  # a terminal breaks within words
    with desk.cockpit("run", "--unreviewed", "the shop is down") as terminal:
        terminal.wait_for("type live to go on")
        terminal.type("live")
        terminal.send("enter")
        terminal.wait_for("First of all")
        trust = desk.started().trust
        seat = Seat.open(desk.run_dir, actor(), "watching")
        deviations = seat.view.state.deviations
        seat.close()
        abort(desk.run_dir, "it was only a test")
    assert [(each.kind, each.where, each.reason) for each in deviations] == [("unreviewed", "live", "the shop is down")]
    assert (trust.unreviewed, trust.wanted, trust.approved_by) == ("the shop is down", 1, ())
