"""Grantees: to whom a call gives access, by its parameters.

Only parameters that name a grantee are read, and only of calls that give access. Parameters that take access away, and
statements that deny, name nobody.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote

EVERYBODY = "everybody"
_EVERY_ACCOUNT = "every AWS account"
_CONDITIONAL = " with conditions"

# by event name, without the version that some services append: the names of the parameters, in lower case
_POLICY = ("policy", "policydocument", "bucketpolicy", "assumerolepolicydocument", "resourcepolicy", "policytext")
_SNAPSHOT = ("userid", "group")
_RDS = ("valuestoadd",)
_ACL = ("uri", "id", "emailaddress", "x-amz-acl", "x-amz-grant-read", "x-amz-grant-write", "x-amz-grant-full-control")
_PARAMETERS = {
    "AddLayerVersionPermission": ("principal",),
    "AddPermission": ("principal", "awsaccountid", "awsaccountids"),
    "AddResourcePermissions": ("principals", "id"),
    "AddUserToGroup": ("groupname",),
    "AssociateResourceShare": ("principals",),
    "AttachGroupPolicy": ("groupname",),
    "AuthorizeDBSecurityGroupIngress": ("cidrip",),
    "AuthorizeSecurityGroupIngress": ("cidrip", "cidripv6"),
    "AuthorizeSnapshotAccess": ("accountwithrestoreaccess",),
    "CreateAccountAssignment": ("principalid",),
    "CreateGrant": ("granteeprincipal",),
    "CreateResourceShare": ("principals",),
    "CreateRole": _POLICY,
    "ModifyDBClusterSnapshotAttribute": _RDS,
    "ModifyDBSnapshotAttribute": _RDS,
    "ModifyDocumentPermission": ("accountidstoadd",),
    "ModifyImageAttribute": (*_SNAPSHOT, "organizationarn", "organizationalunitarn"),
    "ModifySnapshotAttribute": _SNAPSHOT,
    "ModifyVpcEndpointServicePermissions": ("addallowedprincipals",),
    "PutBucketAcl": _ACL,
    "PutBucketPolicy": _POLICY,
    "PutGroupPolicy": ("groupname",),
    "PutImageRecipePolicy": _POLICY,
    "PutKeyPolicy": _POLICY,
    "PutObjectAcl": _ACL,
    "PutPermission": ("principal",),
    "PutResourcePolicy": _POLICY,
    "SetQueueAttributes": _POLICY,
    "SetRepositoryPolicy": ("policytext",),
    "SetTopicAttributes": ("attributevalue",),
    "UpdateAssumeRolePolicy": _POLICY,
}
NAMES = tuple(_PARAMETERS)
_TAKEN_AWAY = ("remove", "valuestoremove", "accountidstoremove", "removeallowedprincipals")
_DOCUMENTS = {*_POLICY, "attributevalue"}
_EVERYBODY = {"*", "all", "public-read", "public-read-write", "0.0.0.0/0", "::/0"}
_ROOT = re.compile(r"arn:[^:]*:iam::(\d{12}):root")
_ACCOUNT = re.compile(r"(?<![0-9A-Za-z-])\d{12}(?![0-9A-Za-z-])")


class Given(NamedTuple):
    """To whom a call gives access. `is_outside`: everybody, or another account than that of the call."""

    grantees: tuple[str, ...] = ()
    is_outside: bool = False


def given_access(name: str, account_id: str | None, parameters: str | None) -> Given:
    """Return to whom a call gives access.

    Args:
        name: one of `NAMES`.
        account_id: the account in which access is given.
        parameters: the parameters of the call, as JSON.
    """
    wanted = _PARAMETERS.get(name, ())
    try:
        found = dict.fromkeys(_described(one) for one in _named(json.loads(parameters or "null"), wanted))
    except (ValueError, RecursionError):
        return Given()
    grantees = tuple(sorted(filter(None, found)))
    accounts = {account for one in grantees for account in _ACCOUNT.findall(one)}
    is_public = any(one.startswith((EVERYBODY, _EVERY_ACCOUNT)) for one in grantees)
    return Given(grantees, is_public or bool(accounts - {account_id}))


def _named(value: Any, wanted: tuple[str, ...]) -> Iterator[str]:
    """Yield the values of the wanted parameters, also of nested ones."""
    if isinstance(value, list):
        for one in value:
            yield from _named(one, wanted)
    elif isinstance(value, dict):
        for name, one in value.items():
            lower = str(name).lower()
            if lower in _TAKEN_AWAY:
                continue
            if lower in wanted and lower in _DOCUMENTS:
                yield from _allowed(one)
            elif lower in wanted and isinstance(one, (str, int)):
                yield str(one)
            elif lower in wanted and isinstance(one, list) and all(isinstance(item, str) for item in one):
                yield from one
            else:
                yield from _named(one, wanted)


def _allowed(document: Any) -> Iterator[str]:
    """Yield the principals that a policy allows."""
    if isinstance(document, str):
        text = document if document.lstrip().startswith("{") else unquote(document)
        try:
            document = json.loads(text)
        except ValueError:
            return
    statements = document.get("Statement") if isinstance(document, dict) else None
    for statement in statements if isinstance(statements, list) else [statements]:
        if not isinstance(statement, dict) or statement.get("Effect") != "Allow":
            continue
        principal = statement.get("Principal")
        condition = _CONDITIONAL if statement.get("Condition") else ""
        names = list(principal.values()) if isinstance(principal, dict) else [principal]
        if "NotPrincipal" in statement:
            names.append("*")
        for name in names:
            for one in name if isinstance(name, list) else [name]:
                if isinstance(one, str):
                    yield f"{one}{condition}"


def _described(grantee: str) -> str:
    """Return a grantee as shown, such as `everybody`, `account 111122223333` or an ARN."""
    name = grantee.removesuffix(_CONDITIONAL)
    condition = grantee[len(name) :]
    if name.lower() in _EVERYBODY or name.endswith("/groups/global/AllUsers"):
        return f"{EVERYBODY}{condition}"
    if name == "authenticated-read" or name.endswith("/groups/global/AuthenticatedUsers"):
        return f"{_EVERY_ACCOUNT}{condition}"
    if name in ("private", "bucket-owner-read", "bucket-owner-full-control", "log-delivery-write"):
        return ""
    root = _ROOT.fullmatch(name)
    account = root.group(1) if root else name if _ACCOUNT.fullmatch(name) else None
    return f"account {account}{condition}" if account else f"{name}{condition}"
