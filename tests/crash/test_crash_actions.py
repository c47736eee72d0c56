"""SIGKILL of keepers while they run SQL: nothing is done twice, and no ending in the log lies."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from crash_acting import Account, Night, left_running, night, until
from crash_figures import tell

from cockpit.audit.verify import verify
from cockpit.demo import postgres_server

STRIKES, MANY_STRIKES = 12, 200

STATEMENTS = '''
[[phases.steps]]
id = "step_{n}"
title = "Step {n}"
kind = "sql"
target = "db"
statements = """
select pg_sleep(0.05);
insert into effects select current_setting('application_name');
select pg_sleep(0.05)"""
'''


def strike(night: Night, strikes: int) -> None:
    """Order and kill, and let the next keeper say what became of it, so many times."""
    for _ in range(strikes):
        night.attend()
        assert night.order(), "an order that a keeper could take"
        night.strike()
        night.attend()
        night.ending()
        night.go_on()


def check(night: Night, done: Counter[str], said: str) -> Account:
    """Hold what the log says against what was done, by try."""
    account = Account(night.events())
    assert account.requested == night.asked, f"nobody else asks; {said}"
    account.check(done, said)
    assert verify(night.run_dir).ok, said
    return account


@pytest.fixture
def database() -> Iterator[str]:
    """A real PostgreSQL with an empty table of effects."""
    import psycopg

    with tempfile.TemporaryDirectory(prefix="cockpit-pg-") as folder:
        Path(folder).chmod(0o755)  # as root, PostgreSQL runs as a user of its own and has to pass
        if obstacle := postgres_server.obstacle(Path(folder) / "data"):
            pytest.skip(obstacle)
        server = postgres_server.start(Path(folder) / "data")
        try:
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute("create table effects (who text)")
            yield server.get_uri()
        finally:
            server.cleanup()


@pytest.mark.timeout(600)
def test_sql_whose_keeper_is_killed_is_done_once_and_ended_truly(
    tmp_path: Path, database: str, request: pytest.FixtureRequest
) -> None:
    import psycopg

    strikes, seed = MANY_STRIKES if request.config.getoption("--many") else STRIKES, random.randrange(2**32)
    target = f'[[targets]]\nid = "db"\nkind = "postgres"\ndsn = "{database}"\n'
    with night(tmp_path, STATEMENTS, strikes, seed, target) as walk:
        strike(walk, strikes)
    said = f"seed {seed}, killed {walk.killed}"
    with psycopg.connect(database, autocommit=True) as connection:
        rows = connection.execute("select who from effects").fetchall()
        done = Counter(str(who).removeprefix("cockpit ") for (who,) in rows)
        account = check(walk, done, said)
        tell(
            "SIGKILL of a keeper while it runs SQL",
            walk.killed.count("keeper"),
            done=len(account.intended),
            twice=sum(times > 1 for times in done.values()),
        )
        for action, outcome in account.outcomes.items():
            assert outcome != "failed" or not done[action], f"{action} failed, and was committed; {said}"
        others = "select count(*) from pg_stat_activity where application_name like 'cockpit %'"
        until(lambda: connection.execute(others).fetchone() == (0,), "the end of all connections")
    until(lambda: not left_running(tmp_path), "the end of all that was started")
