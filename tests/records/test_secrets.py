"""Secrets: masked in what SQL reads, and comparable there."""

from __future__ import annotations

import hashlib
import json

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.records import secrets
from forensics.records.secrets import HOLDS_A_SECRET, mask

# every key of the table must be found by the search too
KEYS = [name.replace("[-_]?", between) for name in secrets._NAMES.split("|") for between in ("", "_", "-")]  # noqa: SLF001


@given(secret=st.text(min_size=1, max_size=60), key=st.sampled_from(KEYS), ascii_=st.booleans(), data=st.data())
@settings(deadline=None, max_examples=200)
def test_a_secret_becomes_the_hash_of_its_value_and_nothing_else_changes(
    secret: str, key: str, ascii_: bool, data: st.DataObject
) -> None:
    if secrets._HIDDEN_BY_AWS.fullmatch(secret):  # noqa: SLF001
        return
    key = data.draw(st.sampled_from([key, key.lower(), key.upper(), key.capitalize()]))
    value = {"a": 'say "x":\\', "deep": [{key: secret, "b": "c"}], "z": 1}
    text = json.dumps(value, ensure_ascii=ascii_).encode("utf-8", "replace")
    masked = json.loads(mask(text))
    marker = f"MASKED sha256:{hashlib.sha256(secret.encode('utf-8', 'replace')).hexdigest()}"
    assert masked == {**value, "deep": [{key: marker, "b": "c"}]}
    assert pc.match_substring_regex(pa.array([text]), HOLDS_A_SECRET).to_pylist() == [True]


@pytest.mark.parametrize("value", ["HIDDEN_DUE_TO_SECURITY_REASONS", "****", "<sensitiveDataRemoved>", ""])
def test_what_aws_has_hidden_stays_as_it_is(value: str) -> None:
    text = json.dumps({"password": value}).encode()
    assert mask(text) == text


@given(st.binary())
@settings(deadline=None, max_examples=100)
def test_masking_takes_any_bytes(text: bytes) -> None:
    mask(text)


def test_null_and_other_types_are_no_secrets() -> None:
    text = b'{"sessionToken":null,"password":{"a":1},"secretString":5}'
    assert mask(text) == text
