"""Still valid: what of the nodes of a tree is not known to have ended, as `key`, `report` and `triage` list it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from forensics.answers.tree_answer import Node, NodeKind, Relation, StillWorks
from forensics.investigate.tree.lifetimes import last_known

_KINDS = (NodeKind.ACCESS_KEY, NodeKind.USER, NodeKind.LOGIN_PROFILE, NodeKind.ROLE, NodeKind.SESSION)


def still_valid(nodes: Iterable[Node]) -> tuple[StillWorks, ...]:
    """Return what is valid, then what is possibly valid: keys, users, passwords, roles, and the sessions of each ARN.

    Forward access works as long as the session that it was used for, so it is not listed.
    """
    works: defaultdict[StillWorks, list[Node]] = defaultdict(list)
    for node in nodes:
        if node.valid_at is not False and node.relation != Relation.FORWARD_ACCESS:
            works[_one(node)].append(node)
    found = (_with_number(one, some) for one, some in works.items())
    return tuple(sorted(found, key=lambda one: (not one.valid_at, _KINDS.index(one.kind), str(one.id), str(one.state))))


def _one(node: Node) -> StillWorks:
    """Return what a node is listed as; nodes that are listed together are equal in it."""
    owner_name = None
    if node.kind == NodeKind.ACCESS_KEY:
        id_ = next(iter(node.access_key_ids), None)
        owner_name = node.name
    elif node.kind == NodeKind.SESSION:
        id_ = node.arn
    else:
        id_ = node.name or node.arn
    return StillWorks(
        node.kind, id_, node.account_id, node.state, node.valid_at, owner_name=owner_name, certain=node.certain
    )


def _with_number(one: StillWorks, nodes: Sequence[Node]) -> StillWorks:
    # a node with several possible parents is below each of them
    number = len({(node.principal_id, node.issued_at, node.access_key_ids) for node in nodes})
    return replace(one, sessions=number, expires_at=last_known(node.expires_at for node in nodes))
