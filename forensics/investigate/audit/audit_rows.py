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
    """A status change of a long-term key."""

    access_key_id: str
    account_id: str | None
    change: str
    event_time: datetime | None
    event_id: str | None


class OwnerChangeRow(Row, frozen=True):
    """A creation or deletion of a user, or a change of its quarantine. `place`: its order by time."""

    account_id: str | None
    user_name: str
    user_id: str | None
    event_name: str
    place: int
    event_id: str | None


class ListedUserRow(ExportSource, frozen=True):
    """A user in the latest export that lists all users of its account."""

    account_id: str
    user_name: str
    user_id: str | None


class QuarantineRow(ExportSource, frozen=True):
    """Whether a user was under AWS's quarantine, by an export."""

    account_id: str | None
    user_name: str
    user_id: str | None
    quarantined: bool


class KeyListingRow(ExportSource, frozen=True):
    """The keys in the latest complete listing of a user's keys."""

    account_id: str | None
    user_name: str | None
    access_key_ids: tuple[str, ...]


class AccountNameRow(Row, frozen=True):
    """The name of an account, by AWS Organizations."""

    account_id: str
    name: str | None
