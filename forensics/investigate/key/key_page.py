"""The one page on an access key: whose it is, what befell it, who requested it, what came of it and what it did.

Asks what a responder asks first (docs/attribution.md#questions-about-a-key). Reads the key's own events once;
everything else is in the tables that attribution has settled. Who is behind the key is `who`'s answer, unchanged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from forensics.answers.core import NOBODY, Actor, Evidence, Exported, Grade
from forensics.answers.key_answer import (
    Activity,
    Burst,
    Children,
    Descendants,
    Key,
    KeyChange,
    KeyKind,
    Lifecycle,
    MadeKey,
    OtherKey,
    OwnersAccess,
    Quarantine,
    Sensitive,
    Totals,
    Used,
    UsedAddress,
    UsedAfterEnd,
    UsedAgent,
    UsedWith,
    UserChange,
)
from forensics.identifiers import Identifier, account_of
from forensics.investigate.account_exports import STATUSES, ExportedKey, LoggedKey, loaded_of
from forensics.investigate.actors import actor_of, owner_of
from forensics.investigate.applications import application_of
from forensics.investigate.evidence import evidence_of
from forensics.investigate.key.address_context import AddressContext
from forensics.investigate.owner_reports import ReportOfOwner
from forensics.investigate.sql_rows import Row, rows
from forensics.investigate.who.requesters import who
from forensics.investigate.workloads import address_class

_LISTED = 100  # of each list of an activity
_CITED = 10  # events, or resources, for one finding
_NO_CONTEXT = AddressContext()
_QUARANTINE = "AWSCompromisedKeyQuarantine"


def key(connection: duckdb.DuckDBPyConnection, identifier: Identifier, context: AddressContext = _NO_CONTEXT) -> Key:
    """The answer about an access key; of one in no log it says so, and what to load."""
    return _Page(connection, identifier, context).answer()


@dataclass(frozen=True, slots=True)
class _Owner:
    """The owner of a long-term key as the queries ask for it; nobody's columns are null and match nothing."""

    account: str | None = None
    kind: str | None = None
    principal: str | None = None
    user: str | None = None


class _Page:
    """Everything that the tables say about one key."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, identifier: Identifier, context: AddressContext) -> None:
        self._connection = connection
        self._key = identifier.id
        self._context = context
        self._who = who(connection, identifier, context.ip_ranges)
        self._credential_ids = [
            row.credential_id
            for row in rows(connection, "who/subject_access_key", id=identifier.id)
            if row.credential_id
        ]
        self._owners = rows(connection, "key/owner", key=identifier.id)
        self._owner = _owner(self._owners)
        collect_uses(connection, dict.fromkeys(self._credential_ids, 0), identifier.id)
        self._exported = ExportedKey(connection, identifier.id)

    def answer(self) -> Key:
        lifecycle = self._lifecycle()
        used = activity(self._connection, self._context)
        children = self._children()
        accounts = self._account_ids()
        hop = self._who.chain[0] if self._who.chain else None
        is_temporary = _kind(self._key) == KeyKind.TEMPORARY
        user_changes = self._user_changes()
        owner = owner_of(self._owners[0]) if len(self._owners) == 1 else self._exported_owner()
        owners_access = self._owners_access(user_changes)
        exported = self._exports(owner, lifecycle, used, owners_access)
        self._connection.execute("drop table if exists key_uses")
        return Key(
            subject=self._who.subject,
            kind=_kind(self._key),
            in_logs=bool(self._credential_ids or self._owners),
            account_ids=accounts,
            decoded_account_id=account_of(self._key),
            owner=owner,
            issued_at=hop.issued_at if hop and is_temporary else None,
            expires_at=hop.expires_at if hop and is_temporary else None,
            lifecycle=lifecycle,
            owners_access=owners_access,
            quarantine=_quarantine(user_changes),
            who=self._who,
            children=children,
            activity=used,
            flags=self._flags(accounts, lifecycle),
            address_databases=self._context.databases,
            exports=(*exported, *self._who.exports) if self._owners or self._credential_ids else exported,
        )

    def _exported_owner(self) -> Actor | None:
        """Of a key that no event tells the owner of."""
        return self._exported.owner() if not self._owners and not self._credential_ids else None

    def _exports(
        self, owner: Actor | None, lifecycle: Lifecycle, used: Activity, access: OwnersAccess
    ) -> tuple[Exported, ...]:
        report = ReportOfOwner(self._connection, owner)
        logged = self._logged(lifecycle, used, (self._exported.last_use_as_of, report.as_of))
        named = self._exported.says(logged)
        return (*named, *report.says(self._key, logged, access, {said.what for said in named}))

    def _logged(self, lifecycle: Lifecycle, used: Activity, as_of: Iterable[datetime | None]) -> LoggedKey:
        """What exports are compared with."""
        before = [self._ask("key/last_use_before", at=time)[0].last_use for time in as_of if time]
        changes = [
            (change.event.event_time, STATUSES.get(change.change))
            for change in lifecycle.changes
            if change.succeeded and change.access_key_id == self._key and change.event.event_time
        ]
        account = self._owner.account or self._exported.account_id
        return LoggedKey(
            tuple(time for time in (used.first_use, *before) if time),
            used.last_success,
            changes,
            loaded_of(self._connection, account),
        )

    def _ask(self, query: str, **parameters: object) -> list[Row]:
        return rows(self._connection, query, **parameters)

    def _account_ids(self) -> tuple[str, ...]:
        said = self._who.sessions or (self._who,)
        of_credentials = {answer.subject.account_id for answer in said} if self._credential_ids else set()
        return tuple(
            sorted({account for account in of_credentials | {row.account_id for row in self._owners} if account})
        )

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

    # its life

    def _lifecycle(self) -> Lifecycle:
        changes = self._ask("key/changes", key=self._key, account=self._owner.account, user=self._owner.user)
        evidence, behind = self._evidence(changes), self._behind(changes)
        only = self._owners[0] if len(self._owners) == 1 else None
        return Lifecycle(
            status=only.status if only else None,
            status_since=only.status_since if only else None,
            created_at=only.created_at if only else None,
            changes=tuple(_key_change(row, behind[row.event_key], evidence[row.event_key]) for row in changes),
            used_after_end=tuple(
                UsedAfterEnd(
                    row.change,
                    row.ended_at,
                    row.succeeded,
                    row.refused,
                    row.first_use,
                    row.last_use,
                    tuple(row.event_ids or ()),
                )
                for row in self._ask("key/used_after_end", key=self._key, most=_CITED)
            ),
        )

    def _evidence(self, changes: Iterable[Row]) -> dict[str, Evidence]:
        ids = [row.event_key for row in changes]
        found = self._ask("who/evidence", ids=ids) if ids else []
        return {row.id: evidence_of(row) for row in found}

    def _behind(self, changes: Sequence[Row]) -> dict[str, tuple[Actor, Grade]]:
        """Who is behind each change; a record that proves nothing names nobody."""
        telling = [row for row in changes if row.succeeded or row.error_code is not None]
        ids = sorted({row.by_credential_id for row in telling if row.by_credential_id})
        found = {row.credential_id: row for row in (self._ask("key/behind", ids=ids) if ids else [])}
        known = {row.event_key: found[row.by_credential_id] for row in telling if row.by_credential_id in found}
        named = {event: (actor_of(row), Grade(row.grade)) for event, row in known.items()}
        return {row.event_key: named.get(row.event_key, (NOBODY, Grade.NONE)) for row in changes}

    # its owner

    def _user_changes(self) -> tuple[UserChange, ...]:
        owner = self._owner
        changes = self._ask("key/user_changes", account=owner.account, principal=owner.principal, user=owner.user)
        evidence, behind = self._evidence(changes), self._behind(changes)
        return tuple(
            UserChange(
                row.event_name,
                row.policy,
                row.succeeded,
                row.error_code,
                *behind[row.event_key],
                row.by_access_key_id,
                evidence[row.event_key],
            )
            for row in changes
        )

    def _owners_access(self, changes: Sequence[UserChange]) -> OwnersAccess:
        owner = self._owner
        others = self._ask(
            "key/other_keys",
            key=self._key,
            account=owner.account,
            kind=owner.kind,
            principal=owner.principal,
            user=owner.user,
        )
        sign_in = self._ask("key/sign_ins", account=owner.account, principal=owner.principal)[0]
        passwords = tuple(change for change in changes if change.event_name.endswith("LoginProfile"))
        return OwnersAccess(
            keys=tuple(OtherKey(*row) for row in others),
            console_password=_has_password(passwords, sign_in),
            password_changes=passwords,
            sign_ins=sign_in.sign_ins,
            first_sign_in=sign_in.first_sign_in,
            last_sign_in=sign_in.last_sign_in,
            sign_in_event_ids=tuple(filter(None, dict.fromkeys((sign_in.first_event_id, sign_in.last_event_id)))),
        )

    # what came of it

    def _children(self) -> Children:
        if not self._credential_ids:
            return Children()
        at = self._ask("key/last_event")[0].last_event_time
        found = self._ask("key/descendants", ids=self._credential_ids, at=at.isoformat() if at else None)
        roles = tuple(Descendants(*row) for row in found)
        certain = [role for role in roles if role.certain]
        return Children(
            credentials=sum(role.credentials for role in certain),
            direct=sum(role.direct for role in certain),
            unexpired=sum(role.unexpired for role in certain),
            possible=sum(role.credentials for role in roles if not role.certain),
            account_ids=tuple(sorted({role.account_id for role in certain if role.account_id})),
            at=at,
            roles=roles,
            made_keys=tuple(MadeKey(*row) for row in self._ask("key/made_keys", ids=self._credential_ids)),
        )


# what it did


def collect_uses(connection: duckdb.DuckDBPyConnection, nodes: Mapping[str, int], key_id: str | None = None) -> None:
    """Read every event that some credentials signed, for `activity`; beside each, a number to tell them apart by.

    `key_id`: the access key, where all of them are of one.
    """
    connection.execute("drop table if exists key_uses")
    days = rows(connection, "key/span", ids=list(nodes))[0]
    rows(
        connection,
        "key/uses",
        ids=list(nodes),
        nodes=list(nodes.values()),
        key=key_id,
        first=days.first,
        last=days.last,
    )


def activity(connection: duckdb.DuckDBPyConnection, context: AddressContext) -> Activity:
    """What the collected events were."""
    total = rows(connection, "key/total")[0]
    if not total.events:
        return Activity()
    places = rows(connection, "key/places", most=_LISTED)
    kinds = {
        kind: [row for row in places if row.kind == kind] for kind in ("address", "user_agent", "region", "service")
    }
    resources = rows(connection, "key/resources", most=_LISTED)
    bursts = rows(connection, "key/bursts", most=_LISTED)
    return Activity(
        events=total.events,
        succeeded=total.succeeded,
        denied=total.denied,
        failed=total.failed,
        first_use=total.first_use,
        last_use=total.last_use,
        last_success=total.last_success,
        addresses=tuple(_used_address(row, context) for row in kinds["address"]),
        user_agents=tuple(_used_agent(row) for row in kinds["user_agent"]),
        regions=tuple(_used(row) for row in kinds["region"]),
        services=tuple(_used_with(row) for row in kinds["service"]),
        resources=tuple(_used_with(row, row.objects) for row in resources),
        sensitive=tuple(_sensitive(row) for row in rows(connection, "key/sensitive", most=_CITED)),
        discovery_bursts=tuple(_burst(row) for row in bursts),
        totals=Totals(*(_total(found) for found in (*kinds.values(), resources, bursts))),
    )


def _kind(key_id: str) -> KeyKind:
    return {"AKIA": KeyKind.LONG_TERM, "ASIA": KeyKind.TEMPORARY}.get(key_id[:4], KeyKind.OTHER)


def _owner(owners: Sequence[Row]) -> _Owner:
    if len(owners) != 1:
        return _Owner()
    owner = owners[0]
    return _Owner(owner.account_id, owner.owner_kind, owner.owner_principal_id, owner.owner_name)


def _key_change(row: Row, behind: tuple[Actor, Grade], event: Evidence) -> KeyChange:
    actor, grade = behind
    return KeyChange(
        row.change,
        row.access_key_id,
        row.succeeded,
        row.error_code,
        actor,
        grade,
        row.by_access_key_id,
        row.by_arn,
        event,
    )


def _has_password(changes: Sequence[UserChange], sign_in: Row) -> bool | None:
    done = [change for change in changes if change.succeeded]
    if not done:
        return True if sign_in.sign_ins else None
    return done[-1].event_name != "DeleteLoginProfile"


def _quarantine(changes: Sequence[UserChange]) -> Quarantine:
    about = tuple(change for change in changes if change.policy and _QUARANTINE in change.policy)
    done = [change for change in about if change.succeeded]
    return Quarantine(done[-1].event_name == "AttachUserPolicy" if done else None, about)


def _used(row: Row) -> Used:
    return Used(row.value, row.succeeded, row.denied, row.failed, row.first_use, row.last_use)


def _used_address(row: Row, context: AddressContext) -> UsedAddress:
    kind, _ = address_class(row.value or "", None)
    place = context.place_of(row.value)
    return UsedAddress(
        row.value,
        row.succeeded,
        row.denied,
        row.failed,
        row.first_use,
        row.last_use,
        kind,
        place.country,
        place.city,
        place.as_number,
        place.as_name,
    )


def _used_agent(row: Row) -> UsedAgent:
    return UsedAgent(
        row.value, row.succeeded, row.denied, row.failed, row.first_use, row.last_use, application_of(row.value)
    )


def _used_with(row: Row, objects: int = 0) -> UsedWith:
    names = tuple(row.event_names)
    return UsedWith(row.value, row.succeeded, row.denied, row.failed, row.first_use, row.last_use, names, objects)


def _total(found: Sequence[Row]) -> int:
    return found[0].total if found else 0


def _sensitive(row: Row) -> Sensitive:
    return Sensitive(
        tactic=row.tactic,
        technique=row.technique,
        technique_name=row.technique_name,
        event_source=row.event_source,
        event_name=row.event_name,
        succeeded=row.succeeded,
        denied=row.denied,
        failed=row.failed,
        first_use=row.first_use,
        last_use=row.last_use,
        mfa_authenticated=row.mfa_authenticated,
        resources=tuple(row.resources or ()),
        resources_total=row.resources_total,
        event_ids=tuple(row.event_ids or ()),
    )


def _burst(row: Row) -> Burst:
    return Burst(
        first_use=row.first_use,
        last_use=row.last_use,
        source_ip_address=row.source_ip_address,
        succeeded=row.succeeded,
        denied=row.denied,
        failed=row.failed,
        event_names=tuple(row.event_names),
        regions=tuple(region for region in row.regions if region),
        first_event_id=row.first_event_id,
    )
