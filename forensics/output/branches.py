"""Branches: which nodes of a tree a reader is shown, and what is said of the rest.

What still works, was planted or is flagged is always shown, with all above it, up to a bound; of what is over and led
to nothing, a few of each kind, and the others are counted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from forensics.answers.tree_answer import Node, NodeKind, Relation
from forensics.output.words import RELATIONS, count

_KINDS = {
    NodeKind.SESSION: ("session", "sessions"),
    NodeKind.ACCESS_KEY: ("access key", "access keys"),
    NodeKind.USER: ("user", "users"),
    NodeKind.LOGIN_PROFILE: ("console password", "console passwords"),
    NodeKind.ROLE: ("trust policy", "trust policies"),
}
_DEEPEST = 16
_ALIKE = 2  # of the quiet children of one parent and kind


@dataclass(frozen=True, slots=True)
class Hidden:
    """Children of one node that are alike and not shown. `below`: what came of them; `loud`: how many are of note."""

    alike: str
    nodes: int
    below: int
    loud: int


class Branches:
    """The tree, branch by branch; asked from the top down, each node once."""

    def __init__(self, nodes: Sequence[Node], most: int) -> None:
        """`most`: nodes to show."""
        self._children: defaultdict[int | None, list[Node]] = defaultdict(list)
        self.forwarded: defaultdict[int | None, list[Node]] = defaultdict(list)
        """Of each node, what services did on its behalf."""
        for node in nodes:
            if node.relation == Relation.FORWARD_ACCESS:
                self.forwarded[node.parent].append(node)
            else:
                self._children[node.parent].append(node)
        self._loud = _loud(nodes)
        self._left = most

    def has_children(self, node: Node) -> bool:
        return bool(self._children[node.id])

    def is_loud(self, node: Node) -> bool:
        """Whether it may be used, was planted or is flagged, or something below it."""
        return node.id in self._loud

    def below(self, parent: int | None) -> tuple[list[Node], list[Hidden]]:
        """The children to show, those that lead to something first; and the others by kind."""
        children = self._children[parent]
        loud = [node for node in children if node.id in self._loud]
        quiet: defaultdict[str, list[Node]] = defaultdict(list)
        for node in children:
            if node.id not in self._loud:
                quiet[alike(node)].append(node)
        wanted = loud + [node for kind in quiet.values() for node in kind[:_ALIKE]]
        shown = [node for node in wanted if node.depth <= _DEEPEST][: max(self._left, 0)]
        self._left -= len(shown)
        chosen = {node.id for node in shown}
        return shown, list(self._hidden([node for node in children if node.id not in chosen]))

    def _hidden(self, nodes: Sequence[Node]) -> Iterator[Hidden]:
        for kind, found in groupby(sorted(nodes, key=alike), key=alike):
            group = list(found)
            loud = sum(node.id in self._loud for node in group)
            yield Hidden(kind, len(group), self._size(group) - len(group), loud)

    def _size(self, nodes: Iterable[Node]) -> int:
        waiting = list(nodes)
        size = 0
        while waiting:
            node = waiting.pop()
            size += 1
            waiting += self._children[node.id]
        return size


def counted(nodes: Iterable[Node]) -> list[str]:
    """How many of each kind there are: `30 sessions`, `1 user`."""
    number = Counter(node.kind for node in nodes)
    return [count(number[kind], *names) for kind, names in _KINDS.items() if number[kind]]


def may_be_used(node: Node) -> bool:
    """Whether it works, or may; what services do on its behalf is told with it."""
    return node.valid_at is not False and node.relation != Relation.FORWARD_ACCESS


def _loud(nodes: Sequence[Node]) -> set[int]:
    """Nodes that may be used, were planted or are flagged, and all above them."""
    loud = set[int]()
    for node in reversed(nodes):  # children come after their parents
        is_planted = node.kind != NodeKind.SESSION
        if node.id in loud or may_be_used(node) or is_planted or "role_juggling" in node.flags:
            loud.add(node.id)
            if node.parent is not None:
                loud.add(node.parent)
    return loud


def alike(node: Node) -> str:
    """What nodes that led to nothing are counted by: how they came about, and the role."""
    return f"{RELATIONS[node.relation] if node.relation else node.kind} {_role(node)}".strip()


def _role(node: Node) -> str:
    """What tells one session's kind from another's: the role."""
    path = (node.arn or "").rpartition(":")[2]
    return path.split("/")[1] if path.startswith("assumed-role/") else ""
