"""Policy documents: reads the requirements of trust policies and the cutoff time of policies that revoke sessions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, NamedTuple
from urllib.parse import unquote

from forensics.records.record import parse_time


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
    """Return the condition keys, in lower case, without which no statement allows AssumeRole, or one denies it."""
    statements = _statements(document)
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
    return {key for operator, key, value in _operands(statement) if not _is_true_if_absent(operator, value)}


def _key_denied_if_absent(statement: dict[str, Any]) -> str | None:
    """Return the only condition key of a statement that denies every caller if the key is absent."""
    operands = list(_operands(statement))
    if len(operands) != 1 or statement.get("Principal") not in ("*", {"AWS": "*"}, {"AWS": ["*"]}):
        return None
    ((operator, key, value),) = operands
    return key if _is_true_if_absent(operator, value) else None


def _operands(statement: dict[str, Any]) -> Iterator[tuple[str, str, object]]:
    """Yield operator, condition key in lower case, and value of each condition."""
    condition = statement.get("Condition")
    for operator, keys in condition.items() if isinstance(condition, dict) else ():
        for key, value in keys.items() if isinstance(keys, dict) else ():
            yield str(operator).lower(), str(key).lower(), value


def _is_true_if_absent(operator: str, value: object) -> bool:
    """Return whether a condition is true for a request without its key. Any other operator, also with `*`, is false."""
    if operator == "null":
        values = value if isinstance(value, list) else [value]
        return any(str(one).lower() != "false" for one in values)
    return bool(_TRUE_IF_ABSENT.search(operator))


def revoked_before(document: str | None) -> datetime | None:
    """Return the cut-off of a policy that denies everything to sessions issued before a time.

    This is what the console's revocation writes. A statement that denies some actions or resources only, or has further
    conditions, leaves the session usable.
    """
    cut_offs = [cut_off for statement in _statements(document) or () if (cut_off := _cut_off(statement))]
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


def _statements(document: str | None) -> list[dict[str, Any]] | None:
    """Return the statements of a policy document, which can be URL-encoded; None if it is invalid."""
    if not document:
        return None
    try:
        policy = json.loads(unquote(document) if document.startswith("%7B") else document)
        statements = policy["Statement"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    listed = statements if isinstance(statements, list) else [statements]
    return [statement for statement in listed if isinstance(statement, dict)]
