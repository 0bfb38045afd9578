"""Session tokens, and calls that a service makes in the caller's name."""

from __future__ import annotations

from collections.abc import Iterator

from tests.attribution.adversarial.expected import Expected, is_user, scenario
from tests.attribution.records import INTERNAL, Account, assume_role, call, get_session_token, sign_in_event


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
