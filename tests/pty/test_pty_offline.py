"""People at real terminals while the run goes on without its database, and comes back to it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from seated import ORDERS, Night, night, three_steps, until
from systems.patient import Patient, patient
from terminal import Terminal

from cockpit.audit.keeping import copy_run, open_store
from cockpit.audit.layout import keeper_lock
from cockpit.audit.line import draft
from cockpit.audit.locks import holder_alive
from cockpit.audit.moved import place_now
from cockpit.audit.verify import verify
from cockpit.run import events as e

WAITS = """kind = "command"
script = "touch {folder}/began; while [ ! -e {folder}/go ]; do sleep 0.05; done; echo it went well"
timeout = 60
"""
SETTLED_S = 0.6
"""More than the time for which a question takes no keys."""
AWAY = "THE DATABASE IS AWAY"


@pytest.fixture(scope="module")
def db() -> Iterator[Patient]:
    with patient() as it:
        yield it


@pytest.fixture
def it(tmp_path: Path, db: Patient) -> Iterator[Night]:
    (tmp_path / "orders").write_bytes(b"x" * 1000)
    with night(tmp_path, (ORDERS + three_steps(WAITS)).format(folder=tmp_path), db.dsn) as run:
        yield run


def asked(screen: Terminal, title: str) -> None:
    """A question stands, and takes keys."""
    screen.wait_for(title)
    time.sleep(SETTLED_S)


def elsewhere(it: Night, db: Patient, *bodies: e.Body) -> None:
    """Somebody on another host does something meanwhile."""
    run_dir = copy_run(db.dsn, it.run_dir.name, it.folder / "other")
    store = open_store(run_dir)
    for body in bodies:
        store.append(None, draft(body, e.Actor(user="bo", host="bastion-2")))
    store.close()


def test_the_holder_goes_on_offline_with_a_command_under_way_and_comes_back_with_its_end(it: Night, db: Patient):
    """The server is frozen, which is worse than gone: whoever waits for it waits long."""
    with it.screen(120, 40) as screen, it.screen(80, 24) as other:
        screen.wait_for("✔ orders +1000")
        other.wait_for("✔ orders|orders")
        screen.send("c")
        screen.wait_for("confirmed 1.1")
        screen.send("r")
        until(lambda: (it.folder / "began").exists(), "the command")
        screen.wait_for("running")
        db.freeze()
        screen.wait_for(AWAY)
        screen.send("W")
        asked(screen, "Go on OFFLINE, without the database")
        screen.wait_for("nobody here will know")
        screen.fill("the window is short")
        screen.send("enter")
        screen.wait_for("OFFLINE since")
        other.wait_for("OFFLINE since")
        branch = place_now(it.run_dir)
        assert branch.name.startswith("offline-")
        until(lambda: holder_alive(keeper_lock(branch)), "the branch's keeper")
        (it.folder / "go").touch()
        screen.wait_for("ended well")
        screen.wait_until_gone("nothing is being probed")
        screen.send("c")
        screen.wait_for("confirmed 1.2")
        db.thaw()
        screen.wait_for("THE DATABASE ANSWERS AGAIN, W RETURNS TO IT")
        screen.send("W")
        asked(screen, "Return to the database")
        screen.press_away("W", "Return to the database")
        screen.wait_until_gone("OFFLINE")
        screen.wait_for("LIVE")
        other.wait_until_gone("OFFLINE")
        screen.wait_for("brought .* lines back into the store|merges a branch")
        until(lambda: not holder_alive(keeper_lock(branch)), "the end of the branch's keeper")
        until(lambda: holder_alive(keeper_lock(it.run_dir)), "a keeper at the database again")
        screen.wait_until_gone("nothing is being probed")
        screen.send("c")
        screen.wait_for("confirmed 1.3")
        for each in (other, screen):
            each.send("q")
            assert each.wait_for_exit() == 0
    found = verify(it.run_dir)
    assert found.ok, found.problem
    state = it.state
    assert [step.status for step in state.steps.values()] == ["confirmed"] * 3
    assert not state.conflicts
    # What the server was asked before it froze it may have done once it went on: then it had moved on by that.
    assert len(it.bodies(e.StoreReturned)) + len(it.bodies(e.BranchMerged)) == 1


def test_what_both_sides_confirmed_is_shown_in_conflict_and_settled_by_a_person(it: Night, db: Patient):
    (it.folder / "go").touch()
    with it.screen(80, 24) as screen:
        screen.wait_for("orders")
        db.stop()
        screen.wait_for(AWAY)
        screen.send("W")
        asked(screen, "Go on OFFLINE")
        screen.fill("it burns")
        screen.send("enter")
        screen.wait_for("OFFLINE since")
        screen.send("c")
        screen.wait_for("confirmed 1.1")
        db.start()
        elsewhere(it, db, e.StepSkipped(step="first", attempt=1, reason="nobody was there"))
        screen.wait_for("W RETURNS TO IT")
        screen.send("W")
        asked(screen, "Return to the database")
        screen.press_away("W", "Return to the database")
        screen.wait_for("CONFLICT over 1.1 First")
        screen.send("r")
        screen.wait_for("is in CONFLICT")
        screen.send("u")
        asked(screen, "which of both counts")
        screen.wait_for("bo skipped it")
        screen.send("down", "enter")
        screen.wait_for("how do you know")
        screen.fill("it is done")
        screen.send("enter")
        screen.wait_until_gone("CONFLICT over")
        screen.wait_for("settles the conflict")
        assert it.state.steps["first"].status == "confirmed"
        screen.send("q")
        assert screen.wait_for_exit() == 0
    found = verify(it.run_dir)
    assert found.ok, found.problem
    assert len(found.branches) == 1
