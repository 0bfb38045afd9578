"""Filters: what the ingests of a case left out, so that a hole which they made is told from one in the logs."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import duckdb

from forensics.investigate.sql_rows import Row, rows

Times = tuple[datetime, datetime]


class _FilterRow(Row, frozen=True):
    """The filter of an ingest; an empty list or a missing time does not filter."""

    accounts: tuple[str, ...]
    regions: tuple[str, ...]
    since: datetime | None
    until: datetime | None
    delivered_from: datetime | None
    delivered_until: datetime | None


class Filters:
    """All filters of a case. What one of them takes is not left out, whatever the others do."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._filters = rows(connection, _FilterRow, "filters")

    def left_out(self, account: str | None, region: str | None, moment: datetime | None) -> bool:
        """Whether no ingest looked where an issuance would be; no region is any of them, no time is any."""
        looked = [one for one in self._of(account, region) if _looked_at(one, moment)]
        return bool(self._filters) and not looked

    def edges(self) -> list[datetime]:
        """Where a time begins or ends that any ingest took all events of."""
        return sorted({moment for one in self._filters for moment in (one.since, one.until) if moment})

    def times_left_out(
        self, account: str | None, region: str | None, start: datetime, end: datetime
    ) -> Iterator[Times]:
        """The times between two of which no ingest took all events of an account and region."""
        taken = [(one.since or start, one.until or end) for one in self._of(account, region)]
        reached = start if self._filters else end
        for since, until in sorted(taken):
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


def _looked_at(one: _FilterRow, moment: datetime | None) -> bool:
    if moment is None:
        return True
    return (one.delivered_from is None or one.delivered_from <= moment) and (
        one.delivered_until is None or moment < one.delivered_until
    )
