"""Claims beside the actor: the tables of docs/attribution.md#claims, row by row. A claim names nobody."""

from __future__ import annotations

import json
from typing import Any

import pytest

from forensics.answers.core import NOBODY, Actor, ActorKind
from forensics.answers.who_answer import Agreement, Claims, SessionPolicy, SessionTag, TagSource
from forensics.investigate.who.claims import claims
from forensics.investigate.who.who_rows import CredentialRow, HopRow
from tests.investigate.made_rows import row_of

ALICE = Actor(ActorKind.IAM_USER, "AIDA0ALICE", "alice", "arn:aws:iam::111111111111:user/team/alice", "111111111111")
MAIL = Actor(ActorKind.SAML_USER, "alice@example.com", "alice@example.com", issuer="https://idp")
PERSON = Actor(ActorKind.IDENTITY_CENTER_USER, "906-42", "alice@example.com", identity_store_arn="arn:store")
ROOT = Actor(ActorKind.ROOT, "111111111111")
WORKLOAD = Actor(ActorKind.WORKLOAD, "i-0abc", "i-0abc")
SERVICE = Actor(ActorKind.AWS_SERVICE, "rds.amazonaws.com")
STRANGER = Actor(ActorKind.EXTERNAL_PRINCIPAL, "AIDA0STRANGER", account_id="222222222222")
PIPELINE = Actor(ActorKind.WEB_IDENTITY_USER, "repo:org/app:ref:refs/heads/main", "repo:org/app:ref:refs/heads/main")


def hop(event_id: str | None, requested: str | None, carried: str | None = None, redacted_caller: str = "") -> HopRow:
    """A link of a chain: its issuance asked for `requested`, its caller carried `carried` already."""
    return row_of(
        HopRow,
        issuance_event_id=event_id,
        requested_source_identity=requested,
        caller_source_identity=carried,
        is_redacted=bool(redacted_caller),
        caller_principal_id=redacted_caller or "AIDA0ANY",
    )


def requested(**row: Any) -> Claims:
    return said(ALICE, chain=(row_of(HopRow, issuance_id="e", **row),))


def test_session_tags_have_their_source() -> None:
    found = requested(
        session_tags='{"team": "red"}',
        principal_tags='{"Dept": "ops"}',
        incoming_transitive_tags='{"cost": "1"}',
        transitive_tag_keys='["dept"]',
    )
    assert found.session_tags == (
        SessionTag("Dept", "ops", TagSource.ASSERTION, True),
        SessionTag("cost", "1", TagSource.INHERITED, True),
        SessionTag("team", "red", TagSource.REQUEST, False),
    )


def test_tags_and_policies_are_bounded() -> None:
    found = requested(
        session_tags=json.dumps({f"k{n}": "v" * 9_000 for n in range(900)}),
        session_policy="p" * 90_000,
        session_policy_arns=" ".join(["arn:aws:iam::aws:policy/A"] * 90),
    )
    assert (len(found.session_tags), found.session_tags_total) == (50, 900)
    assert {len(tag.value) for tag in found.session_tags} == {256}
    assert len(found.session_policy.document or "") == 2048 and len(found.session_policy.policy_arns) == 10


def test_an_omitted_request_leaves_the_session_policy_unknown() -> None:
    assert requested().session_policy == SessionPolicy(is_known=True)
    assert not requested(omitted_fields="requestParameters").session_policy.is_known
    assert not said(ALICE).session_policy.is_known


def said(actor: Actor, known: tuple[str, ...] = (), chain: tuple[HopRow, ...] = (), **claimed: Any) -> Claims:
    return claims(row_of(CredentialRow, **claimed), chain, actor, known)


@pytest.mark.parametrize(
    ("actor", "value", "agreement"),
    [
        (ALICE, "alice", "agrees"),
        (ALICE, "ALICE", "agrees"),
        (ALICE, "aida0alice", "agrees"),
        (ALICE, "arn:aws:iam::111111111111:user/team/alice", "agrees"),
        (ALICE, "bob", "differs"),
        (ALICE, "alice2", "differs"),
        (MAIL, "alice@example.com", "agrees"),
        (MAIL, "Alice", "agrees"),
        (MAIL, "example.com", "differs"),
        (PERSON, "alice", "agrees"),
        (PERSON, "906-42", "agrees"),
        (PERSON, "bob", "differs"),
        (WORKLOAD, "alice", "unverifiable"),
        (SERVICE, "alice", "unverifiable"),
        (STRANGER, "alice", "unverifiable"),
        (STRANGER, "AIDA0STRANGER", "agrees"),
        (NOBODY, "alice", "unverifiable"),
        (ALICE, None, "absent"),
        (ALICE, "", "absent"),
        (NOBODY, None, "absent"),
    ],
)
def test_a_source_identity(actor: Actor, value: str | None, agreement: str) -> None:
    claim = said(actor, source_identity=value).source_identity
    assert (claim.value, claim.agreement) == (value or None, agreement)
    assert claim.enforced is None


@pytest.mark.parametrize(
    ("actor", "value", "known", "agreement"),
    [
        (ALICE, "alice", (), "agrees"),
        (ALICE, "alice", ("alice",), "agrees"),
        (MAIL, "Alice@Example.com", (), "agrees"),
        (ALICE, "bob", ("bob",), "differs"),
        (ALICE, "Bob", ("bob",), "differs"),
        (ALICE, "build", ("bob",), "unverifiable"),
        (WORKLOAD, "i-0abc", (), "agrees"),
        (NOBODY, "bob", ("bob",), "unverifiable"),
        (ALICE, None, ("bob",), "absent"),
    ],
)
def test_a_session_name(actor: Actor, value: str | None, known: tuple[str, ...], agreement: str) -> None:
    claim = said(actor, known, role_session_name=value).role_session_name
    assert (claim.value, claim.agreement) == (value, agreement)


@pytest.mark.parametrize(
    ("actor", "user_id", "agreement"),
    [
        (PERSON, "906-42", "agrees"),
        (PERSON, "906-43", "differs"),
        (ALICE, "906-42", "unverifiable"),
        (NOBODY, "906-42", "unverifiable"),
        (PERSON, None, "absent"),
    ],
)
def test_on_behalf_of(actor: Actor, user_id: str | None, agreement: str) -> None:
    store = "arn:store" if user_id else None
    claim = said(actor, on_behalf_of_user_id=user_id, identity_store_arn=store).on_behalf_of
    assert (claim.value, claim.identity_store_arn, claim.agreement) == (user_id, store, agreement)


FIRST, SECOND = "e1", "e2"


@pytest.mark.parametrize(
    ("chain", "set_by"),
    [
        ((hop(FIRST, "alice"),), FIRST),
        ((hop(SECOND, "alice", carried="alice"), hop(FIRST, "alice")), FIRST),
        ((hop(SECOND, "alice"), hop(FIRST, None)), SECOND),
        ((hop(SECOND, "alice", carried="alice"),), None),
        ((hop(FIRST, "bob"),), None),
        ((hop(None, None),), None),
        ((hop(None, "alice"),), None),
        ((hop(FIRST, "alice", redacted_caller="AIDA0BOB"),), FIRST),
        ((hop(FIRST, "alice", redacted_caller="AROA0ROLE:x"),), None),
        ((hop(SECOND, "alice", carried="alice"), hop(FIRST, "alice", redacted_caller="AROA0ROLE:x")), None),
        ((), None),
    ],
)  # fmt: skip
def test_the_event_that_set_it_is_the_one_whose_caller_had_none(chain: tuple[HopRow, ...], set_by: str | None) -> None:
    assert said(ALICE, chain=chain, source_identity="alice").source_identity.set_by_event_id == set_by


def test_a_session_that_says_nothing_claims_nothing() -> None:
    absent = said(ALICE)
    assert absent == Claims()
    assert {absent.source_identity.agreement, absent.role_session_name.agreement, absent.on_behalf_of.agreement} == {
        Agreement.ABSENT
    }
