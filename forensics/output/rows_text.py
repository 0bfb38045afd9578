"""Rows as a table, CSV, JSON or JSON lines; Parquet and XLSX have modules of their own.

JSON and CSV contain every row and every value in full. A table shows the columns that fit, the most important first,
and names the others.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import datetime
from decimal import Decimal

from forensics.answers.canonical import to_json
from forensics.answers.rows_answer import Rows
from forensics.output.escape import cell, for_spreadsheet, for_terminal
from forensics.output.lines import BLANK, Line, cells, cut, line, table
from forensics.output.words import count, time_span

# longer values are truncated in a table; no ID, key or ARN of a principal is nearly as long
_LONGEST = 300
_LONGEST_PROSE = 60
_PROSE = {"user_agent"}
# lines per row, and the indentation of those after the first
_MOST_LINES = 3
_INDENT = 2
# up to this number, rows that do not fit are shown as one block of lines each
_FEW = 5
# the columns of events, the most important first
_MOST_IMPORTANT = (
    "event_time",
    "event_name",
    "outcome",
    "certain",
    "actor_name",
    "resource",
    "source_ip_address",
    "access_key_id",
    "error_code",
    "aws_region",
    "recipient_account_id",
    "event_source",
    "grade",
    "actor_kind",
    "actor_id",
    "principal_id",
    "event_id",
    "user_agent",
)
# columns of a query that only add detail to another column; shown last
_LEAST_IMPORTANT = (
    "event_id",
    "first_event_id",
    "origin_access_key_id",
    "event_source",
    "grade",
    "actor_kind",
    "actor_id",
    "user_agent",
    "account_id",
    "arn",
)


def render_rows(rows: Rows, width: int | None) -> Iterator[Line]:
    """Return a table. If it does not fit, up to `_FEW` rows become blocks of lines, more become 2 or 3 lines each."""
    texts = [[cut(_text(value), _LONGEST) for value in row] for row in rows.rows]
    if width is None or sum(_widths(rows.columns, texts)) + 2 * (len(rows.columns) - 1) <= width:
        yield from table(rows.columns, texts, indent=0)
    elif len(rows.rows) <= _FEW:
        yield from _blocks(rows.columns, texts)
    else:
        yield line((count(len(rows.rows), "row"), "bold"))
        columns = dict(zip(unique(rows.columns), zip(*texts, strict=True), strict=True))
        rank = {name: place for place, name in enumerate(_LEAST_IMPORTANT, start=1)}
        ordered = {name: columns[name] for name in sorted(columns, key=lambda name: rank.get(name, 0))}
        yield from _differing(ordered, width, columns.keys() - rank.keys())


def render_result(rows: Rows, width: int | None) -> Iterator[Line]:
    """Return the result of a query; nothing if it has no rows."""
    return render_rows(rows, width) if rows.rows else iter(())


def render_events(rows: Rows, width: int | None) -> Iterator[Line]:
    """Return events: the values that all of them share once, then a table of the other columns that fit."""
    if not rows.rows:
        return
    shown, total = len(rows.rows), rows.total
    times = [row[0] for row in rows.rows if row[0] is not None]
    certain = count(total - rows.possible, "event")
    many = certain if shown == total else f"{shown:,} of {certain}"
    possible = f", {rows.possible:,} more possibly" if rows.possible else ""
    yield line((many, "bold"), f"{possible}, {time_span(min(times, default=None), max(times, default=None))}")
    columns = {name: [cut(_text(row[index]), _LONGEST) for row in rows.rows] for index, name in enumerate(rows.columns)}
    named = [name for name in _ordered(columns) if name != "certain" or rows.possible]
    yield from _differing({name: columns[name] for name in named}, width, set())


def _blocks(columns: Sequence[str], texts: Iterable[Sequence[str]]) -> Iterator[Line]:
    longest = max(cells(for_terminal(column)) for column in columns)
    for number, row in enumerate(texts):
        if number:
            yield BLANK
        for column, text in zip(columns, row, strict=True):
            name = for_terminal(column)
            if text:
                yield line((name + " " * (longest - cells(name)), "dim"), "  ", text, hang=longest + 2)
        empty = [column for column, text in zip(columns, row, strict=True) if not text]
        if empty:
            yield line((f"empty: {', '.join(empty)}", "dim"))


def _differing(columns: Mapping[str, Sequence[str]], width: int | None, important: Set[str]) -> Iterator[Line]:
    """Return the values that all rows share, then a table of the other columns, in their order.

    A row gets one line, and up to `_MOST_LINES` while a column of `important` is not shown.
    """
    number = len(next(iter(columns.values())))
    shared = {name: texts[0] for name, texts in columns.items() if number > 1 and len(set(texts)) == 1}
    pairs = [f"{name} {text}" for name, text in shared.items() if text]
    if pairs:
        yield line(("same in all: ", "dim"), ", ".join(pairs))
    differing = {
        name: [cut(text, _LONGEST_PROSE) for text in texts] if name in _PROSE else texts
        for name, texts in columns.items()
        if name not in shared
    }
    tables: list[Iterator[Line]] = []
    hidden = differing
    while not tables or (important & hidden.keys() and len(tables) < _MOST_LINES):
        indent, style = (_INDENT, "dim") if tables else (0, "")
        fitting = _fitting(hidden, None if width is None else width - indent)
        texts = [[(text, style) for text in row] for row in zip(*(differing[name] for name in fitting), strict=True)]
        tables.append(table(fitting, texts, indent=indent))
        hidden = {name: column for name, column in hidden.items() if name not in fitting}
    yield BLANK
    for first, *others in zip(*tables, strict=True):
        yield first
        yield from (one for one in others if any(text.strip() for text, _ in one.spans))
    if hidden:
        yield BLANK
        yield line((f"not shown: {', '.join(hidden)}; use a wider terminal or --format csv", "dim"))


def to_csv(rows: Rows) -> str:
    """Return CSV, one line per row: formulas begin with an apostrophe, invisible characters are escaped."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(for_spreadsheet(rows.columns))
    writer.writerows(for_spreadsheet(row) for row in rows.rows)
    return out.getvalue()


def to_json_objects(rows: Rows) -> str:
    """Return a JSON array with one object per row."""
    return to_json(objects(rows)) + "\n"


def to_jsonl(items: Iterable[object]) -> str:
    """Return JSON lines: one line per item."""
    return "".join(to_json(item, indent=None) + "\n" for item in items)


def objects(rows: Rows) -> list[dict[str, object]]:
    """Return each row as an object by column name; the second column of a name is `name_1`."""
    names = unique(rows.columns)
    return [dict(zip(names, (_json_value(value) for value in row), strict=True)) for row in rows.rows]


def _ordered(names: Iterable[str]) -> list[str]:
    order = {name: place for place, name in enumerate(_MOST_IMPORTANT)}
    return sorted(names, key=lambda name: order.get(name, len(order)))


def _fitting(columns: Mapping[str, Sequence[str]], width: int | None) -> list[str]:
    """Return the names of the columns that fit side by side, at least one."""
    fitting: list[str] = []
    used = 0
    for name, texts in columns.items():
        needed = max([cells(name), *(cells(for_terminal(text)) for text in texts)])
        if not fitting or width is None or used + 2 + needed <= width:
            used += needed + (2 if fitting else 0)
            fitting.append(name)
    return fitting


def _widths(columns: Sequence[str], texts: Sequence[Sequence[str]]) -> list[int]:
    return [
        max([cells(for_terminal(name)), *(cells(for_terminal(row[index])) for row in texts)])
        for index, name in enumerate(columns)
    ]


def _text(value: object) -> str:
    return cell(value).replace("T", " ") if isinstance(value, datetime) else cell(value)


def unique(names: Iterable[str]) -> list[str]:
    """Return the names; the second of the same name is `name_1`."""
    unique: list[str] = []
    for name in names:
        candidate, number = name, 0
        while candidate in unique:
            number += 1
            candidate = f"{name}_{number}"
        unique.append(candidate)
    return unique


def _json_value(value: object) -> object:
    """Convert a value for JSON, at any depth; times and other types become the text of a cell."""
    if isinstance(value, Mapping):
        return {cell(key): _json_value(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json_value(item) for item in value]
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return cell(value)
    return value if value is None or isinstance(value, (str, int, float)) else cell(value)
