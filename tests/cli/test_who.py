"""forensics who"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.cli.run import run
from tests.conftest import SAMPLE_LOGS
from tests.simulator import sample

UNKNOWN_KEY = "ASIAQQQQQQQQQQQQQQQQ"


def test_a_folder_of_logs_needs_no_case() -> None:
    done = run("who", sample.DEEP_KEY, "--logs", SAMPLE_LOGS)
    assert (done.code, done.err) == (0, "")
    assert "svc-deploy, IAM user" in done.out.splitlines()[1]
    assert sample.LEAKED_KEY in done.out


def test_one_subject_is_an_object_and_several_are_an_array(sample_case: Path) -> None:
    one = json.loads(run("who", sample.DEEP_KEY, "--case", sample_case, "--format", "json").out)
    many = json.loads(run("who", sample.DEEP_KEY, UNKNOWN_KEY, "--case", sample_case, "--format", "json").out)
    assert many[0] == one
    assert many[1]["stop_reason"] == "not_found"


def test_what_is_not_in_the_logs_is_an_answer(sample_case: Path) -> None:
    done = run("who", UNKNOWN_KEY, "--case", sample_case)
    assert (done.code, done.err) == (0, "")
    assert "not found in the loaded logs" in done.out


@pytest.mark.parametrize("format", ["json", "jsonl", "csv", "table"])
def test_subjects_from_standard_input_keep_their_order(sample_case: Path, format: str) -> None:
    asked = [sample.HONEST_KEY, "nonsense", sample.DEEP_KEY]
    done = run("who", "-", "--case", sample_case, "--format", format, stdin="\ufeff" + "\r\n".join(asked) + "\n\n")
    assert done.code == 0
    if format == "json":
        assert [answer["subject"]["id"] for answer in json.loads(done.out)] == asked
    elif format == "jsonl":
        assert [json.loads(line)["subject"]["id"] for line in done.out.splitlines()] == asked
    elif format == "csv":
        assert [row["subject"] for row in csv.DictReader(done.out.splitlines())] == asked
    else:
        assert done.out.index(asked[0]) < done.out.index(asked[1]) < done.out.index(asked[2])


def test_no_subject_on_standard_input_is_no_answer(sample_case: Path) -> None:
    assert json.loads(run("who", "-", "--case", sample_case, "--format", "json").out) == []
    assert run("who", "-", "--case", sample_case).out == ""


def test_a_csv_row_cites_the_events(sample_case: Path) -> None:
    (row,) = csv.DictReader(run("who", sample.DEEP_KEY, "--case", sample_case, "--format", "csv").out.splitlines())
    assert (row["actor_name"], row["grade"], row["hops"]) == ("svc-deploy", "proven", "3")
    assert len(row["event_ids"].split()) == 5


def test_it_folds_for_a_terminal_and_not_for_a_file(sample_case: Path) -> None:
    narrow = run("who", sample.DEEP_KEY, "--case", sample_case, width=80).out
    whole = run("who", sample.DEEP_KEY, "--case", sample_case).out
    assert max(len(line) for line in narrow.splitlines()) <= 80
    assert narrow.split() != [] and len(whole.splitlines()) < len(narrow.splitlines())
    assert "\x1b" not in whole
