"""Rows made by hand, for what reads them without a case."""

from __future__ import annotations

from typing import Any, TypeVar

from forensics.investigate.sql_rows import Row

R = TypeVar("R", bound=Row)


def row_of(type_: type[R], **values: Any) -> R:
    """A row with some values; the rest is null."""
    return type_(**dict.fromkeys(type_.__struct_fields__) | values)
