"""Life: the facts that decide when something was valid, and how long it lasts if its expiry is not logged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from forensics.answers.tree_answer import NodeKind
from forensics.investigate.iam_names import folded
from forensics.investigate.periods import shifted
from forensics.investigate.tree.tree_rows import IssuanceRow

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
# the maximum lifetimes: of a token, of a role session, and of a console session since its sign-in
_LONGEST = timedelta(hours=36)
_LONGEST_OF_ROLE = timedelta(hours=12)
_LONGEST_OF_CONSOLE = timedelta(hours=12)
# a sign-in URL works for so long after the request for its token
SIGN_IN_URL_LASTS = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Life:
    """The facts that decide when something was valid.

    `is_assumed`: its expiry is a default, not logged. `ends_by`: it works no longer than that; null if nothing limits
    it. `last_issued_at`: a node can have several sessions. `last_success`: of its calls, and of what derives from it;
    `last_permitted`: of those that need a permission; `possible_success`: of what possibly derives from it.
    `planting_id`: of a planting without credentials. `is_authorized_once`: when it was issued; nothing ends it earlier.
    """

    kind: NodeKind
    account_id: str | None
    access_key_id: str | None = None
    user_name: str | None = None
    user_id: str | None = None
    role_name: str | None = None
    issued_at: datetime | None = None
    last_issued_at: datetime | None = None
    expires_at: datetime | None = None
    is_assumed: bool = False
    ends_by: datetime | None = None
    last_use: datetime | None = None
    last_success: datetime | None = None
    last_permitted: datetime | None = None
    possible_success: datetime | None = None
    planting_id: str | None = None
    is_authorized_once: bool = False

    @property
    def is_of_user(self) -> bool:
        return bool(self.user_id or self.user_name)

    def is_of_role(self, name: str | None) -> bool:
        """Compare with the name of a role."""
        return bool(name) and folded(name) == folded(self.role_name)


def expiry(issuance: IssuanceRow, identity_type: str | None) -> tuple[datetime | None, bool]:
    """Return the expiry of an issued credential, and whether it is a default."""
    if issuance.expires_at or not issuance.issuance_time:
        return issuance.expires_at, False
    lasts = _DEFAULTS.get(issuance.issuance_name or "")
    if issuance.issuance_name == "AssumeRole":
        lasts = _DEFAULTS_OF_SERVICES.get(issuance.caller_invoked_by or "", lasts)
    if issuance.issuance_name == "GetSessionToken" and identity_type == "Root":
        lasts = _OF_ROOT
    return (shifted(issuance.issuance_time, lasts), True) if lasts else (None, False)


def longest(issued_at: datetime | None, *, is_of_role: bool) -> datetime | None:
    """Return the latest possible expiry of a session."""
    return shifted(issued_at, _LONGEST_OF_ROLE if is_of_role else _LONGEST) if issued_at else None


def longest_in_console(
    issued_at: datetime | None, signed_in_at: datetime | None, *, is_of_role: bool
) -> datetime | None:
    """Return the latest possible end of a console session. A role's begins with a sign-in, whatever the role session.

    Source: IAM User Guide, "Enable custom identity broker access to the AWS console", SessionDuration.
    """
    if not is_of_role:
        return longest(issued_at, is_of_role=False)
    last = signed_in_at or latest_sign_in(longest(issued_at, is_of_role=True))
    return shifted(last, _LONGEST_OF_CONSOLE) if last else None


def latest_sign_in(expires_at: datetime | None) -> datetime | None:
    """Return the latest sign-in with a session: its token is requested before the session expires."""
    return shifted(expires_at, SIGN_IN_URL_LASTS) if expires_at else None
