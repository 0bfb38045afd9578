"""Lifetimes: when the temporary credentials of a tree expire.

An expiry that is not logged is the default of STS (docs/attribution.md#lifetimes). A console session has its own
duration, so it can outlast the session that opened it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from forensics.answers.tree_answer import Relation
from forensics.investigate.periods import shifted
from forensics.investigate.sql_rows import Connection, rows
from forensics.investigate.tree.descent import TreePlace
from forensics.investigate.tree.session_means import revocation_of
from forensics.investigate.tree.subtree import Subtree
from forensics.investigate.tree.tree_rows import DerivedRow, IssuanceRow, SignInRow

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
_DEFAULT_OF_ROOT = timedelta(hours=1)
_MAXIMUM = timedelta(hours=36)
_MAXIMUM_OF_ROLE = timedelta(hours=12)
_MAXIMUM_IN_CONSOLE = timedelta(hours=12)
_SIGN_IN_TOKEN_LASTS = timedelta(minutes=15)
_IN_CONSOLE = (Relation.CONSOLE_SESSION, Relation.SWITCHED_ROLE)


@dataclass(frozen=True, slots=True)
class Lifetime:
    """The end of a lifetime.

    `expires_at`: logged, or a default if `is_assumed`; null if unknown. `maximum`: the latest possible expiry; null if
    nothing limits it.
    """

    expires_at: datetime | None
    is_assumed: bool
    maximum: datetime | None


class Lifetimes:
    """The lifetimes of the temporary credentials of a tree, by the sign-ins that are logged until a time."""

    def __init__(self, connection: Connection, below: Subtree, at: datetime) -> None:
        self._in_console = {one for place in below.places if place.relation in _IN_CONSOLE for one in place.members}
        self._in_console |= {row.id for row in below.credentials.values() if row.is_in_console}
        self._issuances = _issuances_by_member(below.places, below.issuances)
        self._sign_ins = _last_sign_ins(connection, below.credentials.values(), at)

    def of(self, credential: DerivedRow) -> Lifetime:
        """Return the lifetime by the issuance of the credential, or else by those that its places cite."""
        start = session_start(credential)
        is_of_role = revocation_of(credential) is not None
        signed_in_at = self._sign_ins.get(credential.id)
        if credential.id in self._in_console or signed_in_at:
            return Lifetime(None, False, _maximum_in_console(start, signed_in_at, is_of_role=is_of_role))
        issuances = [credential] if credential.issuance_id else self._issuances[credential.id]
        ends = [expiry(issuance, credential.identity_type) for issuance in issuances]
        expires_at, is_assumed = last_known(end for end, _ in ends), any(assumed for _, assumed in ends)
        # the default lifetimes of root's sessions are also the longest
        is_maximum = expires_at is not None and (not is_assumed or credential.identity_type == "Root")
        return Lifetime(expires_at, is_assumed, expires_at if is_maximum else _maximum(start, is_of_role=is_of_role))


def expiry(issuance: IssuanceRow, identity_type: str | None) -> tuple[datetime | None, bool]:
    """Return the expiry of an issued credential, and whether it is a default."""
    if issuance.expires_at or not issuance.issuance_time:
        return issuance.expires_at, False
    lasts = _DEFAULTS.get(issuance.issuance_name or "")
    if issuance.issuance_name == "AssumeRole":
        lasts = _DEFAULTS_OF_SERVICES.get(issuance.caller_invoked_by or "", lasts)
    if issuance.issuance_name == "GetSessionToken" and identity_type == "Root":
        lasts = _DEFAULT_OF_ROOT
    return (shifted(issuance.issuance_time, lasts), True) if lasts else (None, False)


def session_start(session: DerivedRow) -> datetime | None:
    """Return the creation date of a session or, if no record has it, the time of its issuance."""
    return session.session_creation_date or session.issuance_time


def latest(times: Iterable[datetime | None]) -> datetime | None:
    """Return the latest of the known times."""
    return max((time for time in times if time), default=None)


def last_known(times: Iterable[datetime | None]) -> datetime | None:
    """Return the latest of some times, or None if one of them is unknown."""
    found = list(times)
    return None if None in found else latest(found)


def _issuances_by_member(
    places: Sequence[TreePlace], issuances: Mapping[str, IssuanceRow]
) -> dict[str, list[IssuanceRow]]:
    """Return the issuances that all places of each member cite: its lifetime is the same in each of them."""
    found: defaultdict[str, dict[str, IssuanceRow]] = defaultdict(dict)
    for place in places:
        cited = {key: issuances[key] for key in place.event_keys if key in issuances}
        for member in place.members:
            found[member] |= cited
    return {member: list(cited.values()) for member, cited in found.items()}


def _last_sign_ins(connection: Connection, credentials: Iterable[DerivedRow], at: datetime) -> dict[str, datetime]:
    """Return the last possible sign-in to the console with each role session, by credential."""
    sessions = [(row, start) for row in credentials if _can_sign_in(row) and (start := session_start(row))]
    if not sessions:
        return {}
    arguments = {
        "ids": [row.id for row, _ in sessions],
        "began": [start for _, start in sessions],
        "until": [_last_sign_in(row.expires_at or _maximum(start, is_of_role=True)) for row, start in sessions],
        "at": at,
    }
    found = rows(connection, SignInRow, "tree/sign_ins", **arguments)
    return {row.id: time for row in found if (time := latest((row.signed_in_at, _last_sign_in(row.requested_at))))}


def _can_sign_in(credential: DerivedRow) -> bool:
    """Return whether a credential can open a console session that outlasts it: a role session that AWS STS issued."""
    return not credential.is_long_term and not credential.is_for_bucket and revocation_of(credential) is not None


def _maximum(start: datetime | None, *, is_of_role: bool) -> datetime | None:
    """Return the latest possible expiry of a session."""
    return shifted(start, _MAXIMUM_OF_ROLE if is_of_role else _MAXIMUM) if start else None


def _maximum_in_console(start: datetime | None, signed_in_at: datetime | None, *, is_of_role: bool) -> datetime | None:
    """Return the latest possible end of a console session. That of a role starts with the sign-in, not with the role.

    Source: IAM User Guide, "Enable custom identity broker access to the AWS console", SessionDuration.
    """
    if not is_of_role:
        return _maximum(start, is_of_role=False)
    signed_in_at = signed_in_at or _last_sign_in(_maximum(start, is_of_role=True))
    return shifted(signed_in_at, _MAXIMUM_IN_CONSOLE) if signed_in_at else None


def _last_sign_in(requested_at: datetime | None) -> datetime | None:
    """Return the last sign-in with a token that was requested at a time, or when its session expired."""
    return shifted(requested_at, _SIGN_IN_TOKEN_LASTS) if requested_at else None
