"""Node means: what ends each node of a tree."""

from __future__ import annotations

from collections.abc import Iterable

from forensics.answers.canonical import timestamp
from forensics.answers.core import ActorKind
from forensics.answers.tree_answer import Action, Node, NodeKind
from forensics.identifiers import is_service_specific
from forensics.investigate.tree.containment import Means, denying
from forensics.investigate.tree.node_facts import user_of
from forensics.investigate.tree.session_means import means_of_session
from forensics.investigate.tree.step_commands import StepCommand, step_command
from forensics.investigate.tree.subtree import Subtree
from forensics.investigate.tree.tree_nodes import TreeNodes
from forensics.investigate.tree.tree_rows import DerivedRow, PlantingRow, PriorPolicyRow
from forensics.investigate.tree.user_names import PresentName, UserNames

_ONLY_ROOT = (
    "Only the root user itself can deactivate or delete its access keys; in a member account of an organization, the"
    " management account can delete them, by sts:AssumeRoot with the task policy IAMDeleteRootUserCredentials"
)
_UNKNOWN_KEY = "The record of the creation does not show the ID of the key: find it by its creation time with {}"
_POSSIBLY_DELETED = (
    ". The logs show a deletion at {} that was possibly that of this key: if IAM lists no such key, skip the step"
)
_LISTED_BY = {
    Action.DEACTIVATE_ACCESS_KEY: "iam:ListAccessKeys",
    Action.DEACTIVATE_SERVICE_CREDENTIAL: "iam:ListServiceSpecificCredentials",
}
_PASSWORD_OF_ROOT = (
    "IAM deletes it only for the root user itself, or by sts:AssumeRoot with the task policy"
    " IAMDeleteRootUserCredentials"
)


class NodeMeans:
    """The means that ends each node, with the present names of users."""

    def __init__(
        self, below: Subtree, tree_nodes: TreeNodes, names: UserNames, policies: Iterable[PriorPolicyRow]
    ) -> None:
        self._below = below
        self._nodes = tree_nodes.nodes
        self._members = tree_nodes.members
        self._names = names
        self._policies = {row.planting_id: row for row in policies}

    def by_node(self) -> dict[int, Means]:
        """Return the means for each node ID."""
        return {node.id: self._means(node) for node in self._nodes}

    def workloads(self) -> tuple[Means, ...]:
        """Return the replacement of each workload whose own session is a root of the tree."""
        found: dict[str, Means] = {}
        for node in self._nodes:
            row = self._below.credentials.get(self._members[node.id][0])
            is_root = node.parent is None and node.valid_at is not False
            if is_root and row and row.actor_kind == ActorKind.WORKLOAD and (name := row.actor_id):
                action = Action.REPLACE_WORKLOAD_CREDENTIALS
                command = step_command(action, name, arn=row.actor_arn)
                found[name] = Means(action, node.account_id, name, name, command=command)
        return tuple(found.values())

    def _means(self, node: Node) -> Means:
        match node.kind:
            case NodeKind.ACCESS_KEY:
                return self._of_key(node)
            case NodeKind.USER:
                user = self._planted_name(node)
                target = self._planted_arn(node) or user.name
                command = self._command_on(Action.DELETE_CREATED_USER, user, node)
                return Means(Action.DELETE_CREATED_USER, node.account_id, user.name, target, user.limit, command)
            case NodeKind.LOGIN_PROFILE:
                return self._of_password(node)
            case NodeKind.ROLE:
                return self._of_trust_policy(node)
            case NodeKind.SESSION:
                return self._of_session(node)

    def _of_trust_policy(self, node: Node) -> Means:
        """Return the means that ends a planted trust policy. A role that was created in the tree is deleted."""
        name = (node.arn or node.name or "").rpartition("/")[2]  # as the role was created
        before = self._policies.get(self._members[node.id][0])
        is_created = before is not None and before.is_of_created_role
        action = Action.DELETE_CREATED_ROLE if is_created else Action.RESTORE_TRUST_POLICY
        command = step_command(action, name, arn=node.arn, setting=_setting(before))
        return Means(action, node.account_id, name, node.arn or name, command=command)

    def _of_key(self, node: Node) -> Means:
        """Return the means that ends a key. A key of a created user is ended with the user."""
        above = self._nodes[node.parent] if node.parent is not None else None
        # a key that is possibly another user's is ended on its own
        if node.certain and above and above.kind == NodeKind.USER:
            user = self._planted_name(above)
            return denying(above.account_id, user.name, self._planted_arn(above), user.limit)
        if not node.access_key_ids:
            created_at = timestamp(node.issued_at) if node.issued_at else "an unknown time"
            target = f"of {node.name or 'root'} that was created at {created_at}"
            return self._of_unknown_key(node, target, self._below.plantings[self._members[node.id][0]])
        key = node.access_key_ids[0]
        is_for_service = is_service_specific(key)
        action = Action.DEACTIVATE_SERVICE_CREDENTIAL if is_for_service else Action.DEACTIVATE_ACCESS_KEY
        is_of_root = node.principal_id is not None and node.principal_id == node.account_id
        if is_of_root:
            return Means(action, node.account_id, key, key, _ONLY_ROOT)
        user = self._user_of_key(node)
        holder = user.name if user.limit is None else None
        command = step_command(action, key, holder=holder, arn=node.arn)
        return Means(action, node.account_id, key, key, command=command)

    def _user_of_key(self, node: Node) -> PresentName:
        """Return the present name of the user of a key."""
        found = (self._below.credentials.get(id_) for id_ in self._members[node.id])
        credential = next(filter(None, found), None)
        return self._holder(credential) if credential else self._planted_name(node)

    def _of_unknown_key(self, node: Node, target: str, planting: PlantingRow) -> Means:
        is_for_service = planting.event_name == "CreateServiceSpecificCredential"
        action = Action.DEACTIVATE_SERVICE_CREDENTIAL if is_for_service else Action.DEACTIVATE_ACCESS_KEY
        limit = _UNKNOWN_KEY.format(_LISTED_BY[action])
        if planting.possibly_deleted_at:
            limit += _POSSIBLY_DELETED.format(timestamp(planting.possibly_deleted_at))
        return Means(action, node.account_id, planting.id, target, limit, step_command(action, ""))

    def _of_password(self, node: Node) -> Means:
        action, account_id = Action.DISABLE_CONSOLE_LOGIN, node.account_id
        if account_id and account_id == node.principal_id:
            return Means(action, account_id, account_id, "the root user", _PASSWORD_OF_ROOT)
        user = self._planted_name(node)
        return Means(action, account_id, user.name, user.name, user.limit, self._command_on(action, user, node))

    def _command_on(self, action: Action, user: PresentName, node: Node) -> StepCommand:
        return step_command(action, user.name, arn=node.arn, is_certain=user.limit is None)

    def _of_session(self, node: Node) -> Means:
        session = self._below.credentials[self._members[node.id][0]]
        return means_of_session(session, self._holder(session))

    def _holder(self, session: DerivedRow) -> PresentName:
        """Return the present name of the user whose permissions a credential has."""
        user_id, user_name = user_of(session)
        if user_id and not user_name:  # the present name, whatever it was then
            return self._names.present(session.account_id, user_id, user_id, None)
        start = session.session_creation_date or session.issuance_time
        shown = session.last_use or start or session.created_at  # a key that was never used
        return self._names.present(session.account_id, user_id, user_name or "", shown, start)

    def _planted_name(self, node: Node) -> PresentName:
        """Return the present name of a planted user, or of the user with a planted password."""
        planting = self._below.plantings[self._members[node.id][0]]
        return self._names.present(
            planting.account_id, planting.user_principal_id, planting.name or "", planting.event_time
        )

    def _planted_arn(self, node: Node) -> str | None:
        """Return the ARN of a planted user, unless the user was renamed."""
        return node.arn if (node.arn or "").endswith(f"/{self._planted_name(node).name}") else None


def _setting(before: PriorPolicyRow | None) -> str | None:
    """Return the event that set the last trust policy from outside the tree."""
    if before is None or before.event_time is None:
        return None
    event = f"{before.event_name} at {timestamp(before.event_time)}"
    return f"{event}, event {before.event_id}" if before.event_id else event
