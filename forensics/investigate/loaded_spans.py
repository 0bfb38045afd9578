"""Loaded spans: the loaded time range of each account and region, and the hours that digests verify as complete."""

from collections.abc import Sequence
from datetime import datetime

from forensics.investigate.sql_rows import Connection, Row, grouped, rows


class LoadedRegionRow(Row, frozen=True):
    """The loaded time range of an account in a region."""

    recipient_account_id: str
    aws_region: str | None
    first_event_time: datetime
    last_event_time: datetime
    management_events: int


class VerifiedHoursRow(Row, frozen=True):
    """Consecutive hours of an account and region whose delivered events are all loaded; `end_hour` is exclusive."""

    account_id: str
    aws_region: str
    start_hour: datetime
    end_hour: datetime


def loaded_regions(connection: Connection, account_ids: Sequence[str]) -> list[LoadedRegionRow]:
    """Return the loaded time ranges of some accounts by region."""
    return rows(connection, LoadedRegionRow, "who/coverage_of_accounts", accounts=account_ids) if account_ids else []


def loaded_of(connection: Connection, account_ids: Sequence[str]) -> dict[str, tuple[datetime, datetime]]:
    """Return the times of the first and the last loaded event of each account with events."""
    regions = grouped(loaded_regions(connection, account_ids), lambda row: row.recipient_account_id)
    return {
        account: (min(row.first_event_time for row in found), max(row.last_event_time for row in found))
        for account, found in regions.items()
    }


def verified_hours(connection: Connection) -> list[VerifiedHoursRow]:
    """Return the hours whose delivered events are all loaded, as verified by digests."""
    return rows(connection, VerifiedHoursRow, "verified_hours")
