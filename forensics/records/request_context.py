"""Request context: what an enriched record tells of its caller by the condition keys of IAM.

Trails include `eventContext` on request. Source identity and principal tags are claims: the caller, or a requester of
the session, may have chosen them.
"""

from __future__ import annotations

from typing import NamedTuple

from forensics.identifiers import unmasked_name
from forensics.records import record as rec

_SOURCE_IDENTITY = "aws:sourceidentity"
_PRINCIPAL_TAG = "aws:principaltag/"
# AWS allows 50 tags per session, and 256 characters per value
_MOST_TAGS, _LONGEST = 50, 256


class RequestContext(NamedTuple):
    """The columns of CONTEXT_COLUMNS in their order."""

    context_source_identity: str | None = None
    context_principal_tags: str | None = None


def request_context(event_context: bytes) -> RequestContext:
    """Return the claims in an `eventContext` block. IAM compares the names of condition keys without case."""
    keys = rec.members(bytes(rec.members(event_context).get("requestContext", b"")))
    source_identity: str | None = None
    tags: dict[str, str] = {}
    for name, raw in keys.items():
        value = rec.parse_loosely(bytes(raw))
        if not isinstance(value, str):
            continue
        if name.lower() == _SOURCE_IDENTITY:
            source_identity = unmasked_name(value)
        elif name.lower().startswith(_PRINCIPAL_TAG) and len(tags) < _MOST_TAGS:
            tags[name[len(_PRINCIPAL_TAG) :][:_LONGEST]] = value[:_LONGEST]
    return RequestContext(source_identity, rec.dump(dict(sorted(tags.items()))) if tags else None)
