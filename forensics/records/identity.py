"""Identity: converts a `userIdentity` block to its columns and its credential ID.

A pure function of the block's bytes, so a block that occurs in many events is decoded once.
"""

from __future__ import annotations

import re
from datetime import datetime

import msgspec

from forensics.formats.event_times import parse_event_time
from forensics.formats.record_names import path_of
from forensics.identifiers import (
    ACCOUNT,
    CHECKED,
    Unmasking,
    account_of_arn,
    is_service_specific,
)
from forensics.records import record as rec
from forensics.records.record import UserIdentity, parse_bool

# spellings of the CloudTrail user guide; values are compared without case
_IDENTITY_TYPES = {
    name.lower(): name
    for name in (
        "AWSAccount",
        "AWSService",
        "AssumedRole",
        "Directory",
        "FederatedUser",
        "IAMUser",
        "IdentityCenterUser",
        "Role",
        "Root",
        "SAMLUser",
        "Unknown",
        "WebIdentityUser",
    )
}
_SESSION_IN_ARN = re.compile(r"arn:[^:]*:sts::\d*:(?:assumed-role|federated-user)/(?:.*/)?([^/]+)$")
# an access key that is a whole value
_KEY = re.compile(rb'"A(?:CC|KI|SI)A[A-Z0-9]{12,36}\\?"')
_NAMED_BY_USER_NAME = ("SAMLUser", "Directory", "Unknown", "IdentityCenterUser")
_RESOURCE_ARN = re.compile(r"arn:[^:]+:[^:]+:[^:]*:[^:]*:.*[^:/]")


class Identity(msgspec.Struct, frozen=True, gc=False):
    """The columns of IDENTITY_COLUMNS in their order, then the decoded block and what is wrong with it.

    `flag`: its anomaly. `is_unread`: it names a caller, a session or an access key in a form that is not read.
    """

    identity_type: str | None
    principal_id: str | None
    arn: str | None
    account_id: str | None
    access_key_id: str | None
    user_name: str | None
    invoked_by: str | None
    identity_provider: str | None
    session_issuer_type: str | None
    session_issuer_arn: str | None
    session_issuer_principal_id: str | None
    role_session_name: str | None
    session_creation_date: datetime | None
    mfa_authenticated: bool | None
    source_identity: str | None
    federated_provider: str | None
    ec2_role_delivery: str | None
    credentials_issued_to: str | None
    assumed_root: bool | None
    sign_in_session_arn: str | None
    on_behalf_of_user_id: str | None
    identity_store_arn: str | None
    delegate_account_id: str | None
    credential_id: str | None
    block: UserIdentity
    flag: str | None
    unknown_fields: list[str]
    is_unread: bool


def identity_of(block: bytes, authenticated: bool, unmask: Unmasking = CHECKED) -> Identity:
    """Return the identity in a `userIdentity` block. Without authentication, it has no credential ID.

    `unmask`: `UNMASKED` for a block that `MAY_BE_MASKED` does not match.
    """
    user, flag, unknown_fields = _decoded(block, unmask)
    context = user.session_context
    session_issuer = context.session_issuer if context else None
    attributes = context.attributes if context else None
    access_key_id = _key(user, unmask)
    principal_id = _principal_id(user, unmask) or _substitute_principal(user, unmask)
    created_at = parse_event_time(attributes.creation_date if attributes else None)
    on_behalf_of = user.on_behalf_of
    delegate_account_id = _delegate(user, unmask)
    credentials_issued_to = _workload_arn(user, unmask)
    return Identity(
        identity_type=user.type,
        principal_id=principal_id,
        arn=unmask.arn(user.arn),
        account_id=user.account_id,
        access_key_id=access_key_id,
        user_name=user.user_name,
        invoked_by=user.invoked_by,
        identity_provider=user.identity_provider,
        session_issuer_type=session_issuer.type if session_issuer else None,
        session_issuer_arn=unmask.arn(session_issuer.arn) if session_issuer else None,
        session_issuer_principal_id=unmask.principal(session_issuer.principal_id) if session_issuer else None,
        role_session_name=_session_name(user, principal_id, unmask),
        session_creation_date=created_at,
        mfa_authenticated=parse_bool(attributes.mfa_authenticated) if attributes else None,
        source_identity=unmask.name(context.source_identity) if context else None,
        federated_provider=_federated_provider(user),
        ec2_role_delivery=context.ec2_role_delivery if context else None,
        credentials_issued_to=credentials_issued_to,
        assumed_root=parse_bool(context.assumed_root) if context else None,
        sign_in_session_arn=context.sign_in_session_arn if context else None,
        on_behalf_of_user_id=unmask.id(on_behalf_of.user_id) if on_behalf_of else None,
        identity_store_arn=on_behalf_of.identity_store_arn if on_behalf_of else None,
        delegate_account_id=delegate_account_id,
        credential_id=credential_id(
            user.account_id,
            access_key_id,
            principal_id,
            created_at,
            context=delegate_account_id or (None if access_key_id else credentials_issued_to or _directory(user)),
        )
        if authenticated
        else None,
        block=user,
        flag=flag,
        unknown_fields=unknown_fields,
        is_unread=_is_unread(block, user) or any(map(path_of, unknown_fields)),
    )


def _is_unread(block: bytes, user: UserIdentity) -> bool:
    """Return whether an access key in a block, or everything in it, is in none of the members that are read."""
    has_key = user.access_key_id or user.credential_id
    is_empty = block in (b"{}", b"null")
    return (not has_key and _KEY.search(block) is not None) or (not is_empty and user == UserIdentity())


def is_named_alone(identity: Identity) -> bool:
    """Return whether a name is all that identifies a caller: no principal ID, user ID or access key."""
    block = identity.block
    return (
        identity.identity_type in _NAMED_BY_USER_NAME
        and identity.user_name is not None
        and identity.principal_id == identity.user_name
        and identity.access_key_id is None
        and identity.on_behalf_of_user_id is None
        and block.principal_id != identity.user_name
    )


def _decoded(block: bytes, unmask: Unmasking) -> tuple[UserIdentity, str | None, list[str]]:
    """Return a block with AWS's spelling of its type and without a masked name or account, its anomaly, and the paths
    of its unknown fields.
    """
    flag, unknown_fields = None, list[str]()
    try:
        user = rec.decode_identity(block)
    except rec.NOT_DECODED:
        user, flag = rec.convert(rec.parse_loosely(block), UserIdentity)[0], "wrong_type"
    if user.invoked_by_delegate and not _delegate(user, unmask):
        flag = "wrong_type"
    if flag or not rec.is_all_of(user, block):
        unknown_fields = rec.unknown_identity_fields(block)
        if rec.repeats_a_key(block):
            flag = "repeated_key"
    user.type = _IDENTITY_TYPES.get((user.type or "").lower(), user.type)
    user.user_name = unmask.name(user.user_name)
    user.account_id = unmask.id(user.account_id) or _account_in_arns(user)
    return user, flag, unknown_fields


def credential_id(
    account_id: str | None,
    access_key_id: str | None,
    principal_id: str | None,
    created_at: datetime | None,
    context: str | None = None,
) -> str | None:
    """Return the ID of the credential that signed an event, from its parts; None if all parts are empty.

    `context` is a fifth part. With delegated access it is the delegate, because the same principal may act for itself
    in the same second. Without a key it is the workload of a session or the directory of a user.

    Example:
        >>> credential_id("111122223333", "AKIAIOSFODNN7EXAMPLE", "AIDACKCEVSQ6C2EXAMPLE", None)
        '111122223333|AKIAIOSFODNN7EXAMPLE|AIDACKCEVSQ6C2EXAMPLE|'
    """
    parts = [
        account_id or "",
        access_key_id or "",
        principal_id or "",
        f"{created_at.replace(tzinfo=None).isoformat()}Z" if created_at else "",
        *([context] if context else []),
    ]
    if not any(parts):
        return None
    text = "".join(parts)
    if "|" in text or "\\" in text:
        parts = [part.replace("\\", "\\\\").replace("|", "\\|") for part in parts]
    return "|".join(parts)


def _key(user: UserIdentity, unmask: Unmasking) -> str | None:
    """Return the access key, or the service-specific credential that the call carried as a bearer token.

    Other bearer tokens, such as those of Identity Center, have IDs of another form.
    """
    return unmask.key(user.credential_id if is_service_specific(user.credential_id) else user.access_key_id)


def _account_in_arns(user: UserIdentity) -> str | None:
    """Return the account in the ARN of the identity or of its session issuer: exports may omit `accountId`."""
    issuer = user.session_context.session_issuer if user.session_context else None
    return account_of_arn(user.arn, "iam", "sts") or account_of_arn(issuer.arn if issuer else None, "iam", "sts")


def _principal_id(user: UserIdentity, unmask: Unmasking) -> str | None:
    """Return the principal ID, or the user ID of an Identity Center user.

    In a user's records, Identity Center may write an account ID as the principal ID. It identifies nobody.
    """
    if user.type in _NAMED_BY_USER_NAME:
        if user.on_behalf_of and (user_id := unmask.id(user.on_behalf_of.user_id)):
            return user_id
        if ACCOUNT.fullmatch(user.principal_id or ""):
            return None
    return unmask.principal(user.principal_id)


def _substitute_principal(user: UserIdentity, unmask: Unmasking) -> str | None:
    """Return the service or the name of a caller without a principal ID.

    Records of SAML users (Managed Grafana, QuickSight), directories and Identity Center before 2025 identify a user by
    `userName` alone. Without it, all of these users would be one credential.
    """
    if user.type in (None, "AWSService"):
        return user.invoked_by
    is_named = user.type in _NAMED_BY_USER_NAME and not user.access_key_id
    # a name alone identifies a user only if no redaction wrote it
    return unmask.id(user.user_name) if is_named else None


def _delegate(user: UserIdentity, unmask: Unmasking) -> str | None:
    """Return the account of the product provider that acted with delegated access; None if it is masked."""
    return unmask.id(user.invoked_by_delegate.account_id) if user.invoked_by_delegate else None


def _directory(user: UserIdentity) -> str | None:
    """Return the directory of a user whose name or user ID is unique only within it."""
    if user.on_behalf_of and user.type in _NAMED_BY_USER_NAME:
        return user.on_behalf_of.identity_store_arn
    return user.identity_provider if user.type == "SAMLUser" and not user.principal_id else None


def _workload_arn(user: UserIdentity, unmask: Unmasking) -> str | None:
    issued_to = unmask.id(user.in_scope_of.credentials_issued_to) if user.in_scope_of else None
    return issued_to if issued_to and _RESOURCE_ARN.fullmatch(issued_to) else None


def _session_name(user: UserIdentity, principal_id: str | None, unmask: Unmasking) -> str | None:
    """Return the name of a session: in its ARN, if its principal ID is masked."""
    if user.type not in ("AssumedRole", "FederatedUser"):
        return None
    if principal_id is None:
        session = _SESSION_IN_ARN.match(unmask.arn(user.arn) or "")
        return session.group(1) if session else None
    role_id, colon, name = principal_id.rpartition(":")
    return name if colon and role_id else None


def _federated_provider(user: UserIdentity) -> str | None:
    data = user.session_context.web_id_federation_data if user.session_context else None
    return data.federated_provider if data else None
