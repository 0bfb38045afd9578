"""Owner reports: match the credential report, which has no key IDs, with known keys. Such a match is weak evidence."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta

from forensics.answers.canonical import timestamp
from forensics.answers.core import Actor, ActorKind, Exported, Grade
from forensics.answers.key_answer import OwnersAccess
from forensics.investigate.account_exports import (
    ROOT,
    ExportedKeyColumns,
    LoggedKey,
    last_use_agreement,
    status_agreement,
)
from forensics.investigate.export_source import NOT_COMPARED, Agreement, ExportSource, files_of
from forensics.investigate.iam_names import folded
from forensics.investigate.sql_rows import Connection, grouped, rows

KeyInAccount = tuple[str, str | None]
# the creation times of IAM and CloudTrail can differ by a second
_SAME_MOMENT = timedelta(seconds=1)


class KnownKeyRow(ExportedKeyColumns, frozen=True):
    """A long-term key whose ID is in the logs or an export."""

    access_key_id: str
    logged_created_at: datetime | None
    status: str | None
    status_since: datetime | None
    expires_at: datetime | None
    first_use: datetime | None
    last_use: datetime | None
    events: int
    is_exported: bool
    account_differs: bool
    reported_as: str | None
    exported_created_at: datetime | None
    last_used_service: str | None
    last_used_region: str | None
    created_source: ExportSource | None
    account_source: ExportSource | None

    @property
    def created_at(self) -> datetime | None:
        return self.logged_created_at or self.exported_created_at

    @property
    def status_as_of(self) -> datetime | None:
        return self.status_source.as_of if self.status_source else None

    @property
    def sources(self) -> list[ExportSource]:
        """Return the exports that contain the key."""
        found = (
            self.account_source,
            self.owner_source,
            self.created_source,
            self.status_source,
            self.last_use_source,
        )
        return [source for source in found if source]


class ReportedKeyRow(ExportSource, frozen=True):
    """A key slot of a user in the credential report, or a user without keys."""

    account_id: str
    user_name: str
    arn: str | None
    password_enabled: bool | None
    password_last_used: datetime | None
    mfa_active: bool | None
    slot: int | None
    active: bool | None
    last_rotated_at: datetime | None
    never_used: bool | None
    last_used_at: datetime | None
    last_used_service: str | None
    last_used_region: str | None
    is_whole: bool

    @property
    def status(self) -> str | None:
        """Return Active or Inactive, as IAM names it."""
        return None if self.active is None else "Active" if self.active else "Inactive"


def known_keys(
    connection: Connection, account_id: str | None = None, user_name: str | None = None
) -> list[KnownKeyRow]:
    """Return all keys whose ID is known, or those of one owner by the name in a credential report."""
    return rows(connection, KnownKeyRow, "audit/keys", account=account_id, user=user_name)


def reported_keys(
    connection: Connection, account_id: str | None = None, user_name: str | None = None
) -> list[ReportedKeyRow]:
    """Return the rows of the latest credential reports, of all users or one."""
    return rows(connection, ReportedKeyRow, "audit/report", account=account_id, user=user_name)


def matched(
    known: Iterable[KnownKeyRow], report: Iterable[ReportedKeyRow]
) -> tuple[dict[KeyInAccount, ReportedKeyRow], list[ReportedKeyRow]]:
    """Match keys with slots of the report by user and creation time; return the matches and the other slots."""
    slots = [slot for slot in report if slot.slot]
    of_user = grouped(slots, lambda slot: (slot.account_id, folded(slot.user_name)))
    fitting: defaultdict[tuple[str, str, int | None], list[KnownKeyRow]] = defaultdict(list)
    for row in known:
        for slot in of_user.get((row.account_id or "", folded(row.reported_as)), ()):
            if _fits(row, slot):
                fitting[slot.account_id, slot.user_name, slot.slot].append(row)
    found: dict[KeyInAccount, ReportedKeyRow] = {}
    unmatched = []
    for slot in slots:
        keys = fitting[slot.account_id, slot.user_name, slot.slot]
        key = (keys[0].access_key_id, keys[0].account_id) if len(keys) == 1 else None
        if key is None or key in found:
            unmatched.append(slot)
        else:
            found[key] = slot
    return found, unmatched


class ReportOfOwner:
    """The credential report about the owner of a key, and about the key where no other export has the value."""

    def __init__(self, connection: Connection, owner: Actor | None) -> None:
        name = None if owner is None else ROOT if owner.kind == ActorKind.ROOT else owner.name
        account = owner.account_id if owner else None
        self._rows = reported_keys(connection, account, name) if name else []
        self._known = known_keys(connection, account, name) if self._rows else []
        self._files = files_of(connection, [row.source_sha256 for row in self._rows])

    @property
    def as_of(self) -> datetime | None:
        return self._rows[0].as_of if self._rows else None

    def statements(
        self, key_id: str, logged: LoggedKey, access: OwnersAccess, known: Collection[str]
    ) -> Iterator[Exported]:
        """Yield the values of the report; `known`: the kinds of values that other exports have for the key."""
        if not self._rows:
            return
        found, _ = matched(self._known, self._rows)
        for slot in (slot for (key, _), slot in found.items() if key == key_id):
            yield from self._of_key(key_id, slot, logged, known)
        yield from self._of_user(self._rows[0], access)

    def _of_key(
        self, key_id: str, slot: ReportedKeyRow, logged: LoggedKey, known: Collection[str]
    ) -> Iterator[Exported]:
        files = self._files[slot.source_sha256]
        if slot.status and "status" not in known:
            judged = status_agreement(slot.status, slot.as_of, logged)
            yield slot.exported("status", key_id, slot.status, files, judged, Grade.WEAK)
        if (slot.last_used_at or slot.never_used) and "last_use" not in known:
            judged = last_use_agreement(slot.last_used_at, slot.as_of, logged)
            value = timestamp(slot.last_used_at) if slot.last_used_at else None
            yield slot.exported("last_use", key_id, value, files, judged, Grade.WEAK)

    def _of_user(self, user: ReportedKeyRow, access: OwnersAccess) -> Iterator[Exported]:
        about, files = user.arn or user.user_name, self._files[user.source_sha256]
        if user.password_enabled is not None:
            value = "enabled" if user.password_enabled else None
            yield user.exported("console_password", about, value, files, _password_agreement(user, access))
        if user.password_last_used is not None:
            yield user.exported("password_last_used", about, timestamp(user.password_last_used), files)
        if user.mfa_active is not None:
            yield user.exported("mfa", about, "active" if user.mfa_active else None, files)


def _fits(row: KnownKeyRow, slot: ReportedKeyRow) -> bool:
    if row.created_at is None or slot.last_rotated_at is None:
        return False
    return abs(row.created_at - slot.last_rotated_at) <= _SAME_MOMENT


def _password_agreement(user: ReportedKeyRow, access: OwnersAccess) -> Agreement:
    """Compare the report with the last logged password change before it."""
    before = [
        change
        for change in access.password_changes
        if change.succeeded and user.as_of and change.event.event_time and change.event.event_time <= user.as_of
    ]
    if not before:
        return NOT_COMPARED
    agrees = (before[-1].event_name != "DeleteLoginProfile") is user.password_enabled
    return agrees, None if agrees else "password_differs"
