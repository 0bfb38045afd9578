"""Sessions of Identity Center users, and users named in `onBehalfOf`."""

from __future__ import annotations

from collections.abc import Iterator

from tests.attribution.adversarial.expected import Expected, is_ambiguous, is_nobody, is_other, is_user, scenario
from tests.attribution.records import Account, Json, Role, assume_role, call


def _identity_center(aws: Account) -> Role:
    return aws.role("AWSReservedSSO_Admin_0123456789abcdef", path="/aws-reserved/sso.amazonaws.com/")


def _with_saml(role: Role, subject: str, name: str, second: float, *, issues: str) -> Json:
    caller = {"type": "SAMLUser", "principalId": f"idp=:{subject}", "userName": subject, "identityProvider": "idp="}
    issuing = assume_role(
        caller, role, name, second, issues=issues, account=role.account_id, eventName="AssumeRoleWithSAML"
    )
    return issuing | {
        "responseElements": issuing["responseElements"] | {"subject": subject, "issuer": "https://portal"}
    }


def _for(identity: Json, user_id: str) -> Json:
    return identity | {
        "onBehalfOf": {"userId": user_id, "identityStoreArn": "arn:aws:identitystore::100000000000:identitystore/d-1"}
    }


@scenario
def an_identity_center_session(aws: Account) -> Iterator[Expected]:
    role = _identity_center(aws)
    keys = [aws.key(f"K{n}") for n in range(3)]
    aws.log(_with_saml(role, "alice@example.com", "alice", 0, issues=aws.key("ISSUED")))
    aws.log(call(_for(role.session("alice", 0, keys[0]), "906-alice"), 5))
    aws.log(*(call(role.session("alice", 0, key), 6) for key in keys[1:]))
    for key in keys:
        yield is_other(key, "identity_center_user", "906-alice", "strong", "identity_center_user", origin=None)


@scenario
def two_identity_center_users_on_one_session(aws: Account) -> Iterator[Expected]:
    role, keys = _identity_center(aws), [aws.key(f"K{n}") for n in range(3)]
    for key, user_id in zip(keys, ("906-alice", "906-bob", None), strict=True):
        session = role.session("alice", 0, key)
        aws.log(call(_for(session, user_id) if user_id else session, 5))
    yield is_nobody(keys[2])


@scenario
def two_identity_center_users_on_a_session_without_keys(aws: Account) -> Iterator[Expected]:
    role = _identity_center(aws)
    events = [call(_for(role.session("alice", 0), user_id), 5) for user_id in ("906-alice", "906-bob")]
    aws.log(*events)
    for event in events:
        yield is_nobody(event)


@scenario
def a_session_named_after_an_identity_center_user_in_her_second(aws: Account) -> Iterator[Expected]:
    """AWS names her on a key of hers; a key of which it names nobody may be of either who asked in that second."""
    role, hers, other = _identity_center(aws), aws.key("K1"), aws.key("K2")
    aws.log(_with_saml(role, "alice@example.com", "alice", 0, issues=aws.key("I1")))
    aws.log(_with_saml(role, "mallory@example.com", "alice", 0, issues=aws.key("I2")))
    aws.log(call(_for(role.session("alice", 0, hers), "906-alice"), 5), call(role.session("alice", 0, other), 6))
    yield is_ambiguous(other)


@scenario
def a_key_that_was_handed_out_beside_one_on_a_users_behalf(aws: Account) -> Iterator[Expected]:
    """An application that requests a session for a user holds its keys; the user is a claim."""
    boss, app = aws.user("boss"), aws.role("app")
    k1, k2 = aws.key("K1"), aws.key("K2")
    on_behalf = app.session("s", 10, k1) | {
        "onBehalfOf": {"userId": "u-1", "identityStoreArn": f"arn:aws:identitystore::{aws.id}:identitystore/d-1"}
    }
    aws.log(*(assume_role(boss.signs(), app, "s", 10, issues=key) for key in (k1, k2)), call(on_behalf, 20))
    for key in (k1, k2):
        yield is_user(key, boss, "proven")
