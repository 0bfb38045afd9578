"""Account exports: the state of an account at a time, compared with its events. An export never overrides an event."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from forensics.answers.canonical import timestamp
from forensics.answers.core import Actor, ActorKind, Exported
from forensics.identifiers import account_of
from forensics.investigate.export_source import NOT_COMPARED, Agreement, ExportSource, files_about, files_of
from forensics.investigate.iam_names import folded
from forensics.investigate.owners import OwnerColumns
from forensics.investigate.sql_rows import Connection, rows, values

ROOT = "<root_account>"
STATUSES = {"created": "Active", "activated": "Active", "deactivated": "Inactive", "deleted": "Deleted"}
"""The status of a key after each logged change, as IAM names it."""
# IAM updates the last use with a delay
LAG = timedelta(hours=1)


class ExportedKeyColumns(OwnerColumns, frozen=True):
    """The values of exports for a long-term key, each with its source, and its owner from events."""

    is_logged: bool
    user_name: str | None
    user_id: str | None
    user_arn: str | None
    iam_status: str | None
    never_used: bool | None
    last_used_at: datetime | None
    owner_source: ExportSource | None
    status_source: ExportSource | None
    last_use_source: ExportSource | None

    @property
    def last_use_as_of(self) -> datetime | None:
        return self.last_use_source.as_of if self.last_use_source else None


class _ExportedKeyRow(ExportedKeyColumns, frozen=True):
    exported_account_id: str | None
    sts_account_id: str | None
    account_source: ExportSource | None


class _InactiveKeyRow(ExportSource, frozen=True):
    access_key_id: str
    status: str
    is_used_since: bool


class _ExportedPrincipalRow(ExportSource, frozen=True):
    id: str
    store_id: str
    account_id: str | None
    name: str | None
    logged_name: str | None


class ExportedNames:
    """The names of some actors in exports."""

    def __init__(self, connection: Connection, actor_ids: Iterable[str | None]) -> None:
        ids = sorted({_bare(id_) for id_ in actor_ids if id_})
        found = rows(connection, _ExportedPrincipalRow, "exported_principals", ids=ids) if ids else []
        self._rows = {(row.id, row.store_id or row.account_id): row for row in found}
        self._files = files_of(connection, [row.source_sha256 for row in found])

    def of(self, actor: Actor) -> tuple[Exported, ...]:
        """Return the name of an actor, if an export has one."""
        store = (actor.identity_store_arn or "").rpartition("/")[2]
        row = self._rows.get((_bare(actor.id or ""), store or actor.account_id))
        if row is None or actor.kind not in (
            ActorKind.IAM_USER,
            ActorKind.IDENTITY_CENTER_USER,
            ActorKind.EXTERNAL_PRINCIPAL,
        ):
            return ()
        agrees = None if row.logged_name is None else folded(row.logged_name) == folded(row.name)
        judged = agrees, "name_differs" if agrees is False else None
        return (row.exported("name", actor.id or "", row.name, self._files[row.source_sha256], judged),)


@dataclass(frozen=True, slots=True)
class LoggedKey:
    """The logged facts about a long-term key that exports are compared with.

    `uses`: times of calls. `changes`: the status after each logged change, ordered by time. `loaded`: the times of the
    first and the last loaded event of its account.
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


class ExportedKey:
    """The exports about one long-term key."""

    def __init__(self, connection: Connection, key_id: str) -> None:
        self._key = key_id
        found = rows(connection, _ExportedKeyRow, "exported_key", key=key_id)
        self._row = found[0] if found else None
        sources = [
            source
            for row in found
            for source in (row.account_source, row.owner_source, row.status_source, row.last_use_source)
        ]
        self._files = files_of(connection, [source.source_sha256 for source in sources if source])

    def owner(self) -> Actor | None:
        """Return the owner in exports, for a key whose owner is not logged."""
        row = self._row
        if row is None or row.user_name is None:
            return None
        return exported_owner(row.user_name, row.user_id, row.user_arn, row.exported_account_id)

    @property
    def account_id(self) -> str | None:
        return self._row.exported_account_id if self._row else None

    @property
    def last_use_as_of(self) -> datetime | None:
        return self._row.last_use_as_of if self._row else None

    def statements(self, logged: LoggedKey) -> tuple[Exported, ...]:
        """Return all values in exports, compared with the events."""
        return tuple(self._statements(self._row, logged)) if self._row else ()

    def _statements(self, row: _ExportedKeyRow, logged: LoggedKey) -> Iterator[Exported]:
        if row.account_source and row.sts_account_id is not None:
            agrees = row.account_id == row.sts_account_id if row.is_logged else None
            judged = agrees, "account_differs" if agrees is False else None
            yield self._exported("account", row.sts_account_id, row.account_source, judged)
        if row.owner_source and row.user_name is not None:
            judged = owner_agreement(row.user_name, row.owner_kind, row.owner_name)
            yield self._exported("owner", row.user_name, row.owner_source, judged)
        if row.status_source and row.iam_status is not None:
            judged = status_agreement(row.iam_status, row.status_source.as_of, logged)
            yield self._exported("status", row.iam_status, row.status_source, judged)
        if row.last_use_source and (row.last_used_at is not None or row.never_used):
            judged = last_use_agreement(row.last_used_at, row.last_use_source.as_of, logged)
            value = timestamp(row.last_used_at) if row.last_used_at else None
            yield self._exported("last_use", value, row.last_use_source, judged)

    def _exported(self, what: str, value: str | None, source: ExportSource, judged: Agreement) -> Exported:
        return source.exported(
            what, self._key, value, files_about(self._key, self._files[source.source_sha256]), judged
        )


def inactive_keys(connection: Connection, key_ids: Iterable[str]) -> tuple[Exported, ...]:
    """Return the status of keys that exports show as inactive, unless a later change is logged."""
    asked = sorted(set(key_ids))
    found = rows(connection, _InactiveKeyRow, "inactive_keys", keys=asked) if asked else []
    names = files_of(connection, [row.source_sha256 for row in found])
    return tuple(
        row.exported(
            "status",
            row.access_key_id,
            row.status,
            files_about(row.access_key_id, names[row.source_sha256]),
            (False, "used_while_inactive") if row.is_used_since else NOT_COMPARED,
        )
        for row in found
    )


def owner_agreement(user_name: str, logged_kind: ActorKind | None, logged_name: str | None) -> Agreement:
    """Compare an exported owner with events; `logged_kind` is None if no event has the key."""
    if logged_kind == ActorKind.ROOT:
        same = user_name == ROOT
    elif logged_name is None:
        return NOT_COMPARED
    else:
        same = folded(user_name) == folded(logged_name)
    return same, None if same else "owner_differs"


def status_agreement(exported: str, as_of: datetime | None, logged: LoggedKey) -> Agreement:
    """Compare an exported status as of a time with events."""
    if as_of is None:
        return NOT_COMPARED
    switched_on = any(time > as_of and status == "Active" for time, status in logged.changes)
    if exported != "Active" and not switched_on and logged.last_success and logged.last_success > as_of:
        return False, "used_while_inactive"
    before = [status for time, status in logged.changes if time <= as_of]
    if not before:
        return NOT_COMPARED
    return exported == before[-1], None if exported == before[-1] else "status_differs"


def last_use_agreement(exported: datetime | None, as_of: datetime | None, logged: LoggedKey) -> Agreement:
    """Compare an exported last use, None for never, with events. A use outside the loaded time is not compared.

    A use after a logged deactivation or deletion contradicts the events, wherever they begin and end.
    """
    if exported is None:
        if logged.first_use is None or as_of is None or logged.first_use > as_of:
            return NOT_COMPARED
        return False, "used_yet_never"
    if _status_before(exported, logged) in ("Inactive", "Deleted"):
        return False, "used_after_disabled"
    if as_of is None or logged.loaded is None or not logged.loaded[0] <= exported <= logged.loaded[1] + LAG:
        return NOT_COMPARED
    seen = logged.last_use_before(as_of)
    if seen is None or exported > seen + LAG:
        return False, "use_not_in_logs"
    return (True, None) if exported >= seen - LAG else (False, "used_later_than_iam_says")


def _status_before(moment: datetime, logged: LoggedKey) -> str | None:
    """Return the status of a key before a time; None if it is unknown, also if one second has several changes."""
    before = [(time, status) for time, status in logged.changes if time < moment]
    last = {status for time, status in before if time == before[-1][0]}
    return "Deleted" if "Deleted" in last else last.pop() if len(last) == 1 else None


def exported_owner(user_name: str, user_id: str | None, arn: str | None, account_id: str | None) -> Actor:
    """Return the owner of a key by the user name in an export."""
    if user_name == ROOT:
        return Actor(ActorKind.ROOT, account_id, None, f"arn:aws:iam::{account_id}:root", account_id)
    return Actor(ActorKind.IAM_USER, user_id, user_name, arn, account_id)


def _bare(id_: str) -> str:
    """Return the unique ID of a principal without a session name."""
    return id_.partition(":")[0]


def keys_of_unknown_accounts(connection: Connection) -> tuple[str, ...]:
    """Return the long-term keys whose ID does not encode their account, and that no export lists."""
    return tuple(key for key in values(connection, str, "keys_not_exported") if account_of(key) is None)
