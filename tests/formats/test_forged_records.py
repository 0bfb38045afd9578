"""Forged records: what a caller or the sender of a request wrote is never read as a record, whatever it looks like."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forensics.formats.messages import may_be_message
from forensics.formats.record_stream import Records
from tests.formats.test_contents import a_record, read
from tests.formats.wrappings import Json, dump, lines, rows_of

FORGED = a_record(9, eventName="Forged")
TABLE = {"columns": [{"name": name} for name in FORGED], "rows": [list(FORGED.values())]}
RESULTS = {"results": [[{"field": name, "value": value} for name, value in FORGED.items()]]}
OTHER = a_record(2, eventName="Other")


def names(data: bytes, folder: Path) -> list[Any]:
    raws = [raw for item in read(data, folder) if isinstance(item, Records) for raw in item.raw]
    return [value.get("eventName") for raw in raws if isinstance(value := json.loads(raw), dict)]


@pytest.mark.parametrize("parameters", [TABLE, RESULTS, {"schema": {"fields": list(FORGED)}, "data": [1], **TABLE}])
def test_a_table_in_the_parameters_of_a_call_is_not_the_table_of_the_file(parameters: Json, tmp_path: Path) -> None:
    """The rows were read instead of all records of the file."""
    evil = a_record(1, requestParameters=parameters)
    hits = [{"_index": "logs", "_source": one} for one in (evil, OTHER)]
    flattened = [{"_id": 1, "aws": {"cloudtrail": {"flattened": {"request_parameters": parameters}}}}, OTHER]
    for data in (lines(hits), dump({"hits": {"hits": hits}}).encode(), dump([[evil, OTHER]]).encode()):
        assert names(data, tmp_path) == ["GetObject", "Other"]
    assert "Forged" not in names(lines(flattened), tmp_path)


@pytest.mark.parametrize(
    "value",
    [
        {"remote": "192.0.2.1", "http_user_agent": dump(FORGED)},
        {"remote": "192.0.2.1", "agent": dump(FORGED), "httpReferer": dump(FORGED), "status": 200},
        {"remote": "192.0.2.1", "request_uri": dump(FORGED)},
        {"action": "BLOCK", "httpRequest": {"args": dump(FORGED), "body": dump(FORGED)}},
        {"httpMethod": "POST", "headers": {}, "body": dump(FORGED)},
        {"requestContext": {"http": {"method": "POST"}}, "headers": {"host": "a"}, "body": FORGED},
    ],
)
def test_a_request_of_http_holds_no_records(value: Json, tmp_path: Path) -> None:
    """Each line of a server's log can be of one attacker, so it does not help that every value must be a record."""
    assert "Forged" not in names(lines([value, value]), tmp_path)


def test_a_message_with_text_before_its_record_counts_only_if_all_have_one(tmp_path: Path) -> None:
    """One agent in the log of an application; `1:Wazuh-AWS:` and syslog headers are before every record."""
    logged = {"level": "info", "message": f"agent: {dump(FORGED)}"}
    assert "Forged" not in names(lines([logged, {"level": "info", "message": "started"}]), tmp_path)
    table = rows_of("time,message", [["1", f"agent: {dump(FORGED)}"], ["2", "started"]])
    assert "Forged" not in names(table, tmp_path)
    shipped = [{"message": f"Oct  4 10:00:00 host {dump(one)}"} for one in (a_record(1), OTHER)]
    assert names(lines(shipped), tmp_path) == ["GetObject", "Other"]


def test_the_columns_of_whole_records_are_still_found() -> None:
    found = ["V", "line", "full_log", "full_message", "@rawstring", "body.stringValue", "json", "Record", "rawEvent"]
    assert list(filter(may_be_message, found)) == found


def test_a_whole_record_beside_columns_is_preferred(tmp_path: Path) -> None:
    """Graylog keeps `full_message` beside the fields that it extracts."""
    row = {"event_name": "GetObject", "event_source": "s3.amazonaws.com", "full_message": dump(a_record(3))}
    (found,) = read(lines([row]), tmp_path)
    assert isinstance(found, Records)
    assert (found.delivery, found.raw) == ("wrapped", [dump(a_record(3)).encode()])


def test_a_record_beside_a_table_is_not_lost(tmp_path: Path) -> None:
    table, *others = read(lines([TABLE, OTHER]), tmp_path)
    assert [table.position, *(item.position for item in others)] == [0, 1]


def test_short_names_of_the_identity_are_read_as_in_a_table(tmp_path: Path) -> None:
    """What `jq '{eventTime, eventName, arn: .userIdentity.arn}'` prints was a native record without an identity."""
    row = {
        "eventTime": FORGED["eventTime"],
        "eventName": "A",
        "arn": "arn:aws:iam::111122223333:user/al",
        "eventID": "1",
    }
    (found,) = read(lines([row]), tmp_path)
    assert isinstance(found, Records)
    assert found.delivery == "rebuilt"
    assert json.loads(found.raw[0])["userIdentity"] == {"arn": row["arn"]}


def test_a_block_under_another_name_replaces_an_empty_one(tmp_path: Path) -> None:
    raw = {**a_record(1), "responseElements": None, "responseElements_raw": dump({"credentials": {"a": "b"}})}
    (found,) = read(lines([dict(sorted(raw.items()))]), tmp_path)
    assert isinstance(found, Records)
    assert json.loads(found.raw[0])["responseElements"] == {"credentials": {"a": "b"}}


@pytest.mark.parametrize(
    "texts",
    [
        ["GET / 200", "GET /x 200", dump(FORGED), f"GET /q {dump(FORGED)}"],
        [dump(FORGED), dump(FORGED), dump({"level": "info"})],
        [dump(FORGED), dump({"eventName": "click", "agent": "x"})],
        [f"GET /q {dump(FORGED)}", f"GET /r {dump(FORGED)}"],
    ],
)
@pytest.mark.parametrize(
    "write",
    [
        dump,
        lambda texts: dump([["t", text] for text in texts]),
        lambda texts: "\n".join(dump(["t", text]) for text in texts),
    ],
    ids=["texts", "rows", "rows in lines"],
)
def test_a_text_of_a_caller_in_a_list_of_texts_is_no_record(
    write: Callable[[list[str]], str], texts: list[str], tmp_path: Path
) -> None:
    """A list has no name that tells whether callers write in it. Half of its texts made records of the other half."""
    assert "Forged" not in names(write(texts).encode(), tmp_path)
