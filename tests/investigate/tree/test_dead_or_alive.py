"""What still works: a node that the logs end and that a later call contradicts, and steps that IAM would refuse."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from forensics.answers.tree_answer import Node, Tree
from forensics.case import Case
from forensics.output.key_text import render_key
from forensics.output.lines import lay_out
from tests.attribution.records import (
    START,
    Account,
    Json,
    Role,
    assume_role,
    at,
    call,
    copies,
    federated,
    get_federation_token,
    get_session_token,
    sign_in_event,
    switch_role,
    trust_policy,
    with_repeated_key,
)
from tests.cases import case_of_records

AWS = Account("111111111111")
AWAY, FAR = AWS.elsewhere(1), AWS.elsewhere(2)
ALICE, ADMIN = AWS.user("alice"), AWS.user("admin")
LOOP = AWS.role("loop")
IAM = "iam.amazonaws.com"
HOUR = 3600.0
REQUEST = assume_role(ALICE.signs(), LOOP, "s", 0, issues=AWS.key("K"))
SESSION = LOOP.session("s", 0, AWS.key("K"))


def tree_of(records: Sequence[Json | str], folder: Path, subject: str = ALICE.key) -> Tree:
    with case_of_records(records, folder) as case:
        return case.tree(subject)


def node_of(tree: Tree, key: str) -> Node:
    (node,) = (node for node in tree.nodes if key in node.access_key_ids)
    return node


def end_of(tree: Tree, key: str) -> tuple[bool | None, str | None]:
    """Whether a node is valid, and the end that its logs show."""
    node = node_of(tree, key)
    return node.valid_at, node.ended.state if node.ended else None


def by_admin(name: str, second: float, **request: Any) -> Json:
    return call(ADMIN.signs(), second, source=IAM, name=name, requestParameters=request)


def deactivated(second: float) -> Json:
    return by_admin("UpdateAccessKey", second, userName="alice", accessKeyId=ALICE.key, status="Inactive")


def planned(tree: Tree) -> set[int]:
    return {id_ for step in tree.containment for id_ in step.ends}


def renamed(second: float, new: str = "zed") -> Json:
    return by_admin("UpdateUser", second, userName="alice", newUserName=new)


def undated(record: Json) -> Json:
    return {name: value for name, value in record.items() if name != "eventTime"}


def put_on_alice(second: float) -> Json:
    request = {"userName": "alice", "policyName": "AWSRevokeOlderSessions", "policyDocument": document()}
    return by_admin("PutUserPolicy", second, **request)


def user_state(folder: Path, *changes: Json) -> str:
    """The state of a token of alice, issued at 0, after some changes."""
    request = get_session_token(ALICE.signs(), 0, issues=AWS.key("T"))
    records = [request, call(ALICE.session(0, AWS.key("T")), 5), *changes, call(ADMIN.signs(), 99)]
    return node_of(tree_of(records, folder), AWS.key("T")).state


class TestUsedAfterItsEnd:
    """Whatever succeeded after its end has not ended: both facts are shown, and the step is planned."""

    def test_a_deactivated_key(self, tmp_path: Path) -> None:
        tree = tree_of(
            [call(ALICE.signs(), 0), deactivated(60), call(ALICE.signs(), 90), call(ADMIN.signs(), 99)], tmp_path
        )
        node = node_of(tree, ALICE.key)
        assert (end_of(tree, ALICE.key), node.flags) == ((True, "deactivated"), ("used_after_end",))
        assert tree.containment[0].action == "deactivate_access_key"

    def test_a_refused_call_is_no_use(self, tmp_path: Path) -> None:
        refused = call(ALICE.signs(), 90) | {"errorCode": "AccessDenied"}
        tree = tree_of([call(ALICE.signs(), 0), deactivated(60), refused], tmp_path)
        assert (node_of(tree, ALICE.key).valid_at, node_of(tree, ALICE.key).state) == (False, "deactivated")

    def test_an_expired_and_a_revoked_session(self, tmp_path: Path) -> None:
        tree = tree_of([REQUEST, call(SESSION, 5), call(SESSION, 4000), call(ADMIN.signs(), 5000)], tmp_path)
        assert end_of(tree, AWS.key("K")) == (True, "expired")
        revoked = tree_of([REQUEST, put(60), call(SESSION, 90)], tmp_path / "revoked")
        assert end_of(revoked, AWS.key("K")) == (True, "revoked")

    def test_a_call_that_needs_no_permission_disproves_no_policy(self, tmp_path: Path) -> None:
        asked = call(SESSION, 90, source="sts.amazonaws.com", name="GetCallerIdentity")
        tree = tree_of([REQUEST, put(60), asked, call(ADMIN.signs(), 99)], tmp_path)
        assert (node_of(tree, AWS.key("K")).state, node_of(tree, AWS.key("K")).valid_at) == ("revoked", False)
        with case_of_records([REQUEST, put(60), asked, call(SESSION, 95)], tmp_path / "until") as case:
            until = case.tree(ALICE.key, at=START + timedelta(seconds=92))
            now = case.tree(ALICE.key)
        assert node_of(until, AWS.key("K")).valid_at is not True
        assert end_of(now, AWS.key("K")) == (True, "revoked")

    def test_a_key_that_is_off_cannot_make_that_call(self, tmp_path: Path) -> None:
        asked = call(ALICE.signs(), 90, source="sts.amazonaws.com", name="GetCallerIdentity")
        late = call(SESSION, 4000, source="sts.amazonaws.com", name="GetCallerIdentity")
        tree = tree_of([REQUEST, deactivated(60), asked, late, call(ADMIN.signs(), 5000)], tmp_path)
        assert (end_of(tree, ALICE.key), end_of(tree, AWS.key("K"))) == ((True, "deactivated"), (True, "expired"))

    def test_before_that_use_it_had_ended(self, tmp_path: Path) -> None:
        on = by_admin("UpdateAccessKey", 80, userName="alice", accessKeyId=ALICE.key, status="Active")
        with case_of_records([call(ALICE.signs(), 0), deactivated(60), on, call(ALICE.signs(), 90)], tmp_path) as case:
            ended = case.tree(ALICE.key, at=START + timedelta(seconds=70))
            now = case.tree(ALICE.key)
        assert node_of(ended, ALICE.key).state == "deactivated"
        assert (node_of(now, ALICE.key).state, node_of(now, ALICE.key).ended) == ("valid", None)


def document(**changes: Any) -> str:
    condition = {"DateLessThan": {"aws:TokenIssueTime": at(60)}}
    statement = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition} | changes
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def put(second: float, text: str | None = None) -> Json:
    return by_admin(
        "PutRolePolicy", second, roleName="loop", policyName="AWSRevokeOlderSessions", policyDocument=text or document()
    )


class TestRevocation:
    """A revocation lasts as long as its policy, and ends only what the policy denies."""

    def state(self, folder: Path, *changes: Json) -> str:
        return node_of(tree_of([REQUEST, call(SESSION, 5), *changes], folder), AWS.key("K")).state

    def test_it_ends_the_session(self, tmp_path: Path) -> None:
        assert self.state(tmp_path, put(60)) == "revoked"

    def test_deleting_or_replacing_the_policy_undoes_it(self, tmp_path: Path) -> None:
        gone = by_admin("DeleteRolePolicy", 70, roleName="loop", policyName="AWSRevokeOlderSessions")
        allow = put(70, document(Effect="Allow"))
        assert self.state(tmp_path / "1", put(60), gone) == "valid"
        assert self.state(tmp_path / "2", put(60), allow) == "valid"
        assert self.state(tmp_path / "3", put(60), gone, put(80)) == "revoked"

    @pytest.mark.parametrize(
        "changes",
        [
            {"Action": "s3:*"},
            {"Action": ["s3:*"]},
            {"NotAction": "iam:*", "Action": None},
            {"Resource": "arn:aws:s3:::b"},
            {
                "Condition": {
                    "DateLessThan": {"aws:TokenIssueTime": at(60)},
                    "IpAddress": {"aws:SourceIp": "192.0.2.0/24"},
                }
            },
            {"Condition": {"DateLessThan": {"aws:TokenIssueTime": at(60), "aws:CurrentTime": at(60)}}},
            {"Condition": {"DateGreaterThan": {"aws:TokenIssueTime": at(60)}}},
        ],
        ids=["action", "actions", "not_action", "resource", "condition", "key", "operator"],
    )
    def test_a_narrow_policy_does_not(self, changes: Json, tmp_path: Path) -> None:
        assert self.state(tmp_path, put(60, document(**changes))) == "valid"

    def test_the_shape_of_the_console_counts(self, tmp_path: Path) -> None:
        text = document(Action=["*"], Resource=["*"])
        assert self.state(tmp_path, put(60, text)) == "revoked"

    def test_a_token_may_be_a_second_younger_than_its_issuance(self, tmp_path: Path) -> None:
        request = assume_role(ALICE.signs(), LOOP, "s", 59, issues=AWS.key("K"))
        node = node_of(tree_of([request, put(70), call(ADMIN.signs(), 99)], tmp_path), AWS.key("K"))
        assert node.state == "valid"

    def test_in_doubt_about_the_order_within_a_second_it_is_undone(self, tmp_path: Path) -> None:
        gone = by_admin("DeleteRolePolicy", 60, roleName="loop", policyName="AWSRevokeOlderSessions")
        assert self.state(tmp_path, put(60), gone) == "valid"

    def test_iam_does_not_distinguish_names_by_case(self, tmp_path: Path) -> None:
        gone = by_admin("DeleteRolePolicy", 70, roleName="Loop", policyName="awsrevokeoldersessions")
        assert self.state(tmp_path, put(60), gone) == "valid"

    def test_an_unreliable_record_may_have_undone_it(self, tmp_path: Path) -> None:
        gone = by_admin("DeleteRolePolicy", 70, roleName="loop", policyName="AWSRevokeOlderSessions")
        doubtful = with_repeated_key(gone, "type", "Root")
        tree = tree_of([REQUEST, call(SESSION, 5), put(60), doubtful, call(ADMIN.signs(), 99)], tmp_path)
        node = node_of(tree, AWS.key("K"))
        assert (node.state, node.valid_at, node.flags) == ("revoked", None, ("possibly_undone",))
        assert node.id in planned(tree)

    @pytest.mark.parametrize("deleted", [True, False], ids=["deleted", "deletion not loaded"])
    def test_a_recreated_role_has_none_of_its_policies(self, deleted: bool, tmp_path: Path) -> None:
        """The policy would deny sessions of the next hours, too, but it went with the first role."""
        ahead = document(Condition={"DateLessThan": {"aws:TokenIssueTime": at(7200)}})
        again = AWS.role("loop", life="2")
        changes = [by_admin("DeleteRole", 70, roleName="loop")] if deleted else []
        role = {"role": {"roleName": "loop", "roleId": again.id, "arn": again.arn}}
        changes.append(by_admin("CreateRole", 80, roleName="loop") | {"responseElements": role})
        request = assume_role(ALICE.signs(), again, "n", 90, issues=AWS.key("N"))
        tree = tree_of([REQUEST, put(60, ahead), *changes, request, call(ADMIN.signs(), 99)], tmp_path)
        assert node_of(tree, AWS.key("N")).state == "valid"

    def test_a_session_of_a_user_is_denied_by_a_policy_on_the_user(self, tmp_path: Path) -> None:
        assert user_state(tmp_path, put_on_alice(60)) == "revoked"
        gone = by_admin("DeleteUserPolicy", 70, userName="alice", policyName="AWSRevokeOlderSessions")
        assert user_state(tmp_path / "undone", put_on_alice(60), gone) == "valid"

    def test_iam_does_not_distinguish_user_names_by_case(self, tmp_path: Path) -> None:
        undone = by_admin("DeleteUserPolicy", 80, userName="ALICE", policyName="AWSRevokeOlderSessions")
        assert user_state(tmp_path, put_on_alice(61), undone) == "valid"

    def test_the_policy_of_a_renamed_user_is_deleted_under_the_new_name(self, tmp_path: Path) -> None:
        gone = by_admin("DeleteUserPolicy", 70, userName="zed", policyName="AWSRevokeOlderSessions")
        assert user_state(tmp_path, put_on_alice(60), renamed(65), gone) == "valid"


class TestAnEndThatACallCanUndo:
    """It counts if the hours since then are loaded; otherwise the step stays in the plan."""

    def over(self, folder: Path, *later: Json, key: str = ALICE.key) -> bool:
        """Whether a key that was deactivated at 60 is over by the logs until the last record."""
        tree = tree_of([call(ALICE.signs(), 0), deactivated(60), *later], folder)
        node = node_of(tree, key)
        assert node.state == "deactivated" and (node.id in planned(tree)) is (node.valid_at is not False)
        assert ("nothing_later_loaded" in node.flags) is (node.valid_at is None)
        return node.valid_at is False

    def test_nothing_later_is_loaded(self, tmp_path: Path) -> None:
        assert not self.over(tmp_path)

    def test_the_hours_since_then_are_loaded(self, tmp_path: Path) -> None:
        assert self.over(tmp_path, *(call(ADMIN.signs(), second) for second in (99, 4000, 8000)))

    def test_an_hour_is_missing(self, tmp_path: Path) -> None:
        assert not self.over(tmp_path, call(ADMIN.signs(), 99), call(ADMIN.signs(), 8000))

    def test_the_hours_of_another_region_or_account_do_not_count(self, tmp_path: Path) -> None:
        elsewhere = call(ADMIN.signs(), 4000) | {"awsRegion": "eu-west-1"}
        away = call(AWAY.user("bob").signs(), 4000)
        later = [call(ADMIN.signs(), 99), call(ADMIN.signs(), 8000)]
        assert not self.over(tmp_path, *later, elsewhere, away)

    def test_a_deletion_cannot_be_undone(self, tmp_path: Path) -> None:
        gone = by_admin("DeleteAccessKey", 60, userName="alice", accessKeyId=ALICE.key)
        tree = tree_of([call(ALICE.signs(), 0), gone], tmp_path)
        assert (node_of(tree, ALICE.key).valid_at, tree.containment) == (False, ())

    def test_an_unreliable_record_may_have_activated_the_key(self, tmp_path: Path) -> None:
        on = by_admin("UpdateAccessKey", 80, userName="alice", accessKeyId=ALICE.key, status="Active")
        doubtful = with_repeated_key(on, "type", "Root")
        tree = tree_of([call(ALICE.signs(), 0), deactivated(60), doubtful, call(ADMIN.signs(), 99)], tmp_path)
        node = node_of(tree, ALICE.key)
        assert (node.valid_at, node.flags) == (None, ("possibly_undone",))

    @pytest.mark.parametrize(
        "categories",
        [("Data", "Data"), ("Management", "Data"), ("Data", "Management"), ("Management", "NetworkActivity")],
    )
    def test_only_management_events_show_that_no_call_is_missing(
        self, categories: tuple[str, str], tmp_path: Path
    ) -> None:
        """The calls that undo an end are management events, which a trail of data events leaves out."""
        times = zip((HOUR + 600, 2 * HOUR + 600), categories, strict=True)
        later = [call(ADMIN.signs(), second, eventCategory=category) for second, category in times]
        assert not self.over(tmp_path, *later)
        assert self.over(tmp_path / "all", *later, *(call(ADMIN.signs(), hour * HOUR + 900) for hour in (1, 2)))

    def test_an_unreliable_record_shows_no_hour_as_loaded(self, tmp_path: Path) -> None:
        doubtful = with_repeated_key(call(ADMIN.signs(), 90), "type", "Root")
        with case_of_records([call(ALICE.signs(), 0), deactivated(60), doubtful], tmp_path) as case:
            tree = case.tree(ALICE.key, at=START + timedelta(seconds=90))
        assert node_of(tree, ALICE.key).valid_at is None

    def test_a_past_time_is_judged_by_the_hours_until_then(self, tmp_path: Path) -> None:
        records = [call(ALICE.signs(), 0), deactivated(60), call(ADMIN.signs(), 99), call(ADMIN.signs(), 8000)]
        with case_of_records(records, tmp_path) as case:
            tree = case.tree(ALICE.key, at=START + timedelta(seconds=120))
        assert node_of(tree, ALICE.key).valid_at is False


class TestACallWithoutATime:
    """It may have been the last one: it ends nothing, and possibly undoes an end."""

    @pytest.mark.parametrize("undone", [True, False])
    def test_an_activation(self, undone: bool, tmp_path: Path) -> None:
        status = "Active" if undone else "Inactive"
        change = undated(by_admin("UpdateAccessKey", 80, userName="alice", accessKeyId=ALICE.key, status=status))
        tree = tree_of([call(ALICE.signs(), 0), deactivated(60), change, call(ADMIN.signs(), 99)], tmp_path)
        node = node_of(tree, ALICE.key)
        assert (node.state, node.valid_at) == ("deactivated", None if undone else False)
        assert (node.id in planned(tree), "possibly_undone" in node.flags) == (undone, undone)

    @pytest.mark.parametrize(
        "undo",
        [
            by_admin("DeleteRolePolicy", 70, roleName="loop", policyName="AWSRevokeOlderSessions"),
            by_admin(
                "PutRolePolicy",
                70,
                roleName="loop",
                policyName="AWSRevokeOlderSessions",
                policyDocument='{"Statement": []}',
            ),
            by_admin("CreateRole", 70, roleName="loop"),
        ],
        ids=["deleted", "replaced", "recreated"],
    )
    def test_the_undoing_of_a_revocation(self, undo: Json, tmp_path: Path) -> None:
        tree = tree_of([REQUEST, call(SESSION, 5), put(60), undated(undo), call(ADMIN.signs(), 99)], tmp_path)
        node = node_of(tree, AWS.key("K"))
        assert (node.state, node.valid_at, node.flags) == ("revoked", None, ("possibly_undone",))
        assert node.id in planned(tree)

    @pytest.mark.parametrize("name", ["UpdateAccessKey", "DeleteAccessKey"])
    def test_an_end(self, name: str, tmp_path: Path) -> None:
        end = undated(by_admin(name, 60, userName="alice", accessKeyId=ALICE.key, status="Inactive"))
        tree = tree_of([call(ALICE.signs(), 0), end, call(ADMIN.signs(), 99)], tmp_path)
        assert node_of(tree, ALICE.key).state == "valid"


class TestWhatDerivesFromIt:
    """A success of what derives from something shows that it worked, wherever that is logged."""

    def test_a_request_that_only_the_other_account_logged(self, tmp_path: Path) -> None:
        mid = AWAY.role("mid")
        _, theirs = copies(assume_role(ALICE.signs(), mid, "m", 90, issues=AWAY.key("M")), mid)
        use = call(mid.session("m", 90, AWAY.key("M")), 95)
        tree = tree_of([call(ALICE.signs(), 0), deactivated(60), theirs, use, call(ADMIN.signs(), 99)], tmp_path)
        if any(AWAY.key("M") in node.access_key_ids and node.certain for node in tree.nodes):
            assert end_of(tree, ALICE.key) == (True, "deactivated")
        else:
            assert node_of(tree, ALICE.key).valid_at is not False

    def test_forward_access_for_a_session(self, tmp_path: Path) -> None:
        forwarded = call(LOOP.session("s", 0, AWS.key("F"), invoked_by="s3.amazonaws.com"), 4000)
        tree = tree_of([REQUEST, call(SESSION, 5), forwarded, call(ADMIN.signs(), 4100)], tmp_path)
        assert end_of(tree, AWS.key("K")) == (True, "expired")
        assert node_of(tree, AWS.key("F")).valid_at is True

    def test_a_session_that_was_requested_before_does_not(self, tmp_path: Path) -> None:
        tree = tree_of([REQUEST, deactivated(60), call(SESSION, 90), call(ADMIN.signs(), 99)], tmp_path)
        assert (node_of(tree, ALICE.key).valid_at, node_of(tree, AWS.key("K")).valid_at) == (False, True)


class TestDeletion:
    """A name belongs to one user after another, so only a deletion that is certainly of the user or role ends it."""

    def test_a_user_of_the_same_name(self, tmp_path: Path) -> None:
        """Alice was renamed, and the deleted alice is another user, whose creation is not loaded."""
        token = get_session_token(ALICE.signs(), 0, issues=AWS.key("T"))
        use = call(ALICE.session(0, AWS.key("T")), 5)
        gone = by_admin("DeleteUser", 60, userName="alice")
        tree = tree_of([token, use, renamed(30), gone, call(ADMIN.signs(), 99)], tmp_path)
        assert [node_of(tree, key).valid_at for key in (ALICE.key, AWS.key("T"))] == [True, True]

    def test_a_role_of_the_same_name(self, tmp_path: Path) -> None:
        gone = by_admin("DeleteRole", 60, roleName="loop")
        before = assume_role(ALICE.signs(), LOOP, "b", 59, issues=AWS.key("B"))
        same_second = assume_role(ALICE.signs(), AWS.role("loop", life="2"), "n", 60, issues=AWS.key("N"))
        tree = tree_of([before, gone, same_second, call(ADMIN.signs(), 99)], tmp_path)
        assert [node_of(tree, AWS.key(name)).state for name in "BN"] == ["deleted", "valid"]

    def test_a_federated_user_ends_with_its_requester(self, tmp_path: Path) -> None:
        request = get_federation_token(ALICE.signs(), "fed", 0, issues=AWS.key("F"))
        use = call(federated(ALICE, "fed", 0, AWS.key("F")), 5)
        gone = by_admin("DeleteUser", 60, userName="alice")
        for number, records in enumerate(([request, use], [request])):
            tree = tree_of([*records, gone, call(ADMIN.signs(), 99)], tmp_path / str(number))
            assert node_of(tree, AWS.key("F")).state == "deleted"
            assert "deny_user" not in {step.action for step in tree.containment}

    def test_the_alias_of_root_is_no_user_name(self, tmp_path: Path) -> None:
        root = AWS.root(accessKeyId="AKIA0ROOT1111XXXXXXX", userName="acme")
        gone = by_admin("DeleteUser", 60, userName="acme")
        tree = tree_of([call(root, 0), gone, call(ADMIN.signs(), 99)], tmp_path, "AKIA0ROOT1111XXXXXXX")
        assert node_of(tree, "AKIA0ROOT1111XXXXXXX").state == "valid"

    def test_a_password_of_another_user_of_the_name(self, tmp_path: Path) -> None:
        bob = AWS.user("bob")
        user = {"user": {"userName": "bob", "userId": bob.id, "arn": bob.arn}}
        made = call(ALICE.signs(), 0, source=IAM, name="CreateUser", responseElements=user)
        password = call(ALICE.signs(), 5, source=IAM, name="CreateLoginProfile", requestParameters={"userName": "bob"})
        moved = by_admin("UpdateUser", 20, userName="bob", newUserName="rob")
        gone = by_admin("DeleteLoginProfile", 60, userName="bob")
        tree = tree_of([made, password, moved, gone, call(ADMIN.signs(), 99)], tmp_path)
        (node,) = (node for node in tree.nodes if node.kind == "login_profile")
        assert node.state == "valid"
        targets = {step.target for step in tree.containment if step.action != "deactivate_access_key"}
        assert targets == {"rob"}

    def test_a_renamed_user_is_deleted_under_its_new_name(self, tmp_path: Path) -> None:
        """Its ID is known by the rename, so that no step names a user that is gone."""
        token = get_session_token(ALICE.signs(), 0, issues=AWS.key("T"))
        use = call(ALICE.session(0, AWS.key("T")), 5)
        gone = by_admin("DeleteUser", 60, userName="zed")
        tree = tree_of([token, use, renamed(30), gone, call(ADMIN.signs(), 99)], tmp_path)
        assert (node_of(tree, AWS.key("T")).state, tree.containment) == ("deleted", ())

    def test_a_user_that_took_over_the_name_is_deleted(self, tmp_path: Path) -> None:
        token = get_session_token(ALICE.signs(), 0, issues=AWS.key("T"))
        again = AWS.user("alice", life="2")
        user = {"user": {"userName": "alice", "userId": again.id, "arn": again.arn}}
        new = by_admin("CreateUser", 40, userName="alice") | {"responseElements": user}
        gone = by_admin("DeleteUser", 60, userName="alice")
        tree = tree_of([token, renamed(30), new, gone, call(ADMIN.signs(), 99)], tmp_path)
        assert node_of(tree, AWS.key("T")).state == "valid"
        assert ("deny_user", "zed") in steps_of(tree)


class TestStepsForARenamedUser:
    """IAM finds a user by its present name only."""

    def test_a_token(self, tmp_path: Path) -> None:
        request = get_session_token(ALICE.signs(), 0, issues=AWS.key("T"))
        records = [request, call(ALICE.session(0, AWS.key("T")), 5), renamed(60), call(ADMIN.signs(), 99)]
        assert ("deny_user", "zed") in steps_of(tree_of(records, tmp_path))

    def test_a_federated_user(self, tmp_path: Path) -> None:
        request = get_federation_token(ALICE.signs(), "fed", 0, issues=AWS.key("F"))
        assert ("deny_user", "zed") in steps_of(tree_of([request, renamed(60), call(ADMIN.signs(), 99)], tmp_path))

    def test_a_name_that_was_used_later_is_the_present_one(self, tmp_path: Path) -> None:
        zed = replace(ALICE, name="zed")
        request = get_session_token(ALICE.signs(), 0, issues=AWS.key("T"))
        records = [request, renamed(60), call(zed.session(0, AWS.key("T")), 90), call(ADMIN.signs(), 99)]
        assert ("deny_user", zed.arn) in steps_of(tree_of(records, tmp_path))

    def test_a_token_shows_the_name_that_a_rename_took_away(self, tmp_path: Path) -> None:
        request = get_session_token(ALICE.signs(), 0, issues=AWS.key("T"))
        late = call(ALICE.session(0, AWS.key("T")), 90)
        for records in (
            [request, renamed(60), late],
            [request, call(ALICE.session(0, AWS.key("T")), 5), renamed(60), late],
        ):
            with_time = [*records, call(ADMIN.signs(), 99)]
            assert ("deny_user", "zed") in steps_of(tree_of(with_time, tmp_path / str(len(records))))


class TestDeletedBeforeItsKeyWasChanged:
    """IAM refuses to change a key of a deleted user: an earlier DeleteUser was about an earlier user of that name."""

    GONE = by_admin("DeleteUser", 100, userName="gina")
    KEY, SERVICE = "AKIA0GINA1111ABCDEFG", "ACCA0GINA1111ABCDEFG"

    @staticmethod
    def switched(second: float, status: str = "Active", key: str = KEY) -> Json:
        if key.startswith("ACCA"):
            request = {"userName": "gina", "serviceSpecificCredentialId": key, "status": status}
            return by_admin("UpdateServiceSpecificCredential", second, **request)
        return by_admin("UpdateAccessKey", second, userName="gina", accessKeyId=key, status=status)

    @staticmethod
    def created_again(second: float) -> Json:
        user = AWS.user("gina", life="2")
        response = {"user": {"userName": "gina", "userId": user.id, "arn": user.arn}}
        return by_admin("CreateUser", second, userName="gina") | {"responseElements": response}

    def outcome(self, folder: Path, *changes: Json, key: str = KEY) -> tuple[str, bool | None, bool]:
        """The state in the tree, whether it is valid, and whether `keys` reports that the owner is gone."""
        with case_of_records([*changes, call(ADMIN.signs(), 1700)], folder) as case:
            node = node_of(case.tree(key), key)
            (audited,) = (one for one in case.keys().keys if one.access_key_id == key)
        return node.state, node.valid_at, "owner_gone" in {one.finding for one in audited.findings}

    @pytest.mark.parametrize("key", [KEY, SERVICE])
    @pytest.mark.parametrize("again", [True, False])
    def test_a_key_that_was_activated_later_works(self, key: str, again: bool, tmp_path: Path) -> None:
        made = [self.created_again(200)] if again else []
        on = self.switched(300, key=key)
        assert self.outcome(tmp_path, self.GONE, *made, on, key=key) == ("valid", True, False)

    def test_a_key_that_was_deactivated_later_was_not_deleted(self, tmp_path: Path) -> None:
        assert self.outcome(tmp_path, self.GONE, self.switched(300, "Inactive")) == ("deactivated", False, False)

    @pytest.mark.parametrize("again", [True, False])
    def test_a_key_of_the_deleted_user_is_deleted(self, again: bool, tmp_path: Path) -> None:
        made = [self.created_again(200)] if again else []
        assert self.outcome(tmp_path, self.switched(50), self.GONE, *made) == ("deleted", False, True)

    def test_an_unreliable_change_leaves_a_doubt(self, tmp_path: Path) -> None:
        damaged = with_repeated_key(self.switched(300), "type", "Root")
        with case_of_records([self.switched(50), self.GONE, damaged, call(ADMIN.signs(), 1700)], tmp_path) as case:
            node = node_of(case.tree(self.KEY), self.KEY)
        assert (node.state, node.valid_at, node.flags) == ("deleted", None, ("possibly_undone",))


def steps_of(tree: Tree) -> set[tuple[str, str]]:
    return {(step.action, step.target) for step in tree.containment}


class TestExpiryThatIsNotLogged:
    def test_a_default_is_no_fact(self, tmp_path: Path) -> None:
        request = assume_role(ALICE.signs(), LOOP, "s", 0, issues=None)
        request["responseElements"] = None
        tree = tree_of([request, call(SESSION, 5), call(ADMIN.signs(), 8000)], tmp_path, AWS.key("K"))
        assert node_of(tree, AWS.key("K")).state == "unknown"
        late = [request, call(SESSION, 5), call(ADMIN.signs(), 13 * HOUR)]
        assert node_of(tree_of(late, tmp_path / "late", AWS.key("K")), AWS.key("K")).state == "expired"

    @pytest.mark.parametrize(
        ("signed_in", "last", "alive"),
        [(HOUR, 12.5 * HOUR, True), (HOUR, 13.5 * HOUR, False), (None, 23.5 * HOUR, True), (None, 24.5 * HOUR, False)],
    )
    def test_a_console_session_of_a_role(
        self, signed_in: float | None, last: float, alive: bool, tmp_path: Path
    ) -> None:
        """It begins within the 12 hours of its session and lasts up to 12 hours more."""
        use = call(LOOP.session("s", 0, AWS.key("C")), 2 * HOUR, sessionCredentialFromConsole="true")
        sign_in = [] if signed_in is None else [sign_in_event(LOOP.session("s", 0), signed_in, "ConsoleLogin")]
        records = [REQUEST, call(SESSION, 5), *sign_in, use, call(ADMIN.signs(), last)]
        tree = tree_of(records, tmp_path, AWS.key("C"))
        assert (node_of(tree, AWS.key("C")).valid_at is not False) is alive


def test_a_console_session_has_its_own_duration(tmp_path: Path) -> None:
    console = LOOP.session("s", 0, AWS.key("CONSOLE"))
    sign_in = sign_in_event(LOOP.session("s", 0, None), 10, "ConsoleLogin")
    tree = tree_of([REQUEST, call(SESSION, 5), sign_in, call(console, 20), call(ADMIN.signs(), 8000)], tmp_path)
    node = node_of(tree, AWS.key("CONSOLE"))
    assert node.valid_at is not False and node.expires_at is None
    assert "revoke_role_sessions" in {step.action for step in tree.containment}


def undated_session() -> Json:
    """The identity of a role session in a sign-in without session context."""
    return {name: value for name, value in LOOP.session("s", 0).items() if name != "sessionContext"}


class TestKeyAgreesWithTree:
    """`key` counts what the tree shows as valid, and no other rule decides it."""

    NEW, SERVICE = "AKIA0NEWK1111ABCDEFG", "ACCA0BEDR1111ABCDEFG"
    BOB = AWS.user("bob")

    @pytest.fixture
    def case(self, tmp_path: Path) -> Iterator[Case]:
        def made(second: float, name: str, member: str, **more: str) -> Json:
            response = {"userName": "bob", "status": "Active", **more}
            parts: Json = {"requestParameters": {"userName": "bob"}, "responseElements": {member: response}}
            return call(ALICE.signs(), second, source=IAM, name=name, **parts)

        admins = AWS.role("admins")
        ended = assume_role(ALICE.signs(), admins, "a", 30, issues=AWS.key("A"))
        off = {"userName": "bob", "accessKeyId": self.NEW, "status": "Inactive"}
        service = {"serviceSpecificCredentialId": self.SERVICE, "expirationDate": at(600), "serviceName": "bedrock"}
        records = [
            made(10, "CreateAccessKey", "accessKey", accessKeyId=self.NEW),
            made(20, "CreateServiceSpecificCredential", "serviceSpecificCredential", **service),
            REQUEST,
            call(SESSION, 40),
            put(60),  # ends the session of the first role
            ended,
            call(admins.session("a", 30, AWS.key("A")), 50),
            call(self.BOB.signs(self.NEW), 50),
            by_admin("UpdateAccessKey", 300, **off),
            call(self.BOB.signs(self.NEW), 500),
            call(ADMIN.signs(), 1700),
        ]
        with case_of_records(records, tmp_path) as found:
            yield found

    def test_the_number_of_valid_credentials(self, case: Case) -> None:
        valid = {key for node in case.tree(ALICE.key).nodes[1:] if node.valid_at for key in node.access_key_ids}
        assert valid == {AWS.key("A"), self.NEW}
        children = case.key(ALICE.key).children
        assert (children.credentials, children.unexpired) == (4, 2)

    def test_the_state_of_created_keys(self, case: Case) -> None:
        children = case.key(ALICE.key).children
        made = {key.access_key_id: (key.status, key.state, key.valid_at) for key in children.made_keys}
        assert made == {self.NEW: ("Inactive", "valid", True), self.SERVICE: ("Active", "expired", False)}
        shown = lay_out(render_key(case.key(ALICE.key)), 200)
        assert "inactive, but still works" in shown and "active, expired" in shown


class TestTimesThatPythonCannotAddTo:
    """A record may have any time; the tree of everything above it still answers."""

    LAST, FIRST = "9999-12-31T23:40:00Z", "0001-01-01T00:10:00Z"

    @pytest.mark.parametrize("console", [True, False])
    @pytest.mark.parametrize("time", [LAST, FIRST])
    def test_a_session(self, time: str, console: bool, tmp_path: Path) -> None:
        request = assume_role(ALICE.signs(), LOOP, "s", 0, issues=AWS.key("K")) | {"eventTime": time}
        del request["responseElements"]["credentials"]["expiration"]
        session = LOOP.session("s", 0, AWS.key("K"))
        session["sessionContext"]["attributes"]["creationDate"] = time
        more = {"sessionCredentialFromConsole": "true"} if console else {}
        use = call(session, 0, **more) | {"eventTime": time}
        unissued = LOOP.session("other", 0, AWS.key("OTHER"))
        unissued["sessionContext"]["attributes"]["creationDate"] = time
        alone = call(unissued, 0) | {"eventTime": time}
        with case_of_records([call(ALICE.signs(), 0), request, put(60), use, alone], tmp_path) as case:
            assert node_of(case.tree(ALICE.key), AWS.key("K")).valid_at is not False or time == self.FIRST
            assert case.tree(AWS.key("OTHER")).nodes
            assert case.who(AWS.key("OTHER")).missing and case.coverage().spans

    def test_a_token_with_the_default_lifetime(self, tmp_path: Path) -> None:
        request = get_federation_token(ALICE.signs(), "fed", 0, issues=AWS.key("F")) | {"eventTime": self.LAST}
        request["responseElements"]["credentials"].pop("expiration", None)
        assert node_of(tree_of([call(ALICE.signs(), 0), request], tmp_path), AWS.key("F")).valid_at is not False


class TestRoleSessionOpenedInTheConsole:
    """The console session lasts up to 12 hours from its sign-in, whatever the role session lasts."""

    LOGIN = sign_in_event(LOOP.session("s", 0), 3000, "ConsoleLogin")
    UNDATED = sign_in_event(undated_session(), 3000, "ConsoleLogin")
    TOKEN = sign_in_event(SESSION, 3000, "GetSigninToken")

    @pytest.mark.parametrize("sign_in", [LOGIN, UNDATED, TOKEN], ids=["dated", "undated", "token"])
    @pytest.mark.parametrize("used", [True, False])
    @pytest.mark.parametrize(("last", "alive"), [(5 * HOUR, True), (12.7 * HOUR, True), (13.2 * HOUR, False)])
    def test_it_outlasts_the_role_session(
        self, sign_in: Json, used: bool, last: float, alive: bool, tmp_path: Path
    ) -> None:
        records = [REQUEST, *([call(SESSION, 5)] if used else []), sign_in, call(ADMIN.signs(), last)]
        tree = tree_of(records, tmp_path)
        assert (node_of(tree, AWS.key("K")).valid_at is not False) is alive
        assert ("revoke_role_sessions" in {step.action for step in tree.containment}) is alive

    @pytest.mark.parametrize(
        "other",
        [
            sign_in_event(LOOP.session("s", 0), 3000, "ConsoleLogin", "Failure"),
            sign_in_event(SESSION, 3000, "GetSigninToken") | {"errorCode": "AccessDenied"},
            sign_in_event(LOOP.session("s", 2900), 3000, "ConsoleLogin"),
            sign_in_event(undated_session(), 4600, "ConsoleLogin"),
        ],
        ids=["failed", "refused", "of another session", "after the URL has expired"],
    )
    def test_another_sign_in_does_not_count(self, other: Json, tmp_path: Path) -> None:
        tree = tree_of([REQUEST, call(SESSION, 5), other, call(ADMIN.signs(), 5 * HOUR)], tmp_path)
        assert node_of(tree, AWS.key("K")).state == "expired"

    def test_a_later_sign_in_does_not_count(self, tmp_path: Path) -> None:
        with case_of_records([REQUEST, call(SESSION, 5), self.LOGIN, call(ADMIN.signs(), HOUR)], tmp_path) as case:
            before = case.tree(ALICE.key, at=START + timedelta(seconds=2000))
        assert node_of(before, AWS.key("K")).state == "valid"

    def test_a_token_of_a_user_opens_no_console(self, tmp_path: Path) -> None:
        request = get_session_token(ALICE.signs(), 0, issues=AWS.key("T"))
        use = call(ALICE.session(0, AWS.key("T")), 5)
        sign_in = sign_in_event(ALICE.signs_in(), 3000, "ConsoleLogin")
        tree = tree_of([request, use, sign_in, call(ADMIN.signs(), 5 * HOUR)], tmp_path)
        assert node_of(tree, AWS.key("T")).state == "expired"

    def test_a_key_for_a_directory_bucket_opens_no_console(self, tmp_path: Path) -> None:
        records = [REQUEST, call(SESSION, 5), bucket_session(SESSION, 2900), self.LOGIN, call(ADMIN.signs(), 5 * HOUR)]
        assert node_of(tree_of(records, tmp_path), AWS.key("BUCKET")).state == "expired"


def bucket_session(identity: Json, second: float) -> Json:
    """CreateSession of S3 Express: a key for one directory bucket, for five minutes."""
    issued = {"accessKeyId": AWS.key("BUCKET"), "expiration": at(second + 300), "sessionToken": "token"}
    request, response = {"bucketName": "b--use1-az4--x-s3"}, {"credentials": issued}
    source = "s3express.amazonaws.com"
    return call(
        identity, second, source=source, name="CreateSession", requestParameters=request, responseElements=response
    )


@pytest.mark.parametrize("of_role", [True, False])
def test_a_key_for_a_directory_bucket_lasts_until_it_expires(of_role: bool, tmp_path: Path) -> None:
    """S3 authorizes it when it is issued: no later policy applies, and no step ends it."""
    token = get_session_token(ALICE.signs(), 0, issues=AWS.key("T"))
    request, session, ended = (
        (REQUEST, SESSION, put(60)) if of_role else (token, ALICE.session(0, AWS.key("T")), put_on_alice(60))
    )
    records = [request, call(session, 5), bucket_session(session, 50), ended, call(ADMIN.signs(), 190)]
    with case_of_records([*records, call(ADMIN.signs(), 3000)], tmp_path) as case:
        tree = case.tree(ALICE.key, at=START + timedelta(seconds=190))
        later = case.tree(ALICE.key, at=START + timedelta(seconds=400))
    node = node_of(tree, AWS.key("BUCKET"))
    assert (node.state, node.valid_at) == ("valid", True)
    assert [step.action for step in tree.containment if node.id in step.ends] == ["wait_until"]
    assert node_of(later, AWS.key("BUCKET")).state == "expired" and len(later.containment) == 1


def test_a_session_of_an_account_without_logs_may_have_requested_others(tmp_path: Path) -> None:
    mid, top = AWAY.role("mid"), FAR.role("top")
    first, _ = copies(assume_role(ALICE.signs(), mid, "m", 0, issues=AWAY.key("MID")), mid)
    _, second = copies(assume_role(mid.session("m", 0, AWAY.key("MID")), top, "t", 60, issues=FAR.key("TOP")), top)
    use = call(top.session("t", 60, FAR.key("TOP")), 90)
    tree = tree_of([first, second, use], tmp_path)
    assert "account_not_loaded" in node_of(tree, AWAY.key("MID")).flags
    assert not node_of(tree, FAR.key("TOP")).certain


@pytest.mark.parametrize("used", [True, False])
def test_root_cannot_carry_a_policy(used: bool, tmp_path: Path) -> None:
    key = "AKIA0ROOT1111XXXXXXX"
    request = get_federation_token(AWS.root(accessKeyId=key), "rf", 0, issues=AWS.key("K"))
    issuer = {"type": "Root", "principalId": AWS.id, "arn": f"arn:aws:iam::{AWS.id}:root", "accountId": AWS.id}
    session = federated(ALICE, "rf", 0, AWS.key("K"))
    session["sessionContext"]["sessionIssuer"] = issuer
    tree = tree_of([request, *([call(session, 5)] if used else [])], tmp_path, key)
    actions = {step.action for step in tree.containment}
    assert "deny_user" not in actions and "deny_by_scp" in actions


@pytest.mark.parametrize(
    ("path", "action"),
    [
        ("/", "revoke_role_sessions"),
        ("/aws-reserved/sso.amazonaws.com/", "deny_identity_center_user"),
        ("/aws-service-role/rds.amazonaws.com/", "not_possible"),
        ("/:role/aws-service-role/", "revoke_role_sessions"),
    ],
)
@pytest.mark.parametrize("name", ["AWSServiceRoleForRDS", "AWSReservedSSO_Admin_0"])
def test_the_path_of_a_role_counts_and_not_its_name(path: str, name: str, action: str, tmp_path: Path) -> None:
    role = AWS.role(name, path=path)
    request = assume_role(ALICE.signs(), role, "s", 0, issues=AWS.key("K"))
    tree = tree_of([request, call(role.session("s", 0, AWS.key("K")), 5)], tmp_path)
    assert action in {step.action for step in tree.containment}


ROOT_KEY, ROOTS_NEW_KEY = "AKIA0ROOT1111XXXXXXX", "AKIA0NEW1111XXXXXXXX"


@pytest.mark.parametrize("used", [True, False])
def test_only_root_can_deactivate_its_keys(used: bool, tmp_path: Path) -> None:
    root = AWS.root(accessKeyId=ROOT_KEY)
    response = {"accessKey": {"accessKeyId": ROOTS_NEW_KEY, "status": "Active", "userName": "acme"}}
    created = call(root, 0, source=IAM, name="CreateAccessKey", requestParameters={}, responseElements=response)
    uses = [call(AWS.root(accessKeyId=ROOTS_NEW_KEY), 5)] if used else []
    request = {"userName": "dave"}
    response = {"accessKey": {"accessKeyId": "AKIA0DAVE1111XXXXXXX", "status": "Active", "userName": "dave"}}
    daves = call(root, 6, source=IAM, name="CreateAccessKey", requestParameters=request, responseElements=response)
    tree = tree_of([created, *uses, daves], tmp_path, ROOT_KEY)
    steps = {step.target: step.why for step in tree.containment if step.action == "deactivate_access_key"}
    assert {key for key, why in steps.items() if "AssumeRoot" in why} == {ROOT_KEY, ROOTS_NEW_KEY}
    assert set(steps) == {ROOT_KEY, ROOTS_NEW_KEY, "AKIA0DAVE1111XXXXXXX"}


@pytest.mark.parametrize(
    ("name", "instead"),
    [("AWSReservedSSO_Admin_0", "Identity Center"), ("AWSServiceRoleForRDS", "service-linked"), ("deploy", None)],
)
@pytest.mark.parametrize("is_path_known", [True, False])
def test_a_name_says_what_iam_may_refuse(name: str, instead: str | None, is_path_known: bool, tmp_path: Path) -> None:
    role = AWS.role(name)
    identity = role.session("bob", 0, AWS.key("S"))
    if not is_path_known:
        del identity["sessionContext"]["sessionIssuer"]
    (step,) = tree_of([call(identity, 5)], tmp_path, AWS.key("S")).containment
    assert step.action == "revoke_role_sessions"
    assert ("IAM refuses this step" in step.why) is (instead is not None and not is_path_known)
    assert is_path_known or instead is None or instead in step.why


@pytest.mark.parametrize("role", [LOOP, AWAY.role("loop")], ids=["same account", "across accounts"])
def test_a_switch_of_role_is_one_session_with_one_state(role: Role, tmp_path: Path) -> None:
    """The key of the console's own call, and the key that the console got for the session."""
    login = sign_in_event(ALICE.signs_in(), 0, "ConsoleLogin")
    console = ALICE.session(0, AWS.key("C"))
    key = Account(role.account_id).key("SW")
    request = assume_role(console | {"invokedBy": "AWS Internal"}, role, "alice", 60, issues=key)
    requests = [request] if role is LOOP else copies(request, role)
    switch = switch_role(ALICE.arn, role, "alice", 60)
    use = call(role.session("alice", 60, Account(role.account_id).key("U")), 70)
    tree = tree_of(
        [login, call(console, 10), *requests, switch, use, call(ADMIN.signs(), 7300)], tmp_path, AWS.key("C")
    )
    (node,) = tree.nodes[1:]
    assert len(node.access_key_ids) == 2
    assert (node.relation, node.state, node.certain) == ("switched_role", "unknown", True)


@pytest.mark.parametrize("subject", [AWS.key("U"), AWS.key("C"), ADMIN.key])
def test_a_switched_session_lasts_as_in_the_console_wherever_it_stands(subject: str, tmp_path: Path) -> None:
    """The request of the console expires after an hour; the console renews its keys until the session ends."""
    trust = by_admin("UpdateAssumeRolePolicy", 50, roleName="loop", policyDocument=trust_policy(ALICE.arn))
    console = ALICE.session(0, AWS.key("C"))
    request = assume_role(console | {"invokedBy": "AWS Internal"}, LOOP, "alice", 60, issues=AWS.key("SW"))
    switch = switch_role(ALICE.arn, LOOP, "alice", 60)
    use = call(LOOP.session("alice", 60, AWS.key("U")), 70)
    tree = tree_of([trust, call(console, 10), request, switch, use, call(ADMIN.signs(), 7300)], tmp_path, subject)
    assert node_of(tree, AWS.key("U")).state == "unknown"


FAR_FUTURE = {"eventTime": "2098-12-31T00:00:00Z"}


@pytest.mark.parametrize(
    "late",
    [
        with_repeated_key(call(ADMIN.signs(), 0) | FAR_FUTURE, "type", "Root"),
        call(ADMIN.signs(), 0) | FAR_FUTURE,
    ],
    ids=["unreliable", "later than the ingest"],
)
def test_a_wrong_time_does_not_move_the_time_of_the_tree(late: Json | str, tmp_path: Path) -> None:
    tree = tree_of([REQUEST, call(SESSION, 10), late], tmp_path)
    assert node_of(tree, AWS.key("K")).valid_at is True
