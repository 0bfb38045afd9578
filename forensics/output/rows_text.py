"""Rows as a table, CSV, JSON or JSON lines; Parquet and XLSX have modules of their own.

JSON and CSV hold every row and every value whole. A table is for a reader: it shows what fits, most telling first, and
says what it left out.
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
from forensics.output.words import count

# longer values are cut in a table; no ID, key or ARN of a principal comes near
_LONGEST = 300
_LONGEST_PROSE = 60
_PROSE = {"user_agent"}
# lines of a row, and how far to the right those after the first begin
_MOST_LINES = 3
_FURTHER = 2
# rows that are worth a block of lines each
_FEW = 5
# the columns of events in the order in which they tell a reader what went on
_MOST_TELLING = (
    "event_time",
    "event_name",
    "outcome",
    "actor_name",
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
# of the rows of a query, what only says more of somebody or something that another column names, or leads to it
_LEAST_TELLING = (
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
    """A table; where it does not fit, a few rows as a block of lines each, and many as a few lines each."""
    texts = [[cut(_text(value), _LONGEST) for value in row] for row in rows.rows]
    if width is None or sum(_widths(rows.columns, texts)) + 2 * (len(rows.columns) - 1) <= width:
        yield from table(rows.columns, texts, indent=0)
    elif len(rows.rows) <= _FEW:
        yield from _blocks(rows.columns, texts)
    else:
        yield line((count(len(rows.rows), "row"), "bold"))
        columns = dict(zip(unique(rows.columns), zip(*texts, strict=True), strict=True))
        rank = {name: place for place, name in enumerate(_LEAST_TELLING, start=1)}
        ordered = {name: columns[name] for name in sorted(columns, key=lambda name: rank.get(name, 0))}
        yield from _what_differs(ordered, width, columns.keys() - rank.keys())


def render_result(rows: Rows, width: int | None) -> Iterator[Line]:
    """The result of a query, nothing if it has no rows."""
    return render_rows(rows, width) if rows.rows else iter(())


def render_events(rows: Rows, width: int | None) -> Iterator[Line]:
    """Events: what all of them share said once, then a table of what differs, as many columns as fit."""
    if not rows.rows:
        return
    shown, total = len(rows.rows), rows.total
    first, last = (_text(rows.rows[index][0]) for index in (0, -1))
    many = count(total, "event") if shown == total else f"{shown:,} of {count(total, 'event')}"
    yield line((many, "bold"), f", {first} to {last}")
    columns = {name: [cut(_text(row[index]), _LONGEST) for row in rows.rows] for index, name in enumerate(rows.columns)}
    yield from _what_differs({name: columns[name] for name in _ordered(columns)}, width, set())


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


def _what_differs(columns: Mapping[str, Sequence[str]], width: int | None, telling: Set[str]) -> Iterator[Line]:
    """What all rows share, then what differs, in the order of the columns.

    As much as fits in one line a row, and in a few more as long as something telling has no place.
    """
    number = len(next(iter(columns.values())))
    shared = {name: texts[0] for name, texts in columns.items() if number > 1 and len(set(texts)) == 1}
    told = [f"{name} {text}" for name, text in shared.items() if text]
    if told:
        yield line(("all of them: ", "dim"), ", ".join(told))
    differing = {
        name: [cut(text, _LONGEST_PROSE) for text in texts] if name in _PROSE else texts
        for name, texts in columns.items()
        if name not in shared
    }
    tables: list[Iterator[Line]] = []
    left_out = differing
    while not tables or (telling & left_out.keys() and len(tables) < _MOST_LINES):
        indent, style = (_FURTHER, "dim") if tables else (0, "")
        fitting = _fitting(left_out, None if width is None else width - indent)
        texts = [[(text, style) for text in row] for row in zip(*(differing[name] for name in fitting), strict=True)]
        tables.append(table(fitting, texts, indent=indent))
        left_out = {name: column for name, column in left_out.items() if name not in fitting}
    yield BLANK
    for first, *further in zip(*tables, strict=True):
        yield first
        yield from (one for one in further if any(text.strip() for text, _ in one.spans))
    if left_out:
        yield BLANK
        yield line((f"not shown: {', '.join(left_out)}; a wider terminal, or --format csv, has them", "dim"))


def to_csv(rows: Rows) -> str:
    """CSV, one line a row, for a spreadsheet: a formula begins with an apostrophe, what is invisible is spelled out."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(for_spreadsheet(rows.columns))
    writer.writerows(for_spreadsheet(row) for row in rows.rows)
    return out.getvalue()


def to_json_objects(rows: Rows) -> str:
    return to_json(objects(rows)) + "\n"


def to_jsonl(items: Iterable[object]) -> str:
    return "".join(to_json(item, indent=None) + "\n" for item in items)


def objects(rows: Rows) -> list[dict[str, object]]:
    """The rows as objects under their column names; a second column of a name is `name_1`."""
    names = unique(rows.columns)
    return [dict(zip(names, (_json_value(value) for value in row), strict=True)) for row in rows.rows]


def _ordered(names: Iterable[str]) -> list[str]:
    order = {name: place for place, name in enumerate(_MOST_TELLING)}
    return sorted(names, key=lambda name: order.get(name, len(order)))


def _fitting(columns: Mapping[str, Sequence[str]], width: int | None) -> list[str]:
    """The names, in their order, of as many columns as fit beside each other; at least the first."""
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
    """A value for a reader."""
    return cell(value).replace("T", " ") if isinstance(value, datetime) else cell(value)


def unique(names: Iterable[str]) -> list[str]:
    """The names; a second one is `name_1`."""
    unique: list[str] = []
    for name in names:
        tried, number = name, 0
        while tried in unique:
            number += 1
            tried = f"{name}_{number}"
        unique.append(tried)
    return unique


def _json_value(value: object) -> object:
    """What JSON can hold, at any depth; times and anything else as the text of a cell."""
    if isinstance(value, Mapping):
        return {cell(key): _json_value(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json_value(item) for item in value]
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return cell(value)
    return value if value is None or isinstance(value, (str, int, float)) else cell(value)
