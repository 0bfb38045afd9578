"""Loaded since: whether the hours after an end are loaded, so that any call that undid the end is loaded, too."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime

from forensics.investigate.periods import hour_of
from forensics.investigate.sql_rows import grouped
from forensics.investigate.tree.tree_rows import LoadedSpanRow, RevocationRow


class LoadedHours:
    """The hours of accounts and regions that have loaded events, or that digests prove to be complete."""

    def __init__(self, found: Iterable[LoadedSpanRow]) -> None:
        self._spans = grouped(found, lambda row: (row.account_id, row.aws_region))

    def all_since(self, event: RevocationRow, until: datetime) -> bool:
        """Return whether each hour from an event until a time is loaded, and something that is later than the event.

        IAM logs all its calls in the region of the event.
        """
        spans = self._spans[event.account_id, event.aws_region]
        begun = bisect_right(spans, hour_of(event.event_time), key=lambda row: row.start_hour)
        is_loaded = begun > 0 and spans[begun - 1].end_hour > max(hour_of(event.event_time), hour_of(until))
        return is_loaded and any(row.last_event_time > event.event_time for row in spans[begun - 1 :])
