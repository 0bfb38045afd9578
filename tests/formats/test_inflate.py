"""Inflate: content in, content out; damage costs what is damaged and is told."""

from __future__ import annotations

import gzip
import hashlib
import io
import random
from unittest.mock import patch

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from forensics.formats import inflate as module
from forensics.formats.inflate import Measure, Unreadable, inflate

content = st.one_of(
    st.binary(max_size=300),
    st.builds(lambda text, times: text * times, st.binary(min_size=1, max_size=50), st.integers(0, 200)),
)


def read(data: bytes) -> tuple[bytes, Measure, str | None]:
    measure = Measure()
    pieces: list[bytes] = []
    try:
        pieces.extend(inflate(io.BytesIO(data), measure))
    except Unreadable as failure:
        return b"".join(pieces), measure, str(failure)
    return b"".join(pieces), measure, None


MAGICS = (b"\x1f\x8b", b"BZh", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\0")


@given(
    members=st.lists(content, min_size=1, max_size=4),
    level=st.sampled_from([0, 1, 9]),
    padding=st.integers(0, 600),
    read_bytes=st.sampled_from([1, 2, 3, 17, 600, 1 << 20]),
    piece_bytes=st.sampled_from([1, 100, 1 << 20]),
)
@settings(deadline=None, max_examples=80)
def test_the_members_of_a_gzip_stream_come_out_whole(
    members: list[bytes], level: int, padding: int, read_bytes: int, piece_bytes: int
) -> None:
    assume(not b"".join(members).startswith(MAGICS))  # which is compressed over again
    data = b"".join(gzip.compress(member, level) for member in members) + bytes(padding)
    with patch.object(module, "READ_BYTES", read_bytes), patch.object(module, "PIECE_BYTES", piece_bytes):
        got, measure, failure = read(data)
    assert (got, failure) == (b"".join(members), None)
    assert measure.bytes_read == len(data)
    assert measure.bytes_inflated == len(got)
    assert measure.read_hash.hexdigest() == hashlib.sha256(data).hexdigest()
    assert measure.inflated_hash.hexdigest() == hashlib.sha256(got).hexdigest()


@given(st.binary(max_size=500).filter(lambda data: not data.startswith(MAGICS)), st.sampled_from([1, 7, 1 << 20]))
@settings(deadline=None, max_examples=50)
def test_what_is_not_compressed_comes_as_it_is(data: bytes, read_bytes: int) -> None:
    with patch.object(module, "READ_BYTES", read_bytes):
        got, measure, failure = read(data)
    assert (got, failure) == (data, None)
    assert measure.read_hash.digest() == measure.inflated_hash.digest() == hashlib.sha256(data).digest()


@given(content=content, cut=st.integers(1, 30))
@settings(deadline=None, max_examples=60)
def test_a_cut_stream_is_told_after_what_it_holds(content: bytes, cut: int) -> None:
    data = gzip.compress(content)
    got, _, failure = read(data[: max(len(data) - cut, 2)])
    assert failure == "the gzip stream is truncated"
    assert content.startswith(got)


def test_a_wrong_checksum_costs_nothing_but_is_told() -> None:
    content = random.Random(1).randbytes(5000) * 3
    data = bytearray(gzip.compress(content))
    data[-6] ^= 1
    got, _, failure = read(bytes(data))
    assert got == content
    assert failure is not None and failure.startswith("the gzip stream is damaged")


def test_damage_costs_little_of_what_stands_before_it() -> None:
    content = b"".join(b'{"eventID":"%032x"},' % random.Random(n).getrandbits(128) for n in range(20_000))
    data = bytearray(gzip.compress(content))
    middle = len(data) // 2
    data[middle : middle + 20] = bytes(20)
    got, measure, failure = read(bytes(data))
    assert failure is not None
    assert content.startswith(got[: len(content) * 2 // 5])
    assert len(got) > len(content) * 2 // 5
    assert measure.bytes_inflated == len(got)


def test_garbage_behind_the_last_member_is_told_and_the_members_are_kept() -> None:
    got, _, failure = read(gzip.compress(b"one") + gzip.compress(b"two") + b"\0\0garbage")
    assert got == b"onetwo"
    assert failure == "there is other data after the gzip stream"


def test_a_bomb_is_stopped_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_RATIO_COUNTS_FROM", 1 << 20)
    bomb = gzip.compress(bytes(30 << 20))
    got, measure, failure = read(bomb)
    assert failure is not None and "which no log does" in failure
    assert len(got) <= module.MAX_RATIO * len(bomb) + 2 * module.PIECE_BYTES
    assert measure.bytes_read <= len(bomb)


def test_what_inflates_a_great_deal_and_still_is_a_log_is_read() -> None:
    content = b'{"Records":[' + b",".join([b'{"eventName":"x"}'] * 100_000) + b"]}"
    got, _, failure = read(gzip.compress(content))
    assert (got, failure) == (content, None)


def test_pieces_are_bounded() -> None:
    for size in (module.AT_ONCE_BYTES - 1, module.AT_ONCE_BYTES, module.AT_ONCE_BYTES + 1, 3 * module.AT_ONCE_BYTES):
        pieces = list(inflate(io.BytesIO(gzip.compress(bytes(size), 1)), Measure()))
        assert max(map(len, pieces)) <= module.AT_ONCE_BYTES
        assert sum(map(len, pieces)) == size


def test_a_source_that_fails_while_it_is_read_is_unreadable() -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell():
                raise OSError(5, "Input/output error")
            return super().read(10)

    pieces: list[bytes] = []
    with pytest.raises(Unreadable, match="Input/output error"):
        pieces.extend(inflate(Failing(b"0123456789abc"), Measure()))
    assert b"".join(pieces) == b"0123456789"


def test_nothing_holds_nothing() -> None:
    assert read(b"")[0::2] == (b"", None)
