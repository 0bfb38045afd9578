"""Records: the same come out whatever wraps them; damage costs only what is damaged; nothing is lost in silence."""

from __future__ import annotations

import json
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.formats import record_stream as module
from forensics.formats.inflate import Unreadable
from forensics.formats.record_stream import NotJson, Records, Rejected, read_records

Json = dict[str, Any]

hostile = st.sampled_from(
    [
        'a"},{"eventVersion":"1.08"}',
        '{"Records":[',
        "\\",
        '\\"},{"',
        "]}",
        "}\n{",
        "[[[{{{",
        '"',
        "\u2028\ud7ff\U0001f600",
        "\x00\x1f\n\r",
        '{"eventID":',
    ]
)
text = st.one_of(hostile, st.text(max_size=20), st.builds(lambda a, b: a + b, hostile, hostile))
leaf = st.one_of(st.none(), st.booleans(), st.integers(), text)
value = st.recursive(
    leaf, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(text, inner, max_size=3)), max_leaves=6
)
record = st.builds(
    lambda first, number, rest: {first: "1.08", "number": number, **rest},
    st.sampled_from(["eventVersion", "awsRegion", "eventTime"]),
    st.integers(0, 9),
    st.fixed_dictionaries(
        {"userIdentity": st.dictionaries(text, leaf, max_size=2)},
        optional={
            "userAgent": text,
            "requestParameters": value,
            "resources": st.lists(st.dictionaries(text, leaf, max_size=2), max_size=2),
        },
    ),
)
records = st.lists(record, max_size=8)


def dump(value: object, ascii_: bool = False) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=ascii_).encode()


WRAPPINGS: dict[str, Callable[[list[Json]], bytes]] = {
    "trail file": lambda found: dump({"Records": found}),
    "trail file, escaped": lambda found: dump({"Records": found}, ascii_=True),
    "bare array": dump,
    "ndjson": lambda found: b"\n".join(map(dump, found)),
    "ndjson with an end of line at its end": lambda found: b"".join(dump(one) + b"\r\n" for one in found),
    "concatenated": lambda found: b"".join(map(dump, found)),
    "byte order mark": lambda found: b"\xef\xbb\xbf" + dump({"Records": found}),
    "pretty printed": lambda found: json.dumps({"Records": found}, indent=2).encode(),
    "pretty printed, concatenated": lambda found: "\n".join(json.dumps(one, indent=4) for one in found).encode(),
    "several in a row": lambda found: dump({"Records": found[:3]}) + b"\n" + dump({"Records": found[3:]}),
    "several kinds in a row": lambda found: dump(found[:2]) + dump({"Records": found[2:4]}) + dump(found[4:]),
    "twice in one object": lambda found: b'{"Records":%b,"Records":%b}' % (dump(found[:2]), dump(found[2:])),
    "white space": lambda found: b'  \n {  "Records" :\t[ ' + b" ,\n".join(map(dump, found)) + b" ]\n}\n\n",
}


def cut(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def read(data: bytes, window: int = 4 << 20, piece: int = 1 << 20) -> list[Records | Rejected]:
    return list(read_records(cut(data, piece), window))


def kept(found: Iterable[Records | Rejected]) -> dict[int, Json]:
    """The records by their positions."""
    return {
        batch.position + index: json.loads(raw)
        for batch in found
        if isinstance(batch, Records)
        for index, raw in enumerate(batch.raw)
    }


def rejected(found: Iterable[Records | Rejected]) -> list[Rejected]:
    return [item for item in found if isinstance(item, Rejected)]


def unaccounted(data: bytes, found: Iterable[Records | Rejected]) -> bytes:
    """What of a stream is in no record and in no Rejected."""
    rest = bytearray(data)
    at = 0
    for item in found:
        if isinstance(item, Rejected):
            assert data[item.offset : item.offset + len(item.raw)] == item.raw
            rest[item.offset : item.offset + len(item.raw)] = b" " * len(item.raw)
            at = max(at, item.offset + len(item.raw))
            continue
        for raw in item.raw:
            at = data.index(raw, at)
            rest[at : at + len(raw)] = b" " * len(raw)
            at += len(raw)
    return bytes(rest)


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@given(
    found=records,
    window=st.sampled_from([256, 300, 1000, 1 << 14, 4 << 20]),
    piece=st.sampled_from([1, 7, 64, 1 << 20]),
)
@settings(deadline=None, max_examples=40)
def test_whatever_wraps_them_the_same_records_come_out(
    wrapping: str, found: list[Json], window: int, piece: int
) -> None:
    got = read(WRAPPINGS[wrapping](found), window, piece)
    assert kept(got) == dict(enumerate(found))
    assert not rejected(got)
    assert not any(isinstance(item, Records) and item.resynchronised for item in got)


@given(found=records, token=st.text("abc={}[]", max_size=9) | st.integers() | st.none() | st.booleans())
def test_scalars_beside_the_records_are_not_rejected(found: list[Json], token: Json) -> None:
    for data in (
        dump({"NextToken": token, "Records": found}),
        dump({"Records": found, "NextToken": token, "Count": 1}),
    ):
        got = read(data)
        assert kept(got) == dict(enumerate(found))
        assert not rejected(got)


@given(found=records, before=st.dictionaries(st.text(max_size=5), value, max_size=2), window=st.sampled_from([4 << 20]))
@settings(deadline=None, max_examples=60)
def test_records_need_not_be_the_first_member(found: list[Json], before: Json, window: int) -> None:
    before = {f"a{key}": item for key, item in before.items()} | {"a": [1]}
    data = dump({**before, "Records": found, "z": [{"eventName": 1}]})
    got = read(data, window)
    assert kept(got) == dict(enumerate(found))
    assert [item.reason for item in rejected(got)] == ["there is other content beside the list of records"] * 2
    assert not unaccounted(data, sorted(got, key=lambda item: isinstance(item, Rejected) and item.offset == 0)).strip(
        b' {}[],":Records'
    )


@given(found=records.filter(bool))
@settings(deadline=None, max_examples=40)
def test_each_record_keeps_its_own_bytes(found: list[Json]) -> None:
    own = [dump(one, ascii_=index % 2 == 0) for index, one in enumerate(found)]
    for data in (b'{"Records":[' + b",".join(own) + b"]}", b"\n".join(own), b"".join(own)):
        assert [raw for item in read(data) if isinstance(item, Records) for raw in item.raw] == own


@given(
    found=st.lists(record, min_size=2, max_size=7),
    wrapping=st.sampled_from(["trail file", "bare array", "ndjson", "concatenated"]),
    data=st.data(),
)
@settings(deadline=None, max_examples=120)
def test_a_damaged_byte_costs_only_the_record_that_it_is_in(
    found: list[Json], wrapping: str, data: st.DataObject
) -> None:
    found = [{**one, "number": 1000 + index} for index, one in enumerate(found)]
    whole = WRAPPINGS[wrapping](found)
    own = [dump(one) for one in found]
    victim = data.draw(st.integers(0, len(found) - 1))
    start = whole.index(own[victim])
    place = data.draw(st.integers(start, start + len(own[victim]) - 1))
    byte = data.draw(st.one_of(st.sampled_from(b'"\\{}[],:\n\x00 '), st.integers(0, 255)))
    broken = whole[:place] + bytes([byte]) + whole[place + 1 :]
    if place == 0 and byte not in b"{[":  # then it is not JSON from its first byte on, and is told so
        return
    got = read(broken)
    survivors = {raw for item in got if isinstance(item, Records) for raw in item.raw}
    assert survivors >= {raw for index, raw in enumerate(own) if index != victim}
    assert not unaccounted(broken, got).strip(b' \t\r\n\x0b\x0c{}[],":Records')


@given(found=st.lists(record, min_size=1, max_size=5), data=st.data())
@settings(deadline=None, max_examples=60)
def test_what_stands_before_a_cut_is_kept_and_the_cut_is_told(found: list[Json], data: st.DataObject) -> None:
    own = [dump(one) for one in found]
    whole = b'{"Records":[' + b",".join(own) + b"]}"
    end = data.draw(st.integers(12, len(whole) - 3))
    got = read(whole[:end])
    complete = [raw for index, raw in enumerate(own) if 12 + len(b",".join(own[: index + 1])) <= end]
    assert [raw for item in got if isinstance(item, Records) for raw in item.raw][: len(complete)] == complete
    assert rejected(got)[-1].reason == "the file ends inside its list of records"
    assert not unaccounted(whole[:end], got).strip(b' {[,":Records')


@given(
    st.binary(max_size=80), st.sampled_from([b"", b"{", b"[", b'{"Records":[', b'[{"eventName":1},', b"[[", b'{"a":'])
)
@settings(deadline=None, max_examples=150)
def test_any_bytes_are_read_to_their_end_and_accounted_for(noise: bytes, head: bytes) -> None:
    data = head + noise
    try:
        got = read(data, 256)
    except NotJson:
        return
    assert not unaccounted(data, got).strip(b' \t\n\r\x0b\x0c{}[],":Records\xef\xbb\xbf')


@given(
    st.lists(
        st.sampled_from(["{", "}", "[", "]", ",", '"', ":", "\\", '{"Records":[', '{"eventID":', "1"]), max_size=25
    )
)
@settings(deadline=None, max_examples=150)
def test_any_brackets_are_read_to_their_end(parts: list[str]) -> None:
    data = b'[{"eventName":"a"}' + "".join(parts).encode()
    got = read(data, 256)
    places = [item.position for item in got]
    assert places == sorted(set(places))


@pytest.mark.parametrize("number", [b"NaN", b"1e", b"-", b"'x'", b"01"])
def test_a_record_that_is_no_json_does_not_cast_doubt_on_the_others(number: bytes) -> None:
    got = read(b'{"Records":[{"eventName":"a"},{"eventName":%b},{"eventName":"c"}]}' % number)
    assert sorted(kept(got)) in ([0, 2], [0, 1, 2])
    assert not any(isinstance(item, Records) and item.resynchronised for item in got)


def test_records_behind_damage_say_so() -> None:
    got = read(b'[{"eventID":"a"},{"eventID":"b,{"eventID":"c"},{"eventID":"d"}]')
    assert [(item.position, isinstance(item, Records) and item.resynchronised) for item in got] == [
        (0, False),
        (1, False),
        (2, True),
    ]


@pytest.mark.parametrize("data", [b"", b" \n\t ", b"\xef\xbb\xbf", b"[]", b'{"Records":[]}', b'{"Records":[]}\n' * 3])
def test_nothing_in_a_stream_is_nothing(data: bytes) -> None:
    assert read(data) == []


@pytest.mark.parametrize("data", [b"x", b"version,account", b"PAR1\0\0", b"<xml/>", b"\x00", b'"text"', b"12"])
def test_what_is_not_json_is_told_at_once(data: bytes) -> None:
    with pytest.raises(NotJson):
        read(data)


def test_a_failure_of_the_source_is_told_after_everything_before_it() -> None:
    def pieces() -> Iterator[bytes]:
        yield b'{"Records":[{"eventName":"a"},{"eventName":"b"},{"eventN'
        raise Unreadable("cut")

    got: list[Records | Rejected] = []
    with pytest.raises(Unreadable, match="cut"):
        got.extend(read_records(pieces()))
    assert list(kept(got).values()) == [{"eventName": "a"}, {"eventName": "b"}]
    assert rejected(got)[0].raw == b'{"eventN'


def test_a_record_larger_than_the_bound_is_rejected_and_the_next_one_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_RECORD_BYTES", 1 << 16)
    huge = dump({"eventVersion": "1", "x": "y" * (1 << 19)})
    got = read(b'{"Records":[{"eventVersion":"0"},' + huge + b',{"eventVersion":"2"}]}', 1000, 4096)
    assert {one["eventVersion"] for one in kept(got).values()} == {"0", "2"}
    assert all("larger than" in item.reason or "not an object" in item.reason for item in rejected(got))


def test_a_large_record_is_kept() -> None:
    found = [{"eventVersion": "1", "x": [{"eventID": "nested"}] * 20 + ["y" * 200_000]}, {"eventVersion": "2"}]
    assert list(kept(read(json.dumps(found, indent=1).encode(), 1000, 4096)).values()) == found


@pytest.mark.parametrize(
    "piece",
    [b'{"eventVersion":"1.08","userIdentity":{"type":"Root"}},' * 20_000, b" " * 1_000_000, b"[" * 1_000_000],
    ids=["records", "space", "brackets"],
)
def test_memory_is_bounded(piece: bytes) -> None:
    tracemalloc.start()
    try:
        for _ in read_records((b"[" if not index else piece for index in range(30)), 1 << 20):
            pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 16 << 20


@pytest.mark.parametrize(
    "line", [b'[1790000000.5, {"eventName":"%b"}]\n', b'{"eventName":"%b"} '], ids=["rows", "objects"]
)
def test_large_records_are_yielded_before_they_fill_the_memory(line: bytes) -> None:
    """Up to 2,000 of them, each of up to 16 MiB, were in memory together."""
    large = line % (b"a" * (1 << 20))
    got = [item for item in read_records([large] * 20) if isinstance(item, Records)]
    assert sum(len(item.raw) for item in got) == 20
    assert max(sum(map(len, item.raw)) for item in got) < 6 << 20


def test_a_broken_row_behind_a_full_batch_costs_no_other() -> None:
    row = b'[1790000000.5, {"eventName":"a"}]\n'
    got = list(read_records([row * 2_000, row[:20] + b"\n", row * 2]))
    assert sum(len(item.raw) for item in got if isinstance(item, Records)) == 2_002
    assert len(rejected(got)) == 1
    assert not any(item.resynchronised for item in got if isinstance(item, Records))


@pytest.mark.parametrize(
    "line",
    [
        b'{"eventVersion":"1.08","requestParameters":{"a":{"b":"' + b"c" * 500 + b"\n",
        b'{"eventVersion":"1.08","requestParameters":{"a":{"b":"' + b"c" * 500 + b'"}}\n',
        b'{"eventVersion":"1.08","requestParameters":{"a":{"b":"' + b"c" * 500 + b",",
        b'{"version":"0","detail":[' * 20,
    ],
    ids=["cut strings", "missing braces", "flipped quotes", "brackets"],
)
def test_a_file_of_nothing_but_broken_records_takes_no_longer_than_its_size(line: bytes) -> None:
    start = time.process_time()
    got = read(line * 600)
    assert time.process_time() - start < 10
    assert rejected(got)
