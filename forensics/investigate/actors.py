"""Actors: a row's columns as the actor that they name."""

from __future__ import annotations

from forensics.answers.core import NOBODY, Actor, ActorKind
from forensics.investigate.sql_rows import Row


def actor_of(row: Row) -> Actor:
    """The actor of a row; nobody where it has none."""
    kind = ActorKind(row.actor_kind or ActorKind.UNKNOWN)
    if kind == ActorKind.UNKNOWN:
        return NOBODY
    return Actor(
        kind,
        row.actor_id,
        row.actor_name,
        row.actor_arn,
        row.actor_account_id,
        row.workload_type,
        row.issuer,
        row.provider,
        row.actor_identity_store_arn,
    )


def owner_of(row: Row) -> Actor:
    """The owner of a long-term key, from a row of `access_keys`."""
    kind = ActorKind(row.owner_kind)
    id_ = row.account_id if kind == ActorKind.ROOT else row.owner_principal_id
    return Actor(kind, id_, row.owner_name, row.owner_arn, row.account_id)
