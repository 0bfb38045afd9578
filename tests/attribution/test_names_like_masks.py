"""Names that look like a placeholder, and placeholders that look like a name or key."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from forensics.identifiers import unmasked_arn, unmasked_id, unmasked_key, unmasked_name, unmasked_principal
from forensics.output.lines import lay_out
from forensics.output.who_text import render_who
from tests.attribution.records import (
    STS,
    Account,
    Json,
    assume_role,
    call,
    copies,
    credentials,
    sign_in_event,
    switch_role,
    trust_policy,
)
from tests.cases import case_of_records

IAM = "iam.amazonaws.com"
AWS = Account("111111111111")
ALICE, BOB, DEPLOY = AWS.user("alice"), AWS.user("bob"), AWS.role("deploy")
PROVIDER = f"arn:aws:iam::{AWS.id}:oidc-provider/token.actions.githubusercontent.com"
NEW_KEY = "AKIA0NEWK1111ABCDEFG"
# IAM and GitHub accept all of them
CHOSEN = ["REDACTED", "hidden_agent", "XXXXXXXX", "a-XXXXXXXXXXXX-b", "Redacted"]
MASKED = ["***", "al***", "<redacted>", "[REDACTED]", "HIDDEN_DUE_TO_SECURITY_REASONS"]


@pytest.mark.parametrize("name", CHOSEN)
def test_a_name_that_a_caller_can_choose_is_a_name(name: str) -> None:
    assert unmasked_name(name) == name
    assert unmasked_principal(f"AROAY34FZKBOKMUTVV7AB:{name}") == f"AROAY34FZKBOKMUTVV7AB:{name}"
    assert unmasked_arn(f"arn:aws:iam::111111111111:user/{name}")
    assert unmasked_arn(f"arn:aws:sts::111111111111:assumed-role/{name}/{name}")


@pytest.mark.parametrize("name", MASKED)
def test_a_text_that_cannot_be_a_name_is_masked(name: str) -> None:
    assert unmasked_name(name) is None
    assert unmasked_principal(f"AROAY34FZKBOKMUTVV7AB:{name}") is None
    assert unmasked_arn(f"arn:aws:iam::111111111111:user/{name}") is None


@pytest.mark.parametrize("path", ["***", "<x>", "[x]/y", ":user/(z)"])
def test_a_path_is_not_a_name(path: str) -> None:
    for kind in ("user", "role"):
        assert unmasked_arn(f"arn:aws:iam::111111111111:{kind}/{path}/bob")
        assert unmasked_arn(f"arn:aws:iam::111111111111:{kind}/{path}/***") is None


@pytest.mark.parametrize("resource", ["", "/", "root", "user/"])
def test_an_arn_without_a_name_is_not_masked(resource: str) -> None:
    assert unmasked_arn(f"arn:aws:iam::111111111111:{resource}")


@pytest.mark.parametrize("id_", ["REDACTED", "***", "XXXXXXXXXXXX", "AROAREDACTED", "AROAXXXXXXXXXXXXXXXXX"])
def test_a_masked_id_or_account_is_none(id_: str) -> None:
    assert unmasked_id(id_) is None
    assert unmasked_principal(f"{id_}:build") is None
    assert unmasked_arn(f"arn:aws:iam::{id_}:user/bob") is None


@pytest.mark.parametrize(
    "key",
    [
        "ASIA4QXXXXXXXXXXXXXX", "ASIAXXXXXXXXXXXXABCD", "AKIAY34FXXXXXXXXUTVV", "ASIA0000000000000000",
        "AKIA4Q00000000000000", "ASIAREDACTEDREDACTED", "asia4qxxxxxxxxxxxxxx", "AKIAMASKEDMASKEDAAAB",
    ],
)  # fmt: skip
def test_a_partly_masked_key_is_not_a_key(key: str) -> None:
    assert unmasked_key(key) is None


@pytest.mark.parametrize("key", ["AKIAIOSFODNN7EXAMPLE", "ASIAY34FZKBOKMUTVV7A", "AKIAQAAAAAAAQAAAAAAA"])
def test_another_key_is_a_key(key: str) -> None:
    assert unmasked_key(key) == key


@pytest.mark.parametrize("name", CHOSEN[:3])
def test_a_session_of_such_a_name_is_followed(name: str, tmp_path: Path) -> None:
    request = assume_role(ALICE.signs(), DEPLOY, name, 0, issues=AWS.key("K"))
    forwarded = call(DEPLOY.session(name, 0, AWS.key("FAS"), invoked_by="athena.amazonaws.com"), 400)
    with case_of_records([request, call(DEPLOY.session(name, 0, AWS.key("K")), 50), forwarded], tmp_path) as case:
        who = case.who(AWS.key("FAS"))
    assert (who.actor.name, who.grade) == ("alice", "strong")


@pytest.mark.parametrize("name", CHOSEN[:2])
def test_a_planted_user_of_such_a_name_is_in_the_tree(name: str, tmp_path: Path) -> None:
    user = AWS.user(name)
    made = {"user": {"userName": name, "userId": user.id, "arn": user.arn}}
    records = [
        call(ALICE.signs(), 0, source=IAM, name="CreateUser", requestParameters={"userName": name},
             responseElements=made),
        call(ALICE.signs(), 20, source=IAM, name="CreateLoginProfile", requestParameters={"userName": name}),
        sign_in_event(user.signs_in(), 200, "ConsoleLogin"),
        call(user.session(200, AWS.key("CONS")), 210),
    ]  # fmt: skip
    with case_of_records(records, tmp_path) as case:
        tree = case.tree(ALICE.key)
    # a name that may be a mask does not show whose password it is, so the session only possibly derives from it
    assert [(node.kind, node.certain) for node in tree.nodes] == [
        ("access_key", True), ("user", True), ("session", True), ("login_profile", True), ("session", False)
    ]  # fmt: skip
    assert all(step.target for step in tree.containment)


def test_a_planted_role_of_such_a_name_is_in_the_tree(tmp_path: Path) -> None:
    role, evil = AWS.role("REDACTED"), AWS.elsewhere(2).user("evil")
    policy = trust_policy(f"arn:aws:iam::{evil.account_id}:root")
    made = call(
        ALICE.signs(), 0, source=IAM, name="CreateRole",
        requestParameters={"roleName": role.name, "assumeRolePolicyDocument": policy},
        responseElements={"role": {"roleName": role.name, "roleId": role.id, "arn": role.arn}},
    )  # fmt: skip
    theirs = copies(assume_role(evil.signs(), role, "x", 100, issues=AWS.key("X")), role)[1]
    with case_of_records([made, theirs, call(role.session("x", 100, AWS.key("X")), 110)], tmp_path) as case:
        tree = case.tree(ALICE.key)
    assert [node.kind for node in tree.nodes] == ["access_key", "role", "session"]
    assert {str(step.action) for step in tree.containment} >= {"deny_role"}


def web_identity(subject: str, second: float, key: str | None) -> Json:
    identity = {
        "type": "WebIdentityUser", "principalId": f"{PROVIDER}:sts.amazonaws.com:{subject}", "userName": subject,
        "identityProvider": PROVIDER,
    }  # fmt: skip
    response = {
        **credentials(key, second + 3600), "subjectFromWebIdentityToken": subject, "provider": PROVIDER,
        "assumedRoleUser": {"assumedRoleId": DEPLOY.session_id("gh"), "arn": DEPLOY.session_arn("gh")},
    }  # fmt: skip
    return call(
        identity, second, source=STS, name="AssumeRoleWithWebIdentity", account=AWS.id, responseElements=response,
        requestParameters={"roleArn": DEPLOY.arn, "roleSessionName": "gh"},
    )  # fmt: skip


def test_a_repository_of_such_a_name_is_the_actor(tmp_path: Path) -> None:
    subject = "repo:evil/redacted:ref:refs/heads/XXXXXXXXXXXX"
    used = call(DEPLOY.session("gh", 0, AWS.key("K")), 20)
    with case_of_records([web_identity(subject, 0, AWS.key("K")), used], tmp_path) as case:
        assert case.who(AWS.key("K")).actor.id == subject


def saml(subject: str, key: str | None, second: float = 0) -> Json:
    response = {
        **credentials(key, second + 3600), "subject": subject, "subjectType": "persistent", "issuer": "https://idp",
        "assumedRoleUser": {"assumedRoleId": DEPLOY.session_id("n"), "arn": DEPLOY.session_arn("n")},
    }  # fmt: skip
    return call(
        {"type": "SAMLUser", "principalId": f"x:{subject}", "userName": subject, "identityProvider": "idp"},
        second, source=STS, name="AssumeRoleWithSAML", account=AWS.id, responseElements=response,
        requestParameters={"roleArn": DEPLOY.arn, "roleSessionName": "n"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("requests", "stop_reason"),
    [
        ([saml("***", AWS.key("K"))], "not_trusted"),
        ([saml("***", None), saml("****", None)], "ambiguous"),
        ([web_identity("***", 0, AWS.key("K"))], "not_trusted"),
    ],
)
def test_a_masked_subject_names_nobody(requests: Iterable[Json], stop_reason: str, tmp_path: Path) -> None:
    name = "gh" if stop_reason == "not_trusted" and "gh" in str(requests) else "n"
    used = call(DEPLOY.session(name, 0, AWS.key("K")), 20)
    with case_of_records([*requests, used], tmp_path) as case:
        who = case.who(AWS.key("K"))
    assert (who.actor.kind, who.grade, who.stop_reason) == ("unknown", "none", stop_reason)


def by_certificate(second: float, key: str) -> Json:
    issued = {
        **credentials(key, second + 3600), "roleArn": DEPLOY.arn, "sourceIdentity": f"CN={key}",
        "assumedRoleUser": {"assumedRoleId": DEPLOY.session_id("boss"), "arn": DEPLOY.session_arn("boss")},
    }  # fmt: skip
    return call(
        {"type": "Unknown", "accountId": AWS.id}, second, source="rolesanywhere.amazonaws.com", name="CreateSession",
        requestParameters={"roleArn": DEPLOY.arn, "roleSessionName": "boss"},
        responseElements={"credentialSet": [issued]},
    )  # fmt: skip


def test_two_certificates_without_a_name_are_not_one_actor(tmp_path: Path) -> None:
    keys = {0: AWS.key("A"), 100: AWS.key("B")}
    records = [record for second, key in keys.items() for record in (
        by_certificate(second, key), call(DEPLOY.session("boss", second, key), second + 20)
    )]  # fmt: skip
    with case_of_records(records, tmp_path) as case:
        who = case.who(DEPLOY.session_id("boss"))
    assert (who.actor.kind, who.stop_reason) == ("unknown", "several_actors")


@pytest.mark.parametrize("name", MASKED)
def test_a_key_that_root_makes_for_a_masked_user_is_not_roots(name: str, tmp_path: Path) -> None:
    made = call(
        AWS.root(accessKeyId="AKIA0ROOT1111XXXXXXX"), 0, source=IAM, name="CreateAccessKey",
        requestParameters={"userName": name},
        responseElements={"accessKey": {"accessKeyId": NEW_KEY, "userName": name, "status": "Active"}},
    )  # fmt: skip
    with case_of_records([made], tmp_path) as case:
        who, owner = case.who(NEW_KEY), case.key(NEW_KEY).owner
    assert (who.actor.kind, who.grade) == ("unknown", "none")
    assert owner is None or (owner.kind, owner.id) == ("iam_user", None)


def test_a_call_with_a_masked_key_is_not_a_sign_in(tmp_path: Path) -> None:
    request = assume_role(ALICE.signs("AKIA****"), DEPLOY, "s", 0, issues=AWS.key("K"))
    with case_of_records([request, call(DEPLOY.session("s", 0, AWS.key("K")), 20)], tmp_path) as case:
        who = case.who(AWS.key("K"))
    assert (who.actor.name, who.stop_reason) == ("alice", "long_term_key")


def test_a_session_of_assume_root_without_its_flag_is_not_roots_sign_in(tmp_path: Path) -> None:
    request = call(
        ALICE.signs(), 0, source=STS, name="AssumeRoot", requestParameters={"targetPrincipal": AWS.id},
        responseElements=credentials(AWS.key("R"), 900),
    )  # fmt: skip
    with case_of_records([request, call(AWS.root(accessKeyId=AWS.key("R")), 20)], tmp_path) as case:
        who = case.who(AWS.key("R"))
    assert (who.actor.kind, who.actor.name) == ("iam_user", "alice")


@pytest.mark.parametrize(
    ("identity", "source", "name", "more", "kind"),
    [
        (AWS.root(), "signin.amazonaws.com", "PasswordRecoveryRequested",
         {"eventType": "AwsConsoleSignIn", "responseElements": {"PasswordRecoveryRequested": "Success"}}, "anonymous"),
        ({"type": "Unknown", "principalId": AWS.id, "accountId": AWS.id, "userName": "ceo"}, "sso.amazonaws.com",
         "Authenticate", {"eventType": "AwsServiceEvent", "errorCode": "AccessDenied"}, "unknown"),
        ({"type": "Unknown", "principalId": "Anonymous"}, "cognito-idp.amazonaws.com", "InitiateAuth", {}, "anonymous"),
    ],
)  # fmt: skip
def test_an_attempt_names_nobody(identity: Json, source: str, name: str, more: Json, kind: str, tmp_path: Path) -> None:
    with case_of_records([call(identity, 0, source=source, name=name, account=AWS.id, **more)], tmp_path) as case:
        found = case.sql("select actor_kind, actor_id, actor_name from attributed_events")
    assert found["actor_kind"].tolist() == [kind]
    assert found["actor_id"].isna().all()
    assert found["actor_name"].fillna("unknown").tolist() == [kind]


@pytest.mark.parametrize("identity", [{}, {"type": "IAMUser"}, {"type": "IAMUser", "userName": "***"}])
@pytest.mark.parametrize(("result", "kind"), [("Success", "unknown"), ("Failure", "anonymous")])
def test_only_a_refused_sign_in_without_its_user_is_anonymous(
    identity: Json, result: str, kind: str, tmp_path: Path
) -> None:
    sign_in = call(
        identity, 0, source="signin.amazonaws.com", name="ConsoleLogin", account=AWS.id,
        eventType="AwsConsoleSignIn", responseElements={"ConsoleLogin": result},
    )  # fmt: skip
    with case_of_records([sign_in], tmp_path) as case:
        assert case.sql("select actor_kind from attributed_events")["actor_kind"].tolist() == [kind]
        assert case.who(sign_in["eventID"]).actor.kind == kind


def test_a_service_that_is_not_read_cannot_issue_a_named_key(tmp_path: Path) -> None:
    victim = AWS.key("VICTIM")
    tagged = call(
        BOB.signs(), 30, source="glue.amazonaws.com", name="CreateSession",
        requestParameters={"id": "x", "tags": {"a": victim}}, responseElements={"session": {"id": "x"}},
    )  # fmt: skip
    with case_of_records([call(DEPLOY.session("s", 0, victim), 20), tagged], tmp_path) as case:
        who = case.who(victim)
    assert (who.stop_reason, who.not_trusted) == ("before_coverage", ())


def test_calls_that_name_a_key_do_not_hide_its_look_up(tmp_path: Path) -> None:
    victim = AWS.key("VICTIM")
    named = [call(BOB.signs(), second, userAgent=f"x {victim}") for second in range(30)]
    looked_up = call(
        ALICE.signs(), 100, source=IAM, name="GetAccessKeyLastUsed", requestParameters={"accessKeyId": victim}
    )
    with case_of_records([*named, looked_up], tmp_path) as case:
        who = case.who(victim)
    assert "GetAccessKeyLastUsed" in [one.event.event_name for one in who.named_by]
    assert (len(who.named_by), who.named_by_total) == (20, 31)
    assert "and 11 more events that name it" in lay_out(render_who(who), 80)


def test_an_assertion_and_a_call_for_one_console_session_are_two_candidates(tmp_path: Path) -> None:
    request = assume_role(ALICE.signs(), DEPLOY, "n", 0, issues=AWS.key("Z"))
    console = call(DEPLOY.session("n", 0, AWS.key("CO")), 20, sessionCredentialFromConsole="true")
    with case_of_records([saml("carol", AWS.key("K")), request, console], tmp_path) as case:
        who = case.who(AWS.key("CO"))
    assert (who.actor.kind, who.stop_reason) == ("unknown", "ambiguous")


@pytest.mark.parametrize("name", ["mi-x", "CognitoIdentityCredentials"])
def test_a_chosen_session_name_does_not_replace_the_missing_hour(name: str, tmp_path: Path) -> None:
    records = [call(BOB.signs(), -7200), call(DEPLOY.session(name, 0, AWS.key("K")), 50), call(BOB.signs(), 7200)]
    with case_of_records(records, tmp_path) as case:
        reasons = [one.why for one in case.who(AWS.key("K")).missing]
    assert reasons == ["data_events_needed", "hour_incomplete"]


def masked_session(role_id: str, *requesters: Json) -> list[Json]:
    """Requests for a session in one second and its use, without the role's ID and the issued key."""
    requests = [
        assume_role(requester, DEPLOY, "s", 0, issues="HIDDEN_DUE_TO_SECURITY_REASONS") for requester in requesters
    ]
    text = json.dumps([*requests, call(DEPLOY.session("s", 0, AWS.key("K")), 20)])
    records: list[Json] = json.loads(text.replace(DEPLOY.id, role_id))
    return records


@pytest.mark.parametrize("role_id", ["AROAOPSXXXXXXXXXXXXX", "AROAREDACTED", "HIDDEN_DUE_TO_SECURITY_REASONS", "***"])
def test_a_session_of_a_masked_role_id_is_followed_by_its_arn(role_id: str, tmp_path: Path) -> None:
    with case_of_records(masked_session(role_id, ALICE.signs()), tmp_path / "one") as case:
        who = case.who(AWS.key("K"))
    assert (who.actor.name, who.grade, who.chain[0].link and who.chain[0].link.rule) == (
        "alice",
        "strong",
        "role_name_and_time",
    )
    with case_of_records(masked_session(role_id, ALICE.signs(), BOB.signs()), tmp_path / "two") as case:
        assert case.who(AWS.key("K")).stop_reason == "ambiguous"
    request, use = masked_session(role_id, ALICE.signs())
    with case_of_records([request | {"responseElements": None}, use], tmp_path / "none") as case:
        assert case.who(AWS.key("K")).actor.name is None


def test_a_user_with_an_odd_path_is_named_and_its_switch_is_below_its_session(tmp_path: Path) -> None:
    """IAM accepts any character in a path: it must not hide the user."""
    arn = f"arn:aws:iam::{AWS.id}:user/<x>/alice"
    odd = {"arn": arn}
    console, switched = AWS.key("C"), AWS.key("SW")
    records = [
        sign_in_event(ALICE.signs_in() | odd, 0, "ConsoleLogin"),
        call(ALICE.session(0, console) | odd, 5),
        switch_role(arn, DEPLOY, "alice", 60),
        call(DEPLOY.session("alice", 60, switched), 70),
    ]
    with case_of_records(records, tmp_path) as case:
        who, tree = case.who(switched), case.tree(console)
    assert (who.actor.kind, who.actor.arn, who.grade) == ("iam_user", arn, "strong")
    assert switched in {key for node in tree.nodes for key in node.access_key_ids}
