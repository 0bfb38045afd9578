"""Containment: what to do, in which account and order, to end everything that descends from a subject.

Facts: docs/attribution.md#what-survives-what. Each node has one means that ends it. Steps go downwards, so that nothing
above is left that could mint anew what was just ended; where a role stands again below another one, its sessions are
revoked again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from forensics.answers.canonical import timestamp
from forensics.answers.tree_answer import Action, Node, NodeKind, Step


@dataclass(frozen=True, slots=True)
class Means:
    """What ends a node. Equal for the nodes that one step ends: same action, account and name."""

    action: Action
    account_id: str | None
    name: str
    target: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Role:
    """The role of a session, by its account and name."""

    account_id: str | None
    name: str
    arn: str | None

    @property
    def revoking(self) -> Means:
        return Means(Action.REVOKE_ROLE_SESSIONS, self.account_id, self.name, self.arn or self.name)


def denying(account_id: str | None, user_name: str, arn: str | None) -> Means:
    """An inline policy on a user that denies everything."""
    return Means(Action.DENY_USER, account_id, user_name, arn or user_name)


@dataclass(slots=True)
class _Draft:
    means: Means
    ends: list[int] = field(default_factory=list)
    why: str | None = None


# what is done first where several things stand at one depth
_PRECEDENCE = {
    Action.DEACTIVATE_ACCESS_KEY: 1,
    Action.DISABLE_CONSOLE_LOGIN: 2,
    Action.DENY_USER: 3,
    Action.DELETE_CREATED_USER: 4,
    Action.REVOKE_ROLE_SESSIONS: 5,
}
_LAST = 9
_WHY = {
    Action.DEACTIVATE_ACCESS_KEY: (
        "a disabled key signs no further call. What it has already requested goes on until it is ended or expires"
    ),
    Action.DENY_USER: (
        "an inline policy that denies everything is checked at each request: it ends the user's keys, session and"
        " federation tokens and console sessions, and whoever else works as this user. Role sessions have the"
        " role's permissions and go on. Keep it for 36 hours, the longest that a token lasts"
    ),
    Action.REVOKE_ROLE_SESSIONS: (
        "the policy AWSRevokeOlderSessions denies every session of this role that was issued before now, of honest"
        " users too. Sessions of other roles that were requested with them go on"
    ),
    Action.DENY_IDENTITY_CENTER_USER: (
        "IAM refuses to change an AWSReservedSSO_ role. Disable the user in Identity Center, and deny"
        " identitystore:UserId with aws:TokenIssueTime in the permission set's policy or an SCP: role sessions outlive"
        " the portal's session"
    ),
    Action.DENY_SIGN_IN_SESSION: (
        "revoking the client's refresh token leaves its access tokens for up to an hour; deny by aws:SignInSessionArn"
        " ends both"
    ),
    Action.DENY_BY_SCP: (
        "no IAM policy limits a session of the root user; a service control policy does, except in the management"
        " account"
    ),
    Action.DISABLE_CONSOLE_LOGIN: (
        "without its password nobody signs in as this user. Sessions that were signed in before go on"
    ),
    Action.DELETE_CREATED_USER: (
        "it was made with a credential of this tree; IAM asks to delete its keys and password first"
    ),
    Action.RESTORE_TRUST_POLICY: (
        "this decides who may assume the role from now on; it ends no session. Set the policy that was in force before"
    ),
    Action.REPLACE_WORKLOAD_CREDENTIALS: (
        "the workload's own session was revoked too, and AWS gives it a new one. Whoever took the last can take the"
        " next: isolate or replace the workload"
    ),
    Action.WAIT_UNTIL: "nothing ends it earlier",
    Action.NOT_POSSIBLE: "a service-linked role cannot be changed: neither its sessions be revoked nor an SCP limit it",
}
_AGAIN = "sessions of this role that were issued since it was first revoked, before the step above"
_AFTER_TRUST = "sessions that anybody got by the changed trust policy until it was restored"
_DENIED_NEW_USER = (
    "it was made with a credential of this tree: a policy that denies everything ends at once whatever it does with"
    " keys, tokens or a password. Role sessions that it requested go on"
)
_UNKNOWN_MEANS = "the records do not tell what kind of session it is"


def containment(
    nodes: Sequence[Node], means: Mapping[int, Means], roles: Mapping[int, Role], workloads: Sequence[Means]
) -> tuple[Step, ...]:
    """The plan for whatever of the nodes may still work.

    `roles`: those of the changed trust policies. `workloads`: those whose own sessions the roots are.
    """
    return _Plan(nodes, means, roles, workloads).steps()


class _Plan:
    """Drafts of steps in their order; `_ended` tells after which one a node is of no more use."""

    def __init__(
        self, nodes: Sequence[Node], means: Mapping[int, Means], roles: Mapping[int, Role], workloads: Sequence[Means]
    ) -> None:
        self._nodes = nodes
        self._means = means
        self._roles = roles
        self._workloads = workloads
        self._drafts: list[_Draft] = []
        self._ended: dict[int, int] = {}
        self._last: list[_Draft] = []

    def steps(self) -> tuple[Step, ...]:
        for node in sorted(self._alive(), key=self._place):
            self._end(node)
        if self._drafts:
            self._last += [_Draft(one) for one in self._workloads if self._is_revoked()]
        drafts = [*self._drafts, *sorted(self._last, key=lambda draft: draft.means.action == Action.WAIT_UNTIL)]
        return tuple(self._step(order, draft) for order, draft in enumerate(drafts))

    def _alive(self) -> list[Node]:
        return [node for node in self._nodes if node.valid_at is not False and node.id in self._means]

    def _place(self, node: Node) -> tuple[int, int, int]:
        return node.depth, _PRECEDENCE.get(self._means[node.id].action, _LAST), node.id

    def _is_revoked(self) -> bool:
        return any(draft.means.action == Action.REVOKE_ROLE_SESSIONS for draft in self._drafts)

    def _end(self, node: Node) -> None:
        means = self._means[node.id]
        after = self._ended.get(node.parent, -1) if node.parent is not None else -1
        if node.kind == NodeKind.USER:
            self._end_user(node, means, after)
        elif node.kind == NodeKind.ROLE:
            self._restore(node, means, after)
        elif means.action == Action.NOT_POSSIBLE:
            self._wait(node, means, after)
        else:
            self._ended[node.id] = self._by(means, after, node.id)

    def _by(self, means: Means, after: int, *ends: int) -> int:
        """The step of these means that comes no earlier than `after`, a new one if there is none."""
        numbers = [number for number, draft in enumerate(self._drafts) if draft.means == means]
        if numbers and numbers[-1] >= after:
            self._drafts[numbers[-1]].ends += ends
            return numbers[-1]
        self._drafts.append(_Draft(means, list(ends), _AGAIN if numbers else None))
        return len(self._drafts) - 1

    def _end_user(self, node: Node, means: Means, after: int) -> None:
        """Denied at once, deleted when all else is done."""
        number = self._by(denying(means.account_id, means.name, node.arn), after)
        self._drafts[number].why = _DENIED_NEW_USER
        self._ended[node.id] = number
        self._last.append(_Draft(means, [node.id]))

    def _restore(self, node: Node, means: Means, after: int) -> None:
        """Restored, and its role revoked after that: until then the changed policy let others in."""
        number = self._by(means, after, node.id)
        self._ended[node.id] = number
        revoking = self._roles[node.id].revoking
        if not any(draft.means == revoking for draft in self._drafts[number:]):
            self._drafts.append(_Draft(revoking, [], _AFTER_TRUST))

    def _wait(self, node: Node, means: Means, after: int) -> None:
        number = self._by(means, after)
        self._ended[node.id] = number
        if node.kind == NodeKind.SESSION and not means.name:
            self._drafts[number].why = _UNKNOWN_MEANS
        until = timestamp(node.expires_at) if node.expires_at else "its expiry, which no log tells"
        waiting = Means(Action.WAIT_UNTIL, node.account_id, until, until)
        draft = next((draft for draft in self._last if draft.means == waiting), None)
        if draft is None:
            draft = _Draft(waiting)
            self._last.append(draft)
        draft.ends.append(node.id)

    def _step(self, order: int, draft: _Draft) -> Step:
        means = draft.means
        survivors = self._impossible(order) if means.action == Action.NOT_POSSIBLE else self._surviving(order, draft)
        why = draft.why or _WHY[means.action]
        return Step(order + 1, means.action, means.target, means.account_id, tuple(sorted(draft.ends)), survivors, why)

    def _impossible(self, order: int) -> tuple[int, ...]:
        return tuple(sorted(id_ for id_, number in self._ended.items() if number == order))

    def _surviving(self, order: int, draft: _Draft) -> tuple[int, ...]:
        """What descends from what this step ends, and goes on until a later one."""
        ended = set(draft.ends)
        if not ended:
            return ()
        below = set[int]()
        for node in self._nodes:  # parents come before their children
            if node.parent in ended or node.parent in below:
                below.add(node.id)
        return tuple(sorted(id_ for id_ in below - ended if self._ended.get(id_, -1) > order))
