"""Two callers who request one session name of one role in one second."""

from __future__ import annotations

from collections.abc import Iterator

from tests.attribution.adversarial.expected import Expected, is_ambiguous, is_nobody, is_other, is_user, scenario
from tests.attribution.records import Account, assume_role, call


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
