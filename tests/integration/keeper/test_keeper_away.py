"""A keeper whose database stops, freezes and comes back: it goes on watching, and the log has all of it afterwards."""

from __future__ import annotations

import os
import signal
from itertools import groupby

import pytest
from keeper_stage import Server, Stage, until
from systems.patient import Patient

from cockpit.audit.aside import AsideReader
from cockpit.audit.layout import aside_path, log_path
from cockpit.audit.postgres.installing import install
from cockpit.audit.verify import verify
from cockpit.run.events import Actor, Event
from cockpit.run.evolve import fold
from cockpit.session.seat import Seat
from cockpit.session.view import View


class Sitting:
    """A seat that follows."""

    def __init__(self, stage: Stage) -> None:
        self.seat = Seat.open(stage.run_dir, Actor("ana", os.uname().nodename))
        self.seat.follow(lambda view: None)

    @property
    def view(self) -> View:
        return self.seat.view


def changes(events: list[Event], probe: str) -> list[str]:
    """From what to what it went, by its readings: on a machine that has no time they become stale in between."""
    told = [event.body for event in events if event.type == "probe.changed" and event.body.probe == probe]
    return [status for status, _ in groupby(body.status for body in told if body.status in ("pass", "fail"))]


@pytest.mark.parametrize(("goes", "comes"), [pytest.param("stop", "start", marks=pytest.mark.many), ("freeze", "thaw")])
def test_a_keeper_outlives_an_absent_database_and_nothing_that_it_saw_is_missing(
    stage: Stage, server: Server, db: Patient, goes: str, comes: str
):
    stage.begin(interval="0.1", dsn=db.dsn)
    keeper = stage.keeper()
    until(lambda: changes(stage.events(), "api"), "the first readings")
    here = Sitting(stage)
    seat = here.seat
    try:
        getattr(db, goes)()
        assert until(lambda: here.view.away, "the banner", 4.5)
        before = len(stage.events())
        for status in (500, 200, 500):
            server.status = status
            wanted = "pass" if status == 200 else "fail"
            until(lambda wanted=wanted: here.view.shown.probes["api"].status == wanted, f"{wanted} on the screen")
        assert here.view.waiting, "they are told of as what they are"
        assert here.view.state.probes["api"].status != "fail", "the log has none of it"
        assert len(stage.events()) == before
        readings = AsideReader(stage.run_dir)
        seen = until(lambda: [e for e in readings.read() if e.type == "probe.changed"], "the file beside the log")
        assert keeper.poll() is None
        getattr(db, comes)()
        until(lambda: stage.bodies("store.waited_for"), "the log's word for it")
        until(lambda: not here.view.away and here.view.ahead is None, "all is well again")
        assert not aside_path(stage.run_dir).exists()
    finally:
        seat.close()
    events = stage.events()
    assert changes(events, "api") == ["pass", "fail", "pass", "fail"]
    assert len({event.id for event in events}) == len(events)
    ids = {event.id: event.instant for event in events}
    assert all(ids[each.id] == each.instant for each in seen), "each with the time at which it was"
    keeper_told = [event.instant.mono for event in events if event.type in ("probes.sampled", "probe.changed")]
    assert keeper_told == sorted(keeper_told)
    assert not verify(log_path(stage.run_dir)).problems
    waited = stage.bodies("store.waited_for")
    assert len(waited) == 1
    assert waited[0].samples_dropped == 0
    assert fold(events).probes["api"].status in ("fail", "stale")
    keeper.send_signal(signal.SIGTERM)
    assert keeper.wait(60) == 0


def test_a_keeper_ends_soon_while_its_database_is_frozen_and_leaves_what_it_saw(
    stage: Stage, server: Server, db: Patient
):
    stage.begin(interval="0.1", dsn=db.dsn)
    keeper = stage.keeper()
    until(lambda: changes(stage.events(), "api"), "the first readings")
    db.freeze()
    server.status = 500
    readings = AsideReader(stage.run_dir)
    until(lambda: changes(list(readings.read()), "api") == ["fail"], "what it sees")
    keeper.send_signal(signal.SIGTERM)
    assert keeper.wait(4) == 0
    left = readings.read()
    assert left[-1].type == "keeper.stopped"
    db.thaw()
    assert not stage.bodies("keeper.stopped")
    second = stage.keeper()
    until(lambda: len(stage.bodies("keeper.started")) == 2, "the next keeper")
    events = stage.events()
    assert changes(events, "api")[:2] == ["pass", "fail"]
    order = [event.type for event in events if event.type.startswith("keeper.")]
    assert order == ["keeper.started", "keeper.stopped", "keeper.started"], "each in its place"
    known = {event.id: event.instant for event in events}
    assert all(known[each.id] == each.instant for each in left if each.is_fact)
    second.send_signal(signal.SIGTERM)
    assert second.wait(60) == 0


def test_a_database_that_comes_back_as_another_one_is_told_of_plainly_and_ends_no_keeper(stage: Stage, db: Patient):
    stage.begin(interval="0.1", dsn=db.dsn)
    keeper = stage.keeper()
    until(lambda: changes(stage.events(), "api"), "the first readings")
    here = Sitting(stage)
    try:
        db.ask("ALTER SCHEMA cockpit RENAME TO elsewhere")
        until(lambda: "no store in this database" in here.view.away, "the screen's word for it")
        until(lambda: here.view.ahead is not None, "what the keeper goes on to see")
        assert keeper.poll() is None
        install(db.dsn)  # and nobody put the runs back
        until(lambda: stage.bodies("store.restored"), "this host's copy puts the run back")
        until(lambda: not here.view.away and here.view.ahead is None, "all is well again")
        assert keeper.poll() is None
        assert not here.view.trouble
    finally:
        here.seat.close()
        db.ask("DROP SCHEMA IF EXISTS cockpit CASCADE")
        db.ask("ALTER SCHEMA elsewhere RENAME TO cockpit")
    assert not verify(log_path(stage.run_dir)).problems
    keeper.send_signal(signal.SIGTERM)
    assert keeper.wait(60) == 0


def test_whoever_follows_blocks_no_migration_and_sits_in_no_transaction(stage: Stage, db: Patient):
    others = {pid for (pid,) in db.ask("SELECT pid FROM pg_stat_activity")}  # what an earlier test left behind
    stage.begin(interval="0.1", dsn=db.dsn)
    keeper = stage.keeper()
    until(lambda: changes(stage.events(), "api"), "the first readings")
    here = Sitting(stage)
    try:
        until(lambda: here.view.here, "the screen is there")
        seen = set[int]()
        for column in range(20):
            sessions = db.ask(
                "SELECT pid, state, now() - xact_start > interval '1 s' FROM pg_stat_activity"
                " WHERE application_name = 'cockpit'"
            )
            seen.update(int(str(pid)) for pid, _, _ in sessions if pid not in others)
            assert not [each for each in sessions if str(each[1]).startswith("idle in transaction") or each[2]]
            held = db.ask(
                "SELECT l.relation::regclass, l.mode FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
                " WHERE a.application_name = 'cockpit' AND a.state = 'idle' AND l.locktype = 'relation'"
            )
            assert held == [], "what they hold while they wait are their leases"
            db.ask(f"SET lock_timeout = '300ms'; ALTER TABLE cockpit.lines ADD COLUMN migrated_{column} int")
        for column in range(20):
            db.ask(f"SET lock_timeout = '300ms'; ALTER TABLE cockpit.lines DROP COLUMN migrated_{column}")
        assert len(seen) <= 4, "for the keeper and for the screen: one that listens, and one that writes"
        until(lambda: not here.view.away, "nobody noticed")
        assert keeper.poll() is None
    finally:
        here.seat.close()
    keeper.send_signal(signal.SIGTERM)
    assert keeper.wait(60) == 0
