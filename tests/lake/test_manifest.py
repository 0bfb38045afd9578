"""Manifest: lines up to the last commit count, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.lake.manifest import (
    AnyLine,
    Commit,
    DamagedManifest,
    LakeFile,
    Removed,
    SourceFile,
    append,
    last_commit,
    read,
)

MOMENT = datetime(2026, 10, 1, tzinfo=UTC)


def commit(number: int) -> Commit:
    return Commit(f"ingest-{number}", MOMENT, "1", number, number, 0, 0)


def lake_file(path: str) -> LakeFile:
    return LakeFile("events", path, 1, 2, "sha")


name = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
source = st.builds(
    SourceFile, name, name, st.sampled_from(["ok", "failed"]), st.none() | st.just('{"type":"commit"}\n') | name
)


@given(st.lists(st.lists(source, max_size=3), max_size=4), st.binary(max_size=40))
@settings(deadline=None, max_examples=60)
def test_what_was_committed_is_read_back_whatever_stands_behind_it(
    ingests: list[list[SourceFile]], garbage: bytes
) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "manifest.jsonl")
        for number, files in enumerate(ingests):
            append(path, files, commit(number))
            with path.open("ab") as file:
                file.write(garbage)
            assert read(path).commit == last_commit(path) == commit(number)
        assert read(path).source_files == [file for files in ingests for file in files]
        append(path, [], commit(9))
        assert garbage == b"" or not path.read_bytes().endswith(garbage)
        assert read(path).commit == last_commit(path) == commit(9)


def test_a_commit_that_was_cut_anywhere_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "manifest.jsonl"
    append(path, [lake_file("a")], commit(1))
    first = path.read_bytes()
    append(path, [lake_file("b"), Removed("a")], commit(2))
    whole = path.read_bytes()
    for end in range(len(first), len(whole)):
        path.write_bytes(whole[:end])
        assert set(read(path).lake_files) == {"a"}
        assert last_commit(path) == commit(1)
    path.write_bytes(whole)
    assert set(read(path).lake_files) == {"b"}


def test_files_of_a_table_come_in_order(tmp_path: Path) -> None:
    path = tmp_path / "manifest.jsonl"
    lines: list[AnyLine] = [lake_file("b"), lake_file("a"), LakeFile("quarantine", "q", 1, 2, "sha")]
    append(path, lines, commit(1))
    assert read(path).of_table("events") == ["a", "b"]
    assert read(path).of_table("quarantine") == ["q"]


def test_no_manifest_is_an_empty_one(tmp_path: Path) -> None:
    manifest = read(tmp_path / "manifest.jsonl")
    assert (manifest.source_files, manifest.lake_files, manifest.commit) == ([], {}, None)
    assert last_commit(tmp_path / "manifest.jsonl") is None


def test_a_damaged_committed_line_is_told(tmp_path: Path) -> None:
    path = tmp_path / "manifest.jsonl"
    append(path, [lake_file("a")], commit(1))
    path.write_bytes(path.read_bytes().replace(b'"rows":1', b'"rows":x'))
    with pytest.raises(DamagedManifest, match="is damaged"):
        read(path)
    path.write_bytes(path.read_bytes().replace(b'"events":1', b'"events":x'))
    with pytest.raises(DamagedManifest, match="is damaged"):
        last_commit(path)
