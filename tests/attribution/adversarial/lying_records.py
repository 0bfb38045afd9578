"""Records that lie, that contradict each other, or that say two things at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import count

from forensics.records.record import canonical_sha256
from tests.attribution.adversarial.expected import Expected, is_ambiguous, is_nobody, is_other, is_user, scenario
from tests.attribution.records import (
    INTERNAL,
    Account,
    Json,
    assume_role,
    at,
    call,
    copies,
    federated,
    get_federation_token,
    service,
    sign_in_event,
    switch_role,
    with_repeated_key,
)


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
    yield is_nobody(key, "not_trusted")


@scenario
def a_forged_copy_with_another_issued_key(aws: Account) -> Iterator[Expected]:
    alice, deploy, k1, k2 = aws.user("alice"), aws.role("deploy"), aws.key("K1"), aws.key("K2")
    true = assume_role(alice.signs(), deploy, "build", 0, issues=k1)
    forged = assume_role(alice.signs(), deploy, "build", 0, issues=k2)["responseElements"]
    aws.log(true, true | {"responseElements": forged}, *(call(deploy.session("build", 0, key), 5) for key in (k1, k2)))
    # of two copies that differ, one is stored: the other's key is known from the conflict alone
    yield is_nobody(k1, "not_trusted")
    yield is_nobody(k2, "not_trusted")


def _either_stored(copies_of: Callable[[str], tuple[Json, Json]]) -> Iterable[tuple[str, Json, Json]]:
    """Two session names, each with a true and a forged copy: the true one is stored of one, the forged of the other.

    Of two copies that differ the one with the smaller hash is stored.
    """
    found: dict[bool, tuple[str, Json, Json]] = {}
    for name in (f"build{n}" for n in count()):
        true, forged = copies_of(name)
        hashes = [canonical_sha256(json.dumps(record).encode()) for record in (true, forged)]
        found.setdefault(hashes[0] < hashes[1], (name, true, forged))
        if len(found) == 2:
            break
    return found.values()


@scenario
def a_forged_copy_with_another_time(aws: Account) -> Iterator[Expected]:
    """The true call is alice's and of another second; the session is of a caller whose record names no key."""
    alice, deploy = aws.user("alice"), aws.role("deploy")

    def copies_of(name: str) -> tuple[Json, Json]:
        true = assume_role(alice.signs(), deploy, name, 0, issues=None)
        return true, true | {"eventTime": at(3)}

    for name, true, forged in _either_stored(copies_of):
        aws.log(true, forged, call(deploy.session(name, 3, aws.key(name)), 5))
        yield is_nobody(aws.key(name), None)


@scenario
def a_forged_copy_of_a_switch_from_somebody_else(aws: Account) -> Iterator[Expected]:
    alice, bob, admin = aws.user("alice"), aws.user("bob"), aws.role("admin")
    aws.log(call(alice.signs(), 0), call(bob.signs(), 0))

    def copies_of(name: str) -> tuple[Json, Json]:
        true = switch_role(alice.arn, admin, name, 0)
        return true, true | {"additionalEventData": {"SwitchFrom": bob.arn}}

    for name, true, forged in _either_stored(copies_of):
        aws.log(true, forged, call(admin.session(name, 0, aws.key(name)), 5))
        yield is_nobody(aws.key(name), "not_trusted")


@scenario
def a_forged_copy_that_was_not_refused(aws: Account) -> Iterator[Expected]:
    alice, bob, deploy = aws.user("alice"), aws.user("bob"), aws.role("deploy")

    def copies_of(name: str) -> tuple[Json, Json]:
        true = assume_role(alice.signs(), deploy, name, 0, issues=None, errorCode="AccessDenied")
        return true, {field: value for field, value in true.items() if field != "errorCode"}

    for name, true, forged in _either_stored(copies_of):
        aws.log(true, forged, call(deploy.session(name, 0, aws.key(name)), 5))
        yield is_nobody(aws.key(name), None)
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
        yield is_nobody(aws.key(name), "not_trusted")


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
    yield is_nobody(aws.key("K"), "not_trusted", flags={"unreliable_events"})


@scenario
def a_session_whose_records_disagree_in_type(aws: Account) -> Iterator[Expected]:
    alice, deploy, key = aws.user("alice"), aws.role("deploy"), aws.key("K")
    session = deploy.session("build", 0, key)
    aws.log(assume_role(alice.signs(), deploy, "build", 0, issues=key), call(session, 5))
    aws.log(call(session | {"type": "IAMUser", "userName": "bob"}, 6))
    yield is_nobody(key, "not_trusted")


@scenario
def an_issuance_of_another_principal_than_the_key_is_used_by(aws: Account) -> Iterator[Expected]:
    alice, deploy, admin, key = aws.user("alice"), aws.role("deploy"), aws.role("admin"), aws.key("K")
    aws.log(assume_role(alice.signs(), deploy, "build", 0, issues=key), call(admin.session("build", 0, key), 5))
    yield is_nobody(key, "not_trusted")


@scenario
def a_service_issued_key_used_by_another_role(aws: Account) -> Iterator[Expected]:
    deploy, admin, key = aws.role("deploy"), aws.role("admin"), aws.key("K")
    issuing = assume_role(service("ec2.amazonaws.com"), deploy, "i-0123", 0, issues=key, tells_session=False)
    aws.log(issuing, call(admin.session("i-9999", 0, key), 5))
    yield is_nobody(key, "not_trusted")
