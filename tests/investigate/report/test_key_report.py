"""The report on a key: what it takes from the answers of `key` and `tree`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from forensics.investigate.sql_rows import Connection
from forensics.investigate.tree import derived
from forensics.investigate.tree.subtree import Subtree, subtree
from forensics.output.report import report_page
from tests.attribution.records import START, Account, assume_role, call
from tests.cases import case_of_records

AWS = Account("111111111111")
ALICE, DEPLOY, X = AWS.user("alice"), AWS.role("deploy"), AWS.key("X")


def test_the_tree_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[list[str]] = []

    def counted(connection: Connection, roots: list[str]) -> Subtree:
        read.append(roots)
        return subtree(connection, roots)

    monkeypatch.setattr(derived, "subtree", counted)
    records = [assume_role(ALICE.signs(), DEPLOY, "x", 0, issues=X), call(DEPLOY.session("x", 0, X), 5)]
    with case_of_records(records, tmp_path) as case:
        report, page = case.report(ALICE.key), case.key(ALICE.key)
    assert len(read) == 2  # by the report and by the page
    assert report.key.children == page.children and page.children.unexpired == 1


def test_the_story_of_the_key_is_told_with_its_events(tmp_path: Path) -> None:
    records = [assume_role(ALICE.signs(), DEPLOY, "x", 0, issues=X)]
    records += [call(DEPLOY.session("x", 0, X), 5 + second, name=f"Put{second}") for second in range(3)]
    with case_of_records(records, tmp_path) as case:
        report = case.report(ALICE.key)
        assert report.story == case.story(ALICE.key)
        later = case.report(ALICE.key, leaked_at=START + timedelta(seconds=6), address="198.51.100.7")
    assert later.story is not None and later.story.earlier is not None
    text = report_page(report)
    section = text.partition('<section id="story">')[2].partition("</section>")[0]
    assert "assumed deploy" in section
    assert section.count("<tr>") == 1 + len(report.story.steps)
    cited = [event_id for step in report.story.steps for event_id in step.event_ids]
    assert len(cited) == 4
    assert all(event_id in section for event_id in cited)
    assert {record.event_id for record in report.records} >= set(cited)


def test_the_story_has_the_calls_that_the_report_counts(tmp_path: Path) -> None:
    """Those from the address, and by what was requested from there."""
    records = [
        call(ALICE.signs(), 0, sourceIPAddress="203.0.113.9"),
        assume_role(ALICE.signs(), DEPLOY, "x", 1, issues=X),
        call(DEPLOY.session("x", 1, X), 2, sourceIPAddress="192.0.2.1"),
    ]
    with case_of_records(records, tmp_path) as case:
        report = case.report(ALICE.key, address="198.51.100.7")
    assert report.story is not None
    assert (report.events_total, report.story.events, report.story.events_total) == (2, 2, 3)


def test_a_key_that_is_not_logged_has_no_story(tmp_path: Path) -> None:
    with case_of_records([call(ALICE.signs(), 5)], tmp_path) as case:
        assert '<section id="story">' not in report_page(case.report("AKIAQQQQQQQQQQQQQQQQ"))


def test_a_long_story_is_cut_and_says_so(tmp_path: Path) -> None:
    records = [call(ALICE.signs(), number, name=f"Put{number}") for number in range(520)]
    with case_of_records(records, tmp_path) as case:
        report = case.report(ALICE.key)
    assert report.story is not None
    assert (len(report.story.steps), report.story.steps_total) == (500, 520)
    assert "and 20 less notable steps" in report_page(report)
