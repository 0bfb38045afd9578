"""The simulator: every issuer, actor and workload occurs in a world with everything, in its shape."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest

from tests.simulator import CredentialTruth, World, simulate, truth, without
from tests.simulator.cloud import Event

SEEDS = (1, 2, 3)


@pytest.fixture(scope="module")
def full_worlds() -> tuple[World, ...]:
    return tuple(simulate(seed, 3000, everything=True) for seed in SEEDS)


@pytest.fixture(scope="module")
def happened(full_worlds: tuple[World, ...]) -> list[Event]:
    return [event for world in full_worlds for event in world.events]


@pytest.fixture(scope="module")
def truths(full_worlds: tuple[World, ...]) -> list[CredentialTruth]:
    return [one for world in full_worlds for one in truth(world, world.files)]


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
        ("delegate", "delegated_access"),
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
    assert {one.actor_kind for one in unseen if one.decided} <= {"delegate"}  # by its own records


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
