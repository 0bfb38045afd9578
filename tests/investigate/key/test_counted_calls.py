"""The filter of a key's calls: the intruder's and the owner's add up to all, and nothing that works is hidden."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from forensics.answers.key_answer import CallFilter, Key
from forensics.answers.verify_answer import Check
from forensics.case import Case, UnusableFilter
from forensics.output.key_text import render_key
from forensics.output.lines import lay_out
from forensics.output.report import report_page
from forensics.output.story_text import render_story
from tests.attribution.records import START, Account, call
from tests.cases import case_of_records
from tests.simulator import sample

INTRUDER, OWNER = "192.0.2.0/24", "198.51.100.20"
LEAK = datetime(2026, 10, 3, 21, tzinfo=UTC)


@pytest.fixture(scope="module")
def case(request: pytest.FixtureRequest) -> Iterator[Case]:
    with Case.open(request.getfixturevalue("sample_case")) as opened:
        yield opened


@pytest.fixture(scope="module")
def whole(case: Case) -> Key:
    return case.key(sample.LEAKED_KEY)


def calls(page: Key) -> int:
    return page.activity.events + page.children.activity.events


def test_without_a_filter_all_calls_count(whole: Key) -> None:
    assert (whole.counted, whole.earlier, whole.left_out) == (CallFilter(), None, None)
    assert calls(whole) == 102 + 385


def test_the_calls_of_intruder_and_owner_add_up(case: Case, whole: Key) -> None:
    intruder = case.key(sample.LEAKED_KEY, address=INTRUDER)
    owner = case.key(sample.LEAKED_KEY, address=[OWNER])
    assert calls(intruder) + calls(owner) == calls(whole)
    assert intruder.left_out and owner.left_out
    assert (intruder.left_out.events, owner.left_out.events) == (calls(owner), calls(intruder))
    assert {one.value for one in intruder.activity.addresses} == {"192.0.2.44"}
    assert "CreateUser" in {one.event_name for one in intruder.children.sensitive}
    assert "CreateUser" not in {one.event_name for one in owner.children.sensitive}


def test_what_the_intruder_issued_counts_from_every_address(case: Case) -> None:
    page = case.key(sample.LEAKED_KEY, address="192.0.2.44")
    assert {one.value for one in page.children.activity.addresses} >= {"192.0.2.44", "192.0.2.91"}
    made = {one.access_key_id for one in page.children.made_keys}
    assert made == {sample.PERSISTENCE_KEY, sample.SECOND_PERSISTENCE_KEY}
    assert not case.key(sample.LEAKED_KEY, address=OWNER).children.made_keys


@pytest.mark.parametrize("criteria", [{"leaked_at": LEAK}, {"leaked_at": LEAK.replace(tzinfo=None)}])
def test_calls_before_the_leak_are_summarized(case: Case, whole: Key, criteria: dict[str, datetime]) -> None:
    page = case.key(sample.LEAKED_KEY, leaked_at=criteria["leaked_at"])
    assert page.earlier is not None and page.left_out is None
    assert page.earlier.events + calls(page) == calls(whole)
    assert page.earlier.last_use and page.earlier.last_use < LEAK.replace(tzinfo=None)
    assert page.earlier.event_ids
    assert page.children.credentials < whole.children.credentials


def test_a_period_leaves_out_what_is_before_and_after(case: Case, whole: Key) -> None:
    until = datetime(2026, 10, 4, 2, 30, tzinfo=UTC)
    page = case.key(sample.LEAKED_KEY, since=LEAK, until=until)
    others = [case.key(sample.LEAKED_KEY, until=LEAK), case.key(sample.LEAKED_KEY, since=until)]
    assert calls(page) + sum(calls(one) for one in others) == calls(whole)
    assert page.activity.first_use and page.activity.first_use >= LEAK.replace(tzinfo=None)
    assert not page.children.made_keys


@pytest.mark.parametrize("address", ["203.0.113.7", "no address", OWNER])
def test_a_filter_hides_nothing_that_works_or_that_is_about_the_key(case: Case, whole: Key, address: str) -> None:
    page = case.key(sample.LEAKED_KEY, address=address)
    same = replace(
        page,
        activity=whole.activity,
        children=whole.children,
        counted=whole.counted,
        left_out=None,
    )
    assert same == whole
    shown = lay_out(render_key(page), 160)
    assert f"key {sample.SECOND_PERSISTENCE_KEY} of svc-backup" in shown.split("\n")[3]
    assert f"only calls from {address} or by what was issued from there; what still works is not filtered" in shown


def test_a_filter_that_matches_nothing_says_so(case: Case) -> None:
    shown = lay_out(render_key(case.key(sample.LEAKED_KEY, address="203.0.113.7")), 160)
    assert "by no counted call" in shown
    assert "left out  487 calls" in shown
    assert "never in the loaded logs" not in shown


def test_a_record_that_proves_nothing_is_no_sensitive_call_and_no_success(tmp_path: Path) -> None:
    """Two copies of the last call differ in their target."""
    user = Account("111111111111").user("alice")
    create = call(user.signs(), 60, source="iam.amazonaws.com", name="CreateAccessKey", eventID="1" * 36)
    copies = [create | {"requestParameters": {"userName": name}} for name in ("x", "y")]
    with case_of_records([call(user.signs(), 0), *copies], tmp_path) as made:
        page, filtered = made.key(user.key), made.key(user.key, since=START)
        story = made.story(user.id)
    for one in (page, filtered):
        assert (one.activity.events, one.activity.last_success, one.activity.sensitive) == (
            1, START.replace(tzinfo=None), ()
        )  # fmt: skip
        assert one.unreliable is not None
        assert (one.unreliable.events, one.unreliable.event_ids) == (1, ("1" * 36,))
    assert "unproven" in lay_out(render_key(page), 160)
    assert (story.events, story.unreliable) == (2, 1)
    assert [step.unreliable for step in story.steps] == [False, True]
    shown = lay_out(render_story(story), 160)
    assert "1 event whose record is in conflict or damaged and proves nothing" in shown
    assert "; the record proves nothing" in shown


def test_an_empty_address_is_refused(case: Case) -> None:
    with pytest.raises(UnusableFilter, match="empty"):
        case.key(sample.LEAKED_KEY, address=[""])


def test_a_filtered_report_counts_like_the_page_and_is_verified(case: Case, tmp_path: Path) -> None:
    report = case.report(sample.LEAKED_KEY, leaked_at=LEAK, address=[INTRUDER])
    page = case.key(sample.LEAKED_KEY, leaked_at=LEAK, address=[INTRUDER])
    assert report.key == page
    assert report.activity.events == calls(page)
    assert report.tree.containment == case.tree(sample.LEAKED_KEY).containment
    text = report_page(report)
    assert f"Counting only calls from {INTRUDER} or by what was issued from there" in text
    assert f"--leaked-at 2026-10-03T21:00:00Z --address {INTRUDER}" in text
    assert not check(case, text, tmp_path).problems
    changed = check(case, text.replace('"leaked_at":"2026-10-03', '"leaked_at":"2026-10-02'), tmp_path)
    assert "is not byte for byte" in changed.problems[0].what


@pytest.mark.parametrize("claim", ['"leaked_at":"soon"', '"leaked_at":["x"]', '"address":[""],"leaked_at":null'])
def test_a_report_with_a_filter_that_cannot_be_used_is_not_verified(case: Case, claim: str, tmp_path: Path) -> None:
    text = report_page(case.report(sample.LEAKED_KEY, leaked_at=LEAK))
    changed = text.replace('"leaked_at":"2026-10-03T21:00:00"', claim)
    assert changed != text
    if "null" in claim:
        from forensics.errors import NotChecked

        with pytest.raises(NotChecked):
            check(case, changed, tmp_path)
    else:
        assert "its filter of calls cannot be used" in check(case, changed, tmp_path).problems[0].what


def check(case: Case, text: str, folder: Path) -> Check:
    path = folder / "report.html"
    path.write_bytes(text.encode())
    return case.verify_report(path)
