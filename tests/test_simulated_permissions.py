"""The simulator's IAM: what works, and which containment step it accepts, by AWS's documentation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from tests.simulator import iam, simulate, sts
from tests.simulator.cloud import Cloud
from tests.simulator.identities import Credential, user_key
from tests.simulator.odd import ODD
from tests.simulator.permissions import denies_everything, denying, revoking
from tests.simulator.principals import Json, Place, Role, User

ACCOUNT = "111122223333"
START = datetime(2026, 10, 5, 12, tzinfo=UTC)


class Scene:
    """A cloud with two users and a role; `at` counts minutes."""

    def __init__(self) -> None:
        self.cloud = Cloud(Random(1))
        place = Place("203.0.113.9", "aws-cli")
        self.alice = User(ACCOUNT, "alice", "AIDAALICE", ("AKIAALICE",), place)
        self.admin = User(ACCOUNT, "admin", "AIDAADMIN", ("AKIAADMIN",), place)
        self.role = Role(ACCOUNT, "deploy", "AROADEPLOY")
        self.linked = Role(ACCOUNT, "AWSServiceRoleForX", "AROALINKED", "/aws-service-role/x.amazonaws.com/")
        self.lookalike = Role(ACCOUNT, "AWSServiceRoleForY", "AROALOOK", "/ops/")
        self.cloud.users += (self.alice, self.admin)
        self.cloud.roles += (self.role, self.linked, self.lookalike)
        self.by = user_key(self.admin, "AKIAADMIN")
        self.key = user_key(self.alice, "AKIAALICE")

    def session(self) -> Credential:
        return sts.assume_role(self.cloud, self.key, self.role, "s", START, "us-east-1")

    def token(self) -> Credential:
        return sts.get_session_token(self.cloud, self.key, self.alice, START, "us-east-1", mfa=False)

    def works(self, credential: Credential, minutes: int) -> bool | None:
        at = START + timedelta(minutes=minutes)
        return self.cloud.permissions().at(at).works(credential, at)

    def accepts(self, action: str, target: str, minutes: int = 59) -> bool:
        return self.cloud.permissions().at(START + timedelta(minutes=minutes)).accepts(action, ACCOUNT, target)


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def test_a_key_works_while_it_is_active_and_its_sessions_survive_it() -> None:
    scene = Scene()
    session, token = scene.session(), scene.token()
    iam.update_access_key(scene.cloud, scene.by, scene.alice, "AKIAALICE", "Inactive", at(10))
    iam.update_access_key(scene.cloud, scene.by, scene.alice, "AKIAALICE", "Active", at(20))
    iam.delete_access_key(scene.cloud, scene.by, scene.alice, "AKIAALICE", at(30))
    assert [scene.works(scene.key, minutes) for minutes in (5, 15, 25, 35)] == [True, False, True, False]
    assert scene.works(session, 35) is scene.works(token, 35) is True
    assert scene.works(session, 60) is scene.works(session, -1) is False


def test_a_revocation_ends_older_sessions_until_it_is_undone() -> None:
    scene = Scene()
    session = scene.session()
    iam.put_policy(scene.cloud, scene.by, scene.role, "AWSRevokeOlderSessions", revoking(at(10)), at(10))
    iam.put_policy(scene.cloud, scene.by, scene.role, "AWSRevokeOlderSessions", denying("s3:*"), at(20))
    iam.attach_policy(scene.cloud, scene.by, scene.role, "arn:aws:iam::aws:policy/AWSDenyAll", at(30))
    iam.detach_policy(scene.cloud, scene.by, scene.role, "arn:aws:iam::aws:policy/AWSDenyAll", at(40))
    assert [scene.works(session, minutes) for minutes in (5, 15, 25, 35, 45)] == [True, False, True, False, True]


def test_a_managed_policy_denies_as_its_default_version_says() -> None:
    scene = Scene()
    session = scene.session()
    arn = iam.create_policy(scene.cloud, scene.by, "revoke", revoking(at(10)), at(10))
    assert scene.works(session, 11)
    iam.attach_policy(scene.cloud, scene.by, scene.role, arn, at(12))
    iam.replace_policy(scene.cloud, scene.by, arn, denying("s3:*"), at(20))
    assert [scene.works(session, minutes) for minutes in (11, 13, 21)] == [True, False, True]


@pytest.mark.parametrize(
    ("document", "ends"),
    [
        (denying("*"), True),
        (denying("*:*"), True),
        (revoking(START + timedelta(minutes=1)), True),
        (revoking(START), False),
        (denying("s3:*", "iam:*"), False),
        (denying("*", resource="arn:aws:s3:::b/*"), False),
        (denying("*", IpAddress={"aws:SourceIp": "192.0.2.0/24"}), False),
        (denying("*", DateGreaterThan={"aws:TokenIssueTime": "2026-10-05T13:00:00Z"}), False),
        ({"Statement": [{"Effect": "Deny", "NotAction": ["iam:*"], "Resource": "*"}]}, False),
        ({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}, False),
    ],
)
def test_a_policy_ends_only_what_it_denies(document: Json, ends: bool) -> None:
    assert denies_everything(document, START) is ends


def test_the_time_of_issuance_ends_no_long_term_key() -> None:
    assert not denies_everything(revoking(START), None)
    assert denies_everything(denying("*"), None)


def test_names_pass_from_one_user_to_another_and_ids_do_not() -> None:
    scene = Scene()
    token = scene.token()
    old = iam.rename_user(scene.cloud, scene.by, scene.alice, "alice-old", at(10))
    iam.create_user(scene.cloud, scene.by, ACCOUNT, "alice", at(11), scene.alice.place)
    assert scene.accepts("deny_user", old.arn) and scene.accepts("deny_user", scene.alice.arn)
    iam_then = scene.cloud.permissions().at(at(20))
    iam_then.contain("deny_user", ACCOUNT, scene.alice.arn, at(20))
    assert iam_then.works(token, at(20))
    iam_then.contain("deny_user", ACCOUNT, old.arn, at(20))
    assert not iam_then.works(token, at(20))
    names = scene.cloud.permissions().names()["AIDAALICE"]
    assert [name for name, _, _ in names] == ["alice", "alice-old"]


def test_a_recreated_principal_is_another_one() -> None:
    scene = Scene()
    session, token = scene.session(), scene.token()
    iam.delete_role(scene.cloud, scene.by, scene.role, at(10))
    iam.delete_user(scene.cloud, scene.by, scene.alice, at(10))
    iam.create_role(scene.cloud, scene.by, ACCOUNT, "deploy", at(11), demands_source_identity=False)
    iam.create_user(scene.cloud, scene.by, ACCOUNT, "alice", at(11), scene.alice.place)
    for credential in (session, token, scene.key):
        assert [scene.works(credential, minutes) for minutes in (5, 15)] == [True, False]


@pytest.mark.parametrize(
    ("action", "target", "accepted"),
    [
        ("deactivate_access_key", "AKIAALICE", True),
        ("deactivate_access_key", "AKIANOBODY", False),
        ("deny_user", "alice", True),
        ("deny_user", "arn:aws:iam::111122223333:user/alice", True),
        ("deny_user", "arn:aws:iam::111122223333:root", False),
        ("deny_user", "111122223333", False),
        ("delete_created_user", "nobody", False),
        ("disable_console_login", "alice", False),
        ("revoke_role_sessions", "arn:aws:iam::111122223333:role/deploy", True),
        ("revoke_role_sessions", "arn:aws:iam::111122223333:role/other/deploy", False),
        ("revoke_role_sessions", "arn:aws:iam::111122223333:role/ops/AWSServiceRoleForY", True),
        (
            "revoke_role_sessions",
            "arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX",
            False,
        ),
        ("restore_trust_policy", "AWSServiceRoleForX", False),
        ("delete_created_role", "nobody", False),
        ("wait_until", "2026-10-05T13:00:00Z", True),
    ],
)
def test_iam_accepts_what_it_can_do(action: str, target: str, accepted: bool) -> None:
    assert Scene().accepts(action, target) is accepted


@pytest.fixture(scope="module")
def happened() -> list[dict[str, Any]]:
    worlds = [simulate(seed, 400, everything=True, odd=True) for seed in range(12)]
    return [event.record for world in worlds for event in world.happened]


def test_every_play_is_in_every_odd_world_and_in_no_other(happened: list[dict[str, Any]]) -> None:
    assert {
        "UpdateUser",
        "DeleteUserPolicy",
        "DetachRolePolicy",
        "CreatePolicyVersion",
        "AcceptDelegationRequest",
        "SendDelegationToken",
    } <= {record["eventName"] for record in happened}
    text = str(happened)
    for shape in ("providedContexts", "invokedByDelegate", "ASIA****", "REDACTED", "HIDDEN_DUE_TO_SECURITY_REASONS"):
        assert shape in text
    everyday = simulate(1, 400, everything=True)
    assert not any(event.record["eventName"] == "UpdateUser" for event in everyday.events)
    assert len(ODD) == len({play for play, _ in ODD})


def test_uses_can_be_stamped_a_second_before_their_issuance(happened: list[dict[str, Any]]) -> None:
    begun = (
        (one["eventTime"], one["userIdentity"].get("sessionContext", {}).get("attributes", {})) for one in happened
    )
    assert any(time < context["creationDate"] for time, context in begun if context)
