"""Addendum: a record that says again, with more in it, what an earlier one said (docs/attribution.md#addenda).

Only one with updated data amends an event. An addendum for a late delivery or an outage is the event itself, delivered
late.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

import msgspec

from forensics.records import record as rec

_UPDATED_DATA = "UPDATED_DATA"
# what an event is known by, which no addendum changes
_NAMES = frozenset(["eventID", "recipientAccountId", "addendum"])


class _Addendum(msgspec.Struct, rename="camel"):
    reason: str | None = None
    updated_fields: str | list[str] | None = None
    original_event_id: str | None = msgspec.field(default=None, name="originalEventID")


_decode = msgspec.json.Decoder(_Addendum).decode


def original_event_id(addendum: bytes) -> str | None:
    """The event that a record amends, out of its `addendum`; None if it amends none."""
    try:
        found = _decode(addendum)
    except rec.NOT_DECODED:
        return None
    return (found.original_event_id or None) if found.reason == _UPDATED_DATA else None


def amended(event: bytes, addenda: Iterable[bytes]) -> bytes:
    """An event with the fields that its addenda update, given from the oldest to the newest."""
    fields = json.loads(rec.decode_carefully(event).text)
    for addendum in addenda:
        newer = json.loads(rec.decode_carefully(addendum).text)
        fields |= {name: newer[name] for name in _updated(newer) if name in newer}
    return rec.dump(fields).encode()


def _updated(addendum: dict[str, object]) -> set[str]:
    """The top level of each field that is named: `a.b` stands in `a`."""
    said = msgspec.convert(addendum.get("addendum"), _Addendum).updated_fields or []
    names = said.split(",") if isinstance(said, str) else said
    return {name.strip().partition(".")[0] for name in names} - _NAMES
