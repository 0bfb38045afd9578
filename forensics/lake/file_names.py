"""File names: creates and checks the paths of lake files.

    lake/events/event_date=2026-10-01/0123456789ab-3.parquet    worker 3 of an ingest
    lake/events/event_date=2026-10-01/0123456789ab-3.ba9876543210.parquet    rewritten by a later ingest
    lake/event_copies/0123456789ab.parquet

A manifest may be attacker-controlled, so a path in it must have this form: relative, below `lake`, without `..`.
"""

from __future__ import annotations

import re
from datetime import date

EVENTS = "events"
TABLES = (EVENTS, "event_copies", "event_conflicts", "conflict_copies", "event_addenda", "quarantine", "documents")
INGEST_ID = r"[0-9a-f]{12}"

_NO_DAY = "__HIVE_DEFAULT_PARTITION__"  # Hive's name for the partition of rows without a value
_PARTITION = rf"event_date=(?P<day>\d{{4}}-\d{{2}}-\d{{2}}|{_NO_DAY})"
_NAME = rf"{INGEST_ID}(?:-(?:\d{{1,6}}|amended|day))?(?:\.{INGEST_ID})*\.parquet"
_OF_EVENTS = re.compile(f"lake/{EVENTS}/{_PARTITION}/{_NAME}", re.ASCII)
_OF_ANOTHER_TABLE = re.compile(f"lake/(?P<table>[a-z_]+)/{_NAME}", re.ASCII)
_LONGEST = 255  # maximum bytes of a name in a file system


def lake_path(table: str, name: str, day: date | None = None) -> str:
    """Return the path of a new file of a table, relative to the case. Without a day, events have a separate folder."""
    folder = f"{EVENTS}/event_date={day.isoformat() if day else _NO_DAY}" if table == EVENTS else table
    return f"lake/{folder}/{name}.parquet"


def rewritten_path(path: str, ingest_id: str) -> str:
    """Return the path of a file that an ingest rewrites. The name contains only the last ingest that rewrote it."""
    folder, _, name = path.rpartition("/")
    first, _, _ = name.removesuffix(".parquet").partition(".")
    return f"{folder}/{first}.{ingest_id}.parquet"


def is_lake_path(table: str, path: str) -> bool:
    """Return whether a path is valid for a file of the table, as returned by the functions above."""
    if len(path.rpartition("/")[2]) > _LONGEST:
        return False
    if table != EVENTS:
        found = _OF_ANOTHER_TABLE.fullmatch(path)
        return found is not None and found["table"] == table and table in TABLES
    found = _OF_EVENTS.fullmatch(path)
    return found is not None and (found["day"] == _NO_DAY or _is_date(found["day"]))


def day_of(path: str) -> date | None:
    """Return the day of the events in a file; None for events without a time."""
    day = path.partition("event_date=")[2].partition("/")[0]
    return None if day == _NO_DAY else date.fromisoformat(day)


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
