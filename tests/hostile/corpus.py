"""Corpus: attack strings, and records that contain them in every field that an attacker controls."""

from __future__ import annotations

from collections.abc import Iterator

from tests.attribution.records import Json

ROLE = "AROAZNW342S3LLWY2OUGJ"
ACCOUNT = "647927485622"
CHILD_KEY, PARENT_KEY = "ASIAZNW342S3J6ZQNFX7", "AKIAZNW342S3AWQUBVFJ"
ATTACKS = (
    "\x1b[31mred\x1b[2J\x1b]0;title\x07",
    "\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\",
    "\x9b31mred\x9d0;title\x9c",
    "\u202eevil\u2066\u200b\ufeff",
    "[bold]markup[/bold] [link=http://evil.example]x[/link]",
    "=cmd|'/C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\uff1d1+1",
    " +1+1",
    "a\nb\r\nc\td\u2028e\x85f",
    "nul\x00del\x7fcsi",
    '"quotes","and,commas"',
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>&lt;b&gt;",
    '"]; click n0 call alert() %%{init: {"theme":"x"}}%% `**b**`',
    '\\" \\N [label="evil"]; }',
    "x" * 100_000,
    "\N{PILE OF POO} José 日本",
)


def records(
    attack: str,
    *,
    user: str | None = None,
    parent_key: str = PARENT_KEY,
    child_key: str = CHILD_KEY,
    second: int = 0,
) -> Iterator[Json]:
    """Return records of a user who requests a session named after the attack and makes a call with it."""
    short = attack[:200]
    name = short if user is None else user
    owner = {
        "type": "IAMUser",
        "principalId": f"AIDA{parent_key[4:]}A",
        "arn": f"arn:aws:iam::{ACCOUNT}:user/{name}",
        "accountId": ACCOUNT,
        "accessKeyId": parent_key,
        "userName": name,
    }
    issued_at = f"2026-10-01T12:{second // 60:02}:{second % 60:02}Z"
    session_arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/{short}"
    session = {
        "type": "AssumedRole",
        "principalId": f"{ROLE}:{short}",
        "arn": session_arn,
        "accountId": ACCOUNT,
        "accessKeyId": child_key,
        "sessionContext": {
            "attributes": {"creationDate": issued_at, "mfaAuthenticated": "false"},
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
        "credentials": {"accessKeyId": child_key, "expiration": "Oct 1, 2026, 1:00:00 PM", "sessionToken": "t"},
        "assumedRoleUser": {"assumedRoleId": f"{ROLE}:{short}", "arn": session_arn},
    }
    request = {"roleArn": f"arn:aws:iam::{ACCOUNT}:role/deploy", "roleSessionName": short, "sourceIdentity": short}
    yield common | {
        "eventID": f"00000000-0000-4000-8000-{second:012}",
        "eventTime": issued_at,
        "eventName": "AssumeRole",
        "userIdentity": owner,
        "requestParameters": request,
        "responseElements": response,
    }
    yield common | {
        "eventID": f"00000000-0000-4000-9000-{second:012}",
        "eventTime": "2026-10-01T12:30:00Z",
        "eventName": short,
        "errorCode": short,
        "userIdentity": session,
        "requestParameters": {"bucketName": attack},
        "responseElements": None,
    }
