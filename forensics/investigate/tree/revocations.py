"""Revocations: the logged events that ended a credential or planting, and those that undid an end.

A live credential must not be reported as ended. So an event ends a node only if the event is certainly about that node,
and undoes an end if it is possibly about the node: also an unreliable record, or an event in the same second.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from forensics.answers.tree_answer import NodeKind, State
from forensics.investigate.iam_names import folded
from forensics.investigate.periods import shifted
from forensics.investigate.sql_rows import grouped
from forensics.investigate.tree.node_facts import NodeFacts
from forensics.investigate.tree.tree_rows import LaterPolicyRow, RevocationRow
from forensics.investigate.tree.user_names import UserNames

_OF_KEY = {"Inactive": State.DEACTIVATED, "Deleted": State.DELETED}
# the issuance may be logged a second before the time in the token, to which the policy applies
_CLOCK_DIFFERENCE = timedelta(seconds=1)
# flags of an end that is not certain
_UNDONE, _KEPT = "possibly_undone", "possibly_kept"
# a user or role that was created again has none of its former policies
_REMOVES_POLICIES = ("CreateUser", "DeleteUser", "CreateRole", "DeleteRole")
_CHANGES_KEY = ("UpdateAccessKey", "UpdateServiceSpecificCredential")
_CHANGES_POLICY = ("PutUserPolicy", "DeleteUserPolicy", "PutRolePolicy", "DeleteRolePolicy")


@dataclass(frozen=True, slots=True)
class End:
    """A logged end. `undoable`: its event, if a later call can undo it; `doubt`: the flag of an uncertain end."""

    state: State
    at: datetime
    undoable: RevocationRow | None = None
    doubt: str | None = None


class Revocations:
    """The logged ends and restorations until a time, ordered by time."""

    def __init__(
        self, found: Iterable[RevocationRow], names: UserNames, policies: Iterable[LaterPolicyRow] = ()
    ) -> None:
        self._names = names
        self._later_policies = grouped(policies, lambda row: row.planting_id)
        self._about: defaultdict[tuple[str, ...], dict[int, RevocationRow]] = defaultdict(dict)
        self._policies: defaultdict[tuple[str, str | None], list[RevocationRow]] = defaultdict(list)
        self._unnamed: defaultdict[str, list[RevocationRow]] = defaultdict(list)
        for place, event in enumerate(found):
            if _hides_its_target(event):
                self._unnamed[event.account_id].append(event)
            if event.policy is not None:
                self._policies[event.account_id, folded(event.role_name)].append(event)
            for topic in _topics(
                event.account_id, event.access_key_id, event.role_name, event.user_name, event.user_principal_id
            ):
                self._about[topic][place] = event

    def ends(self, facts: NodeFacts) -> Iterator[End]:
        """Yield the logged ends of a node, deletions first."""
        if facts.is_authorized_once:
            return
        changes = self._changes_of_key(facts)
        reliable = [event.event_time for event in changes if not event.is_unreliable]
        # a key that was changed was not deleted before
        since = max(filter(None, (facts.last_issued_at or facts.last_use, *reliable)), default=None)
        deleted = [end for event in self._events(facts) if (end := self._deletion(event, facts, since))]
        for end in deleted[-1:]:
            is_uncertain = any(event.event_time >= end.at for event in changes if event.is_unreliable)
            yield replace(end, doubt=_UNDONE) if is_uncertain else end
        yield from self._of_key(facts)
        yield from self._replaced(facts)
        yield from self._revoked(facts)

    def _events(self, facts: NodeFacts) -> Iterator[RevocationRow]:
        """Yield the events about the key, role or user of a node, ordered by time."""
        topics = _topics(facts.account_id, facts.access_key_id, facts.role_name, facts.user_name, facts.user_id)
        found = {place: event for topic in topics for place, event in self._about[topic].items()}
        yield from (found[place] for place in sorted(found))

    def _changes_of_key(self, facts: NodeFacts) -> list[RevocationRow]:
        """Return the status changes of a node that is a key, ordered by time."""
        if facts.kind != NodeKind.ACCESS_KEY or facts.access_key_id is None:
            return []
        return [event for event in self._events(facts) if event.access_key_id == facts.access_key_id]

    def _deletion(self, event: RevocationRow, facts: NodeFacts, since: datetime | None) -> End | None:
        """Return the end by a deletion. `since`: the last time at which the logs show that the node existed."""
        if event.is_unreliable or (since and event.event_time < since):
            return None
        is_by_id = event.user_principal_id is not None and event.user_principal_id == facts.user_id
        # the order within a second is unknown, and a name can belong to two users or roles in it
        if not is_by_id and event.event_time == since:
            return None
        is_used_later = not is_by_id and facts.last_use is not None and facts.last_use > event.event_time
        match event.event_name:
            case "DeleteUser" if self._is_its_user(event, facts) and not is_used_later:
                return End(State.DELETED, event.event_time)
            case "DeleteRole" if facts.is_of_role(event.role_name) and not self._is_planted_again(event, facts):
                return End(State.DELETED, event.event_time)
            case "DeleteLoginProfile" if facts.kind == NodeKind.LOGIN_PROFILE and self._is_its_user(event, facts):
                return End(State.DELETED, event.event_time)
        return None

    def _of_key(self, facts: NodeFacts) -> Iterator[End]:
        """Yield the end of a key by its last change."""
        changes = self._changes_of_key(facts)
        reliable = [event for event in changes if not event.is_unreliable]
        state = _OF_KEY.get(reliable[-1].status or "") if reliable else None
        if state == State.DELETED:
            yield End(state, reliable[-1].event_time)
        elif state:
            later = [*changes[changes.index(reliable[-1]) + 1 :], *self._unnamed_after(reliable[-1], facts)]
            is_uncertain = any(event.status not in _OF_KEY for event in later)
            yield End(state, reliable[-1].event_time, reliable[-1], _UNDONE if is_uncertain else None)

    def _policies_after(self, facts: NodeFacts) -> list[LaterPolicyRow]:
        return self._later_policies.get(facts.planting_id or "", [])

    def _is_planted_again(self, deletion: RevocationRow, facts: NodeFacts) -> bool:
        """Return whether a role of the same name possibly has the planted trust policy."""
        return any(
            policy.keeps != "nothing" and not (policy.event_time and policy.event_time < deletion.event_time)
            for policy in self._policies_after(facts)
        )

    def _replaced(self, facts: NodeFacts) -> Iterator[End]:
        """Yield the end of a planted trust policy by the last policy that was set, unless that keeps the trust."""
        policies = self._policies_after(facts)
        at = max((policy.event_time for policy in policies if policy.event_time), default=None)
        last = [policy for policy in policies if policy.event_time == at]
        if at and not all(policy.keeps == "certainly" for policy in last):
            undated = [policy for policy in policies if policy.event_time is None]
            is_uncertain = any(policy.keeps != "nothing" for policy in (*last, *undated))
            yield End(State.REPLACED, at, doubt=_KEPT if is_uncertain else None)

    def _revoked(self, facts: NodeFacts) -> Iterator[End]:
        """Yield the revocations by policies that are in force: neither deleted nor replaced."""
        if facts.kind != NodeKind.SESSION or facts.last_issued_at is None or facts.account_id is None:
            return
        recreated = [event for event in self._events(facts) if event.event_name in _REMOVES_POLICIES]
        policies = self._policies[facts.account_id, folded(facts.role_name)]
        for changes in grouped(policies, lambda event: (event.policy or "").lower()).values():
            revoking = [event for event in changes if self._revokes(event, facts)]
            if revoking:
                last = revoking[-1]
                undoing = [one for one in (*changes, *recreated) if self._undoes(one, last, facts)]
                if all(event.is_unreliable for event in undoing):
                    is_uncertain = undoing or any(self._unnamed_after(last, facts))
                    yield End(State.REVOKED, last.event_time, last, _UNDONE if is_uncertain else None)

    def _revokes(self, event: RevocationRow, facts: NodeFacts) -> bool:
        if event.is_unreliable or event.revoked_before is None or facts.last_issued_at is None:
            return False
        is_about_it = facts.is_of_role(event.role_name) or self._is_its_user(event, facts)
        return is_about_it and shifted(facts.last_issued_at, _CLOCK_DIFFERENCE) < event.revoked_before

    def _undoes(self, event: RevocationRow, revocation: RevocationRow, facts: NodeFacts) -> bool:
        if event.event_time < revocation.event_time or self._revokes(event, facts):
            return False
        return facts.is_of_role(event.role_name) or self._may_be_its_user(event, facts)

    def _unnamed_after(self, end: RevocationRow, facts: NodeFacts) -> Iterator[RevocationRow]:
        """Yield the later changes of the same kind whose target is masked or omitted, and possibly this node."""
        for event in self._unnamed[end.account_id]:
            is_of_kind = (event.event_name in _CHANGES_KEY) == (end.event_name in _CHANGES_KEY)
            if is_of_kind and event.event_time >= end.event_time and not self._revokes(event, facts):
                if event.user_principal_id == event.account_id and not facts.is_of_user:
                    is_about_it = True  # a key of root
                elif event.is_of_user:
                    is_about_it = self._may_be_its_user(event, facts)
                else:
                    is_about_it = event.role_name is None or facts.is_of_role(event.role_name)
                if is_about_it:
                    yield event

    def _is_its_user(self, event: RevocationRow, facts: NodeFacts) -> bool:
        """Return whether an event is certainly about the user of a node: by ID, or by a name that no rename moved."""
        if not event.is_of_user or not facts.is_of_user:
            return False
        if facts.user_id:
            return event.user_principal_id == facts.user_id
        return folded(event.user_name) == folded(facts.user_name) and not self._names.moved(
            facts.account_id, facts.user_name
        )

    def _may_be_its_user(self, event: RevocationRow, facts: NodeFacts) -> bool:
        """Return whether an event is possibly about the user of a node."""
        if not event.is_of_user or not facts.is_of_user:
            return False
        if event.user_principal_id and facts.user_id:
            return event.user_principal_id == facts.user_id
        moved = any(self._names.moved(facts.account_id, name) for name in (event.user_name, facts.user_name))
        return moved or folded(event.user_name) == folded(facts.user_name)


def _hides_its_target(event: RevocationRow) -> bool:
    """Return whether a masked or omitted name hides which key or policy a change was about."""
    if event.event_name in _CHANGES_KEY:
        return event.access_key_id is None
    return event.event_name in _CHANGES_POLICY and event.policy is None


def _topics(
    account_id: str | None, key: str | None, role: str | None, user: str | None, user_id: str | None
) -> Iterator[tuple[str, ...]]:
    """Yield the key, role and user in an account: those of an event, or those of a node."""
    for kind, name in (("key", key), ("role", folded(role)), ("user", folded(user)), ("user_id", user_id)):
        if account_id and name:
            yield account_id, kind, name
