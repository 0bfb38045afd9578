"""Digests: a forged log file never names an actor, and no planted file invalidates the proof of a genuine file."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import count, permutations
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from forensics.answers.core import DigestState
from forensics.answers.who_answer import Who
from forensics.case import Case, verify_logs
from forensics.errors import ChangedRecord
from forensics.records.record import canonical_sha256
from tests.attribution.records import START, Json, assume_role, call
from tests.cases import tables
from tests.cli.run import run
from tests.digests.delivered import (
    ALICE,
    AWS,
    BOB,
    DEPLOY,
    FORGERY,
    GENUINE,
    ISSUANCE,
    ISSUED,
    KEY,
    PLANTED,
    TRAIL,
    USED,
    USES,
    at,
    case_of,
    delivered,
    flat,
    log_file,
    moved,
    put,
)
from tests.simulator.digests import HOUR, Object, TrailOfDigests, digest, signer, write_objects


def name_of(answer: Who) -> str | None:
    return answer.actor.name


def asked(folder: Path, logs: list[Object], digests: tuple[Object, ...] = GENUINE.digests) -> Who:
    with case_of(folder, logs, digests) as case:
        return case.who(KEY)


def test_a_forged_file_in_the_place_of_a_genuine_one_names_nobody_and_both_facts_are_told(tmp_path: Path) -> None:
    with case_of(tmp_path, [PLANTED, USED[1]], GENUINE.digests) as case:
        for answer in (case.who(KEY), case.key(KEY).who):
            assert (name_of(answer), answer.stop_reason, answer.grade) == (None, "not_trusted", "none")
            assert [(one.reason, one.evidence.event_id) for one in answer.not_trusted] == [
                ("unlisted", FORGERY["eventID"])
            ]
            assert [(one.why, one.missing) for one in answer.digests.windows] == [("incomplete", (ISSUED[1].key,))]
        assert [one.why for one in case.tree(KEY).digests.windows] == ["incomplete"]
        event = case.who(FORGERY["eventID"])
        assert (event.stop_reason, event.not_trusted[0].reason) == ("not_trusted", "unlisted")
    for done in (run("verify", tmp_path / "logs"), run("verify", "--case", tmp_path / "case")):
        assert done.code == 1
        assert "1 log file(s) unlisted, 1 log file(s) missing" in done.err
        assert PLANTED.key.rpartition("/")[2] in done.out


FORGED = {
    "under a name of that hour": PLANTED,
    "without its folders": flat([PLANTED])[0],
    "renamed": at("planted.json.gz", PLANTED),
    "under a listed name": at(ISSUED[1].key, PLANTED),
    "with a name of another account": at(log_file([FORGERY], 310, account="222222222222").key, PLANTED),
    "with a name of another region": at(log_file([FORGERY], 310, region="eu-north-1").key, PLANTED),
    "with a name of a time after the digests": at(log_file([FORGERY], 9 * 3600).key, PLANTED),
    "with a name of a time before its event": at(log_file([FORGERY], -9 * 3600).key, PLANTED),
    "with a name of a time that is none": at(PLANTED.key.replace("T1205Z", "T2999Z"), PLANTED),
    "among records of other hours": log_file([FORGERY, call(BOB.signs(), 8 * 3600)], 310),
    "beside a record of the time in its name": log_file([FORGERY, call(BOB.signs(), 9 * 3600)], 9 * 3600 + 300),
    "with a name of the minute in which the digests begin": log_file([FORGERY], 0),
    "renamed in a folder of another account": at("999999999999/CloudTrail/planted.json.gz", PLANTED),
    "in a folder of another account below the trail's": at(
        f"{PLANTED.key.rpartition('/')[0]}/999999999999/CloudTrail/us-east-1/2026/10/01/planted.json.gz", PLANTED
    ),
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED.keys())
def test_a_forged_file_names_nobody_whatever_its_name_claims(forged: Object, tmp_path: Path) -> None:
    logs = [forged, USED[1]]
    answer = asked(tmp_path, logs)
    assert (name_of(answer), answer.stop_reason) == (None, "not_trusted")
    with Case.open(tmp_path / "case") as case:
        of_case = {one.name: one.status for one in case.verify().files if one.kind == "log"}
    of_folder = {one.name: one.status for one in verify_logs([tmp_path / "logs"]).files if one.kind == "log"}
    assert of_case == of_folder
    assert of_case[forged.key] in ("unlisted", "changed")


LOOSE = {
    "where AWS put them": list(GENUINE.logs),
    "under a folder of their own": moved("evidence/copy/", GENUINE.logs),
    "without their folders": flat(GENUINE.logs),
    "renamed": [at(f"{number}.json.gz", one) for number, one in enumerate(GENUINE.logs)],
}


def test_files_of_two_folders_with_one_name_are_judged_each_by_its_records(tmp_path: Path) -> None:
    planted, other = at("x.json.gz", PLANTED), log_file([call(BOB.signs(), 9 * 3600)], 9 * 3600 + 300)
    put(tmp_path / "logs", [*GENUINE.digests, *GENUINE.logs, planted], tips=GENUINE.digests[-1:])
    for folder in ("a", "z"):
        put(tmp_path / folder, [at("x.json.gz", other)])
        found = verify_logs([tmp_path / "logs", tmp_path / folder]).files
        assert sorted(one.status for one in found if one.name == "x.json.gz") == ["unlisted", "unverified"]


@pytest.mark.parametrize("logs", LOOSE.values(), ids=LOOSE.keys())
def test_genuine_files_prove_wherever_they_are(logs: list[Object], tmp_path: Path) -> None:
    answer = asked(tmp_path, logs)
    assert (name_of(answer), answer.grade, answer.not_trusted) == ("alice", "proven", ())
    assert (answer.digests.state, answer.digests.windows) == (DigestState.PROVEN, ())
    (key,) = answer.digests.public_keys
    assert (key.fingerprint, key.source) == (signer().fingerprint, "public_keys.json")


def test_decompressed_files_are_those_that_are_listed(tmp_path: Path) -> None:
    put(tmp_path / "logs", GENUINE.digests, tips=GENUINE.digests[-1:])
    for number, one in enumerate(GENUINE.logs):
        (tmp_path / "logs" / f"{number}.json").write_bytes(one.content)
    with Case.create(tmp_path / "case") as case:
        case.ingest([tmp_path / "logs"])
        assert (name_of(case.who(KEY)), case.who(KEY).grade) == ("alice", "proven")


def test_a_bucket_with_a_prefix_and_an_organization_trail(tmp_path: Path) -> None:
    for prefix in ("audit/AWSLogs/", "AWSLogs/o-abcdefghij/"):
        issued, used = (log_file([ISSUANCE], 310, root=prefix), log_file(USES, 600, root=prefix))
        planted = log_file([FORGERY], 310, root=prefix)
        trail = delivered((310, issued), (600, used))
        digests = tuple(
            replace(one, key=one.key.replace("AWSLogs/", prefix)) for one in trail.digests
        )  # if the copy has them
        folder = tmp_path / prefix.replace("/", "-")
        assert name_of(asked(folder / "genuine", [issued, used], digests)) == "alice"
        assert asked(folder / "forged", [planted, used], digests).stop_reason == "not_trusted"


# planting beside the genuine file


def with_a_smaller_hash(record: Json, than: Json) -> Json:
    """Return a copy of an event with a smaller hash, which is stored instead of the original."""
    limit = canonical_sha256(json.dumps(than).encode())
    tried = (record | {"userAgent": f"aws-cli/{number}"} for number in count())
    return next(one for one in tried if canonical_sha256(json.dumps(one).encode()) < limit)


DIFFERING = with_a_smaller_hash(FORGERY | {"eventID": ISSUANCE["eventID"]}, ISSUANCE)
BESIDE = {
    "a copy that differs": [log_file([DIFFERING], 310)],
    "a copy that differs, renamed": [at("x.json.gz", log_file([DIFFERING], 310))],
    "two copies that differ": [log_file([DIFFERING], 310), log_file([DIFFERING | {"awsRegion": "eu-west-1"}], 315)],
    "another issuance of the key": [PLANTED],
    "an earlier use of the key": [log_file([call(DEPLOY.session("build", 300, KEY), 200)], 210)],
    "the genuine record, and a forged one": [log_file([ISSUANCE, FORGERY], 310)],
}


@pytest.mark.parametrize("planted", BESIDE.values(), ids=BESIDE.keys())
def test_a_planted_file_neither_replaces_nor_disarms_a_listed_one(planted: list[Object], tmp_path: Path) -> None:
    answer = asked(tmp_path, [*GENUINE.logs, *planted])
    assert (name_of(answer), answer.grade) == ("alice", "proven")
    assert answer.chain[0].link is not None
    assert [one.digest_status for one in answer.chain[0].link.evidence] == ["signed"]
    with Case.open(tmp_path / "case") as case:
        assert name_of(case.who(ISSUANCE["eventID"])) == "alice"
        (original,) = case.extract([ISSUANCE["eventID"]]).originals
        assert json.loads(original.record)["userIdentity"]["userName"] == "alice"
        said = {json.loads(one.record)["userIdentity"]["userName"] for one in original.conflicts}
        assert said <= {"bob"}


def test_a_listed_copy_that_was_changed_in_the_lake_is_an_error(tmp_path: Path) -> None:
    """The stored record is the planted one; the proven copy is read from the lake."""
    with case_of(tmp_path, [*GENUINE.logs, *BESIDE["a copy that differs"]], GENUINE.digests) as case:
        assert name_of(case.who(KEY)) == "alice"
    (file,) = (tmp_path / "case" / "lake" / "event_conflicts").iterdir()
    copies = pq.read_table(file)
    raw = pa.array([text.replace(b"alice", b"carol") for text in copies["raw"].to_pylist()], pa.binary())
    pq.write_table(copies.set_column(copies.schema.get_field_index("raw"), "raw", raw), file)
    with Case.open(tmp_path / "case") as case, pytest.raises(ChangedRecord, match=ISSUANCE["eventID"]):
        case.who(KEY)


PARTS = ("genuine", "planted", "digests")
ORDERS = [pytest.param(order, marks=[] if order == PARTS else [pytest.mark.full]) for order in permutations(PARTS)]


@pytest.mark.parametrize("order", ORDERS)
def test_the_order_and_the_split_of_ingests_change_nothing(order: tuple[str, ...], tmp_path: Path) -> None:
    planted = [*BESIDE["two copies that differ"], at("copy.json.gz", log_file([ISSUANCE, *USES], 600)), PLANTED]
    parts = dict(zip(PARTS, (GENUINE.logs, planted, GENUINE.digests), strict=True))
    for name, objects in parts.items():
        put(tmp_path / name, objects, tips=GENUINE.digests[-1:] if name == "digests" else ())
    with Case.create(tmp_path / "split") as split, Case.create(tmp_path / "whole") as whole:
        whole.ingest([tmp_path / part for part in PARTS])
        for part in order:
            split.ingest([tmp_path / part])
        assert name_of(split.who(KEY)) == name_of(whole.who(KEY)) == "alice"
        assert tables(split) == tables(whole)


def test_a_second_name_of_an_unlisted_file_counts_for_days_that_were_reduced_before(tmp_path: Path) -> None:
    # an EventBridge event in a file whose first name is not a log file's, beside an unlisted record
    lines = [json.dumps(USES[1]).encode(), event_bridge(call(BOB.signs(), 450)).content]
    mixed = Object("mixed.json.gz", b"\n".join(lines))
    first = put(tmp_path / "first", [*GENUINE.logs, *GENUINE.digests, mixed], tips=GENUINE.digests[-1:])
    second = put(tmp_path / "second", [at(log_file([], 600).key, mixed)])
    at_once, in_two = Case.create(tmp_path / "at-once"), Case.create(tmp_path / "in-two")
    with at_once, in_two:
        at_once.ingest([first, second])
        in_two.ingest([first])
        in_two.ingest([second])
        query = "select * from credential_days order by all"
        assert in_two.sql_rows(query).rows == at_once.sql_rows(query).rows


def test_an_event_of_an_unlisted_file_that_is_in_a_listed_one_too_stays_proven(tmp_path: Path) -> None:
    respelled = [dict(reversed(one.items())) for one in (ISSUANCE, *USES)]
    merged = at("merged.json.gz", log_file(respelled, 600))
    answer = asked(tmp_path, [*GENUINE.logs, merged])
    assert (name_of(answer), answer.grade, answer.not_trusted) == ("alice", "proven", ())
    with Case.open(tmp_path / "case") as case:
        assert {row[0] for row in case.sql_rows("select distinct listing from events").rows} == {"listed"}


# unproven and contested digests


def test_digests_that_no_public_key_proves_take_nothing_away(tmp_path: Path) -> None:
    forged = delivered((310, PLANTED), USED, by=signer("attacker"))
    answer = asked(tmp_path, list(GENUINE.logs), forged.digests)
    assert (name_of(answer), answer.grade, answer.digests.state) == ("alice", "proven", DigestState.NOT_PROVEN)


def test_where_two_keys_sign_for_one_region_and_time_nobody_is_named(tmp_path: Path) -> None:
    for trail in (TRAIL, TrailOfDigests(AWS.id, name="other")):
        forged = delivered((310, PLANTED), USED, trail=trail, by=signer("attacker"))
        forged_digests = moved("theirs/", forged.digests)
        folder = tmp_path / trail.name
        put(folder / "logs", [*GENUINE.digests, *forged_digests, PLANTED, USED[1]], signer(), signer("attacker"))
        with Case.create(folder / "case") as case:
            case.ingest([folder / "logs"])
            answer = case.who(KEY)
            assert (name_of(answer), answer.stop_reason) == (None, "not_trusted")
            assert {one.reason for one in answer.not_trusted} == {"contested"}
            assert "contested" in {one.why for one in answer.digests.windows}
            assert {one.fingerprint for one in answer.digests.public_keys} == {
                signer().fingerprint,
                signer("attacker").fingerprint,
            }
        done = run("verify", folder / "logs")
        assert done.code == 1
        assert "signed with different keys" in done.err


def test_a_key_that_aws_replaces_takes_nothing_away(tmp_path: Path) -> None:
    key, other = AWS.key("N"), TrailOfDigests("222222222222")
    issued = log_file([assume_role(ALICE.signs(), DEPLOY, "late", 2.2 * 3600, issues=key)], 2.3 * 3600)
    used = log_file([call(DEPLOY.session("late", 2.2 * 3600, key), 2.4 * 3600)], 2.5 * 3600)
    digests: list[Object] = []
    for trail, ends, listed in ((TRAIL, (1, 2, 3, 4, 5), [issued, used]), (other, (1.5, 2.5, 3.5, 4.5), [])):
        before = None
        for end in ends:
            by = signer() if end < 3.2 else signer("next")
            before = digest(trail, START + end * HOUR, listed if end == 3 else [], before, by)
            digests.append(before)
    with case_of(tmp_path, [issued, used], digests, signer(), signer("next")) as case:
        answer = case.who(key)
        assert (name_of(answer), answer.grade, answer.digests.windows) == ("alice", "proven", ())
    assert run("verify", tmp_path / "logs").code == 0


OF_ELSEWHERE = {
    "another region": (TrailOfDigests(AWS.id, region="eu-north-1", home_region="eu-north-1"), 0),
    "a backfill": (TrailOfDigests(AWS.id, backfill=True), 0),
    "later hours": (TrailOfDigests(AWS.id, name="later"), 8),
    "earlier hours": (TrailOfDigests(AWS.id, name="earlier"), -9),
}


@pytest.mark.parametrize(("trail", "hour"), OF_ELSEWHERE.values(), ids=OF_ELSEWHERE.keys())
def test_a_digest_of_another_key_proves_no_record_of_a_region_and_time_that_is_not_its_own(
    trail: TrailOfDigests, hour: int, tmp_path: Path
) -> None:
    listing = delivered((hour * 3600, PLANTED), trail=trail, by=signer("attacker"), hours=range(hour, hour + 3)).digests
    theirs = moved("theirs/", listing)
    for name, logs, expected in (
        ("alone", [PLANTED, USED[1]], None),
        ("beside", [PLANTED, *GENUINE.logs], "alice"),
    ):
        folder = put(
            tmp_path / name, [*logs, *GENUINE.digests, *theirs], signer(), signer("attacker"), tips=(theirs[-1],)
        )
        write_objects([], folder, heads=GENUINE.digests[-1:])
        with Case.create(tmp_path / f"{name}-case") as case:
            case.ingest([folder])
            answer = case.who(KEY)
            assert name_of(answer) == expected
            assert [one.reason for one in answer.not_trusted] == ["contested"]
            (verdict,) = (one for one in case.verify().files if one.name and one.name.endswith(PLANTED.key))
            assert (verdict.status, verdict.is_proven) == ("unverified", False)


# files that no digest covers


def test_other_channels_keep_their_grade(tmp_path: Path) -> None:
    for name, channel in CHANNELS.items():
        answer = asked(tmp_path / name, [channel, USED[1]])
        assert (name_of(answer), answer.grade) == ("alice", "proven"), name


def event_bridge(*records: Json) -> Object:
    events = [{"version": "0", "detail-type": "AWS API Call via CloudTrail", "detail": one} for one in records]
    return Object("bus.jsonl.gz", "\n".join(map(json.dumps, events)).encode())


def looked_up(*records: Json) -> Object:
    events = [{"EventId": one["eventID"], "CloudTrailEvent": json.dumps(one)} for one in records]
    return Object("lookup.json.gz", json.dumps({"Events": events}).encode())


CHANNELS = {
    "a second trail": log_file([ISSUANCE], 320, root="second/AWSLogs/"),
    "EventBridge": event_bridge(ISSUANCE),
    "LookupEvents": looked_up(ISSUANCE),
}


def test_an_issuance_of_another_channel_that_contradicts_a_listed_record_names_nobody(tmp_path: Path) -> None:
    hidden = ISSUANCE | {"responseElements": {"assumedRoleUser": ISSUANCE["responseElements"]["assumedRoleUser"]}}
    for number, listed in enumerate((ISSUANCE, hidden)):
        trail = delivered((310, log_file([listed], 310)), USED)
        for make in (event_bridge, looked_up):
            folder = tmp_path / f"{make.__name__}-{number}"
            answer = asked(folder, [*trail.logs, make(FORGERY)], trail.digests)
            assert (name_of(answer), answer.stop_reason) == (None, "ambiguous")


def test_a_copy_of_another_channel_that_differs_does_not_replace_a_listed_one(tmp_path: Path) -> None:
    second = log_file([DIFFERING], 320, root="second/AWSLogs/")
    answer = asked(tmp_path, [*GENUINE.logs, second, event_bridge(DIFFERING)])
    assert (name_of(answer), answer.grade) == ("alice", "proven")


@pytest.mark.parametrize("hours", [range(2, 6), (1, 2, 3), (3, 4)], ids=["late start", "middle", "switched on"])
def test_files_of_a_time_without_digests_keep_their_grade(hours: tuple[int, ...], tmp_path: Path) -> None:
    trail = delivered(ISSUED, USED, hours=hours)
    answer = asked(tmp_path, [*trail.logs], trail.digests)
    assert (name_of(answer), answer.grade) == ("alice", "proven")
    assert run("verify", tmp_path / "logs").code == 0


def test_files_of_a_gap_in_the_digests_keep_their_grade(tmp_path: Path) -> None:
    session = DEPLOY.session("late", 2.2 * 3600, AWS.key("L"))
    issued = log_file([assume_role(ALICE.signs(), DEPLOY, "late", 2.2 * 3600, issues=AWS.key("L"))], 2.3 * 3600)
    trail = delivered(ISSUED, USED, (2.3 * 3600, issued))
    digests = tuple(one for number, one in enumerate(trail.digests) if number != 2)
    with case_of(tmp_path, [*trail.logs, log_file([call(session, 2.4 * 3600)], 2.5 * 3600)], digests) as case:
        assert (name_of(case.who(AWS.key("L"))), case.who(AWS.key("L")).grade) == ("alice", "proven")
        assert name_of(case.who(KEY)) == "alice"


def test_a_late_delivery_is_listed_in_the_window_of_its_delivery(tmp_path: Path) -> None:
    key = AWS.key("M")
    issuance = assume_role(ALICE.signs(), DEPLOY, "edge", 3590, issues=key)
    use = call(DEPLOY.session("edge", 3590, key), 3595)
    trail = delivered(ISSUED, USED, (3700, log_file([issuance], 3700)), (4.5 * 3600, log_file([use], 4.5 * 3600)))
    with case_of(tmp_path / "whole", trail.logs, trail.digests) as case:
        assert (name_of(case.who(key)), case.who(key).grade, case.who(key).digests.windows) == ("alice", "proven", ())
    with case_of(tmp_path / "missing", [*trail.logs[:2], trail.logs[3]], trail.digests) as case:
        answer = case.who(key)
        assert (name_of(answer), [one.missing for one in answer.digests.windows]) == (None, [(trail.logs[2].key,)])
        absent = case.who(AWS.key("NEVER"))
        assert (absent.stop_reason, len(absent.digests.windows)) == ("not_found", 1)


def test_without_digests_one_line_says_that_the_files_are_unchecked(tmp_path: Path) -> None:
    put(tmp_path / "logs", GENUINE.logs)
    for command in ("who", "key", "tree"):
        done = run(command, KEY, "--logs", tmp_path / "logs", "--format", "table")
        assert done.out.count("not verified: no digest files are loaded") == 1
    unproven = asked(tmp_path / "unproven", list(GENUINE.logs), delivered(*GENUINE.files, by=signer("none")).digests)
    assert unproven.digests.state == DigestState.NOT_PROVEN
