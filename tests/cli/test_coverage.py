"""forensics coverage"""

from __future__ import annotations

import csv
import json
from pathlib import Path

from tests.cli.run import run
from tests.conftest import SAMPLE_LOGS
from tests.simulator import sample


def test_every_format_has_the_same_spans(sample_case: Path) -> None:
    whole = json.loads(run("coverage", "--case", sample_case, "--format", "json").out)
    assert list(whole) == ["from", "to", "spans", "trails", "exported_trails", "omitted_fields"]
    assert list(whole["spans"][0]) == ["account_id", "aws_region", "from", "to", "events", "state", "verified"]
    lines = run("coverage", "--case", sample_case, "--format", "jsonl").out.splitlines()
    assert [json.loads(line) for line in lines] == whole["spans"]
    rows = list(csv.DictReader(run("coverage", "--case", sample_case, "--format", "csv").out.splitlines()))
    assert [row["from"] for row in rows] == [span["from"] for span in whole["spans"]]


def test_the_map_fits_a_terminal(sample_case: Path) -> None:
    shown = run("coverage", "--case", sample_case, width=80).out.splitlines()
    assert max(len(line) for line in shown) <= 80
    assert any("us-west-2" in line and "█" in line and "·" in line for line in shown)


def test_a_folder_of_logs_needs_no_case() -> None:
    done = run("coverage", "--logs", SAMPLE_LOGS)
    assert (done.code, done.err) == (0, "")
    assert "647927485622" in done.out


def test_a_file_that_is_no_list_of_addresses_is_an_error_in_one_line(sample_case: Path, tmp_path: Path) -> None:
    path = tmp_path / "ip-ranges.json"
    path.write_text("[]")
    for bad in (path, tmp_path / "none.json"):
        done = run("who", sample.DEEP_KEY, "--case", sample_case, "--ip-ranges", bad)
        assert (done.code, done.out, len(done.err.splitlines())) == (2, "", 1)
