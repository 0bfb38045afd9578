"""forensics query"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.run import run
from tests.simulator import sample


def test_the_list_fits_and_names_every_query() -> None:
    names = {row["query"] for row in json.loads(run("query", "list", "--format", "json").out)}
    shown = run("query", "list", width=80).out.splitlines()
    assert names <= {line.split(" ")[0] for line in shown}
    assert max(len(line) for line in shown) <= 80


def test_alone_it_tells_what_it_can() -> None:
    done = run("query")
    assert (done.code, done.err) == (0, "")
    assert "    forensics query list" in done.out and done.out == run("query", "--help").out


def test_a_query_is_shown_as_it_is_written() -> None:
    shown = run("query", "show", "denied_calls").out
    assert shown.startswith("-- title: Denied calls by actor\n")
    assert "group by" in shown


def test_the_statements_for_the_shell() -> None:
    shown = run("query", "show", "key_places", "--shell", "--key", "it's", "--leaked-at", "2026-10-03").out
    assert shown.startswith("PREPARE key_places AS\n")
    assert "EXECUTE key_places(key := 'it''s', leaked_at := '2026-10-03 00:00:00+00:00', actor := null, " in shown


def test_the_shell_gets_lists_and_no_network() -> None:
    asked = ("query", "show", "denied_calls", "--shell", "--account", "111122223333", "--account", "444455556666")
    shown = run(*asked, "--address", "192.0.2.44").out
    assert "account := ['111122223333', '444455556666'], address := ['192.0.2.44'], since := null" in shown
    done = run(*asked, "--address", "192.0.2.0/24")
    assert (done.code, done.out) == (2, "")
    assert "cannot search the network 192.0.2.0/24" in done.complaint


KEY = sample.LEAKED_KEY


@pytest.mark.parametrize("given", [("--key", KEY), (f"--key={KEY}",), ("--param", f"key={KEY}")])
def test_parameters_are_options(sample_case: Path, given: tuple[str, ...]) -> None:
    done = run("query", "run", "key_owner", *given, "--case", sample_case, "--format", "jsonl")
    assert json.loads(done.out)["owner_name"] == "svc-deploy"


def test_times_are_as_people_write_them(sample_case: Path) -> None:
    asked = ("query", "run", "key_places", "--key", sample.LEAKED_KEY, "--case", sample_case, "--format", "csv")
    done = run(*asked, "--leaked-at", "2026-10-03 23:00", "--tz", "Europe/Berlin")
    assert done.err == "forensics: 2026-10-03 23:00 is 2026-10-03 21:00:00Z\n"
    assert done.out == run(*asked, "--leaked-at", "2026-10-03T21:00:00Z").out


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (["nothing_like_it"], 2, "`forensics query list` lists all queries"),
        (["key_owner"], 2, "needs --key: the access key ID"),
        (["key_owner", "--kee", "x"], 2, "does not take --kee; it takes --key"),
        (["root_use", "--key", "x"], 2, "root_use does not take --key; it takes --actor"),
        (["key_owner", "--key"], 2, "--key needs a value"),
        (["key_owner", "AKIA"], 2, "write parameters as --NAME VALUE"),
        (["key_owner", "--param", "key"], 2, "is not NAME=VALUE"),
        (["enumeration_bursts", "--calls", "many"], 2, "is not a whole number"),
        (["enumeration_bursts", "--calls", str(2**70)], 2, "is not a whole number"),
        (["key_places", "--key", "x", "--leaked-at", "soon"], 2, "cannot parse"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(sample_case: Path, arguments: list[str], code: int, why: str) -> None:
    done = run("query", "run", *arguments, "--case", sample_case)
    assert (done.code, done.out) == (code, "")
    assert why in done.complaint


def test_no_row_says_what_the_case_holds(sample_case: Path) -> None:
    done = run("query", "run", "key_owner", "--key", "AKIAQQQQQQQQQQQQQQQQ", "--case", sample_case)
    assert (done.code, done.out) == (0, "")
    assert "no row found; loaded: " in done.complaint and "2026-10-01 00:00:00Z to" in done.complaint


def test_the_shell_completes_names() -> None:
    environment = os.environ | {
        "_FORENSICS_COMPLETE": "complete_bash", "COMP_WORDS": "forensics query run denied", "COMP_CWORD": "3"
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "forensics"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["denied_calls"]
