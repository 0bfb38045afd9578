"""Wrappings: the same records as each product hands them out. Shapes follow the products' public documentation.

`WRAPPED` keeps each record's own text; `REBUILT` keeps only fields.
"""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Json = dict[str, Any]
Wrapping = Callable[[list[Json]], bytes]


def dump(value: object, indent: int | None = None) -> str:
    return json.dumps(value, separators=(",", ":") if indent is None else None, indent=indent, ensure_ascii=False)


def lines(values: list[Any]) -> bytes:
    return "".join(f"{dump(value)}\n" for value in values).encode()


def rows_of(header: str, rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(header.split(","))
    writer.writerows(rows)
    return out.getvalue().encode()


def event_bridge(record: Json) -> Json:
    """Amazon EventBridge, "Events from AWS services delivered via AWS CloudTrail"."""
    return {
        "version": "0",
        "id": "36eb8523-97d0-4518-b33d-ee3579ff19f0",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.sts",
        "account": "111122223333",
        "time": record.get("eventTime"),
        "region": record.get("awsRegion"),
        "resources": [],
        "detail": record,
    }


def subscription(records: list[Json]) -> Json:
    """Amazon CloudWatch Logs, "Using CloudWatch Logs subscription filters"."""
    return {
        "messageType": "DATA_MESSAGE",
        "owner": "111122223333",
        "logGroup": "CloudTrail/logs",
        "logStream": "111122223333_CloudTrail_us-east-1",
        "subscriptionFilters": ["Destination"],
        "logEvents": [
            {"id": f"{number:056}", "timestamp": 1432826855000, "message": dump(record)}
            for number, record in enumerate(records)
        ],
    }


CONTROL_MESSAGE = {
    "messageType": "CONTROL_MESSAGE",
    "owner": "CloudwatchLogs",
    "logGroup": "",
    "logStream": "",
    "subscriptionFilters": [],
    "logEvents": [{"id": "", "timestamp": 1432826855000, "message": "CWL CONTROL MESSAGE: Checking health"}],
}


def lambda_event(records: list[Json]) -> Json:
    data = gzip.compress(dump(subscription(records)).encode(), mtime=0)
    return {"awslogs": {"data": base64.b64encode(data).decode()}}


def kinesis_event(records: list[Json]) -> Json:
    return {
        "Records": [
            {
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": "1",
                    "data": base64.b64encode(dump(record).encode()).decode(),
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventName": "aws:kinesis:record",
                "awsRegion": "us-east-1",
            }
            for record in records
        ]
    }


def consumed(record: Json) -> Json:
    """`rpk topic consume`, of Kafka."""
    return {"topic": "trail", "value": dump(record), "timestamp": 1760000000000, "partition": 0, "offset": 7}


def kafka_event(records: list[Json]) -> Json:
    """AWS Lambda, "Using Lambda with Amazon MSK"."""
    return {
        "eventSource": "aws:kafka",
        "eventSourceArn": "arn:aws:kafka:us-east-1:111122223333:cluster/trail/abc",
        "records": {
            "trail-0": [
                {
                    "topic": "trail",
                    "partition": 0,
                    "offset": offset,
                    "timestamp": 1545084650987,
                    "timestampType": "CREATE_TIME",
                    "key": "YWJj",
                    "value": base64.b64encode(dump(record).encode()).decode(),
                    "headers": [],
                }
                for offset, record in enumerate(records)
            ]
        },
    }


def lookup_event(record: Json) -> Json:
    """`aws cloudtrail lookup-events`."""
    identity = record.get("userIdentity") or {}
    return {
        "EventId": record.get("eventID"),
        "EventName": record.get("eventName"),
        "ReadOnly": "false",
        "AccessKeyId": identity.get("accessKeyId", ""),
        "EventTime": "2026-10-01T12:00:00+00:00",
        "EventSource": record.get("eventSource"),
        "Username": identity.get("userName", ""),
        "Resources": [{"ResourceType": "AWS::IAM::Role", "ResourceName": "deploy"}],
        "CloudTrailEvent": dump(record),
    }


def filtered(records: list[Json]) -> Json:
    """`aws logs filter-log-events`."""
    return {
        "events": [
            {
                "logStreamName": "111122223333_CloudTrail_us-east-1",
                "timestamp": 1432826855000,
                "message": dump(record),
                "ingestionTime": 1432826856000,
                "eventId": f"{number:056}",
            }
            for number, record in enumerate(records)
        ],
        "searchedLogStreams": [],
    }


def insights(records: list[Json]) -> Json:
    """`aws logs get-query-results`."""
    return {
        "results": [
            [
                {"field": "@timestamp", "value": "2026-10-01 12:00:00.000"},
                {"field": "@message", "value": dump(record)},
                {"field": "@ptr", "value": "CmEKJgoiMTIz"},
            ]
            for record in records
        ],
        "statistics": {"recordsMatched": 1.0, "recordsScanned": 1.0, "bytesScanned": 1.0},
        "status": "Complete",
    }


def elastic(record: Json) -> Json:
    """Elastic's integration, with `preserve_original_event`."""
    return {
        "@timestamp": record.get("eventTime"),
        "aws": {"cloudtrail": {"event_version": "1.08", "flattened": {"request_parameters": {}}}},
        "event": {"action": record.get("eventName"), "original": dump(record), "kind": "event"},
        "user_agent": {"original": record.get("userAgent")},
        "tags": ["preserve_original_event"],
    }


def hits(records: list[Json]) -> Json:
    """Elasticsearch's answer to a search."""
    found = [{"_index": "logs", "_id": str(n), "_source": elastic(record)} for n, record in enumerate(records)]
    return {"took": 3, "hits": {"total": {"value": len(found)}, "hits": found}}


def bulk(records: list[Json]) -> bytes:
    return lines([item for record in records for item in ({"index": {"_index": "logs"}}, elastic(record))])


def sqs_of_sns(records: list[Json]) -> Json:
    notes = [{"Type": "Notification", "Message": dump(event_bridge(record))} for record in records]
    return {"Messages": [{"MessageId": str(n), "Body": dump(note)} for n, note in enumerate(notes)]}


def exported(records: list[Json]) -> bytes:
    """CloudWatch Logs' export to S3."""
    return b"".join(f"2026-10-01T12:00:00.000Z {dump(record)}\n".encode() for record in records)


def tailed(records: list[Json]) -> bytes:
    """`aws logs tail`."""
    stream = "111122223333_CloudTrail_us-east-1"
    return b"".join(f"2026-10-01T12:00:00.123000+00:00 {stream} {dump(record)}\n".encode() for record in records)


WRAPPED: dict[str, Wrapping] = {
    "eventbridge": lambda records: lines([event_bridge(record) for record in records]),
    "eventbridge archive": lambda records: dump([event_bridge(record) for record in records], 2).encode(),
    "subscription": lambda records: b"".join(
        dump(item).encode()
        for item in (CONTROL_MESSAGE, *map(subscription, filter(None, (records[::2], records[1::2]))))
    ),
    "subscription in a lambda event": lambda records: dump(lambda_event(records), 4).encode(),
    "kinesis event": lambda records: dump(kinesis_event(records)).encode(),
    "kafka": lambda records: lines(list(map(consumed, records))),
    "kafka event": lambda records: dump(kafka_event(records)).encode(),
    "cloudwatch export": exported,
    "aws logs tail": tailed,
    "filter-log-events": lambda records: dump(filtered(records), 4).encode(),
    "insights": lambda records: dump(insights(records), 4).encode(),
    "insights csv": lambda records: rows_of(
        "@timestamp,@message", [["2026-10-01 12:00:00.000", dump(record)] for record in records]
    ),
    "lookup-events": lambda records: dump({"Events": list(map(lookup_event, records))}, 4).encode(),
    "lookup-events lines": lambda records: lines(list(map(lookup_event, records))),
    "lookup-events pages": lambda records: lines(
        [{"Events": [lookup_event(record)], "NextToken": "abc"} for record in records]
    ),
    "lake csv": lambda records: rows_of(
        "eventid,eventname,eventJson", [[str(r.get("eventID")), str(r.get("eventName")), dump(r)] for r in records]
    ),
    "splunk": lambda records: lines(
        [
            {"preview": False, "offset": n, "result": {"_raw": dump(r), "host": "h", "userAgent": r.get("userAgent")}}
            for n, r in enumerate(records)
        ]
    ),
    "splunk csv": lambda records: rows_of("_time,host,_raw", [["1", "h", dump(record)] for record in records]),
    "elastic": lambda records: lines(list(map(elastic, records))),
    "elastic search": lambda records: dump(hits(records), 1).encode(),
    "elastic bulk": bulk,
    "filebeat": lambda records: lines([{"@timestamp": "x", "message": dump(record)} for record in records]),
    "sqs of sns": lambda records: dump(sqs_of_sns(records)).encode(),
    "under a key": lambda records: dump({"my_export": {"logs": records}}, 1).encode(),
    "subscription, gzipped and concatenated": lambda records: b"".join(
        gzip.compress(dump(subscription([record])).encode(), mtime=0) for record in records
    ),
}

# the record itself with members that are none of its own
DECORATED: dict[str, Callable[[Json], Json]] = {
    "logstash": lambda record: {"@timestamp": "2026-10-01T12:00:00.000Z", **record, "@version": "1", "type": "aws"},
    "panther": lambda record: {**record, "p_log_type": "AWS.CloudTrail", "p_any_ip_addresses": ["192.0.2.1"]},
}

HISTORY_HEADER = (
    "User name,AWS access key,Event time,Event source,Event name,AWS region,Source IP address,User agent,Error code,"
    "Resources,Request ID,Event ID,Read-only,Event type,Recipient Account Id,Event category"
)


def history_row(record: Json) -> list[str]:
    identity = record.get("userIdentity") or {}
    return [
        identity.get("userName") or "",
        identity.get("accessKeyId") or "",
        *(str(record.get(name) or "") for name in ("eventTime", "eventSource", "eventName", "awsRegion")),
        *(str(record.get(name) or "") for name in ("sourceIPAddress", "userAgent", "errorCode")),
        "[]",
        *(str(record.get(name) or "") for name in ("requestID", "eventID")),
        "true" if record.get("readOnly") else "false",
        *(str(record.get(name) or "") for name in ("eventType", "recipientAccountId", "eventCategory")),
    ]


def event_history(records: list[Json]) -> bytes:
    return rows_of(HISTORY_HEADER, list(map(history_row, records)))


def struct_text(value: object) -> str:
    """A struct as Athena prints it."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}={struct_text(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(struct_text, value)) + "]"
    return "null" if value is None else str(value)


def lower(value: object) -> object:
    return {name.lower(): lower(item) for name, item in value.items()} if isinstance(value, Mapping) else value


ATHENA_COLUMNS = (
    "eventVersion userIdentity eventTime eventSource eventName awsRegion sourceIPAddress userAgent errorCode"
    " errorMessage requestParameters responseElements additionalEventData requestID eventID readOnly eventType"
    " recipientAccountId serviceEventDetails sharedEventID eventCategory"
).split()


def athena_row(record: Json) -> list[str]:
    def cell(name: str) -> str:
        value = record.get(name)
        if name == "userIdentity":
            return struct_text(lower(value or {}))
        if name in ("requestParameters", "responseElements", "additionalEventData", "serviceEventDetails"):
            return "" if value is None else dump(value)
        return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)

    return [cell(name) for name in ATHENA_COLUMNS]


def athena(records: list[Json]) -> bytes:
    return rows_of(",".join(ATHENA_COLUMNS).lower(), list(map(athena_row, records)))


def lake(records: list[Json]) -> bytes:
    """CloudTrail Lake: maps of text, and times with a space."""

    def row(record: Json) -> list[str]:
        cells = dict(zip(ATHENA_COLUMNS, athena_row(record), strict=True))
        cells["eventTime"] = str(record["eventTime"]).replace("T", " ").replace("Z", ".000")
        for name in ("requestParameters", "responseElements"):
            value = record.get(name)
            texts = {k: v if isinstance(v, str) else dump(v) for k, v in (value or {}).items()}
            cells[name] = "{" + ", ".join(f"{k}={v}" for k, v in texts.items()) + "}" if value else "null"
        return list(cells.values())

    return rows_of(",".join(ATHENA_COLUMNS).lower(), list(map(row, records)))


def ocsf_event(record: Json) -> Json:
    """AWS's mapping of CloudTrail to OCSF 1.1; what has no place there stands in `unmapped`."""
    identity = record.get("userIdentity") or {}
    context = identity.get("sessionContext") or {}
    attributes = context.get("attributes") or {}
    issuer = context.get("sessionIssuer") or {}
    created = attributes.get("creationDate")
    unmapped = {
        "eventType": record.get("eventType"),
        "recipientAccountId": record.get("recipientAccountId"),
        "sharedEventID": record.get("sharedEventID"),
        "sessionCredentialFromConsole": record.get("sessionCredentialFromConsole"),
        "userIdentity.sessionContext.sourceIdentity": context.get("sourceIdentity"),
        "userIdentity.sessionContext.sessionIssuer.principalId": issuer.get("principalId"),
        "userIdentity.sessionContext.sessionIssuer.type": issuer.get("type"),
        "userIdentity.onBehalfOf.userId": (identity.get("onBehalfOf") or {}).get("userId"),
        "userIdentity.onBehalfOf.identityStoreArn": (identity.get("onBehalfOf") or {}).get("identityStoreArn"),
        "additionalEventData": None if (more := record.get("additionalEventData")) is None else dump(more),
    }
    return {
        "metadata": {
            "product": {"version": record.get("eventVersion"), "name": "CloudTrail", "vendor_name": "AWS"},
            "uid": record.get("eventID"),
            "version": "1.1.0",
        },
        "time": int(datetime.fromisoformat(record["eventTime"]).timestamp() * 1000),
        "time_dt": record["eventTime"],
        "cloud": {"region": record.get("awsRegion"), "provider": "AWS"},
        "api": {
            "response": {
                "error": record.get("errorCode"),
                "message": record.get("errorMessage"),
                "data": None if record.get("responseElements") is None else dump(record["responseElements"]),
            },
            "operation": record.get("eventName"),
            "service": {"name": record.get("eventSource")},
            "request": {
                "data": None if record.get("requestParameters") is None else dump(record["requestParameters"]),
                "uid": record.get("requestID"),
            },
        },
        "actor": {
            "user": {
                "type": identity.get("type"),
                "name": identity.get("userName"),
                "uid_alt": identity.get("principalId"),
                "uid": identity.get("arn"),
                "account": {"uid": identity.get("accountId")},
                "credential_uid": identity.get("accessKeyId"),
            },
            "session": {
                "created_time_dt": created,
                "is_mfa": None if "mfaAuthenticated" not in attributes else attributes["mfaAuthenticated"] == "true",
                "issuer": issuer.get("arn"),
            },
            "invoked_by": identity.get("invokedBy"),
            "idp": {"name": identity.get("identityProvider")},
        },
        "http_request": {"user_agent": record.get("userAgent")},
        "src_endpoint": {"ip": record.get("sourceIPAddress")},
        "class_name": "API Activity",
        "class_uid": 6003,
        "unmapped": {name: value for name, value in unmapped.items() if value is not None},
    }


def ocsf_parquet(records: list[Json]) -> bytes:
    events = list(map(ocsf_event, records))
    unmapped = pa.array([list(event.pop("unmapped").items()) for event in events], pa.map_(pa.string(), pa.string()))
    table = pa.Table.from_pylist(events).append_column("unmapped", unmapped)
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


REBUILT: dict[str, Wrapping] = {
    "event history": event_history,
    "athena csv": athena,
    "lake csv without the record": lake,
    "ocsf": lambda records: lines(list(map(ocsf_event, records))),
    "ocsf array": lambda records: dump(list(map(ocsf_event, records)), 1).encode(),
    "ocsf parquet": ocsf_parquet,
}


def zipped(files: dict[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return sink.getvalue()


def tarred(files: dict[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return sink.getvalue()
