"""Omitted fields: CloudTrail replaces a field of more than 100 KB (some: 28 KB) by `{"omitted": true, ...}`.

Source: CloudTrail user guide, "CloudTrail record contents". The object also has the original size and the reason.
"""

from __future__ import annotations

from collections import defaultdict

import msgspec
import pyarrow.compute as pc

from forensics.records import record as rec
from forensics.records.decode import Fields

_FIELDS = ("additional_event_data", "request_parameters", "response_elements", "service_event_details")


class _Omission(msgspec.Struct):
    omitted: bool = False


_decode = msgspec.json.Decoder(_Omission).decode


def omitted_fields(fields: Fields) -> dict[int, str]:
    """Return the names of the omitted fields, sorted, comma-separated and in CloudTrail's spelling, keyed by row."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for name in _FIELDS:
        block = fields.block(name)
        for row in pc.indices_nonzero(pc.match_substring(block, b'"omitted"')).to_pylist():
            if _is_omitted(block[row].as_py()):
                found[row].append(rec.spelled(name))
    return {row: ",".join(names) for row, names in found.items()}


def _is_omitted(block: bytes) -> bool:
    try:
        return _decode(block).omitted
    except rec.NOT_DECODED:
        return False
