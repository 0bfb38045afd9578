"""Manifest: only lines up to the last commit are used."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.errors import DamagedManifest
from forensics.lake.manifest import AnyLine, Commit, LakeFile, Removed, SourceFile, append, last_commit, read

MOMENT = datetime(2026, 10, 1, tzinfo=UTC)


SHA256 = "0" * 64
A, B = (f"lake/events/event_date=2026-10-01/{letter * 12}.parquet" for letter in "ab")


def commit(number: int, events: int = 0, rejected: int = 0) -> Commit:
    return Commit(f"{number:012x}", MOMENT, "1", events, events, 0, rejected)


def lake_file(path: str) -> LakeFile:
    return LakeFile("events", path, 1, 2, SHA256)


name = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
source = st.builds(
    SourceFile, name, name, st.sampled_from(["ok", "failed"]), st.none() | st.just('{"type":"commit"}\n') | name
)


@given(st.lists(st.lists(source, max_size=3), max_size=4), st.binary(max_size=40).filter(lambda cut: b"\n" not in cut))
@settings(deadline=None, max_examples=60)
def test_what_was_committed_is_read_back_whatever_cut_line_follows(
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
    append(path, [lake_file(A)], commit(1, 1))
    first = path.read_bytes()
    append(path, [lake_file(B), Removed(A)], commit(2, 1))
    whole = path.read_bytes()
    for end in range(len(first), len(whole)):
        path.write_bytes(whole[:end])
        assert set(read(path).lake_files) == {A}
        assert last_commit(path) == commit(1, 1)
    path.write_bytes(whole)
    assert set(read(path).lake_files) == {B}


def test_files_of_a_table_come_in_order(tmp_path: Path) -> None:
    path = tmp_path / "manifest.jsonl"
    quarantine = f"lake/quarantine/{'c' * 12}-0.parquet"
    lines: list[AnyLine] = [lake_file(B), lake_file(A), LakeFile("quarantine", quarantine, 1, 2, SHA256)]
    append(path, lines, commit(1, 2, 1))
    assert read(path).of_table("events") == [A, B]
    assert read(path).of_table("quarantine") == [quarantine]


def test_no_manifest_is_an_empty_one(tmp_path: Path) -> None:
    manifest = read(tmp_path / "manifest.jsonl")
    assert (manifest.source_files, manifest.lake_files, manifest.commit) == ([], {}, None)
    assert last_commit(tmp_path / "manifest.jsonl") is None


def test_a_damaged_committed_line_is_told(tmp_path: Path) -> None:
    path = tmp_path / "manifest.jsonl"
    append(path, [lake_file(A)], commit(1, 1))
    path.write_bytes(path.read_bytes().replace(b'"rows":1', b'"rows":x'))
    with pytest.raises(DamagedManifest, match=r"manifest.jsonl, line 1 is damaged: .*`forensics verify`"):
        read(path)
    path.write_bytes(path.read_bytes().replace(b'"events":1', b'"events":x'))
    with pytest.raises(DamagedManifest, match="is damaged"):
        last_commit(path)
