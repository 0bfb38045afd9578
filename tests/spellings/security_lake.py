"""Security Lake: CloudTrail events in OCSF, by AWS's mapping, as objects in its bucket and as subscribers get them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import pyarrow as pa

from tests.spellings.athena import struct_text
from tests.spellings.containers import document, dump, flat, json_lines, milliseconds, moment, parquet, parsed, table
from tests.spellings.spelling import medium, refused
from tests.spellings.world import Json

_MAPPED = {
    "eventVersion", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress", "userAgent", "errorCode",
    "errorMessage", "requestParameters", "responseElements", "requestID", "eventID", "eventType", "recipientAccountId",
    "eventCategory", "userIdentity", "tlsDetails",
}  # fmt: skip
_OF_IDENTITY = {"type", "principalId", "arn", "accountId", "accessKeyId", "userName", "invokedBy"}


def _event(record: Json, time_dt: Callable[[datetime], Any] | None = None) -> Json:
    """An event of OCSF 1.1, class API Activity, with dates spelled by `time_dt`.

    https://docs.aws.amazon.com/security-lake/latest/userguide/cloudtrail-event-logs.html
    https://github.com/ocsf/examples/tree/main/mappings/markdown/AWS
    """
    identity = record["userIdentity"]
    context = identity.get("sessionContext") or {}
    attributes = context.get("attributes") or {}
    at, created = moment(record), attributes.get("creationDate")
    service = record["sourceIPAddress"].endswith(".amazonaws.com")
    event: Json = {
        "metadata": {
            "product": {
                "version": record["eventVersion"],
                "name": "CloudTrail",
                "vendor_name": "AWS",
                "feature": {"name": record["eventCategory"]},
            },
            "event_code": record["eventType"],
            "uid": record["eventID"],
            "profiles": ["cloud", "datetime"],
            "version": "1.1.0",
        },
        "time": milliseconds(at),
        "cloud": {
            "region": record["awsRegion"],
            "provider": "AWS",
            "account": {"uid": record["recipientAccountId"]},
        },
        "api": {
            "response": {
                "error": record.get("errorCode"),
                "message": record.get("errorMessage"),
                "data": _text(record.get("responseElements")),
            },
            "operation": record["eventName"],
            "version": record.get("apiVersion"),
            "service": {"name": record["eventSource"]},
            "request": {"data": _text(record.get("requestParameters")), "uid": record.get("requestID")},
        },
        "actor": {
            "user": {
                "type": identity.get("type"),
                "name": identity.get("userName"),
                "uid": identity.get("principalId"),
                "uid_alt": identity.get("arn"),
                "account": {"uid": identity.get("accountId")},
                "credential_uid": identity.get("accessKeyId"),
            },
            "session": {
                "created_time": milliseconds(parsed(created)) if created else None,
                "is_mfa": attributes["mfaAuthenticated"] == "true" if "mfaAuthenticated" in attributes else None,
                "issuer": (context.get("sessionIssuer") or {}).get("arn"),
            },
            "invoked_by": identity.get("invokedBy"),
            "idp": {"name": identity.get("identityProvider")},
        },
        "http_request": {"user_agent": record["userAgent"]},
        "src_endpoint": {
            "ip": None if service else record["sourceIPAddress"],
            "svc_name": record["sourceIPAddress"] if service else None,
            "domain": record["sourceIPAddress"] if service else None,
        },
        "severity": "Informational",
        "class_name": "API Activity",
        "class_uid": 6003,
        "category_uid": 6,
        "activity_id": 1,
        "type_uid": 600301,
        "status": "Failure" if "errorCode" in record else "Success",
        "unmapped": dict(_unmapped(record)),
    }
    if time_dt:
        event["time_dt"] = time_dt(at)
        event["actor"]["session"]["created_time_dt"] = time_dt(parsed(created)) if created else None
    return event


def _unmapped(record: Json) -> Any:
    """The fields that OCSF has no place for, with dotted names and as text."""
    rest: Json = {name: value for name, value in record.items() if name not in _MAPPED}
    rest["userIdentity"] = {
        name: value for name, value in record["userIdentity"].items() if name not in _OF_IDENTITY | {"sessionContext"}
    }
    context = dict(record["userIdentity"].get("sessionContext") or {})
    issuer = {name: value for name, value in (context.pop("sessionIssuer", None) or {}).items() if name != "arn"}
    context.pop("attributes", None)
    rest["userIdentity"]["sessionContext"] = context | {"sessionIssuer": issuer}
    for name in ("additionalEventData", "serviceEventDetails", "resources"):
        if name in rest:
            rest[name] = dump(rest[name])
    for path, value in flat(rest, "."):
        if value not in (None, {}, []):
            yield path, str(value).lower() if isinstance(value, bool) else str(value)


def _text(value: object) -> str | None:
    return None if value is None else dump(value)


@medium("ocsf.jsonl")
def ocsf_json(records: Sequence[Json]) -> bytes:
    """Events with times in milliseconds. https://schema.ocsf.io/1.1.0/classes/api_activity"""
    return json_lines(map(_event, records))


@medium("ocsf-offsets.json")
def ocsf_json_offsets(records: Sequence[Json]) -> bytes:
    """An array of events whose `time_dt` has an offset, as RFC 3339 allows. https://schema.ocsf.io/1.1.0/profiles/datetime"""
    zone = timezone(timedelta(hours=-5))
    return document([_event(record, lambda at: at.astimezone(zone).isoformat()) for record in records], 1)


@medium("ocsf-athena-times.jsonl")
def ocsf_json_spaces(records: Sequence[Json]) -> bytes:
    """Events whose `time_dt` is a timestamp with its zone, as Athena prints it.

    https://docs.aws.amazon.com/athena/latest/ug/data-types-timestamps.html
    """
    return json_lines(_event(record, lambda at: f"{at:%Y-%m-%d %H:%M:%S}.000 UTC") for record in records)


@medium("part-00000-ocsf.gz.parquet")
def ocsf_parquet(records: Sequence[Json]) -> bytes:
    """An object of Security Lake: `time_dt` is a timestamp, `unmapped` a map.

    https://docs.aws.amazon.com/security-lake/latest/userguide/open-cybersecurity-schema-framework.html
    """
    events = [_event(record, lambda at: at.replace(tzinfo=None)) for record in records]
    for event in events:
        event["unmapped"] = list(event["unmapped"].items())
    fields = [field for field in pa.Table.from_pylist(events).schema if field.name != "unmapped"]
    return parquet(events, pa.schema([*fields, pa.field("unmapped", pa.map_(pa.string(), pa.string()))]))


@refused("ocsf-athena.csv", r"(?i)OCSF|Security Lake|JSON|Parquet")
def ocsf_athena_csv(records: Sequence[Json]) -> bytes:
    """The result file of `SELECT *` on Security Lake's table: JSON text inside struct text has no certain end.

    https://docs.aws.amazon.com/security-lake/latest/userguide/subscriber-query-examples.html
    """
    events = [_event(record, lambda at: f"{at:%Y-%m-%d %H:%M:%S}.000") for record in records]
    rows = ([struct_text(cell) if isinstance(cell, dict) else cell for cell in one.values()] for one in events)
    return table(list(events[0]), rows, quoted=True)
