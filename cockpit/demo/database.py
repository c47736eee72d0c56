"""The demo's database: orders, and the migration that gives each one a currency.

PostgreSQL where the extra `demo` is installed, else SQLite from the standard library; the same statements mean the same
on both. The migration is one transaction: if a single order has a region that no currency belongs to, the column's
NOT NULL refuses it and nothing has changed.

Calls block; callers use a thread.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import psycopg

OLD_SCHEMA, NEW_SCHEMA = 6, 7
_CURRENCIES = {"de": "EUR", "fr": "EUR", "gb": "GBP", "jp": "JPY", "us": "USD"}
_REGIONS = tuple(_CURRENCIES)
_CURRENCY = "CASE region " + " ".join(f"WHEN '{region}' THEN '{code}'" for region, code in _CURRENCIES.items()) + " END"
_SEED = (
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, region TEXT NOT NULL, cents INTEGER NOT NULL)",
    "CREATE TABLE schema_version (version INTEGER NOT NULL)",
    f"INSERT INTO schema_version VALUES ({OLD_SCHEMA})",
)
_MIGRATION = (
    "ALTER TABLE orders RENAME TO orders_before",
    (
        "CREATE TABLE orders "
        "(id INTEGER PRIMARY KEY, region TEXT NOT NULL, cents INTEGER NOT NULL, currency TEXT NOT NULL)"
    ),
    f"INSERT INTO orders SELECT id, region, cents, {_CURRENCY} FROM orders_before",
    "DROP TABLE orders_before",
    f"UPDATE schema_version SET version = {NEW_SCHEMA}",
)
DatabaseError = (sqlite3.Error, psycopg.Error)
"""What a statement that fails raises."""


class Connection(Protocol):
    """What sqlite3 and psycopg connections have in common here."""

    def execute(self, query: Any, /) -> Any:
        """Run one statement and return its cursor."""

    def close(self) -> None:
        """Let go of it."""


class Database:
    """Orders in a real database. Thread-safe."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = Lock()

    def seed(self, count: int = 400, *, with_unknown_region: bool = False) -> None:
        """Create the tables as the old version has them, with `count` orders."""
        regions = [_REGIONS[n % len(_REGIONS)] for n in range(count)]
        if with_unknown_region:
            regions[count // 2] = "zz"
        rows = ", ".join(f"({n}, '{region}', {100 + 7 * n})" for n, region in enumerate(regions, 1))
        self._in_transaction(*_SEED, f"INSERT INTO orders VALUES {rows}")

    def migrate(self) -> None:
        """Give every order its currency, or change nothing and raise one of `DatabaseError`.

        A second time it does nothing.
        """
        if self.schema_version() == OLD_SCHEMA:
            self._in_transaction(*_MIGRATION)

    def restore(self, backup: Path) -> None:
        """Bring the old table back as the backup has it, or change nothing and raise one of `DatabaseError`.

        Orders taken since are lost. A second time it does nothing.
        """
        if self.schema_version() == OLD_SCHEMA:
            return
        rows = (line.split("\t") for line in backup.read_text().splitlines())
        values = ", ".join(f"({int(number)}, '{region}', {int(cents)})" for number, region, cents in rows)
        self._in_transaction(
            "DROP TABLE orders",
            _SEED[0],
            f"INSERT INTO orders VALUES {values}",
            f"UPDATE schema_version SET version = {OLD_SCHEMA}",
        )

    def order(self, number: int, *, with_currency: bool) -> None:
        """Write one order down, the way the old or the new version does. Raises one of `DatabaseError`."""
        region = _REGIONS[number % len(_REGIONS)]
        names, row = "id, region, cents", f"coalesce(max(id), 0) + 1, '{region}', {100 + number % 900}"
        if with_currency:
            names, row = f"{names}, currency", f"{row}, '{_CURRENCIES[region]}'"
        self._in_transaction(f"INSERT INTO orders ({names}) SELECT {row} FROM orders")

    def schema_version(self) -> int:
        """Which version the schema has: `OLD_SCHEMA` or `NEW_SCHEMA`."""
        return self._number("SELECT version FROM schema_version")

    def orders(self) -> int:
        """How many orders there are."""
        return self._number("SELECT count(*) FROM orders")

    def dump(self, path: Path) -> None:
        """Write every order to `path`, one a line: the backup."""
        with self._lock:
            rows = self._connection.execute("SELECT id, region, cents FROM orders ORDER BY id").fetchall()
        path.write_text("".join(f"{number}\t{region}\t{cents}\n" for number, region, cents in rows))

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _number(self, query: str) -> int:
        with self._lock:
            return int(self._connection.execute(query).fetchone()[0])

    def _in_transaction(self, *statements: str) -> None:
        with self._lock:
            self._connection.execute("BEGIN")
            try:
                for statement in statements:
                    self._connection.execute(statement)
            except DatabaseError:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")


def open_sqlite(path: Path) -> Database:
    """A database in one file. Transactions are begun by hand, and any thread may use it, one at a time."""
    return Database(sqlite3.connect(path, isolation_level=None, check_same_thread=False))


def open_postgres(dsn: str) -> Database:
    """A database on a PostgreSQL server. Transactions are begun by hand."""
    return Database(psycopg.connect(dsn, autocommit=True, application_name="cockpit-demo"))
