"""Node facts: what each node of a tree is, when it was issued, when it expires, and when it last worked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from forensics.answers.tree_answer import NodeKind
from forensics.investigate.iam_names import folded
from forensics.investigate.sql_rows import Connection, rows
from forensics.investigate.tree.lifetimes import Lifetimes, last_known, latest, session_start
from forensics.investigate.tree.session_means import revocation_of
from forensics.investigate.tree.subtree import Subtree
from forensics.investigate.tree.tree_rows import DerivedRow, PlantingRow, SuccessRow


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """The facts that decide when a node was valid.

    Attributes:
        last_issued_at: later than `issued_at` if the node has several sessions.
        is_assumed: `expires_at` is a default, not logged.
        ends_by: the latest possible expiry; null if nothing limits it.
        last_success: the last successful call of the node, or of a node that certainly derives from it.
        last_permitted: the last of these calls that needs a permission.
        possible_success: the last successful call of a node that possibly derives from it.
        planting_id: of a planting that signed no loaded call.
        is_authorized_once: authorized when it was issued, so that only its expiry ends it.
    """

    kind: NodeKind
    account_id: str | None
    access_key_id: str | None = None
    user_name: str | None = None
    user_id: str | None = None
    role_name: str | None = None
    issued_at: datetime | None = None
    last_issued_at: datetime | None = None
    expires_at: datetime | None = None
    is_assumed: bool = False
    ends_by: datetime | None = None
    last_use: datetime | None = None
    last_success: datetime | None = None
    last_permitted: datetime | None = None
    possible_success: datetime | None = None
    planting_id: str | None = None
    is_authorized_once: bool = False

    @property
    def is_of_user(self) -> bool:
        return bool(self.user_id or self.user_name)

    def is_of_role(self, name: str | None) -> bool:
        """Compare with the name of a role."""
        return bool(name) and folded(name) == folded(self.role_name)


def facts_of_nodes(connection: Connection, below: Subtree, at: datetime) -> list[NodeFacts]:
    """Return the facts of each place by its own records until a time."""
    lifetimes = Lifetimes(connection, below, at)
    earlier = _successes_until(connection, below, at)
    found = []
    for place in below.places:
        if credentials := below.credentials_at(place):
            facts = _of_key(credentials[0]) if credentials[0].is_long_term else _of_session(credentials, lifetimes)
            found.append(_with_success(facts, credentials, earlier))
        else:
            found.append(_of_planting(below.plantings[place.members[0]]))
    return found


def user_of(session: DerivedRow) -> tuple[str | None, str | None]:
    """Return ID and name of the IAM user whose permissions a credential has; a federated user's are its requester's."""
    if session.identity_type == "FederatedUser" and (name := _user_in(session.session_issuer_arn)):
        return session.federating_user_id, name
    if session.identity_type == "IAMUser" or (session.is_long_term and session.identity_type is None):
        return session.principal_id, session.user_name or _user_in(session.arn)
    if session.identity_type == "AWSAccount" and (session.principal_id or "").startswith("AIDA"):
        return session.principal_id, None  # the copy of another account names the user by ID
    return None, None


def _user_in(arn: str | None) -> str | None:
    """Return the user name in the ARN of a user."""
    return arn.rpartition("/")[2] if arn and ":user/" in arn else None


def _successes_until(connection: Connection, below: Subtree, at: datetime) -> dict[str, SuccessRow]:
    """Return the last successes until a time, of each credential with a later one."""
    ids = sorted(row.id for row in below.credentials.values() if row.last_success and row.last_success > at)
    found = rows(connection, SuccessRow, "tree/last_success", ids=ids, at=at) if ids else ()
    return {id_: SuccessRow(id_, None, None) for id_ in ids} | {row.id: row for row in found}


def _with_success(facts: NodeFacts, credentials: Sequence[DerivedRow], earlier: dict[str, SuccessRow]) -> NodeFacts:
    successes = [earlier.get(row.id, row) for row in credentials]
    return replace(
        facts,
        last_use=latest(row.last_use for row in credentials),
        last_success=latest(row.last_success for row in successes),
        last_permitted=latest(row.last_permitted for row in successes),
    )


def _of_key(key: DerivedRow) -> NodeFacts:
    user_id, user_name = user_of(key)
    return NodeFacts(
        NodeKind.ACCESS_KEY,
        key.account_id,
        access_key_id=key.access_key_id,
        user_name=user_name,
        user_id=user_id,
        issued_at=key.created_at,
        last_issued_at=key.created_at,
        expires_at=key.key_expires_at,
        ends_by=key.key_expires_at,
    )


def _of_session(credentials: Sequence[DerivedRow], lifetimes: Lifetimes) -> NodeFacts:
    first = credentials[0]
    user_id, user_name = user_of(first)
    role = revocation_of(first)
    starts = [start for row in credentials if (start := session_start(row))]
    ends = [lifetimes.of(row) for row in credentials]
    return NodeFacts(
        NodeKind.SESSION,
        first.account_id,
        user_name=user_name,
        user_id=user_id,
        role_name=role.name if role else None,
        issued_at=min(starts, default=None),
        last_issued_at=max(starts, default=None),
        expires_at=last_known(end.expires_at for end in ends),
        is_assumed=any(end.is_assumed for end in ends),
        ends_by=last_known(end.maximum for end in ends),
        is_authorized_once=all(row.is_for_bucket for row in credentials),
    )


def _of_planting(planting: PlantingRow) -> NodeFacts:
    is_role = planting.kind == NodeKind.ROLE
    return NodeFacts(
        planting.kind,
        planting.account_id,
        access_key_id=planting.access_key_id,
        user_name=None if is_role else planting.name,
        user_id=None if is_role else planting.user_principal_id,
        role_name=planting.name if is_role else None,
        issued_at=planting.event_time,
        last_issued_at=planting.event_time,
        planting_id=planting.id,
    )
