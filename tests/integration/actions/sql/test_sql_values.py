"""Hostile values before a real PostgreSQL: as parameters of steps and probes, and with psql in a command."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hostile_values import CANARY, VALUES
from psycopg.conninfo import conninfo_to_dict
from sql_stage import Stage

from cockpit.actions.command.declaration import CommandSettings
from cockpit.actions.command.planning import invocation
from cockpit.actions.runner import ActionContext
from cockpit.demo.stand_in_database import programs
from cockpit.errors import ActionError
from cockpit.masking.mask import Mask
from cockpit.probes.runner import Context, filled_settings, find_opener
from cockpit.profile.kinds import installed
from cockpit.profile.model import Probe

Sql = Callable[[str], list[tuple[object, ...]]]
DROPS = (
    "'; DROP TABLE users; --",
    "'); DROP TABLE users; --",
    "1; DROP TABLE users",
    "\\! touch pwned",
    "'||(select 1)||'",
)
ALL = (*VALUES, *DROPS)
NAMES = {f"v{at}": value for at, value in enumerate(ALL)}
PSQL = ("psql", "-XAtq0", "-v", "ON_ERROR_STOP=1")
MUST_PASS = "v1.2.3"
LOOK = "select :'x';\nselect count(*) from users;\n"


@pytest.fixture
def users(sql: Sql) -> Sql:
    """A table that many of the values would drop, with one row."""
    sql("create table users (name text); insert into users values ('ana'); create table given (n int, value text)")
    return sql


async def test_values_are_parameters_of_a_step_and_no_text_of_it(stage: Stage, users: Sql) -> None:
    rows = ", ".join(f"({at}, %({name})s)" for at, name in enumerate(NAMES))
    ending = await stage.run(
        f"insert into given values {rows}", params={name: f"${{{name}}}" for name in NAMES}, values=dict(NAMES)
    )
    assert ending.outcome == "succeeded", ending
    assert users("select value from given order by n") == [(value,) for value in ALL]
    assert users("select name from users") == [("ana",)]


async def test_values_are_parameters_of_a_probe_and_no_text_of_its_query(database: str, users: Sql) -> None:
    kind = installed().probes["postgres"]
    query = f"select {', '.join(f'%s::text as {name}' for name in NAMES)}"
    settings = {"dsn": database, "query": query, "params": [f"${{{name}}}" for name in NAMES]}
    probe = Probe(id="it", kind="postgres", settings=settings)
    runner = await find_opener("postgres")(filled_settings(probe, kind, NAMES), Context(Path(), 20.0))
    facts = await runner.read()
    await runner.close()
    assert facts["rows"] == [NAMES]
    assert users("select name from users") == [("ana",)]


@pytest.fixture
def some(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """All values, or a sample with those that anybody would try first."""
    if request.config.getoption("--many"):
        return ALL
    return tuple(dict.fromkeys((*VALUES[::9], "", "a b", "'", "\\", f"$(touch {CANARY})", "-rf", *DROPS, MUST_PASS)))


class Desk:
    """A folder with a script of SQL, and what psql prints there."""

    def __init__(self, folder: Path, dsn: str) -> None:
        self.folder = folder
        (folder / "look.sql").write_text(LOOK)
        given = conninfo_to_dict(dsn)
        names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "dbname": "PGDATABASE"}
        self.env = {names[key]: str(value) for key, value in given.items() if key in names}
        self.env["PATH"] = os.pathsep.join((*programs(), os.environ["PATH"]))

    def printed(self, what: CommandSettings, value: str) -> list[bytes] | None:
        """The fields that came back; None: the value was refused, with what to do."""
        context = ActionContext(
            action="a1", run_dir=self.folder, base_dir=self.folder, settings=what, values={"x": value}, mask=Mask({})
        )
        try:
            planned = invocation(context)
        except ActionError as refusal:
            return None if refusal.hint else [b"refused, and not said what to do"]
        done = subprocess.run(
            planned.argv, cwd=planned.cwd, env={**self.env, **planned.env}, capture_output=True, check=False, timeout=30
        )
        assert not (self.folder / CANARY).exists(), f"{value!r} was executed"
        assert done.returncode == 0, (value, done.stderr)
        return done.stdout.split(b"\0")[:-1]


@pytest.fixture
def desk(tmp_path: Path, database: str) -> Desk:
    return Desk(tmp_path, database)


@pytest.mark.parametrize(
    "what",
    [
        CommandSettings(argv=(*PSQL, "--set=x=${x}", "-f", "look.sql")),
        CommandSettings(script='psql -XAtq0 -v ON_ERROR_STOP=1 -v x="${x}" -f look.sql'),
        CommandSettings(script="psql -XAtq0 -v ON_ERROR_STOP=1 -v x=\"${x}\" <<'SQL'\n" + LOOK + "SQL\n"),
    ],
    ids=["argv", "script", "quoted-heredoc"],
)
def test_a_value_that_psql_is_given_as_a_variable_is_only_a_value(
    desk: Desk, users: Sql, some: tuple[str, ...], what: CommandSettings
) -> None:
    for value in some:
        printed = desk.printed(what, value)
        assert printed == [value.encode(), b"1"], value
    assert users("select name from users") == [("ana",)]


@pytest.mark.parametrize(
    "what",
    [
        CommandSettings(argv=(*PSQL, "-c", "select '${x}'")),
        CommandSettings(script="psql -XAtq0 -v ON_ERROR_STOP=1 -c \"select '${x}'\""),
        CommandSettings(script="psql -XAtq0 -v ON_ERROR_STOP=1 <<SQL\nselect '${x}';\nSQL\n"),
        CommandSettings(script="psql -XAtq0 -v ON_ERROR_STOP=1 <<< \"select '${x}'\""),
        CommandSettings(script="echo \"select '${x}'\" | psql -XAtq0 -v ON_ERROR_STOP=1"),
    ],
    ids=["argv", "script", "heredoc", "herestring", "pipe"],
)
def test_a_value_within_text_of_sql_is_refused_unless_it_is_a_plain_word(
    desk: Desk, users: Sql, some: tuple[str, ...], what: CommandSettings
) -> None:
    taken = []
    for value in some:
        printed = desk.printed(what, value)
        if printed is not None:
            taken.append(value)
            assert printed == [value.encode()], value
    assert MUST_PASS in taken
    assert not set(DROPS) & set(taken)
    assert users("select name from users") == [("ana",)]
