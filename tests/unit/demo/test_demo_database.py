"""The demo's database, as SQLite: PostgreSQL is tried in tests/integration/demo."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cockpit.demo.database import NEW_SCHEMA, OLD_SCHEMA, Database, open_sqlite


@pytest.fixture
def database(tmp_path: Path):
    database = open_sqlite(tmp_path / "shop.db")
    yield database
    database.close()


def test_the_migration_gives_every_order_its_currency(database: Database, tmp_path: Path):
    database.seed(10)
    database.migrate()
    with closing(sqlite3.connect(tmp_path / "shop.db")) as reader:
        rows = reader.execute("SELECT region, currency FROM orders ORDER BY id").fetchall()
    assert database.schema_version() == NEW_SCHEMA
    assert rows[:5] == [("de", "EUR"), ("fr", "EUR"), ("gb", "GBP"), ("jp", "JPY"), ("us", "USD")]
    assert len(rows) == 10


def test_an_order_from_nowhere_rolls_the_migration_back_wholly(database: Database):
    database.seed(10, with_unknown_region=True)
    with pytest.raises(sqlite3.IntegrityError):
        database.migrate()
    assert database.schema_version() == OLD_SCHEMA
    database.order(1, with_currency=False)  # the old version goes on as before
    assert database.orders() == 11


def test_a_second_migration_changes_nothing(database: Database):
    database.seed(10)
    database.migrate()
    database.migrate()
    assert (database.schema_version(), database.orders()) == (NEW_SCHEMA, 10)


def test_each_version_can_order_on_its_own_schema_only(database: Database):
    database.seed(10)
    with pytest.raises(sqlite3.OperationalError):
        database.order(1, with_currency=True)
    database.migrate()
    with pytest.raises(sqlite3.IntegrityError):
        database.order(1, with_currency=False)
    database.order(1, with_currency=True)
    assert database.orders() == 11


def test_the_backup_holds_every_order(database: Database, tmp_path: Path):
    database.seed(10)
    database.dump(tmp_path / "backup.tsv")
    assert len((tmp_path / "backup.tsv").read_text().splitlines()) == 10
