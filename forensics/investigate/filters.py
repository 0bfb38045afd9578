"""Filters: the events that the ingests of a case excluded, to distinguish them from events missing in the logs."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from forensics.investigate.sql_rows import Connection, Row, rows

Times = tuple[datetime, datetime]


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

    def excluded_times(
        self, account: str | None, region: str | None, start: datetime, end: datetime
    ) -> Iterator[Times]:
        """Yield the parts of a time range that no ingest loaded completely for an account and region."""
        loaded = [(one.since or start, one.until or end) for one in self._of(account, region)]
        reached = start if self._filters else end
        for since, until in sorted(loaded):
            if reached < min(since, end):
                yield reached, min(since, end)
            reached = max(reached, until)
        if reached < end:
            yield reached, end

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
