"""Handmade answers, one for each kind of screen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from forensics.answers.core import Actor, ActorKind, Evidence, Grade, StopReason, Subject
from forensics.answers.who_answer import (
    Agreement,
    Caller,
    Candidate,
    Claims,
    Hop,
    Link,
    Missing,
    OriginCandidate,
    Provenance,
    SessionNameClaim,
    SourceIdentityClaim,
    Who,
)
from forensics.identifiers import SubjectType

DEV, PROD = "704560302692", "647927485622"
NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
ALICE = Actor(ActorKind.IAM_USER, "AIDA2ICYRBJSGGG4IM5GA", "alice.nguyen", f"arn:aws:iam::{DEV}:user/alice.nguyen", DEV)
BOB = Actor(ActorKind.IAM_USER, "AIDA2ICYRBJSAOSPDVP7N", "bob.meyer", f"arn:aws:iam::{DEV}:user/bob.meyer", DEV)
KEY = Subject(SubjectType.ACCESS_KEY, "ASIAZNW342S3J6ZQNFX7", PROD)
LONG_TERM_KEY = Hop(("AKIA2ICYRBJSM2TGXVBF",), "AIDA2ICYRBJSGGG4IM5GA", ALICE.arn, DEV, None, None, (), None)


def event(number: int, name: str = "AssumeRole", account: str = PROD, region: str = "us-east-1") -> Evidence:
    id_ = f"00000000-0000-4000-8000-{number:012d}"
    return Evidence(id_, account, region, NOON, name, (f"AWSLogs/{account}/{number}.json.gz",))


def link(*events: Evidence, rule: str = "issued_key", grade: Grade = Grade.PROVEN) -> Link:
    return Link(rule, grade, False, tuple(e.event_id for e in events if e.event_id), events)


def session(key: str, name: str, by: Link | None, account: str = PROD, via: tuple[str, ...] = ()) -> Hop:
    arn = f"arn:aws:sts::{account}:assumed-role/{name}"
    return Hop((key,), f"AROAZNW342S3LLWY2OUGJ:{name}", arn, account, NOON, NOON + timedelta(hours=1), via, by)


def _named(actor: Actor, stop: StopReason, *chain: Hop, grade: Grade = Grade.PROVEN) -> Who:
    return Who(KEY, actor, grade, stop, chain=chain)


def _six_hops() -> Who:
    keys = [f"ASIAZNW342S3AAAAAAA{number}" for number in range(6)]
    hops = [
        session(
            key,
            f"a-role-with-a-long-name-{number}/some-session-name@example.com",
            link(event(number), event(number + 10, account=DEV)),
        )
        for number, key in enumerate(keys)
    ]
    named = _named(ALICE, StopReason.LONG_TERM_KEY, *hops, LONG_TERM_KEY)
    return replace(
        named, origin_access_key_id="AKIA2ICYRBJSM2TGXVBF", origin_grade=Grade.PROVEN, mfa_authenticated=True
    )


def _console_user() -> Who:
    signed_in = link(event(1, "ConsoleLogin"), rule="user_and_time", grade=Grade.STRONG)
    keys = [
        replace(
            _named(
                BOB,
                StopReason.CONSOLE_SIGN_IN,
                Hop(
                    (f"ASIA2ICYRBJSAAAAAA{n:02}",),
                    BOB.id,
                    BOB.arn,
                    DEV,
                    NOON + timedelta(days=n // 10),
                    None,
                    (),
                    signed_in,
                ),
            ),
        )
        for n in range(30)
    ]
    subject = Subject(SubjectType.PRINCIPAL, "AIDA2ICYRBJSAOSPDVP7N", DEV)
    return Who(subject, BOB, Grade.PROVEN, StopReason.CONSOLE_SIGN_IN, sessions=tuple(keys))


def _several_actors() -> Who:
    strong = _named(
        ALICE, StopReason.LONG_TERM_KEY, session("ASIAZNW342S3AAAAAAA1", "deploy/build", link(event(1))), LONG_TERM_KEY
    )
    lost = Who(
        KEY, stop_reason=StopReason.OUTSIDE_COVERAGE, chain=(session("ASIAZNW342S3AAAAAAA2", "deploy/build", None),)
    )
    many = tuple(
        replace(
            strong,
            chain=(
                replace(
                    strong.chain[0], access_key_ids=(f"ASIAZNW342S3BBBBBB{n:02}",), issued_at=NOON + timedelta(hours=n)
                ),
                LONG_TERM_KEY,
            ),
        )
        for n in range(12)
    )
    subject = Subject(SubjectType.SESSION, f"arn:aws:sts::{PROD}:assumed-role/deploy/build", PROD)
    return Who(subject, stop_reason=StopReason.SEVERAL_ACTORS, sessions=(lost, *many))


_AMBIGUOUS = Who(
    KEY,
    stop_reason=StopReason.AMBIGUOUS,
    ambiguous=True,
    caller=Caller("AROAZNW342S3LLWY2OUGJ:build", f"arn:aws:sts::{PROD}:assumed-role/deploy/build", PROD),
    chain=(session("ASIAZNW342S3J6ZQNFX7", "deploy/build", None),),
    candidates=tuple(
        Candidate(actor, Grade.STRONG, link(event(number), rule="session_and_time", grade=Grade.STRONG))
        for number, actor in enumerate([ALICE, BOB])
    ),
    claims=Claims(
        SourceIdentityClaim("alice.nguyen", Agreement.UNVERIFIABLE, None, True),
        SessionNameClaim("build", Agreement.UNVERIFIABLE, False),
    ),
    flags=("conflicting_source_identity", "unreliable_events"),
)
_UNRESOLVED = Who(
    KEY,
    stop_reason=StopReason.OUTSIDE_COVERAGE,
    chain=(session("ASIAZNW342S3J6ZQNFX7", "deploy/build", None),),
    missing=(
        Missing(PROD, "eu-west-1", NOON, NOON + timedelta(hours=1), "hour_empty"),
        Missing(PROD, "us-east-1", NOON, NOON + timedelta(hours=1), "hour_empty"),
        Missing(PROD, "us-west-2", NOON, NOON + timedelta(hours=1), "region_not_loaded"),
        Missing(None, None, None, None, "account_not_loaded"),
    ),
)
_FORWARD_ACCESS = Who(
    KEY,
    ALICE,
    Grade.STRONG,
    StopReason.LONG_TERM_KEY,
    origin_candidates=(OriginCandidate("AKIA2ICYRBJSM2TGXVBF", Grade.MEDIUM),),
    chain=(
        Hop(
            ("ASIAZNW342S3J6ZQNFX7",),
            ALICE.id,
            ALICE.arn,
            DEV,
            NOON,
            None,
            ("cloudformation.amazonaws.com",),
            link(event(1, "CreateStack"), rule="forward_access", grade=Grade.STRONG),
        ),
    ),
    flags=("used_after_expiry", "rewritten_or_anonymised_logs"),
)
_KEY_OF_ANOTHER = replace(
    _named(ALICE, StopReason.LONG_TERM_KEY, LONG_TERM_KEY),
    subject=Subject(SubjectType.ACCESS_KEY, "AKIA2ICYRBJSM2TGXVBF", DEV),
    origin_access_key_id="AKIA2ICYRBJSM2TGXVBF",
    origin_grade=Grade.PROVEN,
    key_owner=BOB,
    provenance=(
        Provenance("created_by", BOB, event(4).event_id),
        Provenance("created_by", Actor(ActorKind.UNKNOWN), None),
    ),
)

ANSWERS = {
    "six_hops": _six_hops(),
    "ambiguous": _AMBIGUOUS,
    "unresolved": _UNRESOLVED,
    "not_found": Who(Subject(SubjectType.ACCESS_KEY, "ASIAQQQQQQQQQQQQQQQQ", "035468117025")),
    "not_an_identifier": Who(Subject(None, "\x1b[31m[bold]nonsense"), stop_reason=StopReason.NOT_AN_IDENTIFIER),
    "proves_nothing": Who(Subject(SubjectType.EVENT, event(1).event_id or ""), flags=("proves_nothing",)),
    "key_of_another": _KEY_OF_ANOTHER,
    "forward_access": _FORWARD_ACCESS,
    "console_user": _console_user(),
    "several_actors": _several_actors(),
    "saml": _named(
        Actor(
            ActorKind.SAML_USER,
            "dmitri@acme.example",
            "dmitri@acme.example",
            None,
            PROD,
            issuer="https://idp.example.com/saml",
        ),
        StopReason.SAML_SUBJECT,
        session("ASIAZNW342S3J6ZQNFX7", "analyst/dmitri@acme.example", link(event(1, "AssumeRoleWithSAML"))),
    ),
    "web_identity": _named(
        Actor(
            ActorKind.WEB_IDENTITY_USER,
            "repo:acme/infrastructure:ref:refs/heads/main",
            "repo:acme/infrastructure:ref:refs/heads/main",
            None,
            PROD,
            provider=f"arn:aws:iam::{PROD}:oidc-provider/token.actions.githubusercontent.com",
        ),
        StopReason.WEB_IDENTITY_SUBJECT,
        session("ASIAZNW342S3J6ZQNFX7", "github/GitHubActions", link(event(1, "AssumeRoleWithWebIdentity"))),
    ),
    "workload": _named(
        Actor(
            ActorKind.WORKLOAD, "i-0af01a32e59d3050c", "i-0af01a32e59d3050c", None, PROD, workload_type="ec2_instance"
        ),
        StopReason.WORKLOAD,
        session(
            "ASIAZNW342S3J6ZQNFX7",
            "web/i-0af01a32e59d3050c",
            link(event(1), rule="role_name_and_time", grade=Grade.STRONG),
        ),
        grade=Grade.STRONG,
    ),
    "root": replace(
        _named(
            Actor(ActorKind.ROOT, PROD, PROD, f"arn:aws:iam::{PROD}:root", PROD),
            StopReason.ROOT_USER,
            Hop(
                ("ASIAZNW342S3J6ZQNFX7",),
                PROD,
                f"arn:aws:iam::{PROD}:root",
                PROD,
                NOON,
                None,
                (),
                link(event(1, "ConsoleLogin"), rule="user_and_time", grade=Grade.STRONG),
            ),
        ),
        mfa_authenticated=False,
    ),
    "external": _named(
        Actor(ActorKind.EXTERNAL_PRINCIPAL, "AIDAQQQQQQQQQQQQQQQQQ", None, None, "999999999999"),
        StopReason.EXTERNAL_ACCOUNT,
        session("ASIAZNW342S3J6ZQNFX7", "audit/vendor", link(event(1))),
    ),
    "anonymous": Who(
        Subject(SubjectType.EVENT, event(1).event_id or ""),
        Actor(ActorKind.ANONYMOUS),
        Grade.PROVEN,
        StopReason.ANONYMOUS,
    ),
    "identity_center": _named(
        Actor(
            ActorKind.IDENTITY_CENTER_USER,
            "90676d3c-40a1-70c1-8d01-example",
            "grace@acme.example",
            None,
            None,
            identity_store_arn="arn:aws:identitystore::363207335095:identitystore/d-9067642ac7",
        ),
        StopReason.IDENTITY_CENTER_USER,
        session(
            "ASIAZNW342S3J6ZQNFX7",
            "AWSReservedSSO_Admin_0123456789abcdef/grace@acme.example",
            link(event(1, "AssumeRoleWithSAML"), rule="on_behalf_of", grade=Grade.STRONG),
        ),
    ),
}
