"""JSON structure: finds the ends of objects and lines, and lists of records, in JSON that need not be complete."""

from __future__ import annotations

import json
import re

import msgspec

_RECORDS_KEY = re.compile(rb'"Records"\s*:\s*\[')
# a control character also ends a string: it is invalid in one, so the string is truncated there
_STRUCTURE = re.compile(rb'"(?:[^"\\\x00-\x1f]++|\\.)*+("?)|[{}\[\]]', re.DOTALL)
_MEMBER_OF_A_RECORD = re.compile(
    rb"(?:event[A-Z]\w*|userIdentity|awsRegion|sourceIPAddress|userAgent|recipientAccountId|requestParameters"
    rb'|responseElements|additionalEventData|resources)"\s*:'
)
_OBJECT = re.compile(rb"\s*\{")
# maximum size of an object's members before its list of records
_PREFACE_BYTES = 64 << 10
# part of the text of every record
_EVENT = b"event"
_VALUE_IN_A_LINE = re.compile(rb"\s*[{\[]")
# number of lines after a broken one in which a whole one is looked for
_BROKEN_LINES = 32
_value = msgspec.json.Decoder(msgspec.Raw)


def end_of_object(data: bytes, start: int, limit: int, depth: int = 0) -> int:
    """Return the end of an object with `depth` open levels at `start`; 0 if it does not end before `limit`."""
    for token in _STRUCTURE.finditer(data, start, limit):
        first = data[token.start()]
        if first == 0x22:
            if not token.group(1):
                return 0
        elif first in b"{[":
            depth += 1
        else:
            depth -= 1
            if depth == 0:
                return token.end()
    return 0


def may_hold_a_record(members: bytes) -> bool:
    """Return whether members beside a list of records may hold a record; a token or a count is only a scalar."""
    return _EVENT in members or any(members[token.start()] in b"{[" for token in _STRUCTURE.finditer(members))


def head_of_trail_file(data: bytes, start: int) -> int:
    """Return the start of the records in an object that can have other members first; 0 if it has no `Records`."""
    limit = start + _PREFACE_BYTES
    if data.find(b'"Records"', start, limit) < 0:
        return 0
    depth = 0
    for token in _STRUCTURE.finditer(data, start, limit):
        first = data[token.start()]
        if first == 0x22:
            if depth == 1 and (head := _RECORDS_KEY.match(data, token.start())):
                return head.end()
        else:
            depth += 1 if first in b"{[" else -1
            if depth == 0:
                return 0
    return 0


def head_of_list(data: bytes, start: int) -> tuple[int, int] | None:
    """Return start and depth of the first list of objects in an object that is not a record; None if it has none."""
    depth = 0
    for token in _STRUCTURE.finditer(data, start, start + _PREFACE_BYTES):
        first = data[token.start()]
        if first in b"{[":
            if first == 0x5B and _OBJECT.match(data, token.end()):
                is_of_a_record = _MEMBER_OF_A_RECORD.search(data, start, token.start())
                return None if is_of_a_record else (token.end(), depth)
            depth += 1
        elif first != 0x22:
            depth -= 1
            if depth == 0:
                return None
    return None


def end_of_whole_line(data: bytes, start: int) -> int:
    """Return the end of a line at `start` that is one whole JSON value; 0 if it is not."""
    newline = data.find(b"\n", start)
    end = newline if newline >= 0 else len(data)
    return 0 if why_broken(data[start:end]) else end


def end_of_broken_line(data: bytes, start: int) -> int:
    """Return the end of a broken line at `start` if one of the next lines is whole; 0 if no such line is near."""
    end = following = data.find(b"\n", start)
    for _ in range(_BROKEN_LINES):
        if following < 0 or not (value := _VALUE_IN_A_LINE.match(data, following)):
            return 0
        if end_of_whole_line(data, value.end() - 1):
            return end
        following = data.find(b"\n", value.end())
    return 0


def why_broken(raw: bytes) -> str | None:
    """Return why a value is not valid JSON; None if one of the two parsers accepts it."""
    try:
        _value.decode(raw)
    except RecursionError:
        return "the record is nested too deeply"
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        try:
            json.loads(raw.decode("utf-8", "replace"), parse_int=str)
        except (ValueError, RecursionError):
            return f"the record is not valid JSON: {error}"
    return None
