"""The rows of the queries behind the audit of long-term keys."""

from datetime import datetime

from forensics.investigate.export_source import ExportSource
from forensics.investigate.sql_rows import Row


class KeyUseRow(Row, frozen=True):
    """The use of a key with one user agent. `last_use_before`: the last call up to the last use in an export."""

    access_key_id: str
    account_id: str | None
    user_agent: str | None
    first_use: datetime
    last_success: datetime | None
    last_use_before: datetime | None
    event_id: str | None


class UsedAfterRow(Row, frozen=True):
    """Successful calls after the end of a key."""

    access_key_id: str
    account_id: str | None
    change: str
    event_ids: tuple[str, ...]


class StatusChangeRow(Row, frozen=True):
    access_key_id: str
    account_id: str | None
    change: str
    event_time: datetime | None
    event_id: str | None


class OwnerChangeRow(Row, frozen=True):
    account_id: str | None
    user_name: str
    user_id: str | None
    event_name: str
    event_time: datetime | None
    place: int
    event_id: str | None


class ListedUserRow(ExportSource, frozen=True):
    account_id: str | None
    user_name: str
    user_id: str | None


class QuarantineRow(ListedUserRow, frozen=True):
    quarantined: bool


class KeyListingRow(ExportSource, frozen=True):
    account_id: str | None
    user_name: str | None
    access_key_ids: tuple[str, ...]
