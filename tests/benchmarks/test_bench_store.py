"""That the store's benchmarks measure what they say; never how well it went. On a server that waits for no disk."""

from __future__ import annotations

import bench_many_runs
import bench_store
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

pytestmark = [pytest.mark.benchmark, pytest.mark.xdist_group("store")]


def test_appends_and_events_are_compared_with_what_is_bare(postgres_dsn: str) -> None:
    with psycopg.connect(postgres_dsn, autocommit=True) as admin:
        admin.execute("CREATE DATABASE bench_store")
    dsn = bench_store.prepared(make_conninfo(postgres_dsn, dbname="bench_store"))
    plain, copied = bench_store.append_rows(dsn, 15)
    median, late = bench_store.event_rows(dsn, 10)
    assert 0.3 < plain.measured < 30, plain
    assert 0.3 < copied.measured < 30, copied
    assert 0.3 < median.measured < 100, median
    assert late.measured > 0.1


def test_a_store_with_many_runs_is_compared_with_one_that_has_few(postgres_dsn: str) -> None:
    dsns, took_s = bench_many_runs.filled(postgres_dsn, 60, 100)
    rows = bench_many_runs.rows_of(dsns, 60, 100, 5, took_s)
    assert [row.unit for row in rows] == ["x"] * 4 + ["ms"] * 2
    assert all(row.measured > 0 for row in rows)
    assert "60 runs" in rows[-2].detail
    assert "3 live" in rows[-1].detail
