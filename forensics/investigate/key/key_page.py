"""Key page: the owner of an access key, its status changes, its requester, everything derived from it and its calls.

Answers the first questions of a responder (docs/attribution.md#questions-about-a-key). The key's own events are read
once; everything else comes from the tables of attribution. The requester is the unchanged answer of `who`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from forensics.answers.core import Actor, Exported
from forensics.answers.key_answer import (
    Activity,
    Children,
    Descendants,
    Key,
    KeyKind,
    Lifecycle,
    MadeKey,
    OtherKey,
    OwnersAccess,
    Quarantine,
    UsedAfterEnd,
    UserChange,
)
from forensics.answers.tree_answer import Node
from forensics.answers.who_answer import Who
from forensics.identifiers import Identifier, account_of, is_service_specific
from forensics.investigate.account_exports import STATUSES, ExportedKey, LoggedKey
from forensics.investigate.key.activity import CITED, activity, derived_from, uses_of
from forensics.investigate.key.address_context import AddressContext
from forensics.investigate.key.counted_calls import (
    CallCriteria,
    call_filter,
    counted_activity,
    counted_calls,
    together,
    uncounted_calls,
)
from forensics.investigate.key_changes import ChangeFacts, ChangeRow, KeyChangeRow
from forensics.investigate.loaded_spans import loaded_of
from forensics.investigate.owner_reports import ReportOfOwner
from forensics.investigate.owners import OwnerColumns
from forensics.investigate.periods import has_expired
from forensics.investigate.sql_rows import Connection, rows, run, values
from forensics.investigate.tree.derived import NodesBelow, nodes_below
from forensics.investigate.tree.still_valid import still_valid
from forensics.investigate.who.requesters import ids_of, subject_rows, who_of

_NO_CONTEXT = AddressContext()
_EVERY_CALL = CallCriteria()
_QUARANTINE = "AWSCompromisedKeyQuarantine"


class _KeyStateRow(OwnerColumns, frozen=True):
    """The owner and the status of a long-term key in an account."""

    lifecycle: Lifecycle


class _UserChangeRow(ChangeRow, frozen=True):
    event_name: str
    policy: str | None


def key(
    connection: Connection,
    identifier: Identifier,
    context: AddressContext = _NO_CONTEXT,
    criteria: CallCriteria = _EVERY_CALL,
    below: NodesBelow | None = None,
) -> Key:
    """Return the page on an access key. For a key that is not logged, the answer lists the missing logs.

    Args:
        connection: the case.
        identifier: the access key.
        context: databases of addresses.
        criteria: which calls count.
        below: the nodes of its tree at the latest event, if they are known.

    Raises UnusableFilter.
    """
    wanted = call_filter(**criteria)
    found = subject_rows(connection, identifier)
    answer = who_of(connection, identifier, found, context.ip_ranges)
    credential_ids = ids_of(found)
    counted = counted_calls(connection, credential_ids, wanted)
    of_derived = counted_activity(connection, derived_from(connection, credential_ids), context, counted)
    descendants = CountedDescendants(counted.issued | of_derived.credential_ids, counted.issued_by) if counted else None
    with uses_of(connection, dict.fromkeys(credential_ids, 0), identifier.id) as uses:
        page = _Page(connection, identifier.id, credential_ids, answer, uses, below, descendants).answer(context)
        unreliable = uncounted_calls(connection, "unreliable")
    done = of_derived.activity
    page = replace(page, children=replace(page.children, sensitive=done.sensitive, activity=done))
    if counted is None:
        return replace(page, unreliable=together(unreliable, of_derived.unreliable))
    own = counted_activity(connection, credential_ids, context, counted, identifier.id)
    return replace(
        page,
        activity=own.activity,
        counted=wanted,
        earlier=together(own.earlier, of_derived.earlier),
        left_out=together(own.left_out, of_derived.left_out),
        unreliable=together(own.unreliable, of_derived.unreliable),
    )


class CountedDescendants(NamedTuple):
    """The derived credentials that a page counts, and the events that issued them."""

    credential_ids: frozenset[str]
    issued_by: frozenset[str]


class _Page:
    """The facts about one key in the tables, and the answer of `who`."""

    def __init__(
        self,
        connection: Connection,
        key_id: str,
        credential_ids: list[str],
        answer: Who,
        uses: str,
        below: NodesBelow | None,
        counted_descendants: CountedDescendants | None,
    ) -> None:
        self._connection = connection
        self._key = key_id
        self._credential_ids = credential_ids
        self._who = answer
        self._uses = uses
        self._counted_descendants = counted_descendants
        self._owners = rows(connection, _KeyStateRow, "key/owner", key=key_id)
        self._owner = self._owners[0] if len(self._owners) == 1 else None
        self._account_id = self._owner.account_id if self._owner else None
        self._key_changes = rows(
            connection,
            KeyChangeRow,
            "key/changes",
            key=key_id,
            account=self._account_id,
            user=self._owner.owner_name if self._owner else None,
        )
        run(connection, "same_user")
        self._user_changes = self._changes_of(self._owner) if self._owner else []
        changes = (*self._key_changes, *self._user_changes)
        self._facts = ChangeFacts(connection, changes)
        self._exported = ExportedKey(connection, key_id)
        self._at = next(iter(values(connection, datetime, "latest_event")), None)
        self._below = below or self._nodes_below()

    def answer(self, context: AddressContext) -> Key:
        used = activity(self._connection, self._uses, context)
        lifecycle = self._lifecycle(used)
        accounts = self._account_ids()
        hop = self._who.chain[0] if self._who.chain else None
        hop_of_temporary = hop if _kind(self._key) == KeyKind.TEMPORARY else None
        in_logs = bool(self._credential_ids or self._owners or self._who.named_by or self._who.not_trusted)
        owner = self._owner.owner if self._owner else None if in_logs else self._exported.owner()
        user_changes = tuple(self._user_change(row) for row in self._user_changes)
        owners_access = self._owners_access(self._owner, user_changes) if self._owner else OwnersAccess()
        exports = self._exports(owner, lifecycle, used, owners_access)
        return Key(
            subject=self._who.subject,
            kind=_kind(self._key),
            in_logs=in_logs,
            account_ids=accounts,
            decoded_account_id=account_of(self._key),
            owner=owner,
            issued_at=hop_of_temporary.issued_at if hop_of_temporary else None,
            expires_at=hop_of_temporary.expires_at if hop_of_temporary else lifecycle.expires_at,
            lifecycle=lifecycle,
            owners_access=owners_access,
            quarantine=_quarantine(user_changes),
            who=self._who,
            children=self._children() if self._credential_ids else Children(),
            activity=used,
            flags=self._flags(accounts, lifecycle),
            address_databases=context.databases,
            exports=(*exports, *self._who.exports) if in_logs else exports,
            still_works=still_valid(self._below.nodes),
        )

    def _exports(
        self, owner: Actor | None, lifecycle: Lifecycle, used: Activity, access: OwnersAccess
    ) -> tuple[Exported, ...]:
        report = ReportOfOwner(self._connection, owner)
        logged = self._logged(lifecycle, used, (self._exported.last_use_as_of, report.as_of))
        named = self._exported.statements(logged)
        return (*named, *report.statements(self._key, logged, access, {one.what for one in named}))

    def _logged(self, lifecycle: Lifecycle, used: Activity, as_of: Iterable[datetime | None]) -> LoggedKey:
        """Return the logged facts that exports are compared with."""
        uses = [used.first_use] if used.first_use else []
        for time in filter(None, as_of):
            uses += values(self._connection, datetime, "key/last_use_before", uses=self._uses, at=time)
        changes = [
            (change.event.event_time, STATUSES.get(change.change))
            for change in lifecycle.changes
            if change.succeeded and change.access_key_id == self._key and change.event.event_time
        ]
        account = self._account_id or self._exported.account_id or ""
        loaded = loaded_of(self._connection, [account] if account else [])
        return LoggedKey(tuple(uses), used.last_success, changes, loaded.get(account))

    def _account_ids(self) -> tuple[str, ...]:
        answers = self._who.sessions or (self._who,)
        found = {answer.subject.account_id for answer in answers} if self._credential_ids else set()
        return tuple(sorted(filter(None, found | {row.account_id for row in self._owners})))

    def _flags(self, accounts: Sequence[str], lifecycle: Lifecycle) -> tuple[str, ...]:
        decoded = account_of(self._key)
        flags = {flag for answer in (self._who, *self._who.sessions) for flag in answer.flags}
        if decoded and any(account != decoded for account in accounts):
            flags.add("rewritten_or_anonymised_logs")
        if len(accounts) > 1:
            flags.add("key_of_several_accounts")
        if any(use.succeeded and use.change != "switched_both_ways" for use in lifecycle.used_after_end):
            flags.add("used_after_end")
        return tuple(sorted(flags))

    # status changes

    def _lifecycle(self, used: Activity) -> Lifecycle:
        uses = {"uses": self._uses, "key": self._key, "most": CITED}
        logged = self._owner.lifecycle if self._owner else Lifecycle()
        node = _node_of(self._key, self._account_id, self._below.nodes)
        return replace(
            logged,
            state=node.state if node else None,
            valid_at=node.valid_at if node else None,
            expired=has_expired(logged.expires_at, used.last_success, self._at),
            changes=tuple(self._facts.key_change(row) for row in self._key_changes),
            used_after_end=tuple(rows(self._connection, UsedAfterEnd, "key/used_after_end", **uses)),
        )

    # the owner

    def _changes_of(self, owner: _KeyStateRow) -> list[_UserChangeRow]:
        return rows(
            self._connection,
            _UserChangeRow,
            "key/user_changes",
            account=owner.account_id,
            principal=owner.owner_principal_id,
            user=owner.owner_name,
        )

    def _user_change(self, row: _UserChangeRow) -> UserChange:
        return UserChange(
            row.event_name,
            row.policy,
            row.succeeded,
            row.error_code,
            *self._facts.changed_by(row),
            row.by_access_key_id,
            self._facts.event(row),
        )

    def _owners_access(self, owner: _KeyStateRow, changes: Sequence[UserChange]) -> OwnersAccess:
        others = rows(
            self._connection,
            OtherKey,
            "key/other_keys",
            key=self._key,
            account=owner.account_id,
            kind=owner.owner_kind,
            principal=owner.owner_principal_id,
            user=owner.owner_name,
        )
        asked = {"account": owner.account_id, "principal": owner.owner_principal_id}
        (access,) = rows(self._connection, OwnersAccess, "key/sign_ins", **asked)
        passwords = tuple(change for change in changes if change.event_name.endswith("LoginProfile"))
        console_password = _has_password(passwords, access.sign_ins)
        keys = tuple(replace(one, expired=has_expired(one.expires_at, one.last_success, self._at)) for one in others)
        return replace(access, keys=keys, console_password=console_password, password_changes=passwords)

    # derived credentials

    def _nodes_below(self) -> NodesBelow:
        if self._at is None or not self._credential_ids:
            return NodesBelow((), {})
        return nodes_below(self._connection, self._credential_ids, self._at)

    def _children(self) -> Children:
        nodes, places = self._below
        valid = [id_ for id_, place in places.items() if nodes[place].valid_at]
        counted = self._counted_descendants
        ids = sorted(counted.credential_ids) if counted else None
        events = sorted(counted.issued_by) if counted else None
        asked = {"ids": self._credential_ids, "valid": valid, "counted": ids}
        roles = tuple(rows(self._connection, Descendants, "key/descendants", **asked))
        made = rows(self._connection, MadeKey, "key/made_keys", ids=self._credential_ids, events=events)
        certain = [role for role in roles if role.certain]
        return Children(
            credentials=sum(role.credentials for role in certain),
            direct=sum(role.direct for role in certain),
            unexpired=sum(role.unexpired for role in certain),
            possible=sum(role.credentials for role in roles if not role.certain),
            account_ids=tuple(sorted({role.account_id for role in certain if role.account_id})),
            at=self._at,
            roles=roles,
            made_keys=tuple(_in_tree(one, nodes) for one in made),
        )


def _kind(key_id: str) -> KeyKind:
    if is_service_specific(key_id):
        return KeyKind.SERVICE_SPECIFIC
    return {"AKIA": KeyKind.LONG_TERM, "ASIA": KeyKind.TEMPORARY}.get(key_id[:4], KeyKind.OTHER)


def _node_of(key_id: str, account_id: str | None, nodes: Iterable[Node]) -> Node | None:
    return next((node for node in nodes if key_id in node.access_key_ids and node.account_id == account_id), None)


def _in_tree(made: MadeKey, nodes: Sequence[Node]) -> MadeKey:
    """Return a key with its state in the tree."""
    node = _node_of(made.access_key_id, made.account_id, nodes)
    return replace(made, state=node.state, valid_at=node.valid_at) if node else made


def _has_password(changes: Sequence[UserChange], sign_ins: int) -> bool | None:
    done = [change for change in changes if change.succeeded]
    if not done:
        return True if sign_ins else None
    return done[-1].event_name != "DeleteLoginProfile"


def _quarantine(changes: Sequence[UserChange]) -> Quarantine:
    about = tuple(change for change in changes if change.policy and _QUARANTINE in change.policy)
    done = [change for change in about if change.succeeded]
    return Quarantine(done[-1].event_name == "AttachUserPolicy" if done else None, about)
