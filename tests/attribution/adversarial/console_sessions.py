"""Console sign-ins and switches of role."""

from __future__ import annotations

from collections.abc import Iterator

from tests.attribution.adversarial.expected import Expected, is_ambiguous, is_other, is_user, scenario
from tests.attribution.records import INTERNAL, Account, assume_role, call, copies, sign_in_event, switch_role


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
