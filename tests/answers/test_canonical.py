"""Answers are values, and their JSON a contract."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, fields
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from forensics.answers.canonical import canonical_json, timestamp, to_json
from forensics.answers.core import Grade, Subject
from forensics.answers.ingest_answer import Ingest, Unread
from forensics.answers.rows_answer import Rows
from forensics.answers.who_answer import Missing, Who
from tests.output.answers import ANSWERS

# Fields may be added at the end of these lists, and never leave them.
CONTRACT = {
    "": "subject actor grade stop_reason ambiguous candidates caller origin_access_key_id origin_grade "
    "origin_candidates key_owner mfa_authenticated chain claims missing provenance flags sessions workload "
    "exports not_trusted digests named_by named_by_total asked matches matches_total",
    "subject": "type id account_id",
    "actor": "kind id name arn account_id workload_type issuer provider identity_store_arn",
    "chain": "access_key_ids principal_id arn account_id issued_at expires_at via link",
    "chain.link": "rule grade documented_only event_ids evidence",
    "chain.link.evidence": "event_id recipient_account_id aws_region event_time event_name source_files digest_status",
    "digests": "state public_keys windows",
    "claims": "source_identity role_session_name on_behalf_of session_tags session_tags_total session_policy",
    "claims.source_identity": "value agreement set_by_event_id enforced",
    "claims.role_session_name": "value agreement enforced",
    "claims.on_behalf_of": "value identity_store_arn agreement",
}


@pytest.mark.parametrize("path", CONTRACT)
def test_the_json_has_every_key_under_its_name(path: str) -> None:
    found = json.loads(to_json(ANSWERS["six_hops"]))
    for name in path.split(".") if path else []:
        found = found[name][0] if isinstance(found[name], list) else found[name]
    assert list(found) == CONTRACT[path].split()


@pytest.mark.parametrize("name", ANSWERS)
def test_json_is_ascii_and_unknown_is_null(name: str) -> None:
    written = to_json(ANSWERS[name])
    assert written.isascii()
    assert len(json.loads(written)) == len(fields(Who))


def test_nothing_is_a_list_and_unknown_is_null() -> None:
    empty = json.loads(to_json(Who(Subject(None, "x"))))
    assert empty["chain"] == empty["missing"] == empty["sessions"] == []
    assert empty["caller"] is None
    assert empty["actor"]["kind"] == "unknown"


def test_a_trailing_underscore_is_no_part_of_a_name() -> None:
    missing = Missing("1", None, datetime(2026, 10, 1, tzinfo=UTC), None, "hour_empty")
    assert json.loads(to_json(missing))["from"] == "2026-10-01T00:00:00Z"


def test_the_canonical_json_is_of_every_value_and_stays_what_it_is() -> None:
    noon = datetime(2026, 10, 1, 12, tzinfo=UTC)
    values = (noon, [noon.date(), None], {"b": Decimal("1.50"), "a": b"\x00"}, float("nan"), Grade.PROVEN, "\u20ac")
    assert canonical_json(Rows(("x",), (values,), 1)) == (
        '{"columns":["x"],"possible":0,"rows":'
        '[["2026-10-01T12:00:00Z",["2026-10-01",null],{"a":"b\'\\\\x00\'","b":"1.50"},NaN,'
        '"proven","\\u20ac"]],"total":1,"types":[]}'
    )


def test_an_answer_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Who(Subject(None, "x")).ambiguous = True  # type: ignore[misc]


def test_times_are_utc() -> None:
    assert timestamp(datetime(2026, 10, 4, 2, 24, 19, tzinfo=UTC)) == "2026-10-04T02:24:19Z"


@pytest.mark.parametrize(
    ("unread", "incomplete"),
    [
        ((), False),
        ((Unread("a", "skipped", ""),), False),
        ((Unread("a", "undated", ""),), False),
        ((Unread("a", "failed", ""),), True),
        ((Unread("a", "ok", "1 of its records could not be read"),), True),
    ],
)
def test_an_ingest_is_incomplete_if_input_could_not_be_read(unread: tuple[Unread, ...], incomplete: bool) -> None:
    assert Ingest("case", {}, 0, 0, 0, {}, 0, 0, 0, 0, None, unread).incomplete is incomplete
