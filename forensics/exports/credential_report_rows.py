"""Credential report: reads IAM's CSV with one row per user. It contains no key IDs.

The report can be CSV, or base64 in JSON or alone, as the CLI prints it. If a spreadsheet saved it, other separators are
read. Changed dates are skipped and reported, because the order of day and month is unknown.
"""

from __future__ import annotations

import binascii
import csv
import io
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from forensics.exports.api_response import Problems, account_in, moment
from forensics.exports.export_rows import IamCredentialReport, IamCredentialReportKey, Row

_ROOT = "<root_account>"
_NEVER = "N/A"
_NOTHING = {"", _NEVER, "no_information", "not_supported"}
_OF_USER = ("arn", "user_creation_time", "password_enabled", "password_last_used", "mfa_active")
_OF_KEY = ("active", "last_rotated", "last_used_date", "last_used_region", "last_used_service")
_COLUMNS = (*_OF_USER, *(f"access_key_{slot}_{name}" for slot in (1, 2) for name in _OF_KEY))
_LONGEST_CELL = 1 << 16


def decoded(content: str) -> str | None:
    """Return the CSV in the Content of `get-credential-report`; None if it is truncated."""
    try:
        return b64decode(content, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return None


def alone(text: str, problems: Problems) -> tuple[str, datetime | None]:
    """Return the CSV in a file without JSON, and its time if `--output text` printed one."""
    if text[:64].lower().lstrip('"').startswith("user"):
        return text, None
    first, *others = text.split()
    report = decoded(first)
    if report is None:
        problems.add_missing("the credential report is truncated: its base64 is incomplete")
        report = decoded(first[: len(first) // 4 * 4]) or ""
    return report, next((time for word in others if (time := moment(word))), None)


def read(text: str, problems: Problems) -> Iterator[Row]:
    """Yield the users of a report and their keys."""
    csv.field_size_limit(_LONGEST_CELL)
    header = text.partition("\n")[0]
    separator = max(",;\t", key=header.count)
    lines = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, restkey="_more")
    missing = [column for column in _COLUMNS if column not in (lines.fieldnames or ())]
    if missing:
        problems.add(f"the credential report has no column {', '.join(missing)}; its values are unknown")
    try:
        for cells in lines:
            yield from _rows(_Line(cells, problems))
    except csv.Error as error:
        problems.add_missing(f"the credential report cannot be read from line {lines.line_num} on", str(error))


@dataclass(frozen=True, slots=True)
class _Line:
    cells: dict[str, str | None]
    problems: Problems

    def text(self, column: str) -> str | None:
        value = (self.cells.get(column) or "").strip()
        return None if value in _NOTHING else value

    def flag(self, column: str) -> bool | None:
        return {"true": True, "false": False}.get((self.cells.get(column) or "").strip().lower())

    def moment(self, column: str) -> datetime | None:
        value = self.text(column)
        found = moment(value)
        if value is not None and found is None:
            self.problems.add(
                "times are not in AWS's form (2026-10-01T12:00:00+00:00), perhaps because a spreadsheet saved the file,"
                " and were skipped",
                f"{column} {value}",
            )
        return found

    def is_never(self, column: str) -> bool:
        return (self.cells.get(column) or "").strip() == _NEVER


def _rows(line: _Line) -> Iterator[Row]:
    name = line.text("user")
    if not name or "_more" in line.cells or None in line.cells.values():
        line.problems.add_missing("a line of the credential report is truncated or has too many cells", name or "")
        if not name:
            return
        line = _Line(line.cells, Problems())  # further problems of this line are consequences
    account = account_in(line.text("arn"))
    is_root = name == _ROOT
    yield IamCredentialReport(
        account,
        name,
        line.text("arn"),
        is_root,
        line.moment("user_creation_time"),
        line.flag("password_enabled"),
        line.moment("password_last_used"),
        line.flag("mfa_active"),
    )
    for slot in (1, 2):
        column = f"access_key_{slot}_"
        active = line.flag(f"{column}active")
        last_rotated = line.moment(f"{column}last_rotated")
        if not active and line.text(f"{column}last_rotated") is None:
            continue  # the user has no key in this slot
        last_used = line.moment(f"{column}last_used_date")
        never_used = line.is_never(f"{column}last_used_date") or None
        service, region = line.text(f"{column}last_used_service"), line.text(f"{column}last_used_region")
        yield IamCredentialReportKey(
            account, name, is_root, slot, active, last_rotated, never_used, last_used, service, region
        )
