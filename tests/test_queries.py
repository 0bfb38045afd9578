"""The saved queries: each runs, out of the wheel that ships, on the sample, and returns the rows that it must."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from forensics.case import Case, saved_query
from forensics.errors import UnusableQuery
from tests.attribution.records import Account, Json, call, sign_in_event, trust_policy
from tests.cases import case_of_records
from tests.exports.cases import add, key, listed
from tests.simulator import sample

CHECKOUT = Path(__file__).parent.parent
IAM = "iam.amazonaws.com"
Row = Mapping[str, object]

LEAKED, DEEP, STOLEN = sample.LEAKED_KEY, sample.DEEP_KEY, sample.STOLEN_WORKLOAD_KEY
SESSION = "arn:aws:sts::647927485622:assumed-role/prod-maintenance/bob.meyer"
BY_SVC_DEPLOY = {"actor_name": "svc-deploy", "origin_access_key_id": LEAKED}

# what each is asked, how many rows it returns, and some of them
ANSWERS: dict[str, tuple[dict[str, object], int, list[Row]]] = {
    "actor_credentials": (
        {"actor": "SVC-Metrics"},
        11,
        [{"access_key_id": sample.PERSISTENCE_KEY, "events": 19}, {"access_key_id": sample.INTRUDER_CONSOLE_KEY}],
    ),
    "address_identities": (
        {"address": "192.0.2.44"},
        6,
        [{"access_key_id": STOLEN, "actor_kind": "workload", "succeeded": 16, "denied": 2}],
    ),
    "console_mobile_app": ({}, 0, []),
    "cross_account_movement": (
        {"origin_key": LEAKED},
        3,
        [
            {
                "from_account_id": "990935843807",
                "to_account_id": "647927485622",
                "actor_name": "svc-deploy",
                "requests": 1,
            }
        ],
    ),
    "data_taken": (
        {},
        56,
        [BY_SVC_DEPLOY | {"store": "arn:aws:s3:::acme-customer-exports-5622", "objects": 64, "bytes": 34141}],
    ),
    "defense_evasion": ({}, 2, [BY_SVC_DEPLOY | {"event_name": "StopLogging", "error_code": "AccessDenied"}]),
    "denied_calls": ({}, 11, [{"access_key_id": LEAKED, "actor_name": "svc-deploy", "denied": 71}]),
    "enumeration_bursts": (
        {},
        6,
        [{"access_key_id": LEAKED, "source_ip_address": "192.0.2.44", "different_calls": 28, "regions": 3}],
    ),
    "key_activity": (
        {"key": LEAKED},
        35,
        [{"event_name": "AssumeRole", "succeeded": 14, "denied": 5, "failed": 0, "resources": 6}],
    ),
    "key_descendants": (
        {"key": LEAKED, "at": "2026-10-04T02:50:00Z"},
        64,
        [
            {"access_key_id": DEEP, "hops": 3, "is_unexpired": True, "events": 78},
            {"access_key_id": sample.PERSISTENCE_KEY, "hops": 4, "is_unexpired": True},
            {"access_key_id": sample.SECOND_PERSISTENCE_KEY, "hops": 5, "is_unexpired": False, "events": 24},
        ],
    ),
    "key_lifecycle": (
        {},
        3,
        [
            {"access_key_id": LEAKED, "change": "deactivated", "by_actor": "elena.garcia", "grade": "strong"},
            {"access_key_id": sample.PERSISTENCE_KEY, "change": "created", "by_actor": "svc-deploy"},
            {"access_key_id": sample.SECOND_PERSISTENCE_KEY, "change": "created", "by_actor": "svc-metrics"},
        ],
    ),
    "key_owner": (
        {"key": sample.PERSISTENCE_KEY},
        1,
        [{"owner_name": "svc-metrics", "created_by": "svc-deploy", "created_by_origin_key": LEAKED}],
    ),
    "key_places": (
        {"key": LEAKED, "leaked_at": "2026-10-03T21:00:00Z"},
        4,
        [
            {"source_ip_address": "198.51.100.20", "is_new": False, "denied": 0, "days": 5},
            {"source_ip_address": "192.0.2.44", "aws_region": "us-west-2", "is_new": True, "succeeded": 0},
        ],
    ),
    "key_requester": (
        {"key": DEEP},
        4,
        [
            {"hop": 0, "access_key_id": DEEP, "rule": "issued_key", "grade": "proven"},
            {"hop": 3, "access_key_id": LEAKED, "actor_name": "svc-deploy", "stop_reason": "long_term_key"},
        ],
    ),
    "launches_by_region": ({}, 0, []),
    "owner_access": (
        {"key": sample.PERSISTENCE_KEY},
        3,
        [{"way_in": "console password", "event_name": "CreateLoginProfile"}, {"way_in": "console sign-in"}],
    ),
    "persistence": (
        {"origin_key": LEAKED},
        5,
        [
            {"access_key_id": sample.SECOND_PERSISTENCE_KEY, "by_actor": "svc-metrics", "uses": 24},
            {"kind": "user", "name": "svc-metrics", "by_actor": "svc-deploy", "uses": 34},
            {"kind": "role", "name": "prod-maintenance"},
        ],
    ),
    "privilege_escalation": (
        {},
        2,
        [
            BY_SVC_DEPLOY | {"policy": "arn:aws:iam::aws:policy/AdministratorAccess", "target": "svc-metrics"},
            BY_SVC_DEPLOY | {"target": "prod-maintenance", "to_itself": True},
        ],
    ),
    "quarantined_users": ({}, 0, []),
    "root_use": ({}, 5, [{"event_name": "ConsoleLogin", "actor_kind": "root", "source_ip_address": "203.0.113.5"}]),
    "secrets_read": ({}, 62, [BY_SVC_DEPLOY | {"event_name": "GetSecretValue", "reads": 1, "share_of_reads": 0.02}]),
    "sensitive_calls": (
        {"tactic": "persistence"},
        15,
        [BY_SVC_DEPLOY | {"event_name": "CreateLoginProfile", "actors_in_case": 1}],
    ),
    "session_names": ({}, 6, [{"access_key_id": DEEP, "role_session_name": "bob.meyer", "actor_name": "svc-deploy"}]),
    "session_timeline": (
        {"session": SESSION},
        80,
        [{"event_name": "GetSecretValue", "access_key_id": DEEP, "actor_name": "svc-deploy", "grade": "proven"}],
    ),
    "shared_keys": ({}, 2, [{"access_key_id": LEAKED, "program": "Terraform"}, {"program": "aws-cli kali"}]),
    "sign_ins_without_mfa": ({}, 1, [{"user_name": "svc-metrics", "sign_ins_with_mfa": 0}]),
    "source_identity_absent": ({}, 6, [{"actor_name": "carla.rossi", "without_source_identity": 15}]),
    "source_identity_conflicts": ({}, 6, [BY_SVC_DEPLOY | {"access_key_id": DEEP, "source_identity": "bob.meyer"}]),
    "unresolved": ({}, 5, [{"access_key_id": sample.BEFORE_COVERAGE_KEY, "stop_reason": "before_coverage"}]),
    "workload_used_elsewhere": (
        {},
        1,
        [{"access_key_id": STOLEN, "workload": "i-0af01a32e59d3050c", "elsewhere": "192.0.2.44", "events": 18}],
    ),
}

# what is in no log
NEED_MORE = {"stale_keys"}

# what tells rows apart that are not grouped
KEYS = {"credential_id", "access_key_id", "account_id"}
# which groups by what is one credential's
ONE_ROW_PER_KEY = {"session_names", "unresolved", "workload_used_elsewhere"}

# what a responder asks first when a key leaks, in that order, and what answers
FIRST_QUESTIONS = (
    ("whose key", "key_owner"),
    ("who requested it", "key_requester"),
    ("still active, other ways in", "owner_access"),
    ("since when, made by whom", "key_lifecycle"),
    ("from where", "key_places"),
    ("what did it do", "key_activity"),
    ("what did it request", "key_descendants"),
    ("what of that still works", "key_descendants"),
    ("which roles of other accounts", "cross_account_movement"),
    ("what was planted", "persistence"),
    ("what was read", "secrets_read"),
    ("and taken", "data_taken"),
    ("were logs stopped", "defense_evasion"),
    ("what was launched where", "launches_by_region"),
    ("did AWS quarantine it", "quarantined_users"),
    ("who depends on it", "shared_keys"),
    ("what is not accounted for", "unresolved"),
)

ASK_ALL = """
import json, sys
import forensics
from forensics.case import Case, UnusableQuery
from forensics.answers.canonical import to_json
from forensics.output.rows_text import objects
asked = json.load(sys.stdin)
case = Case.open(sys.argv[1])
queries = [query for query in Case.queries() if not query.needs]
answers = {query.name: objects(case.query_rows(query.name, asked.get(query.name, {}))) for query in queries}
print(to_json({"package": forensics.__file__, "answers": answers}))
"""


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as a wheel installs it."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "-q")
    build = (*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(folder), str(CHECKOUT))
    subprocess.run(build, check=True)
    (wheel,) = folder.glob("*.whl")
    subprocess.run(
        (*pip, "install", "--no-deps", "--no-index", "--target", str(folder / "site"), str(wheel)), check=True
    )
    return folder / "site"


@pytest.fixture(scope="session")
def answers(installed: Path, sample_case: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Row]]:
    done = subprocess.run(
        [sys.executable, "-c", ASK_ALL, str(sample_case)],
        input=json.dumps({name: asked for name, (asked, _, _) in ANSWERS.items()}),
        cwd=tmp_path_factory.mktemp("elsewhere"),
        env=os.environ | {"PYTHONPATH": str(installed), "FORENSICS_QUERIES": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert Path(told["package"]).is_relative_to(installed)
    found: dict[str, list[Row]] = told["answers"]
    return found


def test_the_wheel_carries_every_query(answers: dict[str, list[Row]]) -> None:
    assert set(answers) == set(ANSWERS)
    assert set(ANSWERS) | NEED_MORE == {path.stem for path in (CHECKOUT / "queries").iterdir()}


@pytest.mark.parametrize("name", NEED_MORE)
def test_what_the_logs_alone_cannot_answer_says_what_to_add(sample_case: Path, name: str) -> None:
    with Case.open(sample_case) as case, pytest.raises(UnusableQuery, match="add its exports"):
        case.query(name)


@pytest.mark.parametrize("name", ANSWERS)
def test_it_returns_the_rows_that_it_must(answers: dict[str, list[Row]], name: str) -> None:
    _, count, wanted = ANSWERS[name]
    rows = answers[name]
    assert len(rows) == count
    for row in wanted:
        assert any(row.items() <= found.items() for found in rows), row


@pytest.mark.parametrize("name", ANSWERS)
def test_the_header_is_whole_and_names_the_columns(answers: dict[str, list[Row]], name: str) -> None:
    query = saved_query(name)
    assert query.question.endswith("?") or query.question.count("?") == 1
    assert query.title and query.techniques and query.unusable is None
    assert all(list(row) == list(query.columns) for row in answers[name])
    assert not query.is_own


@pytest.mark.parametrize("name", ANSWERS)
def test_its_rows_cite_an_event_and_always_the_same(name: str) -> None:
    query = saved_query(name)
    assert any(column.endswith("event_id") for column in query.columns)
    # of the events of one second, the first is whichever the database comes upon, unless the ID decides
    assert re.findall(r"arg_m(?:in|ax)\([^()]*\)", query.sql) == []


@pytest.mark.parametrize("name", sorted(ANSWERS.keys() | NEED_MORE))
def test_its_rows_have_one_order(name: str) -> None:
    """Of rows that `order by` does not tell apart, each run may put another first."""
    sql = saved_query(name).sql
    order = _columns_after("order by", sql)
    grouped = _columns_after("group by", sql)
    assert "event_key" in order or (KEYS & order if name in ONE_ROW_PER_KEY or not grouped else grouped <= order)


def _columns_after(clause: str, sql: str) -> set[str]:
    """The columns of the last such clause, without their tables."""
    _, found, after = sql.rpartition(f"\n{clause}") if f"\n{clause}" in sql else sql.rpartition(f"\n    {clause}")
    listed = re.split(r"\n *(?:\)|having|order by|limit)", after)[0] if found else ""
    return set(re.findall(r"\b(?:\w+\.)?([a-z_]+)\b(?![.(])", listed)) - {"desc"}


def test_denied_is_the_same_in_every_answer(tmp_path: Path, sample_case: Path) -> None:
    aws = Account("111111111111")
    alice = aws.user("alice")
    codes = {
        "denied": (
            "AccessDenied",
            "Client.UnauthorizedOperation",
            "InvalidClientTokenId",
            "OptInRequired",
            "AuthFailure",
        ),
        "failed": ("NoSuchKey", "ThrottlingException"),
    }
    records = [call(alice.signs(), second, errorCode=code) for second, code in enumerate(sum(codes.values(), ()))]
    records += [call(alice.signs(), 30), call(alice.signs(), 31, errorMessage="only that")]
    with case_of_records(records, tmp_path) as case:
        assert _outcomes(case, alice.key) == (1, 5, 3)
    with Case.open(sample_case) as case:
        assert _outcomes(case, LEAKED) == (31, 71, 0)


def test_a_refusal_is_told_by_whatever_says_so(tmp_path: Path) -> None:
    aws = Account("111111111111")
    alice, bob = aws.user("alice"), aws.user("bob")
    outcomes = {
        "failed": [
            sign_in_event(alice.signs_in(), 0, "ConsoleLogin", "Failure"),
            sign_in_event(alice.signs_in(), 1, "SwitchRole", "Failure"),
        ],
        "succeeded": [
            sign_in_event(alice.signs_in(), 2, "ConsoleLogin"),
            sign_in_event(bob.signs_in(), 3, "ConsoleLogin", errorCode="", errorMessage=""),
            call(alice.signs(), 4, errorCode=""),
            call(alice.signs(), 5, errorCode="", errorMessage=""),
        ],
    }
    with case_of_records([*outcomes["failed"], *outcomes["succeeded"]], tmp_path) as case:
        told = case.sql_rows("select event_id, outcome, error_code, error_message from events").rows
        expected = {record["eventID"]: outcome for outcome, records in outcomes.items() for record in records}
        assert {event_id: outcome for event_id, outcome, _, _ in told} == expected
        assert {text for row in told for text in row[2:]} == {None}


def _outcomes(case: Case, key: str) -> tuple[int, int, int]:
    """How many of a key's events succeeded, were denied and failed, in which all answers agree."""
    told = case.key(key).activity
    answer = (told.succeeded, told.denied, told.failed)
    outcomes = ["succeeded", "denied", "failed"]
    for query in ("key_activity", "key_places"):
        assert tuple(case.query(query, key=key)[outcomes].sum()) == answer
    by_address = case.query("address_identities", address=told.addresses[0].value)
    assert set(outcomes) <= set(by_address.columns)
    denied = case.query("denied_calls")
    assert denied[denied["access_key_id"] == key]["denied"].sum() == told.denied
    counts = case.events(key=key)["outcome"].value_counts()
    assert tuple(counts.get(outcome, 0) for outcome in outcomes) == answer
    assert len(case.events(key=key, errors=True)) == told.denied + told.failed
    return answer


def test_an_address_is_not_the_beginning_of_another(sample_case: Path) -> None:
    with Case.open(sample_case) as case:
        assert case.query("address_identities", address="192.0.2.4").empty
        assert len(case.query("address_identities", address="192.0.2.")) == 14


def test_none_differs_from_another_by_a_constant() -> None:
    texts = [_without_constants(path.read_text()) for path in (CHECKOUT / "queries").iterdir()]
    assert len(set(texts)) == len(texts)


def test_every_first_question_has_an_answer() -> None:
    assert {name for _, name in FIRST_QUESTIONS} <= ANSWERS.keys()


def test_what_the_sample_does_not_hold(tmp_path: Path) -> None:
    aws = Account("111111111111")
    alice = aws.user("alice")
    phone = {"MobileVersion": "Yes", "MFAUsed": "No"}
    quarantine = {"userName": "alice", "policyArn": "arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV2"}
    instances = {"instancesSet": {"items": [{"instanceId": "i-0123456789abcdef0"}]}}
    records = [
        sign_in_event(alice.signs_in(), 0, "ConsoleLogin", additionalEventData=phone),
        call(alice.signs(), 1, source=IAM, name="ListUsers", userAgent="AWSConsoleMobileAppiOS/3.21.0"),
        call(alice.signs(), 2, source=IAM, name="AttachUserPolicy", requestParameters=quarantine),
        call(alice.signs(), 3, source="ec2.amazonaws.com", name="RunInstances", responseElements=instances),
    ]
    with case_of_records(records, tmp_path) as case:
        assert case.query("console_mobile_app")["sign"].tolist() == ["MobileVersion", "user_agent"]
        assert case.query("quarantined_users")["in_force"].tolist() == [True]
        assert case.query("launches_by_region")["is_first_in_region"].tolist() == [True]


def test_users_who_had_one_name_after_the_other_are_told_apart(tmp_path: Path) -> None:
    aws = Account("111111111111")
    admin, first, second = aws.user("admin").signs(), aws.user("alice"), aws.user("alice", life="2")
    keys = ("AKIA0FIRSTXXXXXXXXXX", "AKIA0SECONDXXXXXXXXX")
    for begin, user, key_id in ((0, first, keys[0]), (100, second, keys[1])):
        name = {"userName": "alice"}
        quarantine = name | {"policyArn": "arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV2"}
        made = {"user": {"userName": "alice", "userId": user.id}}
        made_key = {"accessKey": {"accessKeyId": key_id, "userName": "alice"}}
        aws.log(
            call(admin, begin + 1, source=IAM, name="CreateUser", requestParameters=name, responseElements=made),
            call(admin, begin + 2, source=IAM, name="CreateLoginProfile", requestParameters=name),
            call(
                admin, begin + 3, source=IAM, name="CreateAccessKey", requestParameters=name, responseElements=made_key
            ),
            call(user.signs(key_id), begin + 4),
            sign_in_event(user.signs_in(), begin + 5, "ConsoleLogin"),
            call(admin, begin + 6, source=IAM, name="AttachUserPolicy", requestParameters=quarantine),
        )
        if user == first:
            aws.log(call(admin, 50, source=IAM, name="DeleteUser", requestParameters=name))
    with case_of_records(aws.records, tmp_path) as case:
        for key_id in keys:
            ways = case.query("owner_access", key=key_id)
            assert ways["way_in"].tolist() == ["access key", "console password", "console sign-in"]
            assert ways["access_key_id"].dropna().tolist() == [key_id] and ways["is_certain"].all()
            answer = case.key(key_id)
            assert answer.owners_access.keys == ()
            assert len(answer.owners_access.password_changes) == len(answer.quarantine.changes) == 1
        planted = case.query("persistence")
        assert planted[planted["kind"] != "access_key"]["uses"].tolist() == [2, 2, 2, 2]
        assert case.query("quarantined_users")["in_force"].tolist() == [True, True]
        assert case.query("quarantined_users")["user_principal_id"].tolist() == [first.id, second.id]


RENAMING: Json = {"userName": "carol", "newUserName": "carola"}
ATTACHED, DETACHED = "AttachUserPolicy", "DetachUserPolicy"


@pytest.mark.parametrize(
    ("of_alice", "in_force"),
    [
        ([(5, ATTACHED), (20, DETACHED)], [False, False]),
        ([(20, ATTACHED), (30, DETACHED), (40, ATTACHED)], [True, True, True]),
    ],
)
def test_a_quarantine_is_one_users_whether_an_event_tells_the_id_or_not(
    tmp_path: Path, of_alice: list[tuple[int, str]], in_force: list[bool]
) -> None:
    aws = Account("111111111111")
    aws.log(
        call(aws.user("alice").signs(), 0), *_in_iam(aws, (10, "UpdateUser", RENAMING)), *_quarantines(aws, of_alice)
    )
    with case_of_records(aws.records, tmp_path) as case:
        assert case.query("quarantined_users")["in_force"].tolist() == in_force


@pytest.mark.parametrize(
    ("of_alice", "in_force"),
    [([(5, ATTACHED), (20, DETACHED)], [None, None]), ([(5, ATTACHED), (20, ATTACHED)], [True, None])],
)
def test_of_whom_a_change_of_the_quarantine_was_is_not_guessed(
    tmp_path: Path, of_alice: list[tuple[int, str]], in_force: list[bool | None]
) -> None:
    aws = Account("111111111111")
    first, second = aws.user("alice"), aws.user("alice", life="2")
    # the record of a renaming does not show the new name, which may be alice
    changes = ((10, "UpdateUser", {"userName": "carol"}), (30, "DeleteUser", {"userName": "alice"}))
    aws.log(call(first.signs(), 0), *_in_iam(aws, *changes), call(second.signs(), 40), *_quarantines(aws, of_alice))
    with case_of_records(aws.records, tmp_path) as case:
        told = case.query_rows("quarantined_users", {})
        assert [row[told.columns.index("in_force")] for row in told.rows] == in_force


def _quarantines(aws: Account, changes: list[tuple[int, str]]) -> list[Json]:
    policy = {"userName": "alice", "policyArn": "arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV2"}
    return _in_iam(aws, *((second, name, policy) for second, name in changes))


def _in_iam(aws: Account, *changes: tuple[int, str, Json]) -> list[Json]:
    admin = aws.user("admin").signs()
    return [call(admin, second, source=IAM, name=name, requestParameters=asked) for second, name, asked in changes]


def test_what_was_planted_is_used_under_every_name_it_has_had(tmp_path: Path) -> None:
    aws = Account("111111111111")
    admin, evil = aws.user("admin").signs(), aws.user("evil")
    name, made = {"userName": "evil"}, {"user": {"userName": "evil", "userId": evil.id}}
    aws.log(
        call(admin, 0, source=IAM, name="CreateUser", requestParameters=name, responseElements=made),
        *(call(evil.signs(), second) for second in (10, 11, 12)),
        *_in_iam(aws, (20, "UpdateUser", name | {"newUserName": "svc"})),
        *(call(replace(evil, name="svc").signs("AKIA0SECONDXXXXXXXXX"), second) for second in range(30, 35)),
    )
    with case_of_records(aws.records, tmp_path) as case:
        assert case.query("persistence")["uses"].tolist() == [8]


def test_names_of_users_and_roles_are_compared_without_case(tmp_path: Path) -> None:
    aws = Account("111111111111")
    alice, deploy = aws.user("alice"), aws.role("deploy")
    policy = {"userName": "ALICE", "policyArn": "arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV2"}
    trust = {"roleName": "Deploy", "policyDocument": trust_policy("111111111112")}
    aws.log(
        call(alice.signs(), 0, source=IAM, name="AttachUserPolicy", requestParameters=policy),
        call(alice.signs(), 1, source=IAM, name="UpdateAssumeRolePolicy", requestParameters=trust),
        call(deploy.session("x", 10, aws.key("X")), 11),
        *(
            call(alice.signs(), 20, source=IAM, name="CreateAccessKey", responseElements={"accessKey": key})
            for key in (
                {"accessKeyId": "AKIA0ONEXXXXXXXXXXXX", "userName": "bob"},
                {"accessKeyId": "AKIA0TWOXXXXXXXXXXXX", "userName": "BOB"},
            )
        ),
        call(alice.signs(), 30, source=IAM, name="DeleteUser", requestParameters={"userName": "Bob"}),
    )
    with case_of_records(aws.records, tmp_path) as case:
        assert case.query("privilege_escalation")["to_itself"].tolist() == [True, False]
        planted = case.query("persistence")
        assert planted[planted["kind"] == "role"]["uses"].tolist() == [1]
        assert len(case.query("owner_access", key="AKIA0ONEXXXXXXXXXXXX")) == 2
        found = {key.access_key_id: {one.finding for one in key.findings} for key in case.keys().keys}
    assert found == {
        alice.key: {"quarantined"},
        "AKIA0ONEXXXXXXXXXXXX": {"never_used", "owner_gone"},
        "AKIA0TWOXXXXXXXXXXXX": {"never_used", "owner_gone"},
    }


def test_of_an_owner_who_is_known_by_name_only_that_is_said(tmp_path: Path) -> None:
    aws = Account("111111111111")
    admin, name = aws.user("admin").signs(), {"userName": "alice"}
    made = ("AKIA0ONEXXXXXXXXXXXX", "AKIA0TWOXXXXXXXXXXXX")
    for place, key_id in enumerate(made):
        key_made = {"accessKey": {"accessKeyId": key_id, "userName": "alice"}}
        aws.log(
            call(admin, place, source=IAM, name="CreateAccessKey", requestParameters=name, responseElements=key_made)
        )
    with case_of_records(aws.records, tmp_path) as case:
        ways = case.query("owner_access", key=made[0])
    assert list(zip(ways["access_key_id"], ways["is_certain"], strict=True)) == [(made[0], True), (made[1], False)]


def test_keys_that_no_log_shows_are_stale_by_their_export(tmp_path: Path) -> None:
    aws = Account("111111111111")
    worker = aws.user("worker")
    exported = listed(
        key(worker.key, "worker", created="2025-01-01T00:00:00Z"),
        key(aws.key("IDLE").replace("ASIA", "AKIA"), "idle", created="2026-02-01T00:00:00Z"),
        key(aws.key("GONE").replace("ASIA", "AKIA"), "gone", "Inactive"),
    )
    with case_of_records([call(worker.signs(), 0)], tmp_path) as case:
        add(case, tmp_path / "iam", {"keys.json": exported})
        found = case.query("stale_keys", unused_days=20)
    assert found["user_name"].tolist() == ["idle", "worker"]
    assert found["is_unused"].tolist() == [True, False]
    assert found["is_overdue"].tolist() == [False, True]


def _without_constants(text: str) -> str:
    sql = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    return re.sub(r"'[^']*'|\b\d+\b", "?", sql)
