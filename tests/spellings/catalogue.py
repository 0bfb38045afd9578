"""Catalogue: every spelling, by name."""

from __future__ import annotations

from tests.spellings import (
    athena,
    cloudwatch_logs,
    elastic,
    lake,
    log_stores,
    lookup_events,
    security_lake,
    sentinel,
    splunk,
    trail_files,
    transports,
    warehouses,
)
from tests.spellings.spelling import SPELLINGS

MODULES = (
    athena, cloudwatch_logs, elastic, lake, log_stores, lookup_events, security_lake, sentinel, splunk, trail_files,
    transports, warehouses,
)  # fmt: skip

__all__ = ["MODULES", "SPELLINGS"]
