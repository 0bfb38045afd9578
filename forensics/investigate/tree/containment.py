"""Containment: the steps that end everything derived from a subject, with their accounts and order.

Each node is ended by one means (docs/attribution.md#what-survives-what). A parent is ended before its children, so that
it cannot issue them again. If a role occurs again below another role, its sessions are revoked again.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from forensics.answers.canonical import timestamp
from forensics.answers.tree_answer import Action, Node, NodeKind, Step
from forensics.investigate.tree.step_commands import StepCommand, step_command


@dataclass(frozen=True, slots=True)
class Means:
    """The means that ends a node. One step ends all nodes with the same action, account and name.

    `limit`: who can take the step, or why IAM may refuse it. `command`: the `aws` command of the step.
    """

    action: Action
    account_id: str | None
    name: str
    target: str = field(compare=False)
    limit: str | None = field(default=None, compare=False)
    command: StepCommand = field(default=StepCommand(), compare=False)


def revoking(account_id: str | None, role_name: str, arn: str | None) -> Means:
    """Return the revocation of all sessions of a role that were issued until now."""
    action = Action.REVOKE_ROLE_SESSIONS
    return Means(action, account_id, role_name, arn or role_name, command=step_command(action, role_name, arn=arn))


def denying(account_id: str | None, user_name: str, arn: str | None, limit: str | None = None) -> Means:
    """Return an inline policy on a user that denies everything."""
    command = step_command(Action.DENY_USER, user_name, arn=arn, is_certain=limit is None)
    return Means(Action.DENY_USER, account_id, user_name, arn or user_name, limit, command)


def denying_role(account_id: str | None, role_name: str, arn: str | None) -> Means:
    """Return an inline policy on a role that denies everything."""
    command = step_command(Action.DENY_ROLE, role_name, arn=arn)
    return Means(Action.DENY_ROLE, account_id, role_name, arn or role_name, command=command)


@dataclass(slots=True)
class _Draft:
    means: Means
    ends: list[int] = field(default_factory=list)
    why: str | None = None


# the order of steps at the same depth
_PRECEDENCE = {
    Action.DEACTIVATE_ACCESS_KEY: 1,
    Action.DEACTIVATE_SERVICE_CREDENTIAL: 1,
    Action.DISABLE_CONSOLE_LOGIN: 2,
    Action.DENY_USER: 3,
    Action.DELETE_CREATED_USER: 4,
    Action.DELETE_CREATED_ROLE: 4,
    Action.REVOKE_ROLE_SESSIONS: 5,
}
_AFTER_THEM = 9
# these also end what is issued later; a revocation denies only the sessions that were issued before it
_STANDING = (Action.DENY_USER, Action.DENY_ROLE, Action.DENY_BY_SCP)
_WHY = {
    Action.DEACTIVATE_ACCESS_KEY: (
        "AWS refuses calls with an inactive key. Sessions that were requested with the key still work until they are"
        " revoked or expire"
    ),
    Action.DEACTIVATE_SERVICE_CREDENTIAL: (
        "iam:UpdateServiceSpecificCredential with the status Inactive; IAM refuses UpdateAccessKey for it. The service"
        " refuses calls with an inactive credential. A reset ends only the old secret"
    ),
    Action.DENY_USER: (
        "an inline policy that denies everything applies to each request: it ends the user's keys, session and"
        " federation tokens and console sessions, also those of legitimate users. Role sessions have the permissions"
        " of the role and still work. Keep the policy for 36 hours, the maximum lifetime of a token"
    ),
    Action.DENY_ROLE: (
        "the role was created with a credential of this tree. A policy that denies everything immediately ends its"
        " sessions, also those of legitimate users and those that are issued later. Sessions of other roles that were"
        " requested with them still work"
    ),
    Action.REVOKE_ROLE_SESSIONS: (
        "the policy AWSRevokeOlderSessions denies every session of this role that was issued before now, also those"
        " of legitimate users. Sessions of other roles that were requested with them still work"
    ),
    Action.DENY_IDENTITY_CENTER_USER: (
        "IAM refuses to change an AWSReservedSSO_ role. Disable the user in Identity Center, and deny"
        " identitystore:UserId with aws:TokenIssueTime in the policy of the permission set or in an SCP: role sessions"
        " outlive the session of the access portal"
    ),
    Action.DENY_SIGN_IN_SESSION: (
        "after the refresh token of the client is revoked, its access tokens still work for up to an hour; a policy"
        " that denies the aws:SignInSessionArn ends both"
    ),
    Action.DENY_BY_SCP: (
        "no IAM policy applies to a session of the root user; a service control policy does, except in the management"
        " account"
    ),
    Action.DISABLE_CONSOLE_LOGIN: (
        "without a password nobody can sign in as this user. Sessions that are already signed in still work"
    ),
    Action.DELETE_CREATED_USER: (
        "the user was created with a credential of this tree. Delete its keys, service-specific credentials, password"
        " and policies first, and remove it from its groups; IAM requires it"
    ),
    Action.DELETE_CREATED_ROLE: (
        "the role was created with a credential of this tree, so that no earlier trust policy can be restored. Detach"
        " its managed policies, delete its inline policies, and remove it from its instance profiles first; IAM"
        " requires it"
    ),
    Action.RESTORE_TRUST_POLICY: (
        "the restored policy decides who may assume the role from now on; it ends no session"
    ),
    Action.REPLACE_WORKLOAD_CREDENTIALS: (
        "the session of the workload itself was revoked, too, and AWS issues a new one. Whoever stole the last session"
        " can steal the next one: isolate or replace the workload"
    ),
    Action.WAIT_UNTIL: "no other step ends it earlier",
    Action.NOT_POSSIBLE: "a service-linked role cannot be changed: no revocation and no SCP applies to its sessions",
}
_REPEATED = "sessions that were issued after the first such step and before the previous step"
_AFTER_TRUST = "sessions that were issued under the changed trust policy until it was restored"
_DENIED_NEW_USER = (
    "the user was created with a credential of this tree. A policy that denies everything immediately ends the keys,"
    " tokens and console sessions of the user. Role sessions that the user requested still work"
)
_DONE_BEFORE = "the logs show this step, but not whether it was undone: check, and repeat it if needed; "
_KEPT = "a later trust policy is logged, which possibly still trusts a principal that this change added: check; "
_UNKNOWN_MEANS = "the type of the session is unknown"


def containment(nodes: Sequence[Node], means: Mapping[int, Means], workloads: Sequence[Means]) -> tuple[Step, ...]:
    """Return the steps that end every node that may still work.

    Args:
        nodes: the nodes of the tree, parents before children.
        means: what ends each node, by its ID.
        workloads: those whose own sessions are roots of the tree.
    """
    return _Plan(nodes, means, workloads).steps()


class _Plan:
    """The steps in order. `_ended`: the number of the step that ends each node; `_last`: the steps after all others."""

    def __init__(self, nodes: Sequence[Node], means: Mapping[int, Means], workloads: Sequence[Means]) -> None:
        self._nodes = nodes
        self._means = means
        self._workloads = workloads
        self._drafts: list[_Draft] = []
        self._ended: dict[int, int] = {}
        self._last: list[_Draft] = []

    def steps(self) -> tuple[Step, ...]:
        for node in sorted(self._possibly_valid(), key=self._order):
            self._end(node)
        if self._drafts:
            self._last += [_Draft(one) for one in self._workloads if self._revokes_sessions()]
        drafts = [*self._drafts, *sorted(self._last, key=lambda draft: draft.means.action == Action.WAIT_UNTIL)]
        return tuple(self._step(order, draft) for order, draft in enumerate(drafts))

    def _possibly_valid(self) -> list[Node]:
        return [node for node in self._nodes if node.valid_at is not False and node.id in self._means]

    def _order(self, node: Node) -> tuple[int, int, int]:
        return node.depth, _PRECEDENCE.get(self._means[node.id].action, _AFTER_THEM), node.id

    def _revokes_sessions(self) -> bool:
        return any(draft.means.action == Action.REVOKE_ROLE_SESSIONS for draft in self._drafts)

    def _end(self, node: Node) -> None:
        means = self._means[node.id]
        after = self._ended.get(node.parent, -1) if node.parent is not None else -1
        if node.kind == NodeKind.USER:
            self._end_user(node, means, after)
        elif means.action == Action.DELETE_CREATED_ROLE:
            self._end_role(node, means, after)
        elif node.kind == NodeKind.ROLE:
            self._restore(node, means, after)
        elif means.action == Action.NOT_POSSIBLE:
            self._refuse(node, means, after)
            self._wait(node)
        elif means.action == Action.WAIT_UNTIL:
            self._ended[node.id] = sys.maxsize
            self._wait(node)
        else:
            self._ended[node.id] = self._step_with(self._denied(means) or means, after, node.id)

    def _denied(self, revocation: Means) -> Means | None:
        """Return the denial of a role that also ends the sessions that would be revoked."""
        wanted = replace(revocation, action=Action.DENY_ROLE)
        is_of_role = revocation.action == Action.REVOKE_ROLE_SESSIONS
        return next((draft.means for draft in self._drafts if is_of_role and draft.means == wanted), None)

    def _step_with(self, means: Means, after: int, *ends: int) -> int:
        """Return the number of the last step with these means that also ends what is issued until step `after`.

        Without such a step, add one.
        """
        numbers = [number for number, draft in enumerate(self._drafts) if draft.means == means]
        if numbers and (numbers[-1] >= after or means.action in _STANDING):
            self._drafts[numbers[-1]].ends += ends
            return numbers[-1]
        self._drafts.append(_Draft(means, list(ends), _REPEATED if numbers else None))
        return len(self._drafts) - 1

    def _end_user(self, node: Node, means: Means, after: int) -> None:
        """Deny the user now and delete it last."""
        number = self._step_with(denying(means.account_id, means.name, means.target, means.limit), after)
        self._drafts[number].why = _DENIED_NEW_USER
        self._ended[node.id] = number
        self._last.append(_Draft(means, [node.id]))

    def _end_role(self, node: Node, means: Means, after: int) -> None:
        """Deny the role now and delete it last, once for all of its trust policies."""
        denial = denying_role(means.account_id, means.name, means.target)
        self._ended[node.id] = self._step_with(denial, after, node.id)
        self._last_with(means).ends.append(node.id)

    def _last_with(self, means: Means) -> _Draft:
        """Return the step with these means that follows all others. Without such a step, add one."""
        draft = next((draft for draft in self._last if draft.means == means), None)
        if draft is None:
            draft = _Draft(means)
            self._last.append(draft)
        return draft

    def _restore(self, node: Node, means: Means, after: int) -> None:
        """Restore the policy, then revoke the sessions that were issued until then."""
        number = self._step_with(means, after, node.id)
        self._ended[node.id] = number
        revocation = revoking(means.account_id, means.name, means.target)
        if not any(draft.means == revocation for draft in self._drafts[number:]):
            self._drafts.append(_Draft(revocation, [], _AFTER_TRUST))

    def _refuse(self, node: Node, means: Means, after: int) -> None:
        number = self._step_with(means, after)
        self._ended[node.id] = number
        if node.kind == NodeKind.SESSION and not means.name:
            self._drafts[number].why = _UNKNOWN_MEANS

    def _wait(self, node: Node) -> None:
        until = timestamp(node.expires_at) if node.expires_at else "its expiry, which is not logged"
        waiting = Means(Action.WAIT_UNTIL, node.account_id, until, until)
        self._last_with(waiting).ends.append(node.id)

    def _step(self, order: int, draft: _Draft) -> Step:
        means = draft.means
        survivors = self._impossible(order) if means.action == Action.NOT_POSSIBLE else self._surviving(order, draft)
        why = f"{self._before(draft)}{draft.why or _WHY[means.action]}{f'. {means.limit}' if means.limit else ''}"
        return Step(
            order + 1,
            means.action,
            means.target,
            means.account_id,
            tuple(sorted(draft.ends)),
            survivors,
            why,
            means.command.command,
            means.command.note,
        )

    def _before(self, draft: _Draft) -> str:
        """Return a hint for a step whose nodes all have a logged end that is not certain."""
        ends = [self._nodes[id_] for id_ in draft.ends]
        if not ends or not all(node.ended and node.valid_at is None for node in ends):
            return ""
        return _KEPT if any("possibly_kept" in node.flags for node in ends) else _DONE_BEFORE

    def _impossible(self, order: int) -> tuple[int, ...]:
        return tuple(sorted(id_ for id_, number in self._ended.items() if number == order))

    def _surviving(self, order: int, draft: _Draft) -> tuple[int, ...]:
        """Return the descendants of the ended nodes that still work until a later step."""
        ended = set(draft.ends)
        if not ended:
            return ()
        below = set[int]()
        for node in self._nodes:  # parents come before their children
            if node.parent in ended or node.parent in below:
                below.add(node.id)
        return tuple(sorted(id_ for id_ in below - ended if self._ended.get(id_, -1) > order))
