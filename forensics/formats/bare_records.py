"""Bare records: tells records as AWS writes them from values that a product wrapped or changed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from forensics.formats.record_names import USER_IDENTITY

# the first two members of its identity show whether a product spelled them otherwise
_NATIVE_START = re.compile(
    rb'\{"eventVersion":\s?"[^"\\]*",\s?"userIdentity":\s?\{\s?(?:"type":\s?"[^"\\]*",\s?)?'
    rb'"(?:%b)"' % "|".join(USER_IDENTITY.keys() - {"type"}).encode()
)
TEXT_OF_A_RECORD = b'\\"event'
# a block that a product turned into text
_TEXT_OF_A_BLOCK = re.compile(rb':\s?"\{\\"')
# a date and a clock with a space between them, where AWS writes `T`, or a count of seconds
_TIME, _DATE = b'"eventTime":"', len(b'"eventTime":"2026-10-04')
TIME_OF_A_PRODUCT = re.compile(rb'"eventTime":\s?(?:\d|\{|"\d{4}-\d\d-\d\d |"\\?/Date\()')


def other_than_records(raws: Sequence[bytes]) -> set[int]:
    """Return the indexes of values that are not records as AWS writes them, without a wrapper.

    Each test of all values is a fast one, and the slow tests are of the few that it leaves.
    """
    found = {place for place, start in enumerate(map(_NATIVE_START.match, raws)) if start is None}
    for place, raw in enumerate(raws):
        if raw[(at := raw.find(_TIME) + _DATE) : at + 1] != b"T" and TIME_OF_A_PRODUCT.search(raw):
            found.add(place)
        if b"\\" in raw and (TEXT_OF_A_RECORD in raw or _TEXT_OF_A_BLOCK.search(raw)):
            found.add(place)
    return found


def is_bare_record(raw: bytes) -> bool:
    """Return whether a value is a record as AWS writes it, without a wrapper."""
    return not other_than_records([raw])
