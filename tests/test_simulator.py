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
from urllib.parse import unquote

import pytest

from tests.simulator import CredentialTruth, LogFile, World, shuffled, simulate, truth, without, write
from tests.simulator import sample as story
from tests.simulator.cloud import Event

SAMPLE = Path(__file__).parent.parent / "sample_logs"
SEEDS = (1, 2, 3)


@pytest.fixture(scope="module", params=SEEDS)
def world(request: pytest.FixtureRequest) -> World:
    return simulate(request.param, 2000)


@pytest.fixture(scope="module")
def full_worlds() -> tuple[World, ...]:
    return tuple(simulate(seed, 3000, everything=True) for seed in SEEDS)


@pytest.fixture(scope="module")
def happened(full_worlds: tuple[World, ...]) -> list[Event]:
    return [event for world in full_worlds for event in world.events]


@pytest.fixture(scope="module")
def truths(full_worlds: tuple[World, ...]) -> list[CredentialTruth]:
    return [one for world in full_worlds for one in truth(world, world.files)]


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


# Every issuer


def test_a_full_world_is_a_function_of_its_seed_and_has_its_size(full_worlds: tuple[World, ...]) -> None:
    for world in full_worlds:
        assert 3000 <= len(world.events) <= 3100
    assert simulate(SEEDS[0], 3000, everything=True).files == full_worlds[0].files


def test_the_everyday_world_keeps_most_of_the_full_one(truths: list[CredentialTruth]) -> None:
    everyday = {"long-term key", "AssumeRole", "AssumeRole/ec2", "AssumeRoleWithSAML", "ConsoleLogin", "forward access"}
    assert sum(one.issuer in everyday for one in truths) > len(truths) / 3


def test_every_issuer_occurs(truths: list[CredentialTruth]) -> None:
    assert {one.issuer for one in truths} >= {
        "long-term key",
        "long-term key/root",
        "AssumeRole",
        "AssumeRole/cloudformation",
        "AssumeRole/codebuild",
        "AssumeRole/credentials.iot",
        "AssumeRole/ec2",
        "AssumeRole/ecs-tasks",
        "AssumeRole/inspector2",
        "AssumeRole/lambda",
        "AssumeRole/pods.eks",
        "AssumeRole/rds",
        "AssumeRole/rolesanywhere",
        "AssumeRole/ssm",
        "AssumeRoleWithSAML",
        "AssumeRoleWithSAML/IdentityCenter",
        "AssumeRoleWithWebIdentity/Cognito",
        "AssumeRoleWithWebIdentity/GitHub",
        "AssumeRoleWithWebIdentity/Google",
        "AssumeRoleWithWebIdentity/Kubernetes",
        "AssumeRoot",
        "ConsoleLogin",
        "ConsoleLogin/IdentityCenter",
        "ConsoleLogin/root",
        "CreateOAuth2Token",
        "CreateSession/RolesAnywhere",
        "CreateSession/S3Express",
        "EC2/infrastructure",
        "GetCredentialsForIdentity",
        "GetDelegatedAccessToken",
        "GetFederationToken",
        "GetRoleCredentials",
        "GetSessionToken",
        "GetSigninToken",
        "RenewRole",
        "SwitchRole",
        "agent",
        "anonymous",
        "before the logs",
        "forward access",
    }


def test_every_actor_and_stop_reason_occurs(truths: list[CredentialTruth]) -> None:
    """Those that a walk can end at; the others say why it does not."""
    assert {(one.actor_kind, one.stop_reason) for one in truths if one.decided} == {
        ("iam_user", "long_term_key"),
        ("iam_user", "console_sign_in"),
        ("root", "root_user"),
        ("identity_center_user", "identity_center_user"),
        ("saml_user", "saml_subject"),
        ("web_identity_user", "web_identity_subject"),
        ("workload", "workload"),
        ("aws_service", "aws_service"),
        ("external_principal", "external_account"),
        ("anonymous", "anonymous"),
    }
    reasons = {one.undecided_reason for one in truths if not one.decided}
    assert reasons == {"ambiguous", "before_coverage", "outside_coverage", "never_logged"}


def test_every_workload_occurs_under_its_short_name(truths: list[CredentialTruth]) -> None:
    shapes = {
        "ec2_instance": r"i-0[0-9a-f]{16}",
        "lambda_function": r"[a-z]+-[a-z]+(-[0-9a-f]{4})?",
        "ecs_task": r"[0-9a-f]{32}",
        "codebuild_build": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        "eks_pod": r"[a-z]+/[a-z-]+/[a-z]+-[0-9a-f]{10}",
        "ssm_managed_node": r"mi-0[0-9a-f]{16}",
        "roles_anywhere_certificate": r"[0-9a-f]{40}",
        "iot_thing": r"sensor-\d+",
    }
    assert {one.workload_type for one in truths} == {None, *shapes}
    for one in truths:
        if one.workload_type and one.actor_id:
            assert re.fullmatch(shapes[one.workload_type], str(one.actor_id)), one
        elif one.workload_type:
            assert ":awslambda_" in str(one.principal_id), "Lambda tries a role under a name that is no function's"


def test_what_is_documented_only_decides_nothing(truths: list[CredentialTruth]) -> None:
    unseen = [one for one in truths if one.documented_only]
    assert {one.issuer for one in unseen} == {"GetDelegatedAccessToken", "AssumeRole/credentials.iot"}
    assert not any(one.decided for one in unseen)


def test_every_issuing_event_occurs(happened: list[Event]) -> None:
    seen = {(event.record["eventSource"].split(".")[0], event.record["eventName"]) for event in happened}
    assert seen >= {
        ("sts", "GetFederationToken"),
        ("sts", "AssumeRoot"),
        ("sts", "GetDelegatedAccessToken"),
        ("signin", "GetSigninToken"),
        ("signin", "SwitchRole"),
        ("signin", "RenewRole"),
        ("signin", "ExitRole"),
        ("signin", "AuthorizeOAuth2Access"),
        ("signin", "CreateOAuth2Token"),
        ("signin", "CredentialChallenge"),
        ("signin", "CredentialVerification"),
        ("signin", "UserAuthentication"),
        ("sso", "Authenticate"),
        ("sso", "ListAccounts"),
        ("sso", "GetRoleCredentials"),
        ("sso", "Federate"),
        ("sso", "CreateToken"),
        ("aws-mcp", "CallReadWriteTool"),
        ("cognito-identity", "GetCredentialsForIdentity"),
        ("rolesanywhere", "CreateSession"),
        ("s3express", "CreateSession"),
        ("eks-auth", "AssumeRoleForPodIdentity"),
        ("ssm", "RequestManagedInstanceRoleToken"),
        ("ec2", "RunInstances"),
        ("lambda", "CreateFunction20150331"),
        ("cloudtrail", "StopLogging"),
        ("cloudtrail", "DeleteTrail"),
        ("cloudtrail", "PutEventSelectors"),
        ("cloudtrail", "UpdateTrail"),
        ("iam", "CreateRole"),
        ("iam", "DeleteRole"),
        ("iam", "UpdateAssumeRolePolicy"),
    }


def test_data_events_are_marked(happened: list[Event]) -> None:
    names = ("GetCredentialsForIdentity", "RequestManagedInstanceRoleToken")
    found = [
        one.record for one in happened if one.record["eventName"] in names or "s3express" in one.record["eventSource"]
    ]
    assert found
    assert all(record["eventCategory"] == "Data" and record["managementEvent"] is False for record in found)


def test_a_federated_user_names_the_user(happened: list[Event]) -> None:
    found = [
        one.record["userIdentity"] for one in happened if one.record["userIdentity"].get("type") == "FederatedUser"
    ]
    assert found
    for identity in found:
        assert identity["principalId"].startswith(identity["accountId"] + ":")
        assert identity["sessionContext"]["sessionIssuer"]["type"] == "IAMUser"


def test_a_federated_console_keeps_the_brokers_second(happened: list[Event]) -> None:
    logins = [one for one in happened if one.record["eventName"] == "ConsoleLogin" and one.credential]
    federated = [one for one in logins if one.record["userIdentity"]["type"] in ("AssumedRole", "FederatedUser")]
    assert {one.record["userIdentity"]["type"] for one in federated} == {"AssumedRole", "FederatedUser"}
    assert all("accessKeyId" not in one.record["userIdentity"] for one in federated)
    for event in federated:
        created = event.record["userIdentity"]["sessionContext"]["attributes"]["creationDate"]
        assert created <= event.record["eventTime"]


def test_assumed_root_is_root_in_the_member_account(happened: list[Event]) -> None:
    issued = {
        one.record["responseElements"]["credentials"]["accessKeyId"]: one.record
        for one in happened
        if one.record["eventName"] == "AssumeRoot"
    }
    used = [one for one in happened if "assumedRoot" in one.record["userIdentity"].get("sessionContext", {})]
    assert issued and used
    for event in used:
        identity = event.record["userIdentity"]
        assert identity["type"] == "Root" and identity["sessionContext"]["assumedRoot"] == "true"
        if "invokedBy" not in identity and identity["accessKeyId"] in issued:
            issuance = issued[identity["accessKeyId"]]
            assert issuance["requestParameters"]["targetPrincipal"] == identity["accountId"]
            assert issuance["recipientAccountId"] != identity["accountId"]
            assert issuance["eventTime"] == identity["sessionContext"]["attributes"]["creationDate"]


def test_identity_center_sessions_work_with_another_key_for_a_person(happened: list[Event]) -> None:
    def reserved(event: Event) -> bool:
        return "assumed-role/AWSReservedSSO_" in str(event.record["userIdentity"].get("arn"))

    issued = {
        one.record["responseElements"]["credentials"]["accessKeyId"]
        for one in happened
        if one.record["eventName"] == "AssumeRoleWithSAML"
    }
    used = [one.record["userIdentity"] for one in happened if reserved(one)]
    assert not issued & {identity.get("accessKeyId") for identity in used}
    share = sum("onBehalfOf" in identity for identity in used) / len(used)
    assert 0.7 < share < 0.95
    others = [
        identity
        for one, identity in ((one, one.record["userIdentity"]) for one in happened if reserved(one))
        if one.credential and one.credential.also and not identity["principalId"].endswith(str(one.credential.also.id))
    ]
    assert others, "a session named as another user"


def test_sso_login_shows_no_saml_event(full_worlds: tuple[World, ...]) -> None:
    for world in full_worlds:
        issued = {(issuance.issued.principal_id, issuance.issued.creation_date) for issuance in world.issuances}
        unseen = [one for one in truth(world, world.files) if one.issuer == "GetRoleCredentials"]
        assert not issued & {(one.principal_id, one.creation_date) for one in unseen}


def test_an_agents_requests_are_told_by_its_tool_calls(happened: list[Event]) -> None:
    by_request = {one.record.get("requestID"): one.record for one in happened}
    tools = [one.record for one in happened if one.record["eventType"] == "AwsMcpEvent"]
    found = 0
    for tool in tools:
        session = tool["userIdentity"]["sessionContext"]["signInSessionArn"]
        for request in tool["additionalEventData"]["downstreamRequests"]:
            record = by_request.get(request["requestId"])
            if record:
                found += 1
                assert record["userIdentity"]["sessionContext"]["signInSessionArn"] == session
                assert record["userIdentity"]["invokedBy"] == "aws-mcp.amazonaws.com"
    assert found


def test_a_pods_role_is_assumed_with_the_pod_in_its_tags(happened: list[Event]) -> None:
    found = [one.record for one in happened if one.record["userIdentity"].get("invokedBy") == "pods.eks.amazonaws.com"]
    asked = {one.time for one in happened if one.record["eventName"] == "AssumeRoleForPodIdentity"}
    assert found and asked
    for record in found:
        tags = {tag["key"]: tag["value"] for tag in record["requestParameters"]["tags"]}
        assert tags.keys() >= {"eks-cluster-name", "kubernetes-namespace", "kubernetes-pod-name"}
        assert len(record["requestParameters"]["roleSessionName"]) <= 64


def test_roles_anywhere_has_a_set_of_credentials(happened: list[Event]) -> None:
    found = [one.record for one in happened if one.record["eventSource"] == "rolesanywhere.amazonaws.com"]
    assert found
    for record in found:
        (issued,) = record["responseElements"]["credentialSet"]
        assert issued["credentials"]["accessKeyId"] and issued["sourceIdentity"].startswith("CN=")
        assert re.fullmatch(r"AROA\w+:[0-9a-f]{40}", issued["assumedRoleUser"]["assumedRoleId"])


def test_a_workload_is_in_scope_and_some_are_used_elsewhere(
    happened: list[Event], truths: list[CredentialTruth]
) -> None:
    scopes = [one.record["userIdentity"]["inScopeOf"] for one in happened if "inScopeOf" in one.record["userIdentity"]]
    assert {scope["issuerType"] for scope in scopes} == {"AWS::EC2::Instance", "AWS::Lambda::Function"}
    addresses: dict[object, set[str]] = {}
    for event in happened:
        if event.credential and "inScopeOf" in event.record["userIdentity"]:
            addresses.setdefault(event.credential.id, set()).add(event.record["sourceIPAddress"])
    assert any("192.0.2.150" in group and len(group) > 1 for group in addresses.values())
    assert any(one.provenance for one in truths)


def test_a_stopped_trail_leaves_a_gap(full_worlds: tuple[World, ...]) -> None:
    for world in full_worlds:
        assert len(world.gaps) == 4
        assert not any(gap.loses(event) for gap in world.gaps for event in world.events)


def test_trust_policies_say_whether_source_identity_is_demanded(
    happened: list[Event], truths: list[CredentialTruth]
) -> None:
    created = [one.record for one in happened if one.record["eventName"] == "CreateRole"]
    for record in created:
        sent = record["requestParameters"]["assumeRolePolicyDocument"]
        assert unquote(record["responseElements"]["role"]["assumeRolePolicyDocument"]) == sent
    assert {"sts:SourceIdentity" in r["requestParameters"]["assumeRolePolicyDocument"] for r in created} == {
        True,
        False,
    }
    assert {one.enforced for one in truths if one.source_identity} == {True, False, None}


def test_keys_are_made_by_others_disabled_and_refused(happened: list[Event]) -> None:
    makers = [one.record for one in happened if one.record["eventName"] == "CreateAccessKey"]
    made = {record["responseElements"]["accessKey"]["accessKeyId"] for record in makers}
    assert {record["userIdentity"].get("accessKeyId") for record in makers} & made, "a key that another key made"
    assert any(record["userIdentity"]["type"] == "Root" for record in makers)
    assert any(one.record.get("errorCode") == "InvalidClientTokenId" for one in happened)


def test_sessions_are_juggled_beyond_the_hour(truths: list[CredentialTruth]) -> None:
    kept = [one for one in truths if str(one.principal_id).endswith(":keep-alive")]
    assert max(len(one.chain) for one in kept) >= 5
    assert all(one.stop_reason == "long_term_key" for one in kept if one.decided)


def test_someone_acts_in_between(truths: list[CredentialTruth]) -> None:
    agents = [one for one in truths if one.issuer == "agent"]
    assert agents
    assert all(one.via[0] == "aws-mcp.amazonaws.com" and "external-client" in one.via[1] for one in agents)
    assert all(one.via for one in truths if one.issuer == "forward access")


def test_removing_files_from_a_full_world_keeps_its_truth(full_worlds: tuple[World, ...]) -> None:
    for world in full_worlds:
        for one in truth(world, without(world.files, 0.3, 9)):
            assert (one.actor_kind, one.actor_id) in one.allowed or one.actor_kind == "unknown"


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
