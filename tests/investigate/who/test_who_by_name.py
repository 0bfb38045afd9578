"""Who is behind a name, an e-mail address, an ARN or an address: one thing is answered, several are listed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from forensics.answers.core import ActorKind, StopReason, SubjectMatchType
from forensics.answers.who_answer import Who
from forensics.case import Case
from forensics.errors import NotAnIdentifier, SecretRefused
from tests.attribution.records import (
    Account,
    Json,
    assume_role,
    call,
    federated,
    get_federation_token,
    sign_in_event,
    with_repeated_key,
)
from tests.cases import case_of_records

AWS, OTHER = Account("111111111111"), Account("222222222222")
ALICE, BOB, MALLORY = AWS.user("alice"), AWS.user("bob"), AWS.user("mallory")
CAROL = AWS.user("carol@acme.example")
DEPLOY, AGAIN = AWS.role("deploy", path="/ops/"), OTHER.role("deploy")
K, L, M = AWS.key("K"), AWS.key("L"), OTHER.key("M")
FROM_HOME = {"sourceIPAddress": "203.0.113.9"}
RECORDS = (
    call(ALICE.signs(), 0),
    call(BOB.signs(), 1, **FROM_HOME),
    call(CAROL.signs(), 2),
    assume_role(ALICE.signs(), DEPLOY, "alice", 10, issues=K),
    call(DEPLOY.session("alice", 10, K), 11),
    assume_role(MALLORY.signs(), DEPLOY, "bob", 20, issues=L),
    call(DEPLOY.session("bob", 20, L), 21),
    get_federation_token(BOB.signs(), "helper", 30, issues=AWS.key("F")),
    call(federated(BOB, "helper", 30, AWS.key("F")), 31),
)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    with case_of_records(RECORDS, tmp_path_factory.mktemp("names")) as made:
        yield made


def matched(answer: Who) -> list[tuple[str, str | None]]:
    return [(one.type, one.id) for one in answer.matches]


@pytest.mark.parametrize(
    ("text", "subject", "actor"),
    [
        ("alice", ALICE.id, "alice"),
        (" ALICE ", ALICE.id, "alice"),
        (ALICE.arn, ALICE.arn, "alice"),
        (ALICE.arn.upper().replace("ARN:AWS:IAM", "arn:aws:iam"), ALICE.id, "alice"),
        (ALICE.arn.replace("user/", "user/other/path/"), ALICE.id, "alice"),
        (ALICE.id.lower(), ALICE.id, "alice"),
        (ALICE.key.lower(), ALICE.key, "alice"),
        ("carol", CAROL.id, CAROL.name),
        (CAROL.name, CAROL.id, CAROL.name),
        ("helper", f"arn:aws:sts::{AWS.id}:federated-user/helper", "bob"),
        ("203.0.113.0/24", BOB.key, "bob"),
    ],
)
def test_one_thing_is_answered(case: Case, text: str, subject: str, actor: str) -> None:
    answer = case.who(text)
    assert (answer.subject.id, answer.actor.name) == (subject, actor)
    assert (answer.matches, answer.matches_total) == ((), 0)
    assert answer.asked == (None if text in (ALICE.arn, ALICE.key.lower()) else text.strip())


def test_a_role_is_the_subject_of_all_its_sessions(case: Case) -> None:
    for text in ("deploy", f"arn:aws:iam::{AWS.id}:role/deploy", f"arn:aws:sts::{AWS.id}:assumed-role/Deploy"):
        answer = case.who(text)
        assert (answer.subject.id, answer.stop_reason) == (DEPLOY.id, StopReason.SEVERAL_ACTORS)
        assert answer.asked == text


def test_a_session_that_uses_the_name_of_another_user_is_listed(case: Case) -> None:
    """The session name of a user's own session adds nothing; that of another's is a claim."""
    answer = case.who("bob")
    assert answer.stop_reason == StopReason.SEVERAL_SUBJECTS
    assert answer.actor.name is None
    assert matched(answer) == [("actor", BOB.id), ("session", DEPLOY.session_arn("bob"))]
    assert [one.command for one in answer.matches] == [
        ("forensics", "who", BOB.id), ("forensics", "who", DEPLOY.session_arn("bob"))
    ]  # fmt: skip


def test_several_users_and_roles_of_one_name_are_listed(tmp_path: Path) -> None:
    namesakes = [
        call(OTHER.user("alice").signs(), 0),
        call(OTHER.user("deploy").signs(), 0),
        call(AGAIN.session("x", 0, M), 1),
    ]
    with case_of_records([*RECORDS, *namesakes], tmp_path) as case:
        assert matched(case.who("alice")) == [("actor", ALICE.id), ("actor", OTHER.user("alice").id)]
        assert matched(case.who("deploy")) == [
            ("actor", OTHER.user("deploy").id), ("role", DEPLOY.id), ("role", AGAIN.id)
        ]  # fmt: skip
        assert case.who(OTHER.user("alice").arn).actor.id == OTHER.user("alice").id
        assert {one.type for one in case.who("deploy").matches} == {SubjectMatchType.ACTOR, SubjectMatchType.ROLE}


def _renamed(old: str, new: str, second: int) -> Json:
    request = {"userName": old, "newUserName": new}
    return call(BOB.signs(), second, source="iam.amazonaws.com", name="UpdateUser", requestParameters=request)


def test_two_users_who_had_a_name_one_after_the_other_are_listed(tmp_path: Path) -> None:
    later = AWS.user("alice", life="2")
    records = [*RECORDS, _renamed("alice", "alice.old", 50), call(later.signs("AKIA0LATER1111XXXXXX"), 60)]
    with case_of_records(records, tmp_path) as case:
        assert matched(case.who("alice")) == [("actor", ALICE.id), ("actor", later.id)]
        assert [one.first_seen is not None for one in case.who("alice").matches] == [True, True]
        assert case.who("alice.old").subject.id == ALICE.id


def test_an_address_of_several_callers_lists_them(case: Case) -> None:
    answer = case.who("198.51.100.7")
    assert answer.stop_reason == StopReason.SEVERAL_SUBJECTS
    assert ("access_key", ALICE.key) in matched(answer)
    assert ("session", DEPLOY.session_arn("bob")) in matched(answer)
    assert case.who("192.0.2.1").stop_reason == StopReason.NOT_FOUND


def test_the_copy_of_another_account_is_not_another_caller(tmp_path: Path) -> None:
    caller, copy = (
        assume_role(ALICE.signs(), AGAIN, "x", 0, issues=M, sharedEventID="1" * 36),
        call(
            {"type": "AWSAccount", "principalId": ALICE.id, "accountId": AWS.id}, 0, source="sts.amazonaws.com",
            name="AssumeRole", account=OTHER.id, sharedEventID="1" * 36,
            requestParameters={"roleArn": AGAIN.arn, "roleSessionName": "x"},
        ),
    )  # fmt: skip
    with case_of_records([caller, copy], tmp_path) as case:
        assert case.who("198.51.100.7").subject.id == ALICE.key


REFUSED = sign_in_event({"type": "IAMUser", "userName": "x"}, 0, "ConsoleLogin", "Failure", recipientAccountId=AWS.id)
UNSIGNED = call({"type": "AWSAccount", "principalId": "", "accountId": "anonymous"}, 1, account=AWS.id)
UNRELIABLE = with_repeated_key(call(ALICE.signs(), 2), "accessKeyId", BOB.key)


@pytest.mark.parametrize(
    ("records", "kind", "reason"),
    [
        ([REFUSED], ActorKind.ANONYMOUS, StopReason.ANONYMOUS),
        ([UNSIGNED, REFUSED], ActorKind.ANONYMOUS, StopReason.ANONYMOUS),
        ([UNRELIABLE], ActorKind.UNKNOWN, StopReason.AMBIGUOUS),
        ([UNRELIABLE, UNSIGNED], ActorKind.UNKNOWN, StopReason.SEVERAL_SUBJECTS),
    ],
)
def test_calls_that_nobody_reliably_signed_are_in_the_logs(
    tmp_path: Path, records: list[Json | str], kind: ActorKind, reason: StopReason
) -> None:
    with case_of_records(records, tmp_path) as case:
        answer = case.who("198.51.100.7")
    assert (answer.actor.kind, answer.stop_reason) == (kind, reason)
    assert sum(one.events or 0 for one in answer.matches) == len(records)
    assert {one.command for one in answer.matches} == {("forensics", "address", "198.51.100.7")}


def test_unsigned_calls_are_listed_beside_a_key(tmp_path: Path) -> None:
    with case_of_records([REFUSED, call(ALICE.signs(), 3), call(ALICE.signs(), 4)], tmp_path) as case:
        answer = case.who("198.51.100.7")
    assert [(one.type, one.id, one.kind, one.events) for one in answer.matches] == [
        ("actor", None, "anonymous", 1), ("access_key", ALICE.key, "iam_user", 2)
    ]  # fmt: skip


def test_a_role_that_only_a_change_names_has_the_command_of_its_page(tmp_path: Path) -> None:
    policy = {"roleName": "unused", "policyDocument": "{}"}
    change = call(BOB.signs(), 0, source="iam.amazonaws.com", name="UpdateAssumeRolePolicy", requestParameters=policy)
    with case_of_records([change], tmp_path) as case:
        answer = case.who("unused")
        assert answer.stop_reason == StopReason.NOT_FOUND
        assert [one.command for one in answer.matches] == [
            ("forensics", "role", f"arn:aws:iam::{AWS.id}:role/unused")
        ]  # fmt: skip
        assert case.role(answer.matches[0].command[2]).in_logs


@pytest.mark.parametrize("text", ["nobody", "", "\udcff", "x " * 100])
def test_what_nobody_is_called_is_refused(case: Case, text: str) -> None:
    with pytest.raises(NotAnIdentifier, match="no user, role or session in the loaded logs has this name"):
        case.who(text)


def test_a_secret_is_not_a_name(case: Case) -> None:
    with pytest.raises(SecretRefused):
        case.who("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")


def test_names_among_many_subjects(case: Case) -> None:
    alice, bob, nobody = case.who_all(["alice", "bob", "nobody"])
    assert (alice.asked, alice.actor.name) == ("alice", "alice")
    assert (bob.subject.id, bob.matches_total) == ("bob", 2)
    assert nobody.stop_reason == StopReason.NOT_AN_IDENTIFIER


def test_commands_get_the_options_of_the_question(case: Case) -> None:
    answer = case.who("bob").with_options(["--case", "my case"])
    assert answer.matches[0].command == ("forensics", "who", BOB.id, "--case", "my case")


def test_functions_of_one_name_in_two_accounts_are_two(tmp_path: Path) -> None:
    arns = [f"arn:aws:lambda:us-east-1:{account.id}:function:resize" for account in (AWS, OTHER)]
    records = [
        call(
            account.role("fn").session("resize", 0, account.key("K"))
            | {"inScopeOf": {"issuerType": "AWS::Lambda::Function", "credentialsIssuedTo": arn}},
            second,
        )
        for second, (account, arn) in enumerate(zip((AWS, OTHER), arns, strict=True))
    ]
    with case_of_records(records, tmp_path) as case:
        assert [one.arn for one in case.who("resize").matches if one.type == SubjectMatchType.ACTOR] == arns
        assert [case.who(arn).actor.arn for arn in arns] == arns
        assert [case.story(arn).events for arn in arns] == [1, 1]


def test_the_chosen_name_in_the_arn_of_a_session_means_nothing(tmp_path: Path) -> None:
    """Its requester called the session as another role is called."""
    admin = AWS.role("admin")
    records = [*RECORDS, assume_role(ALICE.signs(), admin, "x", 40, issues=M), call(admin.session("x", 40, M), 41)]
    arn = DEPLOY.session_arn("admin")
    with case_of_records(records, tmp_path) as case:
        who, role = case.who(arn), case.role(arn)
    assert (who.actor.name, who.stop_reason) == (None, StopReason.NOT_FOUND)
    assert role.subject.id == DEPLOY.id


def test_the_arn_of_a_user_means_no_workload(tmp_path: Path) -> None:
    arn = f"arn:aws:lambda:us-east-1:{AWS.id}:function:billing"
    identity = DEPLOY.session("billing", 0, K) | {"inScopeOf": {"credentialsIssuedTo": arn}}
    with case_of_records([call(identity, 0)], tmp_path) as case:
        assert case.who("billing").actor.arn == arn
        assert case.who(f"arn:aws:iam::{AWS.id}:user/billing").actor.name is None
