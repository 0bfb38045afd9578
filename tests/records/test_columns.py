"""Columns: each record is a row or a Rejected, and never an exception; both paths give the same row."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.formats.record_stream import Delivery, Records, Rejected
from forensics.records.arrow_schema import IDENTITY_COLUMNS, LAKE_SCHEMA
from forensics.records.columns import SourceRecords, to_batch
from forensics.records.identity import Identity, credential_id
from tests.formats.wrappings import DECORATED
from tests.simulator import simulate

Json = dict[str, Any]
RECORDS = [record for file in simulate(11, 700).files for record in file.records]
ISSUING = [record for record in RECORDS if record["eventName"] in ("AssumeRole", "GetSessionToken", "ConsoleLogin")]
ODD = [None, 1, -1.5, True, "x", "", [], {}, [1], {"a": 1}, "\ud800", "\x00", 10**30, 1e308, {"creationDate": 5}]


def dump(record: Json, *, ascii_: bool = False) -> bytes:
    text = json.dumps(record, separators=(",", ":"), ensure_ascii=ascii_)
    return text.encode("utf-8", "surrogatepass")


class Read(NamedTuple):
    events: pa.RecordBatch
    rejected: list[Rejected]


def read(*raw: bytes, resynchronised: bool = False) -> Read:
    events, (rejected,), _ = to_batch([SourceRecords(Records(0, list(raw), resynchronised), "source")], {})
    events.validate(full=True)
    assert events.schema.equals(LAKE_SCHEMA)
    assert events.num_rows + len(rejected) == len(raw)
    places = events.column("position").to_pylist() + [item.position for item in rejected]
    assert sorted(places) == list(range(len(raw)))
    return Read(events, rejected)


def row(raw: bytes) -> Json:
    (only,) = read(raw).events.to_pylist()
    return dict(only)


def paths(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from paths(item, (*path, key))


def put(record: Json, path: tuple[Any, ...], value: object) -> Json:
    changed = copy.deepcopy(record)
    place: Any = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed


def test_the_identity_columns_are_those_of_the_schema() -> None:
    assert list(Identity.__struct_fields__[:-4]) == [field.name for field in IDENTITY_COLUMNS]


def test_the_records_of_a_simulated_organisation_are_all_sound() -> None:
    batch = read(*map(dump, RECORDS))
    assert not batch.rejected
    for record, found in zip(RECORDS, batch.events.to_pylist(), strict=True):
        identity = record["userIdentity"]
        assert found["raw"] == dump(record)
        assert found["event_id"] == record["eventID"]
        assert found["event_time"] == datetime.fromisoformat(record["eventTime"])
        assert found["event_name"] == record["eventName"]
        assert found["recipient_account_id"] == record["recipientAccountId"]
        assert found["error_code"] == record.get("errorCode")
        assert found["access_key_id"] == (identity.get("accessKeyId") or None)
        assert found["arn"] == identity.get("arn")
        assert found["flags"] is None
        assert not found["unreliable"]
        response = record.get("responseElements") or {}
        assert found["issued_access_key_id"] == response.get("credentials", {}).get("accessKeyId")


def test_the_batch_that_a_record_is_in_changes_nothing() -> None:
    raw = [dump(record) for record in RECORDS[:150]]
    raw[40] = raw[40].replace(b"Z", b".000Z")
    raw[41] = b'{"eventName":"x","eventTime":"2026-10-01T12:00:60Z"}'
    raw[42] = b'{"eventName":"x","eventTime":"2026-10-01T12:00:00Z","userIdentity":{},"userIdentity":{"type":"Root"}}'
    raw[43] = b'{"eventName":"x","eventTime":"2026-10-01T12:00:00Z"}'
    together = read(*raw).events.drop_columns(["position"]).to_pylist()
    alone = [row(one) for one in raw]
    assert together == [{name: value for name, value in one.items() if name != "position"} for one in alone]


def test_both_paths_give_the_same_columns() -> None:
    for record in RECORDS[:150] + ISSUING[:50]:
        fast = row(dump(record))
        careful = row(dump({**record, "x": "\u00e9"}).replace(b"\xc3\xa9", rb"\u0041"))
        for name in LAKE_SCHEMA.names:
            if name not in ("raw", "record", "content_sha256"):
                assert fast[name] == careful[name], name
        text = json.loads(careful["record"])
        assert text.pop("x") == "A"
        assert text.keys() == record.keys()


@pytest.mark.parametrize("seed", range(4))
def test_a_field_of_any_type_is_a_row_or_a_rejected(seed: int) -> None:
    random = Random(seed)
    for record in random.sample(ISSUING, 8) + random.sample(RECORDS, 8):
        raw = []
        for path in paths(record):
            changed = put(record, path, random.choice(ODD))
            raw += [dump(changed), dump(changed, ascii_=True)]
        found = read(*raw)
        connection = duckdb.connect()
        connection.register("found", pa.Table.from_batches([found.events]))
        connection.execute(
            "select json_extract_string(coalesce(record, decode(raw)), '$.eventID'), * from found"
        ).fetchall()


@pytest.mark.parametrize("block", [None, "userIdentity", "requestParameters", "responseElements"])
@pytest.mark.parametrize(
    "member",
    [  # numbered: some are a million bytes long
        b'"x":' + b"[" * 300 + b"]" * 300,
        b'"x":' + b"[" * 950 + b"]" * 950,
        b'"x":' + b"[" * 10_000 + b"]" * 10_000,
        b'"x":' + b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b'"x":' + b"9" * 5_000,
        b'"x":1e999',
        b'"x":NaN',
        b'"x":"\xff\xfe"',
        b'"\xff":1',
        rb'"x":"\ud800"',
        rb'"\udc00":"\ud800\ud800"',
        rb'"x":"\u0000"',
        b'"x":"\x01"',
        b'"x":"' + b"y" * 1_000_000 + b'"',
        b'"x":1,"x":2',
        b'"roleArn":5,"arn":6,"credentials":[]',
        b"",
        b'"x"',
    ],
)
def test_hostile_members_are_a_row_or_a_rejected(block: str | None, member: bytes) -> None:
    (record,) = [record for record in ISSUING if record["eventName"] == "AssumeRole" and "errorCode" not in record][:1]
    whole = dump({**record, "sessionToken": "secret"})
    start = whole.index(b'"%b":{' % block.encode()) + len(block) + 4 if block else 1
    broken = whole[:start] + member + b"," + whole[start:]
    found = read(broken, whole)
    assert dump(record)[:-1] in b"".join(found.events.column("raw").to_pylist())
    for text in found.events.column("record").to_pylist():
        assert text is None or '"sessionToken":"secret"' not in text


@given(raw=st.lists(st.binary(max_size=60).map(lambda noise: b'{"eventName":"a",' + noise + b"}"), max_size=4))
@settings(deadline=None, max_examples=150)
def test_noise_is_a_row_or_a_rejected(raw: list[bytes]) -> None:
    read(*raw)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("eventID", "other"),
        ("eventName", "Other"),
        ("eventTime", "2020-01-01T00:00:00Z"),
        ("errorCode", "AccessDenied"),
        ("sharedEventID", "x"),
        ("eventType", "AwsServiceEvent"),
        ("userIdentity", {"type": "Root"}),
        ("awsRegion", "eu-west-1"),
        ("requestParameters", {"bucketName": "other"}),
        ("sessionCredentialFromConsole", "true"),
        ("addendum", {"reason": "UPDATED_DATA", "originalEventID": "x"}),
        ("sourceIPAddress", "192.0.2.9"),
    ],
)
@pytest.mark.parametrize("escaped", [False, True])
def test_a_repeated_key_is_flagged_and_the_record_proves_nothing(key: str, value: object, escaped: bool) -> None:
    record = {
        "errorCode": "x",
        "sharedEventID": "y",
        "sessionCredentialFromConsole": "false",
        "addendum": {},
        **RECORDS[0],
    }
    spelled = f"\\u{ord(key[0]):04x}{key[1:]}" if escaped else key
    raw = dump(record)[:-1] + f',"{spelled}":{json.dumps(value)}}}'.encode()
    bare = b'{"eventName":"x","eventTime":"2026-10-01T12:00:00Z"}'  # names no identity, so the other may name two
    for spaced in (raw, b"{ " + raw[1:]):
        found = read(spaced, bare).events.to_pylist()[0]
        assert found["unreliable"]
        assert "repeated_key" in found["flags"]
        assert json.loads(found["record"])[key] == value
    for deep in ("userIdentity", "requestParameters"):
        issuing = dump(ISSUING[0]).replace(f'"{deep}":{{'.encode(), f'"{deep}":{{"a":1,"a":2,'.encode())
        if issuing != dump(ISSUING[0]):
            assert row(issuing)["unreliable"]


@pytest.mark.parametrize("product", DECORATED)
@pytest.mark.parametrize("damage", [{}, {"userAgent": 5}])
def test_a_record_with_members_of_a_product_did_not_come_as_aws_wrote_it(product: str, damage: Json) -> None:
    own = [dump(record) for record in RECORDS[:3]]
    decorated = dump(DECORATED[product]({**RECORDS[3], **damage}))
    for at in range(4):
        found = read(*own[:at], decorated, *own[at:]).events.column("delivery").to_pylist()
        assert found == ["wrapped" if place == at else "native" for place in range(4)]


def test_what_was_put_together_again_stays_so_with_members_of_a_product() -> None:
    raw = DECORATED["logstash"](RECORDS[0])
    events, _, _ = to_batch([SourceRecords(Records(0, [dump(raw)], delivery=Delivery.REBUILT), "source")], {})
    assert events.column("delivery").to_pylist() == ["rebuilt"]


def test_missing_ids_are_replaced_by_the_hash_of_what_the_record_says() -> None:
    whole = RECORDS[0]
    for missing in ("eventID", "recipientAccountId"):
        rest = {key: value for key, value in whole.items() if key != missing}
        again = dict(reversed(rest.items()))
        assert row(dump(rest))["content_sha256"] == row(dump(again))["content_sha256"] is not None
    assert row(dump(whole))["content_sha256"] is None


def test_a_record_without_anything_is_rejected_with_its_bytes() -> None:
    found = read(b"{}", b'{"a":1}', b'{"eventName":"x"}', b'{"eventName":5,"eventSource":"y"}')
    assert [item.raw for item in found.rejected] == [
        b"{}",
        b'{"a":1}',
        b'{"eventName":"x"}',
        b'{"eventName":5,"eventSource":"y"}',
    ]
    assert {item.reason for item in found.rejected} == {"it is not a CloudTrail record"}


def test_a_resynchronised_record_proves_nothing() -> None:
    found = read(dump(RECORDS[0]), resynchronised=True).events.to_pylist()[0]
    assert (found["flags"], found["unreliable"]) == ("resynchronised", True)


def test_session_tokens_are_in_raw_and_never_in_record() -> None:
    tokens = 0
    for record in ISSUING:
        credentials = (record.get("responseElements") or {}).get("credentials")
        if not credentials:
            continue
        tokens += 1
        raw = dump(put(record, ("responseElements", "credentials", "sessionToken"), "IQoJb3JpZ2luX2VjSECRET"))
        escaped = raw.replace(b'"sessionToken"', rb'"session\u0054oken"')
        repeated = raw.replace(b'"sessionToken"', b'"sessionToken":"IQoJb3JpZ2luX2VjOTHER","sessionToken"')
        for found in read(raw, escaped, repeated, b'{"eventName":1,' + raw[1:]).events.to_pylist():
            assert "IQoJb3JpZ2luX2Vj" not in found["record"]
            assert "MASKED sha256:" in found["record"]
            assert b"IQoJb3JpZ2luX2VjSECRET" in found["raw"]
            assert not any("IQoJb3JpZ2luX2Vj" in value for value in found.values() if isinstance(value, str))
    assert tokens


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("2026-10-01T12:00:00Z", datetime(2026, 10, 1, 12, tzinfo=UTC)),
        ("2026-10-01T12:00:00.000Z", datetime(2026, 10, 1, 12, tzinfo=UTC)),
        ("Oct 1, 2026, 12:00:00 PM", datetime(2026, 10, 1, 12, tzinfo=UTC)),
        ("2026-10-01T12:00:60Z", None),
        ("yesterday", None),
    ],
)
def test_a_time_that_is_none_is_flagged(time: str, expected: datetime | None) -> None:
    found = row(dump({**RECORDS[0], "eventTime": time}))
    assert found["event_time"] == expected
    assert (found["flags"] == "no_event_time") == (expected is None)


def test_a_refused_console_sign_in_signs_nothing() -> None:
    login = next(record for record in RECORDS if record["eventName"] == "ConsoleLogin")
    assert row(dump({**login, "errorMessage": "Failed authentication"}))["credential_id"] is None
    sound = {key: value for key, value in login.items() if key != "errorMessage"}
    for more in ({}, {"errorCode": "", "errorMessage": ""}):
        assert row(dump({**sound, **more}))["credential_id"] is not None


part = st.one_of(st.none(), st.text("ab|\\", max_size=4))


@given(st.lists(st.tuples(part, part, part), min_size=2, max_size=2, unique=True))
@settings(deadline=None, max_examples=300)
def test_different_credentials_have_different_ids(pair: list[tuple[str | None, str | None, str | None]]) -> None:
    one, other = (tuple(text or "" for text in parts) for parts in pair)
    ids = [credential_id(*parts, None) for parts in pair]
    assert (ids[0] == ids[1]) == (one == other)


def test_a_credential_is_its_four_parts() -> None:
    created = datetime(2026, 10, 1, tzinfo=UTC)
    assert credential_id("1", "ASIA", "AROA:x", created) == "1|ASIA|AROA:x|2026-10-01T00:00:00Z"
    assert credential_id(None, None, None, None) is None
    assert credential_id("", "AKIA", None, None) == "|AKIA||"


@pytest.mark.parametrize("code", ["200", "201", "204", 200])
def test_an_http_status_of_success_is_no_error(code: object) -> None:
    record = row(dump({**ISSUING[0], "errorCode": code, "errorMessage": "OK"}))
    assert record["error_code"] is record["error_message"] is None
    assert not record["unreliable"]


@pytest.mark.parametrize("code", ["403", "500", 403, "20", "2000"])
def test_any_other_code_is_an_error(code: object) -> None:
    record = row(dump({**ISSUING[0], "errorCode": code}))
    assert record["error_code"] == str(code)
    assert record["issued_access_key_id"] is None


def test_the_addresses_are_a_column() -> None:
    assert row(dump({**ISSUING[0], "sourceIPAddress": "203.0.113.9:80, ::1"}))["source_addresses"] == "203.0.113.9, ::1"
    assert row(dump({**ISSUING[0], "sourceIPAddress": "AWS Internal"}))["source_addresses"] is None


def test_the_claims_of_an_enriched_record_are_columns() -> None:
    context = {
        "aws:PrincipalTag/team": "x",
        "AWS:principaltag/cost": "y",
        "aws:SourceIdentity": "alice",
        "aws:Odd": [1],
    }
    record = row(dump({**ISSUING[0], "eventContext": {"requestContext": context, "tagContext": {}}}))
    assert record["context_source_identity"] == "alice"
    assert record["context_principal_tags"] == '{"cost":"y","team":"x"}'


@pytest.mark.parametrize("request_context", [None, [], "x", {}, {"aws:SourceIdentity": 1}, {"aws:PrincipalTag/a": []}])
def test_a_context_of_another_form_has_no_claims(request_context: object) -> None:
    record = row(dump({**ISSUING[0], "eventContext": {"requestContext": request_context}}))
    assert record["context_source_identity"] is record["context_principal_tags"] is None
    assert not record["unreliable"]


def test_fields_of_the_reference_are_known() -> None:
    identity = {**ISSUING[0]["userIdentity"], "inScopeOf": {"credentialsIssuedTo": "x", "odd": 1}, "odd": 1}
    raw = dump({**ISSUING[0], "userIdentity": identity, "eventContext": {}, "insightDetails": {}, "odd": 1})
    _, _, (unknown,) = to_batch([SourceRecords(Records(0, [raw]), "source")], {})
    assert set(unknown) == {"odd", "userIdentity.odd", "userIdentity.inScopeOf.odd"}


def spelled(value: Any, change: Callable[[str], str]) -> Any:
    """The same value with the names of its members in another spelling."""
    return {change(name): spelled(item, change) for name, item in value.items()} if isinstance(value, dict) else value


SPELLINGS: dict[str, Callable[[str], str]] = {
    "snake": lambda name: re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower(),
    "pascal": lambda name: name[0].upper() + name[1:],
    "lower": str.lower,
}
KEY = "ASIAIOSFODNN7EXAMPL2"
SESSION: Json = {
    "sessionIssuer": {"type": "Role", "principalId": "AROAEXAMPLE", "userName": "ops"},
    "attributes": {"creationDate": "2026-10-01T11:00:00Z", "mfaAuthenticated": "false"},
}


def calling(event: str = "s3.amazonaws.com:GetObject", **fields: Any) -> bytes:
    source, _, name = event.partition(":")
    return dump(RECORDS[0] | {"eventSource": source, "eventName": name, "eventType": "AwsApiCall", **fields})


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("block", ["sessionContext", "attributes", "sessionIssuer", "no sessionContext"])
def test_a_session_in_another_spelling_is_unread(block: str, spelling: str) -> None:
    """The identity began with AWS's names, so the record was native, and its session was lost."""
    change = SPELLINGS[spelling]
    written = {
        "sessionContext": {change("sessionContext"): SESSION},
        "attributes": {"sessionContext": SESSION | {"attributes": spelled(SESSION["attributes"], change)}},
        "sessionIssuer": {"sessionContext": SESSION | {"sessionIssuer": spelled(SESSION["sessionIssuer"], change)}},
        "no sessionContext": SESSION,
    }[block]
    identity = {"type": "AssumedRole", "principalId": "AROAEXAMPLE:s", "accessKeyId": KEY}
    assert row(calling(userIdentity=identity | written))["flags"] == "identity_unread"
    assert row(calling(userIdentity=identity | {"sessionContext": SESSION}))["flags"] is None


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    ("event", "response"),
    [
        ("sts.amazonaws.com:AssumeRole", {"credentials": {"accessKeyId": KEY}}),
        ("iam.amazonaws.com:CreateAccessKey", {"accessKey": {"accessKeyId": KEY, "userName": "bob"}}),
    ],
)
def test_a_new_key_in_another_spelling_is_unread(event: str, response: Json, spelling: str) -> None:
    assert row(calling(event, responseElements=spelled(response, SPELLINGS[spelling])))["flags"] == "identity_unread"
    assert row(calling(event, responseElements=response))["flags"] is None


@pytest.mark.parametrize(
    ("event", "request_", "response"),
    [
        (
            "iam.amazonaws.com:ResetServiceSpecificCredential",
            {"userName": "bob", "serviceSpecificCredentialId": "ACCAIOSFODNN7EXAMPLE"},
            {"serviceSpecificCredential": {"serviceSpecificCredentialId": "ACCAIOSFODNN7EXAMPLE"}},
        ),
        ("iam.amazonaws.com:CreateRole", {"roleName": "r"}, {"role": {"roleName": "r", "description": KEY}}),
        ("iam.amazonaws.com:CreateUser", {"userName": "u"}, {"user": {"userName": "u", "tags": [{"value": KEY}]}}),
        ("sts.amazonaws.com:AssumeRole", {"roleArn": "r"}, {"packedPolicySize": 1, "signer": KEY}),
    ],
)
def test_a_response_that_names_a_key_without_making_one_is_read(event: str, request_: Json, response: Json) -> None:
    """An ID that was read, or one in a caller's text, flagged the record."""
    signed = {"type": "AssumedRole", "principalId": "AROAEXAMPLE:s", "accessKeyId": KEY, "sessionContext": SESSION}
    signer = signed if event.startswith("sts") else RECORDS[0]["userIdentity"]
    flags = row(calling(event, userIdentity=signer, requestParameters=request_, responseElements=response))["flags"]
    assert "identity_unread" not in (flags or "")


def test_a_service_event_without_identity_is_read() -> None:
    assert "identity_unread" not in row(calling(eventType="AwsServiceEvent", userIdentity=None))["flags"]
