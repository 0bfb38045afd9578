"""Periods: split a time range by the periods that cover parts of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple


class Period(NamedTuple):
    """A time range; `state` is None for one that no given period covers."""

    start: datetime
    end: datetime
    state: str | None = None


def split(start: datetime, end: datetime, periods: Iterable[Period]) -> Iterator[Period]:
    """Yield the parts of a time range. Periods are ordered by start; the first of overlapping ones takes precedence."""
    for period in periods:
        first, last = max(period.start, start), min(period.end, end)
        if first >= last:
            continue
        if first > start:
            yield Period(start, first)
        yield Period(first, last, period.state)
        start = last
    if start < end:
        yield Period(start, end)


def shifted(moment: datetime, by: timedelta) -> datetime:
    """Return a time plus a duration, or the nearest time that Python can represent: a record may have any time."""
    try:
        return moment + by
    except OverflowError:
        return moment.max if by > timedelta() else moment.min


def utc(moment: datetime) -> datetime:
    """Convert to UTC without a zone, as in the tables. A time without a zone is UTC."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def hour_of(moment: datetime) -> datetime:
    """Return the start of an hour."""
    return moment.replace(minute=0, second=0, microsecond=0)


def has_expired(expires_at: datetime | None, last_success: datetime | None, at: datetime | None) -> bool:
    """Return whether a key expired until a time. A call that succeeded after its expiry disproves that."""
    is_over = expires_at is not None and at is not None and expires_at <= at
    return is_over and not (last_success and expires_at and last_success > expires_at)
