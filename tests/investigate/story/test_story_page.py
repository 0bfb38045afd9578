"""Stories: every event once, in chronological order, with everything derived from the subject."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from forensics.answers.story_answer import Story, StorySubjectType
from forensics.case import Case
from forensics.errors import NoSuchSubject, SecretRefused, UnusableFilter
from forensics.output.lines import lay_out
from forensics.output.rows_text import render_events
from forensics.output.story_text import render_story
from tests.attribution.records import START, Account, assume_role, call, saml_sign_in
from tests.cases import case_of_records

IAM = "iam.amazonaws.com"
AWS = Account("111111111111")
ALICE, BOB, DEPLOY, KEY = AWS.user("alice"), AWS.user("bob"), AWS.role("deploy"), AWS.key("K")
PLANTED = AWS.user("planted")
SESSION = DEPLOY.session("bob", 0, KEY)
CREATED_KEY = {"accessKey": {"accessKeyId": PLANTED.key, "userName": "planted", "status": "Active"}}
RECORDS = (
    assume_role(ALICE.signs(), DEPLOY, "bob", 0, issues=KEY),
    *(call(SESSION, second, name=f"List{second}", readOnly=True) for second in range(10, 20)),
    call(SESSION, 21, name="List21", readOnly=True, errorCode="AccessDenied"),
    call(SESSION, 22, source=IAM, name="DeleteUser", requestParameters={"userName": "x"}, errorCode="AccessDenied"),
    call(SESSION, 30, source=IAM, name="CreateAccessKey", requestParameters={"userName": "planted"})
    | {"responseElements": CREATED_KEY},
    call(SESSION, 31, source="kms.amazonaws.com", name="Decrypt", sourceIPAddress="ebs.amazonaws.com"),
    call(PLANTED.signs(), 40, name="PutObject", sourceIPAddress="203.0.113.9", awsRegion="eu-west-1"),
    call(PLANTED.signs(), 41, name="PutObject", sourceIPAddress="203.0.113.9", awsRegion="eu-west-1"),
    call(PLANTED.signs(), 4000, name="PutObject", sourceIPAddress="203.0.113.9", awsRegion="eu-west-1"),
    call(BOB.signs(), 50, name="GetObject"),
)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    with case_of_records(RECORDS, tmp_path_factory.mktemp("story")) as made:
        yield made


def names(story: Story) -> list[tuple[str, int]]:
    return [(step.event_names[0], step.events) for step in story.steps]


def test_a_key_with_everything_derived_from_it(case: Case) -> None:
    story = case.story(ALICE.key)
    assert names(story) == [
        ("AssumeRole", 1), ("List10", 10), ("List21", 1), ("DeleteUser", 1), ("CreateAccessKey", 1), ("Decrypt", 1),
        ("PutObject", 2), ("PutObject", 1),
    ]  # fmt: skip
    assert (story.events, story.events_total, story.steps_total, story.undated) == (18, 18, 8, 0)
    assert [actor.name for actor in story.actors] == ["alice", "planted"]


def test_steps_say_what_is_new_and_what_was_refused(case: Case) -> None:
    first, reads, denied, refused, created, by_service, planted, later = case.story(ALICE.key).steps
    assert (reads.is_reading, reads.succeeded, reads.denied, reads.event_names_total) == (True, 10, 0, 10)
    assert (denied.is_reading, denied.succeeded, denied.denied) == (True, 0, 1)
    assert (refused.denied, refused.target_user_name) == (1, "x")
    assert (created.created_access_key_id, created.target_user_name) == (PLANTED.key, "planted")
    assert (by_service.is_by_service, by_service.new_address) == (True, False)
    assert (planted.new_address, planted.new_regions) == (True, ("eu-west-1",))
    assert (later.new_address, later.new_regions) == (False, ())
    assert (first.new_address, first.new_application, first.new_regions) == (False, False, ())


def test_every_event_is_in_one_step(sample_case: Path) -> None:
    with Case.open(sample_case) as case:
        story = case.story("svc-deploy")
    assert sum(step.events for step in story.steps) == story.events
    assert all(step.event_ids for step in story.steps)
    assert all(step.succeeded + step.denied + step.failed == step.events for step in story.steps)
    times = [step.first_event_time for step in story.steps]
    assert times == sorted(times)


@pytest.mark.parametrize(
    ("subject", "type_", "events"),
    [
        (ALICE.key.lower(), "access_key", 18),
        ("alice", "actor", 18),
        (ALICE.arn, "actor", 18),
        (ALICE.id, "actor", 18),
        ("DEPLOY", "role", 17),
        (DEPLOY.arn, "role", 17),
        (SESSION["arn"], "session", 17),
        (f"{DEPLOY.id}:bob", "session", 17),
        (DEPLOY.id, "role", 17),
        ("203.0.113.0/24", "address", 3),
        ("bob", "actor", 1),
        (ALICE.arn.replace("user/", "user/some/path/"), "actor", 18),
        (DEPLOY.arn.replace("role/", "role/some/path/"), "role", 17),
        (f"arn:aws:sts::{AWS.id}:assumed-role/deploy", "role", 17),
        (ALICE.id.lower(), "actor", 18),
        (AWS.user("nobody").arn, "actor", 0),
        (AWS.role("nobody").id, "role", 0),
        ("AKIAQQQQQQQQQQQQQQQQ", "access_key", 0),
    ],
)
def test_subjects(case: Case, subject: str, type_: StorySubjectType, events: int) -> None:
    story = case.story(f" {subject} ")
    assert (story.subject.type, story.events) == (type_, events)


def test_the_arn_of_a_federated_user_is_that_of_a_session(tmp_path: Path) -> None:
    arn = f"arn:aws:sts::{AWS.id}:federated-user/bob"
    federated = {"type": "FederatedUser", "principalId": f"{AWS.id}:bob", "arn": arn, "accountId": AWS.id}
    with case_of_records([call(federated, 0)], tmp_path) as case:
        story = case.story(arn)
    assert (story.subject.type, story.events) == ("session", 1)


def test_a_session_name_is_not_a_subject(case: Case) -> None:
    """The caller chose it: the story of bob is not that of a session that calls itself bob."""
    assert [actor.name for actor in case.story("bob").actors] == ["bob"]
    with pytest.raises(NoSuchSubject, match="no user, role or other actor in the loaded logs has the name 'carol'"):
        case.story("carol")


@pytest.mark.parametrize("name", ["", "\udcff", "c " * 100])
def test_what_cannot_be_a_name_is_refused_in_one_line(case: Case, name: str) -> None:
    with pytest.raises(NoSuchSubject, match=r"^no user, role or other actor .{,200}$"):
        case.story(name)


def test_a_name_of_several_is_not_guessed(tmp_path: Path) -> None:
    other = Account("222222222222").user("alice")
    with case_of_records([*RECORDS, call(other.signs(), 60)], tmp_path) as case:
        with pytest.raises(NoSuchSubject, match="alice means 2 actors or roles; name one of them or its key") as raised:
            case.story("alice")
        assert ALICE.arn in str(raised.value) and other.arn in str(raised.value)
        assert case.story(other.arn).events == 1


def test_a_role_and_a_user_without_calls_are_not_passed_over(tmp_path: Path) -> None:
    """A user whose key was just created is as likely to be meant as one that has called."""
    other = Account("222222222222")
    created = call(other.user("admin").signs(), 60, source=IAM, name="CreateAccessKey") | {
        "requestParameters": {"userName": "alice"},
        "responseElements": {"accessKey": {"accessKeyId": "AKIA0NEW222222XXXXXX", "userName": "alice"}},
    }
    change = {"roleName": "backdoor", "assumeRolePolicyDocument": "{}"}
    role = call(ALICE.signs(), 61, source=IAM, name="CreateRole", requestParameters=change)
    with case_of_records([*RECORDS, created, role], tmp_path) as case:
        with pytest.raises(NoSuchSubject, match="means 2 actors or roles") as raised:
            case.story("alice")
        assert all(one in str(raised.value) for one in (ALICE.id, other.user("alice").arn))
        story = case.story(other.user("alice").arn)
        assert (story.subject.type, story.subject.name, story.events) == ("actor", "alice", 0)
        assert [case.story(id_).events for id_ in (ALICE.id, ALICE.arn)] == [19, 19]
        backdoor = case.story("backdoor")
        assert (backdoor.subject.type, backdoor.subject.name, backdoor.events) == ("role", "backdoor", 0)


def test_a_renamed_user_is_found_by_both_arns(tmp_path: Path) -> None:
    rename = {"userName": "bob", "newUserName": "robert"}
    new = {"arn": AWS.user("robert").arn, "userName": "robert"}
    records = [
        call(BOB.signs(), 0),
        call(ALICE.signs(), 1, source=IAM, name="UpdateUser", requestParameters=rename),
        call(BOB.signs() | new, 2),
    ]
    with case_of_records(records, tmp_path) as case:
        for text in (BOB.arn, AWS.user("robert").arn, "bob", "robert", BOB.id):
            assert case.story(text).events == 2, text


def test_one_subject_of_two_identity_providers_is_two_actors(tmp_path: Path) -> None:
    records = [
        record
        for second, issuer in enumerate(("https://idp", "https://evil"))
        for record in (
            saml_sign_in("ceo@acme", DEPLOY, second, issues=AWS.key(issuer), issuer=issuer),
            call(DEPLOY.session("ceo@acme", second, AWS.key(issuer)), second),
        )
    ]
    with case_of_records(records, tmp_path) as case:
        with pytest.raises(NoSuchSubject, match="https://evil:ceo@acme, saml_user https://idp:ceo@acme"):
            case.story("ceo@acme")
        story = case.story("https://evil:ceo@acme")
        assert (story.subject.id, story.subject.issuer, story.events) == ("ceo@acme", "https://evil", 2)
        everybody = case.story("0.0.0.0/0")
    assert {(one.issuer, one.events) for one in everybody.actors} == {("https://evil", 2), ("https://idp", 2)}
    assert everybody.actors_total == 2
    assert sorted(step.actor_issuer or "" for step in everybody.steps) == ["https://evil"] * 2 + ["https://idp"] * 2
    shown = lay_out(render_story(everybody), 160)
    assert "ceo@acme of https://idp assumed deploy" in shown and "ceo@acme of https://evil as deploy" in shown


def test_a_session_that_another_key_may_have_requested_is_marked(tmp_path: Path) -> None:
    other_key, token = "AKIA0ALICE21111XXXXX", AWS.key("TOKEN")
    records = [call(ALICE.signs(), 0), call(ALICE.signs(other_key), 1), call(ALICE.session(5, token), 6)]
    with case_of_records(records, tmp_path) as case:
        story, whole = case.story(ALICE.key), case.story("alice")
        events = case.events(key=ALICE.key, descendants=True)
        rows = case.event_rows({"key": ALICE.key, "descendants": True})
    assert (story.events, story.possible) == (2, 1)
    assert [step.certain for step in story.steps] == [True, False]
    shown = lay_out(render_story(story), 160)
    assert ": 1 event with everything derived from it and 1 more possibly," in shown
    assert shown.count("possibly derived from another key or session") == 1
    assert (whole.events, whole.possible) == (3, 0)
    assert list(events["certain"]) == [True, False]
    assert (rows.columns[-1], rows.total, rows.possible) == ("certain", 2, 1)
    assert lay_out(render_events(rows, 160), 160).startswith("1 event, 1 more possibly, ")


def test_two_roles_of_one_name_have_two_stories(tmp_path: Path) -> None:
    again = AWS.role("deploy", life="2")
    later = call(again.session("x", 100, AWS.key("L")), 101, name="DeleteBucket")
    with case_of_records([*RECORDS, later], tmp_path) as case:
        assert [case.story(role.id).events for role in (DEPLOY, again)] == [17, 1]
        with pytest.raises(NoSuchSubject, match="deploy means 2 actors or roles") as raised:
            case.story("deploy")
        assert all(role.id in str(raised.value) for role in (DEPLOY, again))


@pytest.mark.parametrize(
    ("name", "requests", "field", "values"),
    [
        ("AttachUserPolicy", [{"policyArn": "arn:aws:iam::aws:policy/A"}, {"policyArn": "arn:aws:iam::aws:policy/B"}],
         "target_policy", ["arn:aws:iam::aws:policy/A", "arn:aws:iam::aws:policy/B"]),
        ("DeleteAccessKey", [{"accessKeyId": AWS.key("ONE")}, {"accessKeyId": AWS.key("TWO")}],
         "target_access_key_id", [AWS.key("ONE"), AWS.key("TWO")]),
        ("UpdateAccessKey", [{"accessKeyId": AWS.key("ONE"), "status": status} for status in ("Inactive", "Active")],
         "target_status", ["Inactive", "Active"]),
        ("UpdateUser", [{"newUserName": "a"}, {"newUserName": "b"}], "new_user_name", ["a", "b"]),
    ],
)  # fmt: skip
def test_calls_with_other_results_are_other_steps(
    name: str, requests: list[dict[str, str]], field: str, values: list[str], tmp_path: Path
) -> None:
    records = [
        call(ALICE.signs(), second, source=IAM, name=name, requestParameters={"userName": "carol"} | request)
        for second, request in enumerate(requests)
    ]
    with case_of_records(records, tmp_path) as case:
        assert [getattr(step, field) for step in case.story(ALICE.key).steps] == values


def test_two_keys_created_for_a_user_are_two_steps(tmp_path: Path) -> None:
    records = [
        call(ALICE.signs(), second, source=IAM, name="CreateAccessKey", requestParameters={"userName": "carol"})
        | {"responseElements": {"accessKey": {"accessKeyId": AWS.key(key), "userName": "carol", "status": "Active"}}}
        for second, key in enumerate(("ONE", "TWO"))
    ]
    with case_of_records(records, tmp_path) as case:
        assert [step.created_access_key_id for step in case.story(ALICE.key).steps] == [AWS.key("ONE"), AWS.key("TWO")]


def test_calls_of_services_for_two_sessions_without_an_actor_are_two_steps(tmp_path: Path) -> None:
    by_service = {"sourceIPAddress": "ebs.amazonaws.com", "source": "kms.amazonaws.com", "name": "Decrypt"}
    sessions = [DEPLOY.session(name, 0, AWS.key(name.upper())) for name in ("one", "two")]
    with case_of_records([call(one, at, **by_service) for at, one in enumerate(sessions)], tmp_path) as case:
        steps = case.story(DEPLOY.arn).steps
        assert [step.access_key_id for step in steps] == [AWS.key("ONE"), AWS.key("TWO")]


def test_a_criterion_does_not_replace_the_subject(case: Case) -> None:
    with pytest.raises(UnusableFilter, match="the subject is the key of the story; leave --key out"):
        case.story(ALICE.key, key=BOB.key)


def test_a_secret_is_refused(case: Case) -> None:
    with pytest.raises(SecretRefused):
        case.story("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")


def test_earlier_use_is_summarized_once(case: Case) -> None:
    """A call at the very second of the leak is not earlier."""
    story = case.story(ALICE.key, leaked_at=START + timedelta(seconds=30))
    assert story.earlier is not None
    assert (story.earlier.events, story.earlier.event_names) == (13, 13)
    assert names(story) == [("CreateAccessKey", 1), ("Decrypt", 1), ("PutObject", 2), ("PutObject", 1)]
    assert story.events == 18
    assert case.story(ALICE.key).earlier is None


def test_a_part_of_a_story(case: Case) -> None:
    start = START + timedelta(seconds=22)
    assert names(case.story(ALICE.key, since=start, until=start + timedelta(seconds=9))) == [
        ("DeleteUser", 1), ("CreateAccessKey", 1),
    ]  # fmt: skip
    part = case.story(ALICE.key, errors=True)
    assert names(part) == [("List21", 1), ("DeleteUser", 1)]
    assert (part.events, part.events_total, part.actors_total) == (2, 18, 1)


def test_a_call_of_which_two_accounts_have_a_copy_is_one_event(tmp_path: Path) -> None:
    shared = {"sharedEventID": "00000000-0000-4000-8000-00000000000a"}
    own = assume_role(ALICE.signs(), DEPLOY, "bob", 0, issues=KEY) | shared
    copy = own | {"recipientAccountId": "222222222222", "eventID": "00000000-0000-4000-8000-00000000000b"}
    with case_of_records([own, copy], tmp_path) as case:
        assert names(case.story(ALICE.key)) == [("AssumeRole", 1)]


def test_the_order_of_records_changes_nothing(case: Case, tmp_path: Path) -> None:
    shuffled = list(RECORDS)
    Random(1).shuffle(shuffled)
    with case_of_records(shuffled, tmp_path) as other:
        assert other.story(ALICE.key) == case.story(ALICE.key)


def test_what_the_excluded_calls_used_is_not_new(case: Case) -> None:
    known, new = (case.story(ALICE.key, since=START + timedelta(seconds=second)) for second in (41, 40))
    assert [(step.new_address, step.new_regions) for step in known.steps] == [(False, ()), (False, ())]
    assert [(step.new_address, step.new_regions) for step in new.steps] == [(True, ("eu-west-1",)), (False, ())]
    assert case.story(ALICE.key, leaked_at=START + timedelta(seconds=40)).steps == new.steps


def test_a_program_is_new_once_and_has_steps_of_its_own(tmp_path: Path) -> None:
    agents = ["aws-cli/2.9 md/command#s3.ls", "aws-cli/2.9 md/command#s3.cp", "Boto3/1.2", "aws-cli/2.9 x", "Boto3/1.2"]
    records = [call(ALICE.signs(), second, userAgent=agent, readOnly=True) for second, agent in enumerate(agents)]
    with case_of_records(records, tmp_path) as case:
        steps = case.story(ALICE.key).steps
    assert [(step.application, step.events, step.new_application) for step in steps] == [
        ("AWS CLI 2.9", 3, False),
        ("Boto3 1.2", 2, True),
    ]


def test_an_address_is_compared_by_value(tmp_path: Path) -> None:
    spelled = ["2001:db8::1", "2001:0DB8:0:0:0:0:0:1", "[2001:db8::1]:443", "2001:db8::2"]
    records = [call(ALICE.signs(), second, sourceIPAddress=one) for second, one in enumerate(spelled)]
    with case_of_records(records, tmp_path) as case:
        steps = case.story(ALICE.key).steps
    assert [(step.source_ip_address, step.events, step.new_address) for step in steps] == [
        (spelled[0], 3, False),
        (spelled[3], 1, True),
    ]


def test_changes_by_services_are_steps_of_their_own(tmp_path: Path) -> None:
    """A stack that creates a user is not hidden among the reads of CloudFormation."""
    service = {"sourceIPAddress": "cloudformation.amazonaws.com", "source": IAM}
    roles = [DEPLOY.session("x", 0, AWS.key("ONE")), AWS.role("admin").session("x", 0, AWS.key("TWO"))]
    records = [
        assume_role(ALICE.signs(), DEPLOY, "x", 0, issues=AWS.key("ONE")),
        assume_role(ALICE.signs(), AWS.role("admin"), "x", 0, issues=AWS.key("TWO")),
        *(call(roles[0], 1 + n, name=f"Get{n}", readOnly=True, **service) for n in range(9)),
        call(roles[1], 12, name="GetUser", readOnly=True, **service),
        call(roles[1], 13, name="CreateUser", requestParameters={"userName": "eve"}, **service),
        call(roles[1], 14, name="CreateUser", requestParameters={"userName": "eve2"}, **service),
    ]
    with case_of_records(records, tmp_path) as case:
        steps = [step for step in case.story(ALICE.key).steps if step.is_by_service]
    assert [(step.event_names[0], step.events, step.target_user_name) for step in steps] == [
        ("Get0", 9, None), ("GetUser", 1, None), ("CreateUser", 1, "eve"), ("CreateUser", 1, "eve2"),
    ]  # fmt: skip
    assert [step.arn for step in steps[:2]] == [role["arn"] for role in roles]


def test_different_calls_with_one_shared_id_are_all_shown(tmp_path: Path) -> None:
    shared = {"sharedEventID": "00000000-0000-4000-8000-00000000000a"}
    records = [call(ALICE.signs(), 0, name=name, **shared) for name in ("ListBuckets", "DeleteBucket")]
    with case_of_records(records, tmp_path) as case:
        assert case.story(ALICE.key).events == 2


def test_services_with_one_api_name_are_two_steps(tmp_path: Path) -> None:
    sources = ("eks.amazonaws.com", "redshift.amazonaws.com")
    records = [
        call(ALICE.signs(), second, source=source, name="CreateCluster") for second, source in enumerate(sources)
    ]
    with case_of_records(records, tmp_path) as case:
        assert [step.event_source for step in case.story(ALICE.key).steps] == list(sources)


def test_actors_beyond_the_listed_ones_are_counted(tmp_path: Path) -> None:
    users = [AWS.user(f"user{number}") for number in range(13)]
    with case_of_records([call(user.signs(), 0) for user in users], tmp_path) as case:
        story = case.story("0.0.0.0/0")
    assert (len(story.actors), story.actors_total) == (10, 13)
