"""Sessions of workloads, long chains, and records of unusual shape."""

from __future__ import annotations

from collections.abc import Iterator

from tests.attribution.adversarial.expected import Expected, is_ambiguous, is_nobody, is_other, is_user, scenario
from tests.attribution.records import Account, Role, assume_role, call, service


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
