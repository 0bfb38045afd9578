"""Record names: which field a column of another product contains."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from forensics.formats.record_names import RECORD, USER_IDENTITY, path_of

KEY, CREATED = "userIdentity.accessKeyId", "userIdentity.sessionContext.attributes.creationDate"
ISSUED = "responseElements.credentials.accessKeyId"
DOCUMENTED = Path(__file__).parents[2] / "docs" / "formats.md"


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("userIdentity.accessKeyId", KEY),
        ("useridentity.accesskeyid", KEY),
        ("user_identity_access_key_id", KEY),
        ("UserIdentityAccessKeyId", KEY),
        ("userIdentity{}.accessKeyId", KEY),
        ("aws.cloudtrail.user_identity.access_key_id", KEY),
        ("accesskeyid", KEY),
        ("AWS access key", KEY),
        ("SessionCreationDate", CREATED),
        ("user_identity.session_context.attributes.creation_date", CREATED),
        ("response_elements_credentials_access_key_id", ISSUED),
        ("responseElements.credentials.accessKeyId", ISSUED),
        ("requestParameters_raw", "requestParameters"),
        ("requestParameters.Filter.0.Name", "requestParameters.Filter.0.Name"),
        ("EventTime [UTC]", "eventTime"),
        ("event.action", "eventName"),
        ("AwsEventId", "eventID"),
    ],
)
def test_a_column_names_its_field(column: str, field: str) -> None:
    assert path_of(column) == tuple(field.split("."))


@pytest.mark.parametrize(
    "column",
    [
        "tag::eventtype",
        "resources{}.ARN",
        "date(eventtime)",
        "Type",
        "_raw",
        "host",
        "",
        "[UTC]",
        "aws.cloudtrail.flattened",
    ],
)
def test_another_column_names_none(column: str) -> None:
    assert path_of(column) is None


def test_the_fields_are_those_of_the_documentation() -> None:
    section = DOCUMENTED.read_text(encoding="utf-8").partition("## Fields")[2].partition("\n## ")[0]
    documented = re.findall(r"`([A-Za-z.]+)`", section)
    assert sorted(documented) == sorted([*RECORD, *(f"userIdentity.{name}" for name in USER_IDENTITY)])
