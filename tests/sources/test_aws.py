"""AWS: which credentials sign the calls, and the reasons of errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensics.errors import AwsFailed
from forensics.sources.aws import Access, Aws, convert_aws_errors
from tests.s3_server import BUCKET, Fault, S3Server, error

ROLE = "arn:aws:iam::123456789012:role/incident-response"


def signed_with(server: S3Server) -> list[str]:
    """Return a list to which the access key ID of each request is added."""
    keys: list[str] = []

    def listen(environ: dict[str, str]) -> None:
        keys.append(environ["HTTP_AUTHORIZATION"].partition("Credential=")[2].partition("/")[0])

    fault: Fault = lambda _server, environ, _start: listen(environ)  # noqa: E731
    server.faults["*"] = fault
    return keys


def test_a_role_is_assumed_once_and_signs(server: S3Server) -> None:
    keys = signed_with(server)
    client = Aws(Access(role_arn=ROLE, endpoint_url=server.url)).client("s3")
    client.list_objects_v2(Bucket=BUCKET)
    client.list_objects_v2(Bucket=BUCKET)
    assert keys[0] == "testing"
    assert keys[1] == keys[2] and keys[1].startswith("ASIA")


def test_another_role_is_assumed_with_the_credentials_of_the_first(server: S3Server) -> None:
    aws = Aws(Access(endpoint_url=server.url))
    keys = signed_with(server)
    client = aws.assuming(ROLE).client("s3")
    client.list_objects_v2(Bucket=BUCKET)
    assert keys[0] == "testing" and keys[1].startswith("ASIA")


def test_a_profile_that_is_not_there(nobody: None) -> None:
    with pytest.raises(AwsFailed, match=r"cannot use AWS: .*nowhere.* could not be found"):
        Aws(Access(profile="nowhere")).client("s3")


def test_a_profile_signs(server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "credentials").write_text(
        "[incident]\naws_access_key_id = AKIAINCIDENT\naws_secret_access_key = not-a-secret\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    keys = signed_with(server)
    Aws(Access(profile="incident", endpoint_url=server.url)).client("s3").list_objects_v2(Bucket=BUCKET)
    assert keys == ["AKIAINCIDENT"]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("ExpiredToken", "listing: the AWS credentials have expired; renew them and run the same command again"),
        ("InvalidAccessKeyId", "listing: AWS does not recognize these credentials; check the profile"),
        ("SignatureDoesNotMatch", "listing: AWS rejected the signature"),
        ("AccessDenied", r"listing: access is denied \(It is AccessDenied\)"),
        ("SomethingElse", "listing: It is SomethingElse"),
    ],
)
def test_a_refusal_is_told_in_one_sentence(server: S3Server, code: str, told: str) -> None:
    server.faults["*"] = error(code, "403 Forbidden")
    client = Aws(Access(endpoint_url=server.url)).client("s3")
    with pytest.raises(AwsFailed, match=told), convert_aws_errors("listing"):
        client.list_objects_v2(Bucket=BUCKET)
