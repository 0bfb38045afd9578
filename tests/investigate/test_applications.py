"""Which program a user agent claims to be."""

from __future__ import annotations

import pytest

from forensics.investigate.applications import application_of


@pytest.mark.parametrize(
    ("agent", "application"),
    [
        (
            "aws-cli/2.9.19 Python/3.11.2 Linux/6.6.9-amd64 source/x86_64.kali.2024 prompt/off",
            "AWS CLI 2.9.19, Kali Linux",
        ),
        (
            "APN/1.0 HashiCorp/1.0 Terraform/1.9.5 (+https://www.terraform.io) terraform-provider-aws/5.64.0",
            "Terraform 1.9.5",
        ),
        ("Boto3/1.35.12 md/Botocore#1.35.12 ua/2.0 os/linux", "Boto3 1.35.12"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox 130.0"),
        ("[aws-cli/2.9.19 Python/3.11.2 Linux/6.6.9-amd64]", "AWS CLI 2.9.19"),
        ("[curl/8.9.1]", "curl 8.9.1"),
        ("[AWS Internal]", "AWS service"),
        ("[S3Console/0.4, aws-internal/3]", "AWS console"),
        ("cloudformation.amazonaws.com", "AWS service"),
        ("Terraform/1.1.2 aws-sdk-go/1.44.157 stratus-red-team_06a62bf9", "Stratus Red Team"),
        ("something parrot", "Parrot Linux"),
        ("something else", None),
        (None, None),
    ],
)
def test_programs_by_their_own_word(agent: str | None, application: str | None) -> None:
    assert application_of(agent) == application
