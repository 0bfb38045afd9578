"""Escape: make the content of logs harmless for terminals, spreadsheets and graphs.

Attackers write user agents, session names and error messages. For a terminal, characters that would move the cursor,
change colors or reorder text are escaped. For a spreadsheet, formulas become text. For a graph, characters that would
end a label or act as markup are escaped. JSON needs no escaping: it is written in ASCII, and stays exact.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from forensics.answers.canonical import exact_time

# control, format (bidirectional marks, zero widths), surrogates, private use, unassigned, line and paragraph separators
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
# the last four are full-width forms, which some spreadsheets treat like the ASCII forms
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# safe in a Mermaid label: no meaning to Mermaid's parser, Markdown or HTML
_PLAIN = " .,:/-+=@"
# looks like a backslash; Mermaid would break the line at a real backslash followed by n
_SET_MINUS = "\u2216"
_LONGEST = 4_000  # characters of a text on a screen
_LONGEST_VALUE = 300  # of a value without spaces
_VALUE = re.compile(rf"\S{{{_LONGEST_VALUE + 1},}}")
# a secret access key has 40 of these characters, a session token hundreds
_SECRET = re.compile(r"[A-Za-z0-9/+=]{40,}")


def for_terminal(text: str) -> str:
    """Return the text with each invisible character as an escape such as `\\x1b`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if unicodedata.category(c) not in _INVISIBLE else _escaped(c) for c in text)


def for_screen(text: str) -> str:
    """Return the text for a terminal; a value longer than any that AWS assigns loses its middle."""
    shown = for_terminal(text)
    return _VALUE.sub(lambda found: _without_middle(found.group(), _LONGEST_VALUE), _without_middle(shown, _LONGEST))


def _without_middle(text: str, most: int) -> str:
    half = (most - 1) // 2
    return text if len(text) <= most else f"{text[:half]}…{text[-half:]}"


def for_dot(text: str) -> str:
    """Return the text for use inside the quotes of a DOT string."""
    return for_terminal(text).replace("\\", "\\\\").replace('"', '\\"')


def for_mermaid(text: str) -> str:
    """Return the text for use inside the quotes of a Mermaid label; unusual characters become entities."""
    shown = for_terminal(text).replace("\\", _SET_MINUS)
    return "".join(c if c.isalnum() or c in _PLAIN else f"#{ord(c)};" for c in shown)


def without_secrets(text: str) -> str:
    """Return the text with everything that could be a secret access key or a session token replaced."""
    return _SECRET.sub("[hidden]", text)


def cell(value: Any) -> str:
    """Return a value of a row as text: times in UTC, null as an empty text."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return exact_time(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return value.hex()
    return str(value)


def for_spreadsheet(row: Sequence[Any]) -> list[str]:
    """Return a row as one-line cells that no spreadsheet evaluates and no terminal interprets."""
    return [cell(value) if isinstance(value, (int, float)) else _inert(cell(value)) for value in row]


def _inert(text: str) -> str:
    is_formula = text.startswith(_FORMULA_STARTS) or text.lstrip().startswith(_FORMULA_STARTS)
    return ("'" if is_formula else "") + for_terminal(text)


def _escaped(character: str) -> str:
    """Return the escape of a character, or of the byte of a path that is not UTF-8."""
    is_byte = "\udc80" <= character <= "\udcff"
    return f"\\x{ord(character) - 0xDC00:02x}" if is_byte else character.encode("unicode_escape").decode("ascii")
