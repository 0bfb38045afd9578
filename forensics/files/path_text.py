"""Path text: paths as valid UTF-8, and back. A file system may contain names that are not UTF-8."""

from __future__ import annotations

import os
import re
from pathlib import Path

# the form in which `as_text` writes a byte: one that is not UTF-8, or a backslash that would look like that form
_ESCAPED = re.compile(rb"\\x(5c|[89a-f][0-9a-f])")


def as_text(path: str | Path) -> str:
    """Return a path as valid UTF-8, different for each path. Bytes that are not UTF-8 are escaped: `\\xff`."""
    text = str(path)
    if text.isascii() and "\\" not in text:
        return text
    return _ESCAPED.sub(rb"\\x5cx\1", os.fsencode(text)).decode("utf-8", "backslashreplace")


def on_disk(text: str) -> str:
    """Return the path of which `as_text` made this text."""
    return os.fsdecode(_ESCAPED.sub(lambda escaped: bytes.fromhex(escaped[1].decode()), text.encode()))
