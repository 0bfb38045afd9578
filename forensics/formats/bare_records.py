"""Bare records: tells records as AWS writes them from values that a product wrapped or changed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from forensics.formats.record_names import USER_IDENTITY

# the first two members of its identity show whether a product spelled them otherwise
_START = re.compile(
    rb'\{"eventVersion":\s?"[^"\\]*",\s?"userIdentity":\s?\{\s?(?:"type":\s?"[^"\\]*",\s?)?'
    rb'"(?:%b)"' % "|".join(USER_IDENTITY.keys() - {"type"}).encode()
)
# a record that a product wrote into a string
ESCAPED_RECORD = b'\\"event'
# a block of the record that a product wrote as a string
_ESCAPED_BLOCK = re.compile(rb':\s?"\{\\"')
# a date and a clock with a space between them, where AWS writes `T`, or a count of seconds
UNUSUAL_TIME = re.compile(rb'"eventTime":\s?(?:\d|\{|"\d{4}-\d\d-\d\d |"\\?/Date\()')
_EVENT_TIME = b'"eventTime":"'
_DATE_BYTES = len("2026-10-04")


def possibly_changed(values: Sequence[bytes]) -> set[int]:
    """Return the indexes of values that a product possibly wrapped or changed. All others are records of AWS."""
    return {index for index, value in enumerate(values) if not is_bare_record(value)}


def is_bare_record(value: bytes) -> bool:
    """Return whether a value is a record as AWS writes it, without a wrapper."""
    return bool(_START.match(value)) and not _has_unusual_time(value) and not _has_escaped_json(value)


def _has_unusual_time(value: bytes) -> bool:
    after_date = value.find(_EVENT_TIME) + len(_EVENT_TIME) + _DATE_BYTES
    has_usual_time = value[after_date : after_date + 1] == b"T"
    return not has_usual_time and UNUSUAL_TIME.search(value) is not None


def _has_escaped_json(value: bytes) -> bool:
    return b"\\" in value and (ESCAPED_RECORD in value or _ESCAPED_BLOCK.search(value) is not None)
