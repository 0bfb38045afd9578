"""Never a wrong name: a few records each, made by hand to mislead, all of them on complete logs.

A scenario logs records into an account of its own and yields whom each subject is to be put down to, and why. All of
them are one case; each is a test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from forensics.answers.core import Grade
from forensics.answers.who_answer import Who
from forensics.case import Case
from tests.attribution.records import (
    INTERNAL,
    STS,
    Account,
    Json,
    Role,
    User,
    assume_role,
    assume_root,
    assumed_root,
    at,
    call,
    copies,
    federated,
    get_federation_token,
    get_session_token,
    service,
    sign_in_event,
    switch_role,
    with_repeated_key,
    write,
)


@dataclass(frozen=True)
class Expected:
    """What the answer about a subject says. `more`: other fields, as `_facts` puts them.

    Without a `stop_reason` any will do: of a user without key and date it is not known how they came in.
    """

    subject: str
    kind: str
    id: str | None
    grade: str
    stop_reason: str | None
    more: dict[str, object] = field(default_factory=dict)


Scenario = Callable[[Account], Iterator[Expected]]
SCENARIOS: dict[str, Scenario] = {}


def scenario(play: Scenario) -> Scenario:
    SCENARIOS[play.__name__] = play
    return play


def is_user(
    subject: str | Json, user: User, grade: str, because: str | None = "long_term_key", **more: object
) -> Expected:
    return Expected(_subject(subject), "iam_user", user.id, grade, because, more)


def is_other(subject: str | Json, kind: str, id: str | None, grade: str, because: str, **more: object) -> Expected:
    return Expected(_subject(subject), kind, id, grade, because, more)


def is_ambiguous(subject: str | Json, **more: object) -> Expected:
    return Expected(_subject(subject), "unknown", None, "none", "ambiguous", {"ambiguous": True, **more})


def is_nobody(subject: str | Json, because: str = "outside_coverage", **more: object) -> Expected:
    return Expected(_subject(subject), "unknown", None, "none", because, {"ambiguous": False, **more})


def _subject(subject: str | Json) -> str:
    return subject if isinstance(subject, str) else str(subject["eventID"])


# Two callers in one second


@scenario
def two_callers_with_keys_logged(aws: Account) -> Iterator[Expected]:
    alice, bob, deploy = aws.user("alice"), aws.user("bob"), aws.role("deploy")
    k1, k2, never = aws.key("K1"), aws.key("K2"), aws.key("K3")
    aws.log(
        assume_role(alice.signs(), deploy, "build", 0, issues=k1),
        assume_role(bob.signs(), deploy, "build", 0, issues=k2),
    )
    aws.log(*(call(deploy.session("build", 0, key), 5) for key in (k1, k2, never)))
    yield is_user(k1, alice, "proven", origin=alice.key, rules=["issued_key"])
    yield is_user(k2, bob, "proven", origin=bob.key, rules=["issued_key"])
    yield is_nobody(never)
    yield is_other(deploy.session_id("build"), "unknown", None, "none", "several_actors")


@scenario
def two_callers_without_keys_logged(aws: Account) -> Iterator[Expected]:
    alice, bob, deploy, key = aws.user("alice"), aws.user("bob"), aws.role("deploy"), aws.key("K")
    aws.log(*(assume_role(user.signs(), deploy, "build", 0, issues=None) for user in (alice, bob)))
    aws.log(call(deploy.session("build", 0, key), 5))
    yield is_ambiguous(key, candidates={alice.id, bob.id}, origin=None)


@scenario
def two_callers_and_a_use_without_key(aws: Account) -> Iterator[Expected]:
    alice, bob, deploy = aws.user("alice"), aws.user("bob"), aws.role("deploy")
    use = call(deploy.session("build", 0), 5)
    aws.log(assume_role(alice.signs(), deploy, "build", 0, issues=aws.key("K1")), use)
    aws.log(assume_role(bob.signs(), deploy, "build", 0, issues=aws.key("K2")))
    yield is_ambiguous(use, candidates={alice.id, bob.id})


@scenario
def two_callers_one_with_a_removed_key(aws: Account) -> Iterator[Expected]:
    alice, bob, deploy = aws.user("alice"), aws.user("bob"), aws.role("deploy")
    k1, k2 = aws.key("K1"), aws.key("K2")
    aws.log(
        assume_role(alice.signs(), deploy, "build", 0, issues=k1),
        assume_role(bob.signs(), deploy, "build", 0, issues=None),
    )
    aws.log(call(deploy.session("build", 0, k1), 5), call(deploy.session("build", 0, k2), 5))
    yield is_user(k1, alice, "proven")
    yield is_user(k2, bob, "strong", rules=["session_and_time"])


@scenario
def another_key_of_the_same_session_is_not_hers(aws: Account) -> Iterator[Expected]:
    alice, deploy = aws.user("alice"), aws.role("deploy")
    k1, k2 = aws.key("K1"), aws.key("K2")
    aws.log(assume_role(alice.signs(), deploy, "build", 0, issues=k1))
    aws.log(call(deploy.session("build", 0, k1), 5), call(deploy.session("build", 0, k2), 6))
    yield is_user(k1, alice, "proven")
    yield is_nobody(k2, missing={"hour_incomplete"})


@scenario
def forward_access_of_one_of_two_sessions(aws: Account) -> Iterator[Expected]:
    alice, bob, deploy, key = aws.user("alice"), aws.user("bob"), aws.role("deploy"), aws.key("FAS")
    aws.log(assume_role(alice.signs(), deploy, "build", 0, issues=aws.key("K1")))
    aws.log(assume_role(bob.signs(), deploy, "build", 0, issues=aws.key("K2")))
    aws.log(call(deploy.session("build", 0, key, invoked_by="kms.amazonaws.com"), 5))
    yield is_ambiguous(key, candidates={alice.id, bob.id})


@scenario
def two_sessions_that_look_like_one_ask_for_the_next_in_one_second(aws: Account) -> Iterator[Expected]:
    alice, bob = aws.user("alice"), aws.user("bob")
    deploy, admin, audit = aws.role("deploy"), aws.role("admin"), aws.role("audit")
    k1, k2, c1, c2, unlogged, fas = (aws.key(name) for name in ("K1", "K2", "C1", "C2", "C3", "C4"))
    keyless, further = call(admin.session("x", 10), 15), aws.key("D")
    aws.log(
        assume_role(alice.signs(), deploy, "build", 0, issues=k1),
        assume_role(bob.signs(), deploy, "build", 0, issues=k2),
    )
    aws.log(assume_role(deploy.session("build", 0, k1), admin, "x", 10, issues=c1))
    aws.log(assume_role(deploy.session("build", 0, k2), admin, "x", 10, issues=c2))
    aws.log(*(call(admin.session("x", 10, key), 15) for key in (c1, c2, unlogged)), keyless)
    aws.log(call(admin.session("x", 10, fas, invoked_by="kms.amazonaws.com"), 16))
    aws.log(
        assume_role(admin.session("x", 10), audit, "y", 20, issues=further), call(audit.session("y", 20, further), 25)
    )
    yield is_user(c1, alice, "proven", origin=alice.key)
    yield is_user(c2, bob, "proven", origin=bob.key)
    yield is_nobody(unlogged)
    yield is_ambiguous(keyless, origin=None)
    yield is_ambiguous(fas, origin=None)
    yield is_ambiguous(further, origin=None)


@scenario
def one_of_two_like_sessions_has_an_unknown_issuer(aws: Account) -> Iterator[Expected]:
    alice, deploy, admin = aws.user("alice"), aws.role("deploy"), aws.role("admin")
    k1, k2 = aws.key("K1"), aws.key("K2")
    keyless = call(admin.session("x", 10), 15)
    aws.log(assume_role(alice.signs(), deploy, "build", 0, issues=k1), keyless)
    aws.log(assume_role(deploy.session("build", 0, k1), admin, "x", 10, issues=aws.key("C1")))
    aws.log(assume_role(deploy.session("build", 0, k2), admin, "x", 10, issues=aws.key("C2")))
    yield is_ambiguous(keyless)


@scenario
def one_person_with_two_keys_in_one_second(aws: Account) -> Iterator[Expected]:
    alice, deploy = aws.user("alice"), aws.role("deploy")
    first, second = "AKIA0FIRST" + aws.id[-4:] + "XXXXXX", "AKIA0SECOND" + aws.id[-4:] + "XXXXX"
    use = call(deploy.session("build", 0), 5)
    aws.log(assume_role(alice.signs(first), deploy, "build", 0, issues=aws.key("K1")), use)
    aws.log(assume_role(alice.signs(second), deploy, "build", 0, issues=aws.key("K2")))
    yield is_user(use, alice, "strong", origin=None, origin_candidates={first, second})


# Keys


@scenario
def a_key_id_that_occurs_in_two_accounts(aws: Account) -> Iterator[Expected]:
    other = aws.elsewhere()
    alice, bob, here, there = aws.user("alice"), other.user("bob"), aws.role("deploy"), other.role("deploy")
    key = aws.key("K")
    one, two = call(here.session("build", 0, key), 5), call(there.session("build", 1, key), 5)
    aws.log(assume_role(alice.signs(), here, "build", 0, issues=key), one)
    aws.log(assume_role(bob.signs(), there, "build", 1, issues=key), two)
    yield is_user(one, alice, "proven", origin=alice.key)
    yield is_user(two, bob, "proven", origin=bob.key)
    yield is_other(key, "unknown", None, "none", "several_actors", sessions=2)


@scenario
def a_key_id_issued_in_another_account_than_it_is_used_in(aws: Account) -> Iterator[Expected]:
    other, key = aws.elsewhere(), aws.key("K")
    aws.log(assume_role(other.user("bob").signs(), other.role("deploy"), "build", 0, issues=key))
    use = call(aws.role("deploy").session("build", 0, key), 5)
    aws.log(use)
    yield is_nobody(use)


@scenario
def an_issued_key_that_is_its_own_callers(aws: Account) -> Iterator[Expected]:
    deploy, key = aws.role("deploy"), aws.key("K")
    aws.log(
        assume_role(deploy.session("build", 0, key), deploy, "build", 0, issues=key),
        call(deploy.session("build", 0, key), 5),
    )
    yield is_nobody(key)


@scenario
def a_session_that_hands_out_itself(aws: Account) -> Iterator[Expected]:
    deploy = aws.role("deploy")
    use = call(deploy.session("build", 0), 5)
    aws.log(assume_role(deploy.session("build", 0), deploy, "build", 0, issues=None), use)
    yield is_nobody(use)


@scenario
def a_cycle_of_two(aws: Account) -> Iterator[Expected]:
    deploy, admin, k1, k2 = aws.role("deploy"), aws.role("admin"), aws.key("K1"), aws.key("K2")
    beyond = aws.key("K3")
    aws.log(assume_role(deploy.session("a", 0, k1), admin, "b", 0, issues=k2))
    aws.log(assume_role(admin.session("b", 0, k2), deploy, "a", 0, issues=k1))
    aws.log(
        assume_role(admin.session("b", 0, k2), deploy, "c", 9, issues=beyond), call(deploy.session("c", 9, beyond), 10)
    )
    for key in (k1, k2, beyond):
        yield is_nobody(key, "cycle", origin=None)


@scenario
def a_cycle_of_three(aws: Account) -> Iterator[Expected]:
    roles, keys = [aws.role(name) for name in "abc"], [aws.key(f"K{n}") for n in range(3)]
    for n in range(3):
        following = (n + 1) % 3
        aws.log(assume_role(roles[n].session("s", 0, keys[n]), roles[following], "s", 0, issues=keys[following]))
    for key in keys:
        yield is_nobody(key, "cycle")


@scenario
def issue_after_use(aws: Account) -> Iterator[Expected]:
    alice, deploy, key = aws.user("alice"), aws.role("deploy"), aws.key("K")
    aws.log(call(deploy.session("build", 10, key), 5), assume_role(alice.signs(), deploy, "build", 10, issues=key))
    yield is_nobody(key)


@scenario
def a_creation_date_off_by_one_second(aws: Account) -> Iterator[Expected]:
    alice, deploy, key = aws.user("alice"), aws.role("deploy"), aws.key("K")
    keyless = call(deploy.session("build", 1), 5)
    aws.log(assume_role(alice.signs(), deploy, "build", 0, issues=key), keyless)
    aws.log(call(deploy.session("build", 1, key), 5))
    yield is_nobody(key, candidates={alice.id})
    yield is_nobody(keyless)


@scenario
def a_key_issued_to_somebody_else_in_another_second(aws: Account) -> Iterator[Expected]:
    """The time says bob, the key says alice."""
    alice, bob, deploy, key = aws.user("alice"), aws.user("bob"), aws.role("deploy"), aws.key("K")
    aws.log(assume_role(alice.signs(), deploy, "build", 0, issues=key))
    aws.log(assume_role(bob.signs(), deploy, "build", 1, issues=None), call(deploy.session("build", 1, key), 5))
    yield is_ambiguous(key, candidates={alice.id, bob.id}, origin=None)


@scenario
def a_long_term_key_that_two_users_sign_with(aws: Account) -> Iterator[Expected]:
    alice, bob, key = aws.user("alice"), aws.user("bob"), "AKIA0BOTH" + aws.id[-4:] + "XXXXXXX"
    one, two = call(alice.signs(key), 0), call(bob.signs(key), 5)
    aws.log(one, two)
    yield is_user(one, alice, "proven", owner=None)
    yield is_user(two, bob, "proven", owner=None)
    yield is_other(key, "unknown", None, "none", "several_actors")


@scenario
def use_after_expiry(aws: Account) -> Iterator[Expected]:
    alice, deploy, key = aws.user("alice"), aws.role("deploy"), aws.key("K")
    aws.log(assume_role(alice.signs(), deploy, "build", 0, issues=key), call(deploy.session("build", 0, key), 7200))
    yield is_user(key, alice, "proven", flags={"used_after_expiry"})


@scenario
def an_empty_access_key_id(aws: Account) -> Iterator[Expected]:
    alice, bob, deploy = aws.user("alice"), aws.user("bob"), aws.role("deploy")
    nothing, use = assume_role(bob.signs(""), deploy, "build", 0, issues=""), call(deploy.session("build", 0, ""), 5)
    aws.log(nothing, use, call(alice.signs(""), 1))
    yield is_user(use, bob, "strong", None, origin=None)
    yield is_user(nothing, bob, "proven", None, origin=None)
    yield is_user(alice.id, alice, "proven", None, origin=None)


@scenario
def a_role_session_that_carries_a_long_term_looking_key(aws: Account) -> Iterator[Expected]:
    key = "AKIA0SESSION" + aws.id[-4:] + "XXXX"
    aws.log(call(aws.role("deploy").session("build", 0, key), 5))
    yield is_nobody(key, origin=None)


# Records that lie, or say two things


@scenario
def a_session_named_after_another_user(aws: Account) -> Iterator[Expected]:
    alice, bob, deploy, key = aws.user("alice"), aws.user("bob"), aws.role("deploy"), aws.key("K")
    aws.log(call(alice.signs(), 0), assume_role(bob.signs(), deploy, "alice", 0, issues=key))
    aws.log(call(deploy.session("alice", 0, key), 5))
    yield is_user(key, bob, "proven", session_name="differs")


def _with_source_identity(aws: Account, said: str) -> Json:
    bob, deploy, key = aws.user("bob"), aws.role("deploy"), aws.key("K")
    setter = assume_role(bob.signs(), deploy, "x", 0, issues=key, source_identity=said)
    aws.log(setter, call(deploy.session("x", 0, key, source_identity=said), 5))
    return setter


@scenario
def a_source_identity_that_lies(aws: Account) -> Iterator[Expected]:
    setter = _with_source_identity(aws, "alice")
    yield is_user(aws.key("K"), aws.user("bob"), "proven", source_identity="differs", set_by=setter["eventID"])


@scenario
def a_source_identity_that_agrees(aws: Account) -> Iterator[Expected]:
    setter = _with_source_identity(aws, "BOB")
    yield is_user(aws.key("K"), aws.user("bob"), "proven", source_identity="agrees", set_by=setter["eventID"])


@scenario
def a_source_identity_that_is_inherited(aws: Account) -> Iterator[Expected]:
    setter, admin, key = _with_source_identity(aws, "bob"), aws.role("admin"), aws.key("K2")
    caller = aws.role("deploy").session("x", 0, aws.key("K"), source_identity="bob")
    aws.log(assume_role(caller, admin, "y", 10, issues=key, source_identity="bob"))
    aws.log(call(admin.session("y", 10, key, source_identity="bob"), 15))
    yield is_user(key, aws.user("bob"), "proven", source_identity="agrees", set_by=setter["eventID"])


@scenario
def a_source_identity_set_at_the_second_hop(aws: Account) -> Iterator[Expected]:
    bob, deploy, admin, k1, k2 = aws.user("bob"), aws.role("deploy"), aws.role("admin"), aws.key("K1"), aws.key("K2")
    setter = assume_role(deploy.session("x", 0, k1), admin, "y", 10, issues=k2, source_identity="alice")
    aws.log(assume_role(bob.signs(), deploy, "x", 0, issues=k1), setter)
    aws.log(call(admin.session("y", 10, k2, source_identity="alice"), 15))
    yield is_user(k2, bob, "proven", source_identity="differs", set_by=setter["eventID"])
    yield is_user(k1, bob, "proven", source_identity="absent", set_by=None)


@scenario
def a_source_identity_seen_only_behind_another_accounts_copy(aws: Account) -> Iterator[Expected]:
    """Whether the redacted caller set or inherited it cannot be seen; an IAM user cannot have inherited it."""
    other, deploy = aws.elsewhere(), aws.role("deploy")
    first, second = other.role("first"), other.user("bob")
    _, by_role = copies(
        assume_role(first.session("x", 0, aws.key("K0")), deploy, "y", 10, issues=aws.key("K1"), source_identity="bob"),
        deploy,
    )
    _, by_user = copies(
        assume_role(second.signs(), deploy, "z", 11, issues=aws.key("K2"), source_identity="bob"), deploy
    )
    aws.log(by_role, call(deploy.session("y", 10, aws.key("K1"), source_identity="bob"), 15))
    aws.log(by_user, call(deploy.session("z", 11, aws.key("K2"), source_identity="bob"), 15))
    role_id = first.session_id("x")
    yield is_other(aws.key("K1"), "external_principal", role_id, "proven", "external_account", set_by=None)
    yield is_other(
        aws.key("K2"), "external_principal", second.id, "proven", "external_account", set_by=by_user["eventID"]
    )


@scenario
def a_forged_copy_with_another_caller(aws: Account) -> Iterator[Expected]:
    alice, bob, deploy, key = aws.user("alice"), aws.user("bob"), aws.role("deploy"), aws.key("K")
    true = assume_role(alice.signs(), deploy, "build", 0, issues=key)
    aws.log(true, true | {"userIdentity": bob.signs()}, call(deploy.session("build", 0, key), 5))
    yield is_nobody(key)


@scenario
def a_forged_copy_with_another_issued_key(aws: Account) -> Iterator[Expected]:
    alice, deploy, k1, k2 = aws.user("alice"), aws.role("deploy"), aws.key("K1"), aws.key("K2")
    true = assume_role(alice.signs(), deploy, "build", 0, issues=k1)
    forged = assume_role(alice.signs(), deploy, "build", 0, issues=k2)["responseElements"]
    aws.log(true, true | {"responseElements": forged}, *(call(deploy.session("build", 0, key), 5) for key in (k1, k2)))
    yield is_nobody(k1)
    yield is_nobody(k2)


FORGERIES = 20
"""Of two copies the one with the smaller hash is stored: with as many forgeries, one of them is nearly always it."""


@scenario
def a_forged_copy_with_another_time(aws: Account) -> Iterator[Expected]:
    """The true call is alice's and of another second; the session is of a caller whose record names no key."""
    alice, deploy = aws.user("alice"), aws.role("deploy")
    for n in range(FORGERIES):
        name, key = f"build{n}", aws.key(f"K{n}")
        true = assume_role(alice.signs(), deploy, name, 0, issues=None)
        aws.log(true, true | {"eventTime": at(3)}, call(deploy.session(name, 3, key), 5))
        yield is_nobody(key)


@scenario
def a_forged_copy_of_a_switch_from_somebody_else(aws: Account) -> Iterator[Expected]:
    alice, bob, admin = aws.user("alice"), aws.user("bob"), aws.role("admin")
    aws.log(call(alice.signs(), 0), call(bob.signs(), 0))
    for n in range(FORGERIES):
        name, key = f"alice{n}", aws.key(f"K{n}")
        true = switch_role(alice.arn, admin, name, 0)
        aws.log(true, true | {"additionalEventData": {"SwitchFrom": bob.arn}}, call(admin.session(name, 0, key), 5))
        yield is_nobody(key)


@scenario
def a_forged_copy_that_was_not_refused(aws: Account) -> Iterator[Expected]:
    alice, bob, deploy = aws.user("alice"), aws.user("bob"), aws.role("deploy")
    for n in range(FORGERIES):
        name, key = f"build{n}", aws.key(f"K{n}")
        true = assume_role(alice.signs(), deploy, name, 0, issues=None, errorCode="AccessDenied")
        forged = {field: value for field, value in true.items() if field != "errorCode"}
        aws.log(true, forged, call(deploy.session(name, 0, key), 5))
        yield is_nobody(key)
    aws.log(call(bob.signs(), 0))


@scenario
def a_second_full_copy_with_the_same_shared_id(aws: Account) -> Iterator[Expected]:
    other, deploy, key = aws.elsewhere(), aws.role("deploy"), aws.key("K")
    alice, bob = other.user("alice"), other.user("bob")
    own, theirs = copies(assume_role(alice.signs(), deploy, "build", 0, issues=key), deploy)
    forged = own | {"userIdentity": bob.signs(), "eventID": "0f0f0f0f-0000-4000-8000-" + aws.id}
    aws.log(own, theirs, forged, call(deploy.session("build", 0, key), 5))
    yield is_ambiguous(key, candidates={alice.id, bob.id}, origin=None)


@scenario
def a_redacted_copy_of_another_principal(aws: Account) -> Iterator[Expected]:
    other, deploy, key = aws.elsewhere(), aws.role("deploy"), aws.key("K")
    alice, bob = other.user("alice"), other.user("bob")
    own, theirs = copies(assume_role(alice.signs(), deploy, "build", 0, issues=key), deploy)
    theirs["userIdentity"] = theirs["userIdentity"] | {"principalId": bob.id}
    aws.log(own, theirs, call(deploy.session("build", 0, key), 5))
    yield is_ambiguous(key, candidates={alice.id, bob.id}, origin=None)


@scenario
def a_very_key_issued_to_another_in_the_second_of_a_switch(aws: Account) -> Iterator[Expected]:
    """Mallory's own copy is not loaded; a key that was handed out to her needs no switch to explain it."""
    other, ops, key = aws.elsewhere(), aws.role("ops"), aws.key("K")
    alice, mallory = other.user("alice"), other.user("mallory")
    _, hers = copies(assume_role(mallory.signs(), ops, "alice", 0, issues=key), ops)
    console = alice.session(-100, other.key("CON"), invoked_by=INTERNAL)
    own, theirs = copies(assume_role(console, ops, "alice", 0, issues=aws.key("UNUSED")), ops)
    aws.log(hers, own, theirs, switch_role(alice.arn, ops, "alice", 0), call(ops.session("alice", 0, key), 5))
    yield is_other(key, "external_principal", mallory.id, "proven", "external_account")


@scenario
def a_federated_session_of_one_user_and_a_token_of_another(aws: Account) -> Iterator[Expected]:
    """The record names the user; the token that fits by name and second was somebody else's."""
    alice, bob = aws.user("alice"), aws.user("bob")
    token = get_federation_token(bob.signs(), "x", 0, issues=aws.key("OTHER"))
    use = call(federated(alice, "x", 0, None), 5)
    aws.log(token, use, call(alice.signs(), 0))
    yield is_user(use, alice, "proven", origin=None)


@scenario
def two_users_without_principal_ids(aws: Account) -> Iterator[Expected]:
    alice, bob, deploy = aws.user("alice"), aws.user("bob"), aws.role("deploy")
    for user in (alice, bob):
        signed = {field: value for field, value in user.signs().items() if field != "principalId"}
        aws.log(assume_role(signed, deploy, "build", 0, issues=None))
    key = aws.key("K")
    aws.log(call(deploy.session("build", 0, key), 5))
    yield is_ambiguous(key, origin=None)


@scenario
def a_failed_sign_in_as_documents_spell_it(aws: Account) -> Iterator[Expected]:
    failed = sign_in_event(aws.user("alice").signs_in(), 0, "ConsoleLogin", "Failure", eventType="AwsConsoleSignin")
    aws.log(failed)
    yield is_other(failed, "anonymous", None, "proven", "anonymous")


@scenario
def a_record_without_an_identity(aws: Account) -> Iterator[Expected]:
    nobody = call({"type": "Unknown"}, 0, account=aws.id)
    aws.log(nobody)
    yield is_nobody(nobody, "never_logged")


@scenario
def events_with_an_empty_id(aws: Account) -> Iterator[Expected]:
    alice, bob = aws.user("alice"), aws.user("bob")
    aws.log(*(call(user.signs(), n) | {"eventID": ""} for n, user in enumerate((alice, bob))))
    yield is_user(alice.key, alice, "proven")
    yield is_user(bob.key, bob, "proven")


@scenario
def a_call_across_accounts_in_both(aws: Account) -> Iterator[Expected]:
    other, deploy, key = aws.elsewhere(), aws.role("deploy"), aws.key("K")
    alice = other.user("alice")
    own, theirs = copies(assume_role(alice.signs(), deploy, "build", 0, issues=key), deploy)
    aws.log(own, theirs, call(deploy.session("build", 0, key), 5))
    yield is_user(key, alice, "proven", origin=alice.key, evidence={own["eventID"], theirs["eventID"]})


@scenario
def repeated_keys_in_user_identity(aws: Account) -> Iterator[Expected]:
    alice, bob, deploy = aws.user("alice"), aws.user("bob"), aws.role("deploy")
    spellings = {"K1": "", "K2": r"\u0070rincipalId", "K3": r"principal\u0049d"}
    for name, spelled in spellings.items():
        use = call(bob.signs(), 20 + int(name[1]))
        aws.log(with_repeated_key(use, "principalId", alice.id, spelled=spelled))
        issuing = assume_role(bob.signs(), deploy, name, 0, issues=aws.key(name))
        aws.log(with_repeated_key(issuing, "principalId", alice.id, spelled=spelled))
        aws.log(call(deploy.session(name, 0, aws.key(name)), 5))
        yield is_nobody(use, "ambiguous")
        yield is_nobody(aws.key(name))


@scenario
def a_damaged_issuance_beside_a_sound_one(aws: Account) -> Iterator[Expected]:
    """Two asked in one second; that the record of one cannot be relied upon does not make the session the other's."""
    alice, bob, deploy = aws.user("alice"), aws.user("bob"), aws.role("deploy")
    damaged = assume_role(alice.signs(), deploy, "build", 0, issues=aws.key("K1"))
    keyless = call(deploy.session("build", 0), 5)
    aws.log(with_repeated_key(damaged, "principalId", bob.id), keyless)
    aws.log(assume_role(bob.signs(), deploy, "build", 0, issues=aws.key("K2")))
    yield is_ambiguous(keyless)


@scenario
def a_key_seen_only_in_records_that_prove_nothing(aws: Account) -> Iterator[Expected]:
    alice, bob = aws.user("alice"), aws.user("bob")
    use = call(bob.session(0, aws.key("K"), invoked_by="kms.amazonaws.com"), 5)
    aws.log(with_repeated_key(use, "principalId", alice.id), call(alice.signs(), 0), call(bob.signs(), 0))
    yield is_nobody(aws.key("K"), flags={"unreliable_events"})


@scenario
def a_session_whose_records_disagree_in_type(aws: Account) -> Iterator[Expected]:
    alice, deploy, key = aws.user("alice"), aws.role("deploy"), aws.key("K")
    session = deploy.session("build", 0, key)
    aws.log(assume_role(alice.signs(), deploy, "build", 0, issues=key), call(session, 5))
    aws.log(call(session | {"type": "IAMUser", "userName": "bob"}, 6))
    yield is_nobody(key)


@scenario
def an_issuance_of_another_principal_than_the_key_is_used_by(aws: Account) -> Iterator[Expected]:
    alice, deploy, admin, key = aws.user("alice"), aws.role("deploy"), aws.role("admin"), aws.key("K")
    aws.log(assume_role(alice.signs(), deploy, "build", 0, issues=key), call(admin.session("build", 0, key), 5))
    yield is_nobody(key)


@scenario
def a_service_issued_key_used_by_another_role(aws: Account) -> Iterator[Expected]:
    deploy, admin, key = aws.role("deploy"), aws.role("admin"), aws.key("K")
    issuing = assume_role(service("ec2.amazonaws.com"), deploy, "i-0123", 0, issues=key, tells_session=False)
    aws.log(issuing, call(admin.session("i-9999", 0, key), 5))
    yield is_nobody(key)


# Users, roles, root


@scenario
def a_deleted_and_recreated_role(aws: Account) -> Iterator[Expected]:
    alice, bob = aws.user("alice"), aws.user("bob")
    old, new = aws.role("deploy"), aws.role("deploy", life="again")
    use_of_old, use_of_new = call(old.session("build", 0), 5), call(new.session("build", 0), 6)
    aws.log(assume_role(alice.signs(), old, "build", 0, issues=aws.key("K1")), use_of_old)
    aws.log(assume_role(bob.signs(), new, "build", 0, issues=aws.key("K2")), use_of_new)
    yield is_user(use_of_old, alice, "strong")
    yield is_user(use_of_new, bob, "strong")


@scenario
def a_recreated_role_of_which_only_the_old_one_was_assumed(aws: Account) -> Iterator[Expected]:
    old, new = aws.role("deploy"), aws.role("deploy", life="again")
    use = call(new.session("build", 0), 6)
    aws.log(assume_role(aws.user("alice").signs(), old, "build", 0, issues=None), use)
    yield is_nobody(use)


@scenario
def a_switch_by_a_recreated_user(aws: Account) -> Iterator[Expected]:
    """The name alone does not tell which of the two it was."""
    other, admin, key = aws.elsewhere(), aws.role("admin"), aws.key("K")
    old, new = other.user("alice"), other.user("alice", life="again")
    aws.log(call(old.signs(), 0), call(new.signs("AKIA0NEW" + aws.id), 5))
    aws.log(switch_role(old.arn, admin, "alice", 10), call(admin.session("alice", 10, key), 15))
    yield is_other(key, "iam_user", None, "strong", "console_sign_in", actor_arn=old.arn)


@scenario
def an_account_alias_as_the_roots_user_name(aws: Account) -> Iterator[Expected]:
    key = "AKIA0ROOT" + aws.id[-4:] + "XXXXXXX"
    alice = aws.user("alice")
    aws.log(call(aws.root(userName="alice", accessKeyId=key), 5), call(alice.signs(), 0))
    yield is_other(key, "root", aws.id, "proven", "root_user", actor_name=None, owner_name=None, origin=key)


@scenario
def assumed_root_is_no_root_sign_in(aws: Account) -> Iterator[Expected]:
    management = aws.elsewhere()
    admin, key = management.user("admin"), aws.key("K")
    keyless = call(assumed_root(aws, 0, None), 6)
    aws.log(assume_root(admin.signs(), aws.id, 0, issues=key), call(assumed_root(aws, 0, key), 5), keyless)
    yield is_user(key, admin, "proven", origin=admin.key)
    yield is_user(keyless, admin, "strong")


@scenario
def assumed_root_without_its_issuance(aws: Account) -> Iterator[Expected]:
    key = aws.key("K")
    aws.log(call(assumed_root(aws, 0, key), 5), call(aws.user("alice").signs(), -60))
    yield is_nobody(key)


@scenario
def assumed_root_in_the_second_of_a_root_sign_in(aws: Account) -> Iterator[Expected]:
    """Neither is the other: not the session of the sign-in, not the console of the assumed root's caller."""
    admin, assumed = aws.elsewhere().user("admin"), aws.key("K")
    console = aws.root(
        accessKeyId=aws.key("C"), sessionContext={"attributes": {"creationDate": at(0)}}, invokedBy=INTERNAL
    )
    keyless = call(assumed_root(aws, 0, None), 6)
    aws.log(sign_in_event(aws.root(), 0, "ConsoleLogin"), call(console, 5))
    aws.log(assume_root(admin.signs(), aws.id, 0, issues=assumed), call(assumed_root(aws, 0, assumed), 5), keyless)
    yield is_user(assumed, admin, "proven")
    yield is_user(keyless, admin, "strong")
    yield is_other(aws.key("C"), "root", aws.id, "proven", "root_user", origin=None, rules=["user_and_time"])


@scenario
def federated_users_of_one_name_in_one_second(aws: Account) -> Iterator[Expected]:
    alice, bob, k1, k2 = aws.user("alice"), aws.user("bob"), aws.key("K1"), aws.key("K2")
    aws.log(
        get_federation_token(alice.signs(), "temp", 0, issues=k1),
        get_federation_token(bob.signs(), "temp", 0, issues=k2),
    )
    aws.log(call(federated(alice, "temp", 0, k1), 5), call(federated(bob, "temp", 0, k2), 5))
    aws.log(call(federated(alice, "temp", 0, None), 6), keyless := call(federated(bob, "temp", 0, None), 7))
    yield is_user(k1, alice, "proven", origin=alice.key)
    yield is_user(k2, bob, "proven", origin=bob.key)
    yield is_ambiguous(keyless, candidates={alice.id, bob.id})


@scenario
def a_federated_user_whose_record_names_no_user(aws: Account) -> Iterator[Expected]:
    alice, key = aws.user("alice"), aws.key("K")
    aws.log(
        get_federation_token(alice.signs(), "bob", 0, issues=key),
        call(federated(alice, "bob", 0, key, issuer=False), 5),
    )
    aws.log(call(aws.user("bob").signs(), 0))
    yield is_user(key, alice, "proven", origin=alice.key)


@scenario
def a_federated_user_in_the_console(aws: Account) -> Iterator[Expected]:
    alice, key = aws.user("alice"), aws.key("K")
    aws.log(call(federated(alice, "temp", 0, key), 5, sessionCredentialFromConsole="true"))
    yield is_user(key, alice, "proven", "long_term_key")


# Who is not in the record


@scenario
def typeless_identities(aws: Account) -> Iterator[Expected]:
    alice = aws.user("alice")
    by_service = call({"accountId": aws.id, "invokedBy": "rds.amazonaws.com"}, 5, eventType="AwsServiceEvent")
    untyped = call({name: value for name, value in alice.signs(aws.key("K")).items() if name != "type"}, 6)
    forwarded = call({"accountId": aws.id, "principalId": alice.id, "invokedBy": "kms.amazonaws.com"}, 7)
    aws.log(by_service, untyped, forwarded)
    yield is_other(by_service, "aws_service", "rds.amazonaws.com", "proven", "aws_service")
    yield is_nobody(untyped)
    yield is_nobody(forwarded)


@scenario
def users_of_whom_no_record_has_an_id(aws: Account) -> Iterator[Expected]:
    """Two people, one credential ID: the account is all that the records have in common."""
    one = call({"type": "IAMUser", "accountId": aws.id, "userName": "alice"}, 5)
    two = call({"type": "IAMUser", "accountId": aws.id, "userName": "bob"}, 6)
    aws.log(one, two)
    yield is_nobody(one)
    yield is_nobody(two)


@scenario
def another_accounts_principal_not_loaded(aws: Account) -> Iterator[Expected]:
    stranger = aws.elsewhere().user("stranger")
    read = call({"type": "AWSAccount", "principalId": stranger.id, "accountId": stranger.account_id}, 5, account=aws.id)
    aws.log(read)
    yield is_other(read, "external_principal", stranger.id, "proven", "external_account", actor_name=None)


@scenario
def another_accounts_principal_loaded(aws: Account) -> Iterator[Expected]:
    alice, role = aws.elsewhere().user("alice"), aws.role("any")
    own, theirs = copies(call(alice.signs(), 5), role)
    aws.log(own, theirs)
    yield is_user(own, alice, "proven")
    yield is_user(theirs, alice, "proven")


@scenario
def anonymous_access(aws: Account) -> Iterator[Expected]:
    old = call({"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}, 5, account=aws.id)
    new = call({"type": "AWSAccount", "principalId": "", "accountId": "anonymous"}, 6, account=aws.id)
    aws.log(old, new)
    for event in (old, new):
        yield is_other(event, "anonymous", None, "proven", "anonymous", actor_account=None)


@scenario
def a_failed_assume_role(aws: Account) -> Iterator[Expected]:
    alice, deploy, key = aws.user("alice"), aws.role("deploy"), aws.key("K")
    refused = call(
        alice.signs(), 0, source=STS, name="AssumeRole", errorCode="AccessDenied",
        errorMessage=f"User: {alice.arn} is not authorized to perform: sts:AssumeRole on resource: {deploy.arn}",
    )  # fmt: skip
    odd = assume_role(alice.signs(), deploy, "build", 0, issues=key, errorCode="AccessDenied")
    aws.log(refused, odd, call(deploy.session("build", 0, key), 5))
    yield is_nobody(key)
    yield is_user(refused, alice, "proven")


@scenario
def a_failed_sign_in(aws: Account) -> Iterator[Expected]:
    alice, key = aws.user("alice"), aws.key("K")
    failed = sign_in_event(alice.signs_in(), 0, "ConsoleLogin", "Failure", errorMessage="Failed authentication")
    aws.log(failed, call(alice.session(0, key), 5))
    yield is_other(failed, "anonymous", None, "proven", "anonymous", actor_name=None)
    yield is_user(key, alice, "proven", rules=[])


@scenario
def a_failed_sign_in_without_message(aws: Account) -> Iterator[Expected]:
    failed = sign_in_event(aws.user("alice").signs_in(), 0, "ConsoleLogin", "Failure")
    aws.log(failed)
    yield is_other(failed, "anonymous", None, "proven", "anonymous")


# The console


@scenario
def a_console_session_with_many_keys(aws: Account) -> Iterator[Expected]:
    alice = aws.user("alice")
    keys = [aws.key(f"K{n}") for n in range(5)]
    login = sign_in_event(alice.signs_in(), 0, "ConsoleLogin")
    aws.log(login, *(call(alice.session(0, key), 5 + n) for n, key in enumerate(keys)))
    for key in keys:
        yield is_user(
            key, alice, "proven", "console_sign_in", origin=None, rules=["user_and_time"], evidence={login["eventID"]}
        )


@scenario
def a_switch_with_only_the_targets_logs(aws: Account) -> Iterator[Expected]:
    alice, admin, key = aws.elsewhere().user("alice"), aws.role("admin"), aws.key("K")
    aws.log(switch_role(alice.arn, admin, "alice", 0), call(admin.session("alice", 0, key), 5))
    yield is_other(key, "iam_user", None, "strong", "console_sign_in", actor_arn=alice.arn, rules=["switch_from"])


@scenario
def a_switch_with_its_twin_in_the_targets_logs(aws: Account) -> Iterator[Expected]:
    alice, admin, key = aws.elsewhere().user("alice"), aws.role("admin"), aws.key("K")
    twin = assume_role(
        alice.session(-60, aws.key("C"), invoked_by=INTERNAL), admin, "alice", 0, issues=aws.key("unused")
    )
    _, theirs = copies(twin, admin)
    aws.log(theirs, switch_role(alice.arn, admin, "alice", 0), call(admin.session("alice", 0, key), 5))
    yield is_user(key, alice, "strong", "console_sign_in", actor_name="alice", rules=["session_and_time"])


@scenario
def a_switch_with_both_accounts_logs(aws: Account) -> Iterator[Expected]:
    other, admin, key = aws.elsewhere(), aws.role("admin"), aws.key("K")
    alice = other.user("alice")
    twin = assume_role(
        alice.session(-60, aws.key("C"), invoked_by=INTERNAL), admin, "alice", 0, issues=aws.key("unused")
    )
    aws.log(sign_in_event(alice.signs_in(), -60, "ConsoleLogin"), *copies(twin, admin))
    aws.log(switch_role(alice.arn, admin, "alice", 0), call(admin.session("alice", 0, key), 5))
    yield is_user(key, alice, "strong", "console_sign_in", rules=["session_and_time", "user_and_time"])


@scenario
def two_switchers_in_one_second(aws: Account) -> Iterator[Expected]:
    one, two, admin, key = aws.elsewhere(1), aws.elsewhere(2), aws.role("admin"), aws.key("K")
    alice, namesake = one.user("alice"), two.user("alice")
    for n, user in enumerate((alice, namesake)):
        twin = assume_role(
            user.session(-60, aws.key(f"C{n}"), invoked_by=INTERNAL), admin, "alice", 0, issues=aws.key(f"U{n}")
        )
        aws.log(copies(twin, admin)[1], switch_role(user.arn, admin, "alice", 0))
    aws.log(call(admin.session("alice", 0, key), 5))
    yield is_ambiguous(key)


@scenario
def two_switchers_in_one_second_without_twins(aws: Account) -> Iterator[Expected]:
    admin, key = aws.role("admin"), aws.key("K")
    aws.log(*(switch_role(aws.elsewhere(n).user("alice").arn, admin, "alice", 0) for n in (1, 2)))
    aws.log(call(admin.session("alice", 0, key), 5))
    yield is_ambiguous(key)


@scenario
def a_call_in_the_second_of_somebody_elses_switch(aws: Account) -> Iterator[Expected]:
    """Mallory's own key is hers by its issuance: the switch of alice is no sign of alice."""
    here, there, admin = aws.elsewhere(1), aws.elsewhere(2), aws.role("admin")
    alice, mallory, hers, console = here.user("alice"), there.user("mallory"), aws.key("M"), aws.key("C")
    twin = assume_role(
        alice.session(-60, aws.key("C0"), invoked_by=INTERNAL), admin, "alice", 0, issues=aws.key("unused")
    )
    _, twin = copies(twin, admin)
    _, call_of_mallory = copies(assume_role(mallory.signs(), admin, "alice", 0, issues=hers), admin)
    aws.log(twin, call_of_mallory, switch_role(alice.arn, admin, "alice", 0))
    aws.log(call(admin.session("alice", 0, hers), 5), call(admin.session("alice", 0, console), 6))
    yield is_other(
        hers, "external_principal", mallory.id, "proven", "external_account", actor_name=None, actor_arn=None
    )
    yield is_user(console, alice, "strong", "console_sign_in", actor_name="alice")


@scenario
def a_call_in_the_second_of_somebody_elses_switch_of_one_account(aws: Account) -> Iterator[Expected]:
    """The same from one account: which of the two redacted callers switched, only the switch itself can tell."""
    there, admin = aws.elsewhere(), aws.role("admin")
    alice, mallory, hers, console = there.user("alice"), there.user("mallory"), aws.key("M"), aws.key("C")
    twin = assume_role(
        alice.session(-60, aws.key("C0"), invoked_by=INTERNAL), admin, "alice", 0, issues=aws.key("unused")
    )
    aws.log(copies(twin, admin)[1], copies(assume_role(mallory.signs(), admin, "alice", 0, issues=hers), admin)[1])
    aws.log(switch_role(alice.arn, admin, "alice", 0))
    aws.log(call(admin.session("alice", 0, hers), 5), call(admin.session("alice", 0, console), 6))
    yield is_other(
        hers, "external_principal", mallory.id, "proven", "external_account", actor_name=None, actor_arn=None
    )
    yield is_other(console, "iam_user", None, "strong", "console_sign_in", actor_arn=alice.arn, rules=["switch_from"])


# Tokens and forward access


@scenario
def a_session_token(aws: Account) -> Iterator[Expected]:
    alice, key = aws.user("alice"), aws.key("K")
    aws.log(get_session_token(alice.signs(), 0, issues=key), call(alice.session(0, key), 5))
    yield is_user(key, alice, "proven", origin=alice.key, rules=["issued_key"])


@scenario
def forward_access_of_a_long_term_key(aws: Account) -> Iterator[Expected]:
    alice, fas = aws.user("alice"), aws.key("FAS")
    aws.log(call(alice.signs(), 5, source="secretsmanager.amazonaws.com", name="CreateSecret"))
    aws.log(call(alice.session(5, fas, invoked_by="secretsmanager.amazonaws.com"), 5, source="kms.amazonaws.com"))
    yield is_user(
        fas, alice, "proven", origin=None, origin_candidates={alice.key}, rules=["forward_access"], owner=None
    )


@scenario
def forward_access_in_the_second_of_a_session_token(aws: Account) -> Iterator[Expected]:
    """The user is in the record; the token of one of her keys does not make that key the one behind it."""
    alice, token, fas = aws.user("alice"), aws.key("T"), aws.key("FAS")
    other = "AKIA0OTHER" + aws.id[-4:] + "XXXXXX"
    aws.log(get_session_token(alice.signs(), 5, issues=token), call(alice.session(5, token), 8))
    aws.log(call(alice.signs(other), 5, source="secretsmanager.amazonaws.com", name="CreateSecret"))
    aws.log(call(alice.session(5, fas, invoked_by="secretsmanager.amazonaws.com"), 5, source="kms.amazonaws.com"))
    yield is_user(fas, alice, "proven", origin=None)


@scenario
def forward_access_of_a_role_session(aws: Account) -> Iterator[Expected]:
    alice, deploy, key, fas = aws.user("alice"), aws.role("deploy"), aws.key("K"), aws.key("FAS")
    aws.log(assume_role(alice.signs(), deploy, "build", 0, issues=key), call(deploy.session("build", 0, key), 5))
    aws.log(call(deploy.session("build", 0, fas, invoked_by="kms.amazonaws.com"), 5))
    yield is_user(fas, alice, "strong", rules=["session_and_time"], via=["kms.amazonaws.com"])


@scenario
def forward_access_of_a_console_session(aws: Account) -> Iterator[Expected]:
    alice, key, fas = aws.user("alice"), aws.key("K"), aws.key("FAS")
    aws.log(sign_in_event(alice.signs_in(), 0, "ConsoleLogin"), call(alice.session(0, key), 5))
    aws.log(call(alice.session(0, fas, invoked_by=INTERNAL), 6))
    yield is_user(fas, alice, "proven", "console_sign_in", origin=None, origin_candidates=set(), via=[INTERNAL])


# Identity Center


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


# Workloads and shapes


@scenario
def ec2_without_assumed_role_user(aws: Account) -> Iterator[Expected]:
    web, k1, k2 = aws.role("web", path="/service/"), aws.key("K1"), aws.key("K2")
    keyless = call(web.session("i-0abc", 0), 7)
    for key in (k1, k2):
        aws.log(assume_role(service("ec2.amazonaws.com"), web, "i-0abc", 0, issues=key, tells_session=False))
        aws.log(call(web.session("i-0abc", 0, key), 5))
    aws.log(keyless)
    for key in (k1, k2):
        yield is_other(key, "workload", "i-0abc", "proven", "workload")
    yield is_other(keyless, "workload", "i-0abc", "strong", "workload", rules=["role_name_and_time"])


@scenario
def a_person_and_an_instance_in_one_second(aws: Account) -> Iterator[Expected]:
    mallory, web = aws.user("mallory"), aws.role("web")
    keyless, hers = call(web.session("i-0abc", 0), 7), aws.key("M")
    aws.log(assume_role(service("ec2.amazonaws.com"), web, "i-0abc", 0, issues=aws.key("K"), tells_session=False))
    aws.log(
        assume_role(mallory.signs(), web, "i-0abc", 0, issues=hers), call(web.session("i-0abc", 0, hers), 6), keyless
    )
    yield is_user(hers, mallory, "proven")
    yield is_ambiguous(keyless)


@scenario
def a_chain_of_64_hops(aws: Account) -> Iterator[Expected]:
    yield from _chain_of(aws, 64)


@scenario
def a_chain_beyond_the_reach_of_the_walk(aws: Account) -> Iterator[Expected]:
    """No name rather than a wrong one."""
    _build_chain(aws, 66)
    yield is_nobody(aws.key("K65"), "out_of_reach", origin=None)


def _chain_of(aws: Account, hops: int) -> Iterator[Expected]:
    _build_chain(aws, hops)
    for n in (0, 1, hops // 2, hops - 1):
        yield is_user(aws.key(f"K{n}"), aws.user("alice"), "proven", origin=aws.user("alice").key, hops=n + 1)


def _build_chain(aws: Account, hops: int) -> None:
    caller, role = aws.user("alice").signs(), aws.role("step")
    for n in range(hops):
        aws.log(assume_role(caller, role, f"s{n}", n, issues=aws.key(f"K{n}")))
        caller = role.session(f"s{n}", n, aws.key(f"K{n}"))
    aws.log(call(caller, hops))


@scenario
def events_without_ids(aws: Account) -> Iterator[Expected]:
    alice, deploy, key = aws.user("alice"), aws.role("deploy"), aws.key("K")
    issuing, use = assume_role(alice.signs(), deploy, "build", 0, issues=key), call(deploy.session("build", 0, key), 5)
    aws.log(*({name: value for name, value in event.items() if name != "eventID"} for event in (issuing, use)))
    yield is_user(key, alice, "proven", origin=alice.key, evidence={None})


@scenario
def credential_ids_with_their_own_separator(aws: Account) -> Iterator[Expected]:
    """A SAML subject, and so a session name, may hold anything: no two credentials become one by it."""
    alice, bob = aws.user("alice"), aws.user("bob")
    plain, odd = Role(aws.id, "r", "AROAR"), Role(aws.id, "r", "AROAR|x\\")
    one, two = call(plain.session("|x\\:s", 0), 5), call(odd.session("s", 0), 5)
    k1, k2 = aws.key("K1"), aws.key("K2")
    aws.log(assume_role(alice.signs(), plain, "|x\\:s", 0, issues=k1), one)
    aws.log(assume_role(bob.signs(), odd, "s", 0, issues=k2), two)
    yield is_user(one, alice, "strong")
    yield is_user(two, bob, "strong")
    yield is_user(k1, alice, "proven")
    yield is_user(k2, bob, "proven")


# A name that went from one user to another


IAM = "iam.amazonaws.com"


def _makes_key(identity: Json, user_name: str, second: float, key: str) -> Json:
    made = {"userName": user_name, "accessKeyId": key, "status": "Active"}
    return _in_iam(identity, second, "CreateAccessKey", {"userName": user_name}, {"accessKey": made})


def _in_iam(identity: Json, second: float, name: str, request: dict[str, str], response: Json | None = None) -> Json:
    return call(identity, second, source=IAM, name=name, requestParameters=request, responseElements=response)


@scenario
def a_key_of_a_user_whose_name_was_then_given_to_another(aws: Account) -> Iterator[Expected]:
    admin, bob, made = aws.user("admin"), aws.user("bob"), f"AKIA0GIVEN{aws.id[-4:]}XXXXXX"
    aws.log(
        call(bob.signs(), 0),
        _makes_key(admin.signs(), "alice", 10, made),
        _in_iam(admin.signs(), 20, "DeleteUser", {"userName": "alice"}),
        _in_iam(admin.signs(), 30, "UpdateUser", {"userName": "bob", "newUserName": "alice"}),
        call(User(aws.id, "alice", bob.id).signs(aws.user("alice").key), 40),
    )
    yield is_other(made, "iam_user", None, "proven", "long_term_key")


@scenario
def a_key_made_for_a_name_whose_user_is_gone(aws: Account) -> Iterator[Expected]:
    admin, alice, made = aws.user("admin"), aws.user("alice"), f"AKIA0GONE{aws.id[-4:]}XXXXXXX"
    aws.log(
        call(alice.signs(), 0),
        _in_iam(admin.signs(), 20, "UpdateUser", {"userName": "alice", "newUserName": "carol"}),
        _in_iam(admin.signs(), 25, "UpdateUser", {"userName": "dave", "newUserName": "alice"}),
        _makes_key(admin.signs(), "alice", 30, made),
    )
    yield is_other(made, "iam_user", None, "proven", "long_term_key")


@scenario
def a_key_made_while_its_user_had_the_name(aws: Account) -> Iterator[Expected]:
    admin, alice, made = aws.user("admin"), aws.user("alice"), f"AKIA0HELD{aws.id[-4:]}XXXXXXX"
    later = {"user": {"userName": "alice", "userId": aws.user("alice", life="2").id}}
    aws.log(
        call(alice.signs(), 0),
        _makes_key(admin.signs(), "alice", 10, made),
        _in_iam(admin.signs(), 20, "DeleteUser", {"userName": "alice"}),
        _in_iam(admin.signs(), 30, "CreateUser", {"userName": "alice"}, later),
    )
    yield is_user(made, alice, "proven")


@scenario
def a_key_made_for_a_name_that_two_had_and_a_renaming_that_may_be_about_either(aws: Account) -> Iterator[Expected]:
    """Whom it was deleted from and who got it, no event tells."""
    admin, alice, made = aws.user("admin"), aws.user("alice"), f"AKIA0EITHER{aws.id[-4:]}XXXXX"
    aws.log(
        call(alice.signs(), 0),
        _in_iam(admin.signs(), 20, "UpdateUser", {"userName": "carol", "newUserName": "carola"}),
        _makes_key(admin.signs(), "alice", 40, made),
        call(aws.user("alice", life="2").signs(f"AKIA0SECOND{aws.id[-4:]}XXXXX"), 80),
    )
    yield is_other(made, "iam_user", None, "proven", "long_term_key")


@scenario
def a_key_made_for_a_name_while_its_holder_is_in_doubt(aws: Account) -> Iterator[Expected]:
    admin, alice, made = aws.user("admin"), aws.user("alice"), f"AKIA0DOUBT{aws.id[-4:]}XXXXXX"
    aws.log(
        call(alice.signs(), 0),
        _in_iam(admin.signs(), 20, "UpdateUser", {"userName": "carol", "newUserName": "carola"}),
        _makes_key(admin.signs(), "alice", 40, made),
        call(alice.signs(), 60),
        call(aws.user("alice", life="2").signs(f"AKIA0SECOND{aws.id[-4:]}XXXXX"), 80),
    )
    yield is_other(made, "iam_user", None, "proven", "long_term_key")


@scenario
def a_switch_by_a_user_whose_name_was_then_given_to_another(aws: Account) -> Iterator[Expected]:
    alice, bob, admin, deploy = aws.user("alice"), aws.user("bob"), aws.user("admin"), aws.elsewhere().role("deploy")
    use = call(deploy.session("alice", 10, aws.elsewhere().key("S")), 15)
    aws.log(
        switch_role(alice.arn, deploy, "alice", 10, account=deploy.account_id),
        use,
        _in_iam(admin.signs(), 20, "DeleteUser", {"userName": "alice"}),
        _in_iam(admin.signs(), 30, "UpdateUser", {"userName": "bob", "newUserName": "alice"}),
        call(User(aws.id, "alice", bob.id).signs(alice.key), 40),
    )
    yield is_other(use, "iam_user", None, "strong", "console_sign_in")


# An Identity Center user on one of two sessions that one caller asked for


@scenario
def a_key_that_was_handed_out_beside_one_on_a_users_behalf(aws: Account) -> Iterator[Expected]:
    boss, app = aws.user("boss"), aws.role("app")
    k1, k2 = aws.key("K1"), aws.key("K2")
    on_behalf = app.session("s", 10, k1) | {
        "onBehalfOf": {"userId": "u-1", "identityStoreArn": f"arn:aws:identitystore::{aws.id}:identitystore/d-1"}
    }
    aws.log(*(assume_role(boss.signs(), app, "s", 10, issues=key) for key in (k1, k2)), call(on_behalf, 20))
    yield is_other(k1, "identity_center_user", "u-1", "strong", "identity_center_user")
    yield is_user(k2, boss, "proven")


# What issue 3 lists, in its words, and the scenarios that play it.
LISTED: dict[str, tuple[Scenario, ...]] = {
    "same role, same session name, same second, two callers": (
        two_callers_with_keys_logged,
        two_callers_without_keys_logged,
        two_callers_and_a_use_without_key,
        two_callers_one_with_a_removed_key,
        two_sessions_that_look_like_one_ask_for_the_next_in_one_second,
    ),
    "a key ID that occurs in two accounts": (
        a_key_id_that_occurs_in_two_accounts,
        a_key_id_issued_in_another_account_than_it_is_used_in,
    ),
    "a record whose issued key is its own caller's": (an_issued_key_that_is_its_own_callers,),
    "a cycle": (a_cycle_of_two, a_cycle_of_three, a_session_that_hands_out_itself),
    "issue after use": (issue_after_use,),
    "a session named after another user": (
        a_session_named_after_another_user,
        a_session_named_after_an_identity_center_user_in_her_second,
    ),
    "SourceIdentity that lies": (a_source_identity_that_lies,),
    "a forged copy of an event with another body": (
        a_forged_copy_with_another_caller,
        a_forged_copy_with_another_issued_key,
        a_forged_copy_with_another_time,
        a_forged_copy_of_a_switch_from_somebody_else,
        a_forged_copy_that_was_not_refused,
    ),
    "a repeated key in userIdentity": (repeated_keys_in_user_identity,),
    "a deleted and recreated role": (
        a_deleted_and_recreated_role,
        a_recreated_role_of_which_only_the_old_one_was_assumed,
    ),
    "an account alias as root's user name": (an_account_alias_as_the_roots_user_name,),
    "typeless identities": (typeless_identities,),
    "empty accessKeyId": (an_empty_access_key_id,),
}


@dataclass(frozen=True)
class Told:
    """The case of all scenarios, and what each expects."""

    case: Case
    expected: dict[str, list[Expected]]
    answers: dict[str, Who] = field(default_factory=dict)

    def who(self, subject: str) -> Who:
        if subject not in self.answers:
            self.answers[subject] = self.case.who(subject)
        return self.answers[subject]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder, records, expected = tmp_path_factory.mktemp("adversarial"), [], {}
    for number, (name, play) in enumerate(SCENARIOS.items(), 1):
        aws = Account(f"9000{number:04d}0000"[:8] + f"{number:04d}")
        aws.log(call(service("config.amazonaws.com"), -3600, account=aws.id))  # loaded since long before
        expected[name] = list(play(aws))
        records += aws.records
    with Case.create(folder / "case") as case:
        case.ingest([write(records, folder / "logs")])
        yield Told(case, expected)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_answer_is_the_true_one_or_none(told: Told, name: str) -> None:
    for expected in told.expected[name]:
        answer = told.who(expected.subject)
        said = (answer.actor.kind, answer.actor.id, answer.grade)
        assert said == (expected.kind, expected.id, expected.grade), answer
        assert expected.stop_reason in (None, answer.stop_reason), answer
        facts = _facts(answer)
        assert {field: facts[field] for field in expected.more} == expected.more, answer


@pytest.mark.parametrize("item", LISTED)
def test_no_item_of_the_list_makes_a_wrong_name(told: Told, item: str) -> None:
    for play in LISTED[item]:
        expected = told.expected[play.__name__]
        assert expected
        for one in expected:
            actor = told.who(one.subject).actor
            assert actor.kind == "unknown" or (actor.kind, actor.id) == (one.kind, one.id), one


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_answer_keeps_the_contract(told: Told, name: str) -> None:
    for expected in told.expected[name]:
        answer = told.who(expected.subject)
        for one in (answer, *answer.sessions):
            assert (one.grade == Grade.NONE) == (one.actor.kind == "unknown"), one
            assert not one.ambiguous or (one.actor.kind == "unknown" and len(one.candidates) >= 2), one
            assert (one.origin_access_key_id is None) == (one.origin_grade is None), one
            assert one.actor.id is not None or one.actor.kind not in ("root", "external_principal"), one
            assert all(link is None or link.evidence for link in (hop.link for hop in one.chain)), one


def test_every_credential_has_one_id_and_one_actor(told: Told) -> None:
    for table in ("credentials", "actors"):
        (count, distinct) = told.case.sql_rows(f"select count(*), count(distinct credential_id) from {table}").rows[0]
        assert count == distinct
    assert not told.case.sql_rows("select credential_id from credentials anti join actors using (credential_id)").rows


def test_no_event_is_lost_or_told_twice_and_its_actor_is_who_says(told: Told) -> None:
    events, attributed = (
        told.case.sql_rows(f"select event_key from {table} order by 1").rows
        for table in ("events", "attributed_events")
    )
    assert events == attributed
    rows = told.case.sql_rows(
        """
        select event_id, actor_kind, actor_id, grade, stop_reason
        from attributed_events
        where event_id <> ''
        qualify row_number() over (
            partition by identity_type, unreliable, credential_id is null, actor_kind, grade, stop_reason
            order by event_id
        ) <= 2
        """
    ).rows
    for event_id, *said in rows:
        answer = told.who(event_id)
        if not answer.sessions:
            assert said == [answer.actor.kind, answer.actor.id, answer.grade, answer.stop_reason], answer


def _facts(answer: Who) -> dict[str, object]:
    links = [hop.link for hop in answer.chain if hop.link]
    return {
        "ambiguous": answer.ambiguous,
        "origin": answer.origin_access_key_id,
        "origin_candidates": {candidate.access_key_id for candidate in answer.origin_candidates},
        "candidates": {candidate.actor.id for candidate in answer.candidates},
        "rules": [link.rule for link in links],
        "evidence": {event.event_id for link in links for event in link.evidence},
        "hops": len(links),
        "via": [via for hop in answer.chain for via in hop.via],
        "flags": set(answer.flags),
        "sessions": len(answer.sessions),
        "missing": {missing.why for missing in answer.missing},
        "actor_name": answer.actor.name,
        "actor_arn": answer.actor.arn,
        "actor_account": answer.actor.account_id,
        "owner": answer.key_owner,
        "owner_name": answer.key_owner and answer.key_owner.name,
        "session_name": answer.claims.role_session_name.agreement,
        "source_identity": answer.claims.source_identity.agreement,
        "set_by": answer.claims.source_identity.set_by_event_id,
    }
