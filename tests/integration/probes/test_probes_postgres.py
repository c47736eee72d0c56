"""`postgres` against a real server."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import psycopg
from probe_reading import KINDS, read

from cockpit.probes.postgres.runner import open_runner
from cockpit.probes.runner import Context, filled_settings
from cockpit.profile.model import Probe


async def test_rows_value_and_time_are_facts(postgres_dsn: str) -> None:
    result = await read(
        "postgres",
        {"dsn": "${dsn}", "query": "select n, 'row ' || n as name from generate_series(1, 150) n"},
        values={"dsn": postgres_dsn},
        pass_when=(
            "value == 1",
            "row_count == 150",
            "size(rows) == 100",
            "rows[1].name == 'row 2'",
            "latency_ms > 0.0",
        ),
    )
    assert result.reading.status == "pass", result
    assert result.reading.value == 1


async def test_parameters_are_values_and_never_sql(postgres_dsn: str) -> None:
    result = await read(
        "postgres",
        {"dsn": postgres_dsn, "query": "select %s::text as said", "params": ["'; drop table x; --"]},
        pass_when=('value == "\'; drop table x; --"',),
    )
    assert result.reading.status == "pass", result


async def test_nothing_can_be_written(postgres_dsn: str) -> None:
    result = await read("postgres", {"dsn": postgres_dsn, "query": "create table written (n int)"})
    assert result.reading.status == "error"
    assert "read-only transaction" in result.reading.detail


async def test_the_connection_is_named_and_never_idle_in_a_transaction(postgres_dsn: str) -> None:
    kind = KINDS.probes["postgres"]
    probe = Probe(id="it", kind="postgres", settings={"dsn": postgres_dsn, "query": "select 1"})
    runner = await open_runner(filled_settings(probe, kind, {}), Context(Path(), 5.0))
    await runner.read()
    with psycopg.connect(postgres_dsn, autocommit=True) as other:
        rows = other.execute("select state from pg_stat_activity where application_name = 'cockpit'").fetchall()
    await runner.close()
    assert ("idle",) in rows
    assert {state for (state,) in rows} <= {"idle", "active"}


async def test_a_query_that_takes_too_long_ends_at_the_timeout(postgres_dsn: str) -> None:
    began = time.monotonic()
    result = await read("postgres", {"dsn": postgres_dsn, "query": "select pg_sleep(30)"}, timeout_s=0.5)
    assert time.monotonic() - began < 3
    assert result.reading.status == "error"
    with psycopg.connect(postgres_dsn, autocommit=True) as other:
        for _ in range(100):
            (count,) = other.execute(
                "select count(*) from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'"
            ).fetchone() or (0,)
            if count == 0:
                return
            await asyncio.sleep(0.05)
    raise AssertionError("the query still runs on the server")


async def test_a_frozen_server_costs_no_more_than_the_timeout_and_is_asked_again_later(postgres_dsn: str) -> None:
    kind = KINDS.probes["postgres"]
    probe = Probe(id="it", kind="postgres", settings={"dsn": postgres_dsn, "query": "select pg_backend_pid()"})
    runner = await open_runner(filled_settings(probe, kind, {}), Context(Path(), 1.0))
    pid = (await runner.read())["value"]
    assert isinstance(pid, int)
    os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        try:
            async with asyncio.timeout(0.5):
                await runner.read()
        except TimeoutError:
            pass
        else:
            raise AssertionError("a frozen server answered")
        assert time.monotonic() - began < 1.5
        again = await runner.read()
        assert again["value"] != pid
    finally:
        os.kill(pid, signal.SIGCONT)
        await runner.close()


async def test_a_server_that_is_not_there_is_said_without_the_password() -> None:
    result = await read(
        "postgres", {"dsn": "${dsn}"}, values={"dsn": "postgresql://ana:h0rse-battery@127.0.0.1:1/shop"}
    )
    assert result.reading.status == "error"
    assert result.reading.detail.startswith("postgresql://127.0.0.1:1/shop: ")
    assert "h0rse" not in result.reading.detail


async def test_a_dsn_that_is_none_is_said_without_showing_it() -> None:
    result = await read("postgres", {"dsn": "${dsn}"}, values={"dsn": "nonsense h0rse"})
    assert result.reading.status == "error"
    assert "h0rse" not in result.reading.detail
