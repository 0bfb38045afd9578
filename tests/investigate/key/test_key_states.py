"""The state of a key: `key` and `tree` agree."""

from __future__ import annotations

from pathlib import Path

from forensics.answers.tree_answer import State
from forensics.output.key_text import render_key
from forensics.output.lines import lay_out
from tests.attribution.records import Account, call
from tests.cases import case_of_records

IAM = "iam.amazonaws.com"
AWS = Account("111111111111")
ALICE, ADMIN = AWS.user("alice"), AWS.user("admin")
NEW = "AKIA0NEW1111XXXXXXXX"


def test_a_key_ends_with_its_user(tmp_path: Path) -> None:
    created = {"accessKey": {"accessKeyId": NEW, "userName": "alice"}}
    records = [
        call(ALICE.signs(), 0, source=IAM, name="CreateAccessKey", responseElements=created),
        call(ALICE.signs(NEW), 10),
        call(ADMIN.signs(), 100, source=IAM, name="DeleteUser", requestParameters={"userName": "alice"}),
        call(ADMIN.signs(), 900),
    ]
    with case_of_records(records, tmp_path) as case:
        page, tree = case.key(NEW), case.tree(NEW)
    assert (page.lifecycle.state, page.lifecycle.valid_at) == (tree.nodes[0].state, tree.nodes[0].valid_at)
    assert (page.lifecycle.status, page.lifecycle.state) == ("Active", State.DELETED)
    assert "active since 2026-03-01 12:00:00Z; deleted with its user" in lay_out(render_key(page), 120)
