"""Policy documents: reads whom trust policies trust, what they require, and the cutoff time of revoking policies."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, NamedTuple
from urllib.parse import unquote

from forensics.formats.event_times import parse_time
from forensics.identifiers import unmasked_arn
from forensics.records.record import without_surrogates


class TrustRequirements(NamedTuple):
    """Whether a trust policy requires claims from the caller; None if there is no valid policy."""

    source_identity: bool | None = None
    session_name: bool | None = None


def trust_requirements(document: str | None) -> TrustRequirements:
    """Return the requirements of a trust policy, which can be URL-encoded."""
    conditions = _conditions(document)
    if conditions is None:
        return TrustRequirements()
    return TrustRequirements("sts:sourceidentity" in conditions, "sts:rolesessionname" in conditions)


def _conditions(document: str | None) -> set[str] | None:
    """Return the condition keys, in lower case, without which AssumeRole is not allowed or is denied."""
    statements = policy_statements(document)
    if statements is None:
        return None
    covering = [one for one in statements if _covers_assume_role(one)]
    allowing = [_required_keys(one) for one in covering if one.get("Effect") == "Allow"]
    denying = [key for one in covering if one.get("Effect") == "Deny" and (key := _key_denied_if_absent(one))]
    return (set.intersection(*allowing) if allowing else set()).union(denying)


def _covers_assume_role(statement: dict[str, Any]) -> bool:
    if "Action" not in statement:
        return "NotAction" in statement
    actions = statement["Action"]
    names = actions if isinstance(actions, list) else [actions]
    return any(
        fnmatchcase("sts:assumerole", str(name).lower()) or str(name).lower().startswith("sts:assumerole")
        for name in names
    )


# these operators are true if the key is absent, so they require nothing
_TRUE_IF_ABSENT = re.compile(r"(?i)ifexists$|not|^forallvalues:")


def _required_keys(statement: dict[str, Any]) -> set[str]:
    return {key for operator, key, value in condition_operands(statement) if not is_true_if_absent(operator, value)}


def _key_denied_if_absent(statement: dict[str, Any]) -> str | None:
    """Return the only condition key of a statement that denies everybody if the key is absent."""
    operands = list(condition_operands(statement))
    if len(operands) != 1 or statement.get("Principal") not in ("*", {"AWS": "*"}, {"AWS": ["*"]}):
        return None
    ((operator, key, value),) = operands
    return key if is_true_if_absent(operator, value) else None


def condition_operands(statement: dict[str, Any]) -> Iterator[tuple[str, str, object]]:
    """Yield operator, condition key in lower case, and value of each condition."""
    condition = statement.get("Condition")
    for operator, keys in condition.items() if isinstance(condition, dict) else ():
        for key, value in keys.items() if isinstance(keys, dict) else ():
            yield str(operator).lower(), str(key).lower(), value


def is_true_if_absent(operator: str, value: object) -> bool:
    """Return whether a condition is true for a request without its key. Most are false, even with the value `*`."""
    if operator == "null":
        values = value if isinstance(value, list) else [value]
        return any(str(one).lower() != "false" for one in values)
    return bool(_TRUE_IF_ABSENT.search(operator))


class Trust(NamedTuple):
    """Whom a trust policy trusts: separated by spaces, `` if nobody, None if the policy cannot be read.

    `is_conditional`: a condition or a denial may keep some of them out.
    """

    principals: str | None = None
    is_conditional: bool | None = None


def trust(document: str | None) -> Trust:
    """Return the principals that a trust policy allows, in lower case and sorted, whatever the actions."""
    statements = policy_statements(document)
    if statements is None:
        return Trust()
    allowing = [one for one in statements if one.get("Effect") != "Deny"]
    names = [name for one in allowing for name in _principals(one)]
    if any(name is None for name in names):
        return Trust()
    is_conditional = len(allowing) < len(statements) or any(one.get("Condition") for one in allowing)
    return Trust(" ".join(sorted({_as_account(name.lower()) for name in names if name})), is_conditional)


def _principals(statement: dict[str, Any]) -> Iterator[str | None]:
    """Yield the principals of a statement; None for one that cannot be read, or that names who is not trusted."""
    principal = statement.get("Principal")
    groups = principal.values() if isinstance(principal, dict) else [principal]
    for group in groups:
        for name in group if isinstance(group, list) else [group]:
            is_readable = isinstance(name, str) and not re.search(r"\s", name) and (name == "*" or unmasked_arn(name))
            yield name if is_readable else None


def _as_account(principal: str) -> str:
    """Return the account that `arn:aws:iam::ACCOUNT:root` stands for, and any other principal as it is."""
    match = _ROOT_OF_ACCOUNT.fullmatch(principal)
    return match.group(1) if match else principal


_ROOT_OF_ACCOUNT = re.compile(r"arn:[^:]+:iam::(\d{12}):root")


def revoked_before(document: str | None) -> datetime | None:
    """Return the cut-off of a policy that denies everything to sessions issued before a time.

    The console writes such a policy to revoke sessions. A statement that denies only some actions or resources, or has
    further conditions, leaves the sessions usable.
    """
    cut_offs = [cut_off for statement in policy_statements(document) or () if (cut_off := _cut_off(statement))]
    return max(cut_offs, default=None)


def _cut_off(statement: dict[str, Any]) -> datetime | None:
    condition = statement.get("Condition")
    if statement.get("Effect") != "Deny" or not isinstance(condition, dict) or len(condition) != 1:
        return None
    if not (_is_everything(statement.get("Action")) and _is_everything(statement.get("Resource"))):
        return None
    before = next((keys for operator, keys in condition.items() if operator.lower() == "datelessthan"), None)
    if not isinstance(before, dict) or len(before) != 1:
        return None
    ((key, value),) = before.items()
    values = value if isinstance(value, list) else [value]
    times = [parse_time(text) for text in values if isinstance(text, str)]
    return max((time for time in times if time), default=None) if key.lower() == "aws:tokenissuetime" else None


def _is_everything(names: object) -> bool:
    return "*" in names if isinstance(names, list) else names in ("*", "*:*")


def policy_statements(document: str | None) -> list[dict[str, Any]] | None:
    """Return the statements of a policy document, which can be URL-encoded; None if it is invalid or ambiguous."""
    if not document:
        return None
    try:
        text = unquote(document) if document.startswith("%7B") else document
        policy = without_surrogates(json.loads(text, object_pairs_hook=_without_repeated_keys))
        statements = policy["Statement"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    listed = statements if isinstance(statements, list) else [statements]
    return listed if all(isinstance(statement, dict) for statement in listed) else None


def _without_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object. Raises ValueError if it repeats a key: no document says which value IAM takes."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("repeated key")
    return found
