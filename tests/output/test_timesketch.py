"""Timelines in the formats of Timesketch."""

from __future__ import annotations

import csv
import json
from datetime import datetime
from pathlib import Path

from tests.cli.run import run
from tests.simulator import sample

MANDATORY = ("message", "datetime", "timestamp_desc")


def test_events_are_a_timeline(sample_case: Path) -> None:
    asked = ("events", "--case", sample_case, "--address", "192.0.2.44")
    lines = [json.loads(line) for line in run(*asked, "--format", "timesketch-jsonl").out.splitlines()]
    rows = list(csv.DictReader(run(*asked, "--format", "timesketch-csv").out.splitlines()))
    assert len(lines) == len(rows) == 188
    for line, row in zip(lines, rows, strict=True):
        assert all(line[name] for name in MANDATORY) and all(row[name] for name in MANDATORY)
        moment = datetime.fromisoformat(line["datetime"])
        assert moment == datetime.fromisoformat(line["event_time"])
        assert line["timestamp"] == int(row["timestamp"]) == moment.timestamp() * 1_000_000
        assert row["event_id"] == line["event_id"]
    assert lines[0]["message"] == "GetCallerIdentity by svc-deploy from 192.0.2.44"


def test_a_keys_timeline_has_what_was_done_to_it(sample_case: Path) -> None:
    done = run("key", sample.LEAKED_KEY, "--case", sample_case, "--format", "timesketch-jsonl")
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert sum(line["access_key_id"] == sample.LEAKED_KEY for line in lines) == len(lines) - 1 == 102
    assert [line["datetime"] for line in lines] == sorted(line["datetime"] for line in lines)
    (ended,) = (line for line in lines if line["timestamp_desc"] == "access key deactivated")
    assert ended["message"] == f"{sample.LEAKED_KEY} deactivated by elena.garcia"
    assert ended["access_key_id"] == sample.RESPONDER_KEY


def test_a_temporary_keys_timeline_begins_with_its_request(sample_case: Path) -> None:
    done = run("key", sample.DEEP_KEY, "--case", sample_case, "--format", "timesketch-csv")
    requested = [
        row for row in csv.DictReader(done.out.splitlines()) if row["timestamp_desc"] == "credential requested"
    ]
    assert any(row["message"] == f"AssumeRole issued {sample.DEEP_KEY}" for row in requested)
