"""What a database answers, read with care: the rows that were asked for, or an error of psycopg's own.

Invariant: whatever a server sends, nothing else leaves a connection of this kind, and whoever reads rows by `rows_of`
gets the columns that were asked for and no others. A server that answers otherwise may have done anything: what it did
is unknown, and its connection is of no more use than one that was lost.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from types import UnionType
from typing import Any, TypeAlias, TypeVar

import psycopg

Row: TypeAlias = tuple[object, ...]
_V = TypeVar("_V")
_LARGEST = 2**63
"""No whole number of PostgreSQL's has more."""
_NO_ANSWER = "what it answered is no answer to what was asked"


class Misread(psycopg.OperationalError):
    """What came is no answer to what was asked."""

    def __init__(self, message: str = _NO_ANSWER) -> None:
        super().__init__(message)


class Careful(psycopg.Connection[Row]):
    """Closed, with `Misread`, where the server sends what is no text."""

    def wait(self, gen: Generator[Any, Any, _V], *args: Any, **settings: Any) -> _V:
        """As psycopg's; a notification may come with any answer."""
        with self._ended_by_no_text():
            return super().wait(gen, *args, **settings)

    def notifies(self, **settings: Any) -> Generator[psycopg.Notify]:
        """As psycopg's."""
        with self._ended_by_no_text():
            yield from super().notifies(**settings)

    @contextmanager
    def _ended_by_no_text(self) -> Iterator[None]:
        try:
            yield
        except UnicodeDecodeError as error:
            self.pgconn.finish()
            raise Misread from error


class CarefulCursor(psycopg.Cursor[Row]):
    """Whose rows can be read, or are `Misread`: psycopg's loaders raise whatever comes up."""

    def fetchall(self) -> list[Row]:
        """As psycopg's."""
        with _read():
            return super().fetchall()

    def fetchone(self) -> Row | None:
        """As psycopg's."""
        with _read():
            return super().fetchone()


@contextmanager
def _read() -> Iterator[None]:
    try:
        yield
    except Exception as error:  # no number, no time, no JSON, no rows at all
        raise Misread from error


def rows_of(rows: list[Any], *columns: type | UnionType, most: int | None = None) -> list[Any]:
    """These rows, if each has values of these types and there are no more than `most`. Raises Misread."""
    if most is not None and len(rows) > most:
        raise Misread
    for row in rows:
        if len(row) != len(columns) or not all(map(_is, row, columns)):
            raise Misread
    return rows


def row_of(rows: list[Any], *columns: type | UnionType) -> Any:
    """The one row there is. Raises Misread."""
    if len(rows_of(rows, *columns)) != 1:
        raise Misread
    return rows[0]


def require(holds: object) -> None:
    """Raise Misread unless it holds: what a row says has to be possible."""
    if not holds:
        raise Misread


def _is(value: object, column: type | UnionType) -> bool:
    if isinstance(value, bool):
        return isinstance(True, column) and column is not int
    return isinstance(value, column) and (not isinstance(value, int) or -_LARGEST <= value < _LARGEST)
