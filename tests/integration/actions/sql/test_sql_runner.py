"""Steps of SQL against a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import psycopg
import pytest
from sql_stage import Stage

from cockpit.actions.runner import Ending
from cockpit.actions.sql.runner import RUNNER
from cockpit.probes.postgres import bounded

Sql = Callable[[str], list[tuple[object, ...]]]


async def test_statements_run_in_one_transaction_and_tell_what_they_did(stage: Stage, sql: Sql) -> None:
    ending = await stage.run(
        "create table t (id int, name text);\n"
        "insert into t select n, 'row ' || n from generate_series(1, 60) n;\n"
        "do $$ begin raise notice 'half; way'; end $$;\n"
        "update t set name = 'x' where id <= 2;\n"
        "select id, name, null as nothing from t order by id;"
    )
    assert ending.outcome == "succeeded", ending
    assert ending.detail == "62 rows, 5 statements"
    assert ending.facts["rows"] == 62
    assert ending.facts["statements"] == 5
    assert ending.facts["notices"] == ["NOTICE: half; way"]
    result = ending.facts["result"]
    assert isinstance(result, list)
    assert len(result) == 60
    assert result[0] == {"id": 1, "name": "x", "nothing": None}
    assert "2/5 INSERT 0 60, " in stage.log
    assert "NOTICE: half; way\n" in stage.log
    assert "\n  id | name   | nothing\n  ---+--------+--------\n  1  | x      | NULL\n" in stage.log
    assert "\n  (60 rows, 10 not shown)\n" in stage.log
    assert "COMMIT, " in stage.log
    assert stage.said == stage.log
    assert sql("select count(*) from t") == [(60,)]


BODY = tuple(f"{number}abcDEF+{'x9Y8z7W6' * 7}" for number in range(5))
KEY = ("-----BEGIN PRIVATE KEY-----", *BODY, "-----END PRIVATE KEY-----")
GIVEN = {
    "a line a row": f"select n, line from unnest(array{list(KEY)}) with ordinality as t (line, n) order by n",
    "in one cell": "select 1 as n, E'" + "\\n".join(KEY) + "' as line",
    "a line a notice": f"do $$ declare l text; begin foreach l in array array{list(KEY)} loop raise notice '%', l;"
    " end loop; end $$; select 1",
}


@pytest.mark.parametrize("way", GIVEN)
async def test_a_private_key_over_several_lines_is_in_no_transcript_and_no_fact(stage: Stage, way: str) -> None:
    ending = await stage.run(GIVEN[way])
    assert ending.outcome == "succeeded", ending
    assert "‹secret: private key›" in stage.log
    assert "COMMIT, " in stage.log, "what follows is told"
    assert not [line for line in BODY if line[:20] in stage.log + stage.said + str(ending.facts)]


@pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 120])
async def test_rows_that_are_changed_and_given_back_are_counted_as_affected(stage: Stage, sql: Sql, count: int) -> None:
    sql("create table t (id int)")
    ending = await stage.run(f"insert into t select n from generate_series(1, {count}) n returning id")
    assert ending.facts["rows"] == count
    assert f"1/1 INSERT 0 {count}, " in stage.log
    stage.action = "02TEST"
    await stage.run("select id from t")
    assert f"1/1 SELECT {count}, " in stage.log


async def test_files_run_together_and_all_or_nothing(stage: Stage, sql: Sql) -> None:
    (stage.folder / "a.sql").write_text("create table a (n int);\n")
    (stage.folder / "b.sql").write_text(
        "-- second\ninsert into a values (1);\n\ninsert into a\n  values (1, missing);\n"
    )
    ending = await stage.run(files=("a.sql", "b.sql"))
    assert ending.outcome == "failed"
    assert "statement 3 of 3 (`insert into a values (1, missing)`)" in ending.detail
    assert 'column "missing" does not exist' in ending.detail
    assert "(42703)" in ending.detail
    assert "at b.sql:5:14" in ending.detail
    assert ending.detail.endswith("nothing was committed")
    assert sql("select to_regclass('a')") == [(None,)]


async def test_hint_and_detail_of_an_error_are_told(stage: Stage, sql: Sql) -> None:
    sql("create table t (id int primary key, name text); insert into t values (1)")
    ending = await stage.run("insert into t values (1)")
    assert "Key (id)=(1) already exists. (23505)" in ending.detail
    stage.action = "02TEST"
    ending = await stage.run("select nam from t")
    assert "hint: Perhaps you meant to reference the column" in ending.detail


async def test_parameters_are_values_and_positions_stay_those_of_the_file(stage: Stage, sql: Sql) -> None:
    evil = "'; drop table t; --"
    ending = await stage.run(
        "create table t (name text);\ninsert into t values (%(who)s), ('100 % sure');\n"
        "select %(who)s as who, 7 % 4 as n",
        params={"who": "${name}"},
        values={"name": evil},
    )
    assert ending.outcome == "succeeded", ending
    assert ending.facts["result"] == [{"who": evil, "n": 3}]
    assert sql("select name from t") == [(evil,), ("100 % sure",)]
    stage.action = "02TEST"
    ending = await stage.run("select\n %(who)s, %(who)s,  nothing", params={"who": "x"})
    assert "at 2:21" in ending.detail, ending


async def test_a_secret_is_used_and_never_shown(stage: Stage) -> None:
    secret = "s3cret-and-long"
    ending = await stage.run(
        "do $$ begin raise warning 'it is %', current_setting('x.pw', true); end $$; "
        "select set_config('x.pw', %(pw)s, true) as pw; do $$ begin raise '%', current_setting('x.pw'); end $$",
        params={"pw": "${pw}"},
        secrets={"pw": secret},
    )
    assert ending.outcome == "failed"
    assert "‹secret pw›" in ending.detail
    everything = f"{ending} {stage.log} {stage.outputs} {(stage.folder / 'outputs' / '01TEST.sql.json').read_text()}"
    assert secret not in everything
    shown = RUNNER.plan(stage.context("select %(pw)s", params={"pw": "${pw}"}, secrets={"pw": secret})).shown
    assert "-- pw = ‹secret pw›" in shown


async def test_control_characters_of_the_server_do_not_act(stage: Stage) -> None:
    ending = await stage.run("select E'\\x1b[31mred\\nnext' as x; do $$ begin raise notice E'\\x1b]0;t\\x07'; end $$")
    assert ending.outcome == "succeeded", ending
    assert "\x1b" not in stage.log
    assert "␛[31mred␊next" in stage.log


async def test_a_flood_of_rows_and_notices_is_bounded(stage: Stage) -> None:
    ending = await stage.run(
        "select n, repeat('x', 500) as long from generate_series(1, 200000) n;"
        "do $$ begin for i in 1..40000 loop raise notice '% %', i, repeat('y', 100); end loop; end $$;"
    )
    assert ending.outcome == "succeeded", ending
    assert "(200000 rows, 199950 not shown)" in stage.log
    assert all(len(line) <= 200 for line in stage.log.splitlines())
    notices = ending.facts["notices"]
    assert isinstance(notices, list)
    assert len(notices) == 100
    assert len(stage.said) <= 256 * 1024
    left_out = sum(output.skipped_bytes for output in stage.outputs)
    assert left_out + len(stage.said.encode()) == len(stage.log.encode())


async def test_a_row_that_is_too_large_to_hold_ends_the_step_and_not_the_keeper(
    stage: Stage, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "CHUNK_BYTES", 8 << 20)
    ending = await stage.run("create table a (n int); select repeat('a', 20000000) as long")
    assert ending.outcome == "failed"
    assert "statement 2 of 2" in ending.detail
    assert "a row of its answer is larger than 8 MiB; nothing was committed: COMMIT was never sent" in ending.detail
    assert sql("select to_regclass('a')::text") == [(None,)]


async def test_many_rows_pass_where_one_of_their_size_would_not(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "CHUNK_BYTES", 8 << 20)
    ending = await stage.run("select repeat('a', 100000) as long from generate_series(1, 200)")
    assert ending.outcome == "succeeded", ending


async def test_without_a_transaction_each_statement_stays(stage: Stage, sql: Sql) -> None:
    ending = await stage.run("create table a (n int); create table b (n int); select 1/0", transaction=False)
    assert ending.outcome == "failed"
    assert "2 of 3 statements took effect" in ending.detail
    assert sql("select to_regclass('a')::text, to_regclass('b')::text") == [("a", "b")]


async def test_a_script_may_keep_its_own_transactions_but_not_leave_one_open(stage: Stage, sql: Sql) -> None:
    ending = await stage.run("begin; create table a (n int); commit; vacuum a", transaction=False)
    assert ending.outcome == "succeeded", ending
    stage.action = "02TEST"
    ending = await stage.run("begin; create table b (n int)", transaction=False)
    assert ending.outcome == "failed"
    assert "leaves a transaction open" in ending.detail
    assert sql("select to_regclass('a')::text, to_regclass('b')::text") == [("a", None)]


async def test_what_a_scripts_own_transaction_took_back_did_not_take_effect(stage: Stage, sql: Sql) -> None:
    script = "create table a (n int); begin; create table b (n int); select 1/0"
    ending = await stage.run(script, transaction=False)
    assert ending.outcome == "failed"
    assert ending.detail.endswith(
        "1 of 4 statements took effect; the script's own transaction after that was rolled back"
    )
    assert sql("select to_regclass('a')::text, to_regclass('b')::text") == [("a", None)]


async def test_an_error_at_commit_is_a_failure(stage: Stage, sql: Sql) -> None:
    sql("create table p (id int primary key); create table c (id int references p deferrable initially deferred)")
    ending = await stage.run("insert into c values (1)")
    assert ending.outcome == "failed"
    assert "in COMMIT;" in ending.detail
    assert "violates foreign key constraint" in ending.detail
    assert sql("select count(*) from c") == [(0,)]


async def test_an_index_is_made_concurrently_with_its_progress_shown(stage: Stage, sql: Sql, database: str) -> None:
    sql("create table t as select n, md5(n::text) as m from generate_series(1, 1000) n")
    with psycopg.connect(database) as other:
        other.execute("insert into t values (0)")  # a concurrent build waits for this one
        running = stage.begin("create index concurrently i on t (m)", transaction=False, lock_timeout_s=30.0)
        await stage.until(lambda: any("create index: waiting for writers" in line for line in stage.progress))
        await stage.until(lambda: any(line.startswith("blocked by pid") for line in stage.progress))
        other.commit()
    ending = await running
    assert ending.outcome == "succeeded", ending
    assert any(line.startswith("statement 1 of 1: create index concurrently i on t (m), ") for line in stage.progress)
    assert sql("select indisvalid from pg_index where indexrelid = 'i'::regclass") == [(True,)]


async def test_a_lock_wait_names_who_blocks_and_fails_in_time(stage: Stage, sql: Sql, database: str) -> None:
    sql("create table t (n int)")
    with psycopg.connect(database, application_name="nightly report") as other:
        other.execute("lock table t in access exclusive mode")
        ending = await stage.run("update t set n = 1", lock_timeout_s=1.5)
        pid = other.info.backend_pid
    assert ending.outcome == "failed"
    assert "(55P03)" in ending.detail
    assert f"blocked by pid {pid} (" in ending.detail
    assert "nightly report; idle in transaction for" in ending.detail
    assert "lock table t in access exclusive mode" in ending.detail
    assert "waits: Lock relation" in stage.progress
    assert any(line.startswith(f"blocked by pid {pid} ") for line in stage.progress)


async def test_a_lock_that_is_released_in_time_is_only_shown(stage: Stage, sql: Sql, database: str) -> None:
    sql("create table t (n int)")
    with psycopg.connect(database) as other:
        other.execute("lock table t in access exclusive mode")
        running = stage.begin("insert into t values (1)", lock_timeout_s=30.0)
        await stage.until(lambda: any(line.startswith("blocked by") for line in stage.progress))
        other.commit()
    assert (await running).outcome == "succeeded"


async def test_a_statement_that_takes_too_long_is_stopped(stage: Stage, sql: Sql) -> None:
    ending = await stage.run("create table t (n int); select pg_sleep(60)", statement_timeout_s=0.4)
    assert ending.outcome == "timed_out"
    assert "took longer than `statement_timeout` (0.40 s)" in ending.detail
    assert sql("select to_regclass('t')") == [(None,)]


async def test_a_step_that_takes_too_long_is_stopped(stage: Stage, sql: Sql) -> None:
    ending = await stage.run("create table t (n int); select pg_sleep(60)", timeout_s=1.0)
    assert ending.outcome == "timed_out"
    assert "it took longer than `timeout` at statement 2 of 2" in ending.detail
    assert ending.detail.endswith("nothing was committed")
    assert sql("select to_regclass('t')") == [(None,)]


async def test_cancelling_is_confirmed_by_the_server_and_rolls_back(stage: Stage, sql: Sql) -> None:
    running = stage.begin("create table t (n int); select pg_sleep(60)")
    await stage.until(lambda: any(line.startswith("statement 2 of 2") for line in stage.progress))
    running.cancel()
    ending = await running
    assert ending.outcome == "cancelled"
    assert "cancelled at statement 2 of 2" in ending.detail
    assert ending.detail.endswith("nothing was committed")
    assert ending.nothing_done
    assert sql("select to_regclass('t')") == [(None,)]
    assert sql("select count(*) from pg_stat_activity where application_name like 'cockpit 01TEST%'") == [(0,)]


async def test_cancelling_a_concurrent_index_says_what_may_be_left(stage: Stage, sql: Sql, database: str) -> None:
    sql("create table t (n int)")
    with psycopg.connect(database) as other:
        other.execute("insert into t values (0)")
        running = stage.begin("create index concurrently i on t (n)", transaction=False, lock_timeout_s=30.0)
        await stage.until(lambda: any(line.startswith("blocked by") for line in stage.progress))
        running.cancel()
        ending = await running
    assert ending.outcome == "cancelled"
    assert "an invalid index may be left" in ending.detail
    assert not ending.nothing_done


async def test_a_cancel_by_somebody_else_is_a_failure(stage: Stage, sql: Sql) -> None:
    running = stage.begin("select pg_sleep(60)")
    await stage.until(
        lambda: sql("select pg_cancel_backend(pid) from pg_stat_activity where query = 'select pg_sleep(60)'")
    )
    ending = await running
    assert ending.outcome == "failed"
    assert "was cancelled on the server" in ending.detail


async def test_what_cannot_be_sent_is_refused_before_anything_is(stage: Stage) -> None:
    for statements, settings, sentence in (
        ("\\i x.sql", {}, "is a command of psql"),
        ("select %(id)s", {"params": {"id": "${backup}"}}, "parameter `id` needs `backup`, which has no value yet"),
        ("", {"file": "gone.sql"}, "`gone.sql` cannot be read"),
    ):
        assert sentence in RUNNER.plan(stage.context(statements, **settings)).refusal
        ending = await stage.run(statements, **settings)
        assert ending.outcome == "refused"
        assert sentence in ending.detail
    assert not (stage.folder / "outputs").exists()


async def test_a_server_that_cannot_be_reached_is_a_failure_without_the_password(stage: Stage) -> None:
    stage.dsn = "postgresql://ana:hunter22@127.0.0.1:1/virtue"
    ending = await stage.run("select 1", secrets={"pw": "hunter22"})
    assert ending.outcome == "failed"
    assert ending.detail.startswith("nothing was sent: ")
    assert "hunter22" not in ending.detail + stage.log


async def test_a_commit_that_no_standby_confirmed_is_unknown(stage: Stage, sql: Sql) -> None:
    sql("create table t (n int)")
    sql("alter system set synchronous_standby_names = 'nobody'")
    sql("select pg_reload_conf()")
    try:
        await stage.until(lambda: sql("show synchronous_standby_names") == [("nobody",)])
        running = stage.begin("insert into t values (1)")
        await stage.until(lambda: any(line == "committing" for line in stage.progress))
        running.cancel()
        ending = await running
    finally:
        sql("alter system reset synchronous_standby_names")
        sql("select pg_reload_conf()")
    assert ending.outcome == "unknown", ending
    assert "perhaps not on the standby" in ending.detail
    assert sql("select count(*) from t") == [(1,)]


async def test_what_is_asked_to_stop_before_it_began_sends_nothing(stage: Stage, sql: Sql) -> None:
    running = stage.begin("create table t (n int)")
    await asyncio.sleep(0)
    running.cancel()
    ending = await running
    assert isinstance(ending, Ending)
    assert ending.outcome in ("cancelled", "succeeded")
    made = sql("select to_regclass('t') is not null") == [(True,)]
    assert made == (ending.outcome == "succeeded")


@pytest.mark.parametrize("moment", range(8))
async def test_whenever_it_is_cancelled_the_ending_tells_what_was_committed(
    stage: Stage, sql: Sql, moment: int
) -> None:
    sql("create table t (n int)")
    running = stage.begin("insert into t values (1); select pg_sleep(0.05); insert into t values (2)")
    await asyncio.sleep(0.03 * moment)
    running.cancel()
    ending = await running
    count = {"succeeded": 2, "cancelled": 0}[ending.outcome]
    assert sql("select count(*) from t") == [(count,)]
