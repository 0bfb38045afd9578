"""Later use: calls of derived nodes that show that their parents worked.

A request for another credential was made with the parent, and AWS services act for a session as long as it works. So a
success after an end disproves the end, wherever in the tree it is logged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from forensics.answers.tree_answer import NodeKind, Relation
from forensics.investigate.tree.descent import TreePlace
from forensics.investigate.tree.lifetimes import latest
from forensics.investigate.tree.node_facts import NodeFacts


@dataclass(frozen=True, slots=True)
class _Use:
    """The last success of a child that shows that its parent worked, and the last one that needs a permission."""

    success: datetime | None
    permitted: datetime | None
    is_certain: bool


def with_later_use(places: Sequence[TreePlace], own: Sequence[NodeFacts], at: datetime) -> list[NodeFacts]:
    """Return the facts of each place with the success, until a time, of the nodes that derive from it."""
    found = list(own)
    for number in reversed(range(len(found))):  # children come after their parents
        place, facts = places[number], found[number]
        uses = [_use_by(facts, places[child], found[child], at) for child in place.children]
        certain = [use for use in uses if use.is_certain]
        found[number] = replace(
            facts,
            last_success=latest([facts.last_success, *(use.success for use in certain)]),
            last_permitted=latest([facts.last_permitted, *(use.permitted for use in certain)]),
            possible_success=latest(use.success for use in uses if not use.is_certain),
        )
    return _equal_everywhere(places, found)


def _use_by(parent: NodeFacts, child: TreePlace, derived: NodeFacts, at: datetime) -> _Use:
    """Return when a child shows that its parent worked."""
    if child.relation == Relation.FORWARD_ACCESS:
        is_of_session = parent.kind == NodeKind.SESSION
        return _Use(derived.last_success, derived.last_permitted, True) if is_of_session else _Use(None, None, False)
    requested_at = derived.issued_at if derived.issued_at and derived.issued_at <= at else None
    if parent.kind != NodeKind.USER:
        return _Use(requested_at, requested_at, child.certain)
    # a call with the key or password of a user shows that the user exists
    success, permitted = latest((requested_at, derived.last_success)), latest((requested_at, derived.last_permitted))
    return _Use(success, permitted, child.certain)


def _equal_everywhere(places: Sequence[TreePlace], facts: Sequence[NodeFacts]) -> list[NodeFacts]:
    """Return the facts with the same successes in all places of a node; only its first place has children."""
    found = list(facts)
    first = {member: number for number, place in enumerate(places) for member in place.fresh}
    for number, place in enumerate(places):
        members = [found[first[member]] for member in place.members]
        found[number] = replace(
            found[number],
            last_success=latest(one.last_success for one in members),
            last_permitted=latest(one.last_permitted for one in members),
            possible_success=latest(one.possible_success for one in members),
        )
    return found
