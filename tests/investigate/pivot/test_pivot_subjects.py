"""Pages on an address, a user, a role and a resource: one thing has a page, several are listed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from forensics.answers.pivot_answer import Pivot
from forensics.case import Case
from forensics.errors import NoSuchSubject, NotAnIdentifier, SecretRefused, UnusableFilter
from forensics.output.pivot_text import render_pivot
from tests.attribution.records import START, Account, Json, assume_role, call, copies, saml_sign_in
from tests.cases import case_of_records

IAM, LAMBDA = "iam.amazonaws.com", "lambda.amazonaws.com"
AWS, OTHER = Account("111111111111"), Account("222222222222")
ALICE, BOB = AWS.user("alice"), AWS.user("bob")
DEPLOY, AGAIN = AWS.role("deploy", path="/ops/"), AWS.role("deploy", life="2", path="/ops/")
K, L = AWS.key("K"), AWS.key("L")
HOME: Json = {"sourceIPAddress": "203.0.113.9"}
CAFE: Json = {"sourceIPAddress": "203.0.113.77"}


def iam(identity: Json, second: int, name: str, *, error: str | None = None, **request: str) -> Json:
    return call(identity, second, source=IAM, name=name, requestParameters=request, errorCode=error)


def in_bucket(identity: Json, second: int, key: str, **top: str) -> Json:
    return call(identity, second, name="GetObject", requestParameters={"bucketName": "secrets", "key": key}, **top)


def invoke(account: Account, second: int, name: str, **top: str) -> Json:
    request = {"functionName": name}
    return call(account.user("bob").signs(), second, source=LAMBDA, name="Invoke", requestParameters=request, **top)


RECORDS = (
    in_bucket(ALICE.signs(), 0, "a", **HOME),
    in_bucket(BOB.signs(), 1, "b"),
    assume_role(ALICE.signs(), DEPLOY, "alice", 10, issues=K, **CAFE),
    call(DEPLOY.session("alice", 10, K), 11, errorCode="AccessDenied", **CAFE),
    in_bucket(DEPLOY.session("alice", 10, K), 12, "c", **CAFE),
    iam(BOB.signs(), 20, "AttachUserPolicy", userName="Alice", policyArn="arn:aws:iam::aws:policy/AdministratorAccess"),
    iam(BOB.signs(), 21, "DeleteUser", error="AccessDenied", userName="alice"),
    iam(BOB.signs(), 22, "GetUser", userName="alice") | {"readOnly": True},
    iam(BOB.signs(), 23, "UpdateAssumeRolePolicy", roleName="deploy"),
    invoke(AWS, 30, "report"),
    invoke(AWS, 31, "report", awsRegion="eu-west-1"),
)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    with case_of_records(RECORDS, tmp_path_factory.mktemp("pivot")) as made:
        yield made


def ids(page: Pivot) -> list[str | None]:
    return [one.id for one in page.matches]


def test_an_address(case: Case) -> None:
    page = case.address("203.0.113.77")
    assert (page.activity.events, page.activity.denied) == (3, 1)
    assert [(one.actor.name, one.grade, one.succeeded) for one in page.actors] == [("alice", "proven", 2)]
    assert [one.access_key_id for one in page.keys] == [ALICE.key, K]
    assert [(one.event_name, one.events) for one in page.refused] == [("ListBuckets", 1)]
    assert page.first_call
    assert (page.first_call.event_name, page.first_call.by_name) == ("AssumeRole", "alice")
    assert all(one.event_ids for one in page.actors)
    assert page.commands[0] == ("forensics", "story", "203.0.113.77")


def test_a_network_and_an_address_without_calls(case: Case) -> None:
    assert case.address(" 203.0.113.0/24 ").activity.events == 4
    nothing = case.address("192.0.2.1")
    assert (nothing.in_logs, nothing.activity.events, nothing.first_call) == (False, 0, None)


@pytest.mark.parametrize("text", ["", "alice", "300.1.1.1", "192.0.2.0/40"])
def test_a_text_that_is_not_an_address_is_refused(case: Case, text: str) -> None:
    with pytest.raises(NotAnIdentifier, match="is not an IP address or network"):
        case.address(text)


@pytest.mark.parametrize("text", ["alice", "ALICE ", ALICE.arn, ALICE.id, ALICE.arn.replace("user/", "user/x/")])
def test_a_user_with_all_sessions_and_changes(case: Case, text: str) -> None:
    page = case.user(text)
    assert (page.subject.id, page.subject.account_id, page.activity.events) == (ALICE.id, AWS.id, 4)
    assert [one.access_key_id for one in page.keys] == [ALICE.key, K]
    assert [one.access_key_id for one in page.owned_keys] == [ALICE.key]
    assert [(one.event_name, one.outcome, one.actor.name) for one in page.changes] == [
        ("AttachUserPolicy", "succeeded", "bob"), ("DeleteUser", "denied", "bob")
    ]  # fmt: skip
    assert all(one.is_certain and one.event_id for one in page.changes)


@pytest.mark.parametrize("text", ["deploy", "Deploy", DEPLOY.arn, DEPLOY.id, f"arn:aws:iam::{AWS.id}:role/deploy"])
def test_a_role_with_its_users_and_changes(case: Case, text: str) -> None:
    page = case.role(text)
    assert (page.subject.id, page.activity.events) == (DEPLOY.id, 2)
    assert [one.actor.name for one in page.actors] == ["alice"]
    assert [one.event_name for one in page.changes] == ["UpdateAssumeRolePolicy"]


def test_a_bucket_includes_its_objects(case: Case) -> None:
    for text in ("secrets", "arn:aws:s3:::secrets", "SECRETS"):
        page = case.resource(text)
        assert (page.subject.id, page.activity.events) == ("arn:aws:s3:::secrets", 3)
        assert [one.actor.name for one in page.actors] == ["alice", "bob"]
    assert case.resource("arn:aws:s3:::secrets/b").activity.events == 1
    assert not case.resource("arn:aws:s3:::secrets/nothing").in_logs
    long_key = "a/long/key/that/could/be/part/of/a/secret/as/it/has/forty/characters"
    assert not case.resource(f"arn:aws:s3:::secrets/{long_key}").in_logs


def test_a_name_of_several_resources_is_listed(case: Case) -> None:
    page = case.resource("report")
    assert (page.matches_total, page.activity.events) == (2, 0)
    for one in page.matches:
        options = dict(zip(one.command[3::2], one.command[4::2], strict=True))
        assert options.keys() == {"--service", "--account", "--region"}
        service, account, region = (options[name] for name in ("--service", "--account", "--region"))
        found = case.resource(one.command[2], service=service, account=account, region=region)
        assert found.activity.events == 1


def test_a_name_and_an_arn_of_one_resource(case: Case, tmp_path: Path) -> None:
    """IAM names the user; GetUser of another service could name the ARN."""
    by_arn = call(BOB.signs(), 40, source=IAM, name="TagUser", resources=[{"ARN": ALICE.arn, "type": "AWS::IAM::User"}])
    with case_of_records([*RECORDS, by_arn], tmp_path) as made:
        page = made.resource("alice")
        assert (page.subject.arn, page.activity.events) == (ALICE.arn, 4)
        assert made.resource(ALICE.arn).activity.events == 4
        assert ("forensics", "user", ALICE.arn) in page.commands


def test_times_bound_a_page_and_not_the_first_call(case: Case) -> None:
    page = case.user("alice", since=START + timedelta(seconds=11), until=START + timedelta(seconds=21))
    assert (page.activity.events, [one.event_name for one in page.changes]) == (2, ["AttachUserPolicy"])
    assert page.first_call and page.first_call.event_name == "GetObject"
    later = case.role("deploy", since=START + timedelta(days=1))
    assert (later.in_logs, later.activity.events) == (True, 0)
    with pytest.raises(UnusableFilter, match="--since must be before --until"):
        case.user("alice", since=START, until=START)


def test_users_and_roles_of_one_name_are_listed(tmp_path: Path) -> None:
    namesake, later = OTHER.user("alice"), AWS.user("alice", life="2")
    records = [
        *RECORDS,
        iam(BOB.signs(), 50, "UpdateUser", userName="alice", newUserName="alice.old"),
        call(namesake.signs(), 60),
        call(later.signs("AKIA0LATER1111XXXXXX"), 61),
        iam(BOB.signs(), 62, "DeleteUser", userName="alice"),
        call(AGAIN.session("x", 70, L), 71),
    ]
    with case_of_records(records, tmp_path) as made:
        assert ids(made.user("alice")) == [ALICE.id, later.id, namesake.id]
        assert made.user("alice").matches[0].command == ("forensics", "user", ALICE.id)
        assert ids(made.role("deploy")) == ids(made.role(DEPLOY.arn)) == [DEPLOY.id, AGAIN.id]
        page = made.user(ALICE.id)
        assert [one.name for one in page.names] == ["alice", "alice.old"]
        assert {one.event_name for one in page.changes} >= {"AttachUserPolicy", "UpdateUser"}
        assert "AttachUserPolicy" not in {one.event_name for one in made.user(later.id).changes if one.is_certain}
        assert made.user(later.id).activity.events == 1


def test_a_user_that_only_changes_name(tmp_path: Path) -> None:
    with case_of_records([iam(BOB.signs(), 0, "CreateAccessKey", userName="victim")], tmp_path) as made:
        page = made.user("victim")
        assert (page.subject.id, page.subject.name, page.in_logs) == (None, "victim", True)
        assert [one.event_name for one in page.changes] == ["CreateAccessKey"]


def test_a_name_that_nothing_has_is_refused_with_similar_names(case: Case) -> None:
    kinds = {"user": "user", "role": "role", "resource": "resource", "story": "user, role or other actor"}
    for ask, kind in kinds.items():
        with pytest.raises(
            NoSuchSubject, match=f"^no {kind} .* has the name 'alcie'; similar: alice; no IAM export is"
        ):
            getattr(case, ask)("alcie")
    with pytest.raises(NotAnIdentifier, match="has this name; similar: alice; no IAM export is loaded"):
        case.who("alcie")
    with pytest.raises(NoSuchSubject, match="no role in the loaded logs has the name 'alice'"):
        case.role("alice")


def test_an_arn_or_id_that_is_not_in_the_logs_is_answered(case: Case) -> None:
    """As `who` and `story` answer it: nobody could mistype a name as these."""
    for page in (
        case.user(ALICE.arn.replace("alice", "nobody")),
        case.user(OTHER.user("eve").id),
        case.role(ALICE.arn),
        case.resource("arn:aws:s3:::nothing"),
    ):
        assert (page.in_logs, page.matches_total, page.activity.events) == (False, 0, 0)


def test_keys_events_and_secrets_are_refused(case: Case) -> None:
    with pytest.raises(NotAnIdentifier, match="use `forensics key`"):
        case.user(ALICE.key)
    for ask_about, kind in ((case.user, "user"), (case.role, "role")):
        with pytest.raises(NotAnIdentifier, match=f"is an event ID, not a {kind}; use `forensics who`"):
            ask_about(RECORDS[0]["eventID"].upper())
    for ask in (case.address, case.user, case.role, case.resource):
        with pytest.raises(SecretRefused):
            ask("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")


def test_two_events_with_one_shared_id_are_two_calls(tmp_path: Path) -> None:
    shared = {"sharedEventID": "1" * 36}
    with case_of_records(
        [call(ALICE.signs(), 0, **shared), call(ALICE.signs(), 5, name="ListKeys", **shared)], tmp_path
    ) as case:
        assert case.user("alice").activity.events == 2
        assert case.address("198.51.100.7").activity.events == 2


def test_the_chosen_name_of_a_session_is_not_shown_as_the_caller(tmp_path: Path) -> None:
    """The export omits the role of the session, and nobody is resolved."""
    identity = {
        key: value for key, value in DEPLOY.session("bob.meyer", 0, AWS.key("Q")).items() if key != "sessionContext"
    }
    with case_of_records([call(identity, 5)], tmp_path) as case:
        page = case.address("198.51.100.7")
    assert "bob.meyer" not in str(page.actors) and "bob.meyer" not in str(page.first_call)


def test_the_arn_of_a_function_has_the_calls_by_name_too(tmp_path: Path) -> None:
    arn = f"arn:aws:lambda:us-east-1:{AWS.id}:function:billing"
    by_arn = call(ALICE.signs(), 0, source=LAMBDA, name="Invoke", requestParameters={"functionName": arn})
    with case_of_records([by_arn, invoke(AWS, 5, "billing"), invoke(OTHER, 6, "billing")], tmp_path) as case:
        assert case.resource(arn).activity.events == 2
        assert [one.arn for one in case.resource("billing").matches] == [arn, None]


def test_the_arn_of_a_user_means_no_role(tmp_path: Path) -> None:
    user, role = AWS.user("deploy"), AWS.role("deploy")
    records = [
        iam(BOB.signs(), 0, "TagUser", userName=user.arn), iam(BOB.signs(), 1, "TagRole", roleName=role.arn),
        iam(BOB.signs(), 2, "GetUser", userName="deploy"),
    ]  # fmt: skip
    with case_of_records(records, tmp_path) as case:
        assert case.resource(user.arn).subject.arn == user.arn and not case.resource(user.arn).matches


READER, ADMIN = AWS.role("reader"), AWS.role("admin")
CEO, IDP, EVIL = "ceo@acme.example", "https://idp.acme.example", "https://evil.example"
TWO_PROVIDERS = (
    saml_sign_in(CEO, READER, 0, issues=AWS.key("CEO"), issuer=IDP),
    call(READER.session(CEO, 0, AWS.key("CEO")), 1),
    saml_sign_in(CEO, ADMIN, 10, issues=AWS.key("EVIL"), issuer=EVIL),
    call(ADMIN.session(CEO, 10, AWS.key("EVIL")), 11, name="DeleteBucket"),
)


def test_one_subject_of_two_identity_providers_is_two_people(tmp_path: Path) -> None:
    with case_of_records(TWO_PROVIDERS, tmp_path) as case:
        several = case.user(CEO)
        assert [one.issuer for one in several.matches] == [EVIL, IDP]
        assert [one.issuer for one in case.who(CEO).matches] == [EVIL, IDP]
        for one in several.matches:
            page = case.user(one.command[2])
            assert (page.subject.issuer, page.activity.events) == (one.issuer, 2)
            assert [who.actor.issuer for who in page.actors] == [one.issuer]
            events = next(command for command in page.commands if "events" in command)
            assert len(case.events(actor=events[-1])) == 2
            who = case.who(one.command[2])
            assert (who.subject.id, who.actor.issuer) == (CEO, one.issuer)
        callers = case.address("198.51.100.7").actors
        assert [(one.actor.issuer, one.succeeded) for one in callers] == [(IDP, 2), (EVIL, 2)]
        assert [one.actor.account_id for one in callers] == [AWS.id, AWS.id]


def test_the_copy_of_another_account_is_no_further_user(tmp_path: Path) -> None:
    there = OTHER.role("there")
    own, theirs = copies(assume_role(ALICE.signs(), there, "x", 0, issues=OTHER.key("T")), there)
    _, only_theirs = copies(assume_role(ALICE.signs(), there, "y", 5, issues=OTHER.key("U")), there)
    in_session = call(DEPLOY.session("bob", 0, K), 1)
    chained, chained_there = copies(
        assume_role(DEPLOY.session("bob", 0, K), there, "z", 9, issues=OTHER.key("Z")), there
    )
    records = [own, theirs, only_theirs, assume_role(BOB.signs(), DEPLOY, "bob", 0, issues=K), in_session]
    with case_of_records([*records, chained, chained_there], tmp_path) as case:
        for text in ("alice", ALICE.id, ALICE.arn):
            assert case.user(text).subject.kind == "iam_user"
            assert case.who(text).actor.name == "alice"
        assert case.user("alice").activity.events == 2
        who = case.who(DEPLOY.id)
        assert (who.actor.name, len(who.sessions)) == ("bob", 0)


def test_a_user_of_iam_and_one_of_an_identity_provider_have_commands_of_their_own(tmp_path: Path) -> None:
    with case_of_records(
        [call(ALICE.signs(), 0), saml_sign_in("alice", READER, 5, issues=K, issuer=IDP)], tmp_path
    ) as case:
        pages = [case.user(one.command[2]) for one in case.user("alice").matches]
    assert [page.subject.kind for page in pages] == ["iam_user", "saml_user"]


SSM, SECRETS = "ssm.amazonaws.com", "secretsmanager.amazonaws.com"


def ssm(second: int, name: str, parameter: str, **top: Any) -> Json:
    return call(ALICE.signs(), second, source=SSM, name=name, requestParameters={"name": parameter}, **top)


def test_a_bare_name_is_that_of_an_arn_only_as_a_whole(tmp_path: Path) -> None:
    arn = f"arn:aws:ssm:us-east-1:{AWS.id}:parameter/prod/db/password"
    parameter: Json = {"resources": [{"ARN": arn, "type": "AWS::SSM::Parameter"}]}
    records = [
        ssm(0, "GetParameter", "/prod/db/password", **parameter),
        ssm(1, "DeleteParameter", "/dev/db/password"),
        ssm(2, "DeleteParameter", "/prod/db/password"),
        ssm(3, "DeleteParameter", "/old/prod/db/password"),
    ]
    with case_of_records(records, tmp_path) as case:
        for text in (arn, "/prod/db/password"):
            page = case.resource(text)
            assert (page.subject.arn, page.activity.events) == (arn, 2)
        assert case.resource("/dev/db/password").activity.events == 1
        several = case.resource("db/password").matches
        assert len(several) == 3
        assert [case.resource(*one.command[2:3], **options_of(one.command)).activity.events for one in several] == [
            2,
            1,
            1,
        ]


def options_of(command: tuple[str, ...]) -> dict[str, Any]:
    return {name.removeprefix("--"): value for name, value in zip(command[3::2], command[4::2], strict=True)}


def test_the_arn_of_a_secret_has_the_calls_by_name_too(tmp_path: Path) -> None:
    arn = f"arn:aws:secretsmanager:us-east-1:{AWS.id}:secret:prod/db/pw-Ab12Cd"
    records = [
        call(ALICE.signs(), 0, source=SECRETS, name="GetSecretValue", requestParameters={"secretId": arn}),
        call(ALICE.signs(), 1, source=SECRETS, name="DeleteSecret", requestParameters={"secretId": "prod/db/pw"}),
        call(ALICE.signs(), 2, source=SECRETS, name="DeleteSecret", requestParameters={"secretId": "dev/db/pw"}),
    ]
    with case_of_records(records, tmp_path) as case:
        for text in (arn, "prod/db/pw"):
            assert (case.resource(text).subject.arn, case.resource(text).activity.events) == (arn, 2)


def test_the_pages_of_two_roles_of_one_name_are_separate(tmp_path: Path) -> None:
    created = iam(BOB.signs(), 50, "CreateRole", roleName="deploy")
    created["responseElements"] = {"role": {"roleId": AGAIN.id, "arn": AGAIN.arn, "roleName": "deploy"}}
    later = call(AGAIN.session("x", 70, L), 71, name="DeleteBucket")
    with case_of_records([*RECORDS, created, later], tmp_path) as case:
        first, second = case.role(DEPLOY.id), case.role(AGAIN.id)
        assert [(one.event_name, one.is_certain) for one in first.changes] == [("UpdateAssumeRolePolicy", False)]
        assert [one.is_certain for one in second.changes if one.event_name == "CreateRole"] == [True]
        assert first.commands == (("forensics", "story", DEPLOY.id), ("forensics", "events", "--role", DEPLOY.id))
        assert [list(case.events(role=one.id).event_name) for one in (DEPLOY, AGAIN)] == [
            ["ListBuckets", "GetObject"], ["DeleteBucket"]
        ]  # fmt: skip


def test_the_command_of_a_user_or_role_without_calls_lists_its_changes(tmp_path: Path) -> None:
    changes = [
        iam(BOB.signs(), 0, "CreateAccessKey", userName="planted"),
        iam(BOB.signs(), 1, "UpdateRole", roleName="r"),
    ]
    trust = call(BOB.signs(), 2, source=IAM, name="UpdateAssumeRolePolicy", requestParameters={"roleName": "unused"})
    with case_of_records([*changes, trust], tmp_path) as case:
        for page, name in ((case.user("planted"), "planted"), (case.role("unused"), "unused")):
            assert page.commands == (
                ("forensics", "events", "--resource", name, "--service", "iam", "--account", AWS.id),
            )
            assert len(case.events(resource=name, service="iam", account=AWS.id)) == 1


def test_the_events_of_a_resource_are_those_of_its_page(tmp_path: Path) -> None:
    by_arn = call(BOB.signs(), 40, source=IAM, name="TagRole", requestParameters={"roleName": DEPLOY.arn})
    objects = [in_bucket(ALICE.signs(), 50, "a*b"), in_bucket(ALICE.signs(), 51, "aXXb")]
    with case_of_records([*RECORDS, by_arn, *objects], tmp_path) as case:
        command = case.resource(DEPLOY.arn).commands[-1]
        assert command.count("--resource") == 2 and case.resource(DEPLOY.arn).activity.events > 1
        command = case.resource("report", region="eu-west-1").commands[-1]
        assert command[2:] == (
            "--resource", "report", "--service", LAMBDA, "--account", AWS.id, "--region", "eu-west-1"
        )  # fmt: skip
        starred = case.resource("arn:aws:s3:::secrets/a*b")
        assert starred.activity.events == len(case.events(resource=starred.commands[-1][-1])) == 1


def test_calls_whose_record_proves_nothing_are_listed_apart(tmp_path: Path) -> None:
    planted = iam(ALICE.signs(), 5, "CreateAccessKey", userName="x") | CAFE
    other = planted | {"requestParameters": {"userName": "y"}}
    with case_of_records([in_bucket(ALICE.signs(), 0, "a"), planted, other], tmp_path) as case:
        for page in (case.user("alice"), case.address("203.0.113.77")):
            assert (page.in_logs, page.totals.unproven) == (True, 1)
            assert page.unproven_event_ids == (planted["eventID"],)
            assert "CreateAccessKey" not in {one.event_name for one in page.activity.sensitive}
        assert case.user("alice").activity.events == 1


def test_a_change_whose_record_proves_nothing_is_marked(tmp_path: Path) -> None:
    change = iam(BOB.signs(), 20, "AttachUserPolicy", userName="alice", policyArn="arn:aws:iam::aws:policy/ReadOnly")
    other = change | {"requestParameters": {"userName": "alice", "policyArn": "arn:aws:iam::aws:policy/Admin"}}
    sure = iam(BOB.signs(), 21, "DeleteLoginProfile", userName="alice")
    with case_of_records([in_bucket(ALICE.signs(), 0, "a"), change, other, sure], tmp_path) as case:
        page = case.user("alice")
    assert [(one.event_name, one.unreliable) for one in page.changes] == [
        ("AttachUserPolicy", True), ("DeleteLoginProfile", False)
    ]  # fmt: skip
    shown = "\n".join(str(one) for one in render_pivot(page))
    assert shown.count("the record proves nothing") == 1
