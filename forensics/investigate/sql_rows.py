"""Tables: the room's queries, one `.sql` file each, run with bound parameters over a case's tables."""

from __future__ import annotations

from collections import namedtuple
from functools import cache
from importlib import resources
from typing import Any

import duckdb

from forensics.attribution.database import reading_files

Row = Any  # a named tuple with the query's columns


def rows(connection: duckdb.DuckDBPyConnection, query: str, **parameters: object) -> list[Row]:
    """The rows of `<query>.sql`, such as `who/chain`. Lists bind as lists, never as text. Raises CannotRead."""
    with reading_files():
        result = connection.execute(_sql(query), parameters)
        row = _row_type(query.replace("/", "_"), tuple(column[0] for column in result.description or ()))
        return [row(*values) for values in result.fetchall()]


@cache
def _sql(query: str) -> str:
    return (resources.files("forensics.investigate") / f"{query}.sql").read_text(encoding="utf-8")


@cache
def _row_type(name: str, columns: tuple[str, ...]) -> Any:
    return namedtuple(name, columns)
