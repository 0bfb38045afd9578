"""Issuance: what each event of the kind hands out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.identifiers import account_of_arn
from forensics.records.arrow_schema import ISSUANCE_COLUMNS
from forensics.records.issuance import READ_FROM, Issuance, IssuingRecord, issuance
from forensics.records.record import Record, UserIdentity, convert

ROLE = "arn:aws:iam::111122223333:role/ops/deploy"
SESSION = "arn:aws:sts::111122223333:assumed-role/deploy/build"
USER = {
    "type": "IAMUser",
    "principalId": "AIDAX",
    "arn": "arn:aws:iam::444455556666:user/a",
    "accountId": "444455556666",
}
KEY = "ASIAY34FZKBOKMUTVV7A"
CREDENTIALS = {"accessKeyId": KEY, "expiration": "Jul 10, 2023, 6:38:25 PM", "sessionToken": "t"}
EXPIRES = datetime(2023, 7, 10, 18, 38, 25, tzinfo=UTC)


def issued(source: str, name: str, identity: dict[str, Any] | None = None, **record: Any) -> dict[str, Any]:
    """The issuance of a record, without what is null in it."""
    whole = {"eventSource": f"{source}.amazonaws.com", "eventName": name, **record}
    found = issuance(
        convert(whole, Record)[0], convert(identity or USER, UserIdentity)[0], convert(whole, IssuingRecord)[0]
    )
    return {name: value for name, value in found._asdict().items() if value is not None}


def test_the_columns_are_those_of_the_schema() -> None:
    assert list(Issuance._fields) == [field.name for field in ISSUANCE_COLUMNS]


def test_assume_role() -> None:
    request = {"roleArn": ROLE, "roleSessionName": "build", "sourceIdentity": "alice"}
    response = {
        "credentials": CREDENTIALS,
        "assumedRoleUser": {"assumedRoleId": "AROAX:build", "arn": SESSION},
        "sourceIdentity": "alice",
    }
    assert issued("sts", "AssumeRole", requestParameters=request, responseElements=response) == {
        "issued_access_key_id": KEY,
        "issued_principal_id": "AROAX:build",
        "issued_arn": SESSION,
        "issued_account_id": "111122223333",
        "expires_at": EXPIRES,
        "target_role_arn": ROLE,
        "requested_session_name": "build",
        "requested_source_identity": "alice",
    }


def test_a_denied_assume_role_names_its_target_and_hands_out_nothing() -> None:
    message = f"User: {USER['arn']} is not authorized to perform: sts:AssumeRole on resource: {ROLE}"
    got = issued("sts", "AssumeRole", errorCode="AccessDenied", errorMessage=message)
    assert got == {"target_role_arn": ROLE}


def test_requested_tags_and_session_policies() -> None:
    request = {
        "roleArn": ROLE,
        "tags": [{"key": "team", "value": "red"}, {"key": "cost", "value": "1"}],
        "transitiveTagKeys": ["team"],
        "incomingTransitiveTags": {"dept": "ops"},
        "policy": '{"Version":"2012-10-17"}',
        "policyArns": [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}, {"arn": "arn:aws:iam::aws:policy/Other"}],
    }
    got = issued("sts", "AssumeRole", requestParameters=request)
    assert got == {
        "target_role_arn": ROLE,
        "issued_account_id": "111122223333",
        "session_tags": '{"cost": "1", "team": "red"}',
        "transitive_tag_keys": '["team"]',
        "incoming_transitive_tags": '{"dept": "ops"}',
        "session_policy": '{"Version":"2012-10-17"}',
        "session_policy_arns": "arn:aws:iam::aws:policy/ReadOnlyAccess arn:aws:iam::aws:policy/Other",
    }
    by_saml = issued("sts", "AssumeRoleWithSAML", requestParameters={"principalTags": {"Department": "Eng"}})
    assert by_saml == {"principal_tags": '{"Department": "Eng"}'}


@pytest.mark.parametrize("value", [None, 1, "text", True, [1, None, {}], {"a": {"b": 1}}, {"a": None}])
def test_tags_and_policies_of_another_form_are_left_out(value: object) -> None:
    names = ("tags", "principalTags", "transitiveTagKeys", "incomingTransitiveTags", "policyArns")
    got = issued("sts", "AssumeRole", requestParameters=dict.fromkeys(names, value) | {"policy": [value]})
    assert got == {}


@pytest.mark.parametrize("seconds", [43200, "43200"])
def test_without_a_response_the_session_lasts_as_long_as_was_requested(seconds: object) -> None:
    request = {"roleArn": ROLE, "roleSessionName": "build", "durationSeconds": seconds}
    got = issued("sts", "AssumeRole", eventTime="2023-07-10T06:38:25Z", requestParameters=request)
    assert got["expires_at"] == EXPIRES


@pytest.mark.parametrize("seconds", [899, 129_601, -1, "12h", 9e3, True, [900], {"a": 1}, "9" * 40])
def test_a_duration_that_sts_does_not_grant_is_not_believed(seconds: object) -> None:
    request = {"roleArn": ROLE, "durationSeconds": seconds}
    got = issued("sts", "AssumeRole", eventTime="2023-07-10T06:38:25Z", requestParameters=request)
    assert "expires_at" not in got


def test_an_empty_error_code_is_none() -> None:
    response = {"credentials": CREDENTIALS}
    assert issued("sts", "GetSessionToken", errorCode="", responseElements=response)["issued_access_key_id"] == KEY


def test_get_session_token_hands_a_user_its_own_session() -> None:
    assert issued("sts", "GetSessionToken", responseElements={"credentials": CREDENTIALS}) == {
        "issued_access_key_id": KEY,
        "issued_principal_id": "AIDAX",
        "issued_arn": USER["arn"],
        "issued_account_id": "444455556666",
        "expires_at": EXPIRES,
    }


def test_get_federation_token() -> None:
    arn = "arn:aws:sts::444455556666:federated-user/bob"
    response = {"credentials": CREDENTIALS, "federatedUser": {"federatedUserId": "444455556666:bob", "arn": arn}}
    got = issued("sts", "GetFederationToken", responseElements=response)
    assert (got["issued_principal_id"], got["issued_arn"], got["issued_account_id"]) == (
        "444455556666:bob",
        arn,
        "444455556666",
    )


def test_get_federation_token_without_its_response() -> None:
    got = issued("sts", "GetFederationToken", requestParameters={"name": "bob"}, responseElements=None)
    assert got == {
        "issued_principal_id": "444455556666:bob",
        "issued_arn": "arn:aws:sts::444455556666:federated-user/bob",
        "issued_account_id": "444455556666",
    }
    for name in (None, 7, "HIDDEN_DUE_TO_SECURITY_REASONS"):
        assert issued("sts", "GetFederationToken", requestParameters={"name": name}, responseElements=None) == {}
    refused = issued("sts", "GetFederationToken", requestParameters={"name": "bob"}, errorCode="AccessDenied")
    assert refused == {}


@pytest.mark.parametrize("target", ["111122223333", "arn:aws:iam::111122223333:root"])
def test_assume_root(target: str) -> None:
    got = issued(
        "sts",
        "AssumeRoot",
        requestParameters={"targetPrincipal": target},
        responseElements={"credentials": CREDENTIALS},
    )
    assert (got["issued_principal_id"], got["issued_account_id"]) == ("111122223333", "111122223333")


def test_saml_and_web_identity_name_their_subject() -> None:
    saml = issued("sts", "AssumeRoleWithSAML", responseElements={"subject": "alice@corp", "issuer": "https://idp"})
    assert (saml["subject"], saml["issuer"]) == ("alice@corp", "https://idp")
    web = issued(
        "sts",
        "AssumeRoleWithWebIdentity",
        identity={"type": "WebIdentityUser", "userName": "repo:a/b", "identityProvider": "token.actions"},
    )
    assert (web["subject"], web["issuer"]) == ("repo:a/b", "token.actions")


def test_a_console_sign_in_and_a_switch_of_role() -> None:
    login = issued("signin", "ConsoleLogin", responseElements={"ConsoleLogin": "Success"})
    assert login == {
        "sign_in_result": "Success",
        "issued_principal_id": "AIDAX",
        "issued_arn": USER["arn"],
        "issued_account_id": "444455556666",
    }
    assert issued("signin", "ConsoleLogin", responseElements={"ConsoleLogin": "Failure"}) == {
        "sign_in_result": "Failure"
    }
    switch = issued(
        "signin",
        "SwitchRole",
        responseElements={"SwitchRole": "Success"},
        additionalEventData={"SwitchFrom": USER["arn"]},
    )
    assert switch["switch_from_arn"] == USER["arn"]


@pytest.mark.parametrize(("source", "name"), sorted(READ_FROM))
def test_an_event_that_says_nothing_hands_out_nothing(source: str, name: str) -> None:
    record = Record(event_source=source, event_name=name, error_code="AccessDenied")
    said = issuance(record, UserIdentity(), IssuingRecord())._replace(issuer=None)  # Cognito is one by itself
    assert said == Issuance()


def test_a_refused_call_issues_no_credential_whatever_its_response_says() -> None:
    response = {"credentials": CREDENTIALS, "assumedRoleUser": {"assumedRoleId": "AROAX:b", "arn": SESSION}}
    got = issued("sts", "AssumeRole", errorCode="AccessDenied", responseElements=response)
    assert not {name for name in got if name.startswith("issued_")}


@given(st.text(max_size=50))
@settings(deadline=None, max_examples=50)
def test_only_an_arn_has_an_account(text: str) -> None:
    assert account_of_arn(text) is None
    assert account_of_arn(f"arn:aws:iam::111122223333:user/{text}") == "111122223333"


def test_decoding_reads_the_record_as_aws_writes_it() -> None:
    raw = b'{"requestParameters":null,"responseElements":{"ConsoleLogin":"Success"},"additionalEventData":{}}'
    record = msgspec.json.decode(raw, type=IssuingRecord)
    assert record.response_elements is not None and record.response_elements.console_login == "Success"


@pytest.mark.parametrize(("request_", "name"), [(None, "00f1"), ({"roleSessionName": "00f1"}, None)])
def test_a_session_name_that_the_client_chose_is_not_the_serial_of_a_certificate(
    request_: dict[str, str] | None, name: str | None
) -> None:
    issued_to = {"assumedRoleId": "AROAX:00f1", "arn": SESSION}
    response = {"credentialSet": [{"credentials": CREDENTIALS, "assumedRoleUser": issued_to, "roleArn": ROLE}]}
    found = issued(
        "rolesanywhere.amazonaws.com", "CreateSession", requestParameters=request_, responseElements=response
    )
    assert (found.get("workload_name"), found["requested_session_name"]) == (name, "00f1")
