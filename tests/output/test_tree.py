"""What a reader sees of `tree`, at a narrow and a wide terminal."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from forensics.answers import Subject, Tree
from forensics.case import Case
from forensics.keys import SubjectType
from forensics.output.lines import lay_out
from forensics.output.tree import render_tree
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
    assert "in none of the loaded logs" in lay_out(render_tree(empty), 80)
