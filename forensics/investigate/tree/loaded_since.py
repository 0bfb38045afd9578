"""Loaded since: whether the hours after an end are loaded, so that any call that undid the end is loaded, too."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import datetime, timedelta

from forensics.investigate.periods import hour_of
from forensics.investigate.sql_rows import grouped
from forensics.investigate.tree.tree_rows import HourRow, RevocationRow

_HOUR = timedelta(hours=1)


class LoadedHours:
    """The hours of accounts and regions that have loaded events, or that digests prove to be complete."""

    def __init__(self, found: Iterable[HourRow]) -> None:
        self._hours = grouped(found, lambda row: (row.account_id, row.aws_region))

    def all_since(self, event: RevocationRow, until: datetime) -> bool:
        """Return whether each hour from an event until a time is loaded, and something that is later than the event.

        IAM logs all its calls in the region of the event.
        """
        hours = self._hours[event.account_id, event.aws_region]
        first, last = hour_of(event.event_time), hour_of(until)
        start = bisect_left(hours, first, key=lambda row: row.hour)
        end = bisect_right(hours, last, key=lambda row: row.hour)
        is_followed = bool(hours) and hours[-1].last_event_time > event.event_time
        return is_followed and end - start == (last - first) // _HOUR + 1
