"""User names that went from one user to another."""

from __future__ import annotations

from collections.abc import Iterator

from tests.attribution.adversarial.expected import Expected, is_other, is_user, scenario
from tests.attribution.records import Account, Json, User, call, switch_role

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
        call(alice.signs(), 15),
        _in_iam(admin.signs(), 20, "DeleteUser", {"userName": "alice"}),
        _in_iam(admin.signs(), 30, "CreateUser", {"userName": "alice"}, later),
    )
    yield is_user(made, alice, "proven")


@scenario
def a_key_made_for_a_user_of_whom_no_later_call_is_loaded(aws: Account) -> Iterator[Expected]:
    """Another user may have been made with the name between the call and the key, in logs that are not loaded."""
    admin, alice, made = aws.user("admin"), aws.user("alice"), f"AKIA0LAST{aws.id[-4:]}XXXXXXX"
    aws.log(call(alice.signs(), 0), _makes_key(admin.signs(), "alice", 10, made))
    yield is_other(made, "iam_user", None, "proven", "long_term_key")


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
