"""Filters: the events that the ingests of a case excluded, to distinguish them from events missing in the logs."""

from collections.abc import Sequence
from datetime import datetime

from forensics.investigate.periods import Period, split
from forensics.investigate.sql_rows import Connection, Row, rows


class _FilterRow(Row, frozen=True):
    """The filter of an ingest; an empty list or a null time excludes nothing."""

    accounts: tuple[str, ...]
    regions: tuple[str, ...]
    since: datetime | None
    until: datetime | None
    delivered_from: datetime | None
    delivered_until: datetime | None


class Filters:
    """All filters of a case. An event is excluded only if every ingest excluded it."""

    def __init__(self, connection: Connection) -> None:
        self._filters = rows(connection, _FilterRow, "filters")

    def excluded(self, account: str | None, region: str | None, moment: datetime | None) -> bool:
        """Return whether every ingest excluded an account, region and time; None is any region or time."""
        included = [one for one in self._of(account, region) if _includes(one, moment)]
        return bool(self._filters) and not included

    def edges(self) -> list[datetime]:
        """Return the times at which the range of an ingest begins or ends."""
        return sorted({moment for one in self._filters for moment in (one.since, one.until) if moment})

    def excluded_times(self, account: str | None, region: str | None, start: datetime, end: datetime) -> list[Period]:
        """Return the parts of a time range that no ingest loaded completely for an account and region."""
        loaded = sorted(Period(one.since or start, one.until or end, "loaded") for one in self._of(account, region))
        return [part for part in split(start, end, loaded) if self._filters and part.state is None]

    def _of(self, account: str | None, region: str | None) -> Sequence[_FilterRow]:
        return [
            one
            for one in self._filters
            if (not one.accounts or account is None or account in one.accounts)
            and (not one.regions or region is None or region in one.regions)
        ]


def _includes(one: _FilterRow, moment: datetime | None) -> bool:
    if moment is None:
        return True
    return (one.delivered_from is None or one.delivered_from <= moment) and (
        one.delivered_until is None or moment < one.delivered_until
    )
