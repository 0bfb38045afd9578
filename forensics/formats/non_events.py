"""Non-events: recognizes valid JSON that occurs among events but is not an event.

It is reported and counted, but not an error, so the file is still complete.
"""

from __future__ import annotations

import msgspec


class _Seen(msgspec.Struct):
    event_category: object = msgspec.field(default=None, name="eventCategory")
    event_type: object = msgspec.field(default=None, name="eventType")
    message_type: object = msgspec.field(default=None, name="messageType")
    index: object = msgspec.field(default=None, name="index")
    create: object = msgspec.field(default=None, name="create")
    detail_type: object = msgspec.field(default=None, name="detail-type")
    event_source: object = msgspec.field(default=None, name="eventSource")
    class_uid: object = None
    lastrow: object = None


_seen = msgspec.json.Decoder(_Seen).decode


def why_left_out(raw: bytes) -> str | None:
    """Return the kind of a value that is not an event; None if it is unrecognized and needs a look."""
    try:
        seen = _seen(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    if seen.event_category == "Insight" or seen.event_type == "AwsCloudTrailInsight":
        return "Insight events"
    if seen.event_category == "Aggregated" or seen.event_type == "AwsAggregatedEvent":
        return "aggregated events"
    if isinstance(seen.event_source, str) and seen.event_source.startswith("aws:"):
        return "notifications of other services"
    if b'"eventName"' in raw:  # it can contain a record
        return None
    if seen.message_type == "CONTROL_MESSAGE":
        return "control messages of CloudWatch Logs"
    if isinstance(seen.index, dict) or isinstance(seen.create, dict):
        return "bulk actions of Elasticsearch"
    if isinstance(seen.detail_type, str):
        return "other events of EventBridge"
    if isinstance(seen.class_uid, int):
        return "OCSF events of other sources"
    return "notes of a Splunk search" if seen.lastrow is not None and b'"result"' not in raw else None
