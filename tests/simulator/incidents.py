"""Incidents: eight kinds of intrusion, each a function of an intruder, after public reports.

The sources are in the docstrings. Each kind has variants; the last one of `pick` (`exam`) is played only in the exam
family, so that nobody tunes on it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from . import iam, signin, sts
from .cloud import GLOBAL_REGION
from .identities import Credential, forwarded, user_key
from .intruder import Intruder, look_around, steal, try_roles
from .intrusion_steps import (
    add_one_call,
    call_models,
    go_on_by_roles,
    hold_to_ransom,
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


def leaked_key(it: Intruder) -> None:
    """Use the leaked key of a user or a service: models, mail, data, other roles.

    Sources: Sysdig, "LLMjacking" (May 2024); Datadog Security Labs, "Tales from the cloud trenches" (2024); Unit 42,
    "Leaked environment variables allow large-scale extortion operation" (Aug 2024); Permiso on SES abuse.
    """
    key = it.key(it.user("admin", "developer", "analyst"))
    hands = it.hands(key)
    if it.rng.random() < 0.3:
        it.notes.append("tested days before")
        hands("sts:GetCallerIdentity")
        it.wait(hands, 9)
        it.place = Place(address_of(it.rng), it.place.agent)
        hands = it.hands(key)
    look_around(hands, loud=it.loud)
    match it.pick("models", "mail", "data", "roles", exam="instances"):
        case "models":
            call_models(it, hands)
        case "mail":
            hands.all("ses:GetAccount ses:GetSendQuota ses:ListIdentities ses:GetIdentityVerificationAttributes")
            hands("ses:UpdateAccountSendingEnabled", denied=not it.loud)
            hands.all(["ses:CreateEmailIdentity"] * it.rng.randint(1, 3) + ["ses:SendEmail"] * it.rng.randint(5, 60))
        case "data":
            steal(hands, loud=it.loud)
        case "roles":
            go_on_by_roles(it, hands)
        case _:
            hands("ssm:DescribeInstanceInformation")
            hands("ssm:SendCommand", documentName="AWS-RunShellScript", instanceIds=[hands.cloud.ids.instance()])
            hands("ssm:StartSession", target=hands.cloud.ids.instance())


def stolen_instance_role(it: Intruder) -> None:
    """Use the credential of an instance, from elsewhere or through the instance itself, then what lies in its reach.

    Sources: Sysdig, "SCARLETEEL: Operation leveraging Terraform, Kubernetes, and AWS for data theft" (Feb 2023):
    S3, Lambda code and variables, a Terraform state with further keys; the Capital One indictment (2019): S3 by SSRF.
    """
    stolen = it.issued("AssumeRole/ec2").issued
    if it.pick("from elsewhere", "from elsewhere", "through the instance") == "through the instance":
        it.place = Place(stolen.place.address, it.place.agent if it.rng.random() < 0.5 else stolen.place.agent)
    hands = it.hands(stolen)
    look_around(hands, loud=it.loud, refused=0.75)
    match it.pick("objects", "functions", "state", exam="snapshots"):
        case "objects":
            steal(hands, loud=it.loud)
        case "functions":
            hands.all("lambda:ListFunctions20150331 lambda:GetFunction20150331v2 lambda:GetFunction20150331v2 "
                      "lambda:GetFunctionConfiguration20150331v2")  # fmt: skip
        case "snapshots":
            share_snapshots(hands)
        case _:
            bucket = bucket_name("terraform-state", str(stolen.account_id))
            hands("s3:ListObjects", bucketName=bucket)
            hands("s3:GetObject", bucketName=bucket, key="platform/terraform.tfstate")
            it.at = hands.at
            found = it.hands(it.key(it.user()))
            look_around(found, loud=it.loud)
            steal(found, loud=it.loud)
    try_roles(it.organization, hands, ("admin", "deploy")[: it.rng.randrange(3)])


def federated_console(it: Intruder) -> None:
    """Turn a leaked key into a console session that survives the key's deactivation.

    Sources: CrowdStrike, "How adversaries can persist with AWS user federation" (Jan 2023): GetFederationToken, then
    GetSigninToken; Datadog Cloud Security Atlas (aws_consoler).
    """
    organization, cloud = it.organization, it.organization.cloud
    user = it.user("admin")
    hands = it.hands(it.key(user))
    look_around(hands, loud=it.loud)
    browser = Place(it.place.address, it.rng.choice(BROWSERS))
    for visit in range(it.rng.randint(1, 3)):
        region = it.rng.choice((GLOBAL_REGION, organization.home))
        if it.pick("federation token", "federation token", exam="role") == "role":
            role = organization.role(user.account_id, "admin")
            session = sts.assume_role(cloud, hands.credential, role, "aws_consoler", hands.now(), region)
        else:
            name = it.rng.choice((user.name, organization.members[0].name, "aws_consoler", "console"))
            session = sts.get_federation_token(cloud, hands.credential, user, name, hands.now(), region)
        console = signin.federated_console(cloud, session, hands.later(minutes=1).at, region, place=browser)
        it.at = hands.at + timedelta(minutes=1)
        seen = it.hands(console, browser)
        look_around(seen, loud=it.loud, refused=0.2)
        if it.rng.random() < 0.5:
            seen.all("iam:CreateUser iam:AttachUserPolicy iam:CreateAccessKey ec2:RunInstances", refused=0.5)
        it.wait(seen, 4)
        if visit == 0 and it.rng.random() < 0.3:
            it.respond(user, seen)
            seen.later(hours=1).all("s3:ListBuckets iam:ListUsers secretsmanager:ListSecrets")
            break
        hands = it.hands(hands.credential)


def persistence_chain(it: Intruder) -> None:
    """Plant users, keys, passwords, trust and functions with an administrator's access, and come back by them.

    Sources: Datadog Security Labs, "Tales from the cloud trenches" (2024, users and API Gateway persistence); Permiso,
    "LUCR-3 / Scattered Spider" (2023, phished people in the console); Rhino Security Labs' list of IAM backdoors; AWS
    CIRT, Threat Technique Catalog; Sysdig, "AI-assisted cloud intrusion" (2026, admin in minutes).
    """
    access = it.administrator()
    hands = it.hands(access)
    if it.rng.random() < 0.7:
        look_around(hands, loud=it.loud, refused=0.1)
    plants = (plant_user, plant_key, plant_password, plant_trust, plant_role) + ((plant_provider,) if it.exam else ())
    ways_back = []
    for plant in it.rng.sample(plants, it.rng.randint(2, 4) if it.loud else 1):
        it.notes.append(plant.__name__)
        ways_back.append(plant(it, hands))
    if it.loud and it.rng.random() < 0.4:
        iam.stop_logging(
            hands.cloud, hands.credential, "org-trail", hands.now(), GLOBAL_REGION, denied=it.rng.random() < 0.5
        )
    if it.rng.random() < 0.2:
        it.notes.append("never used")
        return
    for way_back in ways_back:
        it.wait(hands, 6)
        session = way_back()
        hands = it.hands(session, session.place)
        look_around(hands, loud=it.loud, refused=0.1)
        steal(hands, loud=it.loud and it.rng.random() < 0.5)


def mining(it: Intruder) -> None:
    """Start large instances or tasks at the victim's cost, in many regions or a few near the victim's own.

    Sources: AWS Security Blog, "Cryptomining campaign targeting Amazon EC2 and Amazon ECS" (Dec 2025): GetServiceQuota,
    RunInstances with DryRun, service-linked roles, many clusters, DisableApiTermination; Unit 42, "EleKtra-Leak"
    (2023): security group and instances in each region within minutes.
    """
    hands = it.hands(it.key(it.user("admin", "developer")))
    hands("sts:GetCallerIdentity")
    hands.all("ec2:DescribeRegions servicequotas:GetServiceQuota")
    hands("ec2:RunInstances", error="Client.DryRunOperation", instanceType="c6a.32xlarge")
    regions = it.rng.sample(FAR_REGIONS, it.rng.randint(2, 6)) if it.loud else [hands.region]
    what = it.pick("instances", "containers", exam="notebooks")
    for region in regions:
        there = hands.in_(region)
        there("servicequotas:GetServiceQuota", serviceCode="ec2", quotaCode="L-1216C47A")
        if what == "instances":
            start_miners(it, there)
        elif what == "containers":
            start_mining_tasks(it, there)
        else:
            there.all("sagemaker:ListNotebookInstances sagemaker:CreateNotebookInstanceLifecycleConfig")
            there("sagemaker:CreateNotebookInstance", instanceType="ml.p3.16xlarge", notebookInstanceName="nb")
        hands.at = there.at


def s3_ransom(it: Intruder) -> None:
    """Encrypt or delete the objects of buckets and leave a note.

    Sources: Halcyon, "Abusing AWS native services: ransomware encrypting S3 buckets with SSE-C" (Codefinger, Jan 2025):
    CopyObject with a key of the attacker, lifecycle rule of seven days; Unit 42, "Bling Libra" (Aug 2024): S3 Browser,
    download, deletion, new buckets with a contact address.
    """
    hands = it.hands(it.key(it.user("admin", "developer")))
    hands("sts:GetCallerIdentity" if it.rng.random() < 0.6 else "s3:ListBuckets")
    account_id = str(hands.credential.account_id)
    what = it.pick("encrypted by SSE-C", "deleted", exam="encrypted by KMS")
    for name in it.rng.sample(("customer-exports", "backups", "artifacts"), it.rng.randint(1, 3) if it.loud else 1):
        bucket = bucket_name(name, account_id)
        hands("s3:GetBucketLocation", bucketName=bucket)
        hands("s3:GetBucketVersioning", bucketName=bucket)
        if it.loud:
            suspended = {"Status": "Suspended"}
            hands("s3:PutBucketVersioning", bucketName=bucket, VersioningConfiguration=suspended)
        hold_to_ransom(it, hands, bucket, what)
        hands("s3:PutObject", bucketName=bucket, key="HOW-TO-RECOVER.txt")
    if what == "deleted":
        hands("s3:CreateBucket", bucketName=f"contact-{it.organization.words.planted[0]}-{account_id[-4:]}".lower())


def insider(it: Intruder) -> None:
    """Take data, secrets or snapshots, or cover tracks, with one's own access.

    Sources: US v. Sharp (2021, Ubiquiti): an administrator reads a key at night, steals data through a VPN, and
    sets the retention of logs to one day; DoJ, US v. Ramesh (2020, Cisco): a former employee deletes instances.
    """
    organization, rng = it.organization, it.rng
    member = rng.choice(organization.team("admin", "developer"))
    day = it.at.replace(hour=0, minute=0, second=0)
    if it.pick("by day", "at night") == "by day":
        it.at = organization.office_time(day, 9 + rng.randrange(7)) + timedelta(seconds=rng.randrange(3600))
        at_work = replace(member, at_home=0.0 if rng.random() < 0.6 else 1.1)
    else:
        it.at = organization.office_time(day, 2) + timedelta(seconds=rng.randrange(2 * 3600))
        at_work = replace(member, at_home=1.1)
    session = organization.session(at_work, it.at, organization.account(1), console=rng.random() < 0.3)
    it.at += timedelta(minutes=1)
    hands = it.hands(session, session.place)
    hands.region = organization.home
    hands.pace = (1, 20)
    data = ("data",) if "data events" in organization.traits else ()
    match it.pick("snapshot", "secrets", "backdoor", "logs", *data, exam="sabotage"):
        case "data":
            hands.all(["s3:ListObjects"] + ["s3:GetObject"] * rng.randint(60, 200))
        case "snapshot":
            share_snapshots(hands)
        case "secrets":
            hands("secretsmanager:ListSecrets")
            for _ in range(rng.randint(4, 12)):
                call_and_forward(hands.cloud, session, hands.now(), hands.region, which=FORWARDS[0])
        case "backdoor":
            robot = it.robot(str(session.account_id))
            robot = iam.create_access_key(hands.cloud, session, robot, hands.now())
            it.wait(hands, 8)
            away = Place(address_of(rng) if rng.random() < 0.5 else member.homes[1], member.programs[1])
            steal(it.hands(user_key(robot, robot.key_ids[-1]), away), loud=True)
        case "logs":
            trail = bucket_name("trail", str(session.account_id))
            hands(
                "s3:PutBucketLifecycle", bucketName=trail, LifecycleConfiguration={"Rule": {"Expiration": {"Days": 1}}}
            )
            hands("cloudtrail:UpdateTrail", name="org-trail", isMultiRegionTrail=False)
            steal(hands, loud=True)
        case _:
            hands.all(["ec2:TerminateInstances"] * rng.randint(2, 9) + ["rds:DeleteDBInstance", "ec2:DeleteSnapshot",
                      "dynamodb:DeleteTable", "s3:DeleteBucket"])  # fmt: skip


def compromised_ci(it: Intruder) -> None:
    """Act with the role of a workflow: within a run, from elsewhere, or by a workflow that may not have it.

    Sources: CISA on tj-actions/changed-files (Mar 2025, CVE-2025-30066): credentials of runners in build logs; Google
    Cloud Threat Horizons H1 2026, UNC6426: from nx to administrator by CloudFormation with CAPABILITY_NAMED_IAM;
    Datadog Security Labs on roles that any GitHub workflow can assume.
    """
    organization, cloud = it.organization, it.organization.cloud
    run = it.issued("AssumeRoleWithWebIdentity/GitHub") if "key in CI" not in organization.traits else None
    session = run.issued if run else _run_by_key(it)
    hands = it.hands(session, session.place)
    hands.pace = (0, 4)
    match it.pick("added call", "taken away", "other workflow", exam="stack"):
        case "added call":
            call = it.pick("key", "trust", "secret", "policy")
            add_one_call(it, hands, call)
        case "taken away":
            hands = it.hands(session)
            look_around(hands, loud=it.loud)
            steal(hands, loud=it.loud)
        case "other workflow":
            branch = it.rng.choice(("pull_request", "ref:refs/heads/fix-typo", "ref:refs/heads/dependabot/npm"))
            owner = organization.words.repositories[0] if it.rng.random() < 0.6 else "w4rez/runner"
            role = organization.role(
                str(session.account_id), session.identity["sessionContext"]["sessionIssuer"]["userName"]
            )
            own = sts.assume_role_with_web_identity(
                cloud, role, f"repo:{owner}:{branch}", "GitHubActions", it.at, organization.home,
                place=Place(address_of(it.rng), session.place.agent),
            )  # fmt: skip
            it.at += timedelta(seconds=5)
            look_around(it.hands(own, own.place), loud=it.loud)
            steal(it.hands(own, own.place), loud=it.loud)
        case _:
            hands("cloudformation:CreateStack", stackName="nx-metrics", capabilities=["CAPABILITY_NAMED_IAM"])
            by = forwarded(session, cloud.ids.key(str(session.account_id)), hands.at, "cloudformation.amazonaws.com")
            role = iam.create_role(
                cloud, by, str(session.account_id), "cfn-exec-2", hands.now(), demands_source_identity=False
            )
            iam.attach_policy(cloud, by, role, iam.ADMIN_POLICY, hands.now())
            it.at = hands.at + timedelta(minutes=9)
            admin = sts.assume_role(cloud, session.at(it.place), role, "nx", it.at, organization.home)
            look_around(it.hands(admin), loud=it.loud, refused=0.0)


INCIDENTS: dict[str, Incident] = {
    one.__name__: one
    for one in (
        leaked_key, stolen_instance_role, federated_console, persistence_chain, mining, s3_ransom, insider,
        compromised_ci,
    )
}  # fmt: skip


def _run_by_key(it: Intruder) -> Credential:
    runs = [
        one
        for one in it.organization.cloud.issuances
        if one.issued.issuer == "AssumeRole" and str(one.issued.principal_id).endswith(":GitHubActions")
    ]
    run = min(runs, key=lambda one: abs(one.time - it.at))
    it.at = run.time + timedelta(minutes=it.rng.randint(2, 20))
    return run.issued
