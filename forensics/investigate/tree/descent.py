"""Descent: the places in the tree of everything derived from some credentials.

The edges come from the table `descents`. All keys of one session share a place. A child with several possible parents
is placed under each of them, but only the first of these places has children. The search is breadth first: deep chains
need no recursion, and a cycle ends where it closes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from forensics.answers.tree_answer import Relation
from forensics.investigate.sql_rows import Connection, grouped, rows
from forensics.investigate.tree.tree_rows import EdgeRow

_OF_USER = (Relation.CREATED_ACCESS_KEY, Relation.CREATED_LOGIN_PROFILE)
Unit = tuple[object, ...]
"""Identifies a node; equal for the keys of one session."""


@dataclass(slots=True)
class TreePlace:
    """Credentials and plantings in one place. Only the `fresh` ones, which have no earlier place, have children."""

    parent: int | None
    relation: Relation | None
    depth: int
    certain: bool
    members: tuple[str, ...]
    event_keys: tuple[str, ...] = ()
    fresh: tuple[str, ...] = ()
    children: list[int] = field(default_factory=list)


def edges_below(connection: Connection, ids: Iterable[str]) -> list[EdgeRow]:
    """Return every edge below some IDs, with one query for each uncertain edge on the way down."""
    found: list[EdgeRow] = []
    expanded: set[str] = set()
    frontier = sorted(ids)
    while frontier:
        edges = rows(connection, EdgeRow, "tree/edges", ids=frontier)
        new = [edge for edge in edges if edge.parent_id not in expanded]
        expanded.update(frontier)
        expanded.update(edge.parent_id for edge in new)
        found += new
        frontier = sorted({edge.child_id for edge in new} - expanded)
    return _under_their_users(found)


def _under_their_users(edges: Sequence[EdgeRow]) -> list[EdgeRow]:
    """Place a key or password under its created user only or, if that is in doubt, under its creator only."""
    of_users = [edge for edge in edges if edge.relation in _OF_USER]
    known = {edge.child_id for edge in of_users if edge.is_certain and _is_of_user(edge)}
    created = {edge.child_id for edge in of_users if not _is_of_user(edge)} - known
    return [
        edge
        for edge in edges
        if edge.relation not in _OF_USER or edge.child_id not in (created if _is_of_user(edge) else known)
    ]


def _is_of_user(edge: EdgeRow) -> bool:
    return edge.parent_id.startswith("user|")


class Places:
    """The places of some roots and of everything below them, breadth first."""

    def __init__(self, edges: Sequence[EdgeRow], units: Mapping[str, Unit]) -> None:
        self.all: list[TreePlace] = []
        self._units = units
        self._placed: set[str] = set()
        self._edges = grouped(edges, lambda edge: edge.parent_id)
        self._have_parents = {edge.child_id for edge in edges}

    def below(self, subjects: Sequence[str]) -> list[TreePlace]:
        """Return the places. Roots are the subjects without a parent, and the first one of each cycle."""
        self._grow(self._roots([one for one in subjects if one not in self._have_parents]))
        for subject in subjects:
            if subject not in self._placed:
                self._grow(self._roots([subject]))
        return self.all

    def _roots(self, subjects: Iterable[str]) -> list[int]:
        together: defaultdict[Unit, list[str]] = defaultdict(list)
        for subject in subjects:
            together[self._units[subject]].append(subject)
        return [self._add(TreePlace(None, None, 0, True, tuple(members))) for members in together.values()]

    def _grow(self, begin: list[int]) -> None:
        level = begin
        while level:
            level = [below for place in level for below in self._below(place)]

    def _below(self, number: int) -> list[int]:
        place = self.all[number]
        above = self._above(number)
        down = [edge for member in place.fresh for edge in self._edges[member] if edge.child_id not in above]
        here = Counter(child_id for _, child_id in {(edge.parent_id, edge.child_id) for edge in down})
        together: defaultdict[tuple[object, ...], list[EdgeRow]] = defaultdict(list)
        for edge in down:
            # the parent is known, or all possible parents are in this place
            certain = place.certain and (edge.is_certain or here[edge.child_id] == edge.parents)
            together[self._unit(edge), edge.relation, certain].append(edge)
        return [self._add(_child(number, place, edges, key[-1] is True)) for key, edges in together.items()]

    def _unit(self, edge: EdgeRow) -> Unit:
        return ("forward_access",) if edge.relation == Relation.FORWARD_ACCESS else self._units[edge.child_id]

    def _above(self, number: int | None) -> set[str]:
        found: set[str] = set()
        while number is not None:
            found.update(self.all[number].members)
            number = self.all[number].parent
        return found

    def _add(self, place: TreePlace) -> int:
        place.fresh = tuple(member for member in place.members if member not in self._placed)
        self._placed.update(place.fresh)
        self.all.append(place)
        number = len(self.all) - 1
        if place.parent is not None:
            self.all[place.parent].children.append(number)
        return number


def _child(number: int, parent: TreePlace, edges: Sequence[EdgeRow], certain: bool) -> TreePlace:
    return TreePlace(
        parent=number,
        relation=edges[0].relation,
        depth=parent.depth + 1,
        certain=certain,
        members=tuple(dict.fromkeys(edge.child_id for edge in edges)),
        event_keys=tuple(dict.fromkeys(edge.event_key for edge in edges if edge.event_key)),
    )
