"""Loaded spans: which time is loaded of an account and region, and for which hours digests verify that it is all."""

from collections.abc import Sequence
from datetime import datetime

import duckdb

from forensics.investigate.sql_rows import Row, grouped, rows


class LoadedRegionRow(Row, frozen=True):
    recipient_account_id: str
    aws_region: str | None
    first_event_time: datetime
    last_event_time: datetime


class VerifiedHoursRow(Row, frozen=True):
    """Hours that follow each other."""

    account_id: str
    aws_region: str
    start_hour: datetime
    end_hour: datetime


def loaded_regions(connection: duckdb.DuckDBPyConnection, account_ids: Sequence[str]) -> list[LoadedRegionRow]:
    """Return what is loaded of some accounts, region by region."""
    return rows(connection, LoadedRegionRow, "who/coverage_of_accounts", accounts=account_ids) if account_ids else []


def loaded_of(
    connection: duckdb.DuckDBPyConnection, account_ids: Sequence[str]
) -> dict[str, tuple[datetime, datetime]]:
    """Return the times of the first and the last loaded event of each account that has any."""
    regions = grouped(loaded_regions(connection, account_ids), lambda row: row.recipient_account_id)
    return {
        account: (min(row.first_event_time for row in found), max(row.last_event_time for row in found))
        for account, found in regions.items()
    }


def verified_hours(connection: duckdb.DuckDBPyConnection) -> list[VerifiedHoursRow]:
    """Return the hours of which every delivered event is loaded, as digests prove."""
    return rows(connection, VerifiedHoursRow, "verified_hours")
