"""Filter: which records an ingest takes, and what it never looked at.

Times are event times. A record outside of them is taken all the same if it hands out, signs in or changes a
credential: without its issuance a credential of the window could not be told.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from forensics.lake.manifest import Filter, Manifest
from forensics.records.change import READ_FROM as CHANGES
from forensics.records.issuance import READ_FROM as ISSUANCES
from forensics.records.regions import home_region

# A token of GetSessionToken lives up to 36 hours, and its issuance is delivered within the hour.
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
    """A filter as a person means it: no account is every account. Home regions are added to `regions`.

    `late`: how many days after `until` an event may have been delivered. Times without a zone are UTC.
    """
    asked = set(regions)
    start, end = utc(since), utc(until)
    return Filter(
        tuple(sorted(set(accounts))),
        tuple(sorted(asked | {home_region(region) for region in asked})),
        start,
        end,
        (start - LONGEST_LIFE).date() if start else None,
        (end + timedelta(days=late)).date() if end else None,
    )


def leaves_anything_out(filter: Filter) -> bool:
    return bool(filter.accounts or filter.regions or filter.since or filter.until)


def takes(
    filter: Filter,
    account: str | None,
    region: str | None,
    event_time: datetime | None,
    event_source: str | None,
    event_name: str | None,
) -> bool:
    """Whether a record goes in; one that does not say where or when it belongs does."""
    if filter.accounts and account is not None and account not in filter.accounts:
        return False
    if filter.regions and region is not None and region not in filter.regions:
        return False
    if event_time is None or _within(filter, event_time):
        return True
    event = (event_source, event_name)
    return event in ISSUANCES or event in CHANGES


def covers(wider: Filter, narrower: Filter) -> bool:
    """Whether what `narrower` takes, `wider` takes too."""
    return (
        (not wider.accounts or (bool(narrower.accounts) and set(narrower.accounts) <= set(wider.accounts)))
        and (not wider.regions or (bool(narrower.regions) and set(narrower.regions) <= set(wider.regions)))
        and (wider.since is None or (narrower.since is not None and wider.since <= narrower.since))
        and (wider.until is None or (narrower.until is not None and narrower.until <= wider.until))
    )


def is_whole(manifest: Manifest, sha256: str | None, filter: Filter) -> bool:
    """Whether all that `filter` takes of a file that was read is in the case."""
    under = manifest.read_under.get(sha256 or "")
    return under is None or covers(under, filter)


def _within(filter: Filter, event_time: datetime) -> bool:
    return (filter.since is None or filter.since <= event_time) and (filter.until is None or event_time < filter.until)


def utc(moment: datetime | None) -> datetime | None:
    """A time in UTC; one without a zone is UTC already."""
    if moment is None or moment.tzinfo is not None:
        return moment and moment.astimezone(UTC)
    return moment.replace(tzinfo=UTC)
