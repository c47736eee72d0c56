"""`sql`, as profiles declare it, and what a rehearsal of it cannot take back."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.actions.sql.declaration import SQL, SqlSettings
from cockpit.actions.sql.dependence import dependent
from cockpit.actions.sql.rehearsing import foretold, unrehearsable, why_only_shown
from cockpit.actions.sql.script import read_text, statements


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
        ("select pg_stat_statements_reset()", "pg_stat_statements_reset() acts outside of the transaction"),
        ("select pg_stat_reset()", "pg_stat_reset() acts outside of the transaction"),
        ("select pg_create_restore_point('before')", "pg_create_restore_point() acts outside of the transaction"),
        ("select net.http_post('https://x')", "http_post() acts outside of the transaction"),
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


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("create table if not exists app.accounts (id int)", "insert into accounts values (1)"),
        ("create table accounts (id int)", "select * from app.Accounts"),
        ('alter table t add column "accounts" int', "update t set accounts = 1"),
        ("alter table t add accounts int, add constraint c check (true)", "create index on t (accounts)"),
        ("alter table t rename to accounts", "table accounts"),
        ("alter table t rename column a to accounts", "select accounts from t"),
        ("create or replace function accounts() returns int language sql as 'select 1'", "select accounts()"),
        ("select 1 as n into accounts", "table accounts"),
    ],
)
def test_a_step_that_needs_what_an_earlier_one_makes_is_named(first: str, second: str) -> None:
    assert dependent([("make", first), ("use", second), ("other", "select 1")]) == (
        ("use", "it names `accounts`, which step `make` makes and a rehearsal has rolled back"),
    )


def test_all_that_a_step_needs_of_another_is_one_sentence() -> None:
    found = dependent([("a", "create table x (n int); create table y (n int)"), ("b", "select * from y, x")])
    assert found == (("b", "it names `x`, `y`, which step `a` makes and a rehearsal has rolled back"),)


def test_a_step_that_names_only_what_is_there_is_not() -> None:
    assert dependent([("a", "update accounts set n = 1"), ("b", "select n from accounts -- made")]) == ()
    assert dependent([("a", "create table x (n int); insert into x values (1)")]) == ()


def test_what_a_rehearsal_of_a_step_will_not_do_is_foretold_from_its_files(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("insert into t values (1) -- no end")
    (tmp_path / "b.sql").write_text("alter type c add value 'x'")
    settings = SqlSettings(target="db", files=("a.sql", "b.sql"))
    assert [said[:20] for said in foretold(settings, tmp_path)] == ["only shown: `alter t"]
    (named,) = foretold(SqlSettings(target="db", file="a.sql"), tmp_path)
    assert named.startswith("rows for t: numbers")
    assert foretold(SqlSettings(target="db", statements="vacuum", transaction=False), tmp_path) == (
        "only shown: each statement would commit by itself (`transaction = false`)",
        "VACUUM cannot run inside a transaction, so it cannot be rolled back",
    )
    assert len(list(statements(read_text(settings, tmp_path)))) == 2
