"""Catalogue: the spellings themselves, without a reader."""

from __future__ import annotations

import base64
import gzip
import io
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy

import pyarrow.parquet as pq
import pytest

from tests.spellings.catalogue import SPELLINGS
from tests.spellings.spelling import Reach
from tests.spellings.world import BLOCKS, RESPONSE, SIZE, key_ids, records

_GZIP = b"\x1f\x8b"
_BASE64 = re.compile(rb'"([A-Za-z0-9+/]{60,}={0,2})"')


def texts(data: bytes) -> Iterator[bytes]:
    """What a reader of the file sees: without compression, Parquet's encodings and base64."""
    if data.startswith(b"PAR1"):
        yield repr(pq.read_table(io.BytesIO(data)).to_pylist()).encode()
    elif data.startswith(_GZIP):
        yield gzip.decompress(data)
    else:
        yield data
        for match in _BASE64.finditer(data):
            inner = base64.b64decode(match.group(1))
            yield zlib.decompress(inner, 31) if inner.startswith(_GZIP) else inner


def test_there_are_enough_spellings_with_different_files() -> None:
    assert len(SPELLINGS) >= 40
    assert max(Counter(spelling.file for spelling in SPELLINGS.values()).values()) == 1
    assert {spelling.reach for spelling in SPELLINGS.values()} == set(Reach)


def test_each_spelling_cites_documentation_and_a_reason_for_what_is_lost() -> None:
    for spelling in SPELLINGS.values():
        assert re.search(r"https://[\w.-]+/", spelling.write.__doc__ or ""), spelling.name
        assert bool(spelling.why) == (spelling.reach in (Reach.LIMITED, Reach.REFUSED)), spelling.name


def test_a_world_has_each_kind_of_caller_and_of_issuance() -> None:
    world = records("trail_file")
    assert len(world) == SIZE
    assert {record["userIdentity"].get("type") for record in world} >= {
        "IAMUser", "AssumedRole", "FederatedUser", "SAMLUser", "WebIdentityUser", "AWSService", "AWSAccount",
    }  # fmt: skip
    assert {record["eventName"] for record in world} >= {
        "AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "GetFederationToken", "GetSessionToken",
        "ConsoleLogin", "CreateAccessKey", "DeleteAccessKey", "GetRoleCredentials",
    }  # fmt: skip
    issued = {key_id for record in world for key_id in key_ids(record, (RESPONSE,))}
    assert len(issued) > 20


def test_worlds_share_no_key() -> None:
    counts = Counter(key_id for name in SPELLINGS for key_id in {one for r in records(name) for one in key_ids(r)})
    assert max(counts.values()) == 1


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_spelling_writes_each_key_that_it_keeps(name: str) -> None:
    spelling, world = SPELLINGS[name], records(name)
    before = deepcopy(world)
    text = b"\n".join(texts(spelling.write(world)))
    kept = {key_id for record in world for key_id in key_ids(record, spelling.keeps)}
    assert [key_id for key_id in sorted(kept) if key_id.encode() not in text] == []
    assert world == before


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_spelling_writes_any_records(name: str) -> None:
    world = records(name)
    for at in (0, 40, 120):
        assert SPELLINGS[name].write(world[at : at + 1])


def test_keys_are_found_in_identity_fields_only() -> None:
    record = {
        "userIdentity": {"accessKeyId": "ASIAUSED"},
        "requestParameters": {"accessKeyId": "AKIAOLD", "userName": "AKIANAME"},
        "responseElements": {
            "credentials": {"accessKeyId": "ASIAISSUED"},
            "accessKey": {"accessKeyId": "AKIANEW"},
            "user": {"accessKeyId": "AKIADEEP"},
        },
    }
    assert set(key_ids(record)) == {"ASIAUSED", "AKIAOLD", "ASIAISSUED", "AKIANEW"}
    assert set(key_ids(dict.fromkeys(BLOCKS))) == set()
