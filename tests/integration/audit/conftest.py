"""A store in a real PostgreSQL, empty for each test, and people who may write to it or read it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from systems import replicas

from cockpit.audit.postgres.installing import install

_numbers = count(1)
PEOPLE = ("ana", "carl")


@pytest.fixture(scope="session")
def empty_store(postgres_dsn: str) -> str:
    """The name of a database with the schema and nothing else: a template."""
    with psycopg.connect(postgres_dsn, autocommit=True) as admin:
        admin.execute("CREATE DATABASE store_template")
        install(make_conninfo(postgres_dsn, dbname="store_template"))
        admin.execute("CREATE ROLE store_ana LOGIN IN ROLE cockpit_writer")
        admin.execute("CREATE ROLE store_carl LOGIN IN ROLE cockpit_reader")
    return "store_template"


@pytest.fixture
def admin_dsn(postgres_dsn: str, empty_store: str) -> Iterator[str]:
    """A store of its own, as a superuser."""
    name = f"store_{next(_numbers)}"
    with psycopg.connect(postgres_dsn, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {empty_store}")
        yield make_conninfo(postgres_dsn, dbname=name)
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Path]:
    """A stopped cluster with the store, of which pairs are made."""
    with tempfile.TemporaryDirectory(prefix="cockpit-pg-") as folder:
        Path(folder).chmod(0o755)
        if obstacle := replicas.obstacle(Path(folder)):
            pytest.skip(obstacle)
        yield replicas.make_template(Path(folder))


@pytest.fixture
def pair(cluster: Path) -> Iterator[replicas.Pair]:
    """A primary and its streaming replica."""
    with (
        tempfile.TemporaryDirectory(prefix="cockpit-pg-") as folder,
        replicas.pair(cluster, Path(folder)) as both,
    ):
        yield both


@pytest.fixture
def store_dsn(admin_dsn: str) -> str:
    """The same, as somebody who may add lines and no more."""
    return make_conninfo(admin_dsn, user="store_ana")
