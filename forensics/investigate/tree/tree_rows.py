"""The rows of the queries behind `tree`."""

from datetime import datetime

from forensics.answers.core import ActorKind
from forensics.answers.tree_answer import NodeKind, Relation
from forensics.identifiers import is_long_term
from forensics.investigate.sql_rows import Row


class EdgeRow(Row, frozen=True):
    """A parent of a credential or planting; `parents` is the number of its possible parents."""

    parent_id: str
    child_id: str
    relation: Relation
    event_key: str | None
    parents: int | None
    is_certain: bool | None


class IssuanceRow(Row, frozen=True):
    """An issuance with the expiry of the issued credential."""

    id: str
    issuance_name: str | None
    caller_invoked_by: str | None
    issuance_time: datetime | None
    expires_at: datetime | None


class DerivedRow(IssuanceRow, frozen=True):
    """A credential of a tree, with its issuance."""

    access_key_id: str | None
    principal_id: str | None
    arn: str | None
    account_id: str | None
    identity_type: str | None
    user_name: str | None
    session_issuer_arn: str | None
    federating_user_id: str | None
    role_session_name: str | None
    session_creation_date: datetime | None
    sign_in_session_arn: str | None
    first_use: datetime | None
    last_use: datetime | None
    last_success: datetime | None
    last_permitted: datetime | None
    is_in_console: bool
    events: int
    on_behalf_of_user_id: str | None
    rule: str | None
    issuance_id: str | None
    target_role_arn: str | None
    is_for_bucket: bool
    actor_kind: ActorKind | None
    actor_id: str | None
    actor_arn: str | None
    created_at: datetime | None
    created_by_event_key: str | None
    key_expires_at: datetime | None

    @property
    def is_long_term(self) -> bool:
        return is_long_term(self.access_key_id)

    @property
    def own_event(self) -> str | None:
        """Return the event that issued the credential or created the key."""
        return self.issuance_id or self.created_by_event_key


class SuccessRow(Row, frozen=True):
    """The last call of a credential that succeeded until a time, and the last one that needs a permission."""

    id: str
    last_success: datetime | None
    last_permitted: datetime | None


class SignInRow(Row, frozen=True):
    """The last sign-in to the console with a session, and the last request for a sign-in token."""

    id: str
    signed_in_at: datetime | None
    requested_at: datetime | None


class PlantingRow(Row, frozen=True):
    """A user, key, password or trust policy that was planted."""

    id: str
    kind: NodeKind
    account_id: str | None
    name: str | None
    access_key_id: str | None
    principal_id: str | None
    user_principal_id: str | None
    arn: str | None
    event_key: str | None
    event_name: str
    event_time: datetime | None
    possibly_deleted_at: datetime | None


class RevocationRow(Row, frozen=True):
    """An event that ends, restores or renames something."""

    account_id: str
    event_time: datetime
    event_name: str
    aws_region: str | None
    access_key_id: str | None
    status: str | None
    user_name: str | None
    new_user_name: str | None
    user_principal_id: str | None
    role_name: str | None
    policy: str | None
    revoked_before: datetime | None
    is_unreliable: bool

    @property
    def is_of_user(self) -> bool:
        return bool(self.user_name or self.user_principal_id)


class NameRow(Row, frozen=True):
    """A user name (`name`: in lower case), a user that had it, and the last record that shows so.

    `seen_at_start_until`: the same, if the records of a session show the name that the user had at its start.
    """

    account_id: str
    name: str
    principal_id: str
    user_name: str
    seen_until: datetime
    seen_at_start_until: datetime


class LaterPolicyRow(Row, frozen=True):
    """A trust policy that was set after a planted one; `keeps` the planted trust: nothing, possibly or certainly."""

    planting_id: str
    event_time: datetime | None
    keeps: str


class PriorPolicyRow(Row, frozen=True):
    """What preceded a planted trust policy: the last policy from outside the tree, if any, and who created the role."""

    planting_id: str
    is_of_created_role: bool
    event_id: str | None
    event_name: str | None
    event_time: datetime | None


class LoadedSpanRow(Row, frozen=True):
    """Adjacent hours that have loaded events, or that digests prove to be complete."""

    account_id: str
    aws_region: str | None
    start_hour: datetime
    end_hour: datetime
    last_event_time: datetime
