"""That the benchmark of several hosts measures what it says; never how well it went."""

from __future__ import annotations

import bench_hosts
import psycopg
import pytest
from bench_pairing import ANSWER_S
from bench_store import prepared
from psycopg.conninfo import make_conninfo

pytestmark = [pytest.mark.benchmark, pytest.mark.xdist_group("store")]


def database(dsn: str, name: str) -> str:
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    return prepared(make_conninfo(dsn, dbname=name))


def test_keepers_and_seats_are_counted(postgres_dsn: str) -> None:
    missed, still, connections, server = bench_hosts.crowd_rows(database(postgres_dsn, "bench_crowd"), 1, 1, 1.0)
    assert missed.detail.startswith(tuple("123456789"))
    assert still.measured in (0, 1)  # in one second the one seat may well have been told of nothing yet
    assert still.detail == ""
    assert 3 <= connections.measured <= connections.limit
    assert server.measured < 200  # of a server with one run, next to nothing, and in ticks of 10 ms


@pytest.mark.many
def test_a_note_is_timed_from_a_key_on_one_host_to_another_hosts_screen(postgres_dsn: str) -> None:
    median, late = bench_hosts.pair_rows(database(postgres_dsn, "bench_pair"), 3)
    assert 1 < median.measured <= late.measured < 1e3 * ANSWER_S
