"""Still works: the access that leads have or created and that has not ended at the latest event, as in `tree`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import datetime

from forensics.answers.tree_answer import Node, StillWorks
from forensics.investigate.sql_rows import Connection, pairs
from forensics.investigate.tree.derived import tree_nodes_below
from forensics.investigate.tree.still_valid import still_valid

_EXAMINED = 1000  # credentials and plantings of one lead; a tree of more takes seconds

Roots = Mapping[int, Set[str]]
"""The origin credentials of each lead, by its place."""


def still_works(connection: Connection, roots: Roots, at: datetime) -> dict[int, tuple[StillWorks, ...]]:
    """Return the access of each lead that still works; a lead is missing if too much is derived from it."""
    every = sorted({root for some in roots.values() for root in some})
    derived = dict(pairs(connection, str, int, "triage/derived_of", ids=every)) if every else {}
    small = {lead: some for lead, some in roots.items() if sum(1 + derived.get(root, 0) for root in some) <= _EXAMINED}
    examined = sorted({root for some in small.values() for root in some})
    if not examined:
        return dict.fromkeys(small, ())
    found = tree_nodes_below(connection, examined, at)
    return {lead: still_valid(_below(found.nodes, found.members, some)) for lead, some in small.items()}


def _below(nodes: Sequence[Node], members: Sequence[Sequence[str]], roots: Set[str]) -> list[Node]:
    """Return the nodes of some credentials, and those below them. Parents come before their children."""
    found: dict[int, Node] = {}
    for node in nodes:
        if node.parent in found or not roots.isdisjoint(members[node.id]):
            found[node.id] = node
    return list(found.values())
