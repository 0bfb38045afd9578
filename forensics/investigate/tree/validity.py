"""Validity: whether a credential or planting was valid at a time.

It is valid if it is issued, not expired, and not ended by a logged deactivation, deletion or revocation. If its expiry
is not logged, the default of STS applies (docs/attribution.md#lifetimes). Without a default, the state is unknown until
the maximum lifetime of a session has passed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from forensics.answers.tree_answer import LoggedEnd, NodeKind, State
from forensics.investigate.same_user import is_same_user
from forensics.investigate.tree.tree_rows import IssuanceRow, RevocationRow

_DEFAULTS = {
    "AssumeRole": timedelta(hours=1),
    "AssumeRoleWithSAML": timedelta(hours=1),
    "AssumeRoleWithWebIdentity": timedelta(hours=1),
    "AssumeRoot": timedelta(minutes=15),
    "GetFederationToken": timedelta(hours=12),
    "GetSessionToken": timedelta(hours=12),
}
_DEFAULTS_OF_SERVICES = {
    "ec2.amazonaws.com": timedelta(hours=6, minutes=35),
    "lambda.amazonaws.com": timedelta(hours=2),
}
_OF_ROOT = timedelta(hours=1)
# the maximum lifetimes of a session and of a role session, which includes refreshed console sessions
_LONGEST = timedelta(hours=36)
_LONGEST_OF_ROLE = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Life:
    """The facts that decide when something was valid. `is_assumed`: its expiry is a default, not logged."""

    kind: NodeKind
    account_id: str | None
    access_key_id: str | None = None
    user_name: str | None = None
    user_id: str | None = None
    role_name: str | None = None
    issued_at: datetime | None = None
    expires_at: datetime | None = None
    is_assumed: bool = False
    last_use: datetime | None = None
    last_success: datetime | None = None


@dataclass(frozen=True, slots=True)
class Validity:
    """The state at a time, and the logged end of what still works."""

    state: State
    ended: LoggedEnd | None = None


def expiry(issuance: IssuanceRow, identity_type: str | None) -> tuple[datetime | None, bool]:
    """Return the expiry of an issued credential, and whether it is a default."""
    if issuance.expires_at or not issuance.issuance_time:
        return issuance.expires_at, False
    lasts = _DEFAULTS.get(issuance.issuance_name or "")
    if issuance.issuance_name == "AssumeRole":
        lasts = _DEFAULTS_OF_SERVICES.get(issuance.caller_invoked_by or "", lasts)
    if issuance.issuance_name == "GetSessionToken" and identity_type == "Root":
        lasts = _OF_ROOT
    return (issuance.issuance_time + lasts, True) if lasts else (None, False)


class Revocations:
    """The logged endings and restorations until a time, ordered by time."""

    def __init__(self, found: Iterable[RevocationRow], at: datetime) -> None:
        self._about: defaultdict[tuple[str, ...], list[tuple[int, RevocationRow]]] = defaultdict(list)
        for place, event in enumerate(found):
            for name in _names(
                event.account_id, event.access_key_id, event.user_name, event.user_principal_id, event.role_name
            ):
                self._about[name].append((place, event))
        self._at = at

    def validity(self, life: Life) -> Validity:
        """Return the state at the time. What succeeded after its end has not ended."""
        if life.issued_at and life.issued_at > self._at:
            return Validity(State.NOT_YET)
        ended, ended_at = self._ended(life)
        if ended is None:
            ended, ended_at = self._expired(life)
        if ended is None:
            return Validity(State.VALID if self._is_known_to_be_valid(life) else State.UNKNOWN)
        if life.last_success and ended_at and life.last_success > ended_at:
            return Validity(State.VALID, LoggedEnd(ended, ended_at, life.last_success))
        return Validity(ended)

    def _expired(self, life: Life) -> tuple[State | None, datetime | None]:
        expires_at = life.expires_at
        if life.kind == NodeKind.SESSION and expires_at is None and life.issued_at:
            expires_at = life.issued_at + (_LONGEST_OF_ROLE if life.role_name else _LONGEST)
        return (State.EXPIRED, expires_at) if expires_at and expires_at <= self._at else (None, None)

    def _is_known_to_be_valid(self, life: Life) -> bool:
        is_dated = life.kind != NodeKind.SESSION or life.expires_at is not None
        return is_dated or (life.last_use is not None and life.last_use >= self._at)

    def _ended(self, life: Life) -> tuple[State | None, datetime | None]:
        ended, ended_at = None, None
        cut_offs: dict[str | None, RevocationRow] = {}
        for event in self._of(life):
            if event.policy is not None:
                cut_offs[event.policy] = event  # the policy as last put or deleted
                continue
            if life.issued_at and event.event_time < life.issued_at:
                continue
            if life.kind == NodeKind.ACCESS_KEY and life.access_key_id and event.access_key_id == life.access_key_id:
                ended, ended_at = _of_key(event.status), event.event_time
            elif end := _end_by(event, life):
                ended, ended_at = end, event.event_time
        if ended is not None:
            return ended, ended_at
        revoked_at = [event.event_time for event in cut_offs.values() if _is_revoked(event, life)]
        return (State.REVOKED, min(revoked_at)) if revoked_at else (None, None)

    def _of(self, life: Life) -> list[RevocationRow]:
        """Return the events about its key, user or role, ordered by time."""
        names = _names(life.account_id, life.access_key_id, life.user_name, life.user_id, life.role_name)
        found = {place: event for name in names for place, event in self._about[name]}
        return [found[place] for place in sorted(found)]


def _names(
    account_id: str | None, key: str | None, user: str | None, user_id: str | None, role: str | None
) -> Iterator[tuple[str, ...]]:
    """Yield the key, user and role in an account that an event changes, or that can end something."""
    for kind, name in (("key", key), ("user", user), ("user_id", user_id), ("role", role)):
        if name and account_id:
            yield account_id, kind, name


def _of_key(status: str | None) -> State | None:
    return {"Inactive": State.DEACTIVATED, "Deleted": State.DELETED}.get(status or "")


def _end_by(event: RevocationRow, life: Life) -> State | None:
    """Return the state after an event, if the event ended it."""
    is_its_user = is_same_user(event.user_principal_id, event.user_name, life.user_id, life.user_name)
    is_its_role = life.role_name is not None and event.role_name == life.role_name
    # a key that was used later belongs to another user of the name
    is_used_later = life.last_use is not None and life.last_use > event.event_time
    match event.event_name:
        case "DeleteUser" if is_its_user:
            return None if is_used_later else State.DELETED
        case "DeleteRole" if is_its_role:
            return State.DELETED
        case "DeleteLoginProfile" if is_its_user and life.kind == NodeKind.LOGIN_PROFILE:
            return State.DELETED
        case "UpdateAssumeRolePolicy" if is_its_role and life.kind == NodeKind.ROLE:
            return State.REPLACED if life.issued_at and event.event_time > life.issued_at else None
    return None


def _is_revoked(event: RevocationRow, life: Life) -> bool:
    """Return whether a policy denies the session: one that is deleted, or replaced by another, denies nothing."""
    is_its_user = is_same_user(event.user_principal_id, event.user_name, life.user_id, life.user_name)
    is_its_role = life.role_name is not None and event.role_name == life.role_name
    if life.kind != NodeKind.SESSION or not (is_its_user or is_its_role):
        return False
    return bool(event.revoked_before and life.issued_at and life.issued_at < event.revoked_before)
