"""forensics keys, forensics accounts"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.cli.run import run
from tests.simulator import sample


def test_every_format_has_the_same_keys(sample_case: Path) -> None:
    whole = json.loads(run("keys", "--case", sample_case, "--format", "json").out)
    ids = [key["access_key_id"] for key in whole["keys"]]
    assert sample.LEAKED_KEY in ids
    lines = run("keys", "--case", sample_case, "--format", "jsonl").out.splitlines()
    assert [json.loads(line)["access_key_id"] for line in lines] == ids
    rows = list(csv.DictReader(run("keys", "--case", sample_case, "--format", "csv").out.splitlines()))
    assert [row["access_key_id"] for row in rows] == ids


@pytest.mark.parametrize("width", [80, 200])
def test_the_screens_fit(sample_case: Path, width: int) -> None:
    for command in ("keys", "accounts"):
        done = run(command, "--case", sample_case, width=width)
        assert (done.code, done.err) == (0, "")
        assert max(map(len, done.out.splitlines())) <= width
    assert "from the logs alone" in run("keys", "--case", sample_case).out


def test_what_is_too_old_is_what_was_asked_for(sample_case: Path) -> None:
    def overdue(*options: str) -> int:
        answer = json.loads(run("keys", "--case", sample_case, "--format", "json", *options).out)
        return int(answer["findings"].get("overdue_for_rotation", 0))

    assert overdue() == 0 < overdue("--max-age", "1")
    assert run("keys", "--case", sample_case, "--max-age", "0").code == 2


def test_accounts_as_rows(sample_case: Path) -> None:
    whole = json.loads(run("accounts", "--case", sample_case, "--format", "json").out)
    rows = list(csv.DictReader(run("accounts", "--case", sample_case, "--format", "csv").out.splitlines()))
    assert [row["account_id"] for row in rows] == [one["account_id"] for one in whole]
    assert len(whole) == 5


def test_an_export_as_of_a_time_and_one_that_cannot_be_read(tmp_path: Path) -> None:
    keys = {"AccessKeyMetadata": [{"UserName": "alice", "AccessKeyId": "AKIA2ICYRBJSM2TGXVBF", "Status": "Active"}]}
    (tmp_path / "keys.json").write_text(json.dumps(keys))
    (tmp_path / "cut.json").write_text(json.dumps(keys)[:-9])
    case = tmp_path / "case"
    done = run("ingest", tmp_path / "keys.json", tmp_path / "cut.json", "--as-of", "2026-10-06", "--case", case)
    assert done.code == 3
    assert "iam list-access-keys of account 704560302692, as of 2026-10-06 00:00:00Z, as stated at ingest" in done.out
    assert "cut.json: it begins like the output of `aws iam list-access-keys` but is truncated" in done.out
    page = run("key", "AKIA2ICYRBJSM2TGXVBF", "--case", case)
    assert "active according to IAM as of 2026-10-06 00:00:00Z" in page.out
    assert "alice, IAM user" in page.out and "according to IAM" in page.out and "keys.json" in page.out
