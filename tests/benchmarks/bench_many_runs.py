"""A store with 1,000 runs and 10,000,000 events beside one with twenty runs, on one server, by turns.

Filling it takes some ten minutes and 20 GB of disk. It waits for no disk meanwhile; what is measured does.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial

import psycopg
from bench_store import server
from figures import Row, paired_ratios, spread
from many_runs import fill, name_of
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cockpit.audit.line import draft
from cockpit.audit.postgres.connecting import connected
from cockpit.audit.postgres.installing import install
from cockpit.audit.postgres.listing import held_in, live_in
from cockpit.audit.postgres.store import PostgresStore, kept_after
from cockpit.run.events import Actor, NoteAdded

FEW = 20
LIVE = name_of(FEW - 1)
"""In both stores."""
ANA = Actor(user="ana", host="bastion-1")


def measure(quick: bool) -> list[Row]:
    """60 runs of 100 lines if `quick`, else 1,000 of 10,000."""
    runs, lines, pairs = (60, 100, 5) if quick else (1000, 10_000, 300)
    with server() as admin_dsn, psycopg.connect(admin_dsn, autocommit=True) as admin:
        _set(admin, fsync="off", full_page_writes="off", max_wal_size="'8GB'", maintenance_work_mem="'512MB'")
        dsns, took_s = filled(admin_dsn, runs, lines)
        _set(admin, fsync="on", full_page_writes="on")
        admin.execute("CHECKPOINT")
        return rows_of(dsns, runs, lines, pairs, took_s)


def filled(admin_dsn: str, runs: int, lines: int) -> tuple[list[str], float]:
    """A database with few runs and one with many, on this server; and the seconds that took."""
    dsns = [make_conninfo(admin_dsn, dbname=name) for name in ("few_runs", "many_runs")]
    began = time.monotonic()
    for dsn, count in zip(dsns, (FEW, runs), strict=True):
        with psycopg.connect(admin_dsn, autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {conninfo_to_dict(dsn)['dbname']}")
        install(dsn)
        fill(dsn, count, lines)
    return dsns, time.monotonic() - began


def rows_of(dsns: list[str], runs: int, lines: int, pairs: int, took_s: float) -> list[Row]:
    """All of them."""
    return [*_rows(dsns, pairs), *_list_rows(dsns[1], runs, lines, took_s)]


def _set(admin: psycopg.Connection[tuple[object, ...]], **settings: str) -> None:
    for name, value in settings.items():
        admin.execute(f"ALTER SYSTEM SET {name} = {value}".encode())
    admin.execute("SELECT pg_reload_conf()")


def _rows(dsns: list[str], pairs: int) -> list[Row]:
    """What one run costs there, beside what it costs where there are few."""
    stores = [PostgresStore.open(dsn, LIVE) for dsn in dsns]
    tails = [connected(dsn) for dsn in dsns]

    def append(at: int) -> None:
        stores[at].append(None, draft(NoteAdded(text="a note"), ANA))

    def follow(at: int) -> None:
        head = stores[at].head
        assert head is not None
        assert len(kept_after(tails[at], LIVE, head.seq - 20, 500)) == 20

    acts: dict[str, Callable[[int], object]] = {
        "opening": lambda at: PostgresStore.open(dsns[at], LIVE).close(),
        "appending": append,
        "following": follow,
        "listing the newest 20": lambda at: held_in(dsns[at], 20),
    }
    rows = []
    for name, act in acts.items():
        few, many = (partial(_timed, partial(act, at)) for at in (0, 1))
        paired_ratios(many, few, 5)  # warm
        ratios = paired_ratios(many, few, pairs)
        rows.append(Row(f"many runs: {name} / the same where there are {FEW}", statistics.median(ratios), 1.25, "x",
                        spread(ratios)))  # fmt: skip
    for each in (*stores, *tails):
        each.close()
    return rows


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _list_rows(dsn: str, runs: int, lines: int, filled_s: float) -> list[Row]:
    with psycopg.connect(dsn) as admin:
        row = admin.execute("SELECT count(*), pg_database_size(current_database()) FROM cockpit.lines").fetchone()
    assert row is not None
    detail = f"{runs} runs, {row[0]} lines, {row[1] / 1e9:.1f} GB, filled in {filled_s:.0f} s"
    assert row[0] >= runs * lines
    whole = [_timed(lambda: held_in(dsn)) for _ in range(5)]
    live = [_timed(lambda: live_in(dsn)) for _ in range(5)]
    alive = f"{len(live_in(dsn))} live"
    return [
        Row("many runs: listing all of them", 1e3 * statistics.median(whole), 1000.0, "ms", detail),
        Row("many runs: listing the live ones", 1e3 * statistics.median(live), 200.0, "ms", alive),
    ]
