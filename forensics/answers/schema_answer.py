"""Schema answer: the descriptions of tables and columns."""

from __future__ import annotations

from dataclasses import dataclass


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
