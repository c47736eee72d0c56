"""Steps of SQL whose connection, server or keeper goes away: what is said of them is what happened."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from sql_stage import Proxy, Stage

from cockpit.actions.runner import DETACH, Ending, Output
from cockpit.actions.sql.keeping import Kept, keep, kept_path, recall
from cockpit.actions.sql.runner import RUNNER, SqlRunner
from cockpit.actions.sql.transcript import Transcript

Sql = Callable[[str], list[tuple[object, ...]]]
_SLOW_COMMIT = """create table slow (n int);
create function wait() returns trigger language plpgsql as $$ begin perform pg_sleep(60); return null; end $$;
create constraint trigger wait after insert on slow deferrable initially deferred
  for each row execute function wait()"""


@pytest.fixture
async def proxy(database: str, stage: Stage) -> AsyncIterator[Proxy]:
    """In front of the server, for the stage."""
    proxy = Proxy(database)
    stage.dsn = await proxy.start()
    yield proxy
    await proxy.stop()


def backend(sql: Sql) -> int:
    """The server process of the step."""
    rows = sql("select pid from pg_stat_activity where application_name = 'cockpit 01TEST' and state = 'active'")
    assert isinstance(rows[0][0], int)
    return rows[0][0]


async def test_a_statement_whose_server_process_is_terminated_commits_nothing(stage: Stage, sql: Sql) -> None:
    running = stage.begin("create table t (n int); select pg_sleep(60)")
    await stage.until(lambda: any(line.startswith("statement 2 of 2") for line in stage.progress))
    sql(f"select pg_terminate_backend({backend(sql)})")
    ending = await running
    assert ending.outcome == "failed"
    assert "the connection was lost at statement 2 of 2" in ending.detail
    assert "nothing was committed: COMMIT was never sent" in ending.detail
    assert sql("select to_regclass('t')") == [(None,)]


async def test_what_fails_here_leaves_no_transaction_open_there(
    stage: Stage, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Transcript, text: str) -> None:
        raise RuntimeError("a fault of our own")

    monkeypatch.setattr(Transcript, "say", broken)
    with pytest.raises(RuntimeError) as fault:  # held here, and with it everything that it knows
        await stage.begin("create table t (n int)")
    assert str(fault.value) == "a fault of our own"
    await stage.until(
        lambda: sql("select count(*) from pg_stat_activity where application_name = 'cockpit 01TEST'") == [(0,)]
    )
    assert sql("select to_regclass('t')") == [(None,)]


async def test_without_a_transaction_a_lost_statement_is_unknown(stage: Stage, sql: Sql) -> None:
    running = stage.begin("create table t (n int); select pg_sleep(60)", transaction=False)
    await stage.until(lambda: any(line.startswith("statement 2 of 2") for line in stage.progress))
    sql(f"select pg_terminate_backend({backend(sql)})")
    ending = await running
    assert ending.outcome == "unknown"
    assert "1 of 2 statements took effect; whether this one took effect is not known" in ending.detail


async def test_a_line_that_is_cut_in_a_statement_commits_nothing(stage: Stage, sql: Sql, proxy: Proxy) -> None:
    running = stage.begin("create table t (n int); select pg_sleep(60)")
    await stage.until(lambda: any(line.startswith("statement 2 of 2") for line in stage.progress))
    proxy.cut()
    ending = await running
    assert ending.outcome == "failed"
    assert "COMMIT was never sent" in ending.detail
    await stage.until(
        lambda: sql("select count(*) from pg_stat_activity where application_name like 'cockpit 01TEST%'") == [(0,)]
    )


async def test_a_commit_whose_answer_is_lost_is_found_committed(stage: Stage, sql: Sql, proxy: Proxy) -> None:
    proxy.cut_at = b"commit\x00"
    ending = await stage.run("create table t (n int)")
    assert proxy.was_cut.is_set()
    assert ending.outcome == "succeeded", ending
    assert "is committed, as the server said afterwards" in ending.detail
    assert sql("select to_regclass('t')::text") == [("t",)]


async def test_a_commit_that_never_arrived_is_found_rolled_back(stage: Stage, sql: Sql, proxy: Proxy) -> None:
    proxy.cut_at, proxy.swallow = b"commit\x00", True
    ending = await stage.run("create table t (n int)")
    assert proxy.was_cut.is_set()
    assert ending.outcome == "failed", ending
    assert "was rolled back, as the server said afterwards" in ending.detail
    assert sql("select to_regclass('t')") == [(None,)]


async def test_a_commit_that_nobody_can_be_asked_about_is_unknown(stage: Stage, sql: Sql, proxy: Proxy) -> None:
    proxy.cut_at, proxy.swallow = b"commit\x00", True
    context = stage.context("create table t (n int)")
    running = asyncio.create_task(SqlRunner(settle_s=1.0).run(context, stage.outputs.append))
    await proxy.was_cut.wait()
    proxy.is_down = True
    ending = await running
    assert ending.outcome == "unknown"
    assert "the server could not be asked" in ending.detail


async def test_a_server_process_terminated_in_its_commit_is_found_rolled_back(stage: Stage, sql: Sql) -> None:
    sql(_SLOW_COMMIT)
    running = stage.begin("insert into slow values (1)")
    await stage.until(lambda: "committing" in stage.progress)
    sql(f"select pg_terminate_backend({backend(sql)})")
    ending = await running
    assert ending.outcome == "failed", ending
    assert "was rolled back, as the server said afterwards" in ending.detail
    assert sql("select count(*) from slow") == [(0,)]


async def test_a_commit_is_cancelled_only_by_the_servers_own_word(stage: Stage, sql: Sql) -> None:
    sql(_SLOW_COMMIT)
    running = stage.begin("insert into slow values (1)")
    await stage.until(lambda: "committing" in stage.progress)
    running.cancel()
    ending = await running
    assert ending.outcome == "cancelled"
    assert "cancelled at COMMIT; nothing was committed" in ending.detail
    assert sql("select count(*) from slow") == [(0,)]


async def test_a_server_process_terminated_while_it_waits_for_a_standby_is_unknown(stage: Stage, sql: Sql) -> None:
    sql("create table t (n int)")
    sql("alter system set synchronous_standby_names = 'nobody'")
    sql("select pg_reload_conf()")
    try:
        await stage.until(lambda: sql("show synchronous_standby_names") == [("nobody",)])
        running = stage.begin("insert into t values (1)")
        await stage.until(lambda: "committing" in stage.progress)
        sql(f"select pg_terminate_backend({backend(sql)})")
        ending = await running
    finally:
        sql("alter system reset synchronous_standby_names")
        sql("select pg_reload_conf()")
    assert ending.outcome == "unknown", ending
    assert "is committed here, perhaps not on the standby" in ending.detail


async def test_a_frozen_server_is_left_when_it_does_not_answer_a_cancel(stage: Stage, sql: Sql) -> None:
    context = stage.context("create table t (n int); select pg_sleep(60)")
    running = asyncio.create_task(SqlRunner(patience_s=1.0).run(context, stage.outputs.append))
    await stage.until(lambda: any(line.startswith("statement 2 of 2") for line in stage.progress))
    pid = backend(sql)
    os.kill(pid, signal.SIGSTOP)
    try:
        running.cancel()
        ending = await running
    finally:
        os.kill(pid, signal.SIGCONT)
    assert ending.outcome == "failed"
    assert "cancelled, and the server did not answer in time" in ending.detail
    assert "COMMIT was never sent" in ending.detail
    await stage.until(lambda: sql(f"select count(*) from pg_stat_activity where pid = {pid}") == [(0,)])
    assert sql("select to_regclass('t')") == [(None,)]


async def test_a_keeper_that_ends_rolls_back_and_leaves_the_ending(stage: Stage, sql: Sql) -> None:
    running = stage.begin("create table t (n int); select pg_sleep(60)")
    await stage.until(lambda: any(line.startswith("statement 2 of 2") for line in stage.progress))
    running.cancel(DETACH)
    with pytest.raises(asyncio.CancelledError):
        await running
    ending = await RUNNER.adopt(stage.context(), stage.outputs.append)
    assert ending is not None
    assert ending.outcome == "cancelled"
    stage.check(ending)
    assert sql("select to_regclass('t')") == [(None,)]


@pytest.fixture
def keeper(stage: Stage) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a keeper of its own process."""
    begun: list[subprocess.Popen[str]] = []

    def start(statements: str, **settings: object) -> subprocess.Popen[str]:
        arguments = [stage.dsn, str(stage.folder), json.dumps({"statements": statements, **settings})]
        path = Path(__file__).with_name("sql_keeper.py")
        begun.append(subprocess.Popen([sys.executable, str(path), *arguments], stdout=subprocess.PIPE, text=True))
        return begun[-1]

    yield start
    for process in begun:
        process.kill()
        process.communicate()


async def adopt(stage: Stage, **context: object) -> Ending:
    ending = await RUNNER.adopt(stage.context(**context), stage.outputs.append)  # type: ignore[arg-type]
    assert ending is not None
    stage.check(ending)
    return ending


async def killed_in(
    stage: Stage, sql: Sql, keeper: Callable[..., subprocess.Popen[str]], query: str, script: str, **settings: object
) -> None:
    """A keeper is killed while the server is at `query`."""
    process = keeper(script, **settings)
    at_it = f"""select 1 from pg_stat_activity
        where application_name = 'cockpit 01TEST' and state = 'active' and query = '{query}'"""
    await stage.until(lambda: sql(at_it) or process.poll() is not None)
    process.kill()
    process.wait()


async def test_a_killed_keepers_transaction_is_waited_for_and_was_rolled_back(
    stage: Stage, sql: Sql, keeper: Callable[..., subprocess.Popen[str]]
) -> None:
    script = "create table t (n int); select pg_sleep(4)"
    await killed_in(stage, sql, keeper, "select pg_sleep(4)", script)
    ending = await adopt(stage)
    assert ending.outcome == "failed"
    assert "COMMIT was never sent, and its server process is gone" in ending.detail
    assert any("is still at it" in line for line in stage.progress)
    assert sql("select to_regclass('t')") == [(None,)]


async def test_a_keeper_killed_in_its_commit_is_settled_by_the_transactions_id(
    stage: Stage, sql: Sql, keeper: Callable[..., subprocess.Popen[str]]
) -> None:
    sql(_SLOW_COMMIT.replace("60", "1.5"))
    await killed_in(stage, sql, keeper, "commit", "insert into slow values (1)")
    ending = await adopt(stage)
    count = {"succeeded": 1, "failed": 0}[ending.outcome]
    assert "COMMIT was sent; transaction " in ending.detail
    assert sql("select count(*) from slow") == [(count,)]


async def test_without_a_transaction_a_killed_keepers_step_is_unknown(
    stage: Stage, sql: Sql, keeper: Callable[..., subprocess.Popen[str]]
) -> None:
    script = "create table t (n int); select pg_sleep(2)"
    await killed_in(stage, sql, keeper, "select pg_sleep(2)", script, transaction=False)
    ending = await adopt(stage)
    assert ending.outcome == "unknown"
    assert "statement 2 of 2 was under way, without a transaction" in ending.detail


async def test_a_keeper_that_comes_after_hears_the_ending_that_was_kept(stage: Stage) -> None:
    first = await stage.run("select 1 as one")
    again = await adopt(stage)
    assert again == first


async def test_nothing_kept_is_nothing_known(stage: Stage) -> None:
    assert await RUNNER.adopt(stage.context(), stage.outputs.append) is None


async def test_a_transaction_id_of_another_timeline_says_nothing(stage: Stage, sql: Sql) -> None:
    xid = str(sql("select pg_current_xact_id()::text")[0][0])
    committing = Kept(stage="committing", pid=1, backend_start="long ago", xid=xid, timeline="00000009")
    keep(kept_path(stage.folder, stage.action), committing)
    ending = await adopt(stage)
    assert ending.outcome == "unknown"
    assert "a standby took over" in ending.detail


async def test_a_server_that_does_not_say_its_timeline_runs_sql_but_settles_nothing(
    stage: Stage, sql: Sql, proxy: Proxy
) -> None:
    sql("revoke execute on function pg_walfile_name(pg_lsn), pg_control_system() from public")
    sql("drop role if exists modest")
    sql("create role modest login")
    sql("grant create on schema public to modest")
    stage.dsn = make_conninfo(stage.dsn, user="modest")
    try:
        assert (await stage.run("create table a (n int)")).outcome == "succeeded"
        stage.action = "02TEST"
        proxy.cut_at = b"commit\x00"
        ending = await stage.run("create table b (n int)")
    finally:
        sql("drop owned by modest")
        sql("drop role modest")
    assert ending.outcome == "unknown", ending
    assert "does not say whether a standby took over" in ending.detail


async def test_a_keeper_killed_before_it_sent_anything_did_nothing(stage: Stage) -> None:
    keep(kept_path(stage.folder, stage.action), Kept(stage="connecting"))
    assert (await adopt(stage)).outcome == "failed"


async def test_waiting_for_a_dead_keepers_transaction_can_be_ended(stage: Stage, database: str, sql: Sql) -> None:
    with psycopg.connect(database) as other:
        pid, began = other.execute(
            "select pid, backend_start::text from pg_stat_activity where pid = pg_backend_pid()"
        ).fetchone() or (0, "")
        keep(kept_path(stage.folder, stage.action), Kept(stage="running", pid=pid, backend_start=began))
        heard: list[Output] = []
        waiting = asyncio.create_task(RUNNER.adopt(stage.context(), heard.append))
        await stage.until(lambda: heard)
        waiting.cancel()
        ending = await waiting
    assert ending is not None
    assert ending.outcome == "unknown"
    assert "was not waited for" in ending.detail


async def test_what_is_kept_holds_the_transactions_id_before_commit_is_sent(stage: Stage, sql: Sql) -> None:
    sql(_SLOW_COMMIT)
    running = stage.begin("insert into slow values (1)")
    await stage.until(lambda: "committing" in stage.progress)
    path = kept_path(stage.folder, stage.action)
    kept = recall(path)
    assert kept is not None
    assert (kept.stage, kept.pid) == ("committing", backend(sql))
    assert sql(f"select pg_xact_status('{kept.xid}'::xid8)") == [("in progress",)]
    assert path.stat().st_mode & 0o777 == 0o600
    running.cancel()
    await running
