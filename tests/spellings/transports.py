"""Transports: queues and streams that carry records as text or in base64, saved by a consumer or a Lambda."""

from __future__ import annotations

from collections.abc import Sequence

from tests.spellings.cloudwatch_logs import subscription_message
from tests.spellings.containers import document, dump, gzipped, in_base64, json_lines, milliseconds, moment
from tests.spellings.spelling import same
from tests.spellings.world import Json


def _batches(records: Sequence[Json]) -> list[Sequence[Json]]:
    return [records[at : at + 40] for at in range(0, len(records), 40)]


@same("lambda-logs-event.json")
def lambda_logs_event(records: Sequence[Json]) -> bytes:
    """The event of a Lambda behind a log group: gzip in base64.

    https://docs.aws.amazon.com/lambda/latest/dg/services-cloudwatchlogs.html
    """
    return document({"awslogs": {"data": in_base64(gzipped(dump(subscription_message(records)).encode()))}})


@same("lambda-kinesis-event.json")
def lambda_kinesis_event(records: Sequence[Json]) -> bytes:
    """The event of a Lambda behind a Kinesis stream of a log group.

    https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
    """
    found = [
        {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": "1",
                "sequenceNumber": f"{number:056}",
                "data": in_base64(gzipped(dump(subscription_message(batch)).encode())),
                "approximateArrivalTimestamp": 1791108000.123,
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"shardId-000000000006:{number:056}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": "arn:aws:iam::111122223333:role/lambda",
            "awsRegion": "us-east-1",
            "eventSourceARN": "arn:aws:kinesis:us-east-1:111122223333:stream/logs",
        }
        for number, batch in enumerate(_batches(records))
    ]
    return document({"Records": found})


@same("kinesis-records.json")
def kinesis_get_records(records: Sequence[Json]) -> bytes:
    """`aws kinesis get-records`. https://docs.aws.amazon.com/cli/latest/reference/kinesis/get-records.html"""
    found = [
        {
            "SequenceNumber": f"{number:056}",
            "ApproximateArrivalTimestamp": "2026-10-04T10:05:00.123000+00:00",
            "Data": in_base64(dump(record).encode()),
            "PartitionKey": "1",
        }
        for number, record in enumerate(records)
    ]
    return document({"Records": found, "NextShardIterator": "AAAA", "MillisBehindLatest": 0})


@same("firehose-event.json")
def firehose_transformation_event(records: Sequence[Json]) -> bytes:
    """The event of a Lambda that transforms records for Firehose.

    https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html
    """
    found = [
        {"recordId": f"{number:056}", "approximateArrivalTimestamp": 1791108000123, "data": in_base64(text.encode())}
        for number, text in enumerate(map(dump, records))
    ]
    return document({"invocationId": "invoked-1", "deliveryStreamArn": "arn:aws:firehose:::x", "records": found})


@same("queue.json")
def sqs_messages(records: Sequence[Json]) -> bytes:
    """`aws sqs receive-message` of a queue behind a topic behind EventBridge.

    https://docs.aws.amazon.com/sns/latest/dg/sns-sqs-as-subscriber.html
    """
    messages = []
    for number, record in enumerate(records):
        event = {
            "version": "0",
            "id": record["eventID"],
            "detail-type": "AWS API Call via CloudTrail",
            "source": f"aws.{record['eventSource'].partition('.')[0]}",
            "account": record["recipientAccountId"],
            "time": record["eventTime"],
            "region": record["awsRegion"],
            "resources": [],
            "detail": record,
        }
        note = {"Type": "Notification", "MessageId": str(number), "TopicArn": "arn:aws:sns:::x", "Message": dump(event)}
        messages.append({"MessageId": str(number), "ReceiptHandle": "AQEB", "MD5OfBody": "0", "Body": dump(note)})
    return document({"Messages": messages})


@same("lambda-sqs-event.json")
def lambda_sqs_event(records: Sequence[Json]) -> bytes:
    """The event of a Lambda behind a queue. https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html"""
    found = [
        {
            "messageId": str(number),
            "receiptHandle": "AQEB",
            "body": dump(record),
            "attributes": {"SentTimestamp": str(milliseconds(moment(record)))},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:111122223333:trail",
            "awsRegion": "us-east-1",
        }
        for number, record in enumerate(records)
    ]
    return document({"Records": found})


@same("kcat.jsonl")
def kcat(records: Sequence[Json]) -> bytes:
    """`kcat -J`: the record is `payload`. https://github.com/edenhill/kcat"""
    return json_lines(
        {
            "topic": "cloudtrail",
            "partition": 0,
            "offset": number,
            "tstype": "create",
            "ts": milliseconds(moment(record)),
            "broker": 1,
            "key": None,
            "payload": dump(record),
        }
        for number, record in enumerate(records)
    )


@same("rpk.jsonl")
def rpk(records: Sequence[Json]) -> bytes:
    """`rpk topic consume`. https://docs.redpanda.com/current/reference/rpk/rpk-topic/rpk-topic-consume/"""
    return json_lines(
        {
            "topic": "cloudtrail",
            "value": dump(record),
            "timestamp": milliseconds(moment(record)),
            "partition": 0,
            "offset": number,
        }
        for number, record in enumerate(records)
    )


@same("lambda-kafka-event.json")
def lambda_kafka_event(records: Sequence[Json]) -> bytes:
    """The event of a Lambda behind Kafka. https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html"""
    found = [
        {
            "topic": "cloudtrail",
            "partition": 0,
            "offset": number,
            "timestamp": milliseconds(moment(record)),
            "timestampType": "CREATE_TIME",
            "key": "YWJj",
            "value": in_base64(dump(record).encode()),
            "headers": [],
        }
        for number, record in enumerate(records)
    ]
    arn = "arn:aws:kafka:us-east-1:111122223333:cluster/trail/abc"
    return document({"eventSource": "aws:kafka", "eventSourceArn": arn, "records": {"cloudtrail-0": found}})
