"""The simulator: deterministic, complete in what it promises, and the sample as it lies in `sample_logs/`."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from tests.simulator import LogFile, World, shuffled, simulate, truth, without, write
from tests.simulator import sample as story

SAMPLE = Path(__file__).parent.parent / "sample_logs"
SEEDS = (1, 2, 3)


@pytest.fixture(scope="module", params=SEEDS)
def world(request: pytest.FixtureRequest) -> World:
    return simulate(request.param, 2000)


def records(files: tuple[LogFile, ...]) -> Iterator[dict[str, Any]]:
    return (record for file in files for record in file.records)


def inflated(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): gzip.decompress(path.read_bytes()) for path in folder.rglob("*.json.gz")}


def event_ids(files: tuple[LogFile, ...]) -> set[tuple[str, str]]:
    return {(record["eventID"], record["recipientAccountId"]) for record in records(files)}


def test_a_world_is_a_function_of_its_seed() -> None:
    assert simulate(5, 500).files == simulate(5, 500).files
    assert simulate(5, 500).files != simulate(6, 500).files


def test_a_world_has_the_size_that_was_asked_for(world: World) -> None:
    assert 2000 <= len(world.events) <= 2100
    assert len({event.account_id for event in world.events}) >= 3
    assert len({event.region for event in world.events}) >= 2


def test_every_event_is_delivered_and_some_twice_or_late(world: World) -> None:
    delivered = Counter(record["eventID"] for record in records(world.files))
    assert set(delivered) == {event.id for event in world.events}
    assert max(delivered.values()) > 1
    stamps = {
        record["eventID"]: (record["eventTime"][:13], file.key.rsplit("_", 2)[1])
        for file in world.files
        for record in file.records
    }
    assert any(stamp[9:11] != time[11:13] for time, stamp in stamps.values())


def test_shuffling_loses_no_event_and_changes_no_truth(world: World) -> None:
    mixed = shuffled(world.files, 9)
    assert event_ids(mixed) == event_ids(world.files)
    assert mixed != world.files
    assert truth(world, mixed) == truth(world, world.files)


def test_removing_files_removes_that_share(world: World) -> None:
    kept = without(world.files, 0.3, 9)
    assert len(kept) == len(world.files) - round(0.3 * len(world.files))
    for one in truth(world, kept):
        named = (one.actor_kind, one.actor_id)
        assert named in one.allowed or one.actor_kind == "unknown"


def test_files_are_gzipped_json_that_is_equal_when_written_again(world: World, tmp_path: Path) -> None:
    write(world.files[:20], tmp_path)
    first = {path: path.read_bytes() for path in tmp_path.rglob("*.json.gz")}
    for file in world.files[:20]:
        assert json.loads(gzip.decompress(first[tmp_path / file.key])) == {"Records": list(file.records)}
    write(world.files[:20], tmp_path)
    assert first == {path: path.read_bytes() for path in tmp_path.rglob("*.json.gz")}


def test_every_promised_kind_of_event_occurs(world: World) -> None:
    seen = {(event.record["eventName"], event.record["userIdentity"].get("type")) for event in world.events}
    assert seen >= {
        ("AssumeRole", "IAMUser"),
        ("AssumeRole", "AssumedRole"),
        ("AssumeRole", "AWSAccount"),
        ("AssumeRole", "AWSService"),
        ("AssumeRoleWithSAML", "SAMLUser"),
        ("AssumeRoleWithWebIdentity", "WebIdentityUser"),
        ("GetSessionToken", "IAMUser"),
        ("ConsoleLogin", "IAMUser"),
        ("CheckMfa", "IAMUser"),
        ("SwitchRole", "AssumedRole"),
        ("CreateUser", "IAMUser"),
        ("CreateAccessKey", "IAMUser"),
        ("UpdateAccessKey", "IAMUser"),
        ("DeleteAccessKey", "IAMUser"),
        ("CreateLoginProfile", "IAMUser"),
        ("PutUserPolicy", "IAMUser"),
        ("UpdateAssumeRolePolicy", "IAMUser"),
        ("StopLogging", "IAMUser"),
    }
    types = {event.record["userIdentity"].get("type") for event in world.events}
    assert types >= {None, "Root", "AWSService"}


def test_every_promised_shape_occurs(world: World) -> None:
    everything = [event.record for event in world.events]
    identities = [record["userIdentity"] for record in everything]
    contexts = [identity.get("sessionContext", {}) for identity in identities]
    assert any(identity.get("invokedBy") == "AWS Internal" for identity in identities)
    assert any("invokedBy" in identity and identity.get("type") == "IAMUser" for identity in identities)
    assert any("invokedBy" in identity and "accessKeyId" in identity for identity in identities)
    assert any("ec2RoleDelivery" in context for context in contexts)
    assert any("sourceIdentity" in context for context in contexts)
    assert any("accessKeyId" not in i and "sessionContext" in i for i in identities)
    assert any(record.get("errorCode") and record["requestParameters"] is None for record in everything)
    assert any((record["responseElements"] or {}).get("ConsoleLogin") == "Failure" for record in everything)
    assert any(record["eventType"] == "AwsServiceEvent" for record in everything)


def test_cross_account_calls_have_two_copies(world: World) -> None:
    by_id = {event.id: event.record for event in world.events}
    copies = [(event.record, by_id[event.twin]) for event in world.events if event.twin]
    assert copies
    for theirs, own in copies:
        assert theirs["sharedEventID"] == own["sharedEventID"]
        assert theirs["requestID"] == own["requestID"]
        assert theirs["eventID"] != own["eventID"]
        assert theirs["recipientAccountId"] != own["recipientAccountId"]
        assert theirs["userIdentity"].keys() == {"type", "principalId", "accountId"}
        assert theirs["responseElements"] == own["responseElements"]


def test_console_sessions_work_with_many_keys(world: World) -> None:
    found = sorted(
        (str(one.principal_id), str(one.creation_date)) for one in truth(world, world.files) if one.creation_date
    )
    assert max(len(list(group)) for _, group in groupby(found)) >= 4


def test_sessions_coincide_to_the_second() -> None:
    """The same role, session name and second: two callers, one caller twice, one user with two keys."""
    callers: Counter[str] = Counter()
    for seed in SEEDS:
        at_once: dict[object, set[object]] = {}
        keys: dict[object, list[str | None]] = {}
        for issuance in simulate(seed, 2000).issuances:
            caller, issued = issuance.caller, issuance.issued
            if not issuance.logs_key or caller.outside:
                continue
            session = (issued.account_id, issued.principal_id, issuance.time)
            at_once.setdefault(session, set()).add((caller.account_id, caller.principal_id))
            keys.setdefault(session, []).append(caller.access_key_id)
        callers["two callers"] += sum(len(group) > 1 for group in at_once.values())
        callers["one caller twice"] += sum(len(group) > len(set(group)) for group in keys.values())
        callers["two keys"] += sum(len(set(keys[s])) > 1 for s, group in at_once.items() if len(group) == 1)
    assert all(callers[kind] for kind in ("two callers", "one caller twice", "two keys"))


def test_the_truth_has_every_kind_and_length() -> None:
    worlds = [simulate(seed, 2000) for seed in SEEDS]
    found = [one for world in worlds for one in truth(world, world.files)]
    assert {one.actor_kind for one in found} >= {
        "iam_user",
        "root",
        "saml_user",
        "web_identity_user",
        "workload",
        "aws_service",
        "unknown",
    }
    assert {len(one.chain) for one in found} >= {0, 1, 2, 3, 4, 5, 6}
    assert {one.undecided_reason for one in found} >= {None, "ambiguous", "before_coverage"}
    assert {one.stop_reason for one in found} >= {"long_term_key", "console_sign_in", "before_coverage"}


def test_without_the_callers_files_the_caller_is_an_external_principal(world: World) -> None:
    account = next(event.credential.account_id for event in world.events if event.twin and event.credential)
    kept = tuple(file for file in world.files if f"/{account}/" not in file.key)
    found = truth(world, kept)
    external = [one for one in found if one.actor_kind == "external_principal"]
    assert external
    assert all(one.stop_reason == "external_account" and one.actor_id for one in external)


def test_key_ids_tell_their_account(world: World) -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    read = 0
    for one in truth(world, world.files):
        key = one.access_key_id
        if key and key[4] not in "IJ":
            value = 0
            for character in key[4:13]:
                value = value * 32 + alphabet.index(character)
            assert f"{(value >> 4) & (2**40 - 1):012d}" == one.account_id
            read += 1
    assert read > 100


# The sample


def test_the_sample_on_disk_is_what_the_simulator_writes(tmp_path: Path) -> None:
    """Compared inflated: zlibs differ in how they deflate."""
    write(story.sample_world().files, tmp_path)
    assert inflated(tmp_path) == inflated(SAMPLE)


def test_the_sample_is_an_organisation_in_three_megabytes() -> None:
    paths = list(SAMPLE.rglob("*.json.gz"))
    found = [record for path in paths for record in json.loads(gzip.decompress(path.read_bytes()))["Records"]]
    assert sum(path.stat().st_size for path in SAMPLE.rglob("*") if path.is_file()) < 2_000_000
    assert len(paths) <= 400
    assert len({(record["eventID"], record["recipientAccountId"]) for record in found}) >= 5000
    assert len({record["recipientAccountId"] for record in found}) >= 4
    assert len({record["awsRegion"] for record in found}) >= 3
    assert {record["eventTime"][:10] for record in found} == {f"2026-10-0{day}" for day in range(1, 6)}


def test_the_storys_keys_are_those_of_the_sample() -> None:
    keys = story.sample().incident
    assert (keys.leaked, keys.first_hop, keys.second_hop, keys.deep) == (
        story.LEAKED_KEY,
        story.FIRST_HOP_KEY,
        story.SECOND_HOP_KEY,
        story.DEEP_KEY,
    )
    assert (keys.stolen_workload, keys.persistence, keys.second_persistence, keys.intruder_console) == (
        story.STOLEN_WORKLOAD_KEY,
        story.PERSISTENCE_KEY,
        story.SECOND_PERSISTENCE_KEY,
        story.INTRUDER_CONSOLE_KEY,
    )
    assert (keys.honest, keys.responder, keys.before_coverage) == (
        story.HONEST_KEY,
        story.RESPONDER_KEY,
        story.BEFORE_COVERAGE_KEY,
    )


def test_the_readme_tells_of_keys_that_are_in_the_sample() -> None:
    told = set(re.findall(r"A(?:KIA|SIA)[A-Z2-7]{16}", (SAMPLE / "README.md").read_text()))
    world = story.sample_world()
    assert told
    assert told <= {one.access_key_id for one in truth(world, world.files)}


def test_the_deep_key_goes_back_to_the_leaked_one() -> None:
    world = story.sample_world()
    found = {one.access_key_id: one for one in truth(world, world.files) if one.access_key_id}
    deep = found[story.DEEP_KEY]
    assert deep.decided and deep.origin_decided
    assert [step[1] for step in deep.chain] == [story.SECOND_HOP_KEY, story.FIRST_HOP_KEY, story.LEAKED_KEY]
    assert len({deep.account_id, *(step[0] for step in deep.chain)}) == 3
    assert found[story.BEFORE_COVERAGE_KEY].stop_reason == "before_coverage"
