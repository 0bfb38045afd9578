"""Sessions whose issuance is logged without its key, and that signed no loaded call: they may be in use elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensics.answers.tree_answer import Action, NodeKind, Tree
from tests.attribution.records import Account, Json, assume_role, call, copies, get_session_token, with_repeated_key
from tests.cases import case_of_records

AWS = Account("111111111111")
AWAY = AWS.elsewhere()
ALICE, BOB, DEPLOY, REMOTE = AWS.user("alice"), AWS.user("bob"), AWS.role("deploy"), AWAY.role("remote")
MASK = "HIDDEN_DUE_TO_SECURITY_REASONS"
WITH_MASKED_KEY = assume_role(ALICE.signs(), DEPLOY, "s", 0, issues=MASK)
WITHOUT_RESPONSE = {name: value for name, value in WITH_MASKED_KEY.items() if name != "responseElements"}
REVOKED = (Action.REVOKE_ROLE_SESSIONS, DEPLOY.arn)


def tree_of(folder: Path, *records: Json | str) -> Tree:
    with case_of_records([*records, call(BOB.signs(), 99)], folder) as case:
        return case.tree(ALICE.key)


def steps_of(tree: Tree) -> list[tuple[Action, str]]:
    return [(step.action, step.target) for step in tree.containment[1:]]


@pytest.mark.parametrize("request_", [WITHOUT_RESPONSE, WITHOUT_RESPONSE | {"responseElements": None}, WITH_MASKED_KEY])
def test_an_unused_session_is_revoked(request_: Json, tmp_path: Path) -> None:
    tree = tree_of(tmp_path, request_)
    (session,) = tree.nodes[1:]
    assert (session.kind, session.parent, session.certain, session.valid_at) == (NodeKind.SESSION, 0, True, True)
    assert (session.access_key_ids, session.arn, session.name) == ((), DEPLOY.session_arn("s"), "s")
    assert session.event_ids == (request_["eventID"],)
    assert steps_of(tree) == [REVOKED]


@pytest.mark.parametrize("request_", [WITHOUT_RESPONSE, WITH_MASKED_KEY])
def test_a_used_session_is_one_node(request_: Json, tmp_path: Path) -> None:
    tree = tree_of(tmp_path, request_, call(DEPLOY.session("s", 0, AWS.key("K")), 5))
    (session,) = tree.nodes[1:]
    assert session.access_key_ids == (AWS.key("K"),)


@pytest.mark.parametrize("request_", [WITHOUT_RESPONSE, WITH_MASKED_KEY])
def test_a_session_that_another_request_issued_explains_nothing(request_: Json, tmp_path: Path) -> None:
    other = assume_role(BOB.signs(), DEPLOY, "s", 0, issues=AWS.key("K"))
    tree = tree_of(tmp_path, request_, other, call(DEPLOY.session("s", 0, AWS.key("K")), 5))
    assert () in [node.access_key_ids for node in tree.nodes]
    assert steps_of(tree) == [REVOKED]


def test_both_copies_of_a_request_are_one_session(tmp_path: Path) -> None:
    request = assume_role(ALICE.signs(), REMOTE, "s", 0, issues=MASK)
    tree = tree_of(tmp_path, *(copy | {"responseElements": None} for copy in copies(request, REMOTE)))
    assert [node.certain for node in tree.nodes] == [True, True]
    assert steps_of(tree) == [(Action.REVOKE_ROLE_SESSIONS, REMOTE.arn)]


def test_a_session_token_with_a_masked_key(tmp_path: Path) -> None:
    tree = tree_of(tmp_path, get_session_token(ALICE.signs(), 0, issues=MASK))
    assert [node.certain for node in tree.nodes] == [True, True]
    assert steps_of(tree) == [(Action.DENY_USER, ALICE.arn)]


def test_an_unreliable_use_does_not_replace_a_session(tmp_path: Path) -> None:
    use = with_repeated_key(call(DEPLOY.session("s", 0, AWS.key("K")), 5), "type", "Root")
    tree = tree_of(tmp_path, WITH_MASKED_KEY, use)
    assert [(node.access_key_ids, node.certain) for node in tree.nodes[1:]] == [((), True), ((AWS.key("K"),), False)]
    assert REVOKED in steps_of(tree)


def test_a_request_that_only_the_copy_of_the_account_of_the_role_shows(tmp_path: Path) -> None:
    own, theirs = copies(assume_role(ALICE.signs(), REMOTE, "s", 0, issues=MASK), REMOTE)
    tree = tree_of(tmp_path, own | {"requestParameters": None, "responseElements": None}, theirs)
    (session,) = tree.nodes[1:]
    assert (session.access_key_ids, session.arn) == ((), REMOTE.session_arn("s"))


def test_a_session_token_of_root_with_a_masked_key(tmp_path: Path) -> None:
    key = "AKIA0ROOT1111XXXXXXX"
    request = get_session_token(AWS.root(accessKeyId=key), 0, issues=MASK)
    with case_of_records([request, call(BOB.signs(), 99)], tmp_path) as case:
        tree = case.tree(key)
    assert [(node.kind, node.certain) for node in tree.nodes[1:]] == [(NodeKind.SESSION, True)]
