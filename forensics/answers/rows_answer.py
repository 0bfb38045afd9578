"""Rows answer: rows of SQL, the tables they come from, and saved queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of plain values under their column names. `total` counts what there is where not all are here.

    `types` are the database's names of the columns' types, where a query gave the rows.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    total: int
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a case's table, its type as the database names it, and what it means."""

    name: str
    type: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table or view of a case, and what it holds."""

    name: str
    is_view: bool
    meaning: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class FilterMatches:
    """How many events one filter matches on its own; `nearest` is a value of the case that may have been meant."""

    filter: str
    value: str | None
    events: int
    nearest: str | None


@dataclass(frozen=True, slots=True)
class QueryParameter:
    """What a saved query asks for, `$name` in its SQL. `type`: the database's, such as varchar or timestamptz."""

    name: str
    type: str
    default: str | int | bool | None
    is_required: bool
    meaning: str


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A question kept as SQL. `is_own`: of its user, not of the package.

    `needs` are tables that not every case has, each with how a case comes by it. `unusable`: why the file is no query.
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
