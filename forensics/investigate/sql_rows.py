"""SQL rows: runs the queries of this room, one `.sql` file each, with bound parameters on the tables of a case."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TypeVar

import duckdb
import msgspec

from forensics.attribution.database import reading_files
from forensics.tables import sql

Connection = duckdb.DuckDBPyConnection
T = TypeVar("T")
K = TypeVar("K")


class Row(msgspec.Struct, frozen=True):
    """A row of a query; its fields are the columns.

    Modules that define rows omit `from __future__ import annotations`: msgspec evaluates text four times as slowly.
    """


def rows(connection: Connection, type_: type[T], query: str, /, **parameters: object) -> list[T]:
    """Return the rows of `<query>.sql`, such as `who/chain`, as a Row or an answer whose fields are the columns.

    Lists bind as lists, never as text. Raises CannotRead.
    """
    with reading_files():
        result = connection.execute(sql(f"investigate/{query}"), parameters)
        names = [column[0] for column in result.description or ()]
        found = result.fetchall()
    return [msgspec.convert(dict(zip(names, row, strict=True)), type_) for row in found]


def values(connection: Connection, type_: type[T], query: str, /, **parameters: object) -> list[T]:
    """Return the values of a query of one column, without nulls. Raises CannotRead."""
    with reading_files():
        found = connection.execute(sql(f"investigate/{query}"), parameters).fetchall()
    return [msgspec.convert(value, type_) for (value,) in found if value is not None]


def pairs(
    connection: Connection, key: type[K], value: type[T], query: str, /, **parameters: object
) -> list[tuple[K, T]]:
    """Return the rows of a query of two columns. Raises CannotRead."""
    with reading_files():
        found = connection.execute(sql(f"investigate/{query}"), parameters).fetchall()
    return [(msgspec.convert(one, key), msgspec.convert(other, value)) for one, other in found]


def run(connection: Connection, statement: str, /, **parameters: object) -> None:
    """Run `<statement>.sql`, a statement without a result. Raises CannotRead."""
    with reading_files():
        connection.execute(sql(f"investigate/{statement}"), parameters)


def grouped(found: Iterable[T], key: Callable[[T], K]) -> defaultdict[K, list[T]]:
    """Group rows by a key, keeping their order."""
    groups: defaultdict[K, list[T]] = defaultdict(list)
    for row in found:
        groups[key(row)].append(row)
    return groups
