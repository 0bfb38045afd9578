"""Layout: a case is private, created completely or not at all, and written by one ingest at a time."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from forensics.errors import CaseBusy, NotACase
from forensics.files.regular_files import write_private
from forensics.lake.copies import CONFLICT_COPIES_SCHEMA, CONFLICTS_SCHEMA, COPIES_SCHEMA
from forensics.lake.layout import FORMAT_VERSION, Layout, create, only_ingest, open_existing
from forensics.records.arrow_schema import ADDENDA_SCHEMA, DOCUMENTS_SCHEMA, LAKE_SCHEMA, QUARANTINE_SCHEMA
from tests.lake.cases import add, put, record


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_everything_in_a_case_is_its_owners_alone(tmp_path: Path) -> None:
    put(tmp_path / "logs" / "a.json", record(1), record(1, eventName="Other"), {"x": 1}, record(2), record(2))
    add(tmp_path / "case", tmp_path / "logs")
    assert mode(tmp_path / "case") == 0o700
    for path in (tmp_path / "case").rglob("*"):
        assert mode(path) == (0o700 if path.is_dir() else 0o600), path


def test_a_case_is_made_in_an_empty_folder_or_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir(mode=0o755)
    for root in (tmp_path / "empty", tmp_path / "new" / "deep"):
        layout = create(root)
        assert mode(root) == 0o700
        assert open_existing(root) == create(root) == layout
        assert json.loads(layout.case_file.read_text())["format_version"] == FORMAT_VERSION


def test_a_case_whose_making_was_cut_short_is_made_again(tmp_path: Path) -> None:
    (tmp_path / ".case.json.new").write_text('{"case_')
    create(tmp_path)
    assert not (tmp_path / ".case.json.new").exists()
    (tmp_path / "manifest.jsonl").unlink()
    assert add(tmp_path, put(tmp_path.parent / "a.json", record(1))).commit.events == 1


def test_a_folder_with_something_else_in_it_becomes_no_case(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(NotACase, match="not a case and not empty"):
        create(tmp_path)
    with pytest.raises(NotACase, match="not empty"):
        create(tmp_path / "thesis.txt")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "no case.json"),
        ("", "damaged"),
        ("[]", "damaged"),
        ("{}", "damaged"),
        (json.dumps({"format_version": FORMAT_VERSION + 1}), "newer version"),
        (json.dumps({"format_version": FORMAT_VERSION - 1}), "older version.*ingest its logs again"),
        ('{"format_version": "x"}', "damaged.*format_version"),
        (json.dumps({"format_version": FORMAT_VERSION, "case_ie": "x"}), "damaged.*case_ie"),
        (json.dumps({"format_version": FORMAT_VERSION, "case_id": "x"}), "damaged.*case_id"),
    ],
)
def test_what_is_no_case_is_told(tmp_path: Path, text: str | None, message: str) -> None:
    if text is not None:
        (tmp_path / "case.json").write_text(text)
    with pytest.raises(NotACase, match=message):
        open_existing(tmp_path)


def test_a_case_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotACase, match="there is no case"):
        open_existing(tmp_path / "nowhere")


def test_other_columns_are_another_format() -> None:
    """Change both together: otherwise, a case of the earlier format would fail at a missing column."""
    schemas = (
        *(LAKE_SCHEMA, DOCUMENTS_SCHEMA, ADDENDA_SCHEMA, QUARANTINE_SCHEMA),
        *(COPIES_SCHEMA, CONFLICTS_SCHEMA, CONFLICT_COPIES_SCHEMA),
    )
    columns = [(field.name, str(field.type)) for schema in schemas for field in schema]
    assert (FORMAT_VERSION, hashlib.sha256(repr(columns).encode()).hexdigest()[:16]) == (5, "5ae68485afd84d61")


@pytest.mark.parametrize("name", ["Example*", "Example?", "Example[1]"])
def test_a_path_that_duckdb_reads_as_a_pattern_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotACase, match="treats as a glob pattern"):
        create(tmp_path / name / "case")
    assert not list(tmp_path.iterdir())
    (tmp_path / name).mkdir()
    (tmp_path / "link").symlink_to(tmp_path / name)
    with pytest.raises(NotACase, match="treats as a glob pattern"):
        create(tmp_path / "link" / "case")


def test_one_ingest_at_a_time_and_the_holder_is_named(tmp_path: Path) -> None:
    layout = create(tmp_path)
    with only_ingest(layout), pytest.raises(CaseBusy, match=r"process \d+ on "), only_ingest(layout):
        pass
    with only_ingest(layout):
        pass


def test_the_lock_ends_with_its_process(tmp_path: Path) -> None:
    layout = create(tmp_path)
    script = (
        "import sys, time; from pathlib import Path; from forensics.lake.layout import *\n"
        "with only_ingest(Layout(Path(sys.argv[1]))): print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(CaseBusy, match=f"process {holder.pid} "), only_ingest(layout):
            pass
        holder.kill()
        holder.wait()
    with only_ingest(layout):
        pass


def test_a_private_file_is_replaced_wholly(tmp_path: Path) -> None:
    path = tmp_path / "x"
    write_private(path, "first")
    write_private(path, "second \u00e9")
    assert path.read_text(encoding="utf-8") == "second \u00e9"
    assert mode(path) == 0o600
    assert list(tmp_path.iterdir()) == [path]
    assert Layout(tmp_path).lake == tmp_path / "lake"


def test_a_path_that_is_not_utf_8_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"\xff")
    with pytest.raises(NotACase, match="not UTF-8"):
        create(folder)
    assert not folder.exists()
    folder.mkdir()
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(NotACase, match="not UTF-8"):
        open_existing(tmp_path / "link")
