"""forensics key"""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.run import run
from tests.simulator import sample


def test_a_page_as_text_and_as_json(sample_case: Path) -> None:
    text = run("key", sample.LEAKED_KEY, "--case", sample_case)
    assert (text.code, text.err) == (0, "")
    assert "owner     svc-deploy" in text.out and "inactive since 2026-10-05 09:05:37Z" in text.out
    page = json.loads(run("key", sample.LEAKED_KEY, "--case", sample_case, "--format", "json").out)
    assert (page["lifecycle"]["status"], page["owner"]["name"]) == ("Inactive", "svc-deploy")


def test_all_lists_what_a_page_leaves_out(sample_case: Path) -> None:
    short, whole = (run("key", sample.LEAKED_KEY, "--case", sample_case, *more).out for more in ([], ["--all"]))
    assert "and 4 less sensitive or more common actions; --all lists them" in short
    assert "--all" not in whole
    assert len(whole) > len(short)
    assert whole.count("LookupEvents") > short.count("LookupEvents")


def test_what_is_not_in_the_logs_is_an_answer(sample_case: Path) -> None:
    done = run("key", "AKIAQQQQQQQQQQQQQQQQ", "--case", sample_case)
    assert (done.code, done.err) == (0, "")
    assert "not found in the loaded logs" in done.out and "Logs to load" in done.out


def test_what_is_no_access_key_is_a_usage_error(sample_case: Path) -> None:
    for other in ("nonsense", "AIDA2ICYRBJSPV3OP7SHG"):
        done = run("key", other, "--case", sample_case)
        assert done.code == 2 and done.complaint


def test_filters_separate_the_intruder_from_the_owner(sample_case: Path) -> None:
    leak = ["--leaked-at", "2026-10-03T21:00:00Z"]
    done = run("key", sample.LEAKED_KEY, "--case", sample_case, *leak, "--address", "192.0.2.0/24", "--format", "json")
    page = json.loads(done.out)
    assert page["counted"] == {
        "addresses": ["192.0.2.0/24"], "since": None, "until": None, "leaked_at": "2026-10-03T21:00:00Z"
    }  # fmt: skip
    assert page["activity"]["events"] == 76 and page["left_out"]["events"]
    assert (sample.LEAKED_KEY in done.out) and page["still_works"]


def test_filters_that_cannot_be_used_are_usage_errors(sample_case: Path) -> None:
    turned = ["--since", "2026-10-04", "--until", "2026-10-03"]
    for wrong in (turned, ["--address", ""], ["--since", "2026-10-04", "--format", "timesketch-csv"]):
        done = run("key", sample.LEAKED_KEY, "--case", sample_case, *wrong)
        assert (done.code, done.out) == (2, ""), wrong
        assert done.complaint


def test_descendants_without_a_timesketch_file_are_refused(sample_case: Path) -> None:
    done = run("key", sample.LEAKED_KEY, "--case", sample_case, "--descendants")
    assert (done.code, done.out) == (2, "")
    assert "--descendants is for a Timesketch file" in done.complaint
