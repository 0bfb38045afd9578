"""Policy documents: what a trust policy requires, and the cut-off of a policy that revokes sessions."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import unquote

from forensics.records.record import parse_time


class TrustRequirements(NamedTuple):
    """Whether a trust policy asks whoever assumes the role for a claim; None where there is no policy to read."""

    source_identity: bool | None = None
    session_name: bool | None = None


def trust_requirements(document: str | None) -> TrustRequirements:
    """What a trust policy asks for, URL-encoded or not."""
    conditions = _conditions(document)
    if conditions is None:
        return TrustRequirements()
    return TrustRequirements("sts:sourceidentity" in conditions, "sts:rolesessionname" in conditions)


def _conditions(document: str | None) -> set[str] | None:
    """The condition keys, in lower case, that every statement of a trust policy that allows AssumeRole asks for."""
    statements = _statements(document)
    if statements is None:
        return None
    asked = [_keys(statement) for statement in statements if statement.get("Effect") == "Allow" and _assumes(statement)]
    return set.intersection(*asked) if asked else set()


def _assumes(statement: dict[str, Any]) -> bool:
    actions = statement.get("Action", [])
    names = actions if isinstance(actions, list) else [actions]
    return any(
        str(name).lower() in ("*", "sts:*", "sts:assume*") or str(name).lower().startswith("sts:assumerole")
        for name in names
    )


# operators that hold where the key is absent ask for nothing
_OPTIONAL = re.compile(r"(?i)ifexists$|^null$|not")


def _keys(statement: dict[str, Any]) -> set[str]:
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
    """The cut-off of a policy that denies sessions by their time of issue, as the console's revocation writes it."""
    for statement in _statements(document) or ():
        condition = statement.get("Condition")
        if statement.get("Effect") != "Deny" or not isinstance(condition, dict):
            continue
        before = condition.get("DateLessThan")
        if isinstance(before, dict) and isinstance(before.get("aws:TokenIssueTime"), str):
            return parse_time(before["aws:TokenIssueTime"])
    return None


def _statements(document: str | None) -> list[dict[str, Any]] | None:
    """The statements of a policy document, URL-encoded or not; None if it is none."""
    if not document:
        return None
    try:
        policy = json.loads(unquote(document) if document.startswith("%7B") else document)
        statements = policy["Statement"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    listed = statements if isinstance(statements, list) else [statements]
    return [statement for statement in listed if isinstance(statement, dict)]
