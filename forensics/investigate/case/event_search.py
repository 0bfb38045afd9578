"""Event search: filter the attributed events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from forensics.answers.rows_answer import FilterMatches, Rows
from forensics.errors import UnusableFilter
from forensics.investigate.case.event_columns import COLUMNS, event_columns
from forensics.investigate.case.event_filter import EventFilter, certainty, given, matching, several
from forensics.investigate.case.statement import fetch_rows, query_errors
from forensics.investigate.sql_rows import Connection

if TYPE_CHECKING:
    import pyarrow as pa

_CERTAIN = "certain"


def events_table(
    connection: Connection, wanted: EventFilter, columns: Sequence[str] | None = None, *, newest: bool = False
) -> pa.Table:
    """Return columns of the events, by default all, as an Arrow table; the newest event first, or the oldest."""
    source, parameters = matching(connection, wanted)
    is_certain = certainty(wanted)
    listed = _listed(connection, columns, is_certain) if columns else f"*{_last(is_certain)}"
    with query_errors():
        return connection.sql(f"select {listed} {source} {_order(newest)}", params=parameters).to_arrow_table()


def event_rows(
    connection: Connection,
    wanted: EventFilter,
    limit: int | None = None,
    columns: Sequence[str] | None = None,
    *,
    newest: bool = False,
) -> Rows:
    """Return columns, by default `COLUMNS`, of at most `limit` events, and the total number of events.

    With descendants, the default columns end with `certain`: false if the event possibly is of another subject.
    """
    source, parameters = matching(connection, wanted)
    is_certain = certainty(wanted)
    listed = _listed(connection, columns or COLUMNS, is_certain, with_zone=False)
    listed += "" if columns else _last(is_certain)
    query = f"select {listed} {source} {_order(newest)} limit $limit"
    counted = f"select count(*), count(*) filter (not {is_certain or 'true'}) {source}"
    with query_errors():
        total, possible = connection.execute(counted, parameters).fetchall()[0]
        found = fetch_rows(connection.execute(query, {**parameters, "limit": limit}), total)
        return replace(found, possible=possible)


def _listed(connection: Connection, names: Sequence[str], is_certain: str | None, *, with_zone: bool = True) -> str:
    """Return columns in SQL. A search with descendants has the column `certain` as well. Raises UnusableFilter."""
    wanted = list(dict.fromkeys(name.lower() for name in names))
    if _CERTAIN in wanted and not is_certain:
        raise UnusableFilter(f"the column {_CERTAIN} needs --descendants or --origin-key")
    columns = {one.name: one for one in event_columns(connection, [name for name in wanted if name != _CERTAIN])}
    shown = {name: f'"{name}"' if with_zone else one.without_zone for name, one in columns.items()}
    return ", ".join(shown.get(name, f"{is_certain} as {_CERTAIN}") for name in wanted)


def _last(is_certain: str | None) -> str:
    return f", {is_certain} as {_CERTAIN}" if is_certain else ""


def _order(newest: bool) -> str:
    direction = " desc" if newest else ""
    return f"order by attributed_events.event_time{direction}, event_key{direction}"


_NAMED = {
    "key": "access_key_id",
    "origin_key": "origin_access_key_id",
    "actor": "coalesce(actor_name, actor_id)",
    "name": "event_name",
    "service": "split_part(event_source, '.', 1)",
    "region": "aws_region",
    "account": "recipient_account_id",
}
_MOST_TYPOS = 2


def matches_alone(connection: Connection, wanted: EventFilter) -> tuple[FilterMatches, ...]:
    """Return how many events match each part of a filter on its own; if none does, a similar value that occurs."""
    found = []
    criteria = given(wanted)
    criteria.pop("descendants", None)
    for name, value in criteria.items():
        source, parameters = matching(connection, {name: value})
        (events,) = connection.execute(f"select count(*) {source}", parameters).fetchall()[0]
        text = None if isinstance(value, (bool, datetime)) else ", ".join(several(value))
        similar = _nearest(connection, _NAMED[name], text) if text and not events and name in _NAMED else None
        found.append(FilterMatches(name, text, events, similar))
    return tuple(found)


def _nearest(connection: Connection, column: str, value: str) -> str | None:
    nearest = connection.execute(
        f"""
        select {column} as value, min(levenshtein(lower({column}), lower($value))) as typos
        from attributed_events
        where {column} is not null
        group by value
        having typos <= {_MOST_TYPOS}
        order by typos, value
        limit 1
        """,  # noqa: S608 - constants of this file
        {"value": value},
    ).fetchall()
    return str(nearest[0][0]) if nearest else None
