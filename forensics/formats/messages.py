"""Messages: finds the columns and members in which every value of a file is a whole record.

Products name them as they like: `V` (Snowflake), `line` (Loki), `body.stringValue` (OpenTelemetry), `full_log` (Wazuh).
A field of CloudTrail's record reference never counts, nor does a tag or a description: callers can write there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from forensics.formats.message_text import has_prefix
from forensics.formats.record_names import FIELD_NAMES, FREE_TEXT, OF_THE_CALLER, plain
from forensics.formats.unwrap import in_message, texts_in

_MOST_NAMES = 10_000
# what a server logs of a request: `http_user_agent`, `requestUri`
_OF_A_REQUEST = set(
    "agent args cookie cookies header headers params path query referer referrer request uri url useragent".split()
)
_PLACE_IN_A_LIST = re.compile(r"(?:\[\d+\])*")
_FIELD_OF_A_RECORD = re.compile(r'"event(?:Version|Source|Name)"')
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def may_be_message(name: str) -> bool:
    """Return whether a column can contain whole records: no part of its name is a field in which callers write."""
    if not _OF_A_REQUEST.isdisjoint(word.lower() for word in _WORD.findall(name)):
        return False
    parts = {plain(part) for part in name.split(".")}
    return not parts & (FIELD_NAMES | OF_THE_CALLER | FREE_TEXT) and plain(name) not in FIELD_NAMES


@dataclass(slots=True)
class _Texts:
    """What the texts of one column are. `has_name`: whether a product or a person named the column."""

    has_name: bool
    messages: bool = False
    others: bool = False


def _is_message(text: str, has_name: bool) -> bool:
    """Return whether a text is a whole record. In a list, text before the record shows the log of an application."""
    return (has_name or not has_prefix(text)) and any(True for _ in in_message(text))


def _is_damaged_record(text: str) -> bool:
    """Return whether a text begins like a record and is not JSON. A caller can write one, but not prevent others."""
    if not text.lstrip().startswith("{") or not _FIELD_OF_A_RECORD.search(text):
        return False
    try:
        msgspec.json.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return True
    return False


class MessageColumns:
    """Counts the values of each column of a file, and those that are whole records.

    `alone`: the file has one column, such as Spark's `value`, so its name does not matter.
    """

    def __init__(self, alone: bool = False) -> None:
        self._alone = alone
        self._texts: dict[str, _Texts] = {}

    def add(self, cells: Iterable[tuple[str, Any]]) -> None:
        """Count the values of a row. Values that are not text, and empty ones, do not count."""
        for name, value in cells:
            if not isinstance(value, str) or not value.strip():
                continue
            if name not in self._texts and len(self._texts) < _MOST_NAMES:
                self._texts[name] = _Texts(has_name=_PLACE_IN_A_LIST.fullmatch(name) is None)
            texts = self._texts.get(name)
            if texts is None or texts.others:
                continue
            if self._may_be(name) and _is_message(value, texts.has_name):
                texts.messages = True
            elif texts.has_name or not _is_damaged_record(value):
                texts.others = True

    def _may_be(self, name: str) -> bool:
        return self._alone or may_be_message(name)

    def first(self) -> str | None:
        """Return the first column in which every value is a whole record; None without one."""
        return next(iter(self), None)

    def __iter__(self) -> Iterator[str]:
        return (name for name, texts in self._texts.items() if texts.messages and not texts.others)


def message_members(values: Iterable[bytes]) -> frozenset[str]:
    """Return the paths of the members in which every text of a file of JSON values is a whole record.

    In a list of texts, damaged records can be among them, and are rejected one by one.
    """
    found = MessageColumns()
    for raw in values:
        found.add(texts_in(raw))
    return frozenset(found)
