"""Times: parse times as people write them, such as RFC 3339 or a part of it, `yesterday` or `2 days ago`, to UTC.

A time without a zone is in the zone of --tz. An ambiguous time is refused, never guessed.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

EXAMPLES = '2026-10-04, 2026-10-04T02:24:19Z, yesterday, "today 09:30" or "2 days ago"'

_AGO = re.compile(r"(?P<number>\d+|an?) ?(?P<unit>second|minute|hour|day|week|[smhdw])s? ago")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_DAY = re.compile(r"(?P<day>today|yesterday)(?: (?P<time>\d\d:\d\d(?::\d\d)?))?")
_DAYS_BACK = {"today": 0, "yesterday": 1}


def is_relative(text: str) -> bool:
    """Return whether a time depends on the current time."""
    words = _words(text)
    return words == "now" or bool(_AGO.fullmatch(words) or _DAY.fullmatch(words))


def utc_time(text: str, zone: tzinfo = UTC, *, now: datetime | None = None) -> datetime:
    """Return the time in UTC that a text names. `now`: the base of relative times. Raises ValueError."""
    try:
        moment = _relative(_words(text), now or datetime.now(UTC), zone) or datetime.fromisoformat(text.strip().upper())
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"cannot parse {text!r} as a time; use {EXAMPLES}") from None


def time_zone(text: str) -> tzinfo:
    """Return a zone by name, such as Europe/Berlin, or by offset, such as +02:00. Raises ValueError."""
    try:
        offset = datetime.fromisoformat(f"2000-01-01T00:00{text}").tzinfo if text[:1] in ("+", "-") else None
        return offset or ZoneInfo(text)
    except (KeyError, ValueError, OSError):  # OSError: the name of a folder of zones
        raise ValueError(f"{text!r} is not a time zone; use a name such as Europe/Berlin, or +02:00") from None


def _words(text: str) -> str:
    return " ".join(text.lower().split())


def _relative(words: str, now: datetime, zone: tzinfo) -> datetime | None:
    if words == "now":
        return now
    if ago := _AGO.fullmatch(words):
        number = 1 if ago["number"].startswith("a") else int(ago["number"])
        return (now - timedelta(seconds=number * _SECONDS[ago["unit"][0]])).replace(microsecond=0)
    if day := _DAY.fullmatch(words):
        date = now.astimezone(zone).date() - timedelta(days=_DAYS_BACK[day["day"]])
        return datetime.combine(date, time.fromisoformat(day["time"] or "00:00"), zone)
    return None
