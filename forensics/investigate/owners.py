"""Owners: the owner of a long-term key, from events."""

from forensics.answers.core import Actor, ActorKind
from forensics.investigate.sql_rows import Row


class OwnerColumns(Row, frozen=True):
    """The owner of a key in an account; null for a key without events."""

    account_id: str | None
    owner_kind: ActorKind | None
    owner_principal_id: str | None
    owner_name: str | None
    owner_arn: str | None

    @property
    def owner(self) -> Actor | None:
        """Return the owner; None if it is unknown."""
        if self.owner_kind is None:
            return None
        id_ = self.account_id if self.owner_kind == ActorKind.ROOT else self.owner_principal_id
        return Actor(self.owner_kind, id_, self.owner_name, self.owner_arn, self.account_id)
