"""Record: typed values of one record, whatever is wrong with it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.records.record import (
    NotARecord,
    Record,
    UserIdentity,
    canonical_sha256,
    convert,
    decode,
    decode_carefully,
    parse_bool,
    repeats_a_key,
)

value = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=8,
)


def test_booleans_are_read_in_both_forms() -> None:
    assert [parse_bool(given) for given in ("true", "True", True, "false", False, "maybe", None)] == [
        True,
        True,
        True,
        False,
        False,
        None,
        None,
    ]


@given(st.dictionaries(st.text(), value))
@settings(deadline=None, max_examples=100)
def test_the_careful_path_gives_back_what_was_written(record: dict[str, object]) -> None:
    careful = decode_carefully(json.dumps(record, ensure_ascii=False).encode())
    wanted = {**record, "userIdentity": record.get("userIdentity") or {}}
    assert json.loads(careful.text) == wanted
    assert careful.unreliable == bool(careful.flags)
    assert careful.flags <= {"wrong_type"}


@given(st.dictionaries(st.sampled_from(["eventID", "eventName", "readOnly", "eventTime", "x"]), value))
@settings(deadline=None, max_examples=100)
def test_fields_of_another_type_are_left_out_and_the_others_kept(fields: dict[str, object]) -> None:
    record, wrong = convert(fields, Record)
    for key, attribute in (("eventID", "event_id"), ("eventName", "event_name"), ("eventTime", "event_time")):
        given = fields.get(key)
        assert getattr(record, attribute) == (given if isinstance(given, str) else None)
    assert wrong == any(
        not isinstance(fields.get(key), str | None) for key in ("eventID", "eventName", "eventTime")
    ) | (not isinstance(fields.get("readOnly"), str | bool | None))


@pytest.mark.parametrize(
    "identity",
    [
        {"type": "IAMUser", "sessionContext": "x"},
        {"type": "IAMUser", "sessionContext": {"sessionIssuer": 5, "attributes": {"creationDate": []}}},
        {"type": "IAMUser", "onBehalfOf": {"userId": {}}, "inScopeOf": [1]},
    ],
)
def test_nested_fields_of_another_type_cost_only_themselves(identity: dict[str, object]) -> None:
    user, wrong = convert(identity, UserIdentity)
    assert wrong
    assert user.type == "IAMUser"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [(b"[1]", "a JSON object"), (b'{"a":NaN}', "NaN"), (b"{", "not valid JSON"), (b'{"a":' + b"[" * 9999, "nested")],
)
def test_what_is_no_record_is_refused(raw: bytes, reason: str) -> None:
    with pytest.raises(NotARecord, match=reason):
        decode_carefully(raw)


def test_repeated_keys_are_flagged_and_prove_nothing_where_it_matters() -> None:
    inside = decode_carefully(b'{"eventName":"a","tlsDetails":{"x":1,"x":2}}')
    assert (set(inside.flags), inside.unreliable) == ({"repeated_key"}, False)
    for raw in (b'{"eventName":"a","eventName":"b"}', b'{"userIdentity":{"arn":"a","\\u0061rn":"b"}}'):
        careful = decode_carefully(raw)
        assert (set(careful.flags), careful.unreliable) == ({"repeated_key"}, True)
        assert not repeats_a_key(careful.text.encode())


def test_bytes_that_no_utf8_can_hold_become_replacement_characters() -> None:
    for raw in (b'{"userAgent":"a\xffb"}', b'{"userAgent":"a\\ud800b"}'):
        careful = decode_carefully(raw)
        assert careful.record.user_agent == "a\ufffdb"
        assert (set(careful.flags), careful.unreliable) == ({"invalid_utf8"}, True)
        careful.text.encode()


def test_numbers_beyond_what_python_holds_stay_valid_json() -> None:
    careful = decode_carefully(b'{"a":1e999,"b":-1e999,"c":%b,"eventName":"x"}' % (b"9" * 5000))
    assert json.loads(careful.text)["a"] == "1e999"
    assert json.loads(careful.text)["c"] == "9" * 5000


@given(st.dictionaries(st.text(), value), st.randoms())
@settings(deadline=None, max_examples=60)
def test_the_canonical_hash_looks_at_values_and_not_at_their_spelling(
    record: dict[str, object], random: object
) -> None:
    keys = sorted(record, key=lambda _: random.random())  # type: ignore[attr-defined]
    other = json.dumps({key: record[key] for key in keys}, indent=3, ensure_ascii=False)
    assert canonical_sha256(json.dumps(record).encode()) == canonical_sha256(other.encode())


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b"[" * 99_999, b'{"a":' + b"9" * 5000 + b"}", b'"\\ud800"'])
def test_anything_has_a_canonical_hash(raw: bytes) -> None:
    assert len(canonical_sha256(raw)) == 64


def test_the_fast_path_takes_a_record_as_aws_writes_it() -> None:
    record = decode(b'{"eventID":"i","readOnly":true,"userIdentity":{"type":"Root"},"sourceIPAddress":"::1"}')
    assert (record.event_id, record.read_only, record.source_ip_address) == ("i", True, "::1")
    assert bytes(record.user_identity) == b'{"type":"Root"}'
