"""The credential report beside the keys that are known: it names no key, so what fits one by user and time is weak."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import duckdb

from forensics.answers.core import Actor, ActorKind, Exported, Grade
from forensics.answers.key_answer import OwnersAccess
from forensics.investigate.account_exports import ROOT, LoggedKey, files_of, last_use_agreement, status_agreement
from forensics.investigate.sql_rows import Row, rows

KeyInAccount = tuple[str, str | None]
# IAM and CloudTrail may tell the second in which a key was made differently by one
_SAME_MOMENT = timedelta(seconds=1)


def matched(known: Iterable[Row], report: Iterable[Row]) -> tuple[dict[KeyInAccount, Row], list[Row]]:
    """The keys that fit a place of the report by user and time of creation alone, and the places left."""
    slots = [slot for slot in report if slot.slot]
    of_user: defaultdict[tuple[str | None, str | None], list[Row]] = defaultdict(list)
    for slot in slots:
        of_user[slot.account_id, slot.user_name].append(slot)
    fitting: defaultdict[tuple[str, str, int], list[Row]] = defaultdict(list)
    for row in known:
        for slot in of_user.get((row.account_id, _user_name(row)), ()):
            if _fits(row, slot):
                fitting[slot.account_id, slot.user_name, slot.slot].append(row)
    found: dict[KeyInAccount, Row] = {}
    left = []
    for slot in slots:
        rows_ = fitting[slot.account_id, slot.user_name, slot.slot]
        key = (rows_[0].access_key_id, rows_[0].account_id) if len(rows_) == 1 else None
        if key is None or key in found:
            left.append(slot)
        else:
            found[key] = slot
    return found, left


def reported_status(slot: Row) -> str | None:
    """What the report says of whether a key works, in IAM's words."""
    return {True: "Active", False: "Inactive"}.get(slot.active)


class ReportOfOwner:
    """What the report says of the owner of a key, and, where no other export tells it, of the key itself."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, owner: Actor | None) -> None:
        name = None if owner is None else ROOT if owner.kind == ActorKind.ROOT else owner.name
        self._rows = [
            row
            for row in (rows(connection, "audit/report") if owner and name else ())
            if owner and (row.account_id, row.user_name) == (owner.account_id, name)
        ]
        self._known: Sequence[Row] = rows(connection, "audit/keys") if self._rows else ()
        self._files = files_of(connection, [row.source_sha256 for row in self._rows])

    @property
    def as_of(self) -> datetime | None:
        as_of: datetime | None = self._rows[0].as_of if self._rows else None
        return as_of

    def says(self, key_id: str, logged: LoggedKey, access: OwnersAccess, told: Collection[str]) -> Iterator[Exported]:
        """`told`: what other exports say of the key."""
        if not self._rows:
            return
        found, _ = matched(self._known, self._rows)
        for slot in (slot for (key, _), slot in found.items() if key == key_id):
            yield from self._of_key(key_id, slot, logged, told)
        yield from self._of_user(self._rows[0], access)

    def _of_key(self, key_id: str, slot: Row, logged: LoggedKey, told: Collection[str]) -> Iterator[Exported]:
        status = reported_status(slot)
        if status and "status" not in told:
            judged = status_agreement(status, slot.as_of, logged)
            yield self._exported("status", key_id, status, Grade.WEAK, slot, *judged)
        if (slot.last_used_at or slot.never_used) and "last_use" not in told:
            judged = last_use_agreement(slot.last_used_at, slot.as_of, logged)
            yield self._exported("last_use", key_id, _time(slot), Grade.WEAK, slot, *judged)

    def _of_user(self, user: Row, access: OwnersAccess) -> Iterator[Exported]:
        about = user.arn or user.user_name
        if user.password_enabled is not None:
            agrees = _password_agrees(user, access)
            differs = "password_differs" if agrees is False else None
            value = "enabled" if user.password_enabled else None
            yield self._exported("console_password", about, value, Grade.STRONG, user, agrees, differs)
        if user.password_last_used is not None:
            value = f"{user.password_last_used:%Y-%m-%dT%H:%M:%SZ}"
            yield self._exported("password_last_used", about, value, Grade.STRONG, user)
        if user.mfa_active is not None:
            yield self._exported("mfa", about, "active" if user.mfa_active else None, Grade.STRONG, user)

    def _exported(
        self,
        what: str,
        about: str,
        value: str | None,
        grade: Grade,
        row: Row,
        agrees: bool | None = None,
        disagreement: str | None = None,
    ) -> Exported:
        files = self._files[row.source_sha256]
        return Exported(what, about, value, grade, agrees, disagreement, row.export, row.as_of, row.as_of_from, files)


def _user_name(row: Row) -> str | None:
    """The owner's name as the credential report has it."""
    is_root = row.owner_kind == "root" or row.user_name == ROOT
    name: str | None = ROOT if is_root else row.owner_name or row.user_name
    return name


def _fits(row: Row, slot: Row) -> bool:
    created_at = row.logged_created_at or row.exported_created_at
    if created_at is None or slot.last_rotated_at is None:
        return False
    return bool(abs(created_at - slot.last_rotated_at) <= _SAME_MOMENT)


def _time(slot: Row) -> str | None:
    return f"{slot.last_used_at:%Y-%m-%dT%H:%M:%SZ}" if slot.last_used_at else None


def _password_agrees(user: Row, access: OwnersAccess) -> bool | None:
    """Whether the last logged change of the password before the report left what it says."""
    before = [
        change
        for change in access.password_changes
        if change.succeeded and user.as_of and change.event.event_time and change.event.event_time <= user.as_of
    ]
    return (before[-1].event_name != "DeleteLoginProfile") is user.password_enabled if before else None
