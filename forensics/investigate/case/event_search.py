"""Event search: filter the attributed events."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from forensics.addresses import addresses_in, network_of
from forensics.answers.rows_answer import FilterMatches, Rows
from forensics.identifiers import key_as_logged
from forensics.investigate.case.statement import fetch_rows, query_errors
from forensics.investigate.sql_rows import Connection, values

if TYPE_CHECKING:
    import pyarrow as pa

# the columns shown by default; the view `attributed_events` has all
COLUMNS = tuple(
    """
    event_time event_name event_source aws_region actor_name actor_kind actor_id grade source_ip_address outcome
    error_code access_key_id principal_id recipient_account_id user_agent event_id
    """.split()
)


@dataclass(frozen=True, slots=True)
class EventFilter:
    """A filter of events; None does not restrict. Times are UTC, `since` inclusive and `until` exclusive.

    `key`: an access key ID, upper or lower case. `actor`: the ID, name or ARN of an actor, upper or lower case.
    `address`: an IP address or a network in any spelling, or another source address as logged.
    """

    key: str | None = None
    actor: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    name: str | None = None
    address: str | None = None
    errors: bool = False


_CONDITIONS = {
    "key": "access_key_id = $key",
    "actor": "lower($actor) in (lower(actor_id), lower(actor_name), lower(actor_arn))",
    "since": "event_time >= $since::timestamptz",
    "until": "event_time < $until::timestamptz",
    "name": "event_name = $name",
    "address": "source_ip_address in (select unnest($address))",
    "errors": "outcome <> 'succeeded'",
}


def events_query(connection: Connection, wanted: EventFilter) -> tuple[str, dict[str, Any]]:
    """Return the `from` and `where` clauses for a filter, and their parameters."""
    given = {name: getattr(wanted, name) for name in _CONDITIONS if getattr(wanted, name)}
    conditions = " and ".join(_CONDITIONS[name] for name in given) or "true"
    # as text, because DuckDB needs pytz to bind a time with a zone
    bound: dict[str, Any] = {name: value.isoformat() for name, value in given.items() if isinstance(value, datetime)}
    if wanted.key:
        bound["key"] = key_as_logged(wanted.key)
    if wanted.address:
        bound["address"] = logged_addresses(connection, wanted.address)
    parameters = {name: value for name, value in (given | bound).items() if name != "errors"}
    return f"from attributed_events where {conditions}", parameters


def events_table(connection: Connection, wanted: EventFilter) -> pa.Table:
    """Return all columns of the events, ordered by time, as an Arrow table."""
    query, parameters = events_query(connection, wanted)
    with query_errors():
        found = connection.sql(f"select * {query} order by event_time, event_key", params=parameters)
        return found.to_arrow_table()


def event_rows(connection: Connection, wanted: EventFilter, limit: int | None = None) -> Rows:
    """Return `COLUMNS` of at most `limit` events, ordered by time, and the total number of events."""
    query, parameters = events_query(connection, wanted)
    columns = ", ".join(["event_time::timestamp as event_time", *COLUMNS[1:]])
    listed = f"select {columns} {query} order by attributed_events.event_time, event_key limit $limit"
    with query_errors():
        (total,) = connection.execute(f"select count(*) {query}", parameters).fetchall()[0]
        return fetch_rows(connection.execute(listed, {**parameters, "limit": limit}), total)


def logged_addresses(connection: Connection, wanted: str) -> list[str]:
    """Return the logged source addresses that match an IP address or a network, or else the text itself."""
    network = network_of(wanted)
    if network is None:
        return [wanted]
    logged = values(connection, str, "case/source_addresses")
    return [text for text in logged if any(address in network for address in addresses_in(text))]


_NAMED = {"key": "access_key_id", "actor": "coalesce(actor_name, actor_id)", "name": "event_name"}
_MOST_TYPOS = 2


def matches_alone(connection: Connection, wanted: EventFilter) -> tuple[FilterMatches, ...]:
    """Return how many events match each part of a filter on its own; if none does, a similar value that occurs."""
    given = {field.name: getattr(wanted, field.name) for field in fields(wanted) if getattr(wanted, field.name)}
    found = []
    for name, value in given.items():
        query, parameters = events_query(connection, EventFilter(**{name: value}))
        (events,) = connection.execute(f"select count(*) {query}", parameters).fetchall()[0]
        similar = _nearest(connection, _NAMED[name], value) if not events and name in _NAMED else None
        found.append(FilterMatches(name, value if isinstance(value, str) else None, events, similar))
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
