"""Trail files: what CloudTrail and EventBridge deliver, and the same records after jq."""

from __future__ import annotations

from collections.abc import Sequence

from tests.spellings.containers import document, dump, gzipped, json_lines, table
from tests.spellings.spelling import limited, same
from tests.spellings.world import IDENTITY, Json


@same("111122223333_CloudTrail_us-east-1_20261004T1005Z_Mu0KsOhtH1ar15ZZ.json.gz")
def trail_file(records: Sequence[Json]) -> bytes:
    """A trail's file in its bucket.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html
    """
    return gzipped(dump({"Records": list(records)}).encode())


@same("records.ndjson")
def lines_of_jq(records: Sequence[Json]) -> bytes:
    """`jq -c '.Records[]'`. https://jqlang.org/manual/#invoking-jq"""
    return json_lines(records)


@same("records.json")
def array_of_jq(records: Sequence[Json]) -> bytes:
    """`jq -s 'map(.Records) | add'`. https://jqlang.org/manual/#invoking-jq"""
    return document(list(records), 2)


@same("events.json")
def concatenated_by_jq(records: Sequence[Json]) -> bytes:
    """`jq '.Records[]'`: records over several lines, one after the other. https://jqlang.org/manual/#invoking-jq"""
    return b"".join(document(record, 2) for record in records)


@same("event-history.json")
def event_history_json(records: Sequence[Json]) -> bytes:
    """Event history, Download events, JSON.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events-console.html
    """
    return dump({"Records": list(records)}).encode()


_HISTORY = (
    "User name,AWS access key,Event time,Event source,Event name,AWS region,Source IP address,User agent,Error code,"
    "Resources,Request ID,Event ID,Read-only,Event type,Recipient Account Id,Event category"
)


@limited("event_history.csv", "no responses: issued keys are not shown", (IDENTITY,))
def event_history_csv(records: Sequence[Json]) -> bytes:
    """Event history, Download events, CSV.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events-console.html
    """

    def row(record: Json) -> list[object]:
        identity = record["userIdentity"]
        resources = [
            {"resourceType": one.get("type"), "resourceName": one["ARN"]} for one in record.get("resources", ())
        ]
        return [
            identity.get("userName") or str(identity.get("principalId", "")).partition(":")[2],
            identity.get("accessKeyId"),
            *(record.get(name) for name in ("eventTime", "eventSource", "eventName", "awsRegion")),
            *(record.get(name) for name in ("sourceIPAddress", "userAgent", "errorCode")),
            dump(resources),
            *(record.get(name) for name in ("requestID", "eventID")),
            str(record["readOnly"]).lower(),
            *(record.get(name) for name in ("eventType", "recipientAccountId", "eventCategory")),
        ]

    return table(_HISTORY.split(","), map(row, records), quoted=True)


@same("eventbridge.ndjson")
def eventbridge(records: Sequence[Json]) -> bytes:
    """EventBridge to Firehose or a log group.

    https://docs.aws.amazon.com/eventbridge/latest/ref/events-structure.html
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
    """
    return json_lines(
        {
            "version": "0",
            "id": f"36eb8523-97d0-4518-b33d-{number:012x}",
            "detail-type": "AWS Console Sign In via CloudTrail"
            if record["eventType"] == "AwsConsoleSignIn"
            else "AWS API Call via CloudTrail",
            "source": f"aws.{record['eventSource'].partition('.')[0]}",
            "account": record["recipientAccountId"],
            "time": record["eventTime"],
            "region": record["awsRegion"],
            "resources": [],
            "detail": record,
        }
        for number, record in enumerate(records)
    )


@same("saved-by-excel.csv")
def spreadsheet(records: Sequence[Json]) -> bytes:
    """A table with the record in one column, saved by Excel: a byte order mark, semicolons and CRLF.

    https://support.microsoft.com/office/save-a-workbook-to-text-format-txt-or-csv-3e9a9d6c-70da-4255-aa28-fcacf1f081e6
    """
    lines = [f"{one['eventTime']};{_quoted(dump(one))}" for one in records]
    return "\r\n".join(["\ufeffEvent time;CloudTrailEvent", *lines, ""]).encode()


def _quoted(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


@same("arrays.json")
def arrays_of_jq(records: Sequence[Json]) -> bytes:
    """`jq -c '.Records'` of several files: an array a line. https://jqlang.org/manual/#invoking-jq"""
    return json_lines(list(part) for part in (records[::2], records[1::2]) if part)
