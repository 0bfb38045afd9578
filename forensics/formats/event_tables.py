"""Tables: CloudTrail events as rows, in CSV or Parquet.

Where a column holds the whole record as JSON (`eventJson`, `CloudTrailEvent`, `_raw`, `@message`), the record is taken
from there and nothing else is read; else it is put together again from the row's fields.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from forensics.formats.inflate import Measure
from forensics.formats.ocsf import NotOcsf, from_ocsf, is_of_cloudtrail
from forensics.formats.rebuild import NotARow, from_row, given_twice, names_events, plain, to_json
from forensics.formats.record_stream import MAX_RECORD_BYTES, Delivery, Records, Rejected
from forensics.formats.unwrap import in_message

_OF_INSIGHTS = "@message"
# in the order in which they are preferred; the last is one that others than the product write to
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
_COLUMN_NAME = re.compile(r"[\w@][\w @./-]{0,80}\r?")
_DELIMITERS = (",", "\t", ";")
_HEADER_BYTES = 64 << 10
PARQUET_MAGIC = b"PAR1"
_HISTORY_COLUMN = "awsaccesskey"

EVENT_HISTORY = "event history CSV shows where keys were used, and never which were issued or what a call answered"


@dataclass(frozen=True, slots=True)
class Csv:
    """How to read a CSV file of events."""

    delimiter: str
    columns: tuple[str, ...]

    @property
    def message(self) -> int | None:
        """Which column holds the whole record."""
        names = [name if name == _OF_INSIGHTS else plain(name) for name in self.columns]
        # beside the fields of an event a `message` is one of them, and not the whole
        whole = [name for name in _MESSAGE_COLUMNS if name != "message" or not names_events(set(names))]
        return next((names.index(name) for name in whole if name in names), None)

    @property
    def limit(self) -> str | None:
        """What a file of these columns cannot show."""
        return EVENT_HISTORY if _HISTORY_COLUMN in map(plain, self.columns) and self.message is None else None


def csv_of_events(head: bytes) -> Csv | None:
    """How to read what begins so as CSV; None if it is no table of CloudTrail events."""
    first = head[:_HEADER_BYTES].decode("utf-8-sig", "replace").partition("\n")[0]
    for delimiter in _DELIMITERS:
        try:
            columns = next(csv.reader([first], delimiter=delimiter), [])
        except csv.Error:
            continue
        if not all(map(_COLUMN_NAME.fullmatch, columns)):
            continue
        table = Csv(delimiter, tuple(columns))
        if len(columns) > 1 and (table.message is not None or names_events(set(map(plain, columns)))):
            return table
        if len(columns) == 1 and delimiter == "," and table.message is not None and columns[0].strip():
            return table
    return None


def read_csv(table: Csv, pieces: Iterable[bytes]) -> Iterator[Records | Rejected]:
    """The records of a CSV file, row by row. Raises Unreadable where `pieces` does, after everything before it."""
    csv.field_size_limit(MAX_RECORD_BYTES)
    lines = _lines(pieces)
    next(lines, None)
    message, twice = table.message, given_twice(table.columns)
    rows = csv.reader(lines, delimiter=table.delimiter)
    position = 0
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield Rejected(position, -1, b"", f"the row is no CSV: {error}")
            position += 1
            continue
        if not row:
            continue
        why = f"two columns give its {twice}" if twice and message is None else None
        if len(row) != len(table.columns):
            why = f"the row has {len(row)} fields, the table {len(table.columns)}"
        if why:
            yield Rejected(position, -1, table.delimiter.join(row).encode("utf-8", "surrogateescape"), why)
            position += 1
            continue
        for item in _of_row(dict(zip(table.columns, row, strict=True)), message, position):
            yield item
            position += 1


def read_parquet(file: BinaryIO, measure: Measure) -> Iterator[Records | Rejected]:
    """The records of a Parquet file: OCSF, or any table of events. Raises Unreadable."""
    from forensics.formats.parquet_rows import parquet_rows

    position = 0
    for rows in parquet_rows(file, measure):
        if rows is None:
            yield Rejected(position, -1, b"", f"the row is larger than {MAX_RECORD_BYTES >> 20} MiB")
            position += 1
            continue
        message = Csv("", tuple(rows[0])).message if rows else None
        for row in rows:
            for item in _of_row(_as_json(row), message, position):
                yield item
                position += 1


def _as_json(value: Any) -> Any:
    """A value as JSON has it, but for times: some writers of Parquet have bytes for text, and NaN for nothing."""
    if isinstance(value, Mapping):
        return {str(_as_json(name)): _as_json(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (str, int, datetime)) else str(value)


def _of_row(row: Mapping[str, Any], message: int | None, position: int) -> Iterator[Records | Rejected]:
    values = list(row.values())
    if message is not None and isinstance(values[message], str) and values[message]:
        found = list(in_message(values[message]))
        for delivery, raw in found:
            yield Records(position, [raw], delivery=delivery)
            position += 1
        if found:
            return
    try:
        raw = from_ocsf(row) if is_of_cloudtrail(row) else from_row(row)
    except NotOcsf:
        yield Rejected(position, -1, _shown(row), "it is not a CloudTrail record")
    except NotARow as error:
        yield Rejected(position, -1, _shown(row), str(error))
    else:
        yield Records(position, [raw], delivery=Delivery.REBUILT)


def _shown(row: Mapping[str, Any]) -> bytes:
    """A row that is no record, for the quarantine."""
    return to_json({str(name): value if isinstance(value, (str, int)) else str(value) for name, value in row.items()})


def _lines(pieces: Iterable[bytes]) -> Iterator[str]:
    """Lines with their ends, each of bounded length; bytes that are no UTF-8 come through."""
    stream = io.TextIOWrapper(io.BufferedReader(ByteStream(pieces)), "utf-8-sig", errors="surrogateescape", newline="")
    while line := stream.readline(MAX_RECORD_BYTES):
        yield line


class ByteStream(io.RawIOBase):
    """Pieces as a file that can be read once."""

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
