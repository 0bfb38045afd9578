"""forensics story"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.run import run
from tests.simulator import sample


def test_the_story_of_a_leaked_key(sample_case: Path) -> None:
    done = run("story", sample.LEAKED_KEY, "--case", sample_case, "--leaked-at", "2026-10-03T21:00:00Z", width=100)
    assert (done.code, done.err) == (0, "")
    assert f"created access key {sample.PERSISTENCE_KEY} for svc-metrics" in " ".join(done.out.split())
    assert "before the leak at 2026-10-03 21:00:00Z: 223 calls" in done.out


def test_a_part_as_json(sample_case: Path) -> None:
    done = run(
        "story",
        "svc-deploy",
        "--case",
        sample_case,
        "--since",
        "2026-10-04",
        "--until",
        "2026-10-05",
        "--format",
        "json",
    )
    story = json.loads(done.out)
    assert story["subject"]["type"] == "actor"
    assert {step["first_event_time"][:10] for step in story["steps"]} == {"2026-10-04"}


def test_all_steps(sample_case: Path) -> None:
    part, whole = (run("story", "svc-deploy", "--case", sample_case, *all_) for all_ in ([], ["--all"]))
    assert "folded lines" in part.out and "svc-deploy --all --case" in part.out
    assert len(whole.out) > len(part.out)


@pytest.mark.parametrize("subject", ["nobody", "00000000-0000-4000-8000-000000000000", ""])
def test_a_subject_that_is_not_known(sample_case: Path, subject: str) -> None:
    done = run("story", subject, "--case", sample_case)
    assert (done.code, done.out) == (2, "")
    assert done.complaint


def test_a_key_without_events(sample_case: Path) -> None:
    done = run("story", "AKIAQQQQQQQQQQQQQQQQ", "--case", sample_case, width=100)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("access key AKIAQQQQQQQQQQQQQQQQ with everything derived from it: no loaded event")
