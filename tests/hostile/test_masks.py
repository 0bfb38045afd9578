"""Session tokens and other secrets in every possible place of a log: no text that SQL reads contains one."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from forensics.case import Case
from forensics.records.secrets import HOLDS_A_SECRET, mask
from tests.lake.cases import put, record

TOKEN = "IQoJb3JpZ2luX2VjEOv//////////wEaCXVzLWVhc3Qt+MSJHMEUCIQDxAbCdEf12=="
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
MARKER = f"MASKED sha256:{hashlib.sha256(TOKEN.encode()).hexdigest()}"
URL = "https://b.s3.amazonaws.com/k?X-Amz-Credential=ASIAIOSFODNN7EXAMPLE%2F20261001&"

Wrap = Callable[[str], str]


def nested(times: int, key: str = "sessionToken") -> Wrap:
    def wrap(secret: str) -> str:
        text = json.dumps({"a": 'say "x" \\', key: secret, "b": "c"})
        for _ in range(times - 1):
            text = json.dumps({"body": text})
        return text

    return wrap


PLACES: dict[str, Wrap] = {
    "json": nested(1),
    "json_in_json": nested(2),
    "json_in_json_in_json": nested(3),
    "json_with_space": lambda secret: json.dumps({"SessionToken": secret}, indent=2),
    "json_aws_cli": nested(1, "aws_session_token"),
    "json_lower": nested(1, "sessiontoken"),
    "json_header": nested(1, "x-amz-security-token"),
    "json_presigned": nested(1, "X-Amz-Signature"),
    "json_secret_key": nested(1, "SecretAccessKey"),
    "variable": lambda secret: json.dumps({"environment": [{"name": "AWS_SESSION_TOKEN", "value": secret}]}),
    "variable_in_json": lambda secret: json.dumps(
        {"body": json.dumps({"name": "X_SECRET_ACCESS_KEY", "Value": secret})}
    ),
    "parameter": lambda secret: json.dumps({"parameterKey": "DBPassword", "parameterValue": secret}),
    "url": lambda secret: f"{URL}X-Amz-Security-Token={quote(secret, safe='')}&X-Amz-Expires=300",
    "url_lower": lambda secret: f"{URL}x-amz-security-token={quote(secret, safe='/')}#x",
    "url_in_url": lambda secret: (
        "https://x.example/?to=" + quote(f"{URL}X-Amz-Security-Token={quote(secret, safe='')}")
    ),
    "url_in_url_in_url": lambda secret: quote(quote(f"X-Amz-Security-Token={quote(secret, safe='')}&a=b")),
    "url_escaped_for_html": lambda secret: f"{URL}X-Amz-Security-Token\\u003d{secret}\\u0026X-Amz-Expires\\u003d300",
    "url_in_json": lambda secret: json.dumps({"url": f"{URL}X-Amz-Security-Token={quote(secret)}"}),
    "url_signature": lambda secret: f"{URL}X-Amz-Signature={quote(secret, safe='')}",
    "url_old_signature": lambda secret: f"https://b/k?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature={quote(secret)}",
    "header": lambda secret: f"GET / HTTP/1.1\r\nx-amz-security-token: {secret}\r\nhost: b",
    "environment": lambda secret: f"AWS_SESSION_TOKEN={secret} aws s3 ls",
    "shell": lambda secret: f'export AWS_SECRET_ACCESS_KEY="{secret}"',
    "profile": lambda secret: f"[default]\naws_session_token = {secret}\nregion = x",
    "java": lambda secret: f"BasicSessionCredentials(sessionToken={secret}, x=1)",
    "yaml": lambda secret: f"sessionToken: {secret}\n",
}
NO_SECRETS = (
    "X-Amz-SignedHeaders=host%3Bx-amz-security-token&X-Amz-Credential=ASIAIOSFODNN7EXAMPLE%2F20261001%2Fus-east-1",
    "Authorization: AWS4-HMAC-SHA256 SignedHeaders=host;x-amz-date;x-amz-security-token",
    '{"nextToken":"abcdefghijklmnopqrstuvwxyz","maxResults":5}',
    '{"password":"HIDDEN_DUE_TO_SECURITY_REASONS","passwordResetRequired":true}',
    "password: it must have 14 characters",
    "the security token included in the request is invalid",
    "sessionToken=null",
    '{"signature":"abcdefghijklmnopqrstuvwxyz"}',
)


@pytest.mark.parametrize("wrap", PLACES.values(), ids=PLACES)
def test_a_token_is_masked_in_text_and_in_a_string_of_a_record(wrap: Wrap) -> None:
    for text in (wrap(TOKEN), json.dumps({"userAgent": wrap(TOKEN)}), json.dumps({"x": json.dumps([wrap(TOKEN)])})):
        masked = mask(text.encode()).decode()
        assert MARKER in masked
        assert masked.count("MASKED") == 1
        assert TOKEN[:12] not in masked
        assert pc.match_substring_regex(pa.array([text]), HOLDS_A_SECRET).to_pylist() == [True]
        if text.startswith("{"):
            json.loads(masked)


@pytest.mark.parametrize("text", NO_SECRETS)
def test_what_is_no_secret_stays(text: str) -> None:
    assert mask(text.encode()) == text.encode()
    assert mask(json.dumps({"a": text}).encode()) == json.dumps({"a": text}).encode()


def test_a_password_with_quotes_in_json_in_json_is_masked_whole() -> None:
    text = json.dumps({"a": json.dumps({"password": 'x"y\\', "b": 'z"'}), "c": 1})
    masked = json.loads(mask(text.encode()))
    inner = json.loads(masked["a"])
    assert re.fullmatch(r"MASKED sha256:[0-9a-f]{64}", inner["password"])
    assert (inner["b"], masked["c"]) == ('z"', 1)


def test_a_password_on_a_command_line_is_masked() -> None:
    assert b"hunter2" not in mask(b'{"commands":["mysql --password=hunter2 -u root"]}')


@pytest.mark.parametrize("quote", ['"', '\\"', '\\\\\\"', "=", ": "])
def test_masking_takes_time_in_proportion(quote: str) -> None:
    """Masking is fast for hostile records: 8 MB of incomplete keys take seconds, not hours."""
    for filler in ("\\", "a", "%25", '\\"', "sessionToken"):
        mask(f"sessionToken{quote}".encode() * 20_000 + filler.encode() * 200_000)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Return a case with each place in each text field and in parameters."""
    folder = tmp_path_factory.mktemp("masks")
    records = [
        record(
            number,
            eventName="SendCommand",
            userAgent=wrap(TOKEN),
            errorMessage=wrap(TOKEN),
            requestParameters={"name": wrap(TOKEN), "deep": [{"commands": [wrap(SECRET_KEY + TOKEN)]}]},
            resources=[{"ARN": wrap(TOKEN), "type": "x"}] if number % 2 else None,
        )
        for number, wrap in enumerate(PLACES.values(), 1)
    ]
    put(folder / "logs.json", *records)
    made = Case.create(folder / "case")
    made.ingest([folder / "logs.json"])
    return made


def test_no_column_of_any_table_holds_a_token(case: Case) -> None:
    pieces = (TOKEN[:12], SECRET_KEY[:12])
    tables = case.sql_rows("select table_name from information_schema.tables where table_schema = 'main'").rows
    read = 0
    for (table,) in tables:
        for row in case.sql_rows(f'select * from "{table}"').rows:
            read += 1
            assert not any(piece in str(row) for piece in pieces), (table, row)
    assert read > len(PLACES)
    (masked,) = case.sql_rows("select count(*) from events where user_agent like '%MASKED sha256:%'").rows
    assert masked == (len(PLACES),)


def test_extract_masks_and_gives_the_original_only_when_asked(case: Case) -> None:
    event = "00000000-0000-4000-8000-000000000001"
    folder = Path(case.info().case)
    put(folder.parent / "one.json", record(99, eventID=event, userAgent=PLACES["url"](TOKEN)))
    case.ingest([folder.parent / "one.json"])
    assert TOKEN[:12] not in case.extract([event]).originals[0].record
    assert TOKEN[:12] in case.extract([event], with_secrets=True).originals[0].record
