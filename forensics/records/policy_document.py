"""Policy documents: reads the requirements of trust policies and the cutoff time of policies that revoke sessions."""

from __future__ import annotations

import json
import re
from datetime import datetime
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
    """Return the condition keys, in lower case, that all statements that allow AssumeRole require."""
    statements = _statements(document)
    if statements is None:
        return None
    allowing = [one for one in statements if one.get("Effect") == "Allow" and _covers_assume_role(one)]
    return set.intersection(*map(_required_keys, allowing)) if allowing else set()


def _covers_assume_role(statement: dict[str, Any]) -> bool:
    actions = statement.get("Action", [])
    names = actions if isinstance(actions, list) else [actions]
    return any(
        str(name).lower() in ("*", "sts:*", "sts:assume*") or str(name).lower().startswith("sts:assumerole")
        for name in names
    )


# operators that are true if the key is absent require nothing
_OPTIONAL = re.compile(r"(?i)ifexists$|^null$|not")


def _required_keys(statement: dict[str, Any]) -> set[str]:
    condition = statement.get("Condition")
    if not isinstance(condition, dict):
        return set()
    return {
        str(key).lower()
        for operator, keys in condition.items()
        if not _OPTIONAL.search(str(operator)) and isinstance(keys, dict)
        for key, value in keys.items()
        if value not in ("*", ["*"])
    }


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
