"""Addendum: a record that updates fields of an earlier event (docs/attribution.md#addenda).

Only an addendum with updated data amends an event. An addendum for a delayed delivery or an outage is the event itself,
delivered late.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

import msgspec

from forensics.records import record as rec

_UPDATED_DATA = "UPDATED_DATA"
# fields that identify an event; an addendum never changes them
_NAMES = frozenset(["eventID", "recipientAccountId", "addendum"])


class _Addendum(msgspec.Struct, rename="camel"):
    reason: str | None = None
    updated_fields: str | list[str] | None = None
    original_event_id: str | None = msgspec.field(default=None, name="originalEventID")


_decode = msgspec.json.Decoder(_Addendum).decode


def original_event_id(addendum: bytes) -> str | None:
    """Return the eventID that an `addendum` block amends; None if it amends no event."""
    try:
        found = _decode(addendum)
    except rec.NOT_DECODED:
        return None
    return (found.original_event_id or None) if found.reason == _UPDATED_DATA else None


def amended(event: bytes, addenda: Iterable[bytes]) -> bytes:
    """Return an event with the fields that its addenda update. `addenda`: oldest first."""
    fields = json.loads(rec.decode_carefully(event).text)
    for addendum in addenda:
        newer = json.loads(rec.decode_carefully(addendum).text)
        fields |= {name: newer[name] for name in _updated(newer) if name in newer}
    return rec.dump(fields).encode()


def _updated(addendum: dict[str, object]) -> set[str]:
    """Return the top-level names of the updated fields: `a` for `a.b`."""
    fields = msgspec.convert(addendum.get("addendum"), _Addendum).updated_fields or []
    names = fields.split(",") if isinstance(fields, str) else fields
    return {name.strip().partition(".")[0] for name in names} - _NAMES
