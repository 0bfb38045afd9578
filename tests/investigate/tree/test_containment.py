"""The plan for trees made by hand: what ends what, and in which order."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from forensics.answers.tree_answer import Action, Node, NodeKind, Relation, Step
from forensics.investigate.tree.containment import Means, containment, denying, revoking
from forensics.investigate.tree.lifetimes import expiry
from forensics.investigate.tree.loaded_since import LoadedHours
from forensics.investigate.tree.node_facts import NodeFacts
from forensics.investigate.tree.revocations import Revocations
from forensics.investigate.tree.session_means import means_of_session
from forensics.investigate.tree.tree_rows import DerivedRow, IssuanceRow, LoadedSpanRow, RevocationRow
from forensics.investigate.tree.user_names import PresentName, UserNames
from forensics.investigate.tree.validity import Validities
from tests.investigate.made_rows import row_of

ACCOUNT = "020104826920"
KEY = Means(Action.DEACTIVATE_ACCESS_KEY, ACCOUNT, "AKIA", "AKIA")
A, B = (revoking(ACCOUNT, name, f"arn:aws:iam::{ACCOUNT}:role/{name}") for name in "AB")
ALICE = denying(ACCOUNT, "alice", None)
UNENDABLE = Means(Action.NOT_POSSIBLE, ACCOUNT, "AWSServiceRoleForX", "AWSServiceRoleForX")


def moment(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 3, day, hour)  # noqa: DTZ001 - as the database returns it


def node(id_: int, parent: int | None, kind: NodeKind = NodeKind.SESSION, valid_at: bool | None = True) -> Node:
    relation = None if parent is None else Relation.ASSUMED_ROLE
    expires_at = moment(22, 1) if kind == NodeKind.SESSION else None
    return Node(
        id_, kind, parent, relation, id_, True, (), None, None, ACCOUNT, None, expires_at, valid_at, None, None, 0, ()
    )


def plan(means: dict[int, Means], *nodes: Node) -> list[tuple[Action, tuple[int, ...], tuple[int, ...]]]:
    return [(step.action, step.ends, step.survives) for step in steps(means, *nodes)]


def steps(means: dict[int, Means], *nodes: Node) -> tuple[Step, ...]:
    return containment(nodes, means, ())


def test_a_key_that_is_off_ends_no_session() -> None:
    nodes = (node(0, None, NodeKind.ACCESS_KEY), node(1, 0), node(2, 1))
    assert plan({0: KEY, 1: ALICE, 2: A}, *nodes) == [
        (Action.DEACTIVATE_ACCESS_KEY, (0,), (1, 2)),
        (Action.DENY_USER, (1,), (2,)),
        (Action.REVOKE_ROLE_SESSIONS, (2,), ()),
    ]


def test_a_role_that_stands_again_below_another_is_revoked_again() -> None:
    nodes = tuple(node(id_, id_ - 1 if id_ else None) for id_ in range(3))
    found = plan({0: A, 1: B, 2: A}, *nodes)
    assert [ends for _, ends, _ in found] == [(0,), (1,), (2,)]


@pytest.mark.parametrize("identity_type", ["AssumedRole", "Role"])
def test_a_call_as_a_role_ends_by_the_revocation_of_its_sessions(identity_type: str) -> None:
    session = row_of(
        DerivedRow,
        account_id=ACCOUNT,
        identity_type=identity_type,
        arn=f"arn:aws:iam::{ACCOUNT}:role/A",
        is_for_bucket=False,
    )
    assert means_of_session(session, PresentName("")) == A


def test_what_is_over_needs_no_step() -> None:
    nodes = (node(0, None, NodeKind.ACCESS_KEY, valid_at=False), node(1, 0, valid_at=None))
    assert plan({0: KEY, 1: A}, *nodes) == [(Action.REVOKE_ROLE_SESSIONS, (1,), ())]


def test_a_service_linked_role_can_only_be_waited_for() -> None:
    found = plan({0: UNENDABLE}, node(0, None))
    assert found == [(Action.NOT_POSSIBLE, (), (0,)), (Action.WAIT_UNTIL, (0,), ())]


def test_a_created_user_is_denied_and_deleted_under_its_present_name() -> None:
    user = Means(Action.DELETE_CREATED_USER, ACCOUNT, "new", "new")
    created = replace(node(0, None, NodeKind.USER), arn=f"arn:aws:iam::{ACCOUNT}:user/old")
    assert [step.target for step in steps({0: user}, created)] == ["new", "new"]


def test_a_trust_policy_is_restored_before_its_role_is_revoked_for_good() -> None:
    trust = Means(Action.RESTORE_TRUST_POLICY, ACCOUNT, "A", "A")
    found = plan({0: A, 1: trust}, node(0, None), node(1, 0, NodeKind.ROLE))
    assert [action for action, _, _ in found] == [
        Action.REVOKE_ROLE_SESSIONS,
        Action.RESTORE_TRUST_POLICY,
        Action.REVOKE_ROLE_SESSIONS,
    ]


@pytest.mark.parametrize(
    ("name", "service", "identity", "hours"),
    [
        ("AssumeRole", None, "AssumedRole", 1),
        ("AssumeRole", "lambda.amazonaws.com", "AssumedRole", 2),
        ("AssumeRoot", None, "Root", 0.25),
        ("GetSessionToken", None, "IAMUser", 12),
        ("GetSessionToken", None, "Root", 1),
        ("ConsoleLogin", None, "IAMUser", None),
    ],
)
def test_an_expiry_that_is_not_logged_is_the_default(
    name: str, service: str | None, identity: str, hours: float | None
) -> None:
    issued_at = moment(22)
    issuance = row_of(IssuanceRow, issuance_name=name, caller_invoked_by=service, issuance_time=issued_at)
    end, is_assumed = expiry(issuance, identity)
    assert is_assumed is (hours is not None)
    assert (end and (end - issued_at).total_seconds() / 3600) == hours


POLICY = {"policy": "AWSRevokeOlderSessions"}


@pytest.mark.parametrize(
    ("event", "fields", "state"),
    [
        ("PutRolePolicy", POLICY | {"role_name": "A", "revoked_before": moment(22, 2)}, "revoked"),
        ("PutRolePolicy", POLICY | {"role_name": "A", "revoked_before": moment(21)}, "valid"),
        ("PutRolePolicy", POLICY | {"role_name": "B", "revoked_before": moment(22, 2)}, "valid"),
        ("DeleteRole", {"role_name": "A"}, "deleted"),
    ],
)
def test_a_session_ends_with_its_role_or_a_revocation(event: str, fields: dict[str, Any], state: str) -> None:
    began, done_at, now = moment(22, 1), moment(22, 2), moment(22, 3)
    revocation = row_of(
        RevocationRow, account_id=ACCOUNT, event_time=done_at, event_name=event, is_unreliable=False, **fields
    )
    spans = [
        row_of(
            LoadedSpanRow,
            account_id=ACCOUNT,
            start_hour=done_at,
            end_hour=now + timedelta(hours=1),
            last_event_time=now + timedelta(minutes=30),
        )
    ]
    facts = NodeFacts(
        NodeKind.SESSION,
        ACCOUNT,
        role_name="A",
        issued_at=began,
        last_issued_at=began,
        expires_at=moment(22, 9),
    )
    validities = Validities(Revocations([revocation], UserNames([])), LoadedHours(spans), now)
    assert validities.of(facts).state == state
