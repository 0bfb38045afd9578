"""Still works: what of the stories of leads is not known to have ended at the latest event, as `tree` decides it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import datetime

from forensics.answers.tree_answer import Node, NodeKind, Relation
from forensics.answers.triage_answer import StillWorks
from forensics.investigate.sql_rows import Connection, pairs
from forensics.investigate.tree.derived import tree_nodes_below

_EXAMINED = 1000  # credentials and plantings of one lead; a tree of more takes seconds
_KINDS = (NodeKind.ACCESS_KEY, NodeKind.USER, NodeKind.LOGIN_PROFILE, NodeKind.ROLE, NodeKind.SESSION)

Roots = Mapping[int, Set[str]]
"""The credentials at the beginning of each lead."""


def still_works(connection: Connection, roots: Roots, at: datetime) -> dict[int, tuple[StillWorks, ...]]:
    """Return what still works of each lead; a lead is missing if too much is derived from its credentials."""
    every = sorted({root for some in roots.values() for root in some})
    derived = dict(pairs(connection, str, int, "triage/derived_of", ids=every)) if every else {}
    small = {lead: some for lead, some in roots.items() if sum(derived.get(root, 0) for root in some) <= _EXAMINED}
    examined = sorted({root for some in small.values() for root in some})
    if not examined:
        return dict.fromkeys(small, ())
    found = tree_nodes_below(connection, examined, at)
    return {lead: _summary(_below(found.nodes, found.members, some)) for lead, some in small.items()}


def _below(nodes: Sequence[Node], members: Sequence[Sequence[str]], roots: Set[str]) -> list[Node]:
    """Return the nodes of some credentials, and those below them. Parents come before their children."""
    found: dict[int, Node] = {}
    for node in nodes:
        if node.parent in found or not roots.isdisjoint(members[node.id]):
            found[node.id] = node
    return list(found.values())


def _summary(nodes: Sequence[Node]) -> tuple[StillWorks, ...]:
    """Return keys, users, passwords and roles one by one, and the sessions of one role or user together."""
    works = [node for node in nodes if node.valid_at is not False and node.relation != Relation.FORWARD_ACCESS]
    counted = Counter(_one(node) for node in works)
    return tuple(sorted(_with_number(counted), key=_order))


def _order(one: StillWorks) -> tuple[bool, int, str, str]:
    """Sort what certainly works first."""
    return one.valid_at is None, _KINDS.index(one.kind), str(one.id), str(one.state)


def _one(node: Node) -> StillWorks:
    if node.kind == NodeKind.ACCESS_KEY:
        id_ = next(iter(node.access_key_ids), None)
    elif node.kind == NodeKind.SESSION:
        id_ = node.arn
    else:
        id_ = node.name or node.arn
    return StillWorks(node.kind, id_, node.account_id, node.state, node.valid_at)


def _with_number(counted: Mapping[StillWorks, int]) -> Iterator[StillWorks]:
    for one, number in counted.items():
        yield StillWorks(one.kind, one.id, one.account_id, one.state, one.valid_at, number)
