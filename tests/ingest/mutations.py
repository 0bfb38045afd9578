"""Mutations: damaged, random and hostile variants of a file. Each is a function of bytes and a seeded generator."""

from __future__ import annotations

import bz2
import gzip
import json
import random
import zlib
from collections.abc import Callable

from tests.formats.wrappings import DECORATED, REBUILT, WRAPPED, Json, dump, lines, tarred, zipped

Mutation = Callable[[bytes, random.Random], bytes]

_NOISE = [
    *(bytes([byte]) for byte in b'"\\{}[],:\n\x00\xff\xc3-'),
    *(b"\xed\xa0\x80", b"NaN", b"1e999", b"\\ud800", b"\\u0000", b"null", b"9" * 5_000, b"\xef\xbb\xbf", b"\xff\xfe"),
    *(b'"Records":[', b'{"eventVersion":"1.08"', b'{"detail":', b"2026-10-01T12:00:00Z ", b"\r\n"),
    *(b"PK\x03\x04", b"\x1f\x8b\x08", b"BZh9", b"\x28\xb5\x2f\xfd", b"PAR1"),
]
_WRONG: list[object] = [
    *(None, True, 0, -1, 1.5, 10**400, "", "x" * 3_000, "NaN", "\ud800", "\x00"),
    *([], {}, [[]], {"a": {"b": []}}, [1, {"type": 1}]),
]


def flip(data: bytes, dice: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(dice.choice([1, 1, 1, 3, 20])):
        if changed:
            changed[dice.randrange(len(changed))] = dice.randrange(256)
    return bytes(changed)


def cut(data: bytes, dice: random.Random) -> bytes:
    return data[: dice.randrange(len(data) + 1)]


def cut_out(data: bytes, dice: random.Random) -> bytes:
    start = dice.randrange(len(data) + 1)
    return data[:start] + data[start + dice.choice([1, 2, 10, 500]) :]


def insert(data: bytes, dice: random.Random) -> bytes:
    place = dice.randrange(len(data) + 1)
    return data[:place] + dice.choice(_NOISE) + data[place:]


def repeat(data: bytes, dice: random.Random) -> bytes:
    start = dice.randrange(len(data) + 1)
    piece = data[start : start + dice.choice([1, 30, 1_000])]
    return data[:start] + piece * dice.choice([2, 3]) + data[start + len(piece) :]


def swap(data: bytes, dice: random.Random) -> bytes:
    first, second = sorted((dice.randrange(len(data) + 1), dice.randrange(len(data) + 1)))
    return data[second:] + data[first:second] + data[:first]


def nest(data: bytes, dice: random.Random) -> bytes:
    place = dice.randrange(len(data) + 1)
    depth = dice.choice([100, 10_000])
    opened, closed = dice.choice([(b"[", b"]"), (b'{"a":', b"}")])
    return data[:place] + opened * depth + (closed * depth if dice.random() < 0.5 else b"") + data[place:]


def bomb(data: bytes, dice: random.Random) -> bytes:
    zeros = bytes(dice.choice([1 << 16, 3 << 20]))
    return dice.choice([gzip.compress(zeros), gzip.compress(gzip.compress(zeros)), zipped({"z": zeros}), data + zeros])


MUTATIONS: list[Mutation] = [flip, flip, flip, cut, cut, cut_out, insert, insert, repeat, swap, nest, bomb]


FORMATS: dict[str, Callable[[list[Json]], bytes]] = {
    "trail": lambda records: dump({"Records": records}).encode(),
    "trail, printed": lambda records: json.dumps({"Records": records}, indent=1).encode(),
    "lines": lines,
    "concatenated": lambda records: b"".join(dump(record).encode() for record in records),
    **WRAPPED,
    **REBUILT,
    **{name: lambda records, by=by: lines(list(map(by, records))) for name, by in DECORATED.items()},  # type: ignore[misc]
}
PACKINGS: list[Callable[[bytes], bytes]] = [
    lambda data: data,
    lambda data: data,
    lambda data: gzip.compress(data, 1, mtime=0),
    lambda data: bz2.compress(data, 1),
    lambda data: zipped({"AWSLogs/a.json": data, "/b.json.gz": gzip.compress(data, 1)}),
    lambda data: tarred({"/etc/a.json": data, "../b.json": data}),
    lambda data: gzip.compress(tarred({"a": data}), 1),
    lambda data: data.decode("utf-8", "replace").encode("utf-16"),
]


def wrong_types(record: Json, dice: random.Random) -> Json:
    """Return the record with a changed type, an additional field, or a missing field."""
    changed = json.loads(json.dumps(record))
    inside = dice.choice([changed, changed, changed.get("userIdentity") or changed])
    name = dice.choice([*inside, "eventTime", "userIdentity", "new"])
    if dice.random() < 0.2:
        inside.pop(name, None)
    else:
        inside[name] = dice.choice(_WRONG)
    return dict(changed)


def repeated_key(text: bytes, dice: random.Random) -> bytes:
    name = dice.choice(
        [b'"eventName":', b'"userIdentity":', b'"detail":', b'"message":', b'"accessKeyId":', b'"eventID":']
    )
    return text.replace(name, name + dice.choice([b'"x",', b"1,", b"{},"]) + name, 1)


def checksum_mended(data: bytes) -> bytes:
    """Return a valid gzip stream with changed content, which no checksum detects."""
    try:
        return gzip.compress(zlib.decompress(data, 31), 1)
    except zlib.error:
        return data
