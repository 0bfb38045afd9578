"""Revocations: what the logs say ended a credential or planting, and what undid it.

Upwards, doubt names nobody; here, doubt leaves alive. An event ends something only if it is certainly about it. It
undoes an end if it is possibly about it, also by an unreliable record and in the same second.
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
from forensics.investigate.tree.life import Life
from forensics.investigate.tree.tree_rows import LaterPolicyRow, RevocationRow
from forensics.investigate.tree.user_names import UserNames

_OF_KEY = {"Inactive": State.DEACTIVATED, "Deleted": State.DELETED}
# the issuance may be logged a second before the time in the token
_CLOCKS_DIFFER_BY = timedelta(seconds=1)
# the flags of a doubt
_UNDONE, _KEPT = "possibly_undone", "possibly_kept"
_OF_HOLDER = ("CreateUser", "DeleteUser", "CreateRole", "DeleteRole")


@dataclass(frozen=True, slots=True)
class End:
    """An end by the logs. `undoable`: the event, if a later call can undo it; `doubt`: why it possibly is none."""

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
        for place, event in enumerate(found):
            if event.policy is not None:
                self._policies[event.account_id, folded(event.role_name)].append(event)
            for topic in _topics(
                event.account_id, event.access_key_id, event.role_name, event.user_name, event.user_principal_id
            ):
                self._about[topic][place] = event

    def ends(self, life: Life) -> Iterator[End]:
        """Yield what ended something, deletions first."""
        if life.is_authorized_once:
            return
        changes = self._changes_of_key(life)
        reliable = [event.event_time for event in changes if not event.is_unreliable]
        # a key that was changed was not deleted before
        since = max(filter(None, (life.last_issued_at or life.last_use, *reliable)), default=None)
        deleted = [end for event in self._events(life) if (end := self._deletion(event, life, since))]
        for end in deleted[-1:]:
            is_doubted = any(event.event_time >= end.at for event in changes if event.is_unreliable)
            yield replace(end, doubt=_UNDONE) if is_doubted else end
        yield from self._of_key(life)
        yield from self._replaced(life)
        yield from self._revoked(life)

    def _events(self, life: Life) -> Iterator[RevocationRow]:
        """Yield the events about its key, role or user, ordered by time."""
        topics = _topics(life.account_id, life.access_key_id, life.role_name, life.user_name, life.user_id)
        found = {place: event for topic in topics for place, event in self._about[topic].items()}
        yield from (found[place] for place in sorted(found))

    def _changes_of_key(self, life: Life) -> list[RevocationRow]:
        """Return the status changes of a key, ordered by time; none of anything else."""
        if life.kind != NodeKind.ACCESS_KEY or life.access_key_id is None:
            return []
        return [event for event in self._events(life) if event.access_key_id == life.access_key_id]

    def _deletion(self, event: RevocationRow, life: Life, since: datetime | None) -> End | None:
        """Return the end by a deletion. `since`: the last time at which the logs show that it existed."""
        if event.is_unreliable or (since and event.event_time < since):
            return None
        is_by_id = event.user_principal_id is not None and event.user_principal_id == life.user_id
        # the order within a second is unknown, and a name can belong to two users or roles in it
        if not is_by_id and event.event_time == since:
            return None
        is_used_later = not is_by_id and life.last_use is not None and life.last_use > event.event_time
        match event.event_name:
            case "DeleteUser" if self._is_its_user(event, life) and not is_used_later:
                return End(State.DELETED, event.event_time)
            case "DeleteRole" if life.is_of_role(event.role_name) and not self._is_planted_again(event, life):
                return End(State.DELETED, event.event_time)
            case "DeleteLoginProfile" if life.kind == NodeKind.LOGIN_PROFILE and self._is_its_user(event, life):
                return End(State.DELETED, event.event_time)
        return None

    def _of_key(self, life: Life) -> Iterator[End]:
        """Yield the end of a key by its last change."""
        changes = self._changes_of_key(life)
        reliable = [event for event in changes if not event.is_unreliable]
        state = _OF_KEY.get(reliable[-1].status or "") if reliable else None
        if state == State.DELETED:
            yield End(state, reliable[-1].event_time)
        elif state:
            later = changes[changes.index(reliable[-1]) + 1 :]
            is_doubted = any(event.status not in _OF_KEY for event in later)
            yield End(state, reliable[-1].event_time, reliable[-1], _UNDONE if is_doubted else None)

    def _policies_after(self, life: Life) -> list[LaterPolicyRow]:
        return self._later_policies.get(life.planting_id or "", [])

    def _is_planted_again(self, deletion: RevocationRow, life: Life) -> bool:
        """Return whether a role of the same name possibly has the planted trust policy."""
        return any(
            policy.keeps != "nothing" and not (policy.event_time and policy.event_time < deletion.event_time)
            for policy in self._policies_after(life)
        )

    def _replaced(self, life: Life) -> Iterator[End]:
        """Yield the end of a planted trust policy by the last one that was set, unless that keeps it."""
        policies = self._policies_after(life)
        at = max((policy.event_time for policy in policies if policy.event_time), default=None)
        last = [policy for policy in policies if policy.event_time == at]
        if at and not all(policy.keeps == "certainly" for policy in last):
            undated = [policy for policy in policies if policy.event_time is None]
            is_doubted = any(policy.keeps != "nothing" for policy in (*last, *undated))
            yield End(State.REPLACED, at, doubt=_KEPT if is_doubted else None)

    def _revoked(self, life: Life) -> Iterator[End]:
        """Yield the revocations by policies that are in force: neither deleted nor replaced."""
        if life.kind != NodeKind.SESSION or life.last_issued_at is None or life.account_id is None:
            return
        recreated = [event for event in self._events(life) if event.event_name in _OF_HOLDER]
        policies = self._policies[life.account_id, folded(life.role_name)]
        for changes in grouped(policies, lambda event: (event.policy or "").lower()).values():
            revoking = [event for event in changes if self._revokes(event, life)]
            if revoking:
                last = revoking[-1]
                undoing = [one for one in (*changes, *recreated) if self._undoes(one, last, life)]
                if all(event.is_unreliable for event in undoing):
                    yield End(State.REVOKED, last.event_time, last, _UNDONE if undoing else None)

    def _revokes(self, event: RevocationRow, life: Life) -> bool:
        if event.is_unreliable or event.revoked_before is None or life.last_issued_at is None:
            return False
        is_its = life.is_of_role(event.role_name) or self._is_its_user(event, life)
        return is_its and shifted(life.last_issued_at, _CLOCKS_DIFFER_BY) < event.revoked_before

    def _undoes(self, event: RevocationRow, revocation: RevocationRow, life: Life) -> bool:
        if event.event_time < revocation.event_time or self._revokes(event, life):
            return False
        return life.is_of_role(event.role_name) or self._may_be_its_user(event, life)

    def _is_its_user(self, event: RevocationRow, life: Life) -> bool:
        """Return whether an event is certainly about its user: by ID, or by a name that no user took over."""
        if event.user_name is None or not life.is_of_user:
            return False
        if life.user_id:
            return event.user_principal_id == life.user_id
        return folded(event.user_name) == folded(life.user_name) and not self._names.moved(
            life.account_id, life.user_name
        )

    def _may_be_its_user(self, event: RevocationRow, life: Life) -> bool:
        if event.user_name is None or not life.is_of_user:
            return False
        if event.user_principal_id and life.user_id:
            return event.user_principal_id == life.user_id
        moved = any(self._names.moved(life.account_id, name) for name in (event.user_name, life.user_name))
        return moved or folded(event.user_name) == folded(life.user_name)


def _topics(
    account_id: str | None, key: str | None, role: str | None, user: str | None, user_id: str | None
) -> Iterator[tuple[str, ...]]:
    """Yield the key, role and user in an account that an event is about, or that can end something."""
    for kind, name in (("key", key), ("role", folded(role)), ("user", folded(user)), ("user_id", user_id)):
        if account_id and name:
            yield account_id, kind, name
