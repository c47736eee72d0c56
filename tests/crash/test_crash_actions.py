"""SIGKILL of keepers and shims while steps act: nothing is done twice, and no ending in the log lies."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from crash_acting import Account, Night, left_running, until

from cockpit.audit.layout import action_status
from cockpit.audit.verify import verify
from cockpit.demo import postgres_server
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.session.runs import create_run

STRIKES, MANY_STRIKES = 12, 200

COMMANDS = """
[[phases.steps]]
id = "step_{n}"
title = "Step {n}"
kind = "command"
script = "echo on; sleep 0.05; echo half; echo $PPID >> '{folder}/effects'; sleep 0.05; echo over"
"""

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


@contextmanager
def night(folder: Path, steps: str, count: int, seed: int, more: str = "") -> Iterator[Night]:
    """A run of `count` steps like `steps`."""
    plan = "".join(steps.format(n=n, folder=folder) for n in range(count))
    text = f'id = "acting"\nenvironment = "staging"\n{more}[[phases]]\nid = "all"\ntitle = "All"\n{plan}'
    (folder / "acting.toml").write_text(text)
    run_dir = create_run(load(folder / "acting.toml", installed()), {}, folder=folder / "runs")
    night = Night(run_dir, random.Random(seed))
    try:
        yield night
    finally:
        night.end()


def strike(night: Night, strikes: int, victims: tuple[str, ...]) -> None:
    """Order and kill, and let the next keeper say what became of it, so many times."""
    for number in range(strikes):
        night.attend()
        assert night.order(), "an order that a keeper could take"
        night.strike(victims[number % len(victims)])
        night.attend()
        night.ending()
        night.go_on()


def check(night: Night, done: Counter[str], said: str) -> Account:
    """Hold what the log says against what was done, by try."""
    account = Account(night.events())
    assert account.requested == night.asked, f"nobody else asks; {said}"
    assert sorted(account.outcomes) == sorted(night.asked), f"every try has an end; {said}"
    assert len(account.endings) == len(account.outcomes), f"and one only; {said}"
    assert set(done) <= account.intended <= set(night.asked), f"the intent comes first; {said}"
    for action, outcome in account.outcomes.items():
        times = done[action]
        assert times <= 1, f"{action} was done {times} times; {said}"
        if outcome == "succeeded":
            assert times == 1, f"{action} was not done; {said}"
        elif outcome in ("refused", "lapsed"):
            assert times == 0, f"{action} was done though it was {outcome}; {said}"
    assert verify(night.run_dir).ok, said
    return account


@pytest.mark.timeout(600)
def test_commands_whose_keeper_or_shim_is_killed_are_done_once_and_ended_truly(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    strikes, seed = MANY_STRIKES if request.config.getoption("--many") else STRIKES, random.randrange(2**32)
    with night(tmp_path, COMMANDS, strikes, seed) as walk:
        strike(walk, strikes, ("keeper", "shim", "both"))
    said = f"seed {seed}, killed {walk.killed}"
    until(lambda: not left_running(tmp_path), "the end of all that was started")
    shims = {_shim(walk, action): action for action in walk.asked}
    effects = tmp_path / "effects"
    done = Counter(shims[int(pid)] for pid in (effects.read_text().split() if effects.exists() else ()))
    account = check(walk, done, said)
    for action, outcome in account.outcomes.items():
        if outcome == "succeeded":
            assert account.said[action] == "on\nhalf\nover\n", f"told once, whoever told it; {said}"
    left = [path.name for path in (walk.run_dir / "outputs").iterdir() if path.suffix == ".kubeconfig"]
    assert left == [], said


def _shim(walk: Night, action: str) -> int:
    """Its process number, by which its command knew it; 0 if there was none."""
    from cockpit.actions.shim.record import read_status

    status = read_status(str(action_status(walk.run_dir, action)))
    return status.pid if status is not None else 0


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
        strike(walk, strikes, ("keeper",))
    said = f"seed {seed}, killed {walk.killed}"
    with psycopg.connect(database, autocommit=True) as connection:
        rows = connection.execute("select who from effects").fetchall()
        done = Counter(str(who).removeprefix("cockpit ") for (who,) in rows)
        account = check(walk, done, said)
        for action, outcome in account.outcomes.items():
            assert outcome != "failed" or not done[action], f"{action} failed, and was committed; {said}"
        others = "select count(*) from pg_stat_activity where application_name like 'cockpit %'"
        until(lambda: connection.execute(others).fetchone() == (0,), "the end of all connections")
    until(lambda: not left_running(tmp_path), "the end of all that was started")
