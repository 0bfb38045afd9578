"""Spans of loaded hours: coverage and digest windows together, whatever length a window states."""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb
import pytest

from forensics.investigate.sql_rows import rows
from forensics.investigate.tree.loaded_since import LoadedHours
from forensics.investigate.tree.tree_rows import LoadedSpanRow, RevocationRow
from tests.investigate.made_rows import row_of

ACCOUNT, REGION = "111111111111", "us-east-1"
Span = tuple[str, str]


def spans_of(loaded: list[str], verified: list[Span]) -> list[LoadedSpanRow]:
    """Return the spans of hours with an event in their first minute, and of digest windows."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(
            "create table coverage (recipient_account_id varchar, aws_region varchar, hour timestamptz,"
            " last_management_event_time timestamptz)"
        )
        connection.execute(
            "create table verified_hours (account_id varchar, aws_region varchar, start_hour timestamptz,"
            " end_hour timestamptz)"
        )
        for hour in loaded:
            event_time = hour.replace(":00Z", ":01Z")
            connection.execute("insert into coverage values (?, ?, ?, ?)", [ACCOUNT, REGION, hour, event_time])
        for start, end in verified:
            connection.execute("insert into verified_hours values (?, ?, ?, ?)", [ACCOUNT, REGION, start, end])
        return rows(connection, LoadedSpanRow, "tree/loaded_hours", accounts=[ACCOUNT], regions=[REGION])


@pytest.mark.parametrize(
    ("loaded", "verified", "found"),
    [
        (["2026-03-01 12:00Z", "2026-03-01 13:00Z", "2026-03-01 15:00Z"], [], [(12, 14), (15, 16)]),
        (
            ["2026-03-01 12:00Z", "2026-03-01 15:00Z"],
            [("2026-03-01 13:00Z", "2026-03-01 15:00Z"), ("2026-03-01 13:00Z", "2026-03-01 14:00Z")],
            [(12, 16)],
        ),
    ],
)
def test_adjacent_hours_are_one_span(loaded: list[str], verified: list[Span], found: list[tuple[int, int]]) -> None:
    assert [(span.start_hour.hour, span.end_hour.hour) for span in spans_of(loaded, verified)] == found


def test_a_window_of_thousands_of_years_is_one_span() -> None:
    (span,) = spans_of(["9999-12-31 23:00Z", "2026-03-01 12:00Z"], [("0001-01-01 00:00Z", "9999-12-31 23:00Z")])
    assert (span.start_hour, span.end_hour.year) == (datetime(1, 1, 1), 9999)  # noqa: DTZ001 - as the database returns it


@pytest.mark.parametrize(
    ("ended", "until", "is_loaded"),
    [
        (0, 0, True),
        (2, 2, True),
        (0, 65, True),
        (0, 125, False),
        (0, 240, False),
        (-60, 0, False),
        (180, 185, True),
        (182, 185, False),
    ],
)
def test_all_hours_since_an_end(ended: int, until: int, is_loaded: bool) -> None:
    """Loaded: 12:01, 13:01 and 15:01. Times are minutes after 12 o'clock."""
    noon = datetime(2026, 3, 1, 12)  # noqa: DTZ001 - as the database returns it
    spans = spans_of([f"2026-03-01 {hour}:00Z" for hour in (12, 13, 15)], [])
    event = row_of(RevocationRow, account_id=ACCOUNT, aws_region=REGION, event_time=noon + timedelta(minutes=ended))
    assert LoadedHours(spans).all_since(event, noon + timedelta(minutes=until)) is is_loaded
