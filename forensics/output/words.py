"""Words: how the terms of the answers are said to a reader."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from forensics.answers.canonical import timestamp
from forensics.answers.core import ActorKind, AddressClass, DigestState, Grade, StopReason
from forensics.answers.tree_answer import Action, Relation, State

SUBJECT_TYPES = {
    "access_key": "access key",
    "event": "event",
    "session": "session",
    "principal": "principal",
}
GRADE_STYLES = {
    Grade.PROVEN: "good",
    Grade.STRONG: "good",
    Grade.MEDIUM: "warn",
    Grade.WEAK: "warn",
    Grade.NONE: "bad",
}
ACTOR_KINDS = {
    ActorKind.IAM_USER: "IAM user",
    ActorKind.ROOT: "root user",
    ActorKind.IDENTITY_CENTER_USER: "Identity Center user",
    ActorKind.SAML_USER: "SAML user",
    ActorKind.WEB_IDENTITY_USER: "web identity",
    ActorKind.WORKLOAD: "workload",
    ActorKind.AWS_SERVICE: "AWS service",
    ActorKind.EXTERNAL_PRINCIPAL: "principal",
    ActorKind.ANONYMOUS: "anonymous caller",
    ActorKind.UNKNOWN: "not resolved",
}
WORKLOADS = {
    "ec2_instance": "EC2 instance",
    "lambda_function": "Lambda function",
    "ecs_task": "ECS task",
    "codebuild_build": "CodeBuild build",
    "eks_pod": "EKS pod",
    "ssm_managed_node": "SSM managed node",
    "roles_anywhere_certificate": "Roles Anywhere certificate",
    "iot_thing": "IoT thing",
}
ADDRESS_CLASSES = {
    AddressClass.PRIVATE: "a private address",
    AddressClass.AWS_SERVICE: "an AWS service",
    AddressClass.AWS_REGION: "an address of AWS in",
    AddressClass.OTHER: "a public address",
}
STOPS = {
    StopReason.LONG_TERM_KEY: "a long-term key",
    StopReason.CONSOLE_SIGN_IN: "a sign-in to the console",
    StopReason.ROOT_USER: "the root user",
    StopReason.IDENTITY_CENTER_USER: "an Identity Center user",
    StopReason.SAML_SUBJECT: "the subject of a SAML assertion",
    StopReason.WEB_IDENTITY_SUBJECT: "the subject of a web identity token",
    StopReason.WORKLOAD: "a workload: AWS gave the credential to it, no person asked for it",
    StopReason.AWS_SERVICE: "an AWS service: it is the caller in the record, which names nobody behind it",
    StopReason.EXTERNAL_ACCOUNT: (
        "a principal of another account: that account's copy of the event, which names the key, is not loaded"
    ),
    StopReason.ANONYMOUS: "a call that nothing signed",
    StopReason.AMBIGUOUS: "several could have requested it, and the logs do not tell which",
    StopReason.CYCLE: "the records lead in a circle",
    StopReason.OUT_OF_REACH: "a walk goes no further than 64 hops; ask about the last credential that it came to",
    StopReason.NOT_FOUND: "it is in none of the loaded logs",
    StopReason.SEVERAL_ACTORS: "it stands for credentials of several actors",
    StopReason.NEVER_LOGGED: "AWS does not log how this kind of credential is issued",
    StopReason.NOT_TRUSTED: "the records of its issuance are loaded, but they prove nothing",
    StopReason.BEFORE_COVERAGE: "it was issued before the first loaded event",
    StopReason.OUTSIDE_COVERAGE: "the event that issued it is not in the loaded logs",
    StopReason.NOT_AN_IDENTIFIER: "it is no access key ID, event ID, session ARN or principal ID",
}
# what stands above the claims: some services choose a session name too, and AWS itself says on whose behalf
CLAIMS = "What the session says of itself; its requester may have chosen it: no proof"
# under a credential of the chain: why it is believed to come from what stands below
RULES = {
    "issued_key": "the event handed out this very access key",
    "session_and_time": "same session, same second",
    "role_name_and_time": "same role, session name and second",
    "user_and_time": "same user, same second",
    "switch_from": "the console's switch of roles names the session it came from",
    "forward_access": "an AWS service used it for the user whom the record names",
    "sign_in_session": "the record names the sign-in session",
    "request_id": "the agent's request carries the same request ID",
    "on_behalf_of": "the record names the Identity Center user",
}
# in the headline: what a grade below `proven` rests on
BASES = {
    "session_and_time": (
        "one requester alone started this session, by session ID and second; that event does not show the key"
    ),
    "role_name_and_time": (
        "one requester alone started a session of this role and name in that second; that event does not show the key"
    ),
    "user_and_time": "the user signed in, or asked for a token, in the very second in which the session began",
    "switch_from": "the console's switch of roles names the session it came from; that event does not show the key",
    "forward_access": "the record names the user for whom an AWS service acted",
}
# how far a file is proven to be what AWS wrote
DIGEST_STYLES = {
    "signed": "good",
    "hash-chained": "warn",
    "unverified": "warn",
    "unlisted": "bad",
    "changed": "bad",
    "missing": "bad",
}
# why an issuance that is loaded proves nothing: in the headline, and beside its event
NOT_TRUSTED = {
    "unlisted": "the event that issued it is in a file that no digest lists, so it proves nothing",
    "contested": "the event that issued it is in a file whose digests are signed with different keys",
}
WHY_NOT_TRUSTED = {
    "unlisted": "no digest lists its file, although digests cover the time of its delivery; it may be forged",
    "contested": "digests of its region and time are signed with different keys, so one key is not AWS's",
}
WHY_OPEN = {
    "incomplete": "incomplete: a listed log file is missing or changed, so its events are not in this answer",
    "contested": "contested: its digests are signed with different keys, so nothing in it is proven",
}
DIGEST_STATES = {
    DigestState.NONE: "not verified: no digest files are loaded",
    DigestState.NOT_PROVEN: "not verified: no loaded public key matches a digest's signature",
}
WHY_MISSING = {
    "account_not_loaded": "no log of this account is loaded",
    "region_not_loaded": "no log of this region is loaded",
    "before_first_event": "before the first loaded event of the account",
    "hour_empty": "no event of that hour is loaded",
    "not_delivered": "digests prove that all files delivered then are here, and it is in none of them",
    "hour_incomplete": "events of that hour are loaded, but none that proves this",
    "data_events_needed": "only data events would show it",
    "excluded_by_filter": "a filter left it out",
    "trail_stopped": "a trail was stopped or narrowed then",
}
FLAGS = {
    "key_of_several_accounts": "the same key ID occurs in several accounts: the logs were rewritten, or forged",
    "rewritten_or_anonymised_logs": (
        "the account inside the key is not the account in the record: the logs were rewritten or anonymised"
    ),
    "used_after_expiry": "it was used after it had expired (a call is logged when it completes)",
    "rebuilt": (
        "known only from records put together again from fields (CSV, OCSF): a name is medium at most; load the trail's"
        " own files to prove it"
    ),
    "unlisted_events": "some of its events are in files that no valid digest lists; they prove nothing",
    "unreliable_events": "some of its events are in conflict or damaged; they prove nothing",
    "conflicting_source_identity": "its events carry more than one SourceIdentity",
    "proves_nothing": "the record of this event is in conflict or damaged, and proves nothing",
}

KEY_KINDS = {
    "long_term": "long-term access key",
    "temporary": "temporary access key",
    "other": "access key",
}
KEY_STATUS_STYLES = {"Active": "warn", "Inactive": "good", "Deleted": "good"}
KEY_CHANGES = {
    "created": "made",
    "activated": "switched on",
    "deactivated": "switched off",
    "deleted": "deleted",
    "changed": "an attempt to change or delete it",
    "switched_both_ways": "switched off and on, which of them last cannot be told,",
}
# ATT&CK's own names
TACTICS = {
    "persistence": "persistence",
    "privilege_escalation": "privilege escalation",
    "execution": "execution",
    "lateral_movement": "lateral movement",
    "defense_evasion": "defense evasion",
    "credential_access": "credential access",
    "discovery": "discovery",
    "collection": "collection",
    "exfiltration": "exfiltration",
    "impact": "impact",
}
# of a node: how it came of what stands above it, and whether it works, with a style
RELATIONS = {
    Relation.ASSUMED_ROLE: "assumed role",
    Relation.SESSION_TOKEN: "session token",
    Relation.FEDERATION_TOKEN: "federation token",
    Relation.ASSUMED_ROOT: "assumed root",
    Relation.CONSOLE_SESSION: "console session",
    Relation.SWITCHED_ROLE: "switched role",
    Relation.FORWARD_ACCESS: "forward access",
    Relation.CREATED_ACCESS_KEY: "created access key",
    Relation.CREATED_LOGIN_PROFILE: "set console password",
    Relation.CREATED_USER: "created user",
    Relation.CHANGED_TRUST_POLICY: "set trust policy",
}
STATES: dict[State, tuple[str, str]] = {
    State.VALID: ("VALID", "bad"),
    State.UNKNOWN: ("perhaps valid, its expiry is not logged", "warn"),
    State.NOT_YET: ("not there yet", "dim"),
    State.EXPIRED: ("expired", "dim"),
    State.DEACTIVATED: ("deactivated", "dim"),
    State.DELETED: ("deleted", "dim"),
    State.REVOKED: ("revoked", "dim"),
    State.REPLACED: ("replaced", "dim"),
}
ACTIONS = {
    Action.DEACTIVATE_ACCESS_KEY: "deactivate the access key",
    Action.DENY_USER: "deny everything to the user",
    Action.REVOKE_ROLE_SESSIONS: "revoke the sessions of the role",
    Action.DENY_IDENTITY_CENTER_USER: "deny the Identity Center user",
    Action.DENY_SIGN_IN_SESSION: "deny the sign-in session",
    Action.DENY_BY_SCP: "deny the root user, by a service control policy on account",
    Action.DISABLE_CONSOLE_LOGIN: "delete the console password of",
    Action.DELETE_CREATED_USER: "delete the user",
    Action.RESTORE_TRUST_POLICY: "restore the trust policy of the role",
    Action.REPLACE_WORKLOAD_CREDENTIALS: "replace the credentials of the workload",
    Action.WAIT_UNTIL: "wait until",
    Action.NOT_POSSIBLE: "nothing can be done about",
}

# what printed an export
EXPORTS = {
    "iam_credential_report": "iam get-credential-report",
    "iam_access_keys": "iam list-access-keys",
    "iam_access_key_last_used": "iam get-access-key-last-used",
    "sts_access_key_info": "sts get-access-key-info",
    "iam_account_authorization_details": "iam get-account-authorization-details",
    "iam_users": "iam list-users",
    "identity_store_users": "identitystore list-users",
    "organization_accounts": "organizations list-accounts",
    "cloudtrail_trails": "cloudtrail describe-trails",
    "cloudtrail_event_selectors": "cloudtrail get-event-selectors",
}
AS_OF_FROM = {
    "document": "",
    "person": ", as was said",
    "file": ", when its file was written",
    "ingest": ", when it was ingested",
}
EXPORTED = {
    "name": "name",
    "owner": "owner",
    "account": "account",
    "status": "status",
    "last_use": "last use",
    "trust_policy": "trust policy",
    "console_password": "password",
    "password_last_used": "password used",
    "mfa": "MFA",
}
# how an export and the events disagree
DISAGREEMENTS = {
    "name_differs": "the events have another name: renamed since, or before",
    "account_differs": "the events are of another account",
    "owner_differs": "the events name another owner",
    "status_differs": "the last logged change before that left another: a change is missing from the logs",
    "password_differs": "the last logged change before that left another: a change is missing from the logs",
    "used_while_inactive": "yet calls succeeded after that",
    "use_not_in_logs": "the loaded logs do not hold that use",
    "used_yet_never": "yet the logs hold calls from before that",
    "used_later_than_iam_says": "yet the logs hold a later call from before that",
}
KEY_FINDINGS = {
    "used_after_disabled": "used with success after it was disabled or deleted",
    "used_after_switched_both_ways": "used after it was switched off and on in one second; which was last is not known",
    "root_key": "belongs to root",
    "quarantined": "its owner is under AWS's quarantine: AWS holds the key for leaked",
    "owner_gone": "its owner is gone",
    "owner_differs": "the logs and IAM name different owners",
    "status_differs": "IAM's status is not what the last logged change left",
    "absent_from_listing": "missing from IAM's list of its owner's keys, and no deletion is logged",
    "absent_from_report": "missing from the credential report, and no deletion is logged",
    "use_not_in_logs": "IAM knows of a use that the loaded logs do not hold",
    "used_yet_never": "never used, says IAM; the logs hold calls",
    "used_later_than_iam_says": "the logs hold a later call than IAM knows of",
    "several_applications": "used by several applications",
    "never_used": "never used",
    "unused": "not used for long",
    "overdue_for_rotation": "overdue for rotation",
}


def readable_time(moment: datetime) -> str:
    """A UTC time for a reader."""
    return timestamp(moment).replace("T", " ")


def known_time(moment: datetime | None) -> str:
    """A UTC time for a reader; nothing if the logs have none."""
    return readable_time(moment) if moment else ""


def at_time(moment: datetime | None) -> str:
    """A time that begins a line; nothing if the logs have none."""
    return f"{readable_time(moment)}  " if moment else ""


def minute(moment: datetime) -> str:
    """A UTC time to the minute, for a reader."""
    return f"{readable_time(moment)[:16]}Z"


def time_span(first: datetime | None, last: datetime | None) -> str:
    """The time from a first to a last event, which may be one event."""
    if first is None or last is None:
        return "at a time that is not logged"
    return readable_time(first) if first == last else f"{readable_time(first)} to {readable_time(last)}"


def first_few(names: Sequence[str], most: int) -> str:
    """`a, b and 3 more`, or all the names if there are at most `most`."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def count(number: int, noun: str, nouns: str | None = None) -> str:
    """`1 event`, `2,000 events`. `nouns`: what several are called, where that is not `noun` with an s."""
    return f"{number:,} {noun if number == 1 else nouns or f'{noun}s'}"
