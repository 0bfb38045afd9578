"""Messages: finds the columns and members in which every value of a file is a whole record.

Products name them as they like: `V` (Snowflake), `line` (Loki), `body.stringValue` (OpenTelemetry), `full_log` (Wazuh).
A field of CloudTrail's record reference never counts, nor does a tag or a description: callers can write there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from forensics.formats.record_names import FIELD_NAMES, FREE_TEXT, OF_THE_CALLER, plain
from forensics.formats.unwrap import in_message, texts_in

_MOST_NAMES = 10_000
# what a server logs of a request: `http_user_agent`, `requestUri`
_OF_A_REQUEST = set(
    "agent args cookie cookies header headers params path query referer referrer request uri url useragent".split()
)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def may_be_message(name: str) -> bool:
    """Return whether a column can contain whole records: no part of its name is a field in which callers write."""
    if not _OF_A_REQUEST.isdisjoint(word.lower() for word in _WORD.findall(name)):
        return False
    parts = {plain(part) for part in name.split(".")}
    return not parts & (FIELD_NAMES | OF_THE_CALLER | FREE_TEXT) and plain(name) not in FIELD_NAMES


class MessageColumns:
    """Counts the values of each column of a file, and those that are whole records.

    `alone`: the file has one column, such as Spark's `value`, so its name does not matter.
    """

    def __init__(self, alone: bool = False) -> None:
        self._alone = alone
        self._only_messages: dict[str, bool] = {}

    def add(self, cells: Iterable[tuple[str, Any]]) -> None:
        """Count the values of a row. Values that are not text, and empty ones, do not count."""
        for name, value in cells:
            if not isinstance(value, str) or not value.strip() or not self._only_messages.get(name, True):
                continue
            if len(self._only_messages) < _MOST_NAMES or name in self._only_messages:
                self._only_messages[name] = self._may_be(name) and any(True for _ in in_message(value))

    def _may_be(self, name: str) -> bool:
        return self._alone or may_be_message(name)

    def first(self) -> str | None:
        """Return the first column in which every value is a whole record; None without one."""
        return next(iter(self), None)

    def __iter__(self) -> Iterator[str]:
        return (name for name, is_message in self._only_messages.items() if is_message)


def message_members(values: Iterable[bytes]) -> frozenset[str]:
    """Return the paths of the members in which every text of a file of JSON values is a whole record."""
    found = MessageColumns()
    for raw in values:
        found.add(texts_in(raw))
    return frozenset(found)
