"""A person at a real terminal: the database fails over to a replica that is behind, and somebody changes it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from seated import night, three_steps, until
from systems import replicas

from cockpit.audit.layout import log_path, poison_mark
from cockpit.audit.verify import verify
from cockpit.run.events import StepConfirmed, StoreRestored

CHANGE = """SET session_replication_role = replica;
ALTER TABLE cockpit.lines DISABLE TRIGGER refuse_change;
UPDATE cockpit.lines SET line = convert_to(replace(convert_from(line, 'UTF8'), 'first', 'third'), 'UTF8')
WHERE type = 'step.confirmed' AND seq = (SELECT min(seq) FROM cockpit.lines WHERE type = 'step.confirmed');
ALTER TABLE cockpit.lines ENABLE ALWAYS TRIGGER refuse_change"""


@pytest.fixture
def pair() -> Iterator[replicas.Pair]:
    with tempfile.TemporaryDirectory(prefix="cockpit-pg-") as folder:
        Path(folder).chmod(0o755)
        if obstacle := replicas.obstacle(Path(folder)):
            pytest.skip(obstacle)
        with replicas.pair(replicas.make_template(Path(folder)), Path(folder)) as both:
            yield both


def test_what_was_confirmed_survives_a_failover_and_a_changed_line_stops_the_run(tmp_path: Path, pair: replicas.Pair):
    with night(tmp_path, three_steps(), pair.dsn()) as it, it.screen() as screen:
        screen.wait_for("First")
        screen.send("c")
        screen.wait_for("confirmed 1.1")
        pair.caught_up()
        pair.cut()
        time.sleep(0.1)  # keys that follow each other too soon are taken for a paste
        screen.send("c")
        screen.wait_for("confirmed 1.2")
        before = log_path(it.run_dir).read_bytes()
        pair.fail_over()
        screen.wait_for(r"put back lines? \d+.*, lost by the database in a failover")
        screen.wait_until_gone("DATABASE IS AWAY")
        assert log_path(it.run_dir).read_bytes().startswith(before), "byte by byte"
        (told,) = it.bodies(StoreRestored)
        assert (told.timeline_before, told.timeline, told.facts >= 1) == (1, 2, True)
        screen.send("c")
        screen.wait_for("confirmed 1.3")
        assert [body.step for body in it.bodies(StepConfirmed)] == ["first", "second", "third"]
        pair.replica.execute(CHANGE)
        screen.wait_for("THE DATABASE WAS CHANGED: line [0-9]+ is another than was read from it")
        until(lambda: poison_mark(it.run_dir).exists(), "the word that nobody writes here")
        screen.wait_for("W elsewhere")
        screen.send("n")
        # Whether the store had been tried since or not: at once, or once the note is sent.
        if screen.wait_for("nothing can be written|what should others know")[0].startswith("what"):
            screen.send("escape")
            screen.wait_until_gone("what should others know")
        screen.send("q")
        assert screen.wait_for_exit() == 0
        assert not verify(log_path(it.run_dir)).problems, "the copy is a whole log as it was read"
