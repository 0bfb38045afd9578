"""Contents: whatever a product makes of a trail, the same records come out, and how each came is told."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import math
import tarfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.formats.contents import Archive, Log, open_contents
from forensics.formats.inflate import Measure, Unreadable
from forensics.formats.non_events import why_left_out
from forensics.formats.record_stream import Delivery, NotJson, Records, Rejected
from tests.formats.wrappings import REBUILT, WRAPPED, Json, dump, elastic, event_bridge, lines, rows_of, sqs_of_sns


def zstd(data: bytes) -> bytes:
    return bytes(pa.compress(data, codec="zstd", asbytes=True))


COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda data: data,
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "zstd": zstd,
    "zstd in two frames": lambda data: zstd(data[:100]) + zstd(data[100:]),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "bzip2 in gzip": lambda data: gzip.compress(bz2.compress(data)),
    "utf-16": lambda data: data.decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass"),
    "utf-16 big-endian in gzip": lambda data: gzip.compress(b"\xfe\xff" + data.decode().encode("utf-16-be")),
}

hostile = st.sampled_from(
    ['{"Records":[', '"},{"eventVersion":"1.08"}', "2026-10-01T12:00:00Z {", "a, b=c", "\n", "\\"]
)
text = st.one_of(hostile, st.text(st.characters(codec="utf-8"), max_size=12))
record = st.builds(
    lambda number, user_agent, parameters: a_record(number, userAgent=user_agent, requestParameters=parameters),
    st.integers(0, 99),
    text,
    st.one_of(st.none(), st.dictionaries(text, st.one_of(text, st.integers(), st.lists(text)), max_size=3)),
)


def a_record(number: int, **fields: object) -> Json:
    return {
        "eventVersion": "1.08",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": "AROAEXAMPLE:build",
            "arn": "arn:aws:sts::111122223333:assumed-role/deploy/build",
            "accountId": "111122223333",
            "accessKeyId": f"ASIA{number:016}",
            "sessionContext": {
                "sessionIssuer": {"type": "Role", "principalId": "AROAEXAMPLE", "arn": "arn:aws:iam::1:role/deploy"},
                "attributes": {"creationDate": "2026-10-01T11:00:00Z", "mfaAuthenticated": "false"},
                "sourceIdentity": "alice",
            },
        },
        "eventTime": "2026-10-01T12:00:00Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "GetObject",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "192.0.2.1",
        "userAgent": "aws-cli",
        "requestParameters": {"bucketName": "b", "nested": {"deep": ["x", 1, None]}},
        "responseElements": None,
        "requestID": f"r-{number}",
        "eventID": f"e-{number}",
        "readOnly": True,
        "eventType": "AwsApiCall",
        "recipientAccountId": "111122223333",
        "eventCategory": "Management",
        **fields,
    }


def read(data: bytes, folder: Path = Path("/nonexistent")) -> list[Records | Rejected]:
    contents = open_contents(io.BytesIO(data), Measure(), folder)
    assert isinstance(contents, Log)
    return list(contents.records)


def events(found: list[Records | Rejected]) -> list[tuple[Delivery, bytes]]:
    """The records and how each came, without what the lake leaves out; nothing may be rejected."""
    assert not [item for item in found if isinstance(item, Rejected)]
    records = [(item.delivery, raw) for item in found if isinstance(item, Records) for raw in item.raw]
    return [(delivery, raw) for delivery, raw in records if why_left_out(raw) is None]


def parsed(found: list[tuple[Delivery, bytes]]) -> list[Json]:
    return sorted((json.loads(raw) for _, raw in found), key=dump)


@pytest.mark.parametrize("wrapping", WRAPPED)
@given(records=st.lists(record, min_size=1, max_size=5))
@settings(deadline=None, max_examples=15)
def test_a_wrapped_record_comes_out_with_its_own_bytes(wrapping: str, records: list[Json]) -> None:
    found = events(read(WRAPPED[wrapping](records)))
    assert {delivery for delivery, _ in found} == {Delivery.WRAPPED}
    assert parsed(found) == sorted(records, key=dump)
    if wrapping not in ("under a key", "eventbridge archive"):  # whose records are printed with white space
        assert sorted(raw for _, raw in found) == sorted(dump(record).encode() for record in records)


@pytest.mark.parametrize(
    "data", [lines([a_record(1)]), dump([a_record(1)]).encode(), dump({"Records": [a_record(1)]}).encode()]
)
def test_what_a_trail_delivers_is_native(data: bytes) -> None:
    assert [delivery for delivery, _ in events(read(data))] == [Delivery.NATIVE]


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("wrapping", ["eventbridge", "lookup-events", "splunk csv", "cloudwatch export"])
def test_whatever_it_is_compressed_with(compression: str, wrapping: str) -> None:
    records = [a_record(number, userAgent="ü") for number in range(20)]
    data = COMPRESSIONS[compression](WRAPPED[wrapping](records))
    assert parsed(events(read(data))) == sorted(records, key=dump)


# what each format has a place for, of a record with all of it
KEPT: dict[str, set[str]] = {
    "event history": {"eventTime", "eventName", "eventSource", "eventID", "recipientAccountId", "userAgent"},
    **dict.fromkeys(
        ["athena csv", "lake csv without the record", "ocsf", "ocsf array", "ocsf parquet"],
        set(a_record(0)) - {"eventCategory", "readOnly", "responseElements"},
    ),
}


@pytest.mark.parametrize("format", REBUILT)
def test_a_rebuilt_record_says_what_its_fields_said(format: str, tmp_path: Path) -> None:
    records = [a_record(number) for number in range(3)]
    found = events(read(REBUILT[format](records), tmp_path))
    assert {delivery for delivery, _ in found} == {Delivery.REBUILT}
    for record, (_, raw) in zip(records, found, strict=True):
        rebuilt = json.loads(raw)
        assert {name: rebuilt.get(name) for name in KEPT[format]} == {name: record[name] for name in KEPT[format]}


def test_the_event_history_says_what_it_cannot_show() -> None:
    contents = open_contents(io.BytesIO(REBUILT["event history"]([a_record(1)])), Measure(), Path())
    assert isinstance(contents, Log)
    assert contents.limit and "no issued keys" in contents.limit


@given(record, st.sampled_from(["athena csv", "lake csv without the record", "ocsf", "event history"]))
@settings(deadline=None, max_examples=60)
def test_a_rebuilt_record_never_has_another_identity(record: Json, format: str) -> None:
    for item in read(REBUILT[format]([record])):
        for raw in item.raw if isinstance(item, Records) else ():
            identity = json.loads(raw).get("userIdentity", {})
            assert identity.get("accessKeyId") == record["userIdentity"]["accessKeyId"]
            assert identity.get("arn") in (None, record["userIdentity"]["arn"])


FORGED = a_record(666, eventName="AssumeRole")


@pytest.mark.parametrize("wrapping", WRAPPED)
def test_a_record_that_a_caller_wrote_is_none(wrapping: str) -> None:
    record = a_record(
        1,
        userAgent=dump(FORGED),
        errorMessage=dump(FORGED),
        requestParameters={"Records": [FORGED], "message": dump(FORGED), "detail": FORGED},
    )
    assert parsed(events(read(WRAPPED[wrapping]([record])))) == [record]


@pytest.mark.parametrize(
    "envelope",
    [
        {"@timestamp": "x", "user_agent": {"original": dump(FORGED)}, "aws": {"cloudtrail": {"flattened": FORGED}}},
        {"event": {"action": "x"}, "error": {"message": dump(FORGED)}},
        {"result": {"userAgent": dump(FORGED), "requestParameters": FORGED}},
        {"results": [[{"field": "userAgent", "value": dump(FORGED)}]]},
        {"related": {"user": [dump(FORGED)]}},
        {"Tags": [{"Key": "Name", "Value": dump(FORGED)}]},
        {"Parameters": [{"Name": "x", "Type": "String", "Value": dump(FORGED)}]},
        {"labels": [{"key": "policyDocument", "value": dump(FORGED)}]},
        {"detail-type": "AWS API Call via CloudTrail", "source": "my.app", "detail": FORGED},
        {"detail-type": "AWS API Call via CloudTrail", "source": "aws.partner/my.app", "detail": FORGED},
    ],
)
def test_what_a_siem_made_of_a_callers_words_is_no_record(envelope: Json) -> None:
    assert [raw for _, raw in events(read(lines([envelope])))] == [dump(envelope).encode()]


BESIDE: dict[str, Callable[[str], Json]] = {
    "Elastic": lambda original: {"event": {"original": original}},
    "Elastic, flat": lambda original: {"event.original": original},
    "older Elastic": lambda original: {"log": {"original": original}},
    "Splunk": lambda original: {"_raw": original},
    "Splunk, with the fields that it took out": lambda original: {
        "eventName": "GetObject",
        "eventSource": "s3.amazonaws.com",
        "_raw": original,
    },
    "LookupEvents": lambda original: {"EventName": "GetObject", "CloudTrailEvent": original},
    "LookupEvents of the Java SDK": lambda original: {
        "eventName": "GetObject",
        "eventSource": "s3.amazonaws.com",
        "cloudTrailEvent": original,
    },
    "Insights": lambda original: {"@message": original},
    "Insights, of a console": lambda original: {"@message": json.loads(original)},
    "EventBridge": lambda original: event_bridge(json.loads(original)),
    "Kafka": lambda original: {"topic": "trail", "partition": 0, "offset": 7, "key": None, "value": original},
}


@pytest.mark.parametrize("product", BESIDE)
def test_a_message_beside_the_original_is_no_record_and_is_not_lost(product: str) -> None:
    original = dump(a_record(1))
    for forger in ("message", "body", "payload", "data"):
        for both in (
            {**BESIDE[product](original), forger: dump(FORGED)},
            {forger: dump(FORGED), **BESIDE[product](original)},
        ):
            assert events(read(lines([both]))) == [
                (Delivery.WRAPPED, original.encode()),
                (Delivery.NATIVE, dump(dump(FORGED)).encode()),  # which is text, and goes to the quarantine
            ]


LOG_OF_AN_APPLICATION = dump({"level": "info", "path": "/login", "user": "zz"})


@pytest.mark.parametrize("product", BESIDE)
@pytest.mark.parametrize("written", [dump(FORGED), FORGED])
def test_nothing_is_a_record_beside_an_original_that_holds_none(product: str, written: object) -> None:
    original = {name: one for name, one in BESIDE[product](LOG_OF_AN_APPLICATION).items() if name != "eventName"}
    foreign = {**original, "message": written, "extra": FORGED}
    found = events(read(lines([{"_source": elastic(a_record(1))}, {"_source": foreign}])))
    assert (Delivery.WRAPPED, dump(a_record(1)).encode()) in found
    assert [raw for delivery, raw in found if delivery == Delivery.NATIVE] == [dump(foreign).encode()]


@pytest.mark.parametrize("nothing", [{"event": {"original": None}}, {"event": {"action": "x"}}, {"_raw": ""}])
def test_an_original_in_name_alone_is_none(nothing: Json) -> None:
    found = events(read(lines([{**nothing, "message": dump(a_record(1))}])))
    assert found == [(Delivery.WRAPPED, dump(a_record(1)).encode())]


@pytest.mark.parametrize("detail", [{"message": dump(FORGED)}, {"body": {"Records": [FORGED]}}, dump(FORGED), [FORGED]])
def test_the_detail_of_an_event_of_eventbridge_is_a_record_or_holds_none(detail: object) -> None:
    envelope = {"detail-type": "State Change", "source": "aws.something", "detail": detail}
    assert [raw for item in read(lines([envelope])) if isinstance(item, Records) for raw in item.raw] == [
        dump(envelope).encode()
    ]


@pytest.mark.parametrize("product", [name for name in BESIDE if name not in ("EventBridge", "Insights, of a console")])
def test_which_record_one_is_does_not_depend_on_its_neighbours(product: str) -> None:
    """What stands among the members of the record itself, as it came, is the record."""
    both = {**a_record(1), **BESIDE[product](dump(a_record(1))), "p_row_id": "1"}
    inner = (Delivery.WRAPPED, dump(a_record(1)).encode())
    others = [a_record(2), {"eventVersion": "1.08", "message": dump(FORGED)}]
    beside = [(Delivery.NATIVE, dump(other).encode()) for other in others]
    assert events(read(lines([both]))) == [inner]
    assert events(read(lines([both, *others]))) == [inner, *beside]
    assert events(read(lines([*others, both]))) == [*beside, inner]


@pytest.mark.parametrize("product", BESIDE)
def test_a_copy_of_the_original_beside_it_is_nothing_else(product: str) -> None:
    original = dump(a_record(1))
    for message in (original, "GetObject by alice"):
        both = {**BESIDE[product](original), "message": message}
        assert events(read(lines([both]))) == [(Delivery.WRAPPED, original.encode())]


def test_an_original_that_is_damaged_makes_no_record_of_the_message_beside_it() -> None:
    record = dump(a_record(1))
    both = {"event": {"original": record[:-9]}, "message": dump(FORGED)}
    found = [raw for _, raw in events(read(lines([both])))]
    assert found == [record[:-9].encode(), dump(dump(FORGED)).encode()]


@pytest.mark.parametrize(
    "column", ["@message", "_raw", "event.original", "CloudTrailEvent", "eventName,eventSource,@message"]
)
def test_a_column_of_messages_is_none_beside_that_of_the_original(column: str) -> None:
    original, names = dump(a_record(1)), column.split(",")
    table = rows_of(f"message,{column}", [[dump(FORGED), *["x"] * (len(names) - 1), original]])
    assert events(read(table)) == [(Delivery.WRAPPED, original.encode())]


def test_a_value_is_looked_into_only_beside_what_is_of_kafka() -> None:
    for beside in ({"topic": "trail"}, {"key": "x", "offset": 1, "partition": 1}):
        value = {**beside, "value": dump(a_record(1))}
        assert events(read(lines([value]))) == [(Delivery.NATIVE, dump(value).encode())]


def test_a_message_beside_records_that_is_none_is_not_lost() -> None:
    data = {"logEvents": [{"message": dump(a_record(1))}, {"message": dump(a_record(2))[:-9]}]}
    found = [raw for item in read(lines([data])) if isinstance(item, Records) for raw in item.raw]
    assert found == [dump(a_record(1)).encode(), dump(a_record(2))[:-9].encode()]
    data["logEvents"][1]["message"] = "not JSON"
    found = [raw for item in read(lines([data])) if isinstance(item, Records) for raw in item.raw]
    assert found == [dump(a_record(1)).encode(), dump(data["logEvents"][1]).encode()]


@pytest.mark.parametrize(
    "line",
    [
        "{whole} {second}",
        "{cut}{whole}",
        'ent"}}{whole}{end},{second}',
        "<134>Oct  4 10:00:00 collector {whole},{second}",
        "Message: {whole},Message: {second}",
        "<134>Oct  4 10:00:00 collector {whole}{end}",
    ],
)
def test_a_line_with_more_than_a_record_loses_none(line: str) -> None:
    whole, second = dump(a_record(1)), dump(a_record(2))
    data = line.format(whole=whole, second=second, cut=second[: len(second) // 2], end=second[len(second) // 2 :])
    found = read(data.encode())
    assert whole.encode() in [raw for item in found if isinstance(item, Records) for raw in item.raw]
    if "{second}" in line:
        assert second.encode() in [raw for item in found if isinstance(item, Records) for raw in item.raw]
    else:
        assert any(isinstance(item, Rejected) for item in found)


@pytest.mark.parametrize(
    "value", [a_record(1), sqs_of_sns([a_record(1)]), event_bridge(a_record(1))], ids=["record", "sqs", "EventBridge"]
)
def test_json_on_one_line_without_its_start_is_no_header_of_a_table(value: Json) -> None:
    text = dump(value).encode()
    for cut in range(1, len(text), 7):
        for data in (text[cut:], text[cut:] + text, text[cut:] + text[:cut], text[cut:] + b',"eventName":{}' + text):
            with suppress(NotJson, Unreadable):
                assert read(data), data


@pytest.mark.parametrize("text", ["a: {quoted}\nb: 1\n", "message={quoted} host=a\nnothing\n"])
def test_records_in_text_of_an_unknown_form_are_a_failure(text: str) -> None:
    with pytest.raises(Unreadable, match="in a form that is not read"):
        read(text.format(quoted=dump(dump(a_record(1)))).encode())
    with pytest.raises(NotJson):
        read(text.format(quoted=dump(dump({"eventSource": ["iam.amazonaws.com"]}))).encode())


def test_an_envelope_that_names_a_member_twice_is_not_opened() -> None:
    data = b'{"detail":%b,"detail":%b}' % (dump(a_record(1)).encode(), dump(a_record(2)).encode())
    assert [raw for _, raw in events(read(data))] == [data]


@pytest.mark.parametrize("wrapping", ["lookup-events", "filter-log-events", "under a key", "elastic search"])
def test_a_container_larger_than_a_record_may_be_is_read_all_the_same(
    wrapping: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forensics.formats.record_stream.MAX_RECORD_BYTES", 1 << 14)
    monkeypatch.setattr("forensics.formats.record_stream._WINDOW_BYTES", 1 << 12)
    records = [a_record(number) for number in range(200)]
    assert parsed(events(read(WRAPPED[wrapping](records)))) == sorted(records, key=dump)


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ({"eventVersion": "1.07", "eventType": "AwsCloudTrailInsight", "eventCategory": "Insight"}, "Insight events"),
        (
            {"eventVersion": "1.0", "eventType": "AwsAggregatedEvent", "eventCategory": "Aggregated"},
            "aggregated events",
        ),
        ({"messageType": "CONTROL_MESSAGE", "logEvents": []}, "control messages of CloudWatch Logs"),
        ({"index": {"_index": "logs"}}, "bulk actions of Elasticsearch"),
        ({"detail-type": "EC2 Instance State-change Notification"}, "other events of EventBridge"),
        ({"class_uid": 4001, "metadata": {"product": {"name": "Amazon VPC"}}}, "OCSF events of other sources"),
        (
            {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "eventTime": "x"},
            "notifications of other services",
        ),
        ({"preview": False, "lastrow": True}, "notes of a Splunk search"),
        (a_record(1), None),
        ({"a": 1}, None),
        ({"detail-type": "x", "detail": {"eventName": "x"}}, None),
    ],
)
def test_what_is_known_to_be_no_event_is_called_by_its_name(value: Json, what: str | None) -> None:
    assert why_left_out(dump(value).encode()) == what


@pytest.mark.parametrize("data", [b"a,b\n1,2\n", b"name,arn\nx,y\n", b"<xml/>", b"PK", b"text"])
def test_what_is_none_of_all_this_is_told(data: bytes) -> None:
    with pytest.raises(NotJson):
        read(data)


def broken_rows() -> list[tuple[str, Json, list[Any]]]:
    """Documents of queries, each with its list of rows."""
    insights = json.loads(WRAPPED["insights"]([a_record(1), a_record(2)]))
    values = [[dump(a_record(number))] for number in (1, 2)]
    table: Json = {"columns": [{"name": "@message"}], "rows": values}
    athena: Json = {
        "ResultSet": {
            "Rows": [{"Data": [{"VarCharValue": text} for text in row]} for row in values],
            "ResultSetMetadata": {"ColumnInfo": [{"Name": "eventjson"}]},
        }
    }
    return [
        ("insights", insights, insights["results"]),
        ("table", table, values),
        ("athena", athena, athena["ResultSet"]["Rows"]),
    ]


@pytest.mark.parametrize("name", ["insights", "table", "athena"])
@pytest.mark.parametrize("broken", [[{}, {}], {}, [], "x", None, 1, ["x", "y"], {"Data": 1}])
def test_a_row_of_another_form_is_rejected_and_not_lost(name: str, broken: object) -> None:
    document, rows = next((document, rows) for other, document, rows in broken_rows() if other == name)
    rows[1] = broken
    found = read(dump(document).encode())
    assert [item for item in found if isinstance(item, Rejected)]
    assert [raw for item in found if isinstance(item, Records) for raw in item.raw] == [dump(a_record(1)).encode()]


def test_a_broken_row_costs_that_row() -> None:
    rows = REBUILT["event history"]([a_record(1), a_record(2), a_record(3)]).splitlines(keepends=True)
    rows[2] = rows[2].replace(b",", b"", 1)
    found = read(b"".join(rows))
    assert [item.reason for item in found if isinstance(item, Rejected)] == ["the row has 15 fields, the table 16"]
    assert sum(len(item.raw) for item in found if isinstance(item, Records)) == 2


def test_a_parquet_file_may_have_any_type_anywhere(tmp_path: Path) -> None:
    """Hive writes text as bytes, pandas NaN for nothing; a column that no record has is kept all the same."""
    odd = pa.table(
        {
            "eventname": pa.array([b"GetObject"], pa.binary()),
            "eventsource": ["s3.amazonaws.com"],
            "eventtime": [datetime(2026, 10, 1, 12, tzinfo=UTC)],
            "useridentity": [{"type": b"IAMUser", "accesskeyid": b"AKIA\xff"}],
            "errorcode": [math.nan],
            "day": [date(2026, 10, 1)],
            "cost": [Decimal("1.5")],
            "tags": pa.array([[(b"k", math.inf)]], pa.map_(pa.binary(), pa.float64())),
        }
    )
    sink = io.BytesIO()
    pq.write_table(odd, sink)
    ((delivery, raw),) = events(read(sink.getvalue(), tmp_path))
    assert delivery == Delivery.REBUILT
    assert json.loads(raw.decode("utf-8", "replace")) == {
        "eventName": "GetObject",
        "eventSource": "s3.amazonaws.com",
        "eventTime": "2026-10-01T12:00:00Z",
        "userIdentity": {"type": "IAMUser", "accessKeyId": "AKIA\ufffd"},
        "day": "2026-10-01",
        "cost": "1.5",
        "tags": {"k": None},
    }


def test_a_row_that_can_be_read_in_two_ways_is_no_record() -> None:
    (found,) = read(b"eventname,eventsource,Event name\nGetObject,s3.amazonaws.com,AssumeRole\n")
    assert isinstance(found, Rejected)
    assert found.reason == "two columns contain its eventName"
    assert found.raw == b"GetObject,s3.amazonaws.com,AssumeRole"


def test_a_fault_of_a_reader_costs_its_file_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(*_: object) -> bytes:
        raise KeyError("x")

    monkeypatch.setattr("forensics.formats.event_tables.record_of", faulty)
    with pytest.raises(Unreadable, match=r"bug in this program.*KeyError: 'x'"):
        read(b"eventname,eventsource\na,b\n")


def test_a_column_that_no_record_has_stays_in_the_record() -> None:
    rows = "eventname,eventsource,sessionColour,region\nGetObject,s3.amazonaws.com,blue,\n"
    assert parsed(events(read(rows.encode()))) == [
        {"eventName": "GetObject", "eventSource": "s3.amazonaws.com", "sessionColour": "blue"}
    ]


def test_archives_are_told_by_their_content(tmp_path: Path) -> None:
    for name, make in {"zip": zipfile.ZipFile, "tar": tarfile.TarFile}.items():
        with make(tmp_path / name, "w") as archive:
            (archive.write if isinstance(archive, zipfile.ZipFile) else archive.add)(__file__, "a.py")
        contents = open_contents(io.BytesIO((tmp_path / name).read_bytes()), Measure(), tmp_path)
        assert isinstance(contents, Archive)
        (member,) = contents.members
        assert member.name == "a.py"
