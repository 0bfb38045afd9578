"""Decode: what the fast path vouches for, the careful path says too; and nothing hides from it by its length."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.formats.record_stream import Records
from forensics.records import decode as module
from forensics.records import record as rec
from forensics.records.columns import SourceRecords, to_batch
from forensics.records.decode import decode
from tests.simulator import simulate

Json = dict[str, Any]
RECORDS = [record for file in simulate(13, 200).files for record in file.records]
TEXTS = [field.encode_name for field in msgspec.structs.fields(rec.Record) if field.type is not msgspec.Raw]

text = st.one_of(
    st.text(max_size=12), st.sampled_from(['"', "\\", "\u2028", "\x7f", "\u00e9", "/", "\U0001f600", '","eventID":"'])
)
records = st.builds(
    lambda record, said, ascii_: json.dumps({**record, **said}, ensure_ascii=ascii_, separators=(",", ":")).encode(),
    st.sampled_from(RECORDS),
    st.dictionaries(st.sampled_from([*TEXTS, "unknown"]), text, max_size=3),
    st.booleans(),
)


def row(raw: bytes) -> Json:
    events, _, _ = to_batch([SourceRecords(Records(0, [raw]), "source")], {})
    (found,) = events.to_pylist()
    return {name: value for name, value in found.items() if name not in ("raw", "record", "content_sha256")}


@given(raw=records)
@settings(deadline=None, max_examples=60)
def test_both_paths_say_the_same_of_any_sound_record(raw: bytes) -> None:
    careful = raw[:-1] + rb',"\u0078":1}'
    assert len(decode([careful]).careful) == 1
    assert row(raw) == row(careful)


@given(raws=st.lists(records, min_size=1, max_size=5), repeated=st.sampled_from(TEXTS), at=st.integers(0, 4))
@settings(deadline=None, max_examples=100)
def test_a_record_is_never_shorter_than_when_it_is_written_back(raws: list[bytes], repeated: str, at: int) -> None:
    assert all(len(msgspec.json.encode(rec.decode(raw))) <= len(raw) for raw in raws)
    hidden = raws[at % len(raws)][:-1] + f',"{repeated}":"x"}}'.encode()
    with_hidden = [*raws, hidden]
    doubtful = module._doubtful(with_hidden, [rec.decode(raw) for raw in with_hidden])  # noqa: SLF001 - the law itself
    assert len(raws) in doubtful or f'"{repeated}"'.encode() not in raws[at % len(raws)]


def test_a_request_id_that_stands_there_twice_is_seen() -> None:
    raw = b'{"eventName":"x","eventTime":"y","requestID":"1","requestID":"2"}'
    assert decode([raw]).careful[0].unreliable
