"""Event times: every form in which CloudTrail and other products write one moment."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.formats.event_times import parse_event_time, parse_time

MOMENT = datetime(2023, 7, 10, 18, 38, 25, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2023-07-10T18:38:25Z",
        "2023-07-10T18:38:25.000Z",
        "2023-07-10T18:38:25+00:00",
        "2023-07-10T18:38:25",
        "2023-07-10 18:38:25",
        "2023-07-10 18:38:25.123",
        "20230710T183825Z",
        "Jul 10, 2023, 6:38:25 PM",
        "Jul 10, 2023 6:38:25 PM",
        "Jul 10, 2023, 6:38:25\u202fPM",
        "Jul 10, 2023, 6:38:25\u00a0PM",
        " Jul 10, 2023, 6:38:25 PM ",
        "2023-07-11T00:08:25+05:30",
        "2023-07-10T13:38:25-0500",
        "2023-07-10T11:38:25.5-07",
        "2023-07-10 18:38:25.000 UTC",
        "2023-07-10T18:38:25.0000000Z",
        "7/10/2023, 6:38:25.000 PM",
        "1689014305",
        "1689014305123",
        "1689014305.123",
        "1689014305123456",
        "1689014305123456789",
        "/Date(1689014305123)/",
        "/Date(1689014305123+0200)/",
    ],
)
def test_every_form_of_a_time_is_read(text: str) -> None:
    assert parse_time(text) == MOMENT


@pytest.mark.parametrize(("text", "hour"), [("Jan 1, 2024, 12:00:00 AM", 0), ("Jan 1, 2024, 12:00:00 PM", 12)])
def test_midnight_and_noon(text: str, hour: int) -> None:
    assert parse_time(text) == datetime(2024, 1, 1, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "2026-02-30T00:00:00Z", "2026-10-01T12:00:60Z", "2026-1-1T1:2:3Z", "Foo 1, 2024, 1:00:00 AM"),
        *("0000-01-01T00:00:00Z", "2026-10-01T12:00:00+2:00", "16961616", None),
    ],
)
def test_what_is_no_time_is_none(text: str | None) -> None:
    assert parse_time(text) is None


@given(st.datetimes(timezones=st.just(UTC)))
@settings(deadline=None, max_examples=100)
def test_each_second_is_read_back(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    twelve = moment.hour % 12 or 12
    java = f"{moment:%b} {moment.day}, {moment.year:04d}, {twelve}:{moment:%M:%S} {moment:%p}"
    assert parse_time(moment.isoformat().replace("+00:00", "Z")) == moment
    assert parse_time(java) == moment


@given(st.text(max_size=40))
@settings(deadline=None, max_examples=200)
def test_any_text_is_a_time_or_none(text: str) -> None:
    assert parse_time(text) is None or isinstance(parse_time(text), datetime)


@pytest.mark.parametrize("year", ["0001", "1970", "1999", "2100", "9999"])
def test_an_event_has_no_time_outside_of_the_century_of_cloudtrail(year: str) -> None:
    assert parse_event_time(f"{year}-12-31T23:30:00Z") is None
    assert parse_time(f"{year}-12-31T23:30:00Z") is not None


def test_an_event_time_within_the_century_is_read() -> None:
    assert parse_event_time("2000-01-01T00:00:00Z") == datetime(2000, 1, 1, tzinfo=UTC)
    assert parse_event_time("2099-12-31T23:59:59Z") == datetime(2099, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert parse_event_time(None) is None
