"""Rows answer: rows of SQL, and the events that a filter matches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of plain values. `total`: the number of rows without the limit.

    `types`: DuckDB's type of each column, if the rows are the result of a query. `possible`: those of the total that
    are events of a credential that may derive from another subject.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    total: int
    types: tuple[str, ...] = ()
    possible: int = 0


@dataclass(frozen=True, slots=True)
class FilterMatches:
    """The number of events that one filter matches on its own. `nearest`: the most similar value in the case."""

    filter: str
    value: str | None
    events: int
    nearest: str | None
