"""Message text: extracts the JSON values from the text of a message.

A message is JSON, behind a prefix of its transport or not, or JSON in base64, gzipped or not.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import msgspec

from forensics.formats.inflate import Measure, bounded_member

_LARGEST_MESSAGE = 16 << 20
_NATIVE = b'{"eventVersion"'
# what a transport wrote before a message: `1:Wazuh-AWS:`, a syslog header
_PREFIX = re.compile(r"[^{}\[\]\"]{1,256}(?=\{)")
_SPACE = re.compile(r"\s*")
_GZIP_AS_BASE64 = "H4sI"
# the file that is read, to which the limits of decompression apply
_file: ContextVar[Measure | None] = ContextVar("file", default=None)
_text = msgspec.json.Decoder(str).decode
_NOT_DECODED = (msgspec.MsgspecError, ValueError, RecursionError)


@contextmanager
def counted_in(measure: Measure) -> Iterator[None]:
    """Count what messages inflate to like the members of an archive: in the file that holds them, or its archive."""
    token = _file.set(measure.archive or measure)
    try:
        yield
    finally:
        _file.reset(token)


def json_values_in(text: str) -> list[bytes]:
    """Return the JSON objects and lists in the text of a message, usually one; empty if it has none.

    Raises Unreadable if the messages of a file inflate to more than its bytes can hold.
    """
    text = _without_prefix(text.strip())
    raw = text.encode("utf-8", "surrogatepass") if text.startswith(("{", "[")) else _from_base64(text)
    return _concatenated(raw) if raw[:1] in (b"{", b"[") else []


def decoded_text(raw: bytes) -> str:
    """Return a JSON string as text; empty if it cannot be decoded."""
    try:
        return _text(raw)
    except _NOT_DECODED:
        try:
            text = json.loads(raw.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            return ""
        return text if isinstance(text, str) else ""


def has_prefix(text: str) -> bool:
    """Return whether a message has text before its JSON."""
    return _without_prefix(text.strip()) != text.strip()


def _without_prefix(text: str) -> str:
    prefix = _PREFIX.match(text) if text.endswith("}") else None
    return text[prefix.end() :] if prefix else text


def _concatenated(raw: bytes) -> list[bytes]:
    """Return the JSON values in some text, usually one; empty if it is not JSON."""
    try:
        msgspec.json.decode(raw, type=msgspec.Raw)
    except _NOT_DECODED:
        pass
    else:
        return [raw]
    decoder = json.JSONDecoder()
    text = raw.decode("utf-8", "surrogatepass")
    values: list[bytes] = []
    at = 0
    try:
        while at < len(text):
            _, end = decoder.raw_decode(text, at)
            values.append(text[at:end].encode("utf-8", "surrogatepass"))
            at = _SPACE.match(text, end).end()  # type: ignore[union-attr] # it always matches
    except (ValueError, RecursionError):
        return [raw] if raw.startswith(_NATIVE) else []
    return values


def _from_base64(text: str) -> bytes:
    if len(text) < len(_NATIVE) or len(text) > _LARGEST_MESSAGE:
        return b""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    if not text.startswith(_GZIP_AS_BASE64):
        return raw
    try:
        with gzip.open(io.BytesIO(raw)) as stream:
            return b"".join(bounded_member([stream.read(_LARGEST_MESSAGE)], _file.get()))
    except (OSError, EOFError, zlib.error):
        return b""
