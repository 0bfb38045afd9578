"""Event tables: reads CloudTrail events from the rows of CSV and Parquet files.

If a column contains the whole record as text, only that column is read: one that products name so (`_raw`, `@message`),
or one in which every value of the file is a whole record. Otherwise the record is rebuilt from the columns of the row.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO

from forensics.formats.inflate import Measure
from forensics.formats.message_text import has_prefix
from forensics.formats.messages import MessageColumns, may_be_message
from forensics.formats.ocsf import NotOcsf, from_ocsf, is_of_cloudtrail
from forensics.formats.record_names import plain
from forensics.formats.record_stream import MAX_RECORD_BYTES, Delivery, Records, Rejected
from forensics.formats.rows import Cells, NotARow, names_events, record_of, to_json
from forensics.formats.unwrap import in_message, records_in

_OF_INSIGHTS = "@message"
# in order of preference; `message` may be attacker-controlled
_MESSAGE_COLUMNS = (
    "eventjson",
    "cloudtrailevent",
    "raw",
    _OF_INSIGHTS,
    "eventoriginal",
    "logoriginal",
    "rawlog",
    "message",
)
_DELIMITERS = (",", "\t", ";", "|")
# a member of a JSON object: a line of JSON can look like the header of a table, as its names are those of columns
_MEMBER = re.compile(r'\\*"\s*:\s*[\\"{\[\dtfn-]')
# a JSON value alone in a line is not the name of a column
_NO_NAME = re.compile(r"\s*(?:null|true|false|-?\d[\d.eE+-]*)\s*")
# lines before a header: Excel's separator, PowerShell's type, comments and blank lines
_BEFORE_HEADER = re.compile(r"(?:[ \t]*\r?\n|sep=.\r?\n|#[^\n]*\n){1,20}", re.IGNORECASE)
# the first cell of a file whose only column has records, as Snowflake and Redshift unload one
_OBJECT_IN_A_CELL = re.compile(rb'(?:\xef\xbb\xbf)?\s*"\s*\{\s*""')
_HEADER_BYTES = 64 << 10
_MOST_COLUMNS = 5_000
PARQUET_MAGIC = b"PAR1"
_HISTORY_COLUMN = "awsaccesskey"

EVENT_HISTORY = "event history CSV shows the use of keys, but no issued keys and no responses"


@dataclass(frozen=True, slots=True)
class Csv:
    """The delimiter and the columns of a CSV file of events.

    `message`: the column with the whole record, or None. `before`: number of lines before the header; -1 without one.
    """

    delimiter: str
    columns: tuple[str, ...]
    message: int | None = None
    before: int = 0

    @property
    def limit(self) -> str | None:
        """What a file with these columns does not show."""
        return EVENT_HISTORY if _HISTORY_COLUMN in map(plain, self.columns) and self.message is None else None


def csv_of_events(head: bytes) -> Csv | None:
    """Detect CSV of CloudTrail events from the header of a file; None if its columns do not show that it is."""
    for delimiter, columns, before in _headers(head):
        table = Csv(delimiter, columns, _message_column(columns), before)
        if len(columns) > 1 and (table.message is not None or names_events(columns)):
            return table
        if len(columns) == 1 and delimiter == "," and table.message is not None:
            return table
    return None


def csv_of_messages(head: bytes, file: BinaryIO) -> Csv | None:
    """Detect CSV with a column in which every value is a whole record, whatever its name. Reads the whole file."""
    for delimiter, columns, before in _possible_tables(head):
        if len(columns) > 1 and not any(map(may_be_message, columns)):
            continue
        file.seek(0)
        lines = islice(_lines(iter(lambda: file.read(1 << 20), b"")), before + 1, None)
        csv.field_size_limit(MAX_RECORD_BYTES)
        try:
            name = _column_of_messages(columns, csv.reader(lines, delimiter=delimiter))
        except csv.Error:
            continue
        if name is not None:
            return Csv(delimiter, columns, columns.index(name), before)
    return None


def _possible_tables(head: bytes) -> Iterator[tuple[str, tuple[str, ...], int]]:
    """Yield what can be the header of a table, and a table of one column without a header, whose name is free."""
    yield from _headers(head)
    if _OBJECT_IN_A_CELL.match(head):
        yield ",", ("message",), -1


def _column_of_messages(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str | None:
    """Return the first column in which every value is a whole record; None if a delimiter splits the only column."""
    alone = len(columns) == 1
    found = MessageColumns(alone)
    for row in rows:
        if alone and len(row) > 1:
            return None
        found.add(zip(columns, row, strict=False))
    return found.first()


def _headers(head: bytes) -> Iterator[tuple[str, tuple[str, ...], int]]:
    """Yield what can be the header of a table: delimiter, columns, and number of lines before it."""
    text = head[:_HEADER_BYTES].decode("utf-8-sig", "replace")
    yield from ((*header, 0) for header in _headers_in(text))
    if skipped := _BEFORE_HEADER.match(text):
        yield from ((*header, skipped[0].count("\n")) for header in _headers_in(text[skipped.end() :]))


def _headers_in(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    first = text.partition("\n")[0]
    if _MEMBER.search(first) or _NO_NAME.fullmatch(first):
        return
    for delimiter in _DELIMITERS:
        try:
            columns = next(csv.reader([first], delimiter=delimiter), [])
        except csv.Error:
            continue
        if any(map(str.strip, columns)) and len(columns) <= _MOST_COLUMNS:
            yield delimiter, tuple(column.rstrip("\r") for column in columns)


def _message_column(columns: Sequence[str]) -> int | None:
    names = [name if name == _OF_INSIGHTS else plain(name) for name in columns]
    # in a table with columns of an event, `message` is one of its fields, not the whole record
    whole = [name for name in _MESSAGE_COLUMNS if name != "message" or not names_events(columns)]
    return next((names.index(name) for name in whole if name in names), None)


def read_csv(table: Csv, pieces: Iterable[bytes]) -> Iterator[Records | Rejected]:
    """Yield the records of a CSV file. Raises Unreadable if `pieces` does, after all earlier records."""
    csv.field_size_limit(MAX_RECORD_BYTES)
    lines = islice(_lines(pieces), table.before + 1, None)
    rows = csv.reader(lines, delimiter=table.delimiter)
    position = 0
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield Rejected(position, -1, b"", f"the row is not valid CSV: {error}")
            position += 1
            continue
        if not row:
            continue
        if len(row) != len(table.columns):
            reason = f"the row has {len(row)} fields, the table {len(table.columns)}"
            yield Rejected(position, -1, _text(table, row), reason)
            position += 1
            continue
        for item in of_row(list(zip(table.columns, row, strict=True)), table.message, position):
            yield replace(item, raw=_text(table, row)) if isinstance(item, Rejected) else item
            position += 1


def _text(table: Csv, row: Sequence[str]) -> bytes:
    return table.delimiter.join(row).encode("utf-8", "surrogateescape")


def rows_with_events(rows: Sequence[Cells]) -> Csv | None:
    """Return the columns of the rows of a document; None if they have no events."""
    columns = tuple(dict.fromkeys(name for row in rows for name, _ in row))
    found = MessageColumns()
    for row in rows:
        found.add(row)
    message = _message_column(columns)
    if message is None and (name := found.first()):
        message = columns.index(name)
    return Csv("", columns, message) if message is not None or names_events(columns) else None


def read_rows(rows: Iterable[Cells], table: Csv) -> Iterator[Records | Rejected]:
    """Yield the records of the rows of a document."""
    message = table.columns[table.message] if table.message is not None else None
    position = 0
    for row in rows:
        at = next((place for place, (name, _) in enumerate(row) if name == message), None)
        for item in of_row(row, at, position):
            yield item
            position += 1


def read_parquet(file: BinaryIO, measure: Measure) -> Iterator[Records | Rejected]:
    """Yield the records of a Parquet file: OCSF events, or a table of events. Raises Unreadable."""
    from forensics.formats.parquet_rows import parquet_rows

    message = _message_of_parquet(file, measure)
    position = 0
    for rows in parquet_rows(file, measure):
        if rows is None:
            yield Rejected(position, -1, b"", f"the row is larger than {MAX_RECORD_BYTES >> 20} MiB")
            position += 1
            continue
        for row in rows:
            cells = list(_as_json(row).items())
            at = next((place for place, (name, _) in enumerate(cells) if name == message), None)
            for item in of_row(cells, at, position):
                yield item
                position += 1


def _message_of_parquet(file: BinaryIO, measure: Measure) -> str | None:
    """Return the column with the whole record. If only its values can show it, the whole file is read."""
    from forensics.formats.parquet_rows import parquet_rows

    columns = list(next((rows[0] for rows in parquet_rows(file, measure) if rows), {}))
    if (known := _message_column(columns)) is not None:
        return columns[known]
    if len(columns) == 1:
        return columns[0]
    if names_events(columns) or not any(map(may_be_message, columns)):
        return None
    found = MessageColumns()
    for rows in parquet_rows(file, measure):
        for row in rows or ():
            found.add(_as_json(row).items())
    return found.first()


def _as_json(value: Any) -> Any:
    """Convert a Parquet value to a JSON type, except times: some writers use bytes for text, and NaN for null."""
    if isinstance(value, Mapping):
        return {str(_as_json(name)): _as_json(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (str, int, datetime)) else str(value)


def of_row(cells: Cells, message: int | None, position: int) -> Iterator[Records | Rejected]:
    """Yield the records of a row: those in its message, or the record of its columns."""
    name, text = cells[message] if message is not None else ("", None)
    # an application writes there what its callers sent
    is_of_a_caller = isinstance(text, str) and plain(name) == "message" and has_prefix(text)
    if isinstance(text, str) and text and not is_of_a_caller:
        found = list(in_message(text))
        for delivery, raw in found:
            yield Records(position, [raw], delivery=delivery)
            position += 1
        if found:
            return
    row = dict(cells)
    if not names_events(row) and (nested := records_in(to_json(row))):
        yield Records(position, nested, delivery=Delivery.REBUILT)
        return
    try:
        raw = from_ocsf(row) if is_of_cloudtrail(row) else record_of(cells)
    except NotOcsf:
        yield Rejected(position, -1, _shown(cells), "it is not a CloudTrail record")
    except NotARow as error:
        yield Rejected(position, -1, _shown(cells), str(error))
    else:
        yield Records(position, [raw], delivery=Delivery.REBUILT)


def _shown(cells: Iterable[tuple[str, Any]]) -> bytes:
    """Return a rejected row as JSON, for the quarantine."""
    return to_json({str(name): value if isinstance(value, (str, int)) else str(value) for name, value in cells})


def _lines(pieces: Iterable[bytes]) -> Iterator[str]:
    """Yield lines of bounded length with their line ends; keep bytes that are not UTF-8."""
    stream = io.TextIOWrapper(io.BufferedReader(ByteStream(pieces)), "utf-8-sig", errors="surrogateescape", newline="")
    while line := stream.readline(MAX_RECORD_BYTES):
        yield line


class ByteStream(io.RawIOBase):
    """A file that reads an iterable of bytes once."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = piece
        part, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)
