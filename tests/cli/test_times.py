"""Times as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.cli.times import is_relative, time_zone, utc_time
from tests.cli.run import run

NOW = datetime(2026, 11, 24, 6, 40, 47, 123456, tzinfo=UTC)
BERLIN = time_zone("Europe/Berlin")


OFFSETS = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 28), timezones=OFFSETS))  # noqa: DTZ001
def test_a_time_with_its_offset_is_that_moment_in_every_zone(moment: datetime) -> None:
    for zone in (UTC, BERLIN):
        assert utc_time(moment.isoformat(), zone, now=NOW) == moment
    assert not is_relative(moment.isoformat())


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-10-04", "2026-10-04T00:00:00+00:00"),
        ("2026-10-04 02:24", "2026-10-04T02:24:00+00:00"),
        ("2026-10-04t02:24:19z", "2026-10-04T02:24:19+00:00"),
        ("now", "2026-11-24T06:40:47.123456+00:00"),
        ("2 days ago", "2026-11-22T06:40:47+00:00"),
        ("an hour ago", "2026-11-24T05:40:47+00:00"),
        ("90m  AGO", "2026-11-24T05:10:47+00:00"),
        ("1 week ago", "2026-11-17T06:40:47+00:00"),
        ("yesterday", "2026-11-23T00:00:00+00:00"),
        ("today 06:30", "2026-11-24T06:30:00+00:00"),
    ],
)
def test_what_people_write(text: str, moment: str) -> None:
    assert utc_time(text, now=NOW).isoformat() == moment


@pytest.mark.parametrize(
    ("text", "zone", "moment"),
    [
        ("2026-10-04", "Europe/Berlin", "2026-10-03T22:00:00+00:00"),
        ("2026-10-04T00:00:00Z", "Europe/Berlin", "2026-10-04T00:00:00+00:00"),
        ("yesterday", "Asia/Tokyo", "2026-11-22T15:00:00+00:00"),
        ("today", "-08:00", "2026-11-23T08:00:00+00:00"),
    ],
)
def test_what_names_no_zone_is_of_the_zone_asked_for(text: str, zone: str, moment: str) -> None:
    assert utc_time(text, time_zone(zone), now=NOW).isoformat() == moment


@pytest.mark.parametrize(
    "text", ["", "soon", "10/04/2026", "2 moons ago", "2 days", "9" * 20 + " days ago", "0001-01-01"]
)
def test_nothing_is_guessed(text: str) -> None:
    with pytest.raises(ValueError, match="as a time; use 2026-10-04"):
        utc_time(text, BERLIN, now=NOW)


@pytest.mark.parametrize("name", ["", "Nowhere", "Europe", "../../etc/passwd", "+25:00", "+x"])
def test_what_is_no_zone(name: str) -> None:
    with pytest.raises(ValueError, match="is not a time zone"):
        time_zone(name)


def test_a_command_says_which_moment_it_took(sample_case: Path) -> None:
    asked = ("events", "--case", sample_case, "--limit", "1", "--format", "csv", "--until", "today")
    absolute = run(*asked, "--since", "2026-10-04T02:00:00Z")
    local = run(*asked, "--since", "2026-10-04 04:00", "--tz", "Europe/Berlin")
    assert local.out == absolute.out
    assert "forensics: 2026-10-04 04:00 is 2026-10-04 02:00:00Z\n" in local.err
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0)
    assert absolute.err.startswith(
        tuple(f"forensics: today is {day:%Y-%m-%d %H:%M:%SZ}" for day in (midnight, midnight - timedelta(days=1)))
    )
