"""Rows as a Parquet file: no value truncated, times in UTC, and a type for every column, even if it is empty."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from forensics.answers.rows_answer import Rows
from forensics.output.escape import cell
from forensics.output.rows_text import unique

_UTC = pa.timestamp("us", tz="UTC")
_TYPES = {
    "VARCHAR": pa.string(),
    "BOOLEAN": pa.bool_(),
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "HUGEINT": pa.int64(),  # the type of a sum
    "DOUBLE": pa.float64(),
    "DATE": pa.date32(),
    "TIMESTAMP": _UTC,
    "TIMESTAMP WITH TIME ZONE": _UTC,
    "BLOB": pa.binary(),
}


def to_parquet(rows: Rows) -> bytes:
    """Return rows as a Parquet file, compressed with Zstandard."""
    types = rows.types or ("",) * len(rows.columns)
    columns = [_column([row[index] for row in rows.rows], type_) for index, type_ in enumerate(types)]
    out = io.BytesIO()
    pq.write_table(pa.table(columns, names=unique(rows.columns)), out, compression="zstd")
    return out.getvalue()


def _column(values: Sequence[Any], type_: str) -> pa.Array:
    """Return the values with the type of their column, otherwise as inferred, otherwise as text."""
    try:
        column = pa.array(values, _TYPES.get(type_))
    except (pa.ArrowException, TypeError, OverflowError):
        return pa.array([None if value is None else cell(value) for value in values], pa.string())
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.timestamp("us")).cast(_UTC) if column.type.tz is None else column.cast(_UTC)
    return column.cast(pa.string()) if pa.types.is_null(column.type) else column
