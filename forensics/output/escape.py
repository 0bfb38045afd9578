"""Escape: what a log holds, made harmless for where it is shown.

User agents, session names and error messages are written by attackers. For a terminal, whatever would move the
cursor, change colours or reorder text is spelled out; for a spreadsheet, whatever would be a formula is text besides;
for a graph, whatever would end a label or be markup in it.
JSON needs nothing: it is written in ASCII, and stays exact.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from forensics.answers.canonical import timestamp

# control, format (bidirectional marks, zero widths), surrogates, private use, unassigned, line and paragraph separators
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
# the last four are the full-width forms, which some spreadsheets take for the same
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# of a Mermaid label: no mark that its parser, its Markdown or its HTML takes for anything
_PLAIN = " .,:/-+=@"
# looks like a backslash; Mermaid would break the line at a real one that an n follows, and so at a spelled newline
_SET_MINUS = "\u2216"
# a secret access key has 40 of these characters, a session token hundreds
_SECRET = re.compile(r"[A-Za-z0-9/+=]{40,}")


def for_terminal(text: str) -> str:
    """The text with everything invisible as an escape such as `\\x1b`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if unicodedata.category(c) not in _INVISIBLE else _spelled(c) for c in text)


def for_dot(text: str) -> str:
    """The text for between the quotes of a DOT string."""
    return for_terminal(text).replace("\\", "\\\\").replace('"', '\\"')


def for_mermaid(text: str) -> str:
    """The text for between the quotes of a Mermaid label: what is no letter, digit or mark of an ARN is an entity."""
    shown = for_terminal(text).replace("\\", _SET_MINUS)
    return "".join(c if c.isalnum() or c in _PLAIN else f"#{ord(c)};" for c in shown)


def without_secrets(text: str) -> str:
    """The text with whatever could be a secret access key or a session token taken out."""
    return _SECRET.sub("[hidden]", text)


def cell(value: Any) -> str:
    """A value of a row as text: times in UTC, nothing for null."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return _time(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return value.hex()
    return str(value)


def for_spreadsheet(row: Sequence[Any]) -> list[str]:
    """A row of cells on one line that no spreadsheet takes for a formula and no terminal for commands."""
    return [cell(value) if isinstance(value, (int, float)) else _inert(cell(value)) for value in row]


def _inert(text: str) -> str:
    is_formula = text.startswith(_FORMULA_STARTS) or text.lstrip().startswith(_FORMULA_STARTS)
    return ("'" if is_formula else "") + for_terminal(text)


def _time(moment: datetime) -> str:
    """CloudTrail's times are whole seconds; a computed one may be finer, and keeps what it has."""
    utc = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    return f"{utc.isoformat()}Z" if utc.microsecond else timestamp(utc)


def _spelled(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")
