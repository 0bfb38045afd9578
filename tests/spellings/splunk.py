"""Splunk: the sourcetype aws:cloudtrail, exported with its raw events or with extracted fields only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.spellings.containers import document, dump, json_lines, moment, table_of
from tests.spellings.spelling import medium, same
from tests.spellings.world import Json


def _fields(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the fields that Splunk extracts from JSON: `{}` after the name of a list, and null as text.

    https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Spath
    """
    if isinstance(value, Mapping):
        for name, held in value.items():
            yield from _fields(held, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for held in value:
            yield from _fields(held, f"{path}{{}}")
    else:
        yield path, str(value).lower() if isinstance(value, bool) else "null" if value is None else str(value)


def _extracted(record: Json) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for name, text in _fields(record):
        fields.setdefault(name, []).append(text)
    return fields


def _own(record: Json) -> Json:
    """The fields that Splunk adds to each event."""
    return {
        "_time": f"{moment(record):%Y-%m-%dT%H:%M:%S}.000+00:00",
        "host": "splunk-hf-1",
        "index": "aws",
        "source": "s3://trail/AWSLogs/111122223333/CloudTrail/us-east-1/2026/10/04/a.json.gz",
        "sourcetype": "aws:cloudtrail",
        "splunk_server": "idx-1",
        "tag::eventtype": "cloud",
    }


def _one_or_many(values: list[str]) -> Any:
    return values[0] if len(values) == 1 else values


@same("1791108000_1.csv")
def splunk_csv(records: Sequence[Json]) -> bytes:
    """Export results, CSV, with `_raw` beside extracted fields.

    https://docs.splunk.com/Documentation/Splunk/latest/Search/Exportsearchresults
    """
    rows = [
        _own(record)
        | {name: "\n".join(values) for name, values in _extracted(record).items() if name.startswith("resources{}")}
        | {"_raw": dump(record), "eventName": record["eventName"], "_cd": f"1:{number}"}
        for number, record in enumerate(records)
    ]
    columns = sorted({name for row in rows for name in row} | {"resources{}.ARN", "date_zone", "linecount"})
    return table_of(rows, columns)


@same("1791108000_1.json")
def splunk_json(records: Sequence[Json]) -> bytes:
    """Export results, JSON. https://docs.splunk.com/Documentation/Splunk/latest/Search/Exportsearchresults"""
    rows = [_own(record) | {"_raw": dump(record), "userAgent": record["userAgent"]} for record in records]
    last = len(rows) - 1
    return json_lines(
        {"preview": False, "offset": number, **({"lastrow": True} if number == last else {}), "result": row}
        for number, row in enumerate(rows)
    )


@same("splunk-results.json")
def splunk_api(records: Sequence[Json]) -> bytes:
    """`search/jobs/{id}/results?output_mode=json`. https://docs.splunk.com/Documentation/Splunk/latest/RESTREF/RESTsearch"""
    rows = [_own(record) | {"_raw": dump(record)} for record in records]
    fields = [{"name": name} for name in rows[0]]
    return document({"preview": False, "init_offset": 0, "messages": [], "fields": fields, "results": rows}, None)


@medium("1791108000_2.json")
def splunk_json_fields(records: Sequence[Json]) -> bytes:
    """Export results, JSON, of a search that ends with `| table *` or `| fields - _raw`.

    https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Table
    """
    rows = [
        {name: _one_or_many(values) for name, values in _extracted(record).items()} | _own(record) for record in records
    ]
    return json_lines({"preview": False, "offset": number, "result": row} for number, row in enumerate(rows))


@medium("1791108000_2.csv")
def splunk_csv_fields(records: Sequence[Json]) -> bytes:
    """Export results, CSV, of a search that ends with `| table *`: values of one field stand on lines of a cell.

    https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Table
    """
    rows = [
        {name: "\n".join(values) for name, values in _extracted(record).items()} | _own(record) for record in records
    ]
    return table_of(rows)
