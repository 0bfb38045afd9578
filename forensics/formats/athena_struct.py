"""Athena struct: parses `{type=Root, sessioncontext={attributes=null}}`, the form of Athena and CloudTrail Lake.

The form has no quotes, so a value with a comma and an equals sign can look like two members. Ambiguous text is refused.
"""

from __future__ import annotations

import json
import re

from forensics.errors import FormatError

StructValue = str | None | dict[str, "StructValue"] | list["StructValue"]

_MAX_DEPTH = 16
_NAME = re.compile(r"([A-Za-z][\w.$-]*)=")
_SCALAR = re.compile(r"[^{}\[\]]*?(?=, [A-Za-z][\w.$-]*=|[}\]]|$)", re.DOTALL)
_JSON = re.compile(r"\{\s*\"|\[\s*[{\[]*\s*\"")
_ELEMENT = re.compile(r"[^{}\[\],]*")


class NotStructText(FormatError):
    """The text is not a struct as Athena prints it, or it is ambiguous."""


def read_struct(text: str) -> dict[str, StructValue]:
    """Return the members of a struct. Raises NotStructText.

    Example:
        >>> read_struct("{type=Root, sessioncontext={attributes=null}}")
        {'type': 'Root', 'sessioncontext': {'attributes': None}}
    """
    value, end = _value(text, 0, 0)
    if end != len(text) or not isinstance(value, dict):
        raise NotStructText
    return value


def _value(text: str, at: int, depth: int) -> tuple[StructValue, int]:
    if depth > _MAX_DEPTH:
        raise NotStructText
    if _JSON.match(text, at):
        return _json_text(text, at)
    if text.startswith("{", at):
        return _struct(text, at + 1, depth + 1)
    if text.startswith("[", at):
        return _list(text, at + 1, depth + 1)
    match = _SCALAR.match(text, at)
    if match is None:
        raise NotStructText
    return (None if match.group() == "null" else match.group()), match.end()


def _json_text(text: str, at: int) -> tuple[str, int]:
    """Return the text of a JSON value in a map, and its end."""
    try:
        _, end = json.JSONDecoder().raw_decode(text, at)
    except (ValueError, RecursionError):
        raise NotStructText from None
    return text[at:end], end


def _struct(text: str, at: int, depth: int) -> tuple[dict[str, StructValue], int]:
    members: dict[str, StructValue] = {}
    while not text.startswith("}", at):
        name = _NAME.match(text, at)
        if name is None or name.group(1) in members:
            raise NotStructText
        members[name.group(1)], at = _value(text, name.end(), depth)
        at = _next_member(text, at, "}")
    return members, at + 1


def _list(text: str, at: int, depth: int) -> tuple[list[StructValue], int]:
    elements: list[StructValue] = []
    while not text.startswith("]", at):
        if text[at : at + 1] in ("{", "["):
            element, at = _value(text, at, depth)
        elif match := _ELEMENT.match(text, at):
            element, at = match.group(), match.end()
        elements.append(element)
        at = _next_member(text, at, "]")
    return elements, at + 1


def _next_member(text: str, at: int, end: str) -> int:
    """Return the offset of the next member, or of the closing bracket."""
    if text.startswith(", ", at):
        return at + 2
    if text.startswith(end, at):
        return at
    raise NotStructText
