"""Users, roles and root under a name that is, or looks like, that of another principal."""

from __future__ import annotations

from collections.abc import Iterator

from tests.attribution.adversarial.expected import Expected, is_ambiguous, is_nobody, is_other, is_user, scenario
from tests.attribution.records import (
    INTERNAL,
    Account,
    assume_role,
    assume_root,
    assumed_root,
    at,
    call,
    federated,
    get_federation_token,
    sign_in_event,
    switch_role,
)


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
