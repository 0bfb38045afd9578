"""Lives: the life of each place in the tree: what it is, when it was issued, how long it lasts, and its last success.

A success after an end disproves the end, wherever in the tree it is logged: a request for another credential was made
with the parent, and AWS services act for a session as long as it works.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from forensics.answers.tree_answer import NodeKind, Relation
from forensics.investigate.sql_rows import Connection, rows
from forensics.investigate.tree.descent import TreePlace
from forensics.investigate.tree.life import Life, expiry, latest_sign_in, longest, longest_in_console
from forensics.investigate.tree.session_means import revocation_of
from forensics.investigate.tree.tree_rows import DerivedRow, IssuanceRow, PlantingRow, SignInRow, SuccessRow

_IN_CONSOLE = (Relation.CONSOLE_SESSION, Relation.SWITCHED_ROLE)


@dataclass(frozen=True, slots=True)
class _Expiry:
    """`at`: logged, or a default if `is_assumed`; `latest`: it cannot be later."""

    at: datetime | None
    is_assumed: bool
    latest: datetime | None


@dataclass(frozen=True, slots=True)
class _Use:
    """The last success of what derives from something, and the last one that needs a permission."""

    success: datetime | None
    permitted: datetime | None
    is_certain: bool


class Lives:
    """The lives of places until a time, parents before children."""

    def __init__(
        self,
        connection: Connection,
        places: Sequence[TreePlace],
        credentials: Mapping[str, DerivedRow],
        plantings: Mapping[str, PlantingRow],
        issuances: Mapping[str, IssuanceRow],
        at: datetime,
    ) -> None:
        self._places = places
        self._credentials = credentials
        self._plantings = plantings
        self._issuances = issuances
        self._at = at
        self._in_console = {one for place in places if place.relation in _IN_CONSOLE for one in place.members}
        self._in_console |= {row.id for row in credentials.values() if row.from_console}
        self._cited = self._issuances_by_member()
        self._earlier_successes = self._successes_until(connection)
        self._sign_ins = self._signed_in(connection)
        self._lives = [self._life(place) for place in places]
        self._lives = self._with_later_use()

    def __getitem__(self, place: int) -> Life:
        return self._lives[place]

    def _successes_until(self, connection: Connection) -> dict[str, SuccessRow]:
        """Return the last successes until the time, of each credential with a later one."""
        late = (row for row in self._credentials.values() if row.last_success and row.last_success > self._at)
        ids = sorted(row.id for row in late)
        found = rows(connection, SuccessRow, "tree/last_success", ids=ids, at=self._at) if ids else ()
        return {id_: SuccessRow(id_, None, None) for id_ in ids} | {row.id: row for row in found}

    def _signed_in(self, connection: Connection) -> dict[str, datetime]:
        """Return the last possible sign-in of each role session that opened the console, by credential."""
        asked = [row for row in self._credentials.values() if _can_sign_in(row) and _began(row)]
        if not asked:
            return {}
        began = [_began(row) for row in asked]
        until = [latest_sign_in(row.expires_at or longest(_began(row), is_of_role=True)) for row in asked]
        arguments = {"ids": [row.id for row in asked], "began": began, "until": until, "at": self._at}
        found = rows(connection, SignInRow, "tree/sign_ins", **arguments)
        return {row.id: at for row in found if (at := _latest((row.signed_in_at, latest_sign_in(row.requested_at))))}

    def _issuances_by_member(self) -> dict[str, list[IssuanceRow]]:
        """Return the issuances that the places of each member cite: a credential in two places has one life."""
        found: defaultdict[str, dict[str, IssuanceRow]] = defaultdict(dict)
        for place in self._places:
            cited = {key: self._issuances[key] for key in place.event_keys if key in self._issuances}
            for member in place.members:
                found[member] |= cited
        return {member: list(cited.values()) for member, cited in found.items()}

    def _life(self, place: TreePlace) -> Life:
        credentials = [self._credentials[id_] for id_ in place.members if id_ in self._credentials]
        planting = self._plantings.get(place.members[0])
        if planting and not credentials:
            return _life_of_planting(planting)
        fact = credentials[0]
        user_id, user_name = user_of(fact)
        successes = [self._earlier_successes.get(row.id, row) for row in credentials]
        life = Life(
            NodeKind.ACCESS_KEY if fact.is_long_term else NodeKind.SESSION,
            fact.account_id,
            user_name=user_name,
            user_id=user_id,
            last_use=_latest(row.last_use for row in credentials),
            last_success=_latest(row.last_success for row in successes),
            last_permitted=_latest(row.last_permitted for row in successes),
        )
        if fact.is_long_term:
            return replace(
                life,
                access_key_id=fact.access_key_id,
                issued_at=fact.created_at,
                last_issued_at=fact.created_at,
                expires_at=fact.key_expires_at,
                ends_by=fact.key_expires_at,
            )
        begins = [began for row in credentials if (began := _began(row))]
        ends = [self._expiry(row) for row in credentials]
        role = revocation_of(fact)
        return replace(
            life,
            role_name=role.name if role else None,
            is_authorized_once=all(row.is_for_bucket for row in credentials),
            issued_at=min(begins, default=None),
            last_issued_at=max(begins, default=None),
            expires_at=_last(end.at for end in ends),
            is_assumed=any(end.is_assumed for end in ends),
            ends_by=_last(end.latest for end in ends),
        )

    def _expiry(self, credential: DerivedRow) -> _Expiry:
        """Return the expiry by the issuance of the credential, or else by those of its places."""
        began = _began(credential)
        is_of_role = revocation_of(credential) is not None
        signed_in_at = self._sign_ins.get(credential.id)
        if credential.id in self._in_console or signed_in_at:
            return _Expiry(None, False, longest_in_console(began, signed_in_at, is_of_role=is_of_role))
        latest = longest(began, is_of_role=is_of_role)
        issued_by = [credential] if credential.issuance_id else self._cited[credential.id]
        ends = [expiry(one, credential.identity_type) for one in issued_by]
        at, is_assumed = _last(end for end, _ in ends), any(assumed for _, assumed in ends)
        # the default lifetimes of root's sessions are also the longest
        is_latest = at is not None and (not is_assumed or credential.identity_type == "Root")
        return _Expiry(at, is_assumed, at if is_latest else latest)

    def _with_later_use(self) -> list[Life]:
        """Return the lives with the success of what derives from them."""
        found = list(self._lives)
        fresh = {member: number for number, place in enumerate(self._places) for member in place.fresh}
        for number in reversed(range(len(found))):
            place, life = self._places[number], found[number]
            uses = [self._use_by(life, self._places[child], found[child]) for child in place.children]
            certain = [use for use in uses if use.is_certain]
            found[number] = replace(
                life,
                last_success=_latest([life.last_success, *(use.success for use in certain)]),
                last_permitted=_latest([life.last_permitted, *(use.permitted for use in certain)]),
                possible_success=_latest(use.success for use in uses if not use.is_certain),
            )
        for number, place in enumerate(self._places):
            elsewhere = [found[fresh[member]] for member in place.members]
            found[number] = replace(
                found[number],
                last_success=_latest(life.last_success for life in elsewhere),
                last_permitted=_latest(life.last_permitted for life in elsewhere),
                possible_success=_latest(life.possible_success for life in elsewhere),
            )
        return found

    def _use_by(self, life: Life, child: TreePlace, derived: Life) -> _Use:
        """Return when a child shows that its parent worked."""
        own = _Use(derived.last_success, derived.last_permitted, True)
        if child.relation == Relation.FORWARD_ACCESS:
            return own if life.kind == NodeKind.SESSION else _Use(None, None, False)
        requested_at = derived.issued_at if derived.issued_at and derived.issued_at <= self._at else None
        if life.kind != NodeKind.USER:
            return _Use(requested_at, requested_at, child.certain)
        return _Use(_latest((requested_at, own.success)), _latest((requested_at, own.permitted)), child.certain)


def _began(session: DerivedRow) -> datetime | None:
    return session.session_creation_date or session.issuance_time


def _can_sign_in(credential: DerivedRow) -> bool:
    """Return whether a credential can open a console session that outlasts it: a role session that AWS STS issued."""
    return not credential.is_long_term and not credential.is_for_bucket and revocation_of(credential) is not None


def user_of(session: DerivedRow) -> tuple[str | None, str | None]:
    """Return ID and name of the IAM user whose permissions a credential has; a federated user's are its requester's."""
    if session.identity_type == "FederatedUser" and (name := _user_in(session.session_issuer_arn)):
        return session.federating_user_id, name
    if session.identity_type == "IAMUser" or (session.is_long_term and session.identity_type is None):
        return session.principal_id, session.user_name or _user_in(session.arn)
    return None, None


def _user_in(arn: str | None) -> str | None:
    """Return the user name in the ARN of a user."""
    return arn.rpartition("/")[2] if arn and ":user/" in arn else None


def _life_of_planting(planting: PlantingRow) -> Life:
    is_role = planting.kind == NodeKind.ROLE
    return Life(
        planting.kind,
        planting.account_id,
        planting.access_key_id,
        None if is_role else planting.name,
        None if is_role else planting.user_principal_id,
        planting.name if is_role else None,
        planting.event_time,
        planting.event_time,
        planting_id=planting.id,
    )


def _latest(times: Iterable[datetime | None]) -> datetime | None:
    return max((time for time in times if time), default=None)


def _last(times: Iterable[datetime | None]) -> datetime | None:
    """Return the last of some times; None if one of them is unknown."""
    known = list(times)
    return None if None in known else _latest(known)
