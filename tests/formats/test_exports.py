"""Exports are told by what the AWS CLI prints, and nothing else is taken for one."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.formats.documents import Document, DocumentKind, take_document
from forensics.formats.export_documents import kind, objects
from forensics.formats.inflate import Unreadable

REPORT = "user,arn,user_creation_time\nalice,arn:aws:iam::111122223333:user/alice,2026-01-01T00:00:00+00:00\n"
BASE64 = b64encode(REPORT.encode()).decode()
ANSWERS: list[tuple[str, Any]] = [
    ("iam_credential_report", {"Content": BASE64, "ReportFormat": "text/csv", "GeneratedTime": "2026-01-01T00:00:00Z"}),
    ("iam_access_keys", {"AccessKeyMetadata": [{"UserName": "alice", "AccessKeyId": "AKIA2ICYRBJSM2TGXVBF"}]}),
    ("iam_access_keys", {"AccessKeyMetadata": []}),
    ("iam_access_key_last_used", {"UserName": "alice", "AccessKeyLastUsed": {"ServiceName": "N/A", "Region": "N/A"}}),
    ("sts_access_key_info", {"Account": "111122223333"}),
    ("iam_account_authorization_details", {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": []}),
    ("iam_users", {"Users": [{"UserName": "alice", "Arn": "arn:aws:iam::111122223333:user/alice"}]}),
    ("identity_store_users", {"Users": [{"UserName": "a", "UserId": "1", "IdentityStoreId": "d-1"}]}),
    ("organization_accounts", {"Accounts": [{"Id": "111122223333", "Name": "prod"}]}),
    ("cloudtrail_trails", {"trailList": [{"Name": "main"}]}),
    ("cloudtrail_event_selectors", {"TrailARN": "arn:aws:cloudtrail:us-east-1:1:trail/x", "EventSelectors": [{}]}),
    ("cloudtrail_event_selectors", {"TrailARN": "arn:t", "AdvancedEventSelectors": [{}]}),
]


def taken(content: bytes) -> Document | None:
    return take_document([content])[0]


@pytest.mark.parametrize(("named", "answer"), ANSWERS, ids=[f"{n}-{i}" for i, (n, _) in enumerate(ANSWERS)])
def test_an_answer_is_told_however_it_is_laid_out(named: str, answer: Any) -> None:
    for text in (
        json.dumps(answer),
        json.dumps(answer, indent=4) + "\n",
        json.dumps([answer, answer]),
        json.dumps(answer, indent=1) + "\n" + json.dumps(answer),
        json.dumps({"ResponseMetadata": {"HTTPStatusCode": 200}, **answer}),
    ):
        assert taken(text.encode()) == Document(DocumentKind(named), text.encode())
    document = taken(json.dumps(answer).encode("utf-8-sig"))
    assert document is not None and document.kind == named


@pytest.mark.parametrize(
    "text",
    [
        REPORT,
        REPORT.replace(",", ";"),
        '"user","arn","user_creation_time"\n',
        BASE64,
        f"{BASE64}\t2026-01-01\ttext/csv",
    ],
    ids=["as decoded", "as a spreadsheet saved it", "quoted", "base64", "as --output text prints it"],
)
def test_a_credential_report_alone(text: str) -> None:
    document = taken(text.encode())
    assert document is not None and document.kind == "iam_credential_report"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('{"AccessKeyMetadata": [{"UserName": "al', "iam list-access-keys"),
        ('{\n    "UserDetailList": [', "iam get-account-authorization-details"),
        ('{"Accounts": [{"Id": "1', "organizations list-accounts"),
        ('{"Users": []}{"Users": [', "identitystore list-users"),
    ],
)
def test_what_is_cut_off_is_told_by_the_command_that_printed_it(text: str, named: str) -> None:
    with pytest.raises(Unreadable, match=f"{named}.*truncated or damaged"):
        take_document([text.encode()])


@pytest.mark.parametrize(
    "text",
    [
        "AccessKeyMetadata:\n- AccessKeyId: AKIA2ICYRBJSM2TGXVBF\n",
        "ACCESSKEYMETADATA\tAKIA2ICYRBJSM2TGXVBF\t2026-01-01T00:00:00+00:00\tActive\talice\n",
        "-------------------\n|  ListAccessKeys |\n+-----------------+\n",
    ],
    ids=["yaml", "text", "table"],
)
def test_another_output_is_refused_with_what_to_do(text: str) -> None:
    with pytest.raises(Unreadable, match="--output json"):
        take_document([text.encode()])


@pytest.mark.parametrize(
    "text",
    [
        '{"Records":[{"eventName":"ListAccessKeys","responseElements":{"AccessKeyMetadata":[]}}]}',
        '{"Users": [{"name": "somebody else\'s format"}], "Records": 1}\n{"other": 1}',
        '{"Account": "a bank"}',
        '{"Account": "111122223333", "Arn": "arn:aws:iam::111122223333:user/a", "UserId": "AIDA"}',
        '{"Content": "a page", "Title": "x"}',
        "user: alice",
        "",
    ],
)
def test_anything_else_comes_out_as_it_went_in(text: str) -> None:
    document, rest = take_document([text.encode()])
    assert document is None
    assert b"".join(rest) == text.encode()


@given(st.binary(max_size=200))
def test_no_bytes_are_a_surprise(content: bytes) -> None:
    kind(content)
    for start in (b'{"Users": ', b"user,arn,user_creation_time", b'{"AccessKeyMetadata":['):
        kind(start + content)
        objects(start + content)


def test_many_answers_in_a_row_take_time_in_proportion() -> None:
    one = json.dumps({"AccessKeyMetadata": [{"UserName": "alice", "AccessKeyId": "AKIA2ICYRBJSM2TGXVBF"}]}) + "\n\n"
    assert len(objects((one * 20_000).encode())) == 20_000
