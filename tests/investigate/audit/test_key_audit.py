"""The audit of keys: what the simulator's accounts hold is told of every key, and each disagreement that is planted."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from forensics.answers.audit_answer import AuditedKey
from forensics.answers.core import ActorKind, Grade
from forensics.case import Case
from forensics.output.report import report_page
from tests.attribution.records import START, Account, Json, call, write
from tests.cases import case_of_records
from tests.exports.cases import add, key, listed, used
from tests.simulator import World, simulate
from tests.simulator import write as write_logs
from tests.simulator.exports import SLEEPING, Exports, KeyTruth, exports, report_csv, report_rows

DISAGREEMENTS = {
    "absent_from_listing", "absent_from_report", "owner_differs", "owner_gone", "status_differs", "use_not_in_logs",
    "used_after_disabled", "used_later_than_iam_says", "used_yet_never",
}  # fmt: skip
QUARANTINE = "arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV2"


@pytest.fixture(scope="module")
def world() -> World:
    return simulate(7, 300)


@pytest.fixture(scope="module")
def logs(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    write_logs(world.files, folder / "logs")
    return folder / "logs"


def audited(logs: Path, state: Exports, folder: Path) -> dict[str | None, AuditedKey]:
    with Case.create(folder / "case") as case:
        done = case.ingest([logs, state.write(folder / "exports")], as_of=state.at)
        assert not done.unread
        return {one.access_key_id: one for one in case.keys().keys}


def findings(one: AuditedKey) -> set[str]:
    return {finding.finding for finding in one.findings}


def a_used_key(world: World, state: Exports) -> KeyTruth:
    """One that was used well before the end, and goes on to be."""
    middle = state.at - (state.at - min(event.time for event in world.happened)) / 2
    times = {event.record["userIdentity"].get("accessKeyId"): event for event in world.events if event.time > middle}
    return next(
        one
        for one in state.keys
        if one.key_id in times and "errorCode" not in times[one.key_id].record and one.status == "Active"
    )


def test_owner_status_and_last_use_of_every_key_are_right(world: World, logs: Path, tmp_path: Path) -> None:
    state = exports(world)
    found = audited(logs, state, tmp_path)
    for true in state.keys:
        one = found[true.key_id]
        assert one.owner is not None
        assert (one.owner.kind, one.owner.name, one.owner.id) == (ActorKind.IAM_USER, true.user_name, true.user_id)
        assert one.iam_status == true.status
        assert one.iam_last_use == (true.last_used and true.last_used.replace(tzinfo=None))
        assert one.iam_never_used == (true.last_used is None)
        assert one.last_use == one.iam_last_use
        assert one.created_at == true.created_at.replace(tzinfo=None)
        assert one.iam_grade == Grade.STRONG
        assert not findings(one) & DISAGREEMENTS
    assert {key_id for key_id in found if key_id and findings(found[key_id]) & DISAGREEMENTS} == set()
    for one in found.values():
        for finding in one.findings:
            if finding.rests_on == "export":
                assert finding.export and finding.as_of and finding.as_of_from and finding.source_files
            else:
                assert finding.event_ids
    sleeping = [one for one in found.values() if one.owner and one.owner.name == SLEEPING]
    assert len(sleeping) == len(world.accounts)
    assert all(one.owner_rests_on == "export" and "never_used" in findings(one) for one in sleeping)


def test_a_key_that_iam_had_switched_off_and_that_was_used_after(world: World, logs: Path, tmp_path: Path) -> None:
    end = exports(world)
    middle = end.at - (end.at - min(event.time for event in world.happened)) / 2
    state = exports(world, middle)
    key_id = a_used_key(world, end).key_id
    found = audited(logs, state.but(key_id, status="Inactive"), tmp_path)
    told = [one for one in found[key_id].findings if one.finding == "used_after_disabled"]
    assert [one.rests_on for one in told] == ["export"]
    assert told[0].event_ids and told[0].as_of == middle.replace(tzinfo=None)
    assert {one for one in found if one and "used_after_disabled" in findings(found[one])} == {key_id}


def test_plants_are_told_of_their_keys_and_of_no_other(world: World, logs: Path, tmp_path: Path) -> None:
    state = exports(world)
    started = {account.id: min(_times(world, account.id)) for account in world.accounts}
    used = [one for one in state.keys if one.last_used]
    of_two = next(one for one in used if _keys_of(state, one) == 2)
    alone = next(one for one in used if _keys_of(state, one) == 1)
    later, never = [
        one
        for one in used
        if one.last_used
        and one.last_used > started[one.account_id] + timedelta(hours=2)
        and (one.account_id, one.user_name) not in {(gone.account_id, gone.user_name) for gone in (of_two, alone)}
    ][:2]
    planted = (
        state.without(of_two.key_id)
        .without(alone.key_id)
        .but(later.key_id, last_used=started[later.account_id])
        .but(never.key_id, last_used=None)
    )
    found = audited(logs, planted, tmp_path)
    assert {id_: findings(one) & DISAGREEMENTS for id_, one in found.items() if findings(one) & DISAGREEMENTS} == {
        of_two.key_id: {"absent_from_listing", "absent_from_report"},
        alone.key_id: {"owner_gone", "absent_from_report"},
        later.key_id: {"used_later_than_iam_says"},
        never.key_id: {"used_yet_never"},
    }


def _keys_of(state: Exports, true: KeyTruth) -> int:
    return sum((one.account_id, one.user_name) == (true.account_id, true.user_name) for one in state.keys)


def _times(world: World, account_id: str) -> list[datetime]:
    return [event.time for event in world.events if event.account_id == account_id]


# by hand


HOME = Account("704560302692")
KEY, OTHER = "AKIA2ICYRBJSM2TGXVBF", "AKIA2ICYRBJSCUQBO6WH"
ALICE = HOME.user("alice")
MADE = datetime(2025, 1, 1, 10, tzinfo=UTC)
AS_OF = START + timedelta(days=1)


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case of Alice's key, used by two programs."""
    folder = tmp_path_factory.mktemp("logged")
    records = [
        call(ALICE.signs(KEY), 0, userAgent="aws-cli/2.17.44"),
        call(ALICE.signs(KEY), 60, userAgent="Boto3/1.35.12"),
    ]
    with Case.create(folder / "case") as made:
        made.ingest([write(records, folder / "logs")])
    return folder / "case"


@pytest.fixture
def case(logged: Path, tmp_path: Path) -> Iterator[Case]:
    """One like it, to add exports to."""
    shutil.copytree(logged, tmp_path / "case")
    with Case.open(tmp_path / "case") as copied:
        yield copied


@pytest.fixture(scope="module")
def told(logged: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    """One with what IAM and Organizations say."""
    folder = tmp_path_factory.mktemp("told")
    shutil.copytree(logged, folder / "case")
    accounts = [{"Id": HOME.id, "Name": "dev", "Status": "ACTIVE"}, {"Id": "111122223333", "Name": "prod"}]
    files = {
        "keys.json": listed(key(KEY, "alice"), key(OTHER, "bob", "Inactive")),
        f"{KEY}.json": used("alice", "2026-03-01T12:01:00Z"),
        "org.json": {"Accounts": accounts},
    }
    with Case.open(folder / "case") as copied:
        add(copied, folder, files, AS_OF)
        yield copied


def the_key(case: Case, key_id: str | None = KEY) -> AuditedKey:
    return next(one for one in case.keys().keys if one.access_key_id == key_id)


def test_the_logs_alone_tell_what_they_can(case: Case) -> None:
    assert not case.keys().exports
    one = the_key(case)
    assert (one.owner_rests_on, one.iam_grade, one.iam_status, one.age_days) == ("events", None, None, None)
    assert (one.applications, findings(one)) == (("AWS CLI", "Boto3"), {"several_applications"})
    assert len(one.findings[0].event_ids) == 2


def test_of_two_users_of_one_name_each_has_what_befell_them(tmp_path: Path) -> None:
    aws = Account("111111111111")
    admin, name = aws.user("admin").signs(), {"userName": "alice"}
    first, second = aws.user("alice"), aws.user("alice", life="2")
    keys = ("AKIA0FIRSTXXXXXXXXXX", "AKIA0SECONDXXXXXXXXX")
    policy = name | {"policyArn": QUARANTINE}

    def iam(second: int, action: str, request: Json, response: Json | None = None) -> Json:
        parts: Json = {"requestParameters": request, "responseElements": response}
        return call(admin, second, source="iam.amazonaws.com", name=action, **parts)

    deleted = iam(20, "DeleteUser", name)
    aws.log(
        iam(0, "CreateUser", name, {"user": name | {"userId": first.id}}),
        call(first.signs(keys[0]), 10),
        deleted,
        iam(30, "CreateUser", name, {"user": name | {"userId": second.id}}),
        call(second.signs(keys[1]), 40),
        iam(50, "AttachUserPolicy", policy),
    )
    with case_of_records(aws.records, tmp_path) as case:
        gone = the_key(case, keys[0])
        assert findings(gone) == {"owner_gone"}
        assert gone.findings[0].event_ids == (deleted["eventID"],)
        assert findings(the_key(case, keys[1])) == {"quarantined"}


def test_a_renamed_user_is_still_under_quarantine(tmp_path: Path) -> None:
    aws = Account("111111111111")
    admin, zoe = aws.user("admin").signs(), aws.user("zoe")
    policy = {"userName": "zoe", "policyArn": QUARANTINE}
    renaming = {"userName": "zoe", "newUserName": "bob"}
    day = 86_400
    aws.log(
        call(zoe.signs(), 0),
        call(admin, day, source="iam.amazonaws.com", name="AttachUserPolicy", requestParameters=policy),
        call(admin, 2 * day, source="iam.amazonaws.com", name="UpdateUser", requestParameters=renaming),
        call(replace(zoe, name="bob").signs(zoe.key), 3 * day),
    )
    with case_of_records(aws.records, tmp_path) as case:
        assert findings(the_key(case, zoe.key)) == {"quarantined"}


@pytest.mark.parametrize(("is_attached", "found"), [(True, {"quarantined"}), (False, set())])
def test_iam_says_of_a_renamed_user_whether_under_quarantine(
    tmp_path: Path, is_attached: bool, found: set[str]
) -> None:
    aws = Account("111111111111")
    alice = aws.user("alice")
    with case_of_records([call(alice.signs(), 0)], tmp_path) as case:
        lives = (("was", alice, not is_attached, 1), ("is", replace(alice, name="bob"), is_attached, 2))
        for name, user, attached, day in lives:
            details = {
                "UserName": user.name,
                "UserId": user.id,
                "Arn": user.arn,
                "AttachedManagedPolicies": [{"PolicyName": QUARANTINE.split("/")[1]}] if attached else [],
            }
            add(case, tmp_path, {f"{name}.json": {"UserDetailList": [details]}}, START + timedelta(days=day))
        assert findings(the_key(case, alice.key)) == found


def _report(*keys: KeyTruth) -> str:
    return report_csv(report_rows(HOME.id, keys))


def _true(created: datetime = MADE, status: str = "Active", last_used: datetime | None = None) -> KeyTruth:
    return KeyTruth("", HOME.id, "alice", ALICE.id, ALICE.arn, status, created, last_used)


def test_a_key_that_is_named_rests_on_no_match_with_the_report(case: Case, tmp_path: Path) -> None:
    files = {"keys.json": listed(key(OTHER, "alice", created="2025-01-01T10:00:00Z")), "report.csv": _report(_true())}
    add(case, tmp_path, {**files, f"{OTHER}.json": used("alice", None)}, AS_OF)
    assert the_key(case, OTHER).iam_grade == Grade.STRONG
    assert None not in {one.access_key_id for one in case.keys().keys}


def test_a_key_of_the_report_that_fits_none_is_a_row_without_an_id(case: Case, tmp_path: Path) -> None:
    add(case, tmp_path, {"report.csv": _report(_true(last_used=AS_OF - timedelta(days=200)))}, AS_OF)
    one = the_key(case, None)
    assert one.owner is not None and one.owner.name == "alice"
    assert findings(one) == {"overdue_for_rotation", "unused"}
    assert "absent_from_report" not in findings(the_key(case))  # the place of the report may be its own


def test_a_root_key_is_told_first(case: Case, tmp_path: Path) -> None:
    row = report_rows(HOME.id, [])[0] | {
        "access_key_1_active": "true", "access_key_1_last_rotated": "2025-01-01T10:00:00+00:00",
    }  # fmt: skip
    add(case, tmp_path, {"report.csv": report_csv([row])}, AS_OF)
    one = the_key(case, None)
    assert one.owner is not None and one.owner.kind == ActorKind.ROOT
    assert {"root_key", "never_used"} <= findings(one)


SWITCHED = [
    call(ALICE.signs(KEY), 90, source="iam.amazonaws.com", name="UpdateAccessKey",
         requestParameters={"accessKeyId": KEY, "status": "Inactive", "userName": "alice"}),
    call(ALICE.signs(OTHER), 86400, source="iam.amazonaws.com", name="UpdateAccessKey",
         requestParameters={"accessKeyId": KEY, "status": "Active", "userName": "alice"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("records", "last_use", "is_found"),
    [
        (SWITCHED[:1], "2026-03-01T12:05:00Z", True),
        (SWITCHED[:1], "2026-03-01T12:01:30Z", False),  # in the second of the deactivation
        (SWITCHED, "2026-03-01T12:05:00Z", True),
        (SWITCHED, "2026-03-02T12:05:00Z", False),  # active again
    ],
)
def test_a_last_use_by_iam_after_a_logged_deactivation(
    case: Case, tmp_path: Path, records: list[Json], last_use: str, is_found: bool
) -> None:
    add(
        case,
        tmp_path,
        {f"{KEY}.json": used("alice", last_use)},
        AS_OF + timedelta(days=1),
        write(records, tmp_path / "more"),
    )
    found = {(one.finding, one.rests_on, one.export) for one in the_key(case).findings}
    assert (("used_after_disabled", "export", "iam_access_key_last_used") in found) is is_found
    said = {one.what: one.disagreement for one in case.key(KEY).exports}
    assert (said["last_use"] == "used_after_disabled") is is_found


def test_another_account_by_sts_is_a_finding_of_the_one_key(case: Case, tmp_path: Path) -> None:
    add(case, tmp_path, {f"{KEY}.json": {"Account": "999988887777"}}, AS_OF)
    (one,) = case.keys().keys
    assert (one.access_key_id, one.account_id, one.owner and one.owner.name) == (KEY, HOME.id, "alice")
    (differs,) = [finding for finding in one.findings if finding.finding == "account_differs"]
    assert (differs.rests_on, differs.export) == ("export", "sts_access_key_info")


def test_the_account_by_sts_is_no_finding_where_it_agrees(case: Case, tmp_path: Path) -> None:
    add(case, tmp_path, {f"{KEY}.json": {"Account": HOME.id}}, AS_OF)
    (one,) = case.keys().keys
    assert "account_differs" not in findings(one)


def test_another_owner_by_iam_is_told_and_the_events_stand(case: Case, tmp_path: Path) -> None:
    add(case, tmp_path, {"keys.json": listed(key(KEY, "bob"))}, AS_OF)
    one = the_key(case)
    assert one.owner is not None and one.owner.name == "alice" and one.owner_rests_on == "events"
    assert "owner_differs" in findings(one)


def test_the_page_of_a_key_says_what_iam_says(told: Case) -> None:
    page = told.key(KEY)
    assert [(one.what, one.value, one.agrees) for one in page.exports] == [
        ("owner", "alice", True), ("status", "Active", None), ("last_use", "2026-03-01T12:01:00Z", True),
    ]  # fmt: skip
    assert all(one.source_files and one.as_of_from == "person" for one in page.exports)
    assert page.lifecycle.status is None


def test_a_key_in_no_log_has_its_owner(told: Case) -> None:
    page = told.key(OTHER)
    assert (page.in_logs, page.owner and page.owner.name) == (False, "bob")
    answer = told.who(OTHER)
    assert answer.key_owner == page.owner and answer.stop_reason == "not_found"
    assert {one.what for one in answer.exports} == {"owner", "status"}


def test_accounts_by_name_with_their_keys(told: Case) -> None:
    found = {one.account_id: one for one in told.accounts().accounts}
    assert (found[HOME.id].name, found[HOME.id].events, found[HOME.id].long_term_keys) == ("dev", 2, 2)
    assert (found["111122223333"].name, found["111122223333"].events) == ("prod", 0)
    assert {one.name for one in told.info().accounts} == {"dev"}
    assert the_key(told).account_name == "dev"


def test_report_and_bundle_say_what_exports_say(told: Case, tmp_path: Path) -> None:
    told.bundle(KEY, tmp_path / "bundle.zip")
    with zipfile.ZipFile(tmp_path / "bundle.zip") as archive:
        assert json.loads(archive.read("exports/0002-keys.json")) == listed(
            key(KEY, "alice"), key(OTHER, "bob", "Inactive")
        )
        page = archive.read("report.html").decode()
    assert "Account exports" in page and "iam list-access-keys as of" in page
    assert "according to IAM it belongs to " in report_page(told.report(OTHER))


def made_key(key_id: str, user: str, second: float) -> Json:
    created = {"accessKeyId": key_id, "userName": user, "status": "Active"}
    return call(
        ALICE.signs(KEY), second, source="iam.amazonaws.com", name="CreateAccessKey",
        requestParameters={"userName": user}, responseElements={"accessKey": created},
    )  # fmt: skip


def test_a_key_that_only_the_report_tells_of_is_matched_weakly(case: Case, tmp_path: Path) -> None:
    made = write([made_key(OTHER, "alice", 120)], tmp_path / "made")
    used_at = START + timedelta(hours=2)
    text = report_csv(
        [one | {"password_enabled": "true", "password_last_used": "2026-01-05T07:00:00+00:00"}
         for one in report_rows(HOME.id, [_true(START + timedelta(seconds=120), status="Inactive", last_used=used_at)])]
    )  # fmt: skip
    add(case, tmp_path, {"report.csv": text}, AS_OF, made)
    one = the_key(case, OTHER)
    assert (one.iam_grade, one.iam_status, one.status) == (Grade.WEAK, "Inactive", "Active")
    assert one.iam_last_use == used_at.replace(tzinfo=None)
    assert the_key(case).iam_grade is None
    said = {told.what: told for told in case.key(OTHER).exports}
    assert {what: (told.value, told.grade, told.disagreement) for what, told in said.items()} == {
        "status": ("Inactive", Grade.WEAK, "status_differs"),
        "last_use": (f"{used_at:%Y-%m-%dT%H:%M:%SZ}", Grade.WEAK, None),
        "console_password": ("enabled", Grade.STRONG, None),
        "password_last_used": ("2026-01-05T07:00:00Z", Grade.STRONG, None),
        "mfa": (None, Grade.STRONG, None),
    }  # fmt: skip
    assert all(told.source_files == ("report.csv",) and told.as_of_from == "person" for told in said.values())


def test_what_an_account_alone_is_told_of_makes_no_match_strong(case: Case, tmp_path: Path) -> None:
    made = write([made_key(OTHER, "alice", 120)], tmp_path / "made")
    report = _report(_true(START + timedelta(seconds=120)))
    add(case, tmp_path, {f"{OTHER}.json": {"Account": HOME.id}, "report.csv": report}, AS_OF, made)
    assert the_key(case, OTHER).iam_grade == Grade.WEAK


def test_a_renamed_owner_is_not_gone(case: Case, tmp_path: Path) -> None:
    user = {"UserName": "alice.b", "UserId": ALICE.id, "Arn": f"arn:aws:iam::{HOME.id}:user/alice.b"}
    add(case, tmp_path, {"details.json": {"UserDetailList": [user]}}, AS_OF)
    assert "owner_gone" not in findings(the_key(case))
    another = user | {"UserId": "AIDA2ICYRBJSAAAAAAAAA"}
    add(case, tmp_path, {"details.json": {"UserDetailList": [another]}}, AS_OF + timedelta(hours=1))
    assert "owner_gone" in findings(the_key(case))


def test_accounts_of_which_no_export_lists_the_keys_are_told(case: Case, tmp_path: Path) -> None:
    away = Account("222222222222")
    logs = write([call(away.user("bob").signs(), 5)], tmp_path / "away")
    add(case, tmp_path, {"keys.json": listed(key(KEY, "alice"))}, AS_OF, logs)
    assert case.keys().accounts_by_logs_alone == (away.id,)
    assert [one.account_id for one in case.accounts().accounts if one.iam_as_of] == [HOME.id]


def test_one_export_of_several_accounts_is_of_each(case: Case, tmp_path: Path) -> None:
    answers = [
        listed(key(KEY, "alice")),
        listed() | {"Snapshot": {"AccountId": "222222222222", "UserName": "bob"}},
    ]
    add(case, tmp_path, {"keys.json": "".join(map(json.dumps, answers))}, AS_OF)
    assert [bool(one.iam_as_of) for one in case.accounts().accounts] == [True, True]
