"""A person at a real terminal while the database that keeps the run stops, freezes and comes back."""

from __future__ import annotations

import time
from itertools import groupby
from pathlib import Path

from seated import ORDERS, night, three_steps, until
from systems.patient import Patient

from cockpit.audit import clock
from cockpit.audit.layout import log_path
from cockpit.audit.verify import verify
from cockpit.run.events import ActionEnded, ProbeChanged, ProbesSampled, StepConfirmed, StoreWaitedFor

COMMAND = """kind = "command"
script = "sleep 2; echo over >> '{folder}/effects'"
"""
SOON_S = 3.0
"""So soon a screen says that the database is away."""
SLACK = 2.4
"""For what the machine does besides. Whoever waited for the server's own limits would wait for 10 s and more."""


def test_a_run_is_walked_through_an_outage(tmp_path: Path, db: Patient):
    orders = tmp_path / "orders"
    orders.write_bytes(b"x" * 1000)
    with (
        night(tmp_path, (ORDERS + three_steps(COMMAND)).format(folder=tmp_path), db.dsn) as it,
        it.screen() as screen,
    ):
        screen.wait_for(r"✔ orders +1000")
        screen.send("c")
        screen.wait_for("confirmed 1.1")
        screen.send("r")
        screen.wait_for("running")
        db.stop()
        began = time.monotonic()
        screen.wait_for("THE DATABASE IS AWAY, nothing can be confirmed")
        assert time.monotonic() - began < SOON_S * SLACK
        began = time.monotonic()
        for key in ("c", "n", "h"):
            screen.send(key)
            screen.wait_for("the database is away, nothing can be written")
        assert time.monotonic() - began < 2.0 * SLACK, "each key is answered at once"
        for size in (1100, 1200, 1300):
            orders.write_bytes(b"x" * size)
            screen.wait_for(rf"✔ orders +{size}")  # read on
        screen.wait_for("not written yet: .*1.2 Second")  # what runs goes on
        orders.unlink()
        screen.wait_for("✖ orders")
        screen.wait_for("nothing can be confirmed, readings not in the log")
        assert not [body for body in it.bodies(ProbeChanged) if body.status == "fail"]
        screen.send("?")
        screen.wait_for("write a note")
        screen.send("escape")
        back = clock.now().at
        db.start()
        screen.wait_until_gone("AWAY")
        until(lambda: it.bodies(StoreWaitedFor), "the log's word for it")
        screen.wait_for("could not write for")
        (ended,) = [event for event in it.events() if isinstance(event.body, ActionEnded)]
        assert ended.instant.at < back, "it is told with the time at which it was"
        assert (ended.body.outcome, (tmp_path / "effects").read_text()) == ("succeeded", "over\n")
        screen.send("c")
        screen.wait_for("confirmed 1.2")
        sizes = [r.value for body in it.bodies(ProbesSampled) for r in body.readings if r.probe == "orders"]
        assert [size for size in (1100, 1200, 1300) if size not in sizes] == [], "what was seen is in the log"
        # a reading may come late on a busy machine: then the probe was stale between
        changes = [key for key, _ in groupby(body.status for body in it.bodies(ProbeChanged) if body.status != "stale")]
        assert changes == ["pass", "fail"]
        screen.send("q")
        assert screen.wait_for_exit() == 0
        assert not verify(log_path(it.run_dir)).problems


def test_a_frozen_database_holds_up_no_key_and_no_leaving_and_the_screen_says_what_is_not_known(
    tmp_path: Path, db: Patient
):
    with night(tmp_path, ORDERS.format(folder=tmp_path) + three_steps(), db.dsn) as it:
        (tmp_path / "orders").write_bytes(b"x")
        with it.screen() as screen:
            screen.wait_for("✔ orders")
            screen.send("c")
            screen.wait_for("confirmed 1.1")
            db.freeze()
            began = time.monotonic()
            screen.send("c")
            screen.wait_for("… writing: no answer for")
            screen.wait_for("it is not known whether this was written")
            assert time.monotonic() - began < 4.0 * SLACK
            screen.wait_for("NOT KNOWN WHETHER IT WAS WRITTEN, DATABASE AWAY: ")
            db.thaw()
            screen.wait_for("it was (NOT )?written")
            screen.wait_until_gone("AWAY")
            was_written = "it was written" in screen.text
            assert was_written == ("second" in [body.step for body in it.bodies(StepConfirmed)])
            if not was_written:
                screen.send("c")
            screen.wait_for("confirmed 1.2")
            db.freeze()
            screen.send("c")
            screen.wait_for("… writing")
            screen.send("q")
            began = time.monotonic()
            assert screen.wait_for_exit() == 0
            assert time.monotonic() - began < 2.0 * SLACK
            assert "NOT KNOWN whether" in screen.text
            db.thaw()
        assert not verify(log_path(it.run_dir)).problems
