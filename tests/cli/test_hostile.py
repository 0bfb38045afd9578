"""What an attacker put into the logs arrives inert, in every output there is."""

from __future__ import annotations

import csv
import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.run import Done, run

ROLE = "AROAZNW342S3LLWY2OUGJ"
ACCOUNT = "647927485622"
CHILD_KEY, PARENT_KEY = "ASIAZNW342S3J6ZQNFX7", "AKIAZNW342S3AWQUBVFJ"
ISSUANCE = "00000000-0000-4000-8000-000000000000"
ATTACKS = (
    "\x1b[31mred\x1b[2J\x1b]0;title\x07",
    "\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\",
    "\u202eevil\u2066\u200b\ufeff",
    "[bold]markup[/bold] [link=http://evil.example]x[/link]",
    "=cmd|'/C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "a\nb\r\nc\td\u2028e\x85f",
    "nul\x00del\x7fcsi\x9b31m",
    '"quotes","and,commas"',
    "x" * 100_000,
    "\N{PILE OF POO} José 日本",
)
HARMFUL = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def records(attack: str) -> Iterator[dict[str, object]]:
    short = attack[:200]
    user = {
        "type": "IAMUser",
        "principalId": "AIDAZNW342S3C337GJOIB",
        "arn": f"arn:aws:iam::{ACCOUNT}:user/{short}",
        "accountId": ACCOUNT,
        "accessKeyId": PARENT_KEY,
        "userName": short,
    }
    session_arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/{short}"
    session = {
        "type": "AssumedRole",
        "principalId": f"{ROLE}:{short}",
        "arn": session_arn,
        "accountId": ACCOUNT,
        "accessKeyId": CHILD_KEY,
        "sessionContext": {
            "attributes": {"creationDate": "2026-10-01T12:00:00Z", "mfaAuthenticated": "false"},
            "sourceIdentity": short,
        },
    }
    common = {
        "eventVersion": "1.11",
        "awsRegion": "us-east-1",
        "eventSource": "sts.amazonaws.com",
        "sourceIPAddress": short,
        "userAgent": attack,
        "errorMessage": attack,
        "eventType": "AwsApiCall",
        "recipientAccountId": ACCOUNT,
    }
    response = {
        "credentials": {"accessKeyId": CHILD_KEY, "expiration": "Oct 1, 2026, 1:00:00 PM", "sessionToken": "t"},
        "assumedRoleUser": {"assumedRoleId": f"{ROLE}:{short}", "arn": session_arn},
    }
    request = {"roleArn": f"arn:aws:iam::{ACCOUNT}:role/deploy", "roleSessionName": short, "sourceIdentity": short}
    yield common | {
        "eventID": ISSUANCE,
        "eventTime": "2026-10-01T12:00:00Z",
        "eventName": "AssumeRole",
        "userIdentity": user,
        "requestParameters": request,
        "responseElements": response,
    }
    yield common | {
        "eventID": "00000000-0000-4000-8000-000000000001",
        "eventTime": "2026-10-01T12:01:00Z",
        "eventName": short,
        "errorCode": short,
        "userIdentity": session,
        "requestParameters": {"bucketName": attack},
        "responseElements": None,
    }


@pytest.fixture(scope="module", params=ATTACKS, ids=lambda attack: ascii(attack)[:20])
def attacked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    attack: str = request.param
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "logs.json").write_text(json.dumps({"Records": list(records(attack))}))
    done = run("ingest", folder / "logs.json", "--case", folder / "case")
    assert (done.code, done.err) == (0, "")
    return attack, folder / "case"


def test_everything_arrives_inert(attacked: tuple[str, Path]) -> None:
    attack, case = attacked
    query = "select user_agent, error_message, role_session_name, source_identity, record from attributed_events"
    commands: list[list[str]] = [
        ["who", CHILD_KEY],
        ["who", PARENT_KEY, CHILD_KEY, ISSUANCE],
        ["events"],
        ["events", "--actor", attack[:200].replace("\x00", "")],
        ["sql", query],
        ["sql", "pivot (select event_name, grade from attributed_events) on event_name"],
    ]
    for command in commands:
        for form in ("table", "json", "jsonl", "csv"):
            done = run(*command, "--case", case, "--format", form)
            assert done.code == 0, done.err
            assert_inert(done)
            if form == "csv":
                assert_no_formula(done.out)
        for width in (80, 200):
            assert_inert(run(*command, "--case", case, width=width))
    for form in ("table", "json"):
        assert_inert(run("info", "--case", case, "--format", form))


def test_json_is_exact(attacked: tuple[str, Path]) -> None:
    attack, case = attacked
    rows = json.loads(run("events", "--case", case, "--format", "json").out)
    assert [row["user_agent"] for row in rows] == [attack, attack]
    answer = json.loads(run("who", CHILD_KEY, "--case", case, "--format", "json").out)
    assert answer["actor"]["name"] == attack[:200]
    assert answer["claims"]["source_identity"]["value"] == attack[:200]


def test_markup_is_text(tmp_path: Path) -> None:
    (tmp_path / "logs.json").write_text(json.dumps({"Records": list(records("[bold]name[/bold]"))}))
    assert "[bold]name[/bold], IAM user" in run("who", CHILD_KEY, "--logs", tmp_path / "logs.json").out


def assert_inert(done: Done) -> None:
    harmful = {c for c in done.out + done.err if c != "\n" and unicodedata.category(c) in HARMFUL}
    assert not harmful


def assert_no_formula(text: str) -> None:
    csv.field_size_limit(1_000_000)
    rows = list(csv.reader(text.splitlines()))
    assert {len(row) for row in rows} == {len(rows[0])}
    for value in (value for row in rows for value in row):
        assert not value.lstrip().startswith(("=", "+", "@", "-", "|"))
