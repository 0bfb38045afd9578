"""Rows as a table, CSV, JSON or JSON lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator

from rich.console import RenderableType
from rich.table import Table

from forensics.answers import Rows, to_json
from forensics.output.escape import cell, for_spreadsheet
from forensics.output.terminal import text


def render_rows(rows: Rows) -> Iterator[RenderableType]:
    """A table for a reader; columns that are empty throughout are left out and named below it."""
    filled = [i for i in range(len(rows.columns)) if not rows.rows or any(row[i] is not None for row in rows.rows)]
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for index in filled:
        table.add_column(rows.columns[index], overflow="fold")
    for row in rows.rows:
        table.add_row(*(text(cell(row[index])) for index in filled))
    yield table
    empty = [name for index, name in enumerate(rows.columns) if index not in filled]
    if empty:
        yield text(f"empty throughout: {', '.join(empty)}", "dim")


def to_csv(rows: Rows) -> str:
    """CSV with a header; a cell that a spreadsheet would take for a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(rows.columns)
    writer.writerows(for_spreadsheet(row) for row in rows.rows)
    return out.getvalue()


def to_jsonl(items: Iterable[object]) -> str:
    return "".join(to_json(item, indent=None) + "\n" for item in items)


def objects(rows: Rows) -> list[dict[str, object]]:
    """The rows as objects under their column names."""
    return [dict(zip(rows.columns, (_json_value(value) for value in row), strict=True)) for row in rows.rows]


def _json_value(value: object) -> object:
    """What JSON can hold; times and anything else as the text of a cell."""
    try:
        json.dumps(value)
    except TypeError:
        return cell(value)
    return value
