"""Elastic: Elasticsearch documents with and without the original event, and Logstash's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.spellings.athena import struct_text
from tests.spellings.containers import document, dump, json_lines, moment, snake, table
from tests.spellings.spelling import limited, mixed, same
from tests.spellings.world import Json


def _ecs(record: Json) -> Json:
    """The fields of the Filebeat module and of the integration, without `event.original`.

    https://www.elastic.co/docs/reference/beats/filebeat/exported-fields-aws
    """
    identity = record["userIdentity"]
    context = identity.get("sessionContext") or {}
    attributes, issuer = context.get("attributes") or {}, context.get("sessionIssuer") or {}
    user = {
        **{snake(name): identity[name] for name in ("type", "arn", "accessKeyId", "invokedBy") if name in identity},
        "session_context": {
            **{snake(name): value for name, value in attributes.items()},
            "session_issuer": {snake(name): value for name, value in issuer.items() if name != "userName"},
        },
    }
    blocks = ("requestParameters", "responseElements", "additionalEventData", "serviceEventDetails")
    held = {snake(name): record[name] for name in blocks if record.get(name) is not None}
    return {
        "@timestamp": f"{moment(record):%Y-%m-%dT%H:%M:%S}.000Z",
        "aws": {
            "cloudtrail": {
                "event_version": record["eventVersion"],
                "event_type": record["eventType"],
                "user_identity": user,
                "recipient_account_id": record["recipientAccountId"],
                "request_id": record.get("requestID"),
                "read_only": record["readOnly"],
                "error_code": record.get("errorCode"),
                **{name: struct_text(value) for name, value in held.items()},
                "flattened": held,
            }
        },
        "cloud": {"account": {"id": record["recipientAccountId"]}, "region": record["awsRegion"], "provider": "aws"},
        "event": {
            "action": record["eventName"],
            "provider": record["eventSource"],
            "id": record["eventID"],
            "dataset": "aws.cloudtrail",
            "module": "aws",
            "kind": "event",
            "outcome": "failure" if "errorCode" in record else "success",
        },
        "source": {"address": record["sourceIPAddress"]},
        "user": {"id": identity.get("principalId"), "name": identity.get("userName") or issuer.get("userName")},
        "user_agent": {"original": record["userAgent"], "name": "Other"},
        "tags": ["forwarded"],
    }


def _with_original(record: Json) -> Json:
    """The same with the record as text, as `preserve_original_event` keeps it."""
    found = _ecs(record)
    found["event"]["original"] = dump(record)
    return found | {"tags": ["forwarded", "preserve_original_event"]}


@same("cloudtrail-000001.ndjson")
def elastic_original(records: Sequence[Json]) -> bytes:
    """Documents of the integration. https://www.elastic.co/docs/reference/integrations/aws/cloudtrail"""
    return json_lines(map(_with_original, records))


@same("hits.json")
def elastic_hits(records: Sequence[Json]) -> bytes:
    """A response of `_search`. https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-search"""
    index = ".ds-logs-aws.cloudtrail-default-000001"
    hits = [{"_index": index, "_id": one["eventID"], "_source": _with_original(one)} for one in records]
    return document({"took": 5, "timed_out": False, "hits": {"total": {"value": len(hits)}, "hits": hits}}, 1)


@same("bulk.ndjson")
def elastic_bulk(records: Sequence[Json]) -> bytes:
    """A body for `_bulk`. https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk"""

    def pairs() -> Iterator[Json]:
        for record in records:
            yield {"index": {"_index": "logs-aws.cloudtrail-default", "_id": record["eventID"]}}
            yield _with_original(record)

    return json_lines(pairs())


@same("elasticdump.json")
def elasticdump(records: Sequence[Json]) -> bytes:
    """`elasticdump --type=data`: a hit a line. https://github.com/elasticsearch-dump/elasticsearch-dump"""
    return json_lines(
        {"_index": "cloudtrail", "_id": record["eventID"], "_score": 1, "_source": _with_original(record)}
        for record in records
    )


@same("untitled-discover-search.csv")
def kibana_csv(records: Sequence[Json]) -> bytes:
    """Kibana, Discover, Share, CSV report. https://www.elastic.co/docs/explore-analyze/report-and-share"""
    rows = ([_ecs(one)["@timestamp"], one["eventName"], "forwarded", dump(one)] for one in records)
    return table(("@timestamp", "event.action", "tags", "event.original"), rows, quoted=True)


@limited("filebeat-aws.ndjson", "an account of the caller, identity providers, and the type of values")
def elastic_without_original(records: Sequence[Json]) -> bytes:
    """Documents of Filebeat's module aws without the original: the fields have other names and places.

    https://www.elastic.co/docs/reference/beats/filebeat/filebeat-module-aws
    """
    return json_lines(map(_ecs, records))


@same("filebeat-message.ndjson")
def filebeat_message(records: Sequence[Json]) -> bytes:
    """Filebeat's input aws-s3 without the module: the record is `message`.

    https://www.elastic.co/docs/reference/beats/filebeat/filebeat-input-aws-s3
    """
    return json_lines(
        {
            "@timestamp": "2026-10-04T10:09:00.123Z",
            "message": dump(record),
            "aws": {"s3": {"bucket": {"name": "trail"}, "object": {"key": "AWSLogs/a.json.gz"}}},
            "cloud": {"provider": "aws", "region": "us-east-1"},
            "event": {"kind": "event"},
            "input": {"type": "aws-s3"},
            "ecs": {"version": "8.0.0"},
        }
        for record in records
    )


@same("logstash.ndjson")
def logstash_timestamp(records: Sequence[Json]) -> bytes:
    """Logstash's codec cloudtrail with a filter date that removes eventTime: the time is `@timestamp` alone.

    https://www.elastic.co/docs/reference/logstash/plugins/plugins-codecs-cloudtrail
    """
    return json_lines(
        {
            "@timestamp": f"{moment(record):%Y-%m-%dT%H:%M:%S}.000Z",
            "@version": "1",
            "type": "cloudtrail",
            **{name: value for name, value in record.items() if name != "eventTime"},
        }
        for record in records
    )


@mixed("cloudtrail-2026-10.ndjson")
def elasticsearch_raw_blocks(records: Sequence[Json]) -> bytes:
    """A Lambda that keeps free blocks as `responseElements_raw` and as lists of leaves.

    https://github.com/chariotsolutions/aws-examples/tree/trunk/cloudtrail_to_elasticsearch
    """
    blocks = ("requestParameters", "responseElements", "resources")

    def leaves(value: object, found: dict[str, list[object]], name: str = "") -> dict[str, list[object]]:
        if isinstance(value, dict):
            for inner, held in value.items():
                leaves(held, found, inner)
        elif isinstance(value, list):
            for held in value:
                leaves(held, found, name)
        else:
            found.setdefault(name, []).append(value)
        return found

    def source(record: Json) -> Json:
        held = {name: record[name] for name in blocks if record.get(name)}
        return {
            **{name: value for name, value in record.items() if name not in blocks},
            **{f"{name}_raw": dump(value) for name, value in held.items()},
            **{f"{name}_flattened": leaves(value, {}) for name, value in held.items()},
        }

    return json_lines(
        {"_index": "cloudtrail-2026-10", "_id": record["eventID"], "_source": source(record)} for record in records
    )


@same("fields.json")
def elastic_fields(records: Sequence[Json]) -> bytes:
    """A response of `_search` with `fields` and without `_source`: every value is a list.

    https://www.elastic.co/docs/reference/elasticsearch/rest-apis/retrieve-selected-fields
    """
    hits = [
        {
            "_index": "logs-aws.cloudtrail",
            "_id": one["eventID"],
            "fields": {"event.original": [dump(one)], "event.action": [one["eventName"]]},
        }
        for one in records
    ]
    return document({"took": 5, "hits": {"total": {"value": len(hits)}, "hits": hits}}, 1)
