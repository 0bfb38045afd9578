"""Access key IDs that occur twice, too early, too late, or under another principal."""

from __future__ import annotations

from collections.abc import Iterator

from tests.attribution.adversarial.expected import Expected, is_ambiguous, is_nobody, is_other, is_user, scenario
from tests.attribution.records import Account, assume_role, call


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
    yield is_nobody(use, "not_trusted")


@scenario
def an_issued_key_that_is_its_own_callers(aws: Account) -> Iterator[Expected]:
    deploy, key = aws.role("deploy"), aws.key("K")
    aws.log(
        assume_role(deploy.session("build", 0, key), deploy, "build", 0, issues=key),
        call(deploy.session("build", 0, key), 5),
    )
    yield is_nobody(key, "not_trusted")


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
    """Two hosts with different clocks wrote the two times; the key is the same."""
    alice, deploy, key = aws.user("alice"), aws.role("deploy"), aws.key("K")
    aws.log(call(deploy.session("build", 10, key), 5), assume_role(alice.signs(), deploy, "build", 10, issues=key))
    yield is_user(key, alice, "proven")


@scenario
def a_creation_date_off_by_one_second(aws: Account) -> Iterator[Expected]:
    alice, deploy, key = aws.user("alice"), aws.role("deploy"), aws.key("K")
    keyless = call(deploy.session("build", 1), 5)
    aws.log(assume_role(alice.signs(), deploy, "build", 0, issues=key), keyless)
    aws.log(call(deploy.session("build", 1, key), 5))
    yield is_nobody(key, "not_trusted", candidates={alice.id})
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
