"""Log stores and collectors: SIEMs, Loki, OpenTelemetry, Wazuh, QRadar and syslog."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.spellings.containers import document, dump, json_lines, milliseconds, moment, table, text_lines
from tests.spellings.spelling import mixed, same
from tests.spellings.world import Json


@same("panther.jsonl")
def panther(records: Sequence[Json]) -> bytes:
    """Panther's data lake: the record with fields `p_`. https://docs.panther.com/search/panther-fields"""
    return json_lines(
        {
            **record,
            "p_log_type": "AWS.CloudTrail",
            "p_event_time": f"{moment(record):%Y-%m-%d %H:%M:%S}.000000000",
            "p_row_id": record["eventID"].replace("-", ""),
            "p_any_aws_account_ids": [record["recipientAccountId"]],
            "p_any_trace_ids": [record["userIdentity"].get("accessKeyId")],
        }
        for record in records
    )


@mixed("panther-snowflake.json")
def panther_text_blocks(records: Sequence[Json]) -> bytes:
    """Panther's Data Explorer, Download: free blocks of the table aws_cloudtrail are JSON text.

    https://docs.panther.com/search/data-explorer
    """
    blocks = ("requestParameters", "responseElements", "additionalEventData", "serviceEventDetails")
    return json_lines(
        {
            **record,
            **{name: dump(record[name]) for name in blocks if record.get(name) is not None},
            "p_log_type": "AWS.CloudTrail",
        }
        for record in records
    )


@same("archive_100000.1234.json.gz")
def datadog_archive(records: Sequence[Json]) -> bytes:
    """An archive of Datadog: the record is `attributes`. https://docs.datadoghq.com/logs/log_configuration/archives/"""
    return json_lines(
        {
            "_id": f"AQAAAZ{number:016}",
            "date": f"{moment(record):%Y-%m-%dT%H:%M:%S}.000Z",
            "service": "cloudtrail",
            "source": "cloudtrail",
            "host": "arn:aws:lambda:us-east-1:111122223333:function:datadog-forwarder",
            "status": "info",
            "tags": ["forwardername:datadog-forwarder", "sourcecategory:aws"],
            "attributes": {
                **record,
                "network": {"client": {"ip": record["sourceIPAddress"]}},
                "http": {"useragent": record["userAgent"]},
                "usr": {"name": record["userIdentity"].get("userName")},
            },
        }
        for number, record in enumerate(records)
    )


@same("datadog-search.json")
def datadog_search(records: Sequence[Json]) -> bytes:
    """A response of Datadog's `POST /api/v2/logs/events/search`. https://docs.datadoghq.com/api/latest/logs/#search-logs"""
    data = [
        {
            "id": f"AQAAAZ{number:016}",
            "type": "log",
            "attributes": {
                "service": "cloudtrail",
                "status": "info",
                "timestamp": f"{moment(record):%Y-%m-%dT%H:%M:%S}.000Z",
                "tags": ["source:cloudtrail"],
                "attributes": record,
            },
        }
        for number, record in enumerate(records)
    ]
    return document({"data": data, "meta": {"elapsed": 132, "status": "done"}}, None)


@same("search-results.csv")
def sumo_logic_csv(records: Sequence[Json]) -> bytes:
    """Sumo Logic, Export Search Results. https://www.sumologic.com/help/docs/search/get-started-with-search/search-page/export-search-results/"""
    header = "_messagetimems,_messagetime,_raw,_sourcecategory,_collector,_source,_sourcehost,_messageid".split(",")
    rows = (
        [
            milliseconds(moment(record)),
            f"{moment(record):%m/%d/%Y %H:%M:%S}.000 +0000",
            dump(record),
            *("aws/cloudtrail", "aws", "trail", "", number),
        ]
        for number, record in enumerate(records)
    )
    return table(header, rows, quoted=True)


@same("sumo-messages.json")
def sumo_logic_messages(records: Sequence[Json]) -> bytes:
    """Messages of Sumo Logic's search job API. https://www.sumologic.com/help/docs/api/search-job/"""
    messages = [
        {"map": {"_messagetime": str(milliseconds(moment(one))), "_raw": dump(one), "_collector": "aws"}}
        for one in records
    ]
    fields = [{"name": name, "fieldType": "string", "keyField": False} for name in messages[0]["map"]]
    return document({"fields": fields, "messages": messages}, 2)


@same("Explore-logs-2026-10-04.json")
def grafana_explore(records: Sequence[Json]) -> bytes:
    """Grafana, Explore, Download logs, json. https://grafana.com/docs/grafana/latest/explore/logs-integration/"""
    return document(
        [
            {
                "line": dump(record),
                "timestamp": f"{milliseconds(moment(record))}000000",
                "date": f"{moment(record):%Y-%m-%dT%H:%M:%S}.000Z",
                "fields": {"job": "cloudtrail"},
            }
            for record in records
        ],
        None,
    )


@same("logcli.jsonl")
def logcli_jsonl(records: Sequence[Json]) -> bytes:
    """`logcli query --output=jsonl`. https://grafana.com/docs/loki/latest/query/logcli/"""
    return json_lines(
        {
            "labels": {"job": "cloudtrail"},
            "line": dump(record),
            "timestamp": f"{moment(record):%Y-%m-%dT%H:%M:%S}Z",
        }
        for record in records
    )


@same("logcli.log")
def logcli_lines(records: Sequence[Json]) -> bytes:
    """`logcli query`: a time and labels in braces before each line. https://grafana.com/docs/loki/latest/query/logcli/"""
    labels = '{job="cloudtrail", region="eu"}'
    return text_lines(f"{moment(one):%Y-%m-%dT%H:%M:%S}Z {labels} {dump(one)}" for one in records)


@same("query_range.json")
def loki_query_range(records: Sequence[Json]) -> bytes:
    """`/loki/api/v1/query_range`: values of a stream are pairs of time and line.

    https://grafana.com/docs/loki/latest/reference/loki-http-api/
    """
    values = [[f"{milliseconds(moment(record))}000000", dump(record)] for record in records]
    result = [{"stream": {"job": "cloudtrail"}, "values": values}]
    return document({"status": "success", "data": {"resultType": "streams", "result": result}}, None)


@same("otlp.json")
def otlp(records: Sequence[Json]) -> bytes:
    """OTLP in JSON, of the file exporter. https://opentelemetry.io/docs/specs/otel/protocol/file-exporter/"""
    return json_lines(
        {
            "resourceLogs": [
                {
                    "resource": {"attributes": [{"key": "cloud.provider", "value": {"stringValue": "aws"}}]},
                    "scopeLogs": [
                        {
                            "scope": {"name": "awss3receiver"},
                            "logRecords": [
                                {
                                    "timeUnixNano": f"{milliseconds(moment(record))}000000",
                                    "body": {"stringValue": dump(record)},
                                    "attributes": [],
                                }
                                for record in part
                            ],
                        }
                    ],
                }
            ]
        }
        for part in (records[at : at + 50] for at in range(0, len(records), 50))
    )


def _of_wazuh(record: Json) -> Json:
    """The message of the wodle aws-s3: the record without nulls, between its own fields."""
    return {
        "integration": "aws",
        "aws": {
            "log_info": {"aws_account_alias": "", "log_file": "AWSLogs/a.json.gz", "s3bucket": "trail"},
            **{name: value for name, value in record.items() if value is not None},
            "source": "cloudtrail",
            "aws_account_id": record["recipientAccountId"],
            "source_ip_address": record["sourceIPAddress"],
        },
    }


def _archived(record: Json, number: int) -> Json:
    return {
        "timestamp": f"{moment(record):%Y-%m-%dT%H:%M:%S}.123+0000",
        "agent": {"id": "000", "name": "wazuh-manager"},
        "manager": {"name": "wazuh-manager"},
        "id": f"1791108000.{number}",
        "decoder": {"name": "json"},
        "data": _texts(_of_wazuh(record)),
        "location": "Wazuh-AWS",
    }


def _texts(value: Any) -> Any:
    """What Wazuh's decoder json keeps: numbers and booleans are text."""
    if isinstance(value, dict):
        return {name: _texts(held) for name, held in value.items()}
    if isinstance(value, list):
        return [_texts(held) for held in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


@same("ossec-archive-04.json")
def wazuh_archives(records: Sequence[Json]) -> bytes:
    """`archives.json` of Wazuh 4, with `full_log`.

    https://documentation.wazuh.com/current/user-manual/manager/event-logging.html
    """
    return json_lines(
        {**_archived(record, number), "full_log": dump(_of_wazuh(record))} for number, record in enumerate(records)
    )


@same("ossec-alerts-04.json")
def wazuh_alerts(records: Sequence[Json]) -> bytes:
    """`alerts.json` of Wazuh 4: decoded fields only.

    https://documentation.wazuh.com/current/user-manual/manager/alert-management.html
    """
    rule = {"level": 3, "id": "80202", "description": "AWS Cloudtrail", "groups": ["amazon", "aws", "aws_cloudtrail"]}
    return json_lines({**_archived(record, number), "rule": rule} for number, record in enumerate(records))


@same("wazuh-events.ndjson")
def wazuh_prefix(records: Sequence[Json]) -> bytes:
    """Wazuh 5: `event.original` is the message of the queue, `1:Wazuh-AWS:` before the JSON.

    https://documentation.wazuh.com/current/development/message-format.html
    """
    return json_lines(
        {
            "_index": ".ds-wazuh-events-v5-cloud-services-aws-000001",
            "_id": str(number),
            "_source": {
                "@timestamp": record["eventTime"],
                "wazuh": {"agent": {"id": "000"}, "integration": {"name": "aws"}},
                "event": {"id": str(number), "original": f"1:Wazuh-AWS:{dump(_of_wazuh(record))}"},
            },
        }
        for number, record in enumerate(records)
    )


@same("qradar.log")
def qradar_payload(records: Sequence[Json]) -> bytes:
    """Payloads of the Amazon Web Services protocol. https://www.ibm.com/docs/en/dsm?topic=cloudtrail-amazon-aws-sample-event-messages"""
    return text_lines(
        f"{{LogStreamName: 111122223333_CloudTrail_us-east-2,Timestamp: {milliseconds(moment(record))},"
        f"Message: {dump(record)},IngestionTime: {milliseconds(moment(record)) + 139},EventId: {number:056}}}"
        for number, record in enumerate(records)
    )


def _bsd_time(record: Json) -> str:
    """`Oct  4 10:00:00`."""
    return f"{moment(record):%b} {moment(record).day:>2} {moment(record):%H:%M:%S}"


@same("syslog-pri.log")
def syslog_with_priority(records: Sequence[Json]) -> bytes:
    """BSD syslog as it travels. https://www.rfc-editor.org/rfc/rfc3164#section-4.1"""
    return text_lines(f"<134>{_bsd_time(one)} collector {dump(one)}" for one in records)


@same("messages")
def syslog_file(records: Sequence[Json]) -> bytes:
    """BSD syslog as rsyslog writes it to a file, with a tag. https://www.rsyslog.com/doc/configuration/templates.html"""
    return text_lines(f"{_bsd_time(one)} collector cloudtrail[812]: {dump(one)}" for one in records)


@same("syslog-5424.log")
def syslog_rfc_5424(records: Sequence[Json]) -> bytes:
    """Syslog. https://www.rfc-editor.org/rfc/rfc5424#section-6"""
    return text_lines(
        f"<134>1 {moment(one):%Y-%m-%dT%H:%M:%S}.000Z collector cloudtrail 812 - - {dump(one)}" for one in records
    )


@same("fluentd.log")
def fluentd_file(records: Sequence[Json]) -> bytes:
    """Fluentd's output file: time, tag and record with tabs between. https://docs.fluentd.org/output/file"""
    return text_lines(f"{moment(one):%Y-%m-%dT%H:%M:%S}+00:00\taws.cloudtrail\t{dump(one)}" for one in records)


@same("graylog.json")
def gelf(records: Sequence[Json]) -> bytes:
    """GELF. https://go2docs.graylog.org/current/getting_in_log_data/gelf.html"""
    return json_lines(
        {
            "version": "1.1",
            "host": "collector",
            "short_message": record["eventName"],
            "full_message": dump(record),
            "timestamp": moment(record).timestamp(),
            "level": 6,
            "_source_type": "cloudtrail",
        }
        for record in records
    )


@same("logscale.json")
def logscale(records: Sequence[Json]) -> bytes:
    """Falcon LogScale, Export to file, NDJSON: `@rawstring` beside parsed fields.

    https://library.humio.com/data-analysis/searching-data-exporting.html
    """
    return json_lines(
        {
            "@timestamp": milliseconds(moment(record)),
            "@timezone": "Z",
            "#repo": "aws",
            "#event.module": "cloudtrail",
            "Vendor.eventName": record["eventName"],
            "Vendor.userIdentity.arn": record["userIdentity"].get("arn"),
            "@rawstring": dump(record),
        }
        for record in records
    )


@same("Explore-logs-2026-10-04.csv")
def grafana_csv(records: Sequence[Json]) -> bytes:
    """Grafana, Explore, Download logs, CSV. https://grafana.com/docs/grafana/latest/explore/logs-integration/"""
    rows = (
        ['{"job":"cloudtrail"}', f"{moment(one):%Y-%m-%d %H:%M:%S}", dump(one), f"{milliseconds(moment(one))}000000"]
        for one in records
    )
    return table(("labels", "Time", "Line", "tsNs"), rows, quoted=True)


@same("container-json.log")
def docker_json_file(records: Sequence[Json]) -> bytes:
    """A container that prints records, in Docker's driver json-file.

    https://docs.docker.com/engine/logging/drivers/json-file/
    """
    return json_lines(
        {"log": f"{dump(record)}\n", "stream": "stdout", "time": f"{moment(record):%Y-%m-%dT%H:%M:%S}.000000000Z"}
        for record in records
    )


@same("0.log")
def kubernetes_log(records: Sequence[Json]) -> bytes:
    """The same in a log of the Container Runtime Interface.

    https://kubernetes.io/docs/concepts/cluster-administration/logging/
    """
    return text_lines(f"{moment(one):%Y-%m-%dT%H:%M:%S}.000000000Z stdout F {dump(one)}" for one in records)


@same("journal.json")
def journald(records: Sequence[Json]) -> bytes:
    """`journalctl -o json`. https://systemd.io/JOURNAL_EXPORT_FORMATS/"""
    return json_lines(
        {
            "__REALTIME_TIMESTAMP": f"{milliseconds(moment(record))}000",
            "PRIORITY": "6",
            "SYSLOG_IDENTIFIER": "cloudtrail",
            "_HOSTNAME": "collector",
            "MESSAGE": dump(record),
        }
        for record in records
    )


@same("vector.ndjson")
def vector(records: Sequence[Json]) -> bytes:
    """Vector's source aws_s3. https://vector.dev/docs/reference/configuration/sources/aws_s3/"""
    return json_lines(
        {
            "bucket": "trail",
            "message": dump(record),
            "object": "AWSLogs/a.json.gz",
            "region": "us-east-1",
            "source_type": "aws_s3",
            "timestamp": f"{moment(record):%Y-%m-%dT%H:%M:%S}Z",
        }
        for record in records
    )
