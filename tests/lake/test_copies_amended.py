"""Addenda: an event has the values of its newest addendum, counts once, and does not depend on the order of arrival."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lake.cases import add, put, record, rows, state

Json = dict[str, Any]


def addendum(number: int, name: str, updated: object, reason: str = "UPDATED_DATA", **fields: Any) -> Json:
    return record(
        number,
        eventID=name,
        addendum={"reason": reason, "updatedFields": updated, "originalEventID": f"id-{number}"},
        **fields,
    )


def test_the_event_says_what_its_addendum_updates_and_keeps_its_bytes(tmp_path: Path) -> None:
    put(tmp_path / "a.json", record(1, errorCode="old", userAgent="old"))
    newer = addendum(
        1, "later", "responseElements,errorCode", errorCode="new", userAgent="new", responseElements={"a": 1}
    )
    put(tmp_path / "b.json", newer)
    add(tmp_path / "case", tmp_path / "a.json", tmp_path / "b.json")
    ((event_id, code, agent, flags, amends, text, raw),) = rows(
        tmp_path / "case", "events", "event_id, error_code, user_agent, flags, amends, record, raw"
    )
    assert (event_id, code, agent, flags, amends) == ("id-1", "new", "old", "amended", None)
    assert json.loads(text)["responseElements"] == {"a": 1}
    assert json.loads(raw) == record(1, errorCode="old", userAgent="old")
    assert len(rows(tmp_path / "case", "event_addenda")) == 1
    assert rows(tmp_path / "case", "event_conflicts") == []


@pytest.mark.parametrize("reason", ["DELIVERY_DELAY", "SERVICE_OUTAGE", None])
def test_an_event_that_came_late_amends_nothing(tmp_path: Path, reason: str | None) -> None:
    put(tmp_path / "a.json", record(1), addendum(1, "late", "errorCode", str(reason), errorCode="new"))
    add(tmp_path / "case", tmp_path / "a.json")
    assert rows(tmp_path / "case", "events", "event_id, error_code, flags") == [
        ("id-1", None, None),
        ("late", "new", None),
    ]


def test_an_addendum_without_its_event_is_shown_by_itself(tmp_path: Path) -> None:
    put(tmp_path / "b.json", addendum(1, "later", ["errorCode"], errorCode="new"))
    add(tmp_path / "case", tmp_path / "b.json")
    assert rows(tmp_path / "case", "events", "event_id, amends") == [("later", "id-1")]


def test_what_proves_nothing_amends_nothing_and_an_addendum_proves_no_more_than_its_event(tmp_path: Path) -> None:
    sound, newer = json.dumps(record(1))[1:], json.dumps(addendum(1, "later", "errorCode", errorCode="new"))[1:]
    (tmp_path / "a.json").write_text('{"errorCode":"a",' + sound)
    (tmp_path / "b.json").write_text('{"eventName":"a",' + newer)
    (tmp_path / "c.json").write_text('{"eventName":"a",' + sound)
    add(tmp_path / "one", tmp_path / "a.json", tmp_path / "b.json")
    assert [row[0] for row in rows(tmp_path / "one", "events", "event_id")] == ["id-1", "later"]
    (tmp_path / "b.json").write_text("{" + newer)
    add(tmp_path / "two", tmp_path / "c.json", tmp_path / "b.json")
    assert rows(tmp_path / "two", "events", "error_code, flags, unreliable") == [("new", "amended,repeated_key", True)]


piece = st.one_of(
    st.tuples(st.just("event"), st.integers(0, 1), st.sampled_from("ab"), st.integers(0, 1)),
    st.tuples(
        st.sampled_from(["first", "second"]),
        st.integers(0, 1),
        st.sampled_from(["errorCode", "userAgent"]),
        st.integers(0, 1),
    ),
)


def spelled(kind: str, number: int, what: str, order: int) -> Json:
    event = record(number, userAgent=what)
    newer = addendum(number, f"{kind}-{number}-{what}", what, errorCode=kind, userAgent=kind)
    said = event if kind == "event" else newer
    return dict(reversed(said.items())) if order else said


@given(pieces=st.lists(piece, min_size=2, max_size=7), cuts=st.lists(st.integers(1, 6), max_size=2), seed=st.integers())
@settings(deadline=None, max_examples=8)
def test_what_came_first_changes_nothing(pieces: list[tuple[str, int, str, int]], cuts: list[int], seed: int) -> None:
    with TemporaryDirectory() as folder:
        logs = [put(Path(folder, f"{number}.json"), spelled(*one)) for number, one in enumerate(pieces)]
        add(Path(folder, "one"), *logs)
        Random(seed).shuffle(logs)
        for start, end in pairwise([0, *sorted(cuts), len(logs)]):
            add(Path(folder, "other"), *logs[start:end])
        assert state(Path(folder, "one")) == state(Path(folder, "other"))
        assert rows(Path(folder, "one"), "event_addenda") == rows(Path(folder, "other"), "event_addenda")
