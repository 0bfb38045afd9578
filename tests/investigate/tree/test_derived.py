"""The tree against the simulator's truth, and on the sample's incident."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from forensics.answers.tree_answer import Action, Node, NodeKind, Relation, State, Tree
from forensics.case import Case
from tests.attribution.records import Account, Json, User, call
from tests.cases import case_of_records, shared_case
from tests.simulator import CredentialTruth, sample, simulate, truth

SEEDS = [pytest.param(seed, marks=[pytest.mark.full] if seed else []) for seed in range(6)]
EVENTS = 3_000
SUBJECTS = 30  # the credentials with the most descendants
PLANTED = (
    Relation.CREATED_ACCESS_KEY,
    Relation.CREATED_LOGIN_PROFILE,
    Relation.CREATED_USER,
    Relation.CHANGED_TRUST_POLICY,
)
DURING = datetime(2026, 10, 4, 2, 50, tzinfo=UTC)


@pytest.mark.parametrize("seed", SEEDS)
def test_all_true_descendants_and_no_certain_stranger(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    world = simulate(seed=seed, events=EVENTS, everything=True)
    by_key = {one.access_key_id: one for one in truth(world, world.files) if one.access_key_id}
    below = _descendants(by_key.values())
    subjects = sorted(by_key, key=lambda key: (-len(below[key]), key))[:SUBJECTS]
    with shared_case(world.files, f"everything-{seed}", tmp_path_factory) as case:
        for subject in subjects:
            tree = case.tree(subject)
            keys = {key for node in tree.nodes for key in node.access_key_ids}
            assert below[subject] <= keys, (subject, below[subject] - keys)
            assert keys >= {subject} | _derived(case, subject) >= keys & by_key.keys(), subject
            assert all(len(states) == 1 for states in _states(tree).values()), subject
            for key in _certain(tree):
                chain = {one[1] for one in by_key[key].chain}
                assert subject in chain, (subject, key)


def _descendants(truths: Iterable[CredentialTruth]) -> defaultdict[str, set[str]]:
    """The decided credentials below each key; of a walk that the files break off, nothing is known."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for one in truths:
        if one.decided and one.stop_reason != "external_account":
            for _, key, _, _ in one.chain:
                found[key or ""].add(one.access_key_id or "")
    return found


def _derived(case: Case, key: str) -> set[str]:
    """The keys that saved queries find below a key."""
    found = case.query_rows("key_descendants", {"key": key})
    place = found.columns.index("access_key_id")
    return {str(row[place]) for row in found.rows if row[place]}


def _states(tree: Tree) -> defaultdict[str, set[State]]:
    """The states of each key; forward access lasts as long as the session that it was used for."""
    found: defaultdict[str, set[State]] = defaultdict(set)
    for node in tree.nodes:
        if node.relation != Relation.FORWARD_ACCESS:
            for key in node.access_key_ids:
                found[key].add(node.state)
    return found


def _certain(tree: Tree) -> list[str]:
    """The keys that are said to be requested, for certain, with the subject; what was planted goes its own way."""
    planted: set[int] = set()
    for node in tree.nodes:
        if node.relation in PLANTED or node.parent in planted:
            planted.add(node.id)
    certain = [node for node in tree.nodes if node.parent is not None and node.certain and node.id not in planted]
    return [key for node in certain for key in node.access_key_ids]


@pytest.fixture(scope="module")
def case(sample_case: Path) -> Case:
    return Case.open(sample_case)


def test_the_leaked_key_shows_the_incident(case: Case) -> None:
    tree = case.tree(sample.LEAKED_KEY, DURING)
    first = _of(tree, sample.FIRST_HOP_KEY)
    second = _of(tree, sample.SECOND_HOP_KEY)
    deep = _of(tree, sample.DEEP_KEY)
    assert (first.parent, second.parent, deep.parent) == (0, first.id, second.id)
    user = next(node for node in tree.nodes if node.kind == NodeKind.USER)
    assert (user.parent, user.name, user.relation) == (deep.id, "svc-metrics", Relation.CREATED_USER)
    key, console = _of(tree, sample.PERSISTENCE_KEY), _of(tree, sample.INTRUDER_CONSOLE_KEY)
    assert key.parent == user.id
    assert console.parent is not None and tree.nodes[console.parent].kind == NodeKind.LOGIN_PROFILE
    assert _of(tree, sample.SECOND_PERSISTENCE_KEY).parent == key.id
    trust = next(node for node in tree.nodes if node.kind == NodeKind.ROLE)
    assert (trust.parent, trust.name) == (deep.id, "prod-maintenance")
    assert all(node.event_ids for node in tree.nodes if node.relation not in (None, Relation.FORWARD_ACCESS))
    assert sample.HONEST_KEY not in {one for node in tree.nodes for one in node.access_key_ids}
    told = {event.event_id for event in tree.evidence if event.source_files}
    assert told == {event_id for node in tree.nodes for event_id in node.event_ids}


def test_what_is_valid_depends_on_the_time(case: Case) -> None:
    during, after = case.tree(sample.LEAKED_KEY, DURING), case.tree(sample.LEAKED_KEY)
    assert _of(during, sample.LEAKED_KEY).state == _of(during, sample.DEEP_KEY).state == State.VALID
    assert _of(during, sample.SECOND_PERSISTENCE_KEY).state == State.NOT_YET
    assert _of(after, sample.LEAKED_KEY).state == State.DEACTIVATED
    assert _of(after, sample.DEEP_KEY).state == State.EXPIRED
    assert _of(after, sample.SECOND_PERSISTENCE_KEY).valid_at is True


def test_the_plan_goes_down_and_ends_everything(case: Case) -> None:
    tree = case.tree(sample.LEAKED_KEY, DURING)
    actions = [(step.action, step.target.rpartition("/")[2]) for step in tree.containment]
    assert actions == [
        (Action.DEACTIVATE_ACCESS_KEY, sample.LEAKED_KEY),
        (Action.REVOKE_ROLE_SESSIONS, "deployer"),
        (Action.REVOKE_ROLE_SESSIONS, "data-pipeline"),
        (Action.REVOKE_ROLE_SESSIONS, "prod-maintenance"),
        (Action.DENY_USER, "svc-metrics"),
        (Action.RESTORE_TRUST_POLICY, "prod-maintenance"),
        (Action.REVOKE_ROLE_SESSIONS, "prod-maintenance"),
        (Action.DISABLE_CONSOLE_LOGIN, "svc-metrics"),
        (Action.DELETE_CREATED_USER, "svc-metrics"),
    ]
    alive = {node.id for node in tree.nodes if node.valid_at is not False}
    assert {id_ for step in tree.containment for id_ in step.ends} == alive
    assert _of(tree, sample.DEEP_KEY).id in tree.containment[0].survives


def test_a_session_says_where_to_begin(case: Case) -> None:
    tree = case.tree(sample.DEEP_KEY)
    assert tree.ancestors[-1] == sample.LEAKED_KEY


def test_a_stolen_workload_is_replaced(case: Case) -> None:
    tree = case.tree(sample.STOLEN_WORKLOAD_KEY, datetime(2026, 10, 4, 3, 40, tzinfo=UTC))
    assert [step.action for step in tree.containment] == [
        Action.REVOKE_ROLE_SESSIONS,
        Action.REPLACE_WORKLOAD_CREDENTIALS,
    ]


def test_what_is_in_no_log_has_no_tree(case: Case) -> None:
    tree = case.tree("ASIAQQQQQQQQQQQQQQQQ")
    assert (tree.nodes, tree.containment) == ((), ())


def test_a_key_outlives_the_user_who_had_its_owners_name_before(tmp_path: Path) -> None:
    aws = Account("111111111111")
    admin, bob = aws.user("admin"), aws.user("bob")
    for second, name, request in (
        (20, "DeleteUser", {"userName": "alice"}),
        (30, "UpdateUser", {"userName": "bob", "newUserName": "alice"}),
    ):
        aws.log(call(admin.signs(), second, source="iam.amazonaws.com", name=name, requestParameters=request))
    aws.log(call(bob.signs(), 0), call(User(aws.id, "alice", bob.id).signs(bob.key), 40))
    with case_of_records(aws.records, tmp_path) as case:
        tree = case.tree(bob.key)
    assert [node.valid_at for node in tree.nodes] == [True]
    assert [step.target for step in tree.containment][:1] == [bob.key]


def test_a_key_outlives_the_user_who_had_its_owners_name_after(tmp_path: Path) -> None:
    aws = Account("111111111111")
    admin, alice, later = aws.user("admin"), aws.user("alice"), aws.user("alice", life="2")
    user = {"user": {"userName": "alice", "userId": later.id}}
    aws.log(call(alice.signs(), 0))
    for second, name, request, response in (
        (20, "UpdateUser", {"userName": "alice", "newUserName": "bob"}, None),
        (30, "CreateUser", {"userName": "alice"}, user),
        (40, "DeleteUser", {"userName": "alice"}, None),
    ):
        aws.log(
            call(
                admin.signs(),
                second,
                source="iam.amazonaws.com",
                name=name,
                requestParameters=request,
                responseElements=response,
            )
        )
    with case_of_records(aws.records, tmp_path) as case:
        tree = case.tree(alice.key)
    assert [node.valid_at for node in tree.nodes] == [True]
    assert [step.target for step in tree.containment][:1] == [alice.key]


def test_a_key_that_was_switched_off_and_on_in_one_second_is_taken_to_work(tmp_path: Path) -> None:
    aws = Account("111111111111")
    admin, bob = aws.user("admin"), aws.user("bob")
    for status in ("Inactive", "Active"):
        request = {"userName": "bob", "accessKeyId": bob.key, "status": status}
        aws.log(call(admin.signs(), 9, source="iam.amazonaws.com", name="UpdateAccessKey", requestParameters=request))
    aws.log(call(bob.signs(), 0))
    with case_of_records(aws.records, tmp_path) as case:
        (node,) = case.tree(bob.key).nodes
        (key,) = (key for key in case.keys().keys if key.access_key_id == bob.key)
    assert node.valid_at
    assert key.status is None


def test_a_session_that_renews_itself_is_flagged(tmp_path: Path) -> None:
    records = [_assume("AKIAQJLSXKAUGF424Y00", "A", "ASIAQJLSXKAUGF424Y01", 0)]
    records += [
        _assume(f"ASIAQJLSXKAUGF424Y0{hop}", role, f"ASIAQJLSXKAUGF424Y0{hop + 1}", hop)
        for hop, role in ((1, "B"), (2, "A"), (3, "B"))
    ]
    with case_of_records(records, tmp_path) as made:
        tree = made.tree("AKIAQJLSXKAUGF424Y00")
    assert [node.flags for node in tree.nodes] == [(), (), (), ("role_juggling",), ("role_juggling",)]
    assert tree.flags == ("role_juggling",)


def _assume(caller: str, role: str, key: str, hop: int) -> Json:
    """One hop of role juggling: each session is requested at the end of the one before."""
    account = "020104826920"
    time, began = (f"2026-03-22T{1 + number:02}:00:00Z" for number in (hop, hop - 1))
    before = "AB"[(hop - 1) % 2]
    user: Json = {
        "type": "IAMUser",
        "principalId": "AIDAQJLSXKAUCGUJMKYSS",
        "arn": f"arn:aws:iam::{account}:user/alice",
        "accountId": account,
        "accessKeyId": caller,
        "userName": "alice",
    }
    issuer: Json = {
        "type": "Role",
        "principalId": f"AROAQJLSXKAUCGUJMKY{before * 2}",
        "arn": f"arn:aws:iam::{account}:role/{before}",
        "accountId": account,
        "userName": before,
    }
    session: Json = {
        "type": "AssumedRole",
        "principalId": f"AROAQJLSXKAUCGUJMKY{before * 2}:x",
        "arn": f"arn:aws:sts::{account}:assumed-role/{before}/x",
        "accountId": account,
        "accessKeyId": caller,
        "sessionContext": {"sessionIssuer": issuer, "attributes": {"creationDate": began, "mfaAuthenticated": "false"}},
    }
    return {
        "eventVersion": "1.08",
        "userIdentity": session if hop else user,
        "eventTime": time,
        "eventSource": "sts.amazonaws.com",
        "eventName": "AssumeRole",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "192.0.2.1",
        "userAgent": "test",
        "requestParameters": {"roleArn": f"arn:aws:iam::{account}:role/{role}", "roleSessionName": "x"},
        "responseElements": {
            "credentials": {"accessKeyId": key, "expiration": f"Mar 22, 2026, {2 + hop}:00:00 AM"},
            "assumedRoleUser": {
                "assumedRoleId": f"AROAQJLSXKAUCGUJMKY{role * 2}:x",
                "arn": f"arn:aws:sts::{account}:assumed-role/{role}/x",
            },
        },
        "requestID": f"r-{hop}",
        "eventID": f"00000000-0000-4000-8000-{hop:012d}",
        "readOnly": True,
        "eventType": "AwsApiCall",
        "recipientAccountId": account,
        "eventCategory": "Management",
    }


def _of(tree: Tree, key: str) -> Node:
    return next(node for node in tree.nodes if key in node.access_key_ids)
