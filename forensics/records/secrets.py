"""Secrets: masks session tokens and other secrets in the text that SQL reads; `raw` keeps the original bytes.

A secret is found by its name: the key of a JSON value, or the name in a name/value pair, also in JSON inside strings;
`NAME=`, as in URLs and command lines, also percent-encoded; `NAME:`, as in headers. It is replaced by a marker with the
SHA-256 of its value, so secrets can be compared but not used.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from urllib.parse import unquote

_NAMES = (
    "session[-_]?token|secret[-_]?access[-_]?key|security[-_]?token|signin[-_]?token|access[-_]?token|"
    "refresh[-_]?token|id[-_]?token|authorization[-_]?token|client[-_]?secret|secret[-_]?string|secret[-_]?binary|"
    "password|x-amz-signature"
)
# in presigned URLs of Signature Version 2; as a JSON key it is not a secret
_NAMES_IN_TEXT = f"{_NAMES}|signature"
_ASSIGNED = r"\s*=\s*|\s*:\s*|%(?:25)*3[dD]|\\+u003[dD]"
# an environment variable or parameter of ECS, CodeBuild or CloudFormation: {"name": "DB_PASSWORD", "value": "..."}
_PAIR = r',\s*\\*"(?:parameter)?value\\*"\s*'
HOLDS_A_SECRET = rf'(?i:(?:{_NAMES})(?:\\*"\s*(?:{_PAIR})?:\s*\\*"|{_ASSIGNED})|signature(?:=|%|\\))'
"""Pattern that matches all JSON in which `mask` finds a secret; also valid in RE2."""

# how the names end, in lower case: a search for each word is faster than a search for the names
_ENDS = {
    b"token": (b"",),
    b"access": (b"key", b"_key", b"-key"),
    b"secret": (b"", b"string", b"_string", b"-string", b"binary", b"_binary", b"-binary"),
    b"password": (b"",),
    b"signature": (b"",),
}
_LONGEST_NAME = 24
# what follows the name of a secret: a quote, a separator, or the backslash before an escaped one
_AFTER_A_NAME = b'"\\=:% \t\n\r\f\v'
_KEY = re.compile(rb"(?i:%b)\Z" % _NAMES.encode())
_NAME = re.compile(rb"(?i:%b)\Z" % _NAMES_IN_TEXT.encode())
_QUOTED = re.compile(rb'(?i)(\\*)"\s*(?:%b)?:\s*\1(?=")' % _PAIR.encode())
_BEFORE_VALUE = re.compile(rb"(?:%b)(?:\\*[\"'])?" % _ASSIGNED.encode())
_DEEPER = re.compile(rb'\\*"\s*:\s*\\*"')
# slash, plus and equals sign can be escaped; an ampersand ends the value, also a percent-encoded one
_TOKEN = re.compile(rb"(?:[A-Za-z0-9+/=_.~-]|%(?!(?:25)*26)[0-9A-Fa-f]{2}|\\+/|\\+u00(?:2[bBfF]|3[dD])){16,}")
_PASSWORD = re.compile(rb"[^\s&\"'\\,;<>{}]+")
_HIDDEN_BY_AWS = re.compile(r"HIDDEN_DUE_TO_SECURITY_REASONS|\*+|<[^<>]*>|")
_DEEPEST = 4
_PERCENT_ENCODINGS = 3


def _string(depth: int) -> re.Pattern[bytes]:
    """Return a pattern for a quoted JSON string inside `depth` strings, each of which doubles the backslashes."""
    escape = 1 << depth
    content = rb'(?:[^"\\]+|\\{%d}|\\{%d}"|\\{1,%d}[^"\\])' % (2 * escape, 2 * escape - 1, escape)
    # an atomic group: Python before 3.11.4 ends a possessive repetition of these alternatives too early
    return re.compile(rb'"((?>%b*))\\{%d}"' % (content, escape - 1), re.DOTALL)


# pattern and depth by the number of backslashes before a quote
_STRINGS = {(1 << depth) - 1: (_string(depth), depth) for depth in range(_DEEPEST + 1)}


def mask(text: bytes) -> bytes:
    """Return JSON text with each secret replaced by `MASKED sha256:HASH`."""
    parts: list[bytes] = []
    end = 0
    for name_end in _name_ends(text):
        if name_end >= end and (found := _value(text, name_end)) and (marker := _marker(found[2])):
            start, stop, _ = found
            parts += [text[end:start], marker]
            end = stop
    return b"".join([*parts, text[end:]])


def _name_ends(text: bytes) -> Iterator[int]:
    """Yield the sorted offsets after text that ends like the name of a secret."""
    lower = text.lower()
    ends = set[int]()
    for word, rests in _ENDS.items():
        after = lower.find(word) + len(word)
        while after >= len(word):
            ends.update(after + len(rest) for rest in rests if lower.startswith(rest, after))
            after = lower.find(word, after) + len(word)
    yield from sorted(ends)


def _value(text: bytes, name_end: int) -> tuple[int, int, str] | None:
    """Return start, end and decoded text of the value after a name; None if the name is not a secret's."""
    if text[name_end : name_end + 1] not in _AFTER_A_NAME:
        return None
    name = text[max(name_end - _LONGEST_NAME, 0) : name_end]
    if quoted := _QUOTED.match(text, name_end):
        string, depth = _STRINGS.get(len(quoted.group(1)), (None, 0))
        if string and _KEY.search(name) and (match := string.match(text, quoted.end())):
            return match.start(1), match.end(1), _unescaped(match.group(1), depth + 1)
    deeper = _DEEPER.match(text, name_end)
    before = deeper or _BEFORE_VALUE.match(text, name_end)
    if before and (_KEY if deeper else _NAME).search(name):
        may_be_short = name.lower().endswith(b"password") and before.group() == b"="
        if match := (_PASSWORD if may_be_short else _TOKEN).match(text, before.end()):
            return match.start(), match.end(), _percent_decoded(match.group())
    return None


def _unescaped(content: bytes, times: int) -> str:
    text = content.decode("utf-8", "replace")
    for _ in range(times):
        try:
            text = json.loads(f'"{text}"', strict=False)
        except ValueError:
            break
    return text


def _percent_decoded(value: bytes) -> str:
    """Decode a percent-encoded token, so it equals the same token elsewhere."""
    text = re.sub(rb"\\+/", b"/", value).decode("ascii", "replace")
    text = re.sub(r"\\+u00([0-9A-Fa-f]{2})", r"%\1", text)
    for _ in range(_PERCENT_ENCODINGS):
        text = unquote(text)
    return text


def _marker(value: str) -> bytes | None:
    if _HIDDEN_BY_AWS.fullmatch(value):
        return None
    return b"MASKED sha256:%b" % hashlib.sha256(value.encode("utf-8", "replace")).hexdigest().encode()
