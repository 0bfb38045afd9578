"""Rows answer: rows of SQL, descriptions of tables, and saved queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of plain values. `total`: the number of rows without the limit.

    `types`: DuckDB's type of each column, if the rows are the result of a query.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    total: int
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table, DuckDB's name of its type, and its description."""

    name: str
    type: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table or view of a case, and its description."""

    name: str
    is_view: bool
    meaning: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class FilterMatches:
    """The number of events that one filter matches on its own. `nearest`: the most similar value in the case."""

    filter: str
    value: str | None
    events: int
    nearest: str | None


@dataclass(frozen=True, slots=True)
class QueryParameter:
    """A parameter of a saved query, `$name` in its SQL. `type`: DuckDB's, such as varchar or timestamptz."""

    name: str
    type: str
    default: str | int | bool | None
    is_required: bool
    meaning: str


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A question with its SQL. `is_own`: it is from the user's folder, not from the package.

    `needs`: tables that not every case has, each with how to load it. `unusable`: why the file is not a valid query.
    """

    name: str
    title: str
    question: str
    parameters: tuple[QueryParameter, ...]
    techniques: tuple[str, ...]
    needs: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    sql: str
    path: str
    is_own: bool
    unusable: str | None = None
