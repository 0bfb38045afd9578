"""Event tables: reads CloudTrail events from the rows of CSV and Parquet files.

If a column contains the whole record as JSON (`eventJson`, `CloudTrailEvent`, `_raw`, `@message`), only that column is
read. Otherwise the record is rebuilt from the columns of the row.
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
from forensics.formats.rebuild import NotARow, duplicate_field, from_row, names_events, plain, to_json
from forensics.formats.record_stream import MAX_RECORD_BYTES, Delivery, Records, Rejected
from forensics.formats.unwrap import in_message

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
_COLUMN_NAME = re.compile(r"[\w@][\w @./-]{0,80}\r?")
_DELIMITERS = (",", "\t", ";")
_HEADER_BYTES = 64 << 10
PARQUET_MAGIC = b"PAR1"
_HISTORY_COLUMN = "awsaccesskey"

EVENT_HISTORY = "event history CSV shows the use of keys, but no issued keys and no responses"


@dataclass(frozen=True, slots=True)
class Csv:
    """The delimiter and the columns of a CSV file of events."""

    delimiter: str
    columns: tuple[str, ...]

    @property
    def message(self) -> int | None:
        """The index of the column with the complete record, or None."""
        names = [name if name == _OF_INSIGHTS else plain(name) for name in self.columns]
        # in a table with columns of an event, `message` is one of its fields, not the whole record
        whole = [name for name in _MESSAGE_COLUMNS if name != "message" or not names_events(set(names))]
        return next((names.index(name) for name in whole if name in names), None)

    @property
    def limit(self) -> str | None:
        """What a file with these columns does not show."""
        return EVENT_HISTORY if _HISTORY_COLUMN in map(plain, self.columns) and self.message is None else None


def csv_of_events(head: bytes) -> Csv | None:
    """Detect CSV of CloudTrail events from the start of a file; None if it is not."""
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
    """Yield the records of a CSV file. Raises Unreadable if `pieces` does, after all earlier records."""
    csv.field_size_limit(MAX_RECORD_BYTES)
    lines = _lines(pieces)
    next(lines, None)
    message, duplicate = table.message, duplicate_field(table.columns)
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
        reason = f"two columns contain its {duplicate}" if duplicate and message is None else None
        if len(row) != len(table.columns):
            reason = f"the row has {len(row)} fields, the table {len(table.columns)}"
        if reason:
            yield Rejected(position, -1, table.delimiter.join(row).encode("utf-8", "surrogateescape"), reason)
            position += 1
            continue
        for item in _of_row(dict(zip(table.columns, row, strict=True)), message, position):
            yield item
            position += 1


def read_parquet(file: BinaryIO, measure: Measure) -> Iterator[Records | Rejected]:
    """Yield the records of a Parquet file: OCSF events, or a table of events. Raises Unreadable."""
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
    """Return a rejected row as JSON, for the quarantine."""
    return to_json({str(name): value if isinstance(value, (str, int)) else str(value) for name, value in row.items()})


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
