"""Copies: order, split and duplication of files do not matter; copies that differ are conflicts."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.formats.record_stream import Delivery, Records
from forensics.lake import layout as layouts
from forensics.lake import manifest as manifests
from forensics.lake.copies import settle
from forensics.lake.manifest import Commit, Removed, SourceFile
from forensics.lake.parts import PartWriter
from forensics.records.columns import SourceRecords, to_batch
from tests.lake.cases import add, events, listed, lying, places, put, record, rows, state
from tests.simulator import shuffled, simulate, write

BODIES = ("", "a", "b", "c")
copy_of_an_event = st.tuples(st.integers(0, 4), st.sampled_from(BODIES), st.booleans())


def spelled(number: int, body: str, reordered: bool) -> str:
    one = record(number, **({"requestParameters": {"body": body}} if body else {}))
    return json.dumps(dict(reversed(one.items())) if reordered else one)


def make(folder: Path, files: list[list[tuple[int, str, bool]]]) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number}.json" for number in range(len(files))]
    for path, copies in zip(paths, files, strict=True):
        path.write_text("\n".join(spelled(*one) for one in copies))
    return paths


@given(
    files=st.lists(st.lists(copy_of_an_event, min_size=1, max_size=4), min_size=2, max_size=5),
    cuts=st.lists(st.integers(0, 5), max_size=2),
    seed=st.integers(0, 99),
)
@settings(deadline=None, max_examples=7)
def test_the_order_of_files_and_the_ingest_that_brought_them_change_nothing(
    files: list[list[tuple[int, str, bool]]], cuts: list[int], seed: int
) -> None:
    with TemporaryDirectory() as folder:
        paths = make(Path(folder, "logs"), files)
        add(Path(folder, "one"), *paths)
        Random(seed).shuffle(paths)
        bounds = [0, *sorted(cuts), len(paths)]
        for start, end in pairwise(bounds):
            add(Path(folder, "other"), *paths[start:end])
        assert state(Path(folder, "one")) == state(Path(folder, "other"))
        assert lying(Path(folder, "one")) == listed(Path(folder, "one"))


@given(
    copies=st.lists(copy_of_an_event, min_size=2, max_size=12),
    cuts=st.lists(st.integers(0, 12), max_size=3),
    seed=st.integers(0, 99),
)
@settings(deadline=None, max_examples=7)
def test_the_grouping_of_records_into_files_changes_no_event_and_no_conflict(
    copies: list[tuple[int, str, bool]], cuts: list[int], seed: int
) -> None:
    with TemporaryDirectory() as folder:
        add(Path(folder, "one"), *make(Path(folder, "whole"), [copies]))
        mixed = copies + copies[:2]
        Random(seed).shuffle(mixed)
        bounds = [0, *sorted(cuts), len(mixed)]
        parts = [mixed[start:end] for start, end in pairwise(bounds)]
        add(Path(folder, "other"), *make(Path(folder, "parts"), parts))
        assert events(Path(folder, "one")) == events(Path(folder, "other"))
        assert rows(Path(folder, "one"), "event_conflicts") == rows(Path(folder, "other"), "event_conflicts")
        assert len(rows(Path(folder, "one"), "events")) == len({number for number, _, _ in copies})


def test_a_simulated_world_is_the_same_however_it_is_delivered(tmp_path: Path) -> None:
    world = simulate(3, 600)
    write(world.files, tmp_path / "logs")
    write(shuffled(world.files, 4), tmp_path / "mixed")
    add(tmp_path / "one", tmp_path / "logs")
    add(tmp_path / "other", tmp_path / "mixed")
    assert events(tmp_path / "one") == events(tmp_path / "other")
    assert len(events(tmp_path / "one")) == len(world.events)
    assert rows(tmp_path / "one", "event_conflicts") == []
    contents = {
        json.dumps(file.records): len(file.records) for file in world.files
    }  # a second trail repeats some files
    copies = sum(contents.values()) - len(world.events)
    assert len(rows(tmp_path / "one", "event_copies")) == copies > 0


def test_identical_bytes_under_two_names_are_one_file(tmp_path: Path) -> None:
    put(tmp_path / "logs" / "b.json", record(1), record(2), record(2))
    add(tmp_path / "one", tmp_path / "logs")
    shutil.copy(tmp_path / "logs" / "b.json", tmp_path / "logs" / "a.json")
    ingested = add(tmp_path / "other", tmp_path / "logs")
    assert [(file.name, file.status) for file in ingested.source_files] == [("a.json", "ok"), ("b.json", "duplicate")]
    assert state(tmp_path / "one") == state(tmp_path / "other")


def test_copies_that_say_the_same_in_other_words_are_no_conflict(tmp_path: Path) -> None:
    make(tmp_path / "logs", [[(1, "a", False)], [(1, "a", True)]])
    add(tmp_path / "case", tmp_path / "logs")
    assert len(events(tmp_path / "case")) == 1
    assert rows(tmp_path / "case", "event_conflicts") == []
    assert len(places(tmp_path / "case")) == 2


@pytest.mark.parametrize(
    ("fields", "differs_in", "proves_nothing"),
    [
        ({"userAgent": "x"}, "userAgent", False),
        ({"requestParameters": {"a": 1}}, "requestParameters", True),
        ({"responseElements": {"a": 1}, "userAgent": "x"}, "responseElements,userAgent", True),
        ({"userIdentity": {"type": "Root"}}, "userIdentity", True),
    ],
)
def test_a_conflict_says_where_copies_differ_and_whether_that_decides(
    tmp_path: Path, fields: dict[str, object], differs_in: str, proves_nothing: bool
) -> None:
    put(tmp_path / "logs" / "a.json", record(1))
    put(tmp_path / "logs" / "b.json", record(1, **fields))
    add(tmp_path / "case", tmp_path / "logs")
    found = rows(tmp_path / "case", "event_conflicts", "event_key, differs_in, proves_nothing")
    assert found == [("id-1/111122223333", differs_in, proves_nothing)]


WAYS = tuple(Delivery)
delivered_copy = st.tuples(st.integers(0, 2), st.sampled_from(BODIES), st.sampled_from(WAYS))


def deliver(case: Path, copies: list[tuple[int, str, Delivery]]) -> None:
    """Ingest copies with different deliveries at once."""
    layout = layouts.create(case)
    before = manifests.read(layout.manifest)
    ingest_id = f"{len(before.source_files):012x}"
    writer = PartWriter(case, ingest_id)
    sources = []
    for number, (event, body, way) in enumerate(copies):
        raw = spelled(event, body, reordered=False).encode()
        sources.append(
            SourceFile(f"{ingest_id}-{number}", "path", "ok", sha256=hashlib.sha256(raw + way.encode()).hexdigest())
        )
        writer.add(to_batch([SourceRecords(Records(0, [raw], delivery=way), str(sources[-1].sha256))], {}).events)
    settled = settle(layout, before, writer.close(), ingest_id)
    lines: list[manifests.AnyLine] = [
        *sources,
        *settled.lake_files,
        *(Removed(path) for path in settled.removed if path in before.lake_files),
    ]
    after = before.lake_files | {file.path: file for file in settled.lake_files}
    counted = Counter[str]()
    for path in after.keys() - set(settled.removed):
        counted[after[path].table] += after[path].rows
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    manifests.append(layout.manifest, lines, Commit(ingest_id, moment, "test", **manifests.row_counts(counted)))


@given(copies=st.lists(delivered_copy, min_size=1, max_size=7), cut=st.integers(0, 6), seed=st.integers(0, 99))
@settings(deadline=None, max_examples=8)
def test_native_beats_wrapped_beats_rebuilt_whatever_came_first(
    copies: list[tuple[int, str, Delivery]], cut: int, seed: int
) -> None:
    with TemporaryDirectory() as folder:
        one, other = Path(folder, "one"), Path(folder, "other")
        deliver(one, copies)
        mixed = Random(seed).sample(copies, len(copies))
        for some in (mixed[:cut], mixed[cut:]):
            if some:
                deliver(other, some)
        assert events(one) == events(other)
        assert rows(one, "event_conflicts") == rows(other, "event_conflicts")
        ways = {
            f"id-{number}": min(WAYS.index(way) for event, _, way in copies if event == number)
            for number, _, _ in copies
        }
        stored = rows(one, "events", "event_id, delivery")
        assert stored == sorted((event_id, WAYS[way]) for event_id, way in ways.items())
        for key, delivery, proves_nothing in rows(one, "event_conflicts", "event_key, delivery, proves_nothing"):
            assert delivery != "rebuilt"
            assert proves_nothing == (delivery == WAYS[ways[key.partition("/")[0]]])


def test_copies_in_two_accounts_are_two_events(tmp_path: Path) -> None:
    put(tmp_path / "a.json", record(1), record(1, recipientAccountId="444455556666"))
    add(tmp_path / "case", tmp_path / "a.json")
    assert len(events(tmp_path / "case")) == 2


def test_events_without_an_id_are_told_apart_by_what_they_say(tmp_path: Path) -> None:
    put(tmp_path / "a.json", record(1, eventID=None), record(1, eventID=None), record(2, eventID=None))
    add(tmp_path / "case", tmp_path / "a.json")
    assert len(events(tmp_path / "case")) == 2
    assert len(rows(tmp_path / "case", "event_copies")) == 1


def test_the_sound_copy_of_an_event_is_the_event(tmp_path: Path) -> None:
    sound = json.dumps(record(7), separators=(",", ":"))
    for number in range(6):  # the hashes of the sources differ, so that either can be the first
        (tmp_path / f"broken-{number}.json").write_text(f'[{{"eventID":"{number},{sound}]')
    put(tmp_path / "sound.json", record(7))
    add(tmp_path / "case", tmp_path / "sound.json", *tmp_path.glob("broken-*.json"))
    assert rows(tmp_path / "case", "events", "unreliable, flags") == [(False, None)]
    assert len(places(tmp_path / "case")) == 7


def test_a_file_that_is_read_again_adds_no_copies(tmp_path: Path) -> None:
    whole = json.dumps({"Records": [record(1), record(1), record(2), {"x": 1}]})
    (tmp_path / "cut.json").write_text(whole[:-2])
    add(tmp_path / "case", tmp_path / "cut.json")
    before = state(tmp_path / "case")
    assert len(before["quarantine"]) == 2
    ingested = add(tmp_path / "case", tmp_path / "cut.json")
    assert ingested.source_files[0].status == "failed"
    assert state(tmp_path / "case") == before


@pytest.mark.parametrize("name", ['"\\ud800"', '"\\u0000"', '"plain"'])
@pytest.mark.parametrize("value", ["1", "1" + "0" * 5_000, '"\\ud800"'], ids=["one", "huge", "surrogate"])
def test_copies_that_differ_in_what_no_text_can_hold_are_a_conflict(name: str, value: str, tmp_path: Path) -> None:
    text = json.dumps(record(1)).rstrip("}")
    (tmp_path / "a").write_text(f"{text}}}")
    (tmp_path / "b").write_text(f"{text}, {name}: {value}}}")
    add(tmp_path / "case", tmp_path / "a", tmp_path / "b")
    assert len(rows(tmp_path / "case", "event_conflicts")) == 1
