"""Identity: converts a `userIdentity` block to its columns and its credential ID.

A pure function of the block's bytes, so a block that occurs in many events is decoded once.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

from forensics.identifiers import unmasked_key
from forensics.records import record as rec
from forensics.records.record import UserIdentity, parse_bool, parse_time

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


# AWS hides the user name of some sign-ins, and exports mask it
_MASKED_NAME = re.compile(r"HIDDEN_\w+|REDACTED|\*+|", re.IGNORECASE)
_NAMED_BY_USER_NAME = ("SAMLUser", "Directory", "Unknown", "IdentityCenterUser")


class Identity(NamedTuple):
    """The columns of IDENTITY_COLUMNS in their order, the decoded block, its anomaly, and its unknown fields."""

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


def identity_of(block: bytes, authenticated: bool) -> Identity:
    """Return the identity in a `userIdentity` block. Without authentication, it has no credential ID."""
    flag = None
    try:
        user = rec.decode_identity(block)
    except rec.NOT_DECODED:
        user, flag = rec.convert(rec.parse_loosely(block), UserIdentity)[0], "wrong_type"
    if rec.repeats_a_key(block):
        flag = "repeated_key"
    user.type = _IDENTITY_TYPES.get((user.type or "").lower(), user.type)
    context = user.session_context
    session_issuer = context.session_issuer if context else None
    attributes = context.attributes if context else None
    access_key_id = unmasked_key(user.access_key_id)
    principal_id = user.principal_id or _substitute_principal(user)
    created = attributes.creation_date if attributes else None
    created_at = parse_time(created)
    on_behalf_of = user.on_behalf_of
    return Identity(
        identity_type=user.type,
        principal_id=principal_id,
        arn=user.arn,
        account_id=user.account_id,
        access_key_id=access_key_id,
        user_name=user.user_name,
        invoked_by=user.invoked_by,
        identity_provider=user.identity_provider,
        session_issuer_type=session_issuer.type if session_issuer else None,
        session_issuer_arn=session_issuer.arn if session_issuer else None,
        session_issuer_principal_id=session_issuer.principal_id if session_issuer else None,
        role_session_name=_session_name(user),
        session_creation_date=created_at,
        mfa_authenticated=parse_bool(attributes.mfa_authenticated) if attributes else None,
        source_identity=context.source_identity if context else None,
        federated_provider=_federated_provider(user),
        ec2_role_delivery=context.ec2_role_delivery if context else None,
        credentials_issued_to=user.in_scope_of.credentials_issued_to if user.in_scope_of else None,
        assumed_root=parse_bool(context.assumed_root) if context else None,
        sign_in_session_arn=context.sign_in_session_arn if context else None,
        on_behalf_of_user_id=on_behalf_of.user_id if on_behalf_of else None,
        identity_store_arn=on_behalf_of.identity_store_arn if on_behalf_of else None,
        delegate_account_id=user.invoked_by_delegate.account_id if user.invoked_by_delegate else None,
        credential_id=credential_id(user.account_id, access_key_id, principal_id, created_at)
        if authenticated
        else None,
        block=user,
        flag=flag,
        unknown_fields=rec.unknown_identity_fields(block),
    )


def credential_id(
    account_id: str | None, access_key_id: str | None, principal_id: str | None, created_at: datetime | None
) -> str | None:
    """Return the ID of the credential that signed an event, from four parts; None if all parts are empty.

    Example:
        >>> credential_id("111122223333", "AKIAIOSFODNN7EXAMPLE", "AIDACKCEVSQ6C2EXAMPLE", None)
        '111122223333|AKIAIOSFODNN7EXAMPLE|AIDACKCEVSQ6C2EXAMPLE|'
    """
    parts = [
        account_id or "",
        access_key_id or "",
        principal_id or "",
        f"{created_at.replace(tzinfo=None).isoformat()}Z" if created_at else "",
    ]
    return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parts) if any(parts) else None


def _substitute_principal(user: UserIdentity) -> str | None:
    """Return what identifies a caller without a principal ID: its service, its Identity Center user, or its name.

    Records of SAML users (Managed Grafana, QuickSight), directories and Identity Center before 2025 name a person by
    `userName` alone. Without it, all of them would be one credential.
    """
    if user.type in (None, "AWSService"):
        return user.invoked_by
    if user.on_behalf_of and user.type in _NAMED_BY_USER_NAME:
        return user.on_behalf_of.user_id
    if user.type in _NAMED_BY_USER_NAME and not user.access_key_id and not _MASKED_NAME.fullmatch(user.user_name or ""):
        return user.user_name
    return None


def _session_name(user: UserIdentity) -> str | None:
    if user.type not in ("AssumedRole", "FederatedUser") or not user.principal_id:
        return None
    role_id, colon, name = user.principal_id.rpartition(":")
    return name if colon and role_id else None


def _federated_provider(user: UserIdentity) -> str | None:
    data = user.session_context.web_id_federation_data if user.session_context else None
    return data.federated_provider if data else None
