"""The simulator: worlds are a function of their seed, and hold every event and shape that they promise."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from tests.simulator import LogFile, World, shuffled, simulate, truth, without, write

SEEDS = (1, 2, 3)


@pytest.fixture(scope="module", params=SEEDS)
def world(request: pytest.FixtureRequest) -> World:
    return simulate(request.param, 2000)


def records(files: tuple[LogFile, ...]) -> Iterator[dict[str, Any]]:
    return (record for file in files for record in file.records)


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


def test_an_arn_is_true_of_who_switched_roles_while_a_file_tells_of_it(world: World) -> None:
    def arns(files: tuple[LogFile, ...]) -> set[str]:
        return {id_ for one in truth(world, files) for _, id_ in one.allowed if id_ and id_.startswith("arn:")}

    switches = [event.record for event in world.events if event.record["eventName"] == "SwitchRole"]
    told = {record["additionalEventData"]["SwitchFrom"] for record in switches}
    assert arns(world.files) == {arn for arn in told if ":user/" in arn} != set()
    assert not arns(tuple(file for file in world.files if not any(record in switches for record in file.records)))


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
