"""What a filter left out is told as that, in what is missing and in the map of what is loaded."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from forensics.case import Case
from tests.attribution.records import START, Account, call, write

HOME, FAR = Account("111111111111"), Account("222222222222")
HOUR = timedelta(hours=1)
ALICE = HOME.user("alice")


def case_of(folder: Path, *ingests: dict[str, Any], use: Account = HOME, region: str = "us-east-1") -> Case:
    """Alice's calls at noon and ten hours later; in between a session that nothing in the logs issues."""
    session = use.role("deploy").session("build", 5 * 3600, use.key("K"))
    records = [
        call(ALICE.signs(), 0),
        call(ALICE.signs(), 10 * 3600),
        call(session, 5 * 3600 + 90 * 60, awsRegion=region),
        call(session, 5 * 3600 + 91 * 60, recipientAccountId=HOME.id),
    ]
    case = Case.create(folder / "case")
    for index, options in enumerate(ingests):
        case.ingest([write(records, folder / f"logs-{index}")], **options)
    return case


def why(case: Case, aws: Account = HOME) -> set[tuple[str | None, str | None, str]]:
    return {(one.account_id, one.aws_region, one.why) for one in case.who(aws.key("K")).missing}


def test_an_hour_that_is_in_the_window_and_empty_is_not_left_out(tmp_path: Path) -> None:
    window = {"since": START, "until": START + 11 * HOUR}
    assert why(case_of(tmp_path, window)) == {(HOME.id, "us-east-1", "hour_empty")}


def test_an_account_that_was_not_asked_for_is_left_out(tmp_path: Path) -> None:
    case = case_of(tmp_path, {"accounts": [HOME.id]}, use=FAR)
    assert {reason for _, _, reason in why(case, FAR)} == {"excluded_by_filter"}


def test_what_a_later_ingest_takes_is_not_left_out(tmp_path: Path) -> None:
    case = case_of(tmp_path, {"accounts": [HOME.id]}, {}, use=FAR)
    assert "excluded_by_filter" not in {reason for _, _, reason in why(case, FAR)}


@pytest.mark.parametrize("wider", [False, True])
def test_the_map_tells_what_is_outside_of_the_window(tmp_path: Path, wider: bool) -> None:
    signed_in = call(ALICE.signs(), -5 * 3600, source="signin.amazonaws.com", name="ConsoleLogin")
    records = [signed_in, call(ALICE.signs(), 0), call(ALICE.signs(), 3 * 3600)]
    logs = write(records, tmp_path / "logs")
    case = Case.create(tmp_path / "case")
    case.ingest([logs], since=START, until=START + 4 * HOUR)
    if wider:
        case.ingest([logs], since=START - 10 * HOUR)
    noon = START.replace(tzinfo=None)
    found = [((one.from_ - noon) // HOUR, (one.to - noon) // HOUR, one.state) for one in case.coverage().spans]
    hole = "empty" if wider else "excluded_by_filter"
    first = "loaded" if wider else "excluded_by_filter"
    assert found == [(-5, -4, first), (-4, 0, hole), (0, 1, "loaded"), (1, 3, "empty"), (3, 4, "loaded")]


def test_a_case_that_was_loaded_whole_has_nothing_left_out(tmp_path: Path) -> None:
    case = case_of(tmp_path, {}, {"accounts": [FAR.id]})
    assert {one.state for one in case.coverage().spans} == {"loaded", "empty"}
    assert "excluded_by_filter" not in {reason for _, _, reason in why(case)}
