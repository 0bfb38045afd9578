"""Frame: rows as a DataFrame. Nullable columns keep their type, times are UTC."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

_NULLABLE = {
    pa.bool_(): pd.BooleanDtype(),
    pa.int8(): pd.Int8Dtype(),
    pa.int16(): pd.Int16Dtype(),
    pa.int32(): pd.Int32Dtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.uint8(): pd.UInt8Dtype(),
    pa.uint16(): pd.UInt16Dtype(),
    pa.uint32(): pd.UInt32Dtype(),
    pa.uint64(): pd.UInt64Dtype(),
}
# the type of DuckDB's `sum` over integers
_HUGE_INTEGER = pa.decimal128(38, 0)


def to_frame(rows: pa.Table) -> pd.DataFrame:
    """Return the rows as a DataFrame. A time without a zone is UTC, as every time of a case is."""
    columns = [_typed(rows.column(index)) for index in range(rows.num_columns)]
    typed = pa.Table.from_arrays(columns, names=rows.column_names)
    frame: pd.DataFrame = typed.to_pandas(types_mapper=_NULLABLE.get, date_as_object=False)
    return frame


def _typed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.timestamp(column.type.unit, "UTC"))
    if column.type == _HUGE_INTEGER:
        return _as_integers(column)
    return column


def _as_integers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Cast to 64 bits; values that do not fit stay decimals."""
    try:
        return column.cast(pa.int64())
    except pa.ArrowInvalid:
        return column
