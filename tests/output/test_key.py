"""Screens of `key` on a narrow and a wide terminal."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from forensics.answers.key_answer import Sensitive
from forensics.case import Case
from forensics.output.key_text import render_key
from forensics.output.key_use_text import sensitive_lines
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


@pytest.mark.parametrize("width", [80, 160])
def test_what_still_works_is_in_the_first_ten_lines(sample_case: Path, width: int) -> None:
    with Case.open(sample_case) as case:
        top = lay_out(render_key(case.key(sample.LEAKED_KEY)), width).splitlines()[:10]
    still_valid = next(place for place, row in enumerate(top) if "still valid at 2026-10-05 23:57:04Z" in row)
    for key in (sample.PERSISTENCE_KEY, sample.SECOND_PERSISTENCE_KEY):
        assert any(f"key {key} of svc-" in row and "possibly" not in row for row in top[still_valid + 1 :])
    assert any(f"possibly key {sample.LEAKED_KEY} (this key)" in row for row in top)


def test_grave_and_rare_calls_are_shown_before_common_ones(sample_case: Path) -> None:
    with Case.open(sample_case) as case:
        shown = lay_out(render_key(case.key(sample.LEAKED_KEY)), None)
    calls = shown.partition("Sensitive calls")[2].partition("\n\n")[0]
    places = [calls.index(f"\n  {name}  ") for name in ("CreateUser", "GetSecretValue", "GetObject")]
    assert places == sorted(places)
    assert calls.lstrip("\n").split("\n")[1].startswith("  CreateUser  1 succeeded")
    assert "UpdateFunctionCode" not in calls


def test_many_grave_calls_are_cut_by_gravity_and_rarity_and_not_by_time() -> None:
    common = [_sensitive(f"Get{number:02}", 0.1, number) for number in range(20)]
    late = _sensitive("CreateUser", 1.5, 40)
    shown = lay_out(sensitive_lines([*common, late]), None)
    assert shown.startswith("CreateUser")
    assert "and 11 less sensitive or more common actions; --all lists them" in shown
    assert "Get19" in lay_out(sensitive_lines([*common, late], every=True), None)


def test_many_created_keys_are_bounded_and_those_that_work_come_first(sample_case: Path) -> None:
    with Case.open(sample_case) as case:
        page = case.key(sample.LEAKED_KEY)
    made = [
        replace(page.children.made_keys[0], access_key_id=f"AKIA{number:016}", valid_at=number == 2_999)
        for number in range(3_000)
    ]
    many = replace(page, children=replace(page.children, made_keys=tuple(made)))
    shown = lay_out(render_key(many), 80)
    assert f"AKIA{2_999:016}" in shown and "and 2,993 more created keys; --all lists them" in shown
    assert len(shown.splitlines()) < 400
    assert lay_out(render_key(many, every=True), 80).count(f"AKIA{1_500:016}") == 2


def _sensitive(name: str, score: float, minute: int) -> Sensitive:
    at = datetime(2026, 10, 1, 12, minute, tzinfo=UTC)
    return Sensitive(
        "persistence",
        "T1136.003",
        "Create Account",
        "iam.amazonaws.com",
        name,
        1,
        0,
        0,
        at,
        at,
        None,
        (),
        0,
        (),
        1,
        score,
    )


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
