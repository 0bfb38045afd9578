"""CloudWatch Logs: a trail's log group, as subscriptions, the AWS CLI and Logs Insights return it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.spellings.containers import (
    document,
    dump,
    flat,
    gzipped,
    milliseconds,
    moment,
    table,
    table_of,
    text_lines,
)
from tests.spellings.spelling import limited, same
from tests.spellings.world import IDENTITY, RESPONSE, Json

STREAM = "111122223333_CloudTrail_us-east-1"


def subscription_message(records: Sequence[Json]) -> Json:
    """The payload of a subscription.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
    """
    return {
        "messageType": "DATA_MESSAGE",
        "owner": "111122223333",
        "logGroup": "CloudTrail/logs",
        "logStream": STREAM,
        "subscriptionFilters": ["Destination"],
        "logEvents": [
            {"id": f"{number:056}", "timestamp": milliseconds(moment(record)), "message": dump(record)}
            for number, record in enumerate(records)
        ],
    }


@same("subscription-2026-10-04-10-00-00")
def log_subscription(records: Sequence[Json]) -> bytes:
    """A subscription to Firehose: gzip members of payloads, and the message that checks the destination.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
    """
    check = subscription_message(()) | {
        "messageType": "CONTROL_MESSAGE",
        "owner": "CloudwatchLogs",
        "logEvents": [{"id": "", "timestamp": 1791108000000, "message": "CWL CONTROL MESSAGE: Checking health"}],
    }
    halves = [half for half in (records[::2], records[1::2]) if half]
    return b"".join(gzipped(dump(item).encode()) for item in (check, *map(subscription_message, halves)))


@same("filtered.json")
def filter_log_events(records: Sequence[Json]) -> bytes:
    """`aws logs filter-log-events`. https://docs.aws.amazon.com/cli/latest/reference/logs/filter-log-events.html"""
    events = [
        {
            "logStreamName": STREAM,
            "timestamp": milliseconds(moment(record)),
            "message": dump(record),
            "ingestionTime": milliseconds(moment(record)) + 5_000,
            "eventId": f"{number:056}",
        }
        for number, record in enumerate(records)
    ]
    return document({"events": events, "searchedLogStreams": []})


@same("messages.json")
def filtered_messages(records: Sequence[Json]) -> bytes:
    """`aws logs filter-log-events --query 'events[].message'`.

    https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-filter.html
    """
    return document([dump(record) for record in records])


@same("tail.log")
def log_tail(records: Sequence[Json]) -> bytes:
    """`aws logs tail`. https://docs.aws.amazon.com/cli/latest/reference/logs/tail.html"""
    return text_lines(f"{moment(record):%Y-%m-%dT%H:%M:%S}.000000+00:00 {STREAM} {dump(record)}" for record in records)


@same("tail-short.log")
def log_tail_short(records: Sequence[Json]) -> bytes:
    """`aws logs tail --format short`. https://docs.aws.amazon.com/cli/latest/reference/logs/tail.html"""
    return text_lines(f"{moment(record):%Y-%m-%dT%H:%M:%S} {dump(record)}" for record in records)


@same("000000.gz")
def log_export(records: Sequence[Json]) -> bytes:
    """An export task to S3. https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/S3Export.html"""
    return gzipped(text_lines(f"{moment(record):%Y-%m-%dT%H:%M:%S}.000Z {dump(record)}" for record in records))


def _clock(record: Json) -> str:
    return f"{moment(record):%Y-%m-%d %H:%M:%S}.000"


@same("logs-insights-results.csv")
def insights_csv(records: Sequence[Json]) -> bytes:
    """Logs Insights, Export results, CSV of the default query.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_ExportQueryResults.html
    """
    rows = [[_clock(record), dump(record), STREAM, "111122223333:CloudTrail/logs"] for record in records]
    return table(("@timestamp", "@message", "@logStream", "@log"), rows)


@same("insights.json")
def insights_json(records: Sequence[Json]) -> bytes:
    """`aws logs get-query-results` of the default query.

    https://docs.aws.amazon.com/cli/latest/reference/logs/get-query-results.html
    """
    return _results([{"@timestamp": _clock(record), "@message": dump(record)} for record in records])


_CHOSEN = (
    "userIdentity.type userIdentity.principalId userIdentity.arn userIdentity.accountId userIdentity.accessKeyId"
    " userIdentity.userName userIdentity.sessionContext.attributes.creationDate"
    " userIdentity.sessionContext.sessionIssuer.arn eventTime eventSource eventName awsRegion sourceIPAddress"
    " requestParameters.roleArn requestParameters.roleSessionName responseElements.credentials.accessKeyId"
    " responseElements.accessKey.accessKeyId responseElements.assumedRoleUser.assumedRoleId"
    " responseElements.assumedRoleUser.arn eventID recipientAccountId"
).split()
_LOST = "only the fields that the query names"


def _chosen(records: Sequence[Json]) -> Iterator[Json]:
    for record in records:
        leaves = dict(flat(record, ".", ".#"))
        yield {"@timestamp": _clock(record)} | {name: leaves[name] for name in _CHOSEN if leaves.get(name) is not None}


@limited("logs-insights-results (1).csv", _LOST, (IDENTITY, RESPONSE))
def insights_fields_csv(records: Sequence[Json]) -> bytes:
    """Logs Insights, Export results, CSV of `fields userIdentity.arn, ...`.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html
    """
    return table_of(list(_chosen(records)), ("@timestamp", *_CHOSEN))


@limited("insights-fields.json", _LOST, (IDENTITY, RESPONSE))
def insights_fields_json(records: Sequence[Json]) -> bytes:
    """`aws logs get-query-results` of `fields userIdentity.arn, ...`: a row has only the fields of its event.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetQueryResults.html
    """
    return _results(list(_chosen(records)))


def _results(rows: list[Json]) -> bytes:
    results = [
        [*({"field": name, "value": str(value)} for name, value in row.items()), {"field": "@ptr", "value": f"{n:056}"}]
        for n, row in enumerate(rows)
    ]
    statistics = {"recordsMatched": float(len(rows)), "recordsScanned": float(len(rows)), "bytesScanned": 1.0}
    return document({"results": results, "statistics": statistics, "status": "Complete"})


@same("log-events-viewer-result.csv")
def log_events_csv(records: Sequence[Json]) -> bytes:
    """The console's Download search results (CSV): milliseconds and the message.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html
    """
    return table(("timestamp", "message"), ([milliseconds(moment(one)), dump(one)] for one in records))


@same("log-events.json")
def get_log_events(records: Sequence[Json]) -> bytes:
    """`aws logs get-log-events`. https://docs.aws.amazon.com/cli/latest/reference/logs/get-log-events.html"""
    events = [
        {"timestamp": milliseconds(moment(one)), "message": dump(one), "ingestionTime": milliseconds(moment(one))}
        for one in records
    ]
    return document({"events": events, "nextForwardToken": "f/3195", "nextBackwardToken": "b/3195"})
