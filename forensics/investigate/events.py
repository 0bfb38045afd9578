"""Attributed events, filtered: who did what, event by event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

# What a person reads first; everything else is in the view `attributed_events`.
COLUMNS = (
    "event_time",
    "event_name",
    "event_source",
    "aws_region",
    "actor_name",
    "actor_kind",
    "actor_id",
    "grade",
    "source_ip_address",
    "error_code",
    "access_key_id",
    "principal_id",
    "recipient_account_id",
    "user_agent",
    "event_id",
)


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events; None does not restrict. Times are UTC, `since` inclusive and `until` exclusive.

    `actor` is an actor's ID, name or ARN, compared without case.
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
    "address": "source_ip_address = $address",
    "errors": "(error_code is not null or error_message is not null)",  # a refused sign-in has only a message
}


def events_query(wanted: EventFilter) -> tuple[str, dict[str, Any]]:
    """The rest of a query on `attributed_events`, from `where` on, and its parameters."""
    given = {name: getattr(wanted, name) for name in _CONDITIONS if getattr(wanted, name)}
    conditions = " and ".join(_CONDITIONS[name] for name in given) or "true"
    parameters = {name: _plain(value) for name, value in given.items() if name != "errors"}
    return f"from attributed_events where {conditions}", parameters


def _plain(value: object) -> object:
    """DuckDB takes a time with a zone as text without the help of another library."""
    return value.isoformat() if isinstance(value, datetime) else value
