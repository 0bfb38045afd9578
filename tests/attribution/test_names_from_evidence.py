"""Names that the evidence gives, although a clock, a missing response or a missing event hides the usual link."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.attribution.records import (
    SIGN_IN,
    Account,
    assume_role,
    at,
    call,
    federated,
    get_federation_token,
    get_session_token,
)
from tests.cases import case_of_records

AWS = Account("111111111111")
ALICE, MALLORY = AWS.user("alice"), AWS.user("mallory")
DEPLOY = AWS.role("deploy")
STORE = "arn:aws:identitystore::111111111111:identitystore/d-1"
ERIN = {"userId": "a11b22c3", "identityStoreArn": STORE}


def test_a_use_stamped_before_its_issuance_keeps_its_requester(tmp_path: Path) -> None:
    request = assume_role(ALICE.signs(), DEPLOY, "c", 60, issues=AWS.key("K"))
    early = call(DEPLOY.session("c", 60, AWS.key("K")), 59)
    with case_of_records([request, early, call(DEPLOY.session("c", 60, AWS.key("K")), 90)], tmp_path) as case:
        who = case.who(AWS.key("K"))
        tree = case.tree(ALICE.key)
    assert (who.actor.name, who.grade, who.flags) == ("alice", "proven", ("used_before_issue",))
    assert len(tree.nodes) == 2


def test_a_use_and_a_creation_date_before_the_issuance_keep_a_candidate(tmp_path: Path) -> None:
    request = assume_role(ALICE.signs(), DEPLOY, "c", 1, issues=AWS.key("K"))
    with case_of_records([request, call(DEPLOY.session("c", 0, AWS.key("K")), 0)], tmp_path) as case:
        who = case.who(AWS.key("K"))
        tree = case.tree(ALICE.key)
    assert (who.actor.name, who.stop_reason, who.flags) == (None, "not_trusted", ("used_before_issue",))
    assert [(one.actor.name, one.grade) for one in who.candidates] == [("alice", "medium")]
    assert [node.certain for node in tree.nodes] == [True, False]
    assert any(1 in step.ends for step in tree.containment)


def saml(name: str, second: float, key: str | None) -> dict[str, Any]:
    user = {"assumedRoleId": DEPLOY.session_id(name), "arn": DEPLOY.session_arn(name)}
    issued = {"credentials": {"accessKeyId": key}, "assumedRoleUser": user, "subject": name, "issuer": "https://idp"}
    return call(
        {"type": "SAMLUser", "principalId": f"nQ0=:{name}", "userName": name, "identityProvider": "nQ0="},
        second,
        source="sts.amazonaws.com",
        name="AssumeRoleWithSAML",
        account=AWS.id,
        requestParameters={"roleArn": DEPLOY.arn, "roleSessionName": name},
        responseElements=issued,
    )


def test_a_saml_sign_in_and_its_session_have_one_issuer(tmp_path: Path) -> None:
    refused = saml("carol", 9, None) | {"errorCode": "AccessDenied", "responseElements": None}
    records = [saml("carol", 0, AWS.key("K")), call(DEPLOY.session("carol", 0, AWS.key("K")), 5), refused]
    with case_of_records(records, tmp_path) as case:
        assert {case.who(record["eventID"]).actor.issuer for record in records} == {"https://idp"}


CONSOLE = DEPLOY.session("carol", 0, AWS.key("CONSOLE"))


def test_a_console_session_is_of_the_one_assertion_of_its_second(tmp_path: Path) -> None:
    uses = [call(CONSOLE, 5, sessionCredentialFromConsole="true")]
    with case_of_records([saml("carol", 0, AWS.key("K")), *uses], tmp_path) as case:
        who = case.who(AWS.key("CONSOLE"))
    assert (who.actor.kind, who.actor.name, who.grade) == ("saml_user", "carol", "strong")


def test_a_sign_in_without_session_context_opens_the_session_before_it(tmp_path: Path) -> None:
    caller = CONSOLE | {"accessKeyId": None, "sessionContext": None}
    sign_in = call(
        {name: value for name, value in caller.items() if value},
        2,
        source=SIGN_IN,
        name="ConsoleLogin",
        eventType="AwsConsoleSignIn",
        responseElements={"ConsoleLogin": "Success"},
    )
    in_console = call(CONSOLE, 5, sessionCredentialFromConsole="true")
    elsewhere = call(DEPLOY.session("carol", 0, AWS.key("ELSEWHERE")), 6)
    with case_of_records([saml("carol", 0, AWS.key("K")), sign_in, in_console, elsewhere], tmp_path) as case:
        assert case.who(AWS.key("CONSOLE")).actor.name == "carol"
        assert case.who(AWS.key("ELSEWHERE")).actor.kind == "unknown"


def test_another_key_of_a_session_outside_the_console_has_no_requester(tmp_path: Path) -> None:
    with case_of_records([saml("carol", 0, AWS.key("K")), call(CONSOLE, 5)], tmp_path) as case:
        assert case.who(AWS.key("CONSOLE")).actor.kind == "unknown"


def test_a_federated_user_in_the_console_leads_to_the_key_behind_it(tmp_path: Path) -> None:
    request = get_federation_token(ALICE.signs(), "broker", 0, issues=AWS.key("K"))
    use = call(federated(ALICE, "broker", 0, AWS.key("CONSOLE")), 5, sessionCredentialFromConsole="true")
    with case_of_records([request, use], tmp_path) as case:
        who = case.who(AWS.key("CONSOLE"))
    assert (who.actor.name, who.origin_access_key_id) == ("alice", ALICE.key)
    assert who.claims.role_session_name.value == "broker"


def test_a_federated_user_alone_is_named_as_its_record_does(tmp_path: Path) -> None:
    with case_of_records([call(federated(ALICE, "broker", 0, AWS.key("K")), 5)], tmp_path) as case:
        who = case.who(AWS.key("K"))
    assert (who.actor.id, who.actor.name, who.actor.arn) == (ALICE.id, "alice", ALICE.arn)


@pytest.mark.parametrize(
    ("arn", "kind", "name"),
    [
        ("ec2:us-east-1:111111111111:instance/i-0abc", "ec2_instance", "i-0abc"),
        ("lambda:us-east-1:111111111111:function:resize:7", "lambda_function", "resize"),
        ("ecs:us-east-1:111111111111:task/web/0f3c", "ecs_task", "0f3c"),
        ("glue:us-east-1:111111111111:job/nightly", "glue", "nightly"),
        ("iot:us-east-1:111111111111:thing/x:lambda:y:z:function:resize", "iot", "resize"),
    ],
)
def test_the_record_names_the_workload(arn: str, kind: str, name: str, tmp_path: Path) -> None:
    identity = DEPLOY.session("x", 0, AWS.key("K")) | {"inScopeOf": {"credentialsIssuedTo": f"arn:aws:{arn}"}}
    with case_of_records([call(identity, 500)], tmp_path) as case:
        who = case.who(AWS.key("K"))
    assert (who.actor.kind, who.actor.workload_type, who.actor.name) == ("workload", kind, name)
    assert who.grade == "proven"


class TestWithoutResponse:
    """AssumeRole whose responseElements are null: a candidate by role, session name and second."""

    use = call(DEPLOY.session("s", 0, AWS.key("K")), 5)

    def request(self, caller: dict[str, Any]) -> dict[str, Any]:
        return assume_role(caller, DEPLOY, "s", 0, issues=AWS.key("K")) | {"responseElements": None}

    @pytest.mark.parametrize("response", [None, {"omitted": True}, {"credentials": {"accessKeyId": "***"}}])
    def test_the_requester_is_a_candidate(self, response: dict[str, Any] | None, tmp_path: Path) -> None:
        """The call that issued the key may be another one, which is not loaded."""
        request = self.request(ALICE.signs()) | {"responseElements": response}
        with case_of_records([request, self.use], tmp_path) as case:
            who, tree = case.who(AWS.key("K")), case.tree(ALICE.key)
        assert (who.actor.kind, who.stop_reason) == ("unknown", "not_trusted")
        assert [(one.grade, one.actor.name) for one in who.candidates] == [("medium", "alice")]
        assert [(one.reason, one.evidence.event_id) for one in who.not_trusted] == [("no_response", request["eventID"])]
        assert [(node.access_key_ids, node.certain) for node in tree.nodes[1:]] == [((AWS.key("K"),), False)]

    def test_it_is_a_doubt_about_a_match_by_time(self, tmp_path: Path) -> None:
        masked = assume_role(MALLORY.signs(), DEPLOY, "s", 0, issues=None)
        with case_of_records([self.request(ALICE.signs()), masked, self.use], tmp_path) as case:
            who = case.who(AWS.key("K"))
        assert (who.actor.kind, who.stop_reason, len(who.candidates)) == ("unknown", "ambiguous", 2)

    def test_the_call_that_issued_the_key_names(self, tmp_path: Path) -> None:
        issued = assume_role(MALLORY.signs(), DEPLOY, "s", 0, issues=AWS.key("K"))
        with case_of_records([self.request(ALICE.signs()), issued, self.use], tmp_path) as case:
            assert (case.who(AWS.key("K")).actor.name, case.who(AWS.key("K")).grade) == ("mallory", "proven")

    def test_of_two_nobody_is(self, tmp_path: Path) -> None:
        requests = [self.request(ALICE.signs()), self.request(MALLORY.signs())]
        with case_of_records([*requests, self.use], tmp_path) as case:
            who = case.who(AWS.key("K"))
        assert (who.actor.kind, len(who.candidates)) == ("unknown", 2)

    def test_a_refused_one_is_none(self, tmp_path: Path) -> None:
        refused = self.request(ALICE.signs()) | {"errorCode": "AccessDenied"}
        with case_of_records([refused, self.use], tmp_path) as case:
            assert case.who(AWS.key("K")).actor.kind == "unknown"


class TestIdentityCenterName:
    """A successful sign-in names the Identity Center user of the same ID and store."""

    sign_in = call(
        {"type": "IdentityCenterUser", "accountId": AWS.id, "onBehalfOf": ERIN, "credentialId": "c"},
        0,
        source=SIGN_IN,
        name="UserAuthentication",
        eventType="AwsServiceEvent",
        additionalEventData={"AuthWorkflowID": "w", "UserName": "erin@example.com"},
        serviceEventDetails={"UserAuthentication": "Success"},
    )
    portal = call(
        {"type": "IdentityCenterUser", "accountId": AWS.id, "onBehalfOf": ERIN, "credentialId": "c"},
        30,
        source="sso.amazonaws.com",
        name="GetRoleCredentials",
        eventType="AwsServiceEvent",
        serviceEventDetails={"role_name": "Admin", "account_id": AWS.id},
    )

    @pytest.mark.parametrize("path", ["/aws-reserved/sso.amazonaws.com/", "/"])
    def test_it_is_the_name_and_checks_the_session_name(self, path: str, tmp_path: Path) -> None:
        role = AWS.role("AWSReservedSSO_Admin_0123456789abcdef", path=path)
        use = call(role.session("erin@example.com", 30, AWS.key("K")) | {"onBehalfOf": ERIN}, 60)
        with case_of_records([self.sign_in, self.portal, use], tmp_path) as case:
            who = case.who(AWS.key("K"))
        assert (who.actor.id, who.actor.name) == ("a11b22c3", "erin@example.com")
        assert who.claims.role_session_name.agreement == "agrees"

    def test_of_a_renamed_user_the_name_before_the_session_counts(self, tmp_path: Path) -> None:
        role = AWS.role("AWSReservedSSO_Admin_0123456789abcdef", path="/aws-reserved/sso.amazonaws.com/")
        use = call(role.session("erin@example.com", 30, AWS.key("K")) | {"onBehalfOf": ERIN}, 60)
        later = self.sign_in | {"eventTime": at(900), "eventID": "later"}
        renamed = later | {"additionalEventData": {"UserName": "frank@example.com"}}
        masked = later | {"eventID": "masked", "additionalEventData": {"UserName": "HIDDEN_DUE_TO_SECURITY_REASONS"}}
        with case_of_records([self.sign_in, use, renamed, masked], tmp_path) as case:
            assert case.who(AWS.key("K")).actor.name == "erin@example.com"

    def test_a_user_of_another_store_has_no_name(self, tmp_path: Path) -> None:
        role = AWS.role("AWSReservedSSO_Admin_0", path="/aws-reserved/sso.amazonaws.com/")
        other = ERIN | {"identityStoreArn": STORE.replace("d-1", "d-2")}
        use = call(role.session("x", 30, AWS.key("K")) | {"onBehalfOf": other}, 60)
        with case_of_records([self.sign_in, use], tmp_path) as case:
            assert case.who(AWS.key("K")).actor.name is None


def test_a_key_that_an_identity_without_a_type_requested(tmp_path: Path) -> None:
    request = get_session_token(
        {name: part for name, part in ALICE.signs().items() if name != "type"}, 0, issues="ASIA0T1111XXXXXXXXXX"
    )
    with case_of_records([request, call(ALICE.signs(), 5)], tmp_path) as case:
        who = case.who(ALICE.id)
    assert "unknown" in {session.actor.kind for session in who.sessions}
