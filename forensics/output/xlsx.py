"""Rows as an Excel workbook of one sheet: a filter on every column, times as times, and no text as a formula."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from typing import Any

import xlsxwriter

from forensics.answers.rows_answer import Rows
from forensics.errors import CannotWrite
from forensics.output.escape import cell, for_terminal
from forensics.output.terminal import tell
from forensics.output.words import count

_MOST_ROWS = 1_048_575  # without the header
_LONGEST = 32_767
_CUT = "... (cut)"
_WIDEST = 60
_EXACT = 10**15  # numbers of a sheet have 15 digits
# never interpret text as a formula, a URL or a number
_OPTIONS = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_date_format": "yyyy-mm-dd hh:mm:ss",
    "constant_memory": True,
}


def to_xlsx(rows: Rows) -> bytes:
    """Return rows as an XLSX file. A truncated cell ends in `... (cut)`; too many rows raise CannotWrite."""
    if len(rows.rows) > _MOST_ROWS:
        raise CannotWrite(
            f"cannot write {len(rows.rows):,} rows to XLSX, which is limited to {_MOST_ROWS:,};"
            " use --format parquet or csv"
        )
    cells = [[_value(value) for value in row] for row in rows.rows]
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, _OPTIONS) as book:
        sheet = book.add_worksheet("rows")
        bold = book.add_format({"bold": True})
        for place, name in enumerate(rows.columns):
            sheet.set_column(place, place, min(_WIDEST, max([len(name), *(len(str(row[place])) for row in cells)]) + 2))
        for place, name in enumerate(rows.columns):
            sheet.write_string(0, place, for_terminal(name)[:_LONGEST], bold)
        for number, row in enumerate(cells, start=1):
            for place, value in enumerate(row):
                _write(sheet, number, place, value)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, len(cells), max(len(rows.columns) - 1, 0))
    cut = sum(isinstance(value, str) and value.endswith(_CUT) for row in cells for value in row)
    if cut:
        tell(f"{count(cut, 'cell')} truncated to XLSX's limit; use --format csv or parquet for the full text")
    return out.getvalue()


def _value(value: Any) -> Any:
    """Convert a value for a cell: a number, a time without a zone, or text."""
    if isinstance(value, datetime):
        moment = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        return moment if moment.year >= 1900 else cell(value)
    if isinstance(value, (bool, date)) or not isinstance(value, (int, float)) or not -_EXACT < value < _EXACT:
        text = for_terminal(cell(value))
        return text if len(text) <= _LONGEST else text[: _LONGEST - len(_CUT)] + _CUT
    return value


def _write(sheet: Any, row: int, column: int, value: Any) -> None:
    if isinstance(value, str):
        if value:
            sheet.write_string(row, column, value)
    elif isinstance(value, datetime):
        sheet.write_datetime(row, column, value)
    else:
        sheet.write_number(row, column, value)
