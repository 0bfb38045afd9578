"""Session request: the tags and policies that were requested for a session (docs/attribution.md#session-tags).

The caller or its identity provider chooses them, so any JSON is accepted. A value of another type is skipped and does
not make its record unreliable.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

import msgspec


class Requested(msgspec.Struct, rename="camel"):
    """The parameters of a request for a session."""

    tags: object = None
    principal_tags: object = None
    transitive_tag_keys: object = None
    incoming_transitive_tags: object = None
    policy: object = None
    policy_arns: object = None


class SessionRequest(NamedTuple):
    """The columns of the same names. Tags and tag keys are JSON."""

    session_tags: str | None = None
    principal_tags: str | None = None
    transitive_tag_keys: str | None = None
    incoming_transitive_tags: str | None = None
    session_policy: str | None = None
    session_policy_arns: str | None = None


def session_request(request: Requested) -> SessionRequest:
    """Return the requested tags and policies."""
    keys = request.transitive_tag_keys if isinstance(request.transitive_tag_keys, list) else []
    arns = request.policy_arns if isinstance(request.policy_arns, list) else []
    return SessionRequest(
        session_tags=_json(tags(request.tags)),
        principal_tags=_json(tags(request.principal_tags)),
        transitive_tag_keys=_json(sorted(_texts(keys))),
        incoming_transitive_tags=_json(tags(request.incoming_transitive_tags)),
        session_policy=request.policy if isinstance(request.policy, str) and request.policy else None,
        session_policy_arns=" ".join(_texts(one.get("arn") if isinstance(one, dict) else one for one in arns)) or None,
    )


def tags(value: object) -> dict[str, str]:
    """Return tags by key. STS logs them as a list of keys and values, or as an object."""
    pairs: Iterable[tuple[object, object]] = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        pairs = [(one.get("key"), one.get("value")) for one in value if isinstance(one, dict)]
    return {key: text for key, text in pairs if isinstance(key, str) and isinstance(text, str)}


def _texts(values: Iterable[object]) -> list[str]:
    return [value for value in values if isinstance(value, str) and value]


def _json(value: dict[str, str] | list[str]) -> str | None:
    return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else None
