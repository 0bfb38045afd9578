"""The report on a key: what it takes from the answers of `key` and `tree`."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensics.investigate.sql_rows import Connection
from forensics.investigate.tree import derived
from forensics.investigate.tree.subtree import Subtree, subtree
from tests.attribution.records import Account, assume_role, call
from tests.cases import case_of_records

AWS = Account("111111111111")
ALICE, DEPLOY, X = AWS.user("alice"), AWS.role("deploy"), AWS.key("X")


def test_the_tree_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[list[str]] = []

    def counted(connection: Connection, roots: list[str]) -> Subtree:
        read.append(roots)
        return subtree(connection, roots)

    monkeypatch.setattr(derived, "subtree", counted)
    records = [assume_role(ALICE.signs(), DEPLOY, "x", 0, issues=X), call(DEPLOY.session("x", 0, X), 5)]
    with case_of_records(records, tmp_path) as case:
        report, page = case.report(ALICE.key), case.key(ALICE.key)
    assert len(read) == 2  # by the report and by the page
    assert report.key.children == page.children and page.children.unexpired == 1
