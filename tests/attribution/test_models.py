"""Models: each says what its table is and its grain, and keeps to SQL that means the same on another engine."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from forensics.attribution.order import model

NAMES = sorted(
    file.name.removesuffix(".sql")
    for file in (resources.files("forensics.attribution") / "sql").iterdir()
    if file.name.endswith(".sql")
)
# what design, section 2, leaves to the parser: it has no equal elsewhere, or another meaning
ELSEWHERE = (
    r"\b(recursive|asof|distinct on|qualify|json_\w+|strptime|exclude|list_\w+|arg_min|arg_max|any_value|first)\b"
)


@pytest.mark.parametrize("name", NAMES)
def test_a_model_says_what_its_table_is_and_its_grain(name: str) -> None:
    header = model(name).partition("\n\n")[0]
    assert re.match(rf"-- {name}: ", header)
    assert "-- Grain: " in header or ". Grain: " in header
    assert all(line.startswith("-- ") for line in header.splitlines())


@pytest.mark.parametrize("name", NAMES)
def test_a_model_reads_well_and_means_the_same_elsewhere(name: str) -> None:
    text = model(name)
    assert max(map(len, text.splitlines())) <= 120
    assert not re.search(r"[ \t]$", text, re.MULTILINE)
    statement = re.sub(r"--.*|'[^']*'", "", text)
    assert not re.findall(ELSEWHERE, statement, re.IGNORECASE)


def test_credentials_of_one_day_and_of_several_have_their_columns_in_one_order() -> None:
    """The two are put together by position, and all of one type: one out of place would say another's value."""
    merged = model("credentials").partition("merged as (")[2].partition("),\n\nissued")[0].partition("union all")[2]
    assert _columns(merged) == _columns(model("credential_days"))


def _columns(select: str) -> list[str]:
    """The names of what a select gives, each at the end of its line."""
    listed = re.sub(r"--.*", "", select).partition("select\n")[2].partition("from credential_days")[0]
    listed = listed.partition("from changed_events")[0]
    return re.findall(
        r"(?:\bas |^ +|\.)(\w+),?$", re.sub(r"\bcase\n.*?\bend\b", "", listed, flags=re.DOTALL), re.MULTILINE
    )
