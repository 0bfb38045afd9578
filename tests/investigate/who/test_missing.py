"""What to load: each unresolved answer says which account, region and hours would carry it further."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from forensics.answers.who_answer import Missing
from forensics.case import Case
from tests.attribution.records import START, Account, Json, assume_role, call, copies, federated
from tests.cases import case_of_records

HOUR = timedelta(hours=1)
NOON = START.replace(tzinfo=None)
DESIGN = {
    "before_first_event", "region_not_loaded", "account_not_loaded", "hour_empty", "data_events_needed",
    "excluded_by_filter", "trail_stopped",
    "not_delivered",  # a digest proves that it was not
    "hour_incomplete",  # events of the hour are loaded, so that `hour_empty` would be untrue
}  # fmt: skip

EARLY = Account("111111111111")  # its first event is the use itself
FAR = Account("222222222222")  # loaded in eu-west-1 alone
QUIET = Account("333333333333")  # loaded before and after, with nothing in the hour of the session
BUSY = Account("444444444444")  # loaded in that hour, and yet without the issuance
TARGET = Account("555555555555")  # of whose caller's account nothing is loaded
STRANGER = Account("666666666666").user("stranger")
CYCLE = Account("777777777777")
KEYLESS = Account("888888888888")
ACCOUNTS = (EARLY, FAR, QUIET, BUSY, TARGET, CYCLE, KEYLESS)


def use(aws: Account, second: float, **top: str) -> None:
    aws.log(call(aws.role("deploy").session("build", 0, aws.key("K")), second, **top))


def heard(aws: Account, second: float, **top: str) -> None:
    aws.log(call(aws.user("other").signs(), second, **top))


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    for aws in ACCOUNTS:
        aws.records.clear()
    use(EARLY, 10)
    heard(FAR, -7200, awsRegion="eu-west-1")
    use(FAR, 10, awsRegion="eu-west-1")
    heard(QUIET, -7200)
    use(QUIET, 7200)
    heard(BUSY, -7200)
    use(BUSY, 10)
    deploy = TARGET.role("deploy")
    heard(TARGET, -7200)
    TARGET.log(copies(assume_role(STRANGER.signs(), deploy, "build", 0, issues=TARGET.key("K")), deploy)[1])
    use(TARGET, 10)
    a, b = CYCLE.role("a"), CYCLE.role("b")
    CYCLE.log(assume_role(a.session("s", 0, CYCLE.key("A")), b, "s", 0, issues=CYCLE.key("B")))
    CYCLE.log(assume_role(b.session("s", 0, CYCLE.key("B")), a, "s", 0, issues=CYCLE.key("A")))
    KEYLESS.log(call(KEYLESS.role("deploy").session("build", None, KEYLESS.key("K")), 10))
    for aws in (EARLY, QUIET):
        aws.log(call(aws.role("shared").session("s", 20, "ASIA0SHAREDXXXXXXXXX"), 7200))
    records = [record for aws in ACCOUNTS for record in aws.records]
    with case_of_records(records, tmp_path_factory.mktemp("missing")) as made:
        yield made


def missing(case: Case, aws: Account) -> tuple[Missing, ...]:
    return case.who(aws.key("K")).missing


def hour(aws: Account, region: str | None, why: str) -> Missing:
    return Missing(aws.id, region, NOON, NOON + HOUR, why)


def test_issued_before_anything_of_the_account_is_loaded(case: Case) -> None:
    assert missing(case, EARLY) == (hour(EARLY, None, "before_first_event"),)
    assert case.who(EARLY.key("K")).stop_reason == "before_coverage"


def test_a_region_in_which_nothing_is_loaded(case: Case) -> None:
    assert hour(FAR, "us-east-1", "region_not_loaded") in missing(case, FAR)


def test_an_hour_of_which_nothing_is_loaded(case: Case) -> None:
    assert missing(case, QUIET) == (hour(QUIET, "us-east-1", "hour_empty"),)
    assert case.who(QUIET.key("K")).stop_reason == "outside_coverage"


def test_an_account_that_is_not_loaded(case: Case) -> None:
    assert missing(case, TARGET) == (Missing(STRANGER.account_id, None, NOON, NOON + HOUR, "account_not_loaded"),)


def test_every_reason_is_one_of_the_designs(case: Case) -> None:
    assert {one.why for aws in ACCOUNTS for one in missing(case, aws)} <= DESIGN


@pytest.mark.parametrize("aws", [EARLY, FAR, QUIET, BUSY, TARGET, KEYLESS], ids=lambda aws: aws.id)
def test_what_is_not_resolved_says_what_to_load(case: Case, aws: Account) -> None:
    for one in missing(case, aws):
        assert one.account_id in (aws.id, STRANGER.account_id)
        assert one.to is not None
        assert one.from_ is None or one.from_ < one.to
    assert missing(case, aws)


def test_a_session_without_a_date_is_sought_as_far_back_as_a_token_lives(case: Case) -> None:
    (one, *_) = missing(case, KEYLESS)
    assert one.from_ is not None
    assert one.to is not None
    assert one.to - one.from_ == timedelta(hours=36)


def test_nothing_is_missing_where_nothing_would_help(case: Case) -> None:
    assert missing(case, CYCLE) == case.who(CYCLE.key("A")).missing == ()
    assert case.who(BUSY.user("other").key).missing == ()


def test_a_key_in_no_log_names_the_account_that_it_carries(case: Case) -> None:
    answer = case.who("ASIAY34FZKBOKMUTVV7A")
    assert answer.stop_reason == "not_found"
    assert answer.subject.account_id == "609629065308"
    assert answer.missing == (Missing("609629065308", None, None, None, "account_not_loaded"),)


def test_a_key_that_carries_no_account_leaves_open_what_to_load(case: Case) -> None:
    answer = case.who("AKIAIOSFODNN7EXAMPLE")
    assert (answer.stop_reason, answer.subject.account_id, answer.missing) == ("not_found", None, ())


def test_several_unresolved_credentials_say_together_what_to_load(case: Case) -> None:
    answer = case.who("ASIA0SHAREDXXXXXXXXX")
    assert len(answer.sessions) == 2
    assert answer.missing == tuple(missing for one in answer.sessions for missing in one.missing)
    assert {one.account_id for one in answer.missing} == {EARLY.id, QUIET.id}


def test_a_record_that_names_no_region_is_no_region_to_load(tmp_path: Path) -> None:
    aws = Account("999999999999")
    records = [call(aws.user("other").signs(), -7200), call(aws.role("deploy").session("build", 0, aws.key("K")), 10)]
    nowhere = {**call(aws.user("other").signs(), -3600), "awsRegion": None}
    with case_of_records([*records, nowhere], tmp_path) as made:
        assert {one.why for one in missing(made, aws)} == {"hour_incomplete"}


def test_the_home_region_is_that_of_the_partition(tmp_path: Path) -> None:
    aws = Account("999999999998")
    session = aws.role("deploy").session("build", 0, aws.key("K"))
    records = [call(aws.user("other").signs(), -7200), call(session, 10)]
    with case_of_records([{**one, "awsRegion": "us-gov-east-1"} for one in records], tmp_path) as made:
        assert missing(made, aws) == (hour(aws, "us-gov-west-1", "region_not_loaded"),)


@pytest.mark.parametrize(
    ("session", "is_cited"),
    [
        (federated(BUSY.user("alice"), "f", 0, BUSY.key("K")), True),
        (BUSY.role("deploy").session("build", 0, BUSY.key("K")), False),
    ],
)
def test_a_trail_that_leaves_out_other_calls_than_assume_role(session: Json, is_cited: bool, tmp_path: Path) -> None:
    fields = {"eventCategory": {"equals": ["Management"]}, "eventName": {"notEquals": ["GetFederationToken"]}}
    selectors = [{"fieldSelectors": [{"field": field, **condition} for field, condition in fields.items()]}]
    parameters = {"trailName": "t", "advancedEventSelectors": selectors}
    admin, source = BUSY.user("admin").signs(), "cloudtrail.amazonaws.com"
    narrowing = call(admin, -3600, source=source, name="PutEventSelectors", requestParameters=parameters)
    with case_of_records([call(admin, -7200), narrowing, call(session, 10)], tmp_path) as case:
        found = {one.event_id for one in missing(case, BUSY) if one.why == "trail_stopped"}
    assert found == ({narrowing["eventID"]} if is_cited else set())
