"""`postgres` against a real server."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import time
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from looks import HANGS_S
from probe_reading import KINDS, read

from cockpit.probes.postgres.runner import open_runner
from cockpit.probes.runner import Context, context_of, filled_settings
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


async def test_a_probe_that_is_read_rarely_holds_no_connection(postgres_dsn: str) -> None:
    kind = KINDS.probes["postgres"]
    query = "select 1 where current_setting('application_name') = 'cockpit'"

    async def is_held(**rarely: Any) -> bool:
        probe = Probe(id="it", kind="postgres", settings={"dsn": postgres_dsn, "query": query}, **rarely)
        runner = await open_runner(filled_settings(probe, kind, {}), context_of(probe, Path()))
        before = _sessions(postgres_dsn)
        assert (await runner.read())["value"] == 1
        assert (await runner.read())["value"] == 1
        is_more = await asyncio.to_thread(_stays_above, postgres_dsn, before)
        await runner.close()
        return is_more

    assert await is_held()
    assert not await is_held(on_demand=True)
    assert not await is_held(interval_s=300.0)


def _stays_above(dsn: str, before: int) -> bool:
    """A server notices a moment later that a client has gone."""
    give_up = time.monotonic() + 1.0
    while (is_above := _sessions(dsn) > before) and time.monotonic() < give_up:
        time.sleep(0.02)
    return is_above


def _sessions(dsn: str) -> int:
    query = "select count(*) from pg_stat_activity where application_name = 'cockpit' and state = 'idle'"
    with psycopg.connect(dsn, autocommit=True) as other:
        row = other.execute(query).fetchone()
    assert row is not None
    return int(row[0])


async def test_a_query_that_takes_too_long_ends_at_the_timeout(postgres_dsn: str) -> None:
    began = time.monotonic()
    result = await read("postgres", {"dsn": postgres_dsn, "query": "select pg_sleep(90)"}, timeout_s=0.5)
    assert time.monotonic() - began < HANGS_S
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
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await runner.read()
        assert time.monotonic() - began < HANGS_S
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


async def test_a_frozen_server_that_only_accepts_connections_costs_no_more_than_the_timeout(postgres_dsn: str) -> None:
    with psycopg.connect(postgres_dsn, autocommit=True) as other:
        backend = psutil.Process(other.info.backend_pid)
        postmaster = backend.parent()
    assert postmaster is not None
    postmaster.send_signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        frozen = await read("postgres", {"dsn": postgres_dsn}, timeout_s=0.5)
        assert time.monotonic() - began < HANGS_S
        assert frozen.reading.detail == "no answer within 0.5 s"
    finally:
        postmaster.send_signal(signal.SIGCONT)
    again = await read("postgres", {"dsn": postgres_dsn})
    assert again.reading.status == "pass", again


async def test_a_large_answer_passes_by_and_is_never_held(postgres_dsn: str) -> None:
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    query = "select repeat('x', 10000), n from generate_series(1, 20000) n"
    result = await read(
        "postgres",
        {"dsn": postgres_dsn, "query": query},
        timeout_s=30.0,
        pass_when=("row_count == 20000", "size(rows) == 6"),
        value="row_count",
    )
    assert result.reading.status == "pass", result
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 60_000


async def test_options_of_the_dsn_are_kept_beside_ours(postgres_dsn: str) -> None:
    mark = "&" if "?" in postgres_dsn else "?"
    dsn = f"{postgres_dsn}{mark}options=-c%20search_path%3Dpg_catalog"
    result = await read("postgres", {"dsn": dsn, "query": "show search_path"}, pass_when=("value == 'pg_catalog'",))
    assert result.reading.status == "pass", result
    writing = await read("postgres", {"dsn": dsn, "query": "create table written (n int)"})
    assert "read-only transaction" in writing.reading.detail


async def test_one_query_is_one_statement(postgres_dsn: str) -> None:
    result = await read(
        "postgres", {"dsn": postgres_dsn, "query": "set default_transaction_read_only = off; create table w (n int)"}
    )
    assert result.reading.status == "error"
    assert "multiple commands" in result.reading.detail


async def test_values_of_every_kind_reach_conditions(postgres_dsn: str) -> None:
    query = (
        "select 1.5::numeric as part, 12::numeric as whole, null as nothing, true as yes, now() as at, "
        "array[1,2] as list, '{\"a\": [1]}'::jsonb as doc, '\\x00ff'::bytea as raw, 9e30::numeric as big, "
        "'7f3a0000-0000-0000-0000-000000000000'::uuid as id, interval '90 s' as took, 'NaN'::float8 as nan"
    )
    conditions = (
        "rows[0].part == 1.5",
        "rows[0].whole == 12",
        "rows[0].nothing == null",
        "rows[0].yes == true",
        "rows[0].list[1] == 2",
        "rows[0].doc.a[0] == 1",
        "rows[0].raw == '2 bytes'",
        "rows[0].big > 1e30",
        "rows[0].id.startsWith('7f3a')",
        "rows[0].took == '0:01:30'",
        "rows[0].nan != rows[0].nan",
        "rows[0].at.startsWith('20')",
    )
    result = await read("postgres", {"dsn": postgres_dsn, "query": query}, pass_when=conditions)
    assert result.reading.status == "pass", result


async def test_characters_that_would_cut_a_password_in_two_are_refused_without_showing_it() -> None:
    for password in ("h0rse@battery", "h0rse/battery", "h0rse#battery", "h0rse?battery", "h0rse/@battery"):
        result = await read("postgres", {"dsn": "${dsn}"}, values={"dsn": f"postgresql://ana:{password}@db/shop"})
        assert result.reading.status == "error"
        assert "has to be escaped" in result.reading.detail
        assert "h0rse" not in result.reading.detail
        assert "battery" not in result.reading.detail
