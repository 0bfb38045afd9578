"""Models: each says what its table is and its grain, and keeps to SQL that means the same on another engine."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any

import duckdb
import pytest

from forensics.attribution import order
from forensics.attribution.order import model

NAMES = sorted(
    file.name.removesuffix(".sql")
    for file in (resources.files("forensics.attribution") / "sql").iterdir()
    if file.name.endswith(".sql")
)
# what the parser does, not the models (docs/architecture.md#models): it has no equal elsewhere, or another meaning
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
        r"(?:\bas |^ +(?=\w+,)|\.)(\w+),?$", re.sub(r"\bcase\n.*?\bend\b", "", listed, flags=re.DOTALL), re.MULTILINE
    )


# made by the loop of `order`, by `build`, or as a view
_OF_THE_LOOP = ("contested", "chosen", "hops", "reached", "names")
_DOWNWARDS = ("hops_beyond_walk", "derived_beyond_walk")
_OF_NAMES = ("user_names", "named_users", "renamed_users")
_OF_BUILD = ("credential_days", "attributed_events")
_AFTER_LOOP = (*order.AFTER_WALK, *_DOWNWARDS, *order.AFTER_DESCENTS)
_MADE = [*order.BEFORE_NAMES, *_OF_NAMES, *order.BEFORE_WALK, *_OF_THE_LOOP, *_AFTER_LOOP]
_BEFORE_ALL = {"events", "changed_events", "event_copies", "source_files", "exported_principals", "credential_days"}


def test_the_written_order_is_that_of_what_each_model_reads() -> None:
    made = {*_BEFORE_ALL, "contested", "renamed_users"}  # the loops begin with empty ones
    start = {"hops": "reached", "hops_beyond_walk": "derived_beyond_walk"}
    for name in (*order.BEFORE_NAMES, *_OF_NAMES, *order.BEFORE_WALK, *_OF_THE_LOOP[1:], "contested", *_AFTER_LOOP):
        assert reads(name) - {name} <= made, name
        made.add(start.get(name, name))
    assert {*_MADE, *_OF_BUILD} == set(NAMES)


def test_scratch_is_dropped_after_the_last_model_that_reads_it() -> None:
    for table, last in order.SCRATCH.items():
        assert last == max((name for name in _MADE if table in reads(name)), key=_MADE.index), table


@cache
def reads(name: str) -> set[str]:
    """The tables that a model reads, by DuckDB's own parser."""
    (parsed,) = duckdb.execute("select json_serialize_sql($model::varchar)", {"model": model(name)}).fetchone() or ()
    nodes = list(_nodes(json.loads(parsed)))
    own = {node["key"] for node in nodes if "key" in node}
    return {node["table_name"] for node in nodes if node.get("type") == "BASE_TABLE"} - own


def _nodes(parsed: Any) -> Iterator[dict[str, Any]]:
    if isinstance(parsed, dict):
        yield parsed
    for part in parsed.values() if isinstance(parsed, dict) else parsed if isinstance(parsed, list) else ():
        yield from _nodes(part)
