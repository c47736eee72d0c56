"""`sql`, as profiles declare it, and what a rehearsal of it cannot take back."""

from __future__ import annotations

import pytest

from cockpit.actions.sql.declaration import SQL, SqlSettings
from cockpit.actions.sql.rehearsing import unrehearsable, why_only_shown
from cockpit.actions.sql.script import statements


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (SqlSettings(target="db"), "exactly one of `statements`, `file` and `files`"),
        (SqlSettings(target="db", file="a.sql", statements="select 1"), "exactly one of"),
        (SqlSettings(target="", file="a.sql"), "`target` is empty"),
        (SqlSettings(target="db", file="a.sql", lock_timeout_s=0), "`lock_timeout` must be above 0"),
        (SqlSettings(target="db", statements="select ${id}"), "write `%(id)s` and give it in `params`"),
        (SqlSettings(target="db", file="a.sql", undo="delete from t where id = ${id}"), "`undo` holds `${id}`"),
    ],
)
def test_settings_that_cannot_be_meant_are_named(settings: SqlSettings, sentence: str) -> None:
    (problem,) = SQL.problems(settings)
    assert sentence in problem


def test_a_dollar_quote_before_a_brace_is_no_reference() -> None:
    settings = SqlSettings(target="db", statements="""select $${"a": 1}$$::jsonb""")
    assert SQL.problems(settings) == ()


def test_the_sql_or_the_names_of_its_files_are_shown() -> None:
    assert SQL.shown(SqlSettings(target="db", statements="select 1\n")) == "select 1"
    assert SQL.shown(SqlSettings(target="db", files=("a.sql", "b.sql"))) == "a.sql\nb.sql"


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("select nextval('s')", "nextval() moves a sequence"),
        ("select setval ('s', 3)", "setval() moves a sequence"),
        ("insert into accounts (name) values ('x')", "rows for accounts: numbers that its sequences give out"),
        ('insert into "My"."T" select 1', 'rows for "My"."T": numbers'),
        ("merge into t using s on true when not matched then insert values (1)", "rows for t: numbers"),
        ("with x as (insert into t values (1) returning id) select * from x", "rows for t: numbers"),
        ("copy t (a) from '/tmp/x'", "rows for t: numbers"),
        ("do $do$ begin insert into t values (1); perform nextval('s'); end $do$", "nextval() moves a sequence"),
        ("do 'begin insert into t values (1); end'", "rows for t: numbers"),
        ("create index concurrently i on t (a)", "CREATE INDEX CONCURRENTLY cannot run inside a transaction"),
        ("reindex index concurrently i", "REINDEX CONCURRENTLY cannot run inside a transaction"),
        ("vacuum t", "VACUUM cannot run"),
        ("create database d", "CREATE DATABASE cannot run"),
        ("drop tablespace s", "DROP TABLESPACE cannot run"),
        ("alter system set work_mem = '1MB'", "ALTER SYSTEM cannot run"),
        ("alter type colour add value 'red'", "a new enum value cannot be used in the transaction that adds it"),
        ("copy t to program 'mail'", "COPY … PROGRAM runs a program"),
        ("select dblink_exec('c', 'delete from t')", "dblink_exec() acts outside of the transaction"),
    ],
)
def test_what_cannot_be_rolled_back_is_named(sql: str, sentence: str) -> None:
    assert any(sentence in said for said in unrehearsable(sql)), unrehearsable(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "update t set a = 1",
        "create table t (a int); create index i on t (a)",
        "select 'nextval(''s'')' -- nextval('s')",
        "alter type colour rename value 'a' to 'b'",
        "truncate t restart identity",
        "create function f() returns void language plpgsql as $$ begin insert into t values (1); end $$",
    ],
)
def test_what_can_be_rolled_back_is_not_named(sql: str) -> None:
    assert unrehearsable(sql) == ()


def test_a_rehearsal_runs_what_only_moves_sequences_and_shows_the_rest() -> None:
    def why(sql: str, **settings: bool) -> str:
        return why_only_shown(SqlSettings(target="db", statements=sql, **settings), tuple(statements(sql)))

    assert why("insert into t values (1)") == ""
    assert "VACUUM" in why("vacuum")
    assert "transaction = false" in why("select 1", transaction=False)
    assert "rehearse = false" in why("select 1", rehearse=False)
