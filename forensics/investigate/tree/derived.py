"""Derived: the tree of everything derived from a subject, what of it is still valid, and how to contain it.

`subtree` reads the credentials and places them, `validity` decides what was valid at the time, `tree_nodes` makes the
nodes of the answer, and `containment` plans the steps.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from forensics.answers.core import Evidence, Subject
from forensics.answers.tree_answer import Node, NodeKind, Tree
from forensics.identifiers import Identifier, SubjectType, account_of
from forensics.investigate.account_exports import inactive_keys
from forensics.investigate.digest_check import CheckedSpan, digest_check, spans_of_events
from forensics.investigate.identities_unread import unread_flags
from forensics.investigate.key_changes import is_named
from forensics.investigate.periods import utc
from forensics.investigate.sql_rows import Connection, rows, values
from forensics.investigate.tree.containment import containment
from forensics.investigate.tree.later_use import with_later_use
from forensics.investigate.tree.loaded_since import LoadedHours
from forensics.investigate.tree.node_facts import facts_of_nodes, user_of
from forensics.investigate.tree.node_means import NodeMeans
from forensics.investigate.tree.revocations import Revocations
from forensics.investigate.tree.subtree import Subtree, subtree
from forensics.investigate.tree.tree_nodes import TreeNodes
from forensics.investigate.tree.tree_rows import (
    DerivedRow,
    LaterPolicyRow,
    LoadedSpanRow,
    NameRow,
    PlantingRow,
    PriorPolicyRow,
    RevocationRow,
)
from forensics.investigate.tree.user_names import UserNames, with_known_users
from forensics.investigate.tree.validity import Validities
from forensics.investigate.who.requesters import ids_of, subject_rows


class NodesBelow(NamedTuple):
    """The nodes below some credentials, and the first node of each credential."""

    nodes: tuple[Node, ...]
    places: dict[str, int]


def tree(connection: Connection, identifier: Identifier, at: datetime | None = None) -> Tree:
    """Return the tree below a subject at a time, by default that of the latest event; empty if it is not logged."""
    return tree_and_credentials(connection, identifier, at)[0]


def tree_and_credentials(
    connection: Connection, identifier: Identifier, at: datetime | None = None
) -> tuple[Tree, dict[str, int]]:
    """Return the tree, and the first node of each of its credentials."""
    subject = Subject(identifier.type, identifier.id, account_of(identifier.id))
    moment = utc(at) if at else next(iter(values(connection, datetime, "latest_event")), None)
    roots = _roots(connection, identifier)
    if not roots or moment is None:
        return _empty(connection, subject, moment), {}
    below = subtree(connection, roots)
    names, tree_nodes = _names_and_nodes(connection, below, moment)
    nodes = tree_nodes.nodes
    policies = rows(connection, PriorPolicyRow, "tree/prior_policies", ids=sorted(below.plantings))
    means = NodeMeans(below, tree_nodes, names, policies)
    evidence = tuple(sorted({event for found in below.evidence.values() for event in found}, key=_by_time))
    accounts = {node.account_id for node in nodes if node.parent is None}
    answer = Tree(
        subject=Subject(subject.type, subject.id, accounts.pop() if len(accounts) == 1 else subject.account_id),
        at=moment,
        nodes=nodes,
        containment=containment(nodes, means.by_node(), means.workloads()),
        ancestors=tuple(values(connection, str, "tree/ancestors", ids=roots)),
        flags=tuple(sorted({flag for node in nodes for flag in node.flags if flag == "role_juggling"})),
        evidence=evidence,
        digests=digest_check(connection, [*spans_of_events(evidence), *_spans_of_uses(below, moment)]),
        exports=inactive_keys(connection, _long_term_keys(nodes)),
    )
    return answer, tree_nodes.credentials()


def nodes_below(connection: Connection, roots: list[str], at: datetime) -> NodesBelow:
    """Return the nodes below some credentials at a time."""
    found = tree_nodes_below(connection, roots, at)
    return NodesBelow(found.nodes, found.credentials())


def tree_nodes_below(connection: Connection, roots: list[str], at: datetime) -> TreeNodes:
    """Return the nodes below some credentials at a time, with their credentials and plantings."""
    return _names_and_nodes(connection, subtree(connection, roots), at)[1]


def _empty(connection: Connection, subject: Subject, at: datetime | None) -> Tree:
    digests = digest_check(connection, [CheckedSpan(subject.account_id)])
    named = is_named(connection, subject.id)
    return Tree(subject, at, digests=digests, named=named, flags=unread_flags(connection))


def _long_term_keys(nodes: Iterable[Node]) -> Iterable[str]:
    return (key for node in nodes if node.kind == NodeKind.ACCESS_KEY for key in node.access_key_ids)


def _by_time(event: Evidence) -> tuple[str, ...]:
    return str(event.event_time), event.event_id or "", event.recipient_account_id or ""


def _roots(connection: Connection, identifier: Identifier) -> list[str]:
    ids = ids_of(subject_rows(connection, identifier))
    if identifier.type == SubjectType.PRINCIPAL or not ids:
        ids += values(connection, str, "tree/planted_subject", id=identifier.id)
    return ids


def _names_and_nodes(connection: Connection, below: Subtree, at: datetime) -> tuple[UserNames, TreeNodes]:
    """Return the names of users until a time, and the nodes with their validity at that time."""
    accounts = below.accounts()
    changes = list(with_known_users(rows(connection, RevocationRow, "tree/revocations", accounts=accounts, at=at)))
    users = sorted({user_id for member in below.members() if (user_id := _user_id(member))})
    names = UserNames(changes, rows(connection, NameRow, "tree/user_names", ids=users, at=at) if users else [])
    policies = rows(connection, LaterPolicyRow, "tree/later_policies", ids=sorted(below.plantings), at=at)
    regions = sorted({event.aws_region for event in changes if event.aws_region})
    spans = rows(connection, LoadedSpanRow, "tree/loaded_hours", accounts=accounts, regions=regions) if regions else []
    validities = Validities(Revocations(changes, names, policies), LoadedHours(spans), at)
    facts = with_later_use(below.places, facts_of_nodes(connection, below, at), at)
    unloaded = set(values(connection, str, "tree/unloaded_accounts", accounts=accounts))
    return names, TreeNodes(below, facts, validities, unloaded)


def _user_id(member: DerivedRow | PlantingRow) -> str | None:
    """Return the ID of the user behind a credential or planting."""
    return member.user_principal_id if isinstance(member, PlantingRow) else user_of(member)[0]


def _spans_of_uses(below: Subtree, at: datetime) -> list[CheckedSpan]:
    """Return the spans of each account from the first issuance or use in the tree until a time."""
    credentials = below.credentials.values()
    start = min((time for row in credentials if (time := row.session_creation_date or row.first_use)), default=None)
    return [CheckedSpan(account, None, start, at) for account in {row.account_id for row in credentials}]
