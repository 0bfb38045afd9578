"""Identity: a block that equals its re-encoded identity is read as any other block is, only faster."""

from __future__ import annotations

import json
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.formats.record_names import USER_IDENTITY, Fields
from forensics.records import record as rec
from forensics.records.identity import identity_of
from forensics.records.record import UserIdentity
from tests.simulator import simulate

BLOCKS = sorted(
    {
        json.dumps(event.record["userIdentity"], separators=(",", ":"), ensure_ascii=False)
        for event in simulate(seed=5, events=400, everything=True, odd=True).events
    }
)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(BLOCKS), st.data())
def test_the_short_way_changes_no_value(text: str, data: st.DataObject) -> None:
    block = data.draw(_changed(text)).encode("utf-8", "surrogatepass")
    identity = identity_of(block, authenticated=True)
    with patch.object(rec, "is_all_of", lambda *_: False):
        assert identity_of(block, authenticated=True) == identity


@pytest.mark.parametrize(
    ("block", "is_all"),
    [
        ('{"type":"Root","accountId":"111111111111"}', True),
        ('{"type":"IAMUser","userName":"jürgen"}', True),
        ('{"type":"AssumedRole","sessionContext":{"sessionIssuer":{},"attributes":{"mfaAuthenticated":false}}}', True),
        ('{"type":"Root","type":"Root"}', False),
        ('{"type":"IAMUser","userName":"j\\u00fcrgen"}', False),
        ('{"type":"Root", "accountId":"111111111111"}', False),
        ('{"type":"Root","userName":null}', False),
        ('{"type":"Root","newMember":1}', False),
        ('{"type":"AssumedRole","sessionContext":{"newMember":""}}', False),
    ],
)
def test_a_block_with_more_than_its_values_is_longer(block: str, is_all: bool) -> None:
    assert rec.is_all_of(rec.decode_identity(block.encode()), block.encode()) is is_all


def test_every_value_that_is_read_is_a_known_field() -> None:
    _check_known(UserIdentity, USER_IDENTITY)


def _check_known(struct: type[msgspec.Struct], known: Fields) -> None:
    for field in msgspec.structs.fields(struct):
        assert field.encode_name in known
        for type_ in getattr(field.type, "__args__", ()):
            if isinstance(type_, type) and issubclass(type_, msgspec.Struct):
                _check_known(type_, known[field.encode_name])


@st.composite
def _changed(draw: st.DrawFn, text: str) -> str:
    """Return a block as it is, or changed at one place as its text or as its values."""
    place = draw(st.integers(0, len(text)))
    match draw(st.sampled_from(["nothing", "text", "repeat", "values"])):
        case "text":
            return (
                text[:place]
                + draw(st.sampled_from(['"', "\\u0041", " ", "é", "\ud800", ",", "{}", "null"]))
                + text[place:]
            )
        case "repeat":
            return text[:-1] + draw(st.sampled_from([',"type":"Root"}', ',"accessKeyId":"AKIA****"}', ',"extra":[]}']))
        case "values":
            return json.dumps(draw(_with_another_value(json.loads(text))), separators=(",", ":"))
        case _:
            return text


@st.composite
def _with_another_value(draw: st.DrawFn, block: dict[str, Any]) -> dict[str, Any]:
    name = draw(st.sampled_from([*sorted(block), "delegateAccountId", "invokedByDelegate", "credentialId"]))
    values: list[Any] = ["", "REDACTED", "ASIA****************", "|", 7, None, {}, [], {"accountId": "111111111111"}]
    return block | {name: draw(st.sampled_from(values))}
