"""Given access: to whom a call gives access by its parameters: policies, ACLs, shares and grants.

A statement that allows everybody under a condition gives access to whom the condition names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from forensics.records.policy_document import condition_operands, is_true_if_absent, policy_statements

EVERYBODY = "everybody"

_ACCOUNT = re.compile(r"(?:arn:[^:\s]+:(?:iam|sts)::)?(\d{12})(?::.*)?", re.DOTALL)
_CANONICAL_USER = re.compile(r"[0-9a-f]{64}")
_PROVIDER = re.compile(r"arn:[^:\s]+:iam::\d{12}:(?:saml|oidc)-provider/.+")
_ACL = re.compile(r"acl|accesscontrol")
_PUBLIC_ACL = re.compile(r"public-read(-write)?|authenticated-read")
_PUBLIC_GROUP = re.compile(r"acs\.amazonaws\.com/groups/global/(AllUsers|AuthenticatedUsers)")
_GRANTED_ID = re.compile(r'\bid="?([0-9a-f]{64})\b')
# in lower case: the parameters whose value is a group of AWS accounts, or all of them
_GROUPS = re.compile(r"groups?|groupnames?|usergroups?|items|valuestoadd|accountidstoadd")
_PRINCIPALS = re.compile(r"principals?|granteeprincipal|addallowedprincipals|awsaccountids?|items")
# what is taken away, who owns the resource, and conditions
_NO_GRANTS = re.compile(r"remove.*|.*toremove|condition|.*owner|registryid|catalogid|retiringprincipal|tag.*")
# condition keys whose values identify the caller. Tags and external IDs are not among them: callers choose them
_WHO = re.compile(
    r"aws:(source(account|owner|arn|ip|orgid|orgpaths|vpc|vpce|vpcarn)|principal(account|arn|orgid|orgpaths)|userid)"
    r"|kms:calleraccount|s3:dataaccesspoint(account|arn)|.*:(sub|aud|amr|azp|oaud)"
)
_ANYBODY = re.compile(r"[*?].*|arn:[^:]*:[^:]*:[^:]*:[*?]+(:.*)?|0\.0\.0\.0/0|::/0|")
_CALLER = re.compile(r"(?:arn:[^:\s]*:[^:]*:[^:]*:)?(\d{12})(?::.*)?", re.DOTALL)
_OWNER = re.compile(r'"owner": \{[^{}]*?"id": "([0-9a-f]{64})"', re.IGNORECASE)
_LIMITS = ("sourceaccount", "sourcearn", "principalorgid", "organizationid", "condition")


def given_to(parameters: str | None) -> set[str]:
    """Return to whom a call gives access: accounts, canonical user IDs, ARNs of identity providers, or everybody."""
    try:
        read = json.loads(parameters or "null")
    except (ValueError, RecursionError):
        return set()
    if not isinstance(read, dict) or str(read.get("operationType")).lower() == "remove":
        return set()
    given = set(_given(read, "")).difference(_OWNER.findall(json.dumps(read)))
    is_limited = any(name.lower() in _LIMITS and value not in (None, "", "*") for name, value in read.items())
    return given - {EVERYBODY} if is_limited and not _has_policy(read) else given


def _given(value: object, name: str) -> Iterator[str]:
    """Yield who is named in a part of the parameters. `name`: of the parameter, in lower case."""
    if isinstance(value, dict):
        if "Statement" in value:
            yield from _given_by_policy(json.dumps(value))
            return
        for key, part in value.items():
            if not _NO_GRANTS.fullmatch(key.lower()):
                yield from _given(part, key.lower())
    elif isinstance(value, list):
        for part in value:
            yield from _given(part, name)
    elif isinstance(value, str):
        yield from _given_by_policy(value) if _is_policy(value) else _named(value, name)


def _is_policy(text: str) -> bool:
    return text.lstrip().startswith(("{", "%7B")) and "Statement" in text


def _has_policy(parameters: dict[str, object]) -> bool:
    return any(_is_policy(value if isinstance(value, str) else json.dumps(value)) for value in parameters.values())


def _named(text: str, name: str) -> Iterator[str]:
    """Yield whom a parameter names."""
    is_everybody = (
        (text == "all" and _GROUPS.fullmatch(name))
        or (text == "*" and _PRINCIPALS.fullmatch(name))
        or (_PUBLIC_ACL.fullmatch(text) and _ACL.search(name))
        or _PUBLIC_GROUP.search(text)
    )
    if is_everybody:
        yield EVERYBODY
    yield from _GRANTED_ID.findall(text)
    yield from _principal(text)


def _principal(text: str) -> Iterator[str]:
    if _PROVIDER.fullmatch(text) or _CANONICAL_USER.fullmatch(text):
        yield text
    elif match := _ACCOUNT.fullmatch(text):
        yield match.group(1)


def _given_by_policy(document: str) -> Iterator[str]:
    """Yield the principals that a policy allows; if it cannot be read, all accounts in it."""
    found = policy_statements(document.lstrip())
    if found is None:  # not a policy that can be read
        yield from re.findall(r"(?<![0-9A-Za-z-])\d{12}\b", document)
    for statement in found or ():
        if statement.get("Effect") != "Deny":
            yield from _given_by_statement(statement)


def _given_by_statement(statement: dict[str, Any]) -> Iterator[str]:
    callers = _callers(statement)
    for kind, name in _principals(statement):
        yield from _principal(name)
        if name == "*" and kind != "Service" and callers is None:
            yield EVERYBODY
        if name == "*" or kind == "Service":
            yield from (match.group(1) for caller in callers or () if (match := _CALLER.fullmatch(caller)))


def _principals(statement: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the kind and the name of each principal. A statement that names who is excepted allows everybody else."""
    if "NotPrincipal" in statement:
        yield "AWS", "*"
    principal = statement.get("Principal")
    groups = principal.items() if isinstance(principal, dict) else [("AWS", principal)]
    for kind, group in groups:
        for name in group if isinstance(group, list) else [group]:
            if isinstance(name, str):
                yield kind, name


def _callers(statement: dict[str, Any]) -> list[str] | None:
    """Return the values of the conditions that limit who calls; None if none does."""
    limits = [
        [str(one) for one in (value if isinstance(value, list) else [value])]
        for operator, key, value in condition_operands(statement)
        if _WHO.fullmatch(key) and "not" not in operator and not is_true_if_absent(operator, value)
    ]
    limiting = [values for values in limits if values and not any(map(_ANYBODY.fullmatch, values))]
    return [one for values in limiting for one in values] if limiting else None
