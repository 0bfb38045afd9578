"""JSON documents: reads results of queries, whose rows only have a meaning together with the document around them.

These are `get-query-results` of Athena, CloudTrail Lake and Logs Insights, tables of Log Analytics, BigQuery and
Tailpipe, and what `aws cloudtrail lookup-events --query` prints: lists of texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeGuard

import msgspec

from forensics.formats.inflate import Unreadable
from forensics.formats.rows import Cells
from forensics.formats.unwrap import holds_records, is_of_the_caller, names_a_record

MAX_DOCUMENT_BYTES = 128 << 20
# a value in memory needs many times the two bytes that it can have; a table of events has 20 bytes a value and more
_BYTES_OF_A_VALUE = 8
_SMALL_BYTES = 1 << 20
_NO_ROW = rb"null|true|false|-?\d[\d.eE+-]*+|\{\s*+\}"
# the start of a list of texts or lists, some of which can be broken, or of a line with one text
_TEXTS = re.compile(rb"\s*(?:\[\s*(?:(?:" + _NO_ROW + rb')\s*,\s*)*+["\[]|"\s*\{\s*\\")')
# broken rows at the start of a list of rows
_BROKEN_ROWS = rb"(?:(?:" + _NO_ROW + rb'|\{[^{}\[\]]*+\}|"[^"\\]*+")\s*,\s*)*+'
# the start of a table: Athena, CloudTrail Lake, Logs Insights, Log Analytics, ClickHouse, BigQuery, OpenSearch
_TABLE = re.compile(
    rb'"ResultSet"\s*:\s*\{|"(?:QueryResultRows|results)"\s*:\s*\[\s*' + _BROKEN_ROWS + rb"\["
    rb'|"(?:[Cc]olumns|meta|schema)"\s*:\s*\[\s*(?:"|\{\s*"(?:[Nn]ame|ColumnName)")|"schema"\s*:\s*\{\s*"fields"'
)
# members with the rows of a table beside the names of its columns
_ROWS = ("rows", "data", "values", "datarows")
# a member of a record; a caller can write a table into those behind it
_OF_A_RECORD = re.compile(rb'"(?:Records|event[A-Z]\w*|userIdentity|awsRegion|requestParameters)"\s*:')
_value = msgspec.json.Decoder().decode
_NOT_DECODED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def begins_as_document(head: bytes) -> bool:
    """Return whether a file begins with a list of texts or lists, a text, or a table of query results."""
    if _TEXTS.match(head):
        return True
    if head.lstrip()[:1] != b"{":
        return False
    # the search for a table is slow, and a native file has a record at its start
    record = _OF_A_RECORD.search(head)
    table = _TABLE.search(head, 0, record.end() if record else len(head))
    return table is not None and not (record and record.start() < table.start())


def read_document(pieces: Iterable[bytes]) -> list[bytes]:
    """Return the JSON values of a document: one, or one a line. Raises Unreadable."""
    content = bytearray()
    for piece in pieces:
        content += piece
        if len(content) > MAX_DOCUMENT_BYTES:
            raise Unreadable(
                f"it is a document of query results larger than {MAX_DOCUMENT_BYTES >> 20} MiB; export it as CSV"
            )
    if len(content) > _SMALL_BYTES and sum(map(content.count, b",[{")) > len(content) // _BYTES_OF_A_VALUE:
        raise Unreadable("it is a document of more values than a table of events has in as many bytes")
    try:
        return [bytes(msgspec.json.decode(bytes(content), type=msgspec.Raw))]
    except _NOT_DECODED:
        return [line for line in bytes(content).splitlines() if line.strip()]


def elements_of(values: Iterable[bytes]) -> list[bytes]:
    """Return the elements of the values that are lists, and the other values, also rows such as `[time, {record}]`."""
    elements: list[bytes] = []
    for raw in values:
        try:
            found = list(map(bytes, msgspec.json.decode(raw, type=list[msgspec.Raw])))
        except _NOT_DECODED:
            found = [raw]
        objects = sum(element.startswith((b"{", b"[")) for element in found)
        elements += [raw] if objects == 1 < len(found) and found[-1].startswith(b"{") else found
    return elements


def rows_in(values: list[bytes]) -> tuple[list[Cells], list[bytes]]:
    """Return the rows of the tables in some values, and the values beside them that are broken or have a record."""
    tables = [_rows_of(raw) for raw in values]
    rows = [row for table in tables for row in table]
    if not rows:
        return _rows_below_header(values), []
    others = [raw for raw, table in zip(values, tables, strict=True) if not table]
    return rows, [raw for raw in others if _is_broken(raw) or holds_records(raw)]


def _rows_below_header(values: list[bytes]) -> list[Cells]:
    """Return the rows of lists whose first list has the names of columns; empty if it has other values."""
    lists = values if len(values) > 1 else elements_of(values)
    names = _decoded(lists[0]) if lists else None
    return list(_aligned(names, map(_decoded, lists[1:]))) if _are_names(names) else []


def _are_names(value: Any) -> TypeGuard[list[str]]:
    """Return whether a value is a list of names, none of which is JSON."""
    is_of_texts = isinstance(value, list) and all(isinstance(name, str) for name in value)
    return is_of_texts and bool(value) and not any(name.lstrip().startswith(("{", "[")) for name in value)


def _decoded(raw: bytes) -> Any:
    """Return a JSON value; the text of a broken one."""
    try:
        return _value(raw)
    except _NOT_DECODED:
        return raw.decode("utf-8", "replace")


def _is_broken(raw: bytes) -> bool:
    try:
        _value(raw)
    except _NOT_DECODED:
        return True
    return False


def _rows_of(raw: bytes) -> list[Cells]:
    """Return the rows of the tables in a document; empty if it has none."""
    try:
        return list(_tables(_value(raw)))
    except _NOT_DECODED:
        return []


def _tables(value: Any) -> Iterator[Cells]:
    """Yield the rows of the tables in a document; a caller can write one into a record."""
    if isinstance(value, list):
        found = [_pairs(element) for element in value]
        is_table = any(found)
        for element, cells in zip(value, found, strict=True):
            if is_table:
                yield cells or _damaged(element)
            else:
                yield from _tables(element)
    elif isinstance(value, dict) and not names_a_record(value):
        members = {name.lower(): member for name, member in value.items()}
        names = _column_names(members)
        rows = next((rows for name in _ROWS if isinstance(rows := members.get(name), list)), None)
        if names and rows is not None:
            yield from _aligned(names, rows)
        else:
            for name, member in value.items():
                if not is_of_the_caller(name):
                    yield from _tables(member)


def _column_names(members: dict[str, Any]) -> list[str]:
    """Return the names of the columns that a document describes beside its rows."""
    schema = members.get("schema")
    schema = schema.get("fields") if isinstance(schema, dict) else schema
    described = members.get("columns") or members.get("meta") or schema
    metadata = members.get("resultsetmetadata")
    if not described and isinstance(metadata, dict):
        described = metadata.get("ColumnInfo")
    if not isinstance(described, list):
        return []
    names = [_name(column) for column in described]
    return [name for name in names if name] if all(names) else []


def _name(column: Any) -> str | None:
    if isinstance(column, dict):
        column = next((column[name] for name in ("name", "Name", "ColumnName", "columnName") if name in column), None)
    return column if isinstance(column, str) else None


def _aligned(names: list[str], rows: Iterable[Any]) -> Iterator[Cells]:
    """Yield rows that are lists of values in the order of the columns; the header row of Athena is not one."""
    for row in rows:
        values = _values(row)
        if values is None or len(values) > len(names):
            yield _damaged(row)
        elif values != names:
            yield list(zip(names, values, strict=False))


def _damaged(row: Any) -> Cells:
    """Return a row that has not the form of the others, so that it is rejected and not lost."""
    return [("damaged row", row)]


def _values(row: Any) -> list[Any] | None:
    """Return the values of a row: a list, Athena's `Data`, or BigQuery's `f`."""
    if isinstance(row, dict):
        row = row.get("Data", row.get("f"))
    if not isinstance(row, list):
        return None
    return [_cell_value(value) for value in row]


def _cell_value(value: Any) -> Any:
    if isinstance(value, dict) and value.keys() <= {"VarCharValue", "v"}:
        return next(iter(value.values()), None)
    return value


def _pairs(element: Any) -> Cells | None:
    """Return a row that is a list of pairs: `{"field": .., "value": ..}` (Insights), or one member each (Lake)."""
    if not (isinstance(element, list) and element and all(isinstance(cell, dict) for cell in element)):
        return None
    if all(cell.keys() == {"field", "value"} for cell in element):
        return [(str(cell["field"]), cell["value"]) for cell in element]
    if len(element) > 1 and all(len(cell) == 1 for cell in element):
        return [pair for cell in element for pair in cell.items()]
    return None
