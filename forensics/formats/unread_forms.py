"""Unread forms: recognizes CloudTrail events in content whose form is not read, and files of other programs.

Such a file fails, so that no answer claims that an access key in it is in none of the logs.
"""

from __future__ import annotations

import re

# the names of a record's fields, in any spelling
_VERSION = re.compile(rb"event[ _.]?version", re.IGNORECASE)
_SOURCE = re.compile(rb"event[ _.]?source", re.IGNORECASE)
_NAME = re.compile(rb"event[ _.]?name", re.IGNORECASE)
# what shows the caller of an event without the names of its fields
_CALLER = re.compile(rb"user[_.]?identity|session[_.]?(?:context|issuer)", re.IGNORECASE)
_PRODUCT = re.compile(rb"cloudtrail", re.IGNORECASE)
_PRINCIPAL = re.compile(rb"arn:aws[a-z-]*:(?:iam|sts)::\d{12}:")
KEY_PREFIX = "A(?:CC|KI|SI)A"
# the character before the ID is tested after its prefix: a test at each character of a text takes ten times as long
KEYS_IN_TEXT = re.compile(rb"%b(?<![A-Za-z0-9].{4})[A-Z0-9]{12,36}(?![A-Za-z0-9])" % KEY_PREFIX.encode())
# a key in a signed request is in a log of its server, not of CloudTrail
_USED_KEY = re.compile(rb"(?<!AWSAccessKeyId=)" + KEYS_IN_TEXT.pattern + rb"(?!(?:/|%2F)\d{8})")
# credentials also have a time, when they expire or were made; a secret has 40 characters
_SECRET = re.compile(
    rb"secret(?:[_ ]?access)?(?:[_ ]?key)?\"?\s*[:=]\s*\"?[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])", re.IGNORECASE
)
# an object without others inside it
_FLAT_OBJECT = re.compile(rb"\{[^{}\[\]]*+\}")
# a time of day, or a count of seconds, milliseconds, microseconds or nanoseconds since 1970
_TIME = re.compile(rb"(?<![\d:])[012]\d:[0-5]\d(?::\d\d)?(?![\d:])|(?<!\d)1\d{9}(?:\d{3}){0,3}(?!\d)")
# a table of one row can have three further lines: names, types and a number of rows
_LINES_OF_A_ROW = 4
_NOT_TEXT = re.compile(rb"[\0-\x08\x0e-\x1f]")
_FILES = {
    b"7z\xbc\xaf\x27\x1c": "a 7z archive, which is not read; extract it",
    b"Rar!\x1a\x07": "a RAR archive, which is not read; extract it",
    b"\x04\x22\x4d\x18": "compressed by lz4, which is not read; decompress it",
    b"\xff\x06\x00\x00sNaPpY": "compressed by Snappy, which is not read; decompress it",
    b"\x1f\x9d": "compressed by compress, which is not read; decompress it",
    b"\x5d\x00\x00": "compressed by lzma, which is not read; decompress it",
    b"LZIP\x01": "compressed by lzip, which is not read; decompress it",
    b"\x78\x01": "a zlib stream, which is not read; decompress it",
    b"\x78\x5e": "a zlib stream, which is not read; decompress it",
    b"\x78\x9c": "a zlib stream, which is not read; decompress it",
    b"\x78\xda": "a zlib stream, which is not read; decompress it",
    b"Obj\x01": "an Avro file, which is not read; export the records as JSON or Parquet",
    b"ORC": "an ORC file, which is not read; export the records as JSON or Parquet",
    b"ARROW1": "an Arrow file, which is not read; export the records as JSON or Parquet",
}


def of_another_program(head: bytes) -> str | None:
    """Return what a file with this start is, and what to do with it; None if it is text or unknown."""
    what = next((what for magic, what in _FILES.items() if head.startswith(magic)), None)
    return what if what and _NOT_TEXT.search(head) else None


def holds_events(value: bytes) -> bool:
    """Return whether a value that is not read has the names of a record's fields, or a caller with an access key.

    The use of a key has a time, also under names that somebody chose. A key with its secret is a credential.
    """
    if _names_fields(value):
        return True
    if not KEYS_IN_TEXT.search(value):
        return False
    is_of_cloudtrail = _CALLER.search(value) or _PRODUCT.search(value)
    others = _without_credentials(value)
    return bool(is_of_cloudtrail or (_TIME.search(others) and _USED_KEY.search(others)))


def _without_credentials(value: bytes) -> bytes:
    """Return a value without the objects that have a secret: a caller can write one in the text of another object."""
    return _FLAT_OBJECT.sub(lambda found: b"" if _SECRET.search(found[0]) else found[0], value)


def shows_callers(text: bytes) -> bool:
    """Return whether text that is not JSON has access keys beside principals, times, or the names of a record's fields.

    The name of CloudTrail shows nothing here: notes beside the logs contain it, and access keys.
    """
    if not KEYS_IN_TEXT.search(text):
        return False
    return bool(_PRINCIPAL.search(text) or _CALLER.search(text)) or _names_fields(text) or _lists_uses(text)


def _lists_uses(text: bytes) -> bool:
    """Return whether most lines with an access key have a time, and lines with a time are not rare.

    A line with a secret has a credential, and says nothing of the others: a caller can write something like a secret.
    """
    lines = [line for line in text.splitlines() if re.search(rb"\w", line) and not _SECRET.search(line)]
    timed = [line for line in lines if _TIME.search(line)]
    uses = sum(_USED_KEY.search(line) is not None for line in timed)
    keys = sum(KEYS_IN_TEXT.search(line) is not None for line in lines)
    return 2 * uses > keys and _LINES_OF_A_ROW * len(timed) >= len(lines)


def _names_fields(text: bytes) -> bool:
    return bool(_VERSION.search(text) or (_SOURCE.search(text) and _NAME.search(text)))
