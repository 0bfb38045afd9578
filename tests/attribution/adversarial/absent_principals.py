"""Callers that a record does not name: services, other accounts, anonymous access, failed calls."""

from __future__ import annotations

from collections.abc import Iterator

from tests.attribution.adversarial.expected import Expected, is_nobody, is_other, is_user, scenario
from tests.attribution.records import STS, Account, assume_role, call, copies, sign_in_event


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
