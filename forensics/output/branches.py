"""Branches: select the nodes of a tree to show, and count the rest.

Notable nodes (still usable, flagged, or created in IAM) and their ancestors come first, up to a limit. Of the other
nodes, a few of each group are shown and the rest are counted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from forensics.answers.tree_answer import Node, NodeKind, Relation
from forensics.identifiers import role_of_session
from forensics.output.words import RELATIONS, count

_KINDS = {
    NodeKind.SESSION: ("session", "sessions"),
    NodeKind.ACCESS_KEY: ("access key", "access keys"),
    NodeKind.USER: ("user", "users"),
    NodeKind.LOGIN_PROFILE: ("console password", "console passwords"),
    NodeKind.ROLE: ("trust policy", "trust policies"),
}
_DEEPEST = 16
_EXAMPLES = 2  # shown of the children of one parent and group that are not notable


@dataclass(frozen=True, slots=True)
class Hidden:
    """Children of one node that belong to one group and are not shown.

    `below`: the number of nodes derived from them; `notable`: how many of them are notable.
    """

    group: str
    nodes: int
    below: int
    notable: int


class Branches:
    """A tree, read from the top down; call `below` once for each node.

    Args:
        most: the maximum number of nodes to show.
    """

    def __init__(self, nodes: Sequence[Node], most: int) -> None:
        self._children: defaultdict[int | None, list[Node]] = defaultdict(list)
        self.forwarded: defaultdict[int | None, list[Node]] = defaultdict(list)
        """By node ID, the forward access sessions of services that acted on its behalf."""
        for node in nodes:
            if node.relation == Relation.FORWARD_ACCESS:
                self.forwarded[node.parent].append(node)
            else:
                self._children[node.parent].append(node)
        self._notable = _notable(nodes)
        self._remaining = most

    def has_children(self, node: Node) -> bool:
        """Return whether a node has children, shown or hidden."""
        return bool(self._children[node.id])

    def is_notable(self, node: Node) -> bool:
        """Return whether the node, or one below it, may be usable, is flagged, or was created in IAM."""
        return node.id in self._notable

    def below(self, parent: int | None) -> tuple[list[Node], list[Hidden]]:
        """Return the children to show, notable ones first, and the hidden ones by group."""
        children = self._children[parent]
        notable = [node for node in children if node.id in self._notable]
        others: defaultdict[str, list[Node]] = defaultdict(list)
        for node in children:
            if node.id not in self._notable:
                others[group_of(node)].append(node)
        wanted = notable + [node for group in others.values() for node in group[:_EXAMPLES]]
        shown = [node for node in wanted if node.depth <= _DEEPEST][: max(self._remaining, 0)]
        self._remaining -= len(shown)
        chosen = {node.id for node in shown}
        return shown, list(self._hidden([node for node in children if node.id not in chosen]))

    def _hidden(self, nodes: Sequence[Node]) -> Iterator[Hidden]:
        for name, found in groupby(sorted(nodes, key=group_of), key=group_of):
            group = list(found)
            notable = sum(node.id in self._notable for node in group)
            yield Hidden(name, len(group), self._size(group) - len(group), notable)

    def _size(self, nodes: Iterable[Node]) -> int:
        waiting = list(nodes)
        size = 0
        while waiting:
            node = waiting.pop()
            size += 1
            waiting += self._children[node.id]
        return size


def distinct(nodes: Iterable[Node]) -> list[Node]:
    """Return the first node of each credential or planting: one with several possible parents is below each."""
    found: dict[tuple[object, ...], Node] = {}
    for node in nodes:
        of_what = (node.kind, node.account_id, node.access_key_ids, node.principal_id, node.name, node.issued_at)
        found.setdefault(of_what, node)
    return list(found.values())


def counted(nodes: Iterable[Node]) -> list[str]:
    """Return the number of distinct nodes of each kind, such as `30 sessions` and `1 user`."""
    number = Counter(node.kind for node in distinct(nodes))
    return [count(number[kind], *names) for kind, names in _KINDS.items() if number[kind]]


def may_be_used(node: Node) -> bool:
    """Return whether the node is valid or possibly valid; forward access is shown with its parent, so it is not."""
    return node.valid_at is not False and node.relation != Relation.FORWARD_ACCESS


def _notable(nodes: Sequence[Node]) -> set[int]:
    notable = set[int]()
    for node in reversed(nodes):  # children follow their parents
        is_created = node.kind != NodeKind.SESSION
        if node.id in notable or may_be_used(node) or is_created or "role_juggling" in node.flags:
            notable.add(node.id)
            if node.parent is not None:
                notable.add(node.parent)
    return notable


def group_of(node: Node) -> str:
    """Return the group that a node is counted in: its relation to its parent, and its role."""
    return f"{RELATIONS[node.relation] if node.relation else node.kind} {role_of_session(node.arn) or ''}".strip()
