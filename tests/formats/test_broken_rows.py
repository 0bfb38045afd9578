"""A row that cannot be read is rejected, in every container and at every place, and costs no other row."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from forensics.formats.record_stream import Delivery, Records, Rejected
from forensics.records.columns import SourceRecords, to_batch
from tests.formats.test_contents import a_record, read
from tests.formats.wrappings import dump, lines

FIRST, SECOND = a_record(1), a_record(2)
NAMES = list(FIRST)
Json = dict[str, Any]


def texts(record: Json) -> list[str]:
    return [dump(value) if isinstance(value, (dict, list)) else value for value in record.values()]


def cells(record: Json) -> list[Any]:
    return list(record.values())


def columns(record: Json) -> Json:
    return dict(zip([name.lower() for name in NAMES], texts(record), strict=True))


def described(name: str) -> list[Json]:
    return [{name: column} for column in NAMES]


def athena(values: Sequence[str]) -> Json:
    return {"Data": [{"VarCharValue": value} for value in values]}


CONTAINERS: dict[str, tuple[Callable[[Json], Any], Callable[[list[Any]], Any]]] = {
    "Logs Insights, messages": (
        lambda one: [{"field": "@message", "value": dump(one)}],
        lambda rows: {"results": rows},
    ),
    "Logs Insights, fields": (
        lambda one: [{"field": name, "value": value} for name, value in zip(NAMES, texts(one), strict=True)],
        lambda rows: {"results": rows, "status": "Complete"},
    ),
    "CloudTrail Lake": (
        lambda one: [{name: value} for name, value in zip(NAMES, texts(one), strict=True)],
        lambda rows: {"QueryStatus": "FINISHED", "QueryResultRows": rows},
    ),
    "Athena": (
        lambda one: athena(texts(one)),
        lambda rows: {
            "ResultSet": {"Rows": [athena(NAMES), *rows], "ResultSetMetadata": {"ColumnInfo": described("Name")}}
        },
    ),
    "Log Analytics": (texts, lambda rows: {"tables": [{"columns": described("name"), "rows": rows}]}),
    "Elasticsearch ES|QL": (cells, lambda rows: {"columns": described("name"), "values": rows}),
    "OpenSearch PPL": (cells, lambda rows: {"schema": described("name"), "datarows": rows}),
    "ClickHouse JSONCompact": (cells, lambda rows: {"meta": described("name"), "data": rows}),
    "ClickHouse JSON": (columns, lambda rows: {"meta": described("name"), "data": rows}),
    "BigQuery": (
        lambda one: {"f": [{"v": value} for value in texts(one)]},
        lambda rows: {"schema": {"fields": described("name")}, "rows": rows},
    ),
    "lists below a header": (cells, lambda rows: [NAMES, *rows]),
    "lists of texts": (lambda one: [one["eventTime"], one["eventName"], dump(one)], lambda rows: rows),
    "rows": (columns, lambda rows: rows),
    "rows in an envelope": (columns, lambda rows: {"total": 3, "items": rows}),
    "Splunk results": (lambda one: {"_raw": dump(one)}, lambda rows: {"preview": False, "results": rows}),
    "Splunk json_rows": (lambda one: [dump(one), "x"], lambda rows: {"fields": ["_raw", "_time"], "rows": rows}),
    "Elasticsearch hits": (
        lambda one: {"_source": {"event": {"original": dump(one)}}},
        lambda rows: {"hits": {"total": 3, "hits": rows}},
    ),
    "filter-log-events": (lambda one: {"timestamp": 1, "message": dump(one)}, lambda rows: {"events": rows}),
    "lookup-events": (lambda one: {"CloudTrailEvent": dump(one)}, lambda rows: {"Events": rows}),
    "Loki": (
        lambda one: ["1790000000", dump(one)],
        lambda rows: {"data": {"result": [{"stream": {}, "values": rows}]}},
    ),
    "trail file": (lambda one: one, lambda rows: {"Records": rows}),
    "EventBridge events": (lambda one: {"detail-type": "x", "source": "aws.s3", "detail": one}, lambda rows: rows),
}
BROKEN: dict[str, Any] = {"object": {}, "null": None, "number": 7, "text": "x", "list": []}


def counts(text: bytes, folder: Path) -> tuple[int, int]:
    """Return the numbers of records and of rejected values."""
    found = list(read(text, folder))
    batch = to_batch([SourceRecords(item, "sha256") for item in found if isinstance(item, Records)], {})
    rejected = sum(isinstance(item, Rejected) for item in found) + sum(map(len, batch.rejected))
    return batch.events.num_rows, rejected


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_broken_row_is_rejected_and_costs_no_other(container: str, tmp_path: Path) -> None:
    row, document = CONTAINERS[container]
    wrong: dict[tuple[str, int], tuple[int, int]] = {}
    for name, broken in BROKEN.items():
        for place in range(3):
            rows = [row(FIRST), row(SECOND)]
            rows.insert(place, broken)
            found = counts(dump(document(rows)).encode(), tmp_path)
            if found != (2, 1):
                wrong[name, place] = found
    assert not wrong


@pytest.mark.parametrize("place", range(3))
def test_a_text_that_is_cut_in_a_list_of_texts_is_rejected(place: int, tmp_path: Path) -> None:
    rows: list[Any] = [["2026-10-01", dump(FIRST)], ["2026-10-01", dump(SECOND)]]
    rows.insert(place, ["2026-10-01", dump(FIRST)[:60]])
    assert counts(dump(rows).encode(), tmp_path) == (2, 1)


def test_a_broken_line_below_a_header_is_rejected(tmp_path: Path) -> None:
    text = lines([NAMES, cells(FIRST), cells(SECOND)]).splitlines()
    text.insert(2, text[1][:80])
    assert counts(b"\n".join(text), tmp_path) == (2, 1)


def test_a_broken_page_of_results_is_rejected(tmp_path: Path) -> None:
    page = dump({"results": [[{"field": "@message", "value": dump(FIRST)}]]}).encode()
    assert counts(b"\n".join([page, page[:60], page]), tmp_path) == (2, 1)


@pytest.mark.parametrize("line", ["null", "7", "true", '""', '"x"'])
@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("written", [dump, lambda one: dump({"message": dump(one)})], ids=["native", "wrapped"])
def test_a_value_alone_in_a_line_costs_no_record(
    line: str, place: int, written: Callable[[Json], str], tmp_path: Path
) -> None:
    text = [written(FIRST), written(SECOND)]
    text.insert(place, line)
    assert counts("\n".join(text).encode(), tmp_path)[0] == 2


@pytest.mark.parametrize("line", ["nope", "\0", "# exported"])
def test_a_line_of_text_before_the_records_costs_none(line: str, tmp_path: Path) -> None:
    text = [line, dump(FIRST), dump(SECOND)]
    assert counts("\n".join(text).encode(), tmp_path)[0] == 2


def test_the_first_of_a_list_of_texts_is_not_a_header(tmp_path: Path) -> None:
    """Its record was taken for the name of a column."""
    rows = [["t", json.dumps({"eventVersion": "1", "eventName": "A", "eventSource": "b"})] for _ in range(2)]
    assert counts(dump(rows).encode(), tmp_path) == (2, 0)


def test_the_cells_beside_a_record_are_not_rows(tmp_path: Path) -> None:
    assert counts(dump([["cloudtrail", 1790000000, FIRST], ["cloudtrail", 1790000001, SECOND]]).encode(), tmp_path) == (
        2,
        0,
    )


WRAPPERS: dict[str, Callable[[Json], Any]] = {
    "message": lambda one: {"message": dump(one)},
    "log": lambda one: {"log": one},
    "row": lambda one: [1790000000.5, one],
    "row of Fluent Bit": lambda one: [1790000000.5, {"log": one}],
    "row with a text": lambda one: ["2026-10-04T10:00:00Z", one],
}


# the first line shows that a file has rows, so it is not broken there
PLACES = [(name, place) for name in WRAPPERS for place in (0, 1, 2, None) if place != 0 or "row" not in name]


@pytest.mark.parametrize("cut", [30, 200, -2])
@pytest.mark.parametrize(("wrapper", "place"), PLACES)
def test_a_broken_line_of_wrapped_records_costs_no_other(
    wrapper: str, place: int | None, cut: int, tmp_path: Path
) -> None:
    """The rest of the file was rejected with the broken line, and rows were called a truncated list."""
    text = [dump(WRAPPERS[wrapper](one)) for one in (FIRST, SECOND)]
    if place is not None:
        text.insert(place, text[0][:cut])
    found = list(read("\n".join(text).encode(), tmp_path))
    whole = [item for item in found if isinstance(item, Records)]
    records = [raw for item in whole for raw in item.raw if item.delivery == Delivery.WRAPPED]
    rejected = counts("\n".join(text).encode(), tmp_path)[1]
    assert records == [dump(FIRST).encode(), dump(SECOND).encode()]
    assert not any(item.resynchronised for item in whole if item.delivery == Delivery.WRAPPED)
    assert (rejected > 0) == (place is not None)


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("text", [dump(FIRST)[:-1], f" {dump(FIRST)[:60]}", dump(FIRST)[:-40] + "}"])
@pytest.mark.parametrize("row", [lambda text: text, lambda text: ["2026-10-04", text]], ids=["texts", "rows of texts"])
def test_a_damaged_record_in_a_list_of_texts_costs_no_other(
    row: Callable[[str], Any], text: str, place: int, tmp_path: Path
) -> None:
    rows = [row(dump(FIRST)), row(dump(SECOND))]
    rows.insert(place, row(text))
    assert counts(dump(rows).encode(), tmp_path) == (2, 1)


@pytest.mark.parametrize("members", [("Users", "Records"), ("Records", "Users"), ("Accounts", "events")])
def test_records_beside_an_export_are_read_and_the_export_is_rejected(members: tuple[str, str], tmp_path: Path) -> None:
    """The file was an export, and its records were lost."""
    values = {"Users": [{"UserId": "u"}], "Accounts": [{"Id": "1"}], "Records": [FIRST, SECOND], "events": [FIRST]}
    found, rejected = counts(dump({member: values[member] for member in members}).encode(), tmp_path)
    assert found == len(values[members[1] if members[1] != "Users" else "Records"])
    assert rejected == ("Records" in members)
