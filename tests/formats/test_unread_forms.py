"""Unread forms: a file whose form is not read is never counted as read, or as a file without CloudTrail records."""

from __future__ import annotations

import json
from pathlib import Path

from forensics.formats.record_stream import Rejected
from tests.formats.test_contents import a_record, read
from tests.formats.wrappings import dump


def rejected(data: bytes, folder: Path) -> list[Rejected]:
    return [item for item in read(data, folder) if isinstance(item, Rejected)]


def test_a_line_with_text_around_several_records_does_not_lose_the_others(tmp_path: Path) -> None:
    """Python's `print(client.lookup_events())`: one line with every record in a literal of Python."""
    response = {"Events": [{"EventId": "1", "CloudTrailEvent": dump(a_record(number))} for number in range(3)]}
    assert rejected(repr(response).encode(), tmp_path)


def test_a_record_in_the_text_before_a_record_is_not_believed(tmp_path: Path) -> None:
    line = f"agent={dump(a_record(6, eventName='Forged'))} message={dump(a_record(7))}"
    assert rejected(line.encode(), tmp_path)
    assert not rejected(f"context={json.dumps({'a': 1})} message={dump(a_record(7))} {{}}".encode(), tmp_path)
