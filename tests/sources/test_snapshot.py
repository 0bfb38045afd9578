"""Snapshot: of several accounts over real HTTP. Answers are added, denied calls are reported, no call writes."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.backends import get_backend
from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data

from forensics.answers.ingest_answer import RefusedCall, Snapshot
from forensics.case import Case, snapshot_policy
from forensics.output.info_text import render_snapshot
from forensics.output.lines import lay_out
from forensics.sources.account_snapshot import CALLS, SnapshotRequest, take_snapshot
from forensics.sources.aws import Access, Aws
from tests.attribution.records import Account, call, write
from tests.aws_server import AwsServer, aws_server
from tests.cli.run import run

HOME = "123456789012"
ROLE = "SecurityAudit"
NAME = {"GivenName": "A", "FamilyName": "Person"}
PEOPLE = 120
"""More than the size of a page."""


@pytest.fixture(scope="module")
def server() -> Iterator[AwsServer]:
    with aws_server() as running:
        yield running


@dataclass(frozen=True)
class Organization:
    server: AwsServer
    member: str
    keys: dict[str, str]
    """User -> access key ID."""


@pytest.fixture
def organization(server: AwsServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Organization:
    return _organization(server, monkeypatch, tmp_path)


def _organization(server: AwsServer, monkeypatch: pytest.MonkeyPatch, folder: Path) -> Organization:
    """Return two accounts: users, keys, a role that requires a SourceIdentity, a trail, Identity Center users."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "no-credentials"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7RESPOND")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    BackendDict.reset()
    reset_model_data()
    server.denied.clear()
    organizations = boto3.client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    made = organizations.create_account(AccountName="prod", Email="prod@example.com")
    member = made["CreateAccountStatus"]["AccountId"]
    keys = {**_furnish(boto3.Session(), "alice"), **_furnish(_assumed(member), "svc-deploy")}
    store = get_backend("identitystore")[HOME]["us-east-1"]
    instance = boto3.client("sso-admin").list_instances()["Instances"][0]["IdentityStoreId"]
    for number in range(PEOPLE):
        store.create_user(instance, f"person.{number}", NAME, f"Person {number}", **_NO_MORE)
    server.calls.clear()
    return Organization(server, member, keys)


_NO_MORE: dict[str, Any] = dict.fromkeys(
    ("nick_name", "profile_url", "emails", "addresses", "phone_numbers", "user_type", "title", "preferred_language",
     "locale", "timezone")
)  # fmt: skip


def _assumed(account: str) -> Any:
    role = f"arn:aws:iam::{account}:role/{ROLE}"
    made = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="seed")["Credentials"]
    return boto3.Session(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])


def _furnish(session: Any, user: str) -> dict[str, str]:
    iam = session.client("iam")
    iam.create_user(UserName=user)
    key = iam.create_access_key(UserName=user)["AccessKey"]["AccessKeyId"]
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:SourceIdentity": "${aws:username}"}},
            }
        ],
    }
    iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=json.dumps(trust))
    bucket = f"trail-{user}"
    session.client("s3").create_bucket(Bucket=bucket)
    session.client("cloudtrail").create_trail(Name="main", S3BucketName=bucket, IsMultiRegionTrail=True)
    return {user: key}


OLD_KEY = "AKIAI44QH8DHBEXAMPLE"
"""It contains no account, so the account is requested from AWS."""


@dataclass(frozen=True)
class Taken:
    """Take a snapshot of the organization, in a case whose logs contain `OLD_KEY`."""

    organization: Organization
    case: Case
    done: Snapshot
    calls: set[str]
    before: object
    after: object


@pytest.fixture(scope="module")
def taken(server: AwsServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Taken]:
    folder = tmp_path_factory.mktemp("snapshot")
    logs = write([call(Account(HOME).user("old").signs(OLD_KEY), 0)], folder / "logs")
    with pytest.MonkeyPatch.context() as environment, Case.create(folder / "case") as case:
        organization = _organization(server, environment, folder)
        before = _users_and_keys(organization)
        case.ingest([logs])
        done = case.snapshot(accounts=["all"], role_name=ROLE, regions=["us-east-1", "us-east-1"])
        yield Taken(organization, case, done, set(server.calls), before, _users_and_keys(organization))


def test_every_account_is_asked_and_what_it_says_is_in_the_case(taken: Taken) -> None:
    case, member = taken.case, taken.organization.member
    assert set(taken.done.account_ids) == {HOME, member}
    assert not taken.done.refused and not taken.done.incomplete
    keys = {key.access_key_id: key for key in case.keys().keys}
    for user, key_id in taken.organization.keys.items():
        key = keys[key_id]
        assert key.owner is not None and key.owner.name == user
        assert (key.iam_status, key.iam_never_used, key.owner_rests_on) == ("Active", True, "export")
    assert {(one.account_id, one.name) for one in case.accounts().accounts} >= {(member, "prod")}
    said = case.sql_rows("select count(*), any_value(as_of_from) from identity_store_users").rows
    assert said == ((PEOPLE, "document"),)
    assert case.sql_rows("select distinct requires_source_identity from iam_roles where role_name = 'deploy'").rows == (
        (True,),
    )
    assert {trail.account_id for trail in case.coverage().exported_trails} == {HOME, member}
    assert {export.as_of_from for export in case.info().exports} == {"document"}
    told = f"select account_id from exported_keys where access_key_id = '{OLD_KEY}'"
    assert case.sql_rows(told).rows == ((HOME,),)


def test_no_call_writes_and_the_policy_is_exactly_the_calls(taken: Taken) -> None:
    assert taken.before == taken.after
    assert taken.calls == set(taken.done.calls)
    assert taken.calls == {*CALLS, "sts:AssumeRole"}
    for action in taken.calls - {"sts:AssumeRole", "iam:GenerateCredentialReport"}:
        assert action.partition(":")[2].startswith(("Get", "List", "Describe"))
    allowed = json.loads(snapshot_policy(ROLE))["Statement"]
    assert {*allowed[0]["Action"], allowed[1]["Action"]} == taken.calls
    assert allowed[1]["Resource"] == f"arn:aws:iam::*:role/{ROLE}"


def test_the_files_are_the_cases_own_and_private(taken: Taken, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = Path(taken.done.folder)
    assert folder.parent.name == "sources" and folder.is_relative_to(tmp_path_factory.getbasetemp())
    for path in (folder, *folder.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


@pytest.mark.full
def test_each_call_that_is_denied_is_told_and_stops_no_other(organization: Organization, tmp_path: Path) -> None:
    for action in sorted(
        set(CALLS) - {"sts:GetCallerIdentity", "sts:GetAccessKeyInfo", "iam:GenerateCredentialReport"}
    ):
        organization.server.denied = {action}
        taken = take_snapshot(Aws(Access()), tmp_path / action, SnapshotRequest(), lambda _account: None)
        (refused,) = taken.refusals()
        assert (refused.account_id, refused.action) == (HOME, action)
        assert "access is denied" in refused.reason
        assert len(taken.files) > 4
        assert all(
            json.loads(line) for path in taken.files for line in [path.read_text()] if "access-key" not in path.name
        )


def test_what_is_denied_is_told_and_the_rest_goes_in(organization: Organization, tmp_path: Path) -> None:
    organization.server.denied = {"iam:ListAccessKeys", "iam:GenerateCredentialReport", "sts:AssumeRole"}
    command = ("snapshot", "--case", tmp_path / "case", "--accounts", "all", "--role-name", ROLE)
    done = run(*command, "--region", "us-east-1", "--format", "json")
    assert (done.code, done.err) == (3, "")
    told = json.loads(done.out)
    assert told["account_ids"] == [HOME] and told["ingest"]["unread"] == []
    assert {(refused["account_id"], refused["action"].split()[0]) for refused in told["refused"]} == {
        (HOME, "iam:ListAccessKeys"), (HOME, "iam:GenerateCredentialReport"), (organization.member, "sts:AssumeRole"),
    }  # fmt: skip
    with Case.open(tmp_path / "case") as case:
        assert case.sql_rows("select user_name from iam_users").rows


def test_the_page_of_a_snapshot_lists_what_was_read_and_what_was_denied(taken: Taken) -> None:
    denied = RefusedCall(HOME, "us-east-1", "iam:ListUsers", "access is denied", 2)
    text = lay_out(render_snapshot(replace(taken.done, refused=(denied,))), 80)
    assert "2 accounts" in text and "iam list-access-keys" in text
    assert "iam:ListUsers" in text and "access is denied" in text


def test_policy_needs_no_case() -> None:
    done = run("snapshot", "--policy")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out)["Statement"][0]["Action"] == list(CALLS)


@pytest.mark.parametrize(
    "options",
    [("--accounts", "all"), ("--accounts", "12", "--role-name", "r"), ()],
    ids=["no role", "no account ID", "no case"],
)
def test_a_wrong_use_is_told_in_one_line(
    options: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FORENSICS_CASE", raising=False)
    done = run("snapshot", *options, *(["--case", str(tmp_path / "case")] if options else []))
    assert done.code == 2 and done.complaint


def test_without_credentials_there_is_one_line_and_no_case(
    server: AwsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    done = run("snapshot", "--case", tmp_path / "case")
    assert done.code == 1 and "no AWS credentials" in done.complaint
    assert not (tmp_path / "case").exists()


def _users_and_keys(organization: Organization) -> dict[str, object]:
    found: dict[str, object] = {}
    for account in (HOME, organization.member):
        iam = get_backend("iam")[account]["aws"]
        found[account] = [
            (name, sorted(key.access_key_id for key in user.access_keys), sorted(user.policies))
            for name, user in sorted(iam.users.items())
        ]
    return found
