"""Path text: every path has its own text, which is valid UTF-8 and leads back to the path."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from forensics.files.path_text import as_text, on_disk

names = st.lists(st.sampled_from([b"\xff", b"\\", b"\\xff", b"\\x5c", b"x5c", b"xff", "ü".encode(), b"a"]), min_size=1)
paths = st.one_of(st.binary(), names.map(b"".join)).map(os.fsdecode)


@given(path=paths)
def test_a_path_is_found_again_by_its_text(path: str) -> None:
    text = as_text(path)
    assert text.encode().decode() == text
    assert on_disk(text) == path


def test_only_what_is_not_utf_8_is_escaped() -> None:
    for path in ("/logs/a.json", "/logs/ü.json", "logs\\a.json", "a\\x41.json"):
        assert as_text(path) == path
    assert as_text(os.fsdecode(b"/logs/\xff.json")) == "/logs/\\xff.json"
    assert as_text("/logs/\\xff.json") == "/logs/\\x5cxff.json"
