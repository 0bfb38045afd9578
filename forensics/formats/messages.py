"""Messages: finds the columns and members in which every value of a file is a whole record.

Products name them as they like: `V` (Snowflake), `line` (Loki), `body.stringValue` (OpenTelemetry), `full_log` (Wazuh).
A field of CloudTrail's record reference never counts, nor does a tag or a description: callers can write there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from forensics.formats.record_names import FIELD_NAMES, FREE_TEXT, OF_THE_CALLER, plain
from forensics.formats.unwrap import in_message, texts_in

_MOST_NAMES = 10_000
# what a server logs of a request: `http_user_agent`, `requestUri`
_OF_A_REQUEST = set(
    "agent args cookie cookies header headers params path query referer referrer request uri url useragent".split()
)
_PLACE_IN_A_LIST = re.compile(r"(?:\[\d+\])*")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def may_be_message(name: str) -> bool:
    """Return whether a column can contain whole records: no part of its name is a field in which callers write."""
    if not _OF_A_REQUEST.isdisjoint(word.lower() for word in _WORD.findall(name)):
        return False
    parts = {plain(part) for part in name.split(".")}
    return not parts & (FIELD_NAMES | OF_THE_CALLER | FREE_TEXT) and plain(name) not in FIELD_NAMES


@dataclass(slots=True)
class _Texts:
    """Numbers of texts of one column. `has_name`: whether a product or a person named the column."""

    has_name: bool
    messages: int = 0
    others: int = 0

    def are_messages(self) -> bool:
        """Return whether they are records: all of them, or most texts of a list, which has no name to judge by."""
        return self.messages > 0 and self.others <= (0 if self.has_name else self.messages)


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
            if texts is None or (texts.has_name and texts.others):
                continue
            if self._may_be(name) and any(True for _ in in_message(value)):
                texts.messages += 1
            else:
                texts.others += 1

    def _may_be(self, name: str) -> bool:
        return self._alone or may_be_message(name)

    def first(self) -> str | None:
        """Return the first column in which every value is a whole record; None without one."""
        return next(iter(self), None)

    def __iter__(self) -> Iterator[str]:
        return (name for name, texts in self._texts.items() if texts.are_messages())


def message_members(values: Iterable[bytes]) -> frozenset[str]:
    """Return the paths of the members in which every text of a file of JSON values is a whole record.

    In a list of texts, most must be: the others are rejected one by one.
    """
    found = MessageColumns()
    for raw in values:
        found.add(texts_in(raw))
    return frozenset(found)
