"""Event times: parses a time as CloudTrail and other products write it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_MONTHS = {name: n for n, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}
_JAVA = re.compile(r"([A-Z][a-z]{2}) (\d{1,2}), (\d{4}),? (\d{1,2}):(\d\d):(\d\d) ?([AP]M)")
_ISO = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)[T ](\d\d):?(\d\d):?(\d\d)(?:[.,]\d+)? ?(?:Z|UTC|([+-])(\d\d):?(\d\d)?)?", re.IGNORECASE
)
# Azure Monitor, in English
_ENGLISH = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}),? (\d{1,2}):(\d\d):(\d\d)(?:\.\d+)? ?([AP]M)")
# seconds, or, with more digits, milliseconds, microseconds or nanoseconds
_EPOCH = re.compile(r"(\d{9}|\d{10}(?:\d{3}){0,3})(?:\.\d+)?")
# PowerShell 5 and the JSON of other .NET programs
_DOT_NET = re.compile(r"\\?/Date\((\d{10})\d{3}(?:[+-]\d{4})?\)\\?/")
_CENTURY = 20
# a hostile file can have times of any length, and times are cached
_LONGEST = 100
_ODD_SPACES = re.compile("[\u202f\u00a0]")


def parse_time(text: str | None) -> datetime | None:
    """Parse a time as CloudTrail and other products write it. Return UTC to the second; None if invalid.

    The forms are ISO 8601 with or without punctuation and with any offset, STS's form with or without its second
    comma, Azure Monitor's form, .NET's form, and seconds since 1970 or thousandths, millionths or billionths of them. A
    time without an offset is UTC.

    Example:
        >>> parse_time("2026-10-04T15:30:00+05:30")
        datetime.datetime(2026, 10, 4, 10, 0, tzinfo=datetime.timezone.utc)
    """
    return _parsed(text) if text and len(text) <= _LONGEST else None


@lru_cache(maxsize=10_000)
def _parsed(text: str) -> datetime | None:
    text = _ODD_SPACES.sub(" ", text).strip()
    try:
        if match := _ISO.fullmatch(text):
            return _from_iso(match)
        if match := _JAVA.fullmatch(text):
            month, day, year, *clock = match.groups()
            return _on_a_12_hour_clock(int(year), _MONTHS[month], int(day), *clock)
        if match := _ENGLISH.fullmatch(text):
            month, day, year, *clock = match.groups()
            return _on_a_12_hour_clock(int(year), int(month), int(day), *clock)
        if match := _EPOCH.fullmatch(text) or _DOT_NET.fullmatch(text):
            return datetime.fromtimestamp(int(match.group(1)[:10]), UTC)
    except (ValueError, KeyError, OverflowError):
        return None
    return None


def parse_event_time(text: str | None) -> datetime | None:
    """Parse the time of an event, or the start of a session, like `parse_time`; None also outside of 2000 to 2099.

    CloudTrail began in 2013. A damaged or forged time must not make the loaded logs span thousands of years.
    """
    moment = parse_time(text)
    return moment if moment and moment.year // 100 == _CENTURY else None


def _from_iso(match: re.Match[str]) -> datetime:
    *numbers, sign, hours, minutes = match.groups()
    year, month, day, hour, minute, second = map(int, numbers)
    moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    if sign is None:
        return moment
    offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return moment - offset if sign == "+" else moment + offset


def _on_a_12_hour_clock(year: int, month: int, day: int, hour: str, minute: str, second: str, half: str) -> datetime:
    hour_of_day = int(hour) % 12 + (12 if half == "PM" else 0)
    return datetime(year, month, day, hour_of_day, int(minute), int(second), tzinfo=UTC)
