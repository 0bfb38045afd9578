"""Subtree: the rows of everything derived from some roots, and their places in the tree, with one query per table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from forensics.answers.core import Evidence
from forensics.answers.tree_answer import NodeKind
from forensics.investigate.evidence import evidence_of
from forensics.investigate.sql_rows import Connection, rows
from forensics.investigate.tree.descent import Places, TreePlace, Unit, edges_below
from forensics.investigate.tree.tree_rows import DerivedRow, IssuanceRow, PlantingRow


@dataclass(frozen=True, slots=True)
class Subtree:
    """Places in a tree, parents before children, with the rows of their members and of the cited events by ID."""

    places: list[TreePlace]
    credentials: Mapping[str, DerivedRow]
    plantings: Mapping[str, PlantingRow]
    issuances: Mapping[str, IssuanceRow]
    evidence: Mapping[str, list[Evidence]]

    def credentials_at(self, place: TreePlace) -> list[DerivedRow]:
        """Return the credentials of a place; none if it is a planting that signed no loaded call."""
        return [self.credentials[id_] for id_ in place.members if id_ in self.credentials]

    def planting_at(self, place: TreePlace) -> PlantingRow | None:
        """Return the planting of a place."""
        return self.plantings.get(place.members[0])

    def members(self) -> list[DerivedRow | PlantingRow]:
        """Return all credentials and plantings."""
        return [*self.credentials.values(), *self.plantings.values()]

    def accounts(self) -> list[str]:
        """Return the accounts of all members, sorted."""
        return sorted({member.account_id for member in self.members() if member.account_id})


def subtree(connection: Connection, roots: list[str]) -> Subtree:
    """Return everything derived from some credentials or plantings, including them."""
    edges = edges_below(connection, roots)
    ids = sorted({*roots, *(edge.child_id for edge in edges)})
    credentials = {row.id: row for row in rows(connection, DerivedRow, "tree/credentials", ids=ids)}
    plantings = {row.id: row for row in rows(connection, PlantingRow, "tree/plantings", ids=ids)}
    units = {id_: _unit(id_, credentials.get(id_), plantings.get(id_)) for id_ in ids}
    own = (row.own_event for row in credentials.values())
    cited = sorted({key for key in (*(edge.event_key for edge in edges), *own) if key})
    return Subtree(
        places=Places(edges, units).below(roots),
        credentials=credentials,
        plantings=plantings,
        issuances={row.id: row for row in rows(connection, IssuanceRow, "tree/issuances", ids=cited)},
        evidence=evidence_of(connection, cited),
    )


def _unit(id_: str, credential: DerivedRow | None, planting: PlantingRow | None) -> Unit:
    if credential is None:
        is_key = planting is not None and planting.kind == NodeKind.ACCESS_KEY
        is_known = planting is not None and is_key and planting.access_key_id is not None
        return ("key", planting.account_id, planting.access_key_id) if planting and is_known else ("planting", id_)
    if credential.is_long_term:
        return ("key", credential.account_id, credential.access_key_id)
    began = credential.session_creation_date
    if credential.principal_id is None or began is None:
        return ("credential", id_)
    return ("session", credential.account_id, credential.principal_id, began)
