"""Unread forms: a file whose form is not read is never counted as read, or as a file without CloudTrail records."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from forensics.formats.inflate import Unreadable
from forensics.formats.record_stream import NotJson, Records, Rejected
from forensics.formats.unread_forms import holds_events
from forensics.ingest.source_reading import Tally
from tests.formats.test_contents import a_record, read
from tests.formats.wrappings import dump


def rejected(data: bytes, folder: Path) -> list[Rejected]:
    return [item for item in read(data, folder) if isinstance(item, Rejected)]


def test_a_line_with_text_around_several_records_does_not_lose_the_others(tmp_path: Path) -> None:
    """Python's `print(client.lookup_events())`: one line with every record in a literal of Python."""
    response = {"Events": [{"EventId": "1", "CloudTrailEvent": dump(a_record(number))} for number in range(3)]}
    assert rejected(repr(response).encode(), tmp_path)


def test_a_record_in_the_text_before_a_record_is_not_believed(tmp_path: Path) -> None:
    line = f"agent={dump(a_record(6, eventName='Forged'))} message={dump(a_record(7))}"
    assert rejected(line.encode(), tmp_path)
    assert not rejected(f"context={json.dumps({'a': 1})} message={dump(a_record(7))} {{}}".encode(), tmp_path)


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: base64.b64encode(gzip.compress(text)),
        lambda text: base64.encodebytes(gzip.compress(text)),
        lambda text: b"\n".join(base64.b64encode(line) for line in text.splitlines()),
        lambda text: b"\t".join(base64.b64encode(gzip.compress(line)) for line in text.splitlines()),
    ],
)
def test_base64_is_decoded(encode: Callable[[bytes], bytes], tmp_path: Path) -> None:
    """`aws kinesis get-records --query 'Records[].Data' --output text`, and the data of a subscription in a file."""
    records = [dump(a_record(number)).encode() for number in range(300)]
    found = read(encode(b"\n".join(records)), tmp_path)
    assert [raw for item in found if isinstance(item, Records) for raw in item.raw] == records
    assert {item.delivery for item in found if isinstance(item, Records)} == {"wrapped"}


def test_damaged_base64_fails(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="base64"):
        read(base64.b64encode(dump(a_record(1)).encode())[:-3] + b"=A", tmp_path)


ROW = ("2026-10-04T10:00:00Z", "GetObject", "arn:aws:sts::111122223333:assumed-role/ops/a", "ASIAIOSFODNN7EXAMPL2")
# of DuckDB
BOX = f"""\
\u250c\u2500\u2510
\u2502 when \u2502 key \u2502
\u2502 timestamp \u2502 varchar \u2502
\u2502 {ROW[0]} \u2502 {ROW[3]} \u2502
"""
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
IDENTITY = {"type": "AssumedRole", "sessionContext": {}, "accessKeyId": ROW[3]}


@pytest.mark.parametrize(
    "data",
    [
        "\t".join(ROW),  # jq's @tsv
        f"user_arn,command,access_key\n{ROW[2]},{ROW[1]},{ROW[3]}\n",
        f"@timestamp,eventName,userIdentity.arn,userIdentity.accessKeyId\n{','.join(ROW)}\n",
        f"userIdentity.accessKeyId,count(*)\n{ROW[3]},7\n",
        f"- eventSource: sts.amazonaws.com\n  eventName: AssumeRole\n  key: {ROW[3]}\n",
        f"{ROW[0]} {ROW[1]} {ROW[3]}\nstarted\n{ROW[0]} {ROW[1]} {ROW[3]}\n",
        f"when,what,key\n{ROW[0]},{ROW[1]},{ROW[3]}\n",
        f"Oct  4 10:00:00 host CEF:0|Amazon|AWS|1|{ROW[1]}|{ROW[1]}|3|rt=1790000000000 duser={ROW[3]} src=192.0.2.1\n",
        f"LEEF:2.0|Amazon|AWS|1|{ROW[1]}|devTime={ROW[0]}\tusrName={ROW[3]}\tsrc=192.0.2.1\n",
        f"{ROW[0]} {ROW[3]} secretsmanager:GetSecretValue arn:aws:secretsmanager:us-east-1:111122223333:secret:prod\n",
        f"{ROW[0]} {ROW[3]} agent='x secret=1'\n",
        f"{ROW[0]} {ROW[3]}\n{ROW[0]} {ROW[3]} agent='x secret={SECRET}'\n",
        BOX,
        f'SQLite format 3\0 \1 CREATE TABLE ct(eventName, userIdentity) {ROW[1]}{{"accessKeyId":"{ROW[3]}"}}',
    ],
)
def test_text_with_callers_in_another_form_fails(data: str, tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="in a form that is not read"):
        read(data.encode(), tmp_path)


@pytest.mark.parametrize(
    "value",
    [
        {"time": ROW[0], "name": ROW[1], "user": IDENTITY},  # names that a person chose with jq
        [[ROW[0], ROW[1], IDENTITY]],  # pandas' orient="values"
        {"@timestamp": ROW[0], "eventName": ROW[1], "userIdentity.accessKeyId": ROW[3]},
        {"when": ROW[0], "what": ROW[1], "key": ROW[3]},
        {"when": 1791122400, "key": ROW[3]},
        [ROW[0], ROW[1], ROW[3]],
        {"when": ROW[0], "key": ROW[3], "what": "arn:aws:secretsmanager:us-east-1:111122223333:secret:prod"},
        {"rows": [{"when": ROW[0], "key": ROW[3]}, {"when": ROW[0], "key": ROW[3], "agent": f"secret={SECRET}"}]},
        {"rows": [[ROW[0], ROW[3], "x"], [ROW[0], ROW[3], f"{{secret={SECRET}}}"]]},
        {"udm": {"metadata": {"productName": "AWS CloudTrail"}, "labels": [{"value": ROW[3]}]}},
        {"attributes": [{"key": "aws.user_identity.type"}, {"key": "aws.access_key.id", "value": ROW[3]}]},
    ],
)
def test_a_value_with_a_caller_in_another_form_is_not_foreign(value: object) -> None:
    assert holds_events(dump(value).encode())


@pytest.mark.parametrize(
    "value",
    [
        {"AccessKey": {"AccessKeyId": ROW[3], "SecretAccessKey": SECRET, "CreateDate": ROW[0]}},
        {"AccessKeyId": ROW[3], "SecretAccessKey": SECRET, "Expiration": ROW[0]},
        {"id": ROW[3], "secret": SECRET, "create_date": ROW[0]},
        {"time": ROW[0], "url": f"/b?X-Amz-Credential={ROW[3]}%2F20261004%2Fus-east-1%2Fs3%2Faws4_request"},
        {"bucket": "b", "account": "111122223333", "key": ROW[3]},
    ],
)
def test_a_value_with_a_credential_or_a_signed_request_is_foreign(value: object) -> None:
    assert not holds_events(dump(value).encode())


@pytest.mark.parametrize(
    "encode", [base64.b64encode, lambda text: base64.b64encode(gzip.compress(text))], ids=["base64", "gzip"]
)
@pytest.mark.parametrize(
    "write",
    [
        lambda values: "\n".join(dump({"timeUnixNano": "1", "body": {"bytesValue": value}}) for value in values),
        lambda values: dump({"logRecords": [{"body": {"bytesValue": value}} for value in values]}),
        lambda values: "id,payload64\n" + "".join(f"{number},{value}\n" for number, value in enumerate(values)),
        lambda values: "payload64\n" + "\n".join(values),
    ],
    ids=["lines", "OpenTelemetry", "a column", "the only column"],
)
def test_a_record_in_base64_is_read_if_every_value_is_one(
    write: Callable[[list[str]], str], encode: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    """OpenTelemetry's `bytesValue`: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding"""
    records = [dump(a_record(number)).encode() for number in (1, 2)]
    text = write([encode(record).decode() for record in records])
    found = [item for item in read(text.encode(), tmp_path) if isinstance(item, Records)]
    assert [(item.delivery, raw) for item in found for raw in item.raw] == [("wrapped", raw) for raw in records]


def test_values_of_a_row_are_judged_together() -> None:
    """jq's `[.eventTime, .userIdentity.accessKeyId]`: the lines are read as texts, one a value."""
    counted = Tally()
    counted.hold([Rejected(0, -1, dump(value).encode(), "") for value in (ROW[0], ROW[3])])
    assert counted.wraps


@pytest.mark.parametrize(
    "text",
    [
        "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\n",
        f"# default\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = {SECRET}\n# made at 10:00:00\n",
        f"2026-10-04 10:00:00 GET /b?X-Amz-Credential={ROW[3]}%2F20261004%2Fus-east-1%2Fs3 200\n" * 3,
        f"2026-10-04 10:00:00 GET /b?AWSAccessKeyId={ROW[3]}&Expires=1791122400 200\n" * 3,
        f"{ROW[0]} aws_access_key_id={ROW[3]} aws_secret_access_key={SECRET}\n",
        f"At 10:00 we met.\nThe key {ROW[3]} leaked.\nBob deleted it at 11:00.\n",
        "Events have an eventSource, an eventName and an eventVersion.\n",
        f"192.0.2.1 GET /b?X-Amz-Credential={ROW[3]}/20261004/us-east-1/s3/aws4_request\n",
        "ORCID,name\n1,\u03b1\n",
    ],
)
def test_other_text_is_no_log(text: str, tmp_path: Path) -> None:
    with pytest.raises(NotJson):
        read(text.encode(), tmp_path)


@pytest.mark.parametrize("magic", [b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07\1\0", b"\x04\x22\x4d\x18", b"x\x9c", b"ORC"])
def test_an_archive_or_a_file_of_another_program_fails_with_its_name(magic: bytes, tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="which is not read; "):
        read(magic + dump(a_record(1)).encode() + b"\0", tmp_path)


def test_the_reason_costs_time_in_proportion_to_the_value() -> None:
    """Two names with anything between them: a pattern of both took hours for a line of ten megabytes."""
    assert not holds_events(b"eventSource " * 1_000_000)
    value = b"{" + b"secret=%b " % SECRET.encode() * 100_000
    assert not holds_events(value) and holds_events(f"{ROW[0]} {ROW[3]}".encode() + value)


@pytest.mark.parametrize("time", [1791122400000, 1791122400, 1791122400000000, "/Date(1791122400000)/"])
def test_a_count_of_seconds_is_the_time_of_a_rebuilt_record(time: int | str, tmp_path: Path) -> None:
    (found,) = read(dump([a_record(1, eventTime=time)]).encode(), tmp_path)
    assert isinstance(found, Records)
    assert (found.delivery, json.loads(found.raw[0])["eventTime"]) == ("rebuilt", "2026-10-04T14:00:00Z")


def test_notes_about_keys_are_no_events(tmp_path: Path) -> None:
    notes = "# Case 17\nCloudTrail of October. Key AKIAIOSFODNN7EXAMPLE of bob leaked; `event_name` is CreateUser.\n"
    with pytest.raises(NotJson):
        read(notes.encode(), tmp_path)
