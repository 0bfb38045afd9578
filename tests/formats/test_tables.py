"""Tables: the rows of events in the containers of other products, with what they write around the names of fields."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forensics.formats.event_times import parse_time
from forensics.formats.inflate import Unreadable
from forensics.formats.record_names import path_of, spelled_path
from forensics.formats.record_stream import Delivery, Records, Rejected
from tests.formats.test_contents import a_record, events, read
from tests.formats.wrappings import dump, lines, rows_of

RECORD = a_record(1, responseElements={"credentials": {"accessKeyId": "ASIAIOSFODNN7EXAMPL2"}})
NAMES = list(RECORD)
KEY = "AKIAIOSFODNN7EXAMPLE"
ROW = list(RECORD.values())
FLAT = {
    "eventTime": RECORD["eventTime"],
    "eventName": RECORD["eventName"],
    "eventSource": RECORD["eventSource"],
    "userIdentity.arn": RECORD["userIdentity"]["arn"],
    "userIdentity.accessKeyId": RECORD["userIdentity"]["accessKeyId"],
    "responseElements.credentials.accessKeyId": "ASIAIOSFODNN7EXAMPL2",
}


def renamed(name: Callable[[str], str]) -> bytes:
    return rows_of(",".join(map(name, FLAT)), [[str(value) for value in FLAT.values()]])


TABLES: dict[str, bytes] = {
    "Elasticsearch ES|QL": dump({"columns": [{"name": name} for name in NAMES], "values": [ROW]}).encode(),
    "OpenSearch PPL": dump({"schema": [{"name": name} for name in NAMES], "datarows": [ROW], "total": 1}).encode(),
    "ClickHouse JSONCompactEachRowWithNames": lines([NAMES, ROW]),
    "lists below a header": dump([NAMES, ROW], indent=1).encode(),
    "Wazuh's dashboard": renamed(lambda name: f"data.aws.{name}"),
    "an index pattern's fields": renamed(lambda name: f"_source.data.aws.{name}"),
    "a JSON row with a prefix": dump({f"data.aws.{name}": value for name, value in FLAT.items()}).encode(),
    "Excel's line with the separator": b"\xef\xbb\xbfsep=,\r\n" + renamed(str),
    "PowerShell's line with the type": b"#TYPE System.Management.Automation.PSCustomObject\r\n" + renamed(str),
    "comments and a blank line": b"# export of 2026-10-04\n# 1 row\n\n" + renamed(str),
    "Snowflake's paths": renamed(lambda name: f"VALUE:{name.upper().replace('.', ':')}::STRING"),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_of_events_is_read(name: str, tmp_path: Path) -> None:
    (found,) = read(TABLES[name], tmp_path)
    assert isinstance(found, Records)
    assert found.delivery == Delivery.REBUILT
    record: dict[str, Any] = json.loads(found.raw[0])
    assert (record["eventName"], record["eventTime"]) == ("GetObject", "2026-10-01T12:00:00Z")
    assert record["userIdentity"]["accessKeyId"] == RECORD["userIdentity"]["accessKeyId"]
    assert record["responseElements"]["credentials"]["accessKeyId"] == "ASIAIOSFODNN7EXAMPL2"


def test_the_names_of_a_block_of_the_caller_are_no_columns(tmp_path: Path) -> None:
    row = {f"requestParameters.{name}": value for name, value in FLAT.items()}
    (found,) = read(dump({"id": 1, **row}).encode(), tmp_path)
    assert isinstance(found, Records)
    assert found.delivery == Delivery.NATIVE  # the decoder refuses it


def test_a_value_nested_too_deeply_costs_its_row(tmp_path: Path) -> None:
    """A caller chose it; the whole rest of the file was lost with a RecursionError."""
    deep = '{"a":' * 600 + "1" + "}" * 600
    table = rows_of("eventName,eventSource,requestParameters", [["A", "b", deep], ["B", "b", "{}"]])
    assert [type(item) for item in read(table, tmp_path)] == [Rejected, Records]


def test_a_document_of_too_many_values_fails_before_it_is_decoded(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="more values"):
        read(b'{"columns":["eventName"],"rows":[' + b"[]," * 500_000 + b"[]]}", tmp_path)


def test_names_and_times_of_any_length_are_not_cached() -> None:
    assert path_of("_" * 2_000 + "arn") is None
    assert spelled_path("_" * 2_000 + "eventName") is None
    assert parse_time("2026-10-04T10:00:00." + "0" * 200 + "Z") is None


def test_a_field_with_a_thousand_columns_keeps_each_value(tmp_path: Path) -> None:
    values = [f"v{number}" for number in range(1_000)]
    table = rows_of(",".join(["eventName", "eventSource", *["userIdentity.arn"] * 1_000]), [["A", "b", *values]])
    (found,) = read(table, tmp_path)
    assert isinstance(found, Records)
    assert json.loads(found.raw[0])["userIdentity.arn"] == values


def test_a_row_longer_than_its_header_is_rejected(tmp_path: Path) -> None:
    document = {"columns": [{"name": name} for name in NAMES], "rows": [ROW, [*ROW, "x"]]}
    assert [type(item) for item in read(dump(document).encode(), tmp_path)] == [Records, Rejected]


@pytest.mark.parametrize(
    "spelled",
    [
        {"userIdentity": {"type": "IAMUser", "principal_id": "AIDA1", "access_key_id": KEY}},
        {"userIdentity": {"Type": "IAMUser", "PrincipalId": "AIDA1", "AccessKeyId": KEY}},
        {"userIdentity": {"type": "IAMUser", "principalid": "AIDA1", "accesskeyid": KEY}},
        {"userIdentity": {"type": "IAMUser"}, "userIdentity.accessKeyId": KEY},
        {"userIdentity": {}, "userIdentity_type": "IAMUser", "userIdentity_accessKeyId": KEY},
    ],
    ids=["snake", "pascal", "lower", "beside", "beside an empty one"],
)
def test_an_identity_in_another_spelling_is_rebuilt(spelled: dict[str, object]) -> None:
    """A record with the names of a record around such an identity was native, and its key was lost."""
    raw = dump({"eventVersion": "1.08", **spelled, **{name: RECORD[name] for name in NAMES[2:]}})
    ((delivery, record),) = events(read(raw.encode()))
    assert delivery == Delivery.REBUILT
    assert json.loads(record)["userIdentity"].items() >= {"type": "IAMUser", "accessKeyId": KEY}.items()


@pytest.mark.parametrize(
    "before", ["[INFO] cloudtrail: ", "[2026-10-04T10:00:00Z] ", "[0] aws.cloudtrail: [[1.5, {}], "]
)
def test_text_in_brackets_before_each_record_is_no_list(before: str, tmp_path: Path) -> None:
    """The file was called truncated, and its records proved nothing."""
    text = "".join(f"{before}{dump(a_record(number))}{']' * before.endswith(', ')}\n" for number in (1, 2))
    found = events(read(text.encode(), tmp_path))
    assert [(delivery, json.loads(raw)["eventID"]) for delivery, raw in found] == [
        (Delivery.WRAPPED, "e-1"),
        (Delivery.WRAPPED, "e-2"),
    ]


@pytest.mark.parametrize("time", [{"$date": "2026-10-01T12:00:00Z"}, {"$date": {"$numberLong": "1790856000000"}}])
def test_a_time_in_an_object_is_read(time: object) -> None:
    """MongoDB's extended JSON: https://www.mongodb.com/docs/manual/reference/mongodb-extended-json/"""
    ((_, record),) = events(read(dump({**RECORD, "eventTime": time}).encode()))
    assert json.loads(record)["eventTime"] == "2026-10-01T12:00:00Z"


@pytest.mark.parametrize("write", [dump, lambda record: json.dumps(record, indent=1)], ids=["lines", "printed"])
def test_a_column_of_records_without_a_header_is_read(write: Callable[[object], str], tmp_path: Path) -> None:
    """Snowflake: https://docs.snowflake.com/en/sql-reference/sql/copy-into-location"""
    written = [write(a_record(number)) for number in (1, 2)]
    text = "".join('"{}"\n'.format(record.replace('"', '""')) for record in written)
    found = events(read(text.encode(), tmp_path))
    assert found == [(Delivery.WRAPPED, record.encode()) for record in written]


@pytest.mark.parametrize(
    "text",
    [
        "events:\n- eventId: '1'\n  message: '{0}'\n- eventId: '2'\n  message: '{1}'\n",
        "\nMessage   : {0}\nTimestamp : 1\n\n\nMessage   : {1}\nTimestamp : 2\n",
        "<134>Oct  4 10:00:00 host ct: {0}\n<134>Oct  4 10:00:01 host sshd: opened\n<134>Oct  4 host ct: {1}\n",
    ],
    ids=["YAML", "PowerShell's Format-List", "syslog with other lines"],
)
def test_a_record_in_text_is_not_native(text: str, tmp_path: Path) -> None:
    found = read(text.format(*(dump(a_record(number)) for number in (1, 2))).encode(), tmp_path)
    deliveries = [item.delivery for item in found if isinstance(item, Records) for _ in item.raw]
    assert deliveries == [Delivery.WRAPPED, Delivery.WRAPPED]


def test_a_lone_surrogate_costs_no_row(tmp_path: Path) -> None:
    cells = FLAT | {"requestParameters": '{"roleName":"a\\ud800b"}'}
    found = read(rows_of(",".join(cells), [[str(value) for value in cells.values()]] * 2), tmp_path)
    records = [json.loads(raw) for one in found if isinstance(one, Records) for raw in one.raw]
    assert [record["requestParameters"]["roleName"] for record in records] == ["a\ud800b"] * 2
