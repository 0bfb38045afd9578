"""Accounting: every file and record is told of, and where what was read is not what there is, that is told too."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from forensics.case import Case
from tests.attribution.records import Account, call, write
from tests.cli.run import run

HOME = Account("111111111111")
ALICE = HOME.user("alice")
NEW = {"type": "IAMUser", "invokedByMachine": {"accountId": "1"}, "sessionContext": {"moodOfCaller": "x"}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("accounting")
    logs = write([call(ALICE.signs(), second) for second in (0, 10)], folder / "logs")
    new = [{**call(ALICE.signs(), second), "eventMood": {}} for second in (20, 30)]
    new[1]["userIdentity"] |= NEW
    (logs / "new.json").write_text(json.dumps({"Records": [*new, {"x": 1}]}))
    with Case.create(folder / "case") as case:
        case.ingest([logs])
    return folder


def test_fields_that_nothing_knows_are_counted(folder: Path) -> None:
    with Case.open(folder / "case") as case:
        assert case.info().unknown_fields == {
            "eventMood": 2,
            "userIdentity.invokedByMachine": 1,
            "userIdentity.sessionContext.moodOfCaller": 1,
        }
        found = case.sql_rows("select record ->> '$.userIdentity.sessionContext.moodOfCaller' as mood from events")
        assert ("x",) in found.rows
    shown = run("info", "--case", folder / "case", width=200)
    assert shown.code == 0
    assert "eventMood (2 records), userIdentity.invokedByMachine (1 record)" in shown.out


def test_all_adds_up(folder: Path) -> None:
    with Case.open(folder / "case") as case:
        assert case.info().mismatch is None
        files = [dict(zip(case.files().columns, row, strict=True)) for row in case.files().rows]
        assert all(file["records"] == file["stored"] + file["copies"] + file["addenda"] for file in files)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"records": 5}, "new.json: records read 5, stored 2"),
        ({"records": 1}, "new.json: records read 1, stored 2"),
        ({"rejected": 2}, "new.json: rejected records read 2, stored 1"),
        ({"sha256": "0" * 64}, "new.json: records read 2, stored 0"),
        ({"sha256": None}, "the case has records of 1 file(s) that its manifest does not list"),
    ],
)
def test_what_does_not_add_up_is_told_in_one_line(
    folder: Path, change: dict[str, Any], told: str, tmp_path: Path
) -> None:
    case = shutil.copytree(folder / "case", tmp_path / "case")
    (case / "custody.jsonl").unlink()  # a manifest that differs from the log is refused before anything is counted
    manifest = case / "manifest.jsonl"
    lines = [json.loads(line) for line in manifest.read_text().splitlines()]
    changed = [{**line, **change} if line.get("name") == "new.json" else line for line in lines]
    manifest.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in changed))
    for command in (["info"], ["info", "--files"]):
        done = run(*command, "--case", case)
        assert done.code == 1
        assert done.out
        assert told in done.complaint and "ingest the logs into a new case" in done.complaint
