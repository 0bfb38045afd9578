"""Escape: what a log holds, made harmless for where it is shown.

User agents, session names and error messages are written by attackers. For a terminal, whatever would move the cursor,
change colours or reorder text is spelled out; for a spreadsheet, whatever would be a formula is text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from forensics.answers import timestamp

# control, format (bidirectional marks, zero widths), surrogates, private use, unassigned, line and paragraph separators
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def for_terminal(text: str) -> str:
    """The text with everything invisible as an escape such as `\\x1b`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if unicodedata.category(c) not in _INVISIBLE else _spelled(c) for c in text)


def cell(value: Any) -> str:
    """A value of a row as text: times in UTC, nothing for null."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return value.hex()
    return str(value)


def for_spreadsheet(row: Sequence[Any]) -> list[str]:
    """A row of cells that no spreadsheet takes for a formula; numbers stay numbers."""
    return [_inert(cell(value)) if isinstance(value, str) else cell(value) for value in row]


def _inert(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _spelled(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")
