"""Exports: what the account itself said at a time, beside what the events say. An export never overrides an event."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from forensics.answers.core import Actor, ActorKind, Exported, Grade
from forensics.answers.coverage_answer import ExportedTrail
from forensics.answers.ingest_answer import Export, Unread
from forensics.identifiers import account_of
from forensics.investigate.sql_rows import Row, rows

ROOT = "<root_account>"
INCOMPLETE = "incomplete"
STATUSES = {"created": "Active", "activated": "Active", "deactivated": "Inactive", "deleted": "Deleted"}
"""What a logged change leaves, in IAM's words."""
_SAID_BY = {
    "account": "sts_access_key_info",
    "status": "iam_access_keys",
    "last_use": "iam_access_key_last_used",
}
# IAM counts uses in steps, and late
LAG = timedelta(hours=1)


def exports(connection: duckdb.DuckDBPyConnection) -> tuple[Export, ...]:
    """Every export of the case, those alike as one."""
    return tuple(Export(*row) for row in rows(connection, "exports"))


def problems(connection: duckdb.DuckDBPyConnection, hashes: Iterable[str | None] | None = None) -> tuple[Unread, ...]:
    """What could not be read of exports, one line each; of all, or of those with some SHA-256."""
    wanted = None if hashes is None else set(hashes)
    return tuple(
        Unread(row.name, INCOMPLETE, row.problem)
        for row in rows(connection, "export_problems")
        if wanted is None or row.source_sha256 in wanted
    )


def exported_trails(connection: duckdb.DuckDBPyConnection) -> tuple[ExportedTrail, ...]:
    """The trails of the case, as exports describe them."""
    found = rows(connection, "exported_trails")
    names = files_of(connection, [hash_ for row in found for hash_ in row.hashes])
    return tuple(
        ExportedTrail(
            row.trail or "a trail without a name",
            row.account_id,
            row.home_region,
            row.is_multi_region,
            row.is_organization,
            row.narrowed,
            row.data_events,
            row.as_of,
            row.as_of_from,
            tuple(sorted({name for hash_ in row.hashes for name in names[hash_]})),
        )
        for row in found
    )


class ExportedNames:
    """What exports call some actors."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, actor_ids: Iterable[str | None]) -> None:
        ids = sorted({_bare(id_) for id_ in actor_ids if id_})
        found = rows(connection, "exported_principals", ids=ids) if ids else []
        self._rows = {(row.id, row.store_id or row.account_id): row for row in found}
        self._files = files_of(connection, [row.source_sha256 for row in found])

    def of(self, actor: Actor) -> tuple[Exported, ...]:
        """The name of an actor, where an export has one."""
        store = (actor.identity_store_arn or "").rpartition("/")[2]
        row = self._rows.get((_bare(actor.id or ""), store or actor.account_id))
        if row is None or actor.kind not in (
            ActorKind.IAM_USER,
            ActorKind.IDENTITY_CENTER_USER,
            ActorKind.EXTERNAL_PRINCIPAL,
        ):
            return ()
        agrees = None if row.logged_name is None else row.logged_name == row.name
        return (
            Exported(
                "name",
                actor.id or "",
                row.name,
                Grade.STRONG,
                agrees,
                "name_differs" if agrees is False else None,
                row.export,
                row.as_of,
                row.as_of_from,
                self._files[row.source_sha256],
            ),
        )


@dataclass(frozen=True, slots=True)
class LoggedKey:
    """What the events say of a long-term key, as far as an export can be compared with it.

    `changes`: what each logged change left, in the order of time; `loaded`: the first and the last event of its
    account; `uses`: times of calls, of which the last before a time is asked for.
    """

    uses: Sequence[datetime] = ()
    last_success: datetime | None = None
    changes: Sequence[tuple[datetime, str | None]] = ()
    loaded: tuple[datetime, datetime] | None = None

    @property
    def first_use(self) -> datetime | None:
        return min(self.uses, default=None)

    def last_use_before(self, time: datetime) -> datetime | None:
        return max((use for use in self.uses if use <= time), default=None)


def loaded_of(connection: duckdb.DuckDBPyConnection, account_id: str | None) -> tuple[datetime, datetime] | None:
    """The first and the last loaded event of an account."""
    regions = rows(connection, "who/coverage_of_accounts", accounts=[account_id]) if account_id else []
    if not regions:
        return None
    return min(row.first_event_time for row in regions), max(row.last_event_time for row in regions)


class ExportedKey:
    """What exports say of one long-term key."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, key_id: str) -> None:
        self._key = key_id
        found = rows(connection, "exported_key", key=key_id)
        self._row = found[0] if found else None
        hashes = [
            getattr(row, f"{what}_source_sha256")
            for row in found
            for what in ("account", "owner", "status", "last_use")
        ]
        self._files = files_of(connection, [hash_ for hash_ in hashes if hash_])

    def owner(self) -> Actor | None:
        """The owner, for a key whose owner no event tells."""
        row = self._row
        if row is None or row.user_name is None:
            return None
        return exported_owner(row.user_name, row.user_id, row.user_arn, row.key_account_id)

    @property
    def account_id(self) -> str | None:
        account: str | None = self._row.key_account_id if self._row else None
        return account

    @property
    def last_use_as_of(self) -> datetime | None:
        as_of: datetime | None = self._row.last_use_as_of if self._row else None
        return as_of

    def says(self, logged: LoggedKey) -> tuple[Exported, ...]:
        """All statements, compared with what is logged."""
        row = self._row
        if row is None:
            return ()
        return (*self._account(row), *self._owner(row), *self._status(row, logged), *self._last_use(row, logged))

    def _account(self, row: Row) -> tuple[Exported, ...]:
        if row.told_account_id is None:
            return ()
        agrees = row.logged_account_id == row.told_account_id if row.is_logged else None
        differs = "account_differs" if agrees is False else None
        return (self._exported("account", row, "account", row.told_account_id, agrees, differs),)

    def _owner(self, row: Row) -> tuple[Exported, ...]:
        if row.user_name is None:
            return ()
        return (self._exported("owner", row, "owner", row.user_name, *owner_agreement(row)),)

    def _status(self, row: Row, logged: LoggedKey) -> tuple[Exported, ...]:
        if row.status is None:
            return ()
        judged = status_agreement(row.status, row.status_as_of, logged)
        return (self._exported("status", row, "status", row.status, *judged),)

    def _last_use(self, row: Row, logged: LoggedKey) -> tuple[Exported, ...]:
        if row.last_used_at is None and not row.never_used:
            return ()
        value = None if row.last_used_at is None else f"{row.last_used_at:%Y-%m-%dT%H:%M:%SZ}"
        judged = last_use_agreement(row.last_used_at, row.last_use_as_of, logged)
        return (self._exported("last_use", row, "last_use", value, *judged),)

    def _exported(
        self, what: str, row: Row, of: str, value: str | None, agrees: bool | None, disagreement: str | None
    ) -> Exported:
        export = row.owner_export if of == "owner" else _SAID_BY[of]
        return Exported(
            what,
            self._key,
            value,
            Grade.STRONG,
            agrees,
            disagreement,
            export,
            getattr(row, f"{of}_as_of"),
            getattr(row, f"{of}_as_of_from"),
            files_about(self._key, self._files[getattr(row, f"{of}_source_sha256")]),
        )


def inactive_keys(connection: duckdb.DuckDBPyConnection, key_ids: Iterable[str]) -> tuple[Exported, ...]:
    """Which of some long-term keys IAM called inactive, where no logged change came after that."""
    asked = sorted(set(key_ids))
    found = rows(connection, "inactive_keys", keys=asked) if asked else []
    files = files_of(connection, [row.source_sha256 for row in found])
    return tuple(
        Exported(
            "status",
            row.access_key_id,
            row.status,
            Grade.STRONG,
            False if row.is_used_since else None,
            "used_while_inactive" if row.is_used_since else None,
            _SAID_BY["status"],
            row.as_of,
            row.as_of_from,
            files_about(row.access_key_id, files[row.source_sha256]),
        )
        for row in found
    )


Agreement = tuple[bool | None, str | None]
"""Whether the events say the same, null if they say nothing of it, and how they disagree."""


def owner_agreement(row: Row) -> Agreement:
    if not row.is_logged:
        return None, None
    root = row.logged_owner_kind == "root"
    same = row.user_name == ROOT if root else row.logged_owner_name == row.user_name
    if row.logged_owner_name is None and not root:
        return None, None
    return same, None if same else "owner_differs"


def status_agreement(exported: str, as_of: datetime | None, logged: LoggedKey) -> Agreement:
    """Of a status by IAM as of a time."""
    if as_of is None:
        return None, None
    switched_on = any(time > as_of and status == "Active" for time, status in logged.changes)
    if exported != "Active" and not switched_on and logged.last_success and logged.last_success > as_of:
        return False, "used_while_inactive"
    before = [status for time, status in logged.changes if time <= as_of]
    if not before:
        return None, None
    return exported == before[-1], None if exported == before[-1] else "status_differs"


def last_use_agreement(exported: datetime | None, as_of: datetime | None, logged: LoggedKey) -> Agreement:
    """Of the last use by IAM as of a time, None for never. A use when no log is loaded is no disagreement."""
    if exported is None:
        return (
            (None, None)
            if logged.first_use is None or as_of is None or logged.first_use > as_of
            else (False, "used_yet_never")
        )
    if as_of is None or logged.loaded is None or not logged.loaded[0] <= exported <= logged.loaded[1] + LAG:
        return None, None
    seen = logged.last_use_before(as_of)
    if seen is None or exported > seen + LAG:
        return False, "use_not_in_logs"
    return (True, None) if exported >= seen - LAG else (False, "used_later_than_iam_says")


def exported_owner(user_name: str, user_id: str | None, arn: str | None, account_id: str | None) -> Actor:
    if user_name == ROOT:
        return Actor(ActorKind.ROOT, account_id, None, f"arn:aws:iam::{account_id}:root", account_id)
    return Actor(ActorKind.IAM_USER, user_id, user_name, arn, account_id)


def _bare(id_: str) -> str:
    """The unique ID of a principal without the name of its session."""
    return id_.partition(":")[0]


def files_about(key_id: str, names: Sequence[str]) -> tuple[str, ...]:
    """Of files with the same bytes, each named for the key that it is about, those of one key; else all."""
    return tuple(name for name in names if key_id in name) or tuple(names)


def files_of(connection: duckdb.DuckDBPyConnection, hashes: Iterable[str]) -> dict[str, tuple[str, ...]]:
    wanted = sorted(set(hashes))
    found = rows(connection, "export_files", hashes=wanted) if wanted else []
    return {row.sha256: tuple(row.names) for row in found}


def keys_of_unknown_accounts(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Return the long-term keys whose ID does not carry their account, and that no export lists."""
    listed = rows(connection, "keys_not_exported")
    return tuple(row.access_key_id for row in listed if account_of(row.access_key_id) is None)
