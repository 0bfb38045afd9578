"""Screens of `address`, `user`, `role` and `resource` on a narrow and a wide terminal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from forensics.answers.pivot_answer import Pivot
from forensics.case import Case
from forensics.output.lines import cells, lay_out
from forensics.output.pivot_text import render_pivot
from tests.output.golden import same_as_golden

NIGHT, DAY = datetime(2026, 10, 4, tzinfo=UTC), datetime(2026, 10, 5, tzinfo=UTC)
PAGES: dict[str, Callable[[Case], Pivot]] = {
    "address": lambda case: case.address("192.0.2.44"),
    "network": lambda case: case.address("192.0.2.0/24", since=NIGHT, until=DAY),
    "user": lambda case: case.user("svc-deploy"),
    "planted_user": lambda case: case.user("svc-metrics"),
    "role": lambda case: case.role("deployer"),
    "bucket": lambda case: case.resource("acme-customer-exports-5622", since=NIGHT),
    "resource": lambda case: case.resource("svc-metrics"),
    "several_resources": lambda case: case.resource("web"),
    "unknown_user": lambda case: case.user("arn:aws:iam::704560302692:user/nobody"),
    "unused_time": lambda case: case.role("deployer", since=datetime(2027, 1, 1, tzinfo=UTC)),
}


@pytest.mark.parametrize("width", [80, 160])
def test_pages_of_the_sample(sample_case: Path, width: int) -> None:
    with Case.open(sample_case) as case:
        for name, page in PAGES.items():
            shown = lay_out(render_pivot(page(case).with_options(["--case", "my-case"])), width)
            same_as_golden(f"pivot_{name}_{width}", shown)
            assert all(cells(row) <= max(width, 90) or len(row.split()) == 1 for row in shown.splitlines())


def test_the_command_can_be_pasted(sample_case: Path) -> None:
    with Case.open(sample_case) as case:
        shown = lay_out(render_pivot(case.user("svc-deploy").with_options(["--case", "my case; ls"])), None)
    assert "forensics story AIDA2ICYRBJSPV3OP7SHG --case 'my case; ls'" in shown
