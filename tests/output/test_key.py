"""Screens of `key` on a narrow and a wide terminal."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from forensics.case import Case
from forensics.output.key_text import render_key
from forensics.output.lines import cells, lay_out
from tests.output.golden import same_as_golden
from tests.simulator import sample

KEYS = {
    "leaked": sample.LEAKED_KEY,
    "deep": sample.DEEP_KEY,
    "persistence": sample.PERSISTENCE_KEY,
    "second_persistence": sample.SECOND_PERSISTENCE_KEY,
    "stolen_workload": sample.STOLEN_WORKLOAD_KEY,
    "unknown": "AKIAQQQQQQQQQQQQQQQQ",
}
WHOLE = re.compile(r"\bA[KSIR][IDO]A[A-Z0-9]{12,}\b|\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\barn:[^\s,]+")


@pytest.mark.parametrize("width", [80, 120])
def test_pages_of_the_sample(sample_case: Path, width: int) -> None:
    with Case.open(sample_case) as case:
        for name, key in KEYS.items():
            same_as_golden(f"key_{name}_{width}", lay_out(render_key(case.key(key)), width))


def test_identifiers_are_whole_and_lines_fit(sample_case: Path) -> None:
    with Case.open(sample_case) as case:
        page = case.key(sample.DEEP_KEY)
    whole = lay_out(render_key(page), None)
    for width in (40, 80):
        narrow = lay_out(render_key(page), width)
        assert WHOLE.findall(narrow) == WHOLE.findall(whole)
    assert all(cells(row) <= 80 or len(row.split()) == 1 for row in narrow.splitlines())
    colored = lay_out(render_key(page), 80, color=True)
    assert re.sub(r"\x1b\[[\d;]*m", "", colored) == narrow
