"""Containers: the syntax in which products put records: JSON, CSV, Parquet, base64, flattened names."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.spellings.world import Json


def dump(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def document(value: object, indent: int | None = 4) -> bytes:
    """A JSON document as command line tools print it."""
    return f"{json.dumps(value, indent=indent)}\n".encode()


def json_lines(values: Iterable[object]) -> bytes:
    return text_lines(map(dump, values))


def text_lines(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, quoted: bool = False, end: str = "\n") -> bytes:
    """CSV with a header. None is an empty cell."""
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator=end, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL)
    writer.writerow(columns)
    writer.writerows(["" if cell is None else cell for cell in row] for row in rows)
    return sink.getvalue().encode()


def table_of(rows: Sequence[Mapping[str, object]], columns: Sequence[str] = ()) -> bytes:
    """CSV of rows that have different columns, in order of their first appearance."""
    names = columns or tuple(dict.fromkeys(name for row in rows for name in row))
    return table(names, ([row.get(name) for name in names] for row in rows))


def parquet(rows: list[Json], schema: pa.Schema | None = None) -> bytes:
    """A Parquet file. It has no structs without members, which Parquet cannot hold."""
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([_with_members(row) for row in rows], schema), sink, compression="zstd")
    return sink.getvalue()


def _with_members(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _with_members(held) for name, held in value.items() if held != {}}
    return [_with_members(held) for held in value] if isinstance(value, list) else value


def in_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def gzipped(data: bytes) -> bytes:
    return gzip.compress(data, 1, mtime=0)


def flat(value: object, separator: str, item: str = "", path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the leaves of an object with joined names.

    `item`: the name of a list's elements, `#` for their number; without it, a list is a leaf.
    """
    if isinstance(value, Mapping) and value:
        for name, held in value.items():
            yield from flat(held, separator, item, f"{path}{separator}{name}" if path else name)
    elif isinstance(value, list) and item:
        for number, held in enumerate(value):
            yield from flat(held, separator, item, f"{path}{item.replace('#', str(number))}")
    else:
        yield path, value


def snake(name: str) -> str:
    """`sourceIPAddress` -> `source_ip_address`, `eventID` -> `event_id`, `ec2RoleDelivery` -> `ec2_role_delivery`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def renamed(value: Any, rename: Any) -> Any:
    """An object with all names changed, also inside lists."""
    if isinstance(value, Mapping):
        return {rename(name): renamed(held, rename) for name, held in value.items()}
    return [renamed(held, rename) for held in value] if isinstance(value, list) else value


def moment(record: Json) -> datetime:
    """The time of a record."""
    return parsed(str(record["eventTime"]))


def parsed(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
