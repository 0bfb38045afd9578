"""Session means: what ends a session, by the kind of its identity and the path of its role."""

from __future__ import annotations

from dataclasses import replace

from forensics.answers.tree_answer import Action
from forensics.identifiers import role_of_session
from forensics.investigate.tree.containment import Means, denying, revoking
from forensics.investigate.tree.step_commands import step_command
from forensics.investigate.tree.tree_rows import DerivedRow
from forensics.investigate.tree.user_names import PresentName

# the beginning of a path, never a name or a later part: anyone may create a role with these
_RESERVED = "role/aws-reserved/"
_SERVICE_LINKED = "role/aws-service-role/"
_UNNAMED_ROLE = "No loaded record names the role: iam:ListRoles shows the name of the role with this ID"
# the ARN of a session has no path: the name only says what the role may be
_LIMITS = {
    "AWSReservedSSO_": (
        "No loaded record shows the path of the role. If its path is /aws-reserved/, IAM refuses this step: disable the"
        " user in Identity Center, and deny identitystore:UserId with aws:TokenIssueTime in the policy of the"
        " permission set or in an SCP"
    ),
    "AWSServiceRoleFor": (
        "No loaded record shows the path of the role. If its path is /aws-service-role/, the role is service-linked and"
        " IAM refuses this step: no revocation and no SCP applies to its sessions, so wait until they expire"
    ),
}


def means_of_session(session: DerivedRow, holder: PresentName) -> Means:
    """Return the means that ends a session. `holder`: the user whose permissions it has."""
    account_id, role = session.account_id, revocation_of(session)
    if session.is_for_bucket:
        return Means(Action.WAIT_UNTIL, account_id, "", "")
    is_of_root = session.identity_type == "FederatedUser" and (session.session_issuer_arn or "").endswith(":root")
    is_of_root = is_of_root or (session.principal_id is not None and session.principal_id == account_id)
    if session.identity_type == "Root" or is_of_root:
        return _denying_root(session)
    if session.identity_type in ("FederatedUser", "IAMUser", "AWSAccount") and holder.name:
        arn = session.session_issuer_arn if session.identity_type == "FederatedUser" else session.arn
        is_its = arn and arn.endswith(f"/{holder.name}")
        return denying(account_id, holder.name, arn if is_its else None, holder.limit)
    if session.identity_type == "IAMUser":
        return denying(account_id, session.principal_id or "", session.arn)
    if role is None:
        return Means(Action.NOT_POSSIBLE, account_id, "", session.arn or session.principal_id or session.id)
    if _resource(role.target).startswith(_RESERVED):
        user = session.on_behalf_of_user_id or session.role_session_name or role.target
        action = Action.DENY_IDENTITY_CENTER_USER
        command = step_command(action, user, account_id=account_id, arn=role.target)
        return Means(action, account_id, user, user, command=command)
    if _resource(role.target).startswith(_SERVICE_LINKED):
        return Means(Action.NOT_POSSIBLE, account_id, role.name, role.target)
    if session.rule == "sign_in_session" and session.sign_in_session_arn:
        action, sign_in = Action.DENY_SIGN_IN_SESSION, session.sign_in_session_arn
        command = step_command(action, sign_in, holder=role.name, arn=sign_in)
        return Means(action, account_id, sign_in, sign_in, command=command)
    return replace(role, limit=role.limit or _limit_by_name(role))


def _denying_root(session: DerivedRow) -> Means:
    """Return the service control policy on a session of root, or on a federated session that root requested."""
    action, account_id = Action.DENY_BY_SCP, session.account_id or ""
    name = session.arn if session.identity_type == "FederatedUser" and session.arn else account_id
    command = step_command(action, name, account_id=account_id, arn=session.arn)
    return Means(action, session.account_id, name, account_id, command=command)


def _resource(arn: str) -> str:
    """Return the resource in an ARN; it may contain colons."""
    return arn.split(":", 5)[-1]


def _limit_by_name(role: Means) -> str | None:
    """Return why IAM may refuse to revoke a role of which only the name is known."""
    is_path_known = role.target != role.name
    return None if is_path_known else next((_LIMITS[start] for start in _LIMITS if role.name.startswith(start)), None)


def revocation_of(session: DerivedRow) -> Means | None:
    """Return the revocation of the role of a session, if a record names the role."""
    if session.identity_type == "AWSAccount" and (session.principal_id or "").startswith("AROA"):
        role_id = (session.principal_id or "").partition(":")[0]  # the copy of another account names the role by ID
        return replace(revoking(session.account_id, role_id, None), limit=_UNNAMED_ROLE)
    if session.identity_type not in ("AssumedRole", "Role", None):
        return None
    arn = session.session_issuer_arn or session.target_role_arn or session.arn
    if arn and ":role/" in arn:
        return revoking(session.account_id, arn.rpartition("/")[2], arn)
    name = role_of_session(session.arn)
    if name is None:
        return None
    command = step_command(Action.REVOKE_ROLE_SESSIONS, name, arn=session.arn)  # in the partition of the session
    return replace(revoking(session.account_id, name, None), command=command)
