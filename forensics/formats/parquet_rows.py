"""Parquet rows: reads a Parquet file as Python values, with limits on every size in the file.

With a dictionary or a run of nulls, a file of one kilobyte can expand to terabytes. So text stays in its dictionary
until its size is known, and the expanded size has the same limit as gzip.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from forensics.formats.inflate import Measure, Unreadable, refuse_if_beyond
from forensics.formats.record_stream import MAX_RECORD_BYTES

Rows = list[dict[str, Any]]

_BATCH_ROWS = 500
# converted to Python values at once
_BATCH_BYTES = 8 << 20
_LONGEST_FOOTER = 16 << 20
_MOST_COLUMNS = 5_000
# a decimal or a UUID has at most 32 bytes
_LONGEST_FIXED = 1 << 10
# minimum size of a row and of a value in JSON and in memory, also of null
_ROW_BYTES = 64
_VALUE_BYTES = 8
_DAMAGED = (pa.ArrowException, OSError, ValueError, OverflowError)


def parquet_rows(file: BinaryIO, measure: Measure) -> Iterator[Rows | None]:
    """Yield rows of a Parquet file in batches; None for a row larger than a record can be. Raises Unreadable."""
    try:
        source = _opened(file, measure)
        expanded = 0
        for batch in source.iter_batches(batch_size=_BATCH_ROWS):
            size = expanded_bytes(batch)
            expanded += size
            refuse_if_beyond(expanded, measure.bytes_read)
            yield from _in_parts(batch, size)
    except _DAMAGED as error:
        raise Unreadable(f"the Parquet file is damaged: {' '.join(str(error).split())}") from None
    except MemoryError:  # also pyarrow.ArrowMemoryError
        raise Unreadable("the Parquet file needs more memory than is available") from None


def expanded_bytes(batch: pa.RecordBatch) -> int:
    """Return the size of a batch in bytes without dictionaries, about that of its JSON."""
    sizes: list[int] = [_expanded(column) for column in batch.columns]
    return int(batch.num_rows) * _ROW_BYTES + sum(sizes)


def _expanded(array: pa.Array) -> int:
    slots = len(array) * _VALUE_BYTES
    if pa.types.is_dictionary(array.type):
        lengths = pc.cast(pc.binary_length(array.dictionary), pa.int64())
        return slots + (pc.sum(lengths.take(array.indices)).as_py() or 0)
    if pa.types.is_map(array.type):
        array = array.cast(pa.list_(pa.struct([array.type.key_field, array.type.item_field])))
    if pa.types.is_nested(array.type) and not pa.types.is_struct(array.type):
        return slots + _expanded(array.flatten())
    if pa.types.is_struct(array.type):
        return slots + sum(map(_expanded, array.flatten()))
    return slots + int(array.nbytes)


def _opened(file: BinaryIO, measure: Measure) -> pq.ParquetFile:
    file.seek(-8, 2)
    footer = int.from_bytes(file.read(4), "little")
    if footer > _LONGEST_FOOTER:
        raise Unreadable(f"the Parquet file has a footer of {footer:,} bytes, more than {_LONGEST_FOOTER:,}")
    file.seek(0)
    source = pq.ParquetFile(file)
    schema = source.schema
    if len(schema) > _MOST_COLUMNS:
        raise Unreadable(f"the Parquet file has {len(schema):,} columns, more than {_MOST_COLUMNS:,}")
    columns = [schema.column(index) for index in range(len(schema))]
    if (longest := max((column.length for column in columns), default=0)) > _LONGEST_FIXED:
        raise Unreadable(f"the Parquet file has values of {longest:,} bytes each, more than {_LONGEST_FIXED:,}")
    for group in range(source.metadata.num_row_groups):
        refuse_if_beyond(source.metadata.row_group(group).total_byte_size, measure.bytes_read)
    text = [column.path for column in columns if column.physical_type == "BYTE_ARRAY"]
    file.seek(0)
    return pq.ParquetFile(file, metadata=source.metadata, read_dictionary=text)


def _in_parts(batch: pa.RecordBatch, size: int) -> Iterator[Rows | None]:
    """Yield the rows as Python values, in parts that fit in memory."""
    if size <= _BATCH_BYTES or batch.num_rows == 1:
        yield batch.to_pylist(maps_as_pydicts="lossy") if size <= MAX_RECORD_BYTES else None
        return
    half = batch.num_rows // 2
    for part in (batch.slice(0, half), batch.slice(half)):
        yield from _in_parts(part, expanded_bytes(part))
