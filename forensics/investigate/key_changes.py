"""Key changes: the status changes of a key, and other events that name it, each with the actor behind it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from forensics.answers.core import NOBODY, Actor, Evidence, Grade
from forensics.answers.who_answer import KeyChange, NotTrusted
from forensics.identifiers import identify_masked
from forensics.investigate.evidence import evidence_of
from forensics.investigate.sql_rows import Connection, Row, rows

_MOST = 20  # maximum events that name a key without changing it


class NotTrustedRow(Row, frozen=True):
    credential_id: str
    event_key: str
    reason: str
    flags: str | None


class ChangeRow(Row, frozen=True):
    event_key: str
    succeeded: bool
    error_code: str | None
    event_time: datetime | None
    by_credential_id: str | None
    by_access_key_id: str | None

    @property
    def is_reliable(self) -> bool:
        return self.succeeded or self.error_code is not None


class KeyChangeRow(ChangeRow, frozen=True):
    access_key_id: str | None
    change: str
    by_arn: str | None


class _NamingRow(KeyChangeRow, frozen=True):
    total: int


class _BehindRow(Row, frozen=True):
    credential_id: str
    actor: Actor
    grade: Grade


class ChangeFacts:
    """The events of some changes, and the actors behind them."""

    def __init__(self, connection: Connection, changes: Sequence[ChangeRow]) -> None:
        self._evidence = evidence_of(connection, [row.event_key for row in changes])
        ids = sorted({row.by_credential_id for row in changes if row.by_credential_id and row.is_reliable})
        behind = rows(connection, _BehindRow, "key/behind", ids=ids) if ids else []
        self._behind = {row.credential_id: row for row in behind}

    def event(self, row: ChangeRow) -> Evidence:
        return self._evidence[row.event_key][-1]

    def changed_by(self, row: ChangeRow) -> tuple[Actor, Grade]:
        """Return the actor behind a change; an unreliable record names nobody."""
        behind = self._behind.get(row.by_credential_id or "") if row.is_reliable else None
        return (behind.actor, behind.grade) if behind else (NOBODY, Grade.NONE)

    def key_change(self, row: KeyChangeRow) -> KeyChange:
        return KeyChange(
            row.change,
            row.access_key_id,
            row.succeeded,
            row.error_code,
            *self.changed_by(row),
            row.by_access_key_id,
            row.by_arn,
            self.event(row),
        )


def is_named(connection: Connection, key_id: str) -> bool:
    """Return whether any loaded event names a key, including an unreliable event that issues it."""
    _, total = named_by(connection, key_id)
    return total > 0 or bool(key_not_trusted(connection, key_id) or showing_masked(connection, key_id, most=1))


def key_not_trusted(connection: Connection, key_id: str) -> list[NotTrustedRow]:
    """Return the records that issue, or may issue, a key without a credential; they are not evidence."""
    return rows(connection, NotTrustedRow, "key_not_trusted", key=key_id)


def showing_masked(connection: Connection, id_: str, most: int) -> list[NotTrusted]:
    """Return the first events that show a masked ID, which can be of several credentials; empty for any other ID."""
    return rows(connection, NotTrusted, "masked_subject", text=id_, most=most) if identify_masked(id_) else []


def named_by(connection: Connection, key_id: str) -> tuple[tuple[KeyChange, ...], int]:
    """Return the status changes of a key and the first other events that name it, by time; and the number of all."""
    found = rows(connection, _NamingRow, "named_by", key=key_id, most=_MOST)
    facts = ChangeFacts(connection, found)
    return tuple(facts.key_change(row) for row in found), found[0].total if found else 0
