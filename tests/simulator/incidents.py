"""Incidents: eight kinds of intrusion, each a function of an intruder, after public reports.

The sources are in the docstrings. Each kind has variants; the last one of `pick` (`exam`) is played only in the exam
family, so that nobody tunes on them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from . import iam, signin, sts
from .cloud import GLOBAL_REGION
from .identities import Credential, forwarded, user_key
from .intruder import Intruder, reconnoiter, steal, try_roles
from .intrusion_steps import (
    add_one_call,
    call_models,
    encrypt_or_delete,
    move_to_a_role,
    plant_key,
    plant_password,
    plant_provider,
    plant_role,
    plant_trust,
    plant_user,
    share_snapshots,
    start_miners,
    start_mining_tasks,
)
from .organization import BROWSERS, FAR_REGIONS, address_of
from .principals import Place
from .services import FORWARDS, bucket_name, call_and_forward

Incident = Callable[[Intruder], None]


def leaked_key(intruder: Intruder) -> None:
    """Use the leaked key of a user or a service: models, mail, data, other roles.

    Sources: Sysdig, "LLMjacking" (May 2024); Datadog Security Labs, "Tales from the cloud trenches" (2024); Unit 42,
    "Leaked environment variables allow large-scale extortion operation" (Aug 2024); Permiso on SES abuse.
    """
    rng = intruder.rng
    key = intruder.key(intruder.victim("admin", "developer", "analyst"))
    caller = intruder.caller(key)
    if rng.random() < 0.3:
        intruder.notes.append("tested before")
        caller("sts:GetCallerIdentity")
        intruder.wait(caller, 20)
        intruder.place = Place(address_of(rng), intruder.place.agent)
        caller = intruder.caller(key)
    reconnoiter(caller, loud=intruder.loud)
    match intruder.pick("models", "mail", "data", "roles", exam="instances"):
        case "models":
            call_models(intruder, caller)
        case "mail":
            caller.all("ses:GetAccount ses:GetSendQuota ses:ListIdentities ses:GetIdentityVerificationAttributes")
            caller("ses:UpdateAccountSendingEnabled", denied=not intruder.loud)
            caller.all(["ses:CreateEmailIdentity"] * rng.randint(1, 3) + ["ses:SendEmail"] * rng.randint(5, 60))
        case "data":
            steal(caller, loud=intruder.loud)
        case "roles":
            move_to_a_role(intruder, caller)
        case _:
            caller("ssm:DescribeInstanceInformation")
            caller("ssm:SendCommand", documentName="AWS-RunShellScript", instanceIds=[caller.cloud.ids.instance()])
            caller("ssm:StartSession", target=caller.cloud.ids.instance())


def stolen_instance_role(intruder: Intruder) -> None:
    """Use the credential of an instance, from elsewhere or through the instance itself, then what lies in its reach.

    Sources: Sysdig, "SCARLETEEL: Operation leveraging Terraform, Kubernetes, and AWS for data theft" (Feb 2023):
    S3, Lambda code and variables, a Terraform state with further keys; the Capital One indictment (2019): S3 by SSRF.
    """
    rng = intruder.rng
    stolen = intruder.stolen_issuance("AssumeRole/ec2").issued
    if intruder.pick("from elsewhere", "from elsewhere", "through the instance") == "through the instance":
        intruder.place = Place(stolen.place.address, intruder.place.agent if rng.random() < 0.5 else stolen.place.agent)
    caller = intruder.caller(stolen)
    reconnoiter(caller, loud=intruder.loud, refused=0.75)
    match intruder.pick("objects", "functions", "state", exam="snapshots"):
        case "objects":
            steal(caller, loud=intruder.loud)
        case "functions":
            caller.all("lambda:ListFunctions20150331 lambda:GetFunction20150331v2 lambda:GetFunction20150331v2 "
                      "lambda:GetFunctionConfiguration20150331v2")  # fmt: skip
        case "snapshots":
            share_snapshots(caller)
        case _:
            bucket = bucket_name("terraform-state", str(stolen.account_id))
            caller("s3:ListObjects", bucketName=bucket)
            caller("s3:GetObject", bucketName=bucket, key="platform/terraform.tfstate")
            intruder.at = caller.at
            found = intruder.caller(intruder.key(intruder.victim()))
            reconnoiter(found, loud=intruder.loud)
            steal(found, loud=intruder.loud)
    try_roles(intruder.organization, caller, ("admin", "deploy")[: rng.randrange(3)])


def federated_console(intruder: Intruder) -> None:
    """Turn a leaked key into a console session that survives the key's deactivation.

    Sources: CrowdStrike, "How adversaries can persist with AWS user federation" (Jan 2023): GetFederationToken, then
    GetSigninToken; Datadog Cloud Security Atlas (aws_consoler).
    """
    rng = intruder.rng
    organization, cloud = intruder.organization, intruder.organization.cloud
    user = intruder.victim("admin")
    caller = intruder.caller(intruder.key(user))
    reconnoiter(caller, loud=intruder.loud)
    browser = Place(intruder.place.address, rng.choice(BROWSERS))
    for visit in range(rng.randint(1, 3)):
        region = rng.choice((GLOBAL_REGION, organization.home))
        if intruder.pick("federation token", "federation token", exam="role") == "role":
            role = organization.role(user.account_id, "admin")
            session = sts.assume_role(cloud, caller.credential, role, "aws_consoler", caller.now(), region)
        else:
            name = rng.choice((user.name, organization.members[0].name, "aws_consoler", "console"))
            session = sts.get_federation_token(cloud, caller.credential, user, name, caller.now(), region)
        console = signin.federated_console(cloud, session, caller.later(minutes=1).at, region, place=browser)
        intruder.at = caller.at + timedelta(minutes=1)
        seen = intruder.caller(console, browser)
        reconnoiter(seen, loud=intruder.loud, refused=0.2)
        if rng.random() < 0.5:
            plant_user(intruder, seen)
        intruder.wait(seen, 4)
        if visit == 0 and rng.random() < 0.3:
            intruder.respond(user, seen)
            seen.later(hours=1).all("s3:ListBuckets iam:ListUsers secretsmanager:ListSecrets")
            break
        caller = intruder.caller(caller.credential)


def persistence_chain(intruder: Intruder) -> None:
    """Plant users, keys, passwords, trust and functions with an administrator's access, and come back by them.

    Sources: Datadog Security Labs, "Tales from the cloud trenches" (2024, users and API Gateway persistence); Permiso,
    "LUCR-3 / Scattered Spider" (2023, phished people in the console); Rhino Security Labs' list of IAM backdoors; AWS
    CIRT, Threat Technique Catalog; Sysdig, "AI-assisted cloud intrusion" (2026, admin in minutes).
    """
    rng = intruder.rng
    access = intruder.administrator()
    caller = intruder.caller(access)
    if rng.random() < 0.7:
        reconnoiter(caller, loud=intruder.loud, refused=0.1)
    plants = [plant_user, plant_key, plant_password, plant_trust, plant_role]
    plants += [plant_provider] if intruder.exam else []
    planted = []
    for plant in rng.sample(plants, rng.randint(2, 4) if intruder.loud else 1):
        intruder.notes.append(plant.__name__)
        planted.append(plant(intruder, caller))
    if intruder.loud and rng.random() < 0.4:
        iam.stop_logging(caller.cloud, caller.credential, "org-trail", caller.now(), GLOBAL_REGION, denied=True)
    if rng.random() < 0.2:
        intruder.notes.append("never used")
        return
    for access_again in planted:
        intruder.wait(caller, 6)
        session = access_again()
        caller = intruder.caller(session, session.place)
        reconnoiter(caller, loud=intruder.loud, refused=0.1)
        steal(caller, loud=intruder.loud and rng.random() < 0.5)


def mining(intruder: Intruder) -> None:
    """Start large instances or tasks at the victim's cost, in many regions or a few near the victim's own.

    Sources: AWS Security Blog, "Cryptomining campaign targeting Amazon EC2 and Amazon ECS" (Dec 2025): GetServiceQuota,
    RunInstances with DryRun, service-linked roles, many clusters, DisableApiTermination; Unit 42, "EleKtra-Leak"
    (2023): security group and instances in each region within minutes.
    """
    rng = intruder.rng
    caller = intruder.caller(intruder.key(intruder.victim("admin", "developer")))
    caller("sts:GetCallerIdentity")
    caller.all("ec2:DescribeRegions servicequotas:GetServiceQuota")
    caller("ec2:RunInstances", error="Client.DryRunOperation", instanceType="c6a.32xlarge")
    regions = rng.sample(FAR_REGIONS, rng.randint(2, 6)) if intruder.loud else [caller.region]
    what = intruder.pick("instances", "containers", exam="notebooks")
    for region in regions:
        there = caller.in_region(region)
        there("servicequotas:GetServiceQuota", serviceCode="ec2", quotaCode="L-1216C47A")
        if what == "instances":
            start_miners(intruder, there)
        elif what == "containers":
            start_mining_tasks(intruder, there)
        else:
            there.all("sagemaker:ListNotebookInstances sagemaker:CreateNotebookInstanceLifecycleConfig")
            there("sagemaker:CreateNotebookInstance", instanceType="ml.p3.16xlarge", notebookInstanceName="nb")
        caller.at = there.at


def s3_ransom(intruder: Intruder) -> None:
    """Encrypt or delete the objects of buckets and leave a note.

    Sources: Halcyon, "Abusing AWS native services: ransomware encrypting S3 buckets with SSE-C" (Codefinger, Jan 2025):
    CopyObject with a key of the attacker, lifecycle rule of seven days; Unit 42, "Bling Libra" (Aug 2024): S3 Browser,
    download, deletion, new buckets with a contact address.
    """
    rng = intruder.rng
    caller = intruder.caller(intruder.key(intruder.victim("admin", "developer")))
    caller("sts:GetCallerIdentity" if rng.random() < 0.6 else "s3:ListBuckets")
    account_id = str(caller.credential.account_id)
    what = intruder.pick("encrypted by SSE-C", "deleted", exam="encrypted by KMS")
    for name in rng.sample(("customer-exports", "backups", "artifacts"), rng.randint(1, 3) if intruder.loud else 1):
        bucket = bucket_name(name, account_id)
        caller("s3:GetBucketLocation", bucketName=bucket)
        caller("s3:GetBucketVersioning", bucketName=bucket)
        if intruder.loud:
            suspended = {"Status": "Suspended"}
            caller("s3:PutBucketVersioning", bucketName=bucket, VersioningConfiguration=suspended)
        encrypt_or_delete(intruder, caller, bucket, what)
        caller("s3:PutObject", bucketName=bucket, key="HOW-TO-RECOVER.txt")
    if what == "deleted":
        caller("s3:CreateBucket", bucketName=f"contact-us-{account_id[-4:]}")


def insider(intruder: Intruder) -> None:
    """Take data, secrets or snapshots, or cover tracks, with one's own access.

    Sources: US v. Sharp (2021, Ubiquiti): an administrator reads a key at night, steals data through a VPN, and
    sets the retention of logs to one day; DoJ, US v. Ramesh (2020, Cisco): a former employee deletes instances.
    """
    organization, rng = intruder.organization, intruder.rng
    member = rng.choice(organization.team("admin", "developer"))
    day = intruder.at.replace(hour=0, minute=0, second=0)
    if intruder.pick("by day", "at night") == "by day":
        intruder.at = organization.office_time(day, 9 + rng.randrange(7)) + timedelta(seconds=rng.randrange(3600))
        at_work = replace(member, at_home=0.0 if rng.random() < 0.6 else 1.1)
    else:
        intruder.at = organization.office_time(day, 2) + timedelta(seconds=rng.randrange(2 * 3600))
        at_work = replace(member, at_home=1.1)
    session = organization.session(at_work, intruder.at, organization.account(1), console=rng.random() < 0.3)
    intruder.at += timedelta(minutes=1)
    caller = intruder.caller(session, session.place)
    caller.region = organization.home
    caller.pace = (1, 20)
    data = ("data",) if "data events" in organization.traits else ()
    match intruder.pick("snapshot", "secrets", "backdoor", "logs", *data, exam="sabotage"):
        case "data":
            caller.all(["s3:ListObjects"] + ["s3:GetObject"] * rng.randint(60, 200))
        case "snapshot":
            share_snapshots(caller)
        case "secrets":
            caller("secretsmanager:ListSecrets")
            for _ in range(rng.randint(4, 12)):
                call_and_forward(caller.cloud, session, caller.now(), caller.region, which=FORWARDS[0])
        case "backdoor":
            robot = intruder.service_user(str(session.account_id))
            robot = iam.create_access_key(caller.cloud, session, robot, caller.now())
            intruder.wait(caller, 8)
            away = Place(address_of(rng) if rng.random() < 0.5 else member.homes[1], member.programs[1])
            steal(intruder.caller(user_key(robot, robot.key_ids[-1]), away), loud=True)
        case "logs":
            trail = bucket_name("trail", str(session.account_id))
            rule = {"Rule": {"Status": "Enabled", "Expiration": {"Days": 1}}}
            caller("s3:PutBucketLifecycle", bucketName=trail, LifecycleConfiguration=rule)
            caller("logs:PutRetentionPolicy", logGroupName="/aws/cloudtrail/org-trail", retentionInDays=1)
            steal(caller, loud=True)
        case _:
            caller.all(["ec2:TerminateInstances"] * rng.randint(2, 9) + ["rds:DeleteDBInstance", "ec2:DeleteSnapshot",
                      "dynamodb:DeleteTable", "s3:DeleteBucket"])  # fmt: skip


def compromised_ci(intruder: Intruder) -> None:
    """Act with the role of a workflow: within a run, from elsewhere, or by a workflow that must not have it.

    Sources: CISA on tj-actions/changed-files (Mar 2025, CVE-2025-30066): credentials of runners in build logs; Google
    Cloud Threat Horizons H1 2026, UNC6426: from nx to administrator by CloudFormation with CAPABILITY_NAMED_IAM;
    Datadog Security Labs on roles that any GitHub workflow can assume.
    """
    rng = intruder.rng
    organization, cloud = intruder.organization, intruder.organization.cloud
    run = (
        intruder.stolen_issuance("AssumeRoleWithWebIdentity/GitHub") if "key in CI" not in organization.traits else None
    )
    session = run.issued if run else _run_by_key(intruder)
    caller = intruder.caller(session, session.place)
    caller.pace = (0, 4)
    match intruder.pick("added call", "taken away", "other workflow", exam="stack"):
        case "added call":
            call = intruder.pick("key", "trust", "secret", "policy")
            add_one_call(intruder, caller, call)
        case "taken away":
            caller = intruder.caller(session)
            reconnoiter(caller, loud=intruder.loud)
            steal(caller, loud=intruder.loud)
        case "other workflow":
            branch = rng.choice(("pull_request", "ref:refs/heads/fix-typo", "ref:refs/heads/dependabot/npm"))
            owner = organization.words.repositories[0] if rng.random() < 0.6 else "w4rez/runner"
            role = organization.role(
                str(session.account_id), session.identity["sessionContext"]["sessionIssuer"]["userName"]
            )
            own = sts.assume_role_with_web_identity(
                cloud, role, f"repo:{owner}:{branch}", "GitHubActions", intruder.at, organization.home,
                place=Place(address_of(rng), session.place.agent),
            )  # fmt: skip
            intruder.at += timedelta(seconds=5)
            reconnoiter(intruder.caller(own, own.place), loud=intruder.loud)
            steal(intruder.caller(own, own.place), loud=intruder.loud)
        case _:
            caller("cloudformation:CreateStack", stackName="nx-metrics", capabilities=["CAPABILITY_NAMED_IAM"])
            by = forwarded(session, cloud.ids.key(str(session.account_id)), caller.at, "cloudformation.amazonaws.com")
            role = iam.create_role(
                cloud, by, str(session.account_id), "cfn-exec-2", caller.now(), demands_source_identity=False
            )
            iam.attach_policy(cloud, by, role, iam.ADMIN_POLICY, caller.now())
            intruder.at = caller.at + timedelta(minutes=9)
            admin = sts.assume_role(cloud, session.at(intruder.place), role, "nx", intruder.at, organization.home)
            reconnoiter(intruder.caller(admin), loud=intruder.loud, refused=0.0)


INCIDENTS: dict[str, Incident] = {
    one.__name__: one
    for one in (
        leaked_key, stolen_instance_role, federated_console, persistence_chain, mining, s3_ransom, insider,
        compromised_ci,
    )
}  # fmt: skip


def _run_by_key(intruder: Intruder) -> Credential:
    rng = intruder.rng
    runs = [
        one
        for one in intruder.organization.cloud.issuances
        if one.issued.issuer == "AssumeRole" and str(one.issued.principal_id).endswith(":GitHubActions")
    ]
    run = min(runs, key=lambda one: abs(one.time - intruder.at))
    intruder.at = run.time + timedelta(minutes=rng.randint(2, 20))
    return run.issued
