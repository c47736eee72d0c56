"""A database of its own for each test, and what runs SQL in it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from sql_stage import Stage


@pytest.fixture
def database(postgres_dsn: str) -> Iterator[str]:
    """The DSN of a new, empty database; dropped afterwards, whoever is still connected."""
    name = f"t{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres_dsn, autocommit=True) as admin:
        admin.execute(f"create database {name}")
        yield make_conninfo(postgres_dsn, dbname=name)
        admin.execute(f"drop database {name} with (force)")


@pytest.fixture
def stage(database: str, tmp_path: Path) -> Stage:
    return Stage(database, tmp_path)


@pytest.fixture
def sql(database: str) -> Iterator[Callable[..., list[tuple[object, ...]]]]:
    """Asks the test's database on a connection of its own."""
    with psycopg.connect(database, autocommit=True) as connection:

        def ask(text: str) -> list[tuple[object, ...]]:
            cursor = connection.execute(text)
            return cursor.fetchall() if cursor.description else []

        yield ask
