"""Event columns: those that a list of events shows, and those that it can show."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from forensics.errors import UnusableFilter
from forensics.identifiers import shortened
from forensics.investigate.sql_rows import Connection, Row, rows

COLUMNS = tuple(
    """
    event_time event_name event_source aws_region actor_name actor_kind actor_id grade resource source_ip_address
    outcome error_code access_key_id principal_id recipient_account_id user_agent event_id
    """.split()
)
"""The columns shown by default; the view `attributed_events` has all."""


class EventColumn(Row, frozen=True):
    """A column of `attributed_events`. `has_zone`: its values are times with a time zone."""

    name: str
    has_zone: bool

    @property
    def without_zone(self) -> str:
        """The column in SQL; a time in UTC without its zone, because DuckDB needs pytz to fetch one."""
        return f'"{self.name}"::timestamp as "{self.name}"' if self.has_zone else f'"{self.name}"'


def event_columns(connection: Connection, wanted: Sequence[str]) -> tuple[EventColumn, ...]:
    """Return each column with one of these names, upper or lower case, once. Raises UnusableFilter."""
    columns = {column.name: column for column in rows(connection, EventColumn, "case/event_columns")}
    for name in wanted:
        if name.lower() not in columns:
            near = get_close_matches(name.lower(), columns, n=1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            raise UnusableFilter(
                f"events have no column {shortened(name)!r}{hint}; `forensics schema attributed_events` lists all"
            )
    return tuple(dict.fromkeys(columns[name.lower()] for name in wanted))
