"""Filter: decides which records an ingest adds, and which days of delivery it reads.

Times are event times. Sign-ins, and events that issue or change a credential, are added whatever their time: without
its issuance, a credential that was used in the requested time could not be attributed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from forensics.lake.manifest import Filter, Manifest
from forensics.records.change import READ_FROM as CHANGES
from forensics.records.issuance import READ_FROM as ISSUANCES
from forensics.records.regions import home_region

# a token of GetSessionToken is valid for up to 36 hours, and its issuance is delivered within an hour
LONGEST_LIFE = timedelta(hours=37)
DAYS_LATE = 1


def filter_of(
    *,
    accounts: Iterable[str] = (),
    regions: Iterable[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    late: int = DAYS_LATE,
) -> Filter:
    """Return a filter. By default, it accepts everything. Home regions are added to `regions`.

    `late`: the number of days after `until` in which a delivery is still read. Times without a time zone are UTC.
    """
    requested = set(regions)
    start, end = utc(since), utc(until)
    return Filter(
        tuple(sorted(set(accounts))),
        tuple(sorted(requested | {home_region(region) for region in requested})),
        start,
        end,
        (start - LONGEST_LIFE).date() if start else None,
        (end + timedelta(days=late)).date() if end else None,
    )


def excludes_anything(filter: Filter) -> bool:
    """Return whether a filter excludes any record."""
    return bool(filter.accounts or filter.regions or filter.since or filter.until)


def accepts(
    filter: Filter,
    account: str | None,
    region: str | None,
    event_time: datetime | None,
    event_source: str | None,
    event_name: str | None,
) -> bool:
    """Return whether a record is added. An unknown account, region or time does not exclude it."""
    if filter.accounts and account is not None and account not in filter.accounts:
        return False
    if filter.regions and region is not None and region not in filter.regions:
        return False
    if event_time is None or _within(filter, event_time):
        return True
    event = (event_source, event_name)
    return event in ISSUANCES or event in CHANGES


def covers(wider: Filter, narrower: Filter) -> bool:
    """Return whether `wider` accepts everything that `narrower` accepts."""
    return (
        (not wider.accounts or (bool(narrower.accounts) and set(narrower.accounts) <= set(wider.accounts)))
        and (not wider.regions or (bool(narrower.regions) and set(narrower.regions) <= set(wider.regions)))
        and (wider.since is None or (narrower.since is not None and wider.since <= narrower.since))
        and (wider.until is None or (narrower.until is not None and narrower.until <= wider.until))
    )


def is_whole(manifest: Manifest, sha256: str | None, filter: Filter) -> bool:
    """Return whether the case has all records of a file that `filter` accepts."""
    under = manifest.read_under.get(sha256 or "")
    return under is None or covers(under, filter)


def _within(filter: Filter, event_time: datetime) -> bool:
    return (filter.since is None or filter.since <= event_time) and (filter.until is None or event_time < filter.until)


def utc(moment: datetime | None) -> datetime | None:
    """Return a time in UTC; a time without a time zone is UTC."""
    if moment is None or moment.tzinfo is not None:
        return moment and moment.astimezone(UTC)
    return moment.replace(tzinfo=UTC)
