"""Scattered: builds columns in which most rows are null."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa


def scattered_columns(
    fields: Sequence[pa.Field], found: Mapping[int, tuple[Any, ...]], rows: int
) -> dict[str, pa.Array]:
    """Return the columns of `fields` from rows that few records have, keyed by row."""
    columns = zip(*found.values(), strict=True) if found else [()] * len(fields)
    return {
        field.name: scattered(dict(zip(found, values, strict=True)), field.type, rows)
        for field, values in zip(fields, columns, strict=True)
    }


def scattered(found: Mapping[int, object], type_: pa.DataType, rows: int) -> pa.Array:
    """Return a column from sparse values, keyed by row."""
    values = pa.array(found.values(), type_)
    if values.null_count == len(values):
        return pa.nulls(rows, type_)
    number = np.full(rows, -1)
    number[list(found)] = np.arange(len(found))
    return values.take(pa.array(number, mask=number < 0))
