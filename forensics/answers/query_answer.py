"""Query answer: the saved queries."""

from __future__ import annotations

from dataclasses import dataclass


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
