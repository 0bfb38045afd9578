"""Screens of `info` and `ingest`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from forensics.answers.core import ActorKind, StopReason
from forensics.answers.coverage_answer import Account, Ending, Info
from forensics.answers.ingest_answer import ChangedAnswers, Ingest, Unread
from forensics.output.info_text import render_info, render_ingest
from forensics.output.lines import lay_out
from tests.output.golden import same_as_golden

FIRST, LAST = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 5, 23, 57, 4, tzinfo=UTC)
UNREAD = tuple(Unread(f"AWSLogs/{n:02}.json.gz", "failed", "the gzip stream is cut short") for n in range(25))
INGEST = Ingest(
    "my-case",
    {"failed": 25, "ok": 1},
    1_027_462,
    7_130,
    12,
    {"digest": 4},
    6_999,
    6_999,
    7_130,
    3,
    ChangedAnswers(5, 2, 1, 0),
    UNREAD,
)
INFO = Info(
    "my-case",
    "285fb01e-1691-479f-82fa-1b1d21778fa6",
    1,
    {"duplicate": 7, "ok": 313, "skipped": 1},
    6_999,
    7_130,
    0,
    12,
    {"digest": 4},
    FIRST,
    LAST,
    (Account("647927485622", "eu-west-1", 3_858, FIRST, LAST), Account(None, "us-gov-west-1", 5, FIRST, LAST)),
    (
        Ending(ActorKind.IAM_USER, StopReason.LONG_TERM_KEY, 103, 996),
        Ending(ActorKind.UNKNOWN, StopReason.AMBIGUOUS, 1, 2),
    ),
    (Unread("README.md", "skipped", "it is not JSON"),),
)


@pytest.mark.parametrize("width", [80, 120])
def test_info_and_ingest(width: int) -> None:
    same_as_golden(f"info_{width}", lay_out(render_info(INFO), width))
    same_as_golden(f"ingest_{width}", lay_out(render_ingest(INGEST), width))


def test_what_was_not_fetched_is_no_copy_of_another_file() -> None:
    for files, told in (
        ({"duplicate": 24, "ok": 2}, "2 read, 24 already in the case, not fetched"),
        ({"duplicate": 25, "ok": 2}, "2 read, 1 duplicate, 24 already in the case, not fetched"),
        ({"duplicate": 24}, "24 already in the case, not fetched"),
    ):
        assert f"files     {told}; " in lay_out(render_ingest(replace(INGEST, files=files, known=24)), 200)


def test_a_case_of_nothing() -> None:
    empty = replace(
        INFO, files={}, events=0, copies=0, first_event_time=None, last_event_time=None, accounts=(), endings=()
    )
    assert "files     none" in lay_out(render_info(empty), 80)


def test_which_answers_an_ingest_changed() -> None:
    assert "actors    5 newly resolved, 2 now ambiguous, 1 now with another actor\n" in lay_out(
        render_ingest(INGEST), 80
    )
    unchanged = replace(INGEST, changed=ChangedAnswers(0, 0, 0, 0))
    assert "actors    no earlier conclusion changed\n" in lay_out(render_ingest(unchanged), 80)
    unknown = replace(INGEST, changed=None)
    assert "actors    changes are unknown" in lay_out(render_ingest(unknown), 80)
