"""Screens of `tree` on a narrow and a wide terminal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from forensics.answers.core import Subject
from forensics.answers.tree_answer import Tree
from forensics.case import Case
from forensics.identifiers import SubjectType
from forensics.output.lines import lay_out
from forensics.output.report import report_page
from forensics.output.tree_text import render_tree
from tests.attribution.records import START, Account, call, write
from tests.exports.cases import add, key, listed
from tests.output.golden import same_as_golden
from tests.simulator import sample

SHOWN = {
    "leaked": (sample.LEAKED_KEY, datetime(2026, 10, 4, 2, 50, tzinfo=UTC)),
    "leaked_later": (sample.LEAKED_KEY, None),
    "deep": (sample.DEEP_KEY, None),
    "stolen_workload": (sample.STOLEN_WORKLOAD_KEY, datetime(2026, 10, 4, 3, 40, tzinfo=UTC)),
}


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", SHOWN)
def test_trees_of_the_sample(name: str, width: int, sample_case: Path) -> None:
    subject, at = SHOWN[name]
    with Case.open(sample_case) as case:
        same_as_golden(f"tree_{name}_{width}", lay_out(render_tree(case.tree(subject, at)), width))


def test_what_is_in_no_log_says_so() -> None:
    empty = Tree(Subject(SubjectType.ACCESS_KEY, "ASIAQQQQQQQQQQQQQQQQ"), None)
    assert "not found in the loaded logs" in lay_out(render_tree(empty), 80)


def test_many_containment_steps_are_bounded(sample_case: Path) -> None:
    with Case.open(sample_case) as case:
        tree = case.tree(sample.LEAKED_KEY)
    many = replace(tree, containment=tuple(replace(tree.containment[0], order=number) for number in range(1, 3_001)))
    shown = lay_out(render_tree(many), 80)
    assert " 40. " in shown and " 41. " not in shown and "and 2,960 more steps; --format json lists them all" in shown


def test_a_key_that_iam_calls_inactive_is_told_so_and_its_step_stays(tmp_path: Path) -> None:
    home = Account("111111111111")
    alice, bob, carol = (home.user(name) for name in ("alice", "bob", "carol"))
    calls = [call(user.signs(), second) for user in (alice, bob, carol) for second in (5, 100)]
    on = call(
        carol.signs(), 90, source="iam.amazonaws.com", name="UpdateAccessKey",
        requestParameters={"accessKeyId": carol.key, "status": "Active", "userName": "carol"},
    )  # fmt: skip
    keys = listed(*(key(user.key, user.name, "Inactive") for user in (alice, bob, carol)))

    with Case.create(tmp_path / "case") as case:
        case.ingest([write([*calls, on], tmp_path / "logs")])
        add(case, tmp_path, {"keys.json": keys}, START + timedelta(seconds=200))
        shown = lay_out(render_tree(case.tree(alice.key)), 120)
        assert shown.count("inactive in IAM as of 2026-03-01 12:03:20Z") == 3
        assert f"deactivate the access key {alice.key}" in shown
        assert "already inactive in IAM as of 2026-03-01 12:03:20Z; check that it still is" in shown
        assert "keys.json" in shown
        page = report_page(case.report(alice.key))
        assert "already" in page and "inactive in IAM as of 2026-03-01 12:03:20Z" in page
    with Case.create(tmp_path / "older") as case:
        case.ingest([write([*calls, on], tmp_path / "logs")])
        add(case, tmp_path, {"keys.json": keys}, START + timedelta(seconds=50))
        assert "but calls succeeded after that" in lay_out(render_tree(case.tree(bob.key)), 120)
        assert case.tree(carol.key).exports == ()
