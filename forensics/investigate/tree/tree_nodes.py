"""Tree nodes: the places of a tree as the nodes of the answer, with their validity at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from forensics.answers.tree_answer import Node, NodeKind, Relation
from forensics.identifiers import role_of_session
from forensics.investigate.tree.descent import TreePlace
from forensics.investigate.tree.node_facts import NodeFacts
from forensics.investigate.tree.subtree import Subtree
from forensics.investigate.tree.tree_rows import DerivedRow, PlantingRow
from forensics.investigate.tree.validity import Validities, Validity


class TreeNodes:
    """The nodes of a tree, depth first and children ordered by time; `members` has the row IDs of each node."""

    def __init__(self, below: Subtree, facts: Sequence[NodeFacts], validities: Validities, unloaded: set[str]) -> None:
        self._below = below
        self._validities = validities
        self._unloaded = unloaded
        self.members: list[tuple[str, ...]] = []
        self.nodes = self._placed([self._draft(place, one) for place, one in zip(below.places, facts, strict=True)])

    def credentials(self) -> dict[str, int]:
        """Return the first node of each credential, certain nodes before others."""
        found: dict[str, int] = {}
        for node in sorted(self.nodes, key=lambda node: not node.certain):
            for member in self.members[node.id]:
                if member in self._below.credentials:
                    found.setdefault(member, node.id)
        return found

    def _draft(self, place: TreePlace, facts: NodeFacts) -> Node:
        """Return the node of a place without its ID and parent."""
        credentials = self._below.credentials_at(place)
        planting = self._below.planting_at(place)
        members: list[DerivedRow | PlantingRow] = [*credentials, *([planting] if planting else [])]
        first = members[0]
        validity = self._validities.of(facts)
        return Node(
            id=0,
            kind=facts.kind,
            parent=None,
            relation=place.relation,
            depth=place.depth,
            certain=place.certain,
            access_key_ids=tuple(sorted({one.access_key_id for one in members if one.access_key_id})),
            principal_id=first.principal_id,
            arn=first.arn,
            account_id=first.account_id,
            issued_at=facts.issued_at,
            expires_at=facts.expires_at,
            valid_at=validity.valid_at,
            first_use=min((row.first_use for row in credentials if row.first_use), default=None),
            last_use=facts.last_use,
            events=sum(row.events for row in credentials),
            event_ids=self._cited(place, credentials),
            name=_name(credentials[0] if credentials else None, planting),
            state=validity.state,
            flags=self._flags(place, facts, validity),
            ended=validity.ended,
        )

    def _flags(self, place: TreePlace, facts: NodeFacts, validity: Validity) -> tuple[str, ...]:
        flags = ["expiry_assumed"] if facts.is_assumed else []
        flags += ["shown_elsewhere"] if not place.fresh else []
        flags += [validity.doubt] if validity.doubt else []
        flags += ["account_not_loaded"] if facts.account_id in self._unloaded else []
        return tuple(flags)

    def _cited(self, place: TreePlace, credentials: Sequence[DerivedRow]) -> tuple[str, ...]:
        keys = place.event_keys or tuple(key for row in credentials if (key := row.own_event))
        events = [event for key in keys for event in self._below.evidence.get(key, ())]
        times = {event.event_id: event.event_time for event in events if event.event_id}
        return tuple(sorted(times, key=lambda event_id: (str(times[event_id]), event_id)))

    def _placed(self, drafts: Sequence[Node]) -> tuple[Node, ...]:
        places = self._below.places
        numbers: dict[int, int] = {}
        found: list[Node] = []
        waiting = _latest_first((n for n, place in enumerate(places) if place.parent is None), drafts)
        while waiting:
            number = waiting.pop()
            place = places[number]
            numbers[number] = len(found)
            parent = numbers[place.parent] if place.parent is not None else None
            node = replace(drafts[number], id=len(found), parent=parent)
            found.append(_with_validity_of(found[parent], node) if parent is not None else node)
            self.members.append(place.members)
            waiting += _latest_first(place.children, drafts)
        return _flagged(found)


def _latest_first(numbers: Iterable[int], drafts: Sequence[Node]) -> list[int]:
    """Return places in the reverse of their order, because they are taken from the end."""
    return sorted(
        numbers,
        key=lambda n: (str(drafts[n].issued_at or drafts[n].first_use or "unknown"), drafts[n].access_key_ids, n),
        reverse=True,
    )


def _with_validity_of(parent: Node, node: Node) -> Node:
    """Return forward access with the validity of the session that it was used for, unless it shows its own."""
    if node.relation != Relation.FORWARD_ACCESS or parent.kind != NodeKind.SESSION or node.ended:
        return node
    return replace(
        node,
        expires_at=parent.expires_at,
        valid_at=parent.valid_at,
        state=parent.state,
        ended=parent.ended,
    )


def _flagged(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """Flag a session that was renewed from its own role and lasts longer than the first session of that role."""
    found: list[Node] = []
    ends: list[dict[tuple[str | None, str], datetime]] = []  # by role, the first expiry above each node
    for node in nodes:
        above = ends[node.parent] if node.parent is not None else {}
        role = _session_role(node)
        first = above.get(role) if role else None
        lasts_longer = first is not None and node.expires_at is not None and node.expires_at > first
        is_renewal = node.relation in (None, Relation.ASSUMED_ROLE)
        found.append(replace(node, flags=(*node.flags, "role_juggling")) if lasts_longer and is_renewal else node)
        ends.append({role: node.expires_at, **above} if role and node.expires_at else above)
    return tuple(found)


def _session_role(node: Node) -> tuple[str | None, str] | None:
    name = role_of_session(node.arn) if node.kind == NodeKind.SESSION else None
    return (node.account_id, name) if name else None


def _name(credential: DerivedRow | None, planting: PlantingRow | None) -> str | None:
    if planting:
        return planting.name or None
    return credential.user_name or credential.role_session_name if credential else None
