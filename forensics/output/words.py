"""Words: the text on screen for each coded value of an answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from forensics.answers.canonical import timestamp
from forensics.answers.core import ActorKind, AddressClass, DigestState, Grade, StopReason
from forensics.answers.tree_answer import Action, NodeKind, Relation, State
from forensics.answers.triage_answer import Signal

SUBJECT_TYPES = {
    "access_key": "access key",
    "event": "event",
    "session": "session",
    "principal": "principal",
    "actor": "actor",
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
    ActorKind.DELEGATE: "product provider with delegated access",
    ActorKind.NAMED_USER: "user",
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
    AddressClass.AWS_REGION: "an AWS address in",
    AddressClass.OTHER: "a public address",
}
STOPS = {
    StopReason.LONG_TERM_KEY: "a long-term key",
    StopReason.CONSOLE_SIGN_IN: "a console sign-in",
    StopReason.ROOT_USER: "the root user",
    StopReason.IDENTITY_CENTER_USER: "an Identity Center user",
    StopReason.SAML_SUBJECT: "the subject of a SAML assertion",
    StopReason.WEB_IDENTITY_SUBJECT: "the subject of a web identity token",
    StopReason.WORKLOAD: "a workload: AWS issued the credential to the workload; no person requested it",
    StopReason.AWS_SERVICE: "an AWS service: the record names it as the caller and names nobody behind it",
    StopReason.EXTERNAL_ACCOUNT: (
        "a principal of another account: that account's copy of the event, which names the key, is not loaded"
    ),
    StopReason.DELEGATED_ACCESS: "a product provider with delegated access, not the user or role of the record",
    StopReason.NAMED_USER: "a user whom the record names",
    StopReason.ANONYMOUS: "an unsigned call",
    StopReason.AMBIGUOUS: "several actors could have requested it, and the logs do not show which",
    StopReason.CYCLE: "the records form a cycle",
    StopReason.OUT_OF_REACH: "the chain is longer than 64 hops; continue with the last credential shown",
    StopReason.NOT_FOUND: "not found in the loaded logs",
    StopReason.SEVERAL_ACTORS: "its credentials belong to several actors",
    StopReason.NEVER_LOGGED: "AWS does not log how this kind of credential is issued",
    StopReason.NOT_TRUSTED: "its loaded records are not trusted as evidence",
    StopReason.BEFORE_COVERAGE: "it was issued before the first loaded event",
    StopReason.OUTSIDE_COVERAGE: "the event that issued it is not in the loaded logs",
    StopReason.SEVERAL_SUBJECTS: "several things match; query one of them",
    StopReason.NOT_AN_IDENTIFIER: "not an identifier, an address, or a name in the loaded logs",
}
# The requester may have chosen these values. Some services choose session names, too; AWS itself sets "on behalf of".
CLAIMS = "Self-declared by the session (not evidence)"
CANDIDATES = "Possible requesters (the logs do not decide, so nobody is named)"
MISSING = "Logs to load to learn more"
NAMED_BY = "Records that name the key"
ONLY_NAMED = "loaded events name it, but none is signed with it or reliably issues it"
# under a credential of the chain: why it is linked to the credential below
RULES = {
    "issued_key": "the event issued this exact access key",
    "session_and_time": "same session, same second",
    "role_name_and_time": "same role, session name and second",
    "user_and_time": "same user, same second",
    "switch_from": "the SwitchRole event names the session that switched",
    "forward_access": "an AWS service acted for the user that the record names",
    "sign_in_session": "the record names the sign-in session",
    "request_id": "the agent's request has the same request ID",
    "on_behalf_of": "the record names the Identity Center user",
}
# in the headline: the basis of a grade below `proven`
BASES = {
    "session_and_time": (
        "exactly one requester started this session, matched by session ID and second; that event does not show the key"
    ),
    "role_name_and_time": (
        "exactly one requester started a session of this role and name in that second; that event does not show the key"
    ),
    "user_and_time": "the user signed in, or requested a token, in the same second in which the session began",
    "switch_from": "the SwitchRole event names the session that switched; that event does not show the key",
    "forward_access": "the record names the user for whom an AWS service acted",
}
# by the digest status of a file
DIGEST_STYLES = {
    "signed": "good",
    "hash-chained": "warn",
    "unverified": "warn",
    "unlisted": "bad",
    "changed": "bad",
    "missing": "bad",
}
# why a loaded issuance is not evidence: in the headline, and beside its event
NOT_TRUSTED = {
    "unlisted": "the event that issued it is in a file that no digest lists, so it is not evidence",
    "contested": "the event that issued it is in a file whose digests are signed with different keys",
    "unreliable": "the event that issued it is loaded, but its record is unreliable (in conflict or damaged)",
    "conflicting_copy": "a copy of an event names this access key, but another copy of the same event does not",
    "unread": "an event that issues credentials names this access key, but not as the issued key",
    "unreliable_use": "the event that issued it is loaded, but all records of its use are unreliable",
    "rebuilt": "the event that issued it is loaded, but from records that were rebuilt from fields (CSV, OCSF)",
    "documented_only": "the event that issued it is loaded, but in a record format not yet seen in real logs",
    "time_differs": "an event issued this access key, but not at the time when the session began",
    "session_differs": "an event issued this access key, but to another session or principal",
    "account_differs": "an event issued this access key, but in another account",
    "no_requester": "the event that issued it is loaded, but its record does not name the requester",
    "no_response": "a request for this session is loaded, but its record does not show what it issued",
    "self_issued": "according to its record, the event that issued it was signed with the same key",
    "masked": "the loaded logs show this ID, but it is masked and can stand for several; try `forensics who EVENT_ID`",
}
WHY_NOT_TRUSTED = {
    "unlisted": "no digest lists its file, although digests cover its delivery time; the file may be forged",
    "contested": "digests of its region and time are signed with different keys, so one of the keys is not AWS's",
    "unreliable": "the record is unreliable",
    "conflicting_copy": "a copy of the event names this access key, and another copy differs",
    "unread": "names this access key, but not as the issued key",
    "unreliable_use": "all loaded records of the use are unreliable",
    "rebuilt": "the records were rebuilt from fields (CSV, OCSF), which support a grade of medium at most",
    "documented_only": "a documented record format, not yet seen in real logs",
    "time_differs": "issued this access key, but not at the time when the session began",
    "session_differs": "issued this access key, but to another session or principal",
    "account_differs": "issued this access key, but in another account",
    "no_requester": "the record does not name its caller",
    "no_response": "requested this role and session name in this second, but its record does not show what it issued",
    "self_issued": "signed with the access key that it issued",
    "masked": "shows this masked ID",
}
# anomalies of an unreliable record; if it has none, a copy of the record disagrees with it
RECORD_FLAGS = {
    "more_masked_events": "more events than these show the same masked ID",
    "repeated_key": "a JSON key occurs twice",
    "wrong_type": "a field has a wrong type",
    "resynchronised": "its file is damaged before it",
    "no_event_time": "its time cannot be read",
    "rebuilt": "rebuilt from fields",
}
WHY_OPEN = {
    "incomplete": "incomplete: a listed log file is missing or changed, so its events are not in this answer",
    "contested": "contested: its digests are signed with different keys, so none of its events is verified",
}
DIGEST_STATES = {
    DigestState.NONE: "not verified: no digest files are loaded",
    DigestState.NOT_PROVEN: "not verified: no loaded public key matches a digest's signature",
}
# the management events that a trail does not record
LEAVES_OUT = {
    "management_events": "leaves out management events, so it records no AssumeRole and no other issuance",
    "read_only_events": "leaves out read-only management events, such as AssumeRole",
    "write_events": "leaves out write-only management events, such as sign-ins and GetFederationToken",
    "some_services": "leaves out management events of some services",
    "other_events": "leaves out some management events, but no AssumeRole",
    "some_events": "leaves out some management events, possibly AssumeRole",
    "global_services": "leaves out events of IAM and the global STS endpoint",
    "other_regions": "leaves out other regions",
}
WHY_MISSING = {
    "account_not_loaded": "no log of this account is loaded",
    "region_not_loaded": "no log of this region is loaded",
    "before_first_event": "before the first loaded event of the account",
    "hour_empty": "no event of that hour is loaded",
    "not_delivered": "digests prove that every file delivered then is loaded, and none of them contains it",
    "hour_incomplete": "events of that hour are loaded, but none shows who requested the credential",
    "data_events_needed": "only data events show the request",
    "excluded_by_filter": "excluded by the filter of an ingest",
    "trail_stopped": "a trail was stopped or narrowed at that time",
    "assume_root_elsewhere": (
        "AssumeRoot is logged in the account that called it: the organization's management account, or its delegated"
        " administrator for IAM"
    ),
    "management_events_needed": "only data events of this account are loaded; issuances are management events",
    "trail_leaves_out": (
        "according to exports, the trails of this account leave out read-only management events, such as AssumeRole"
    ),
    "original_needed": "the loaded record of the issuance is not evidence; load the trail's own log file",
}
TAG_SOURCES = {
    "request": "chosen by the caller",
    "assertion": "from the identity provider",
    "inherited": "inherited from the caller's session",
}
FLAGS = {
    "omitted_request": (
        "CloudTrail omitted the parameters of an issuance in the chain, which exceed 100 KB: the requested role, tags"
        " and session policies are not known"
    ),
    "omitted_response": (
        "CloudTrail omitted the response of an issuance in the chain, which exceeds 100 KB: the issued key is not known"
    ),
    "key_of_several_accounts": "the same key ID occurs in several accounts: the logs were rewritten or forged",
    "rewritten_or_anonymised_logs": (
        "the account in the key ID is not the account in the record: the logs were rewritten or anonymized"
    ),
    "identities_unread": (
        "the identity in some loaded records could not be read; they may be about this subject. `forensics info` lists"
        " their files"
    ),
    "used_before_issue": "used before it was issued, by the times in the records (the clocks of hosts differ)",
    "used_after_expiry": "used after it expired (CloudTrail logs a call when the call completes)",
    "rebuilt": (
        "known only from records rebuilt from fields (CSV, OCSF), which support a grade of medium at most; load the"
        " trail's own files for proof"
    ),
    "transient_subject": (
        "the SAML subject is transient: it identifies one sign-in, not a person; ask the identity provider whose it was"
    ),
    "never_signed": "no loaded call is signed with the key; its owner is named by a logged change of the key",
    "unlisted_events": "some of the events are in files that no valid digest lists; they are not evidence",
    "unreliable_events": "some of the records are unreliable (in conflict or damaged); they are not evidence",
    "conflicting_source_identity": "the events have more than one SourceIdentity",
    "proves_nothing": "the record of this event is unreliable (in conflict or damaged), so it is not evidence",
}

KEY_KINDS = {
    "long_term": "long-term access key",
    "service_specific": "service-specific credential",
    "temporary": "temporary access key",
    "other": "access key",
}
KEY_STATUS_STYLES = {"Active": "warn", "Inactive": "good", "Deleted": "good"}
KEY_CHANGES = {
    "created": "created",
    "activated": "activated",
    "deactivated": "deactivated",
    "reset": "reset (new secret)",
    "deleted": "deleted",
    "changed": "change or deletion attempted",
    "switched_both_ways": "deactivated and activated in one second (final status unknown)",
}
# ATT&CK's names
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
# how a node was derived from the node above it
RELATIONS = {
    Relation.ASSUMED_ROLE: "assumed role",
    Relation.SESSION_TOKEN: "session token",
    Relation.FEDERATION_TOKEN: "federation token",
    Relation.ASSUMED_ROOT: "assumed root",
    Relation.CONSOLE_SESSION: "console session",
    Relation.SWITCHED_ROLE: "switched role",
    Relation.FORWARD_ACCESS: "forward access",
    Relation.CREATED_ACCESS_KEY: "created access key",
    Relation.RESET_SERVICE_CREDENTIAL: "reset service-specific credential",
    Relation.CREATED_LOGIN_PROFILE: "set console password",
    Relation.CREATED_USER: "created user",
    Relation.CHANGED_TRUST_POLICY: "set trust policy",
}
# with a style
STATES: dict[State, tuple[str, str]] = {
    State.VALID: ("VALID", "bad"),
    State.UNKNOWN: ("possibly valid, expiry not logged", "warn"),
    State.NOT_YET: ("does not exist yet", "dim"),
    State.EXPIRED: ("expired", "dim"),
    State.DEACTIVATED: ("deactivated", "dim"),
    State.DELETED: ("deleted", "dim"),
    State.REVOKED: ("revoked", "dim"),
    State.REPLACED: ("replaced", "dim"),
}
ACTIONS = {
    Action.DEACTIVATE_ACCESS_KEY: "deactivate the access key",
    Action.DEACTIVATE_SERVICE_CREDENTIAL: "deactivate the service-specific credential",
    Action.DENY_USER: "deny everything to the user",
    Action.DENY_ROLE: "deny everything to the role",
    Action.REVOKE_ROLE_SESSIONS: "revoke the sessions of the role",
    Action.DENY_IDENTITY_CENTER_USER: "deny the Identity Center user",
    Action.DENY_SIGN_IN_SESSION: "deny the sign-in session",
    Action.DENY_BY_SCP: "deny the root user with a service control policy on account",
    Action.DISABLE_CONSOLE_LOGIN: "delete the console password of",
    Action.DELETE_CREATED_USER: "delete the user",
    Action.DELETE_CREATED_ROLE: "delete the role",
    Action.RESTORE_TRUST_POLICY: "restore the trust policy of the role",
    Action.REPLACE_WORKLOAD_CREDENTIALS: "replace the credentials of the workload",
    Action.WAIT_UNTIL: "wait until",
    Action.NOT_POSSIBLE: "no containment is possible for",
}

# the AWS CLI command that prints an export
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
    "person": ", as stated at ingest",
    "file": ", when its file was written",
    "ingest": ", the time of ingest",
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
    "name_differs": "the events have another name: renamed before or after",
    "account_differs": "the events belong to another account",
    "owner_differs": "the events name another owner",
    "status_differs": "the last logged change before that set another status; a change is missing from the logs",
    "password_differs": "the last logged change before that left another state; a change is missing from the logs",
    "used_while_inactive": "but calls succeeded after that",
    "use_not_in_logs": "the loaded logs do not contain that use",
    "used_yet_never": "but the logs contain calls before that",
    "used_after_disabled": "after the key was deactivated or deleted by a logged call",
    "used_later_than_iam_says": "but the logs contain a later call before that",
}
KEY_FINDINGS = {
    "used_after_disabled": "used after it was deactivated or deleted",
    "used_after_switched_both_ways": "used after it was deactivated and activated in one second; final status unknown",
    "root_key": "belongs to the root user",
    "quarantined": "AWS quarantined its owner: AWS considers the key leaked",
    "owner_gone": "its owner no longer exists",
    "account_differs": "the logs and an export name different accounts",
    "owner_differs": "the logs and IAM name different owners",
    "status_differs": "the status in IAM differs from the last logged change",
    "absent_from_listing": "missing from IAM's list of its owner's keys, and no deletion is logged",
    "absent_from_report": "missing from the credential report, and no deletion is logged",
    "use_not_in_logs": "IAM reports a use that the loaded logs do not contain",
    "used_yet_never": "never used according to IAM, but the logs contain calls",
    "used_later_than_iam_says": "the logs contain a later call than IAM reports",
    "several_applications": "used by several applications",
    "never_used": "never used",
    "unused": "not used recently",
    "overdue_for_rotation": "overdue for rotation",
}

# why a story stands out within a case
SIGNALS = {
    Signal.NEW_NETWORK: "new network",
    Signal.NEW_PROGRAM: "new program",
    Signal.NEW_REGION: "new region",
    Signal.FIRST_SEEN: "first seen late in the logs",
    Signal.SESSION_MOVED: "one session used from several networks",
    Signal.WORKLOAD_ELSEWHERE: "credential of a workload used elsewhere",
    Signal.ENUMERATION: "first reads",
    Signal.REFUSED_CALLS: "refused calls",
    Signal.NEW_CALLS: "first calls",
    Signal.PLANTED_ACCESS: "created access",
    Signal.OUTSIDE_ACCOUNT: "access for an account outside the logs",
    Signal.PUBLIC_ACCESS: "access for everybody",
    Signal.PERSISTENCE: "persistence",
    Signal.PRIVILEGE_ESCALATION: "privilege escalation",
    Signal.EVASION: "evasion",
    Signal.DATA_ACCESS: "data access",
    Signal.DESTRUCTION: "destruction",
    Signal.COST_ABUSE: "cost abuse",
    Signal.LARGE_INSTANCES: "large instances",
    Signal.EXECUTION: "execution",
    Signal.DISCOVERY: "discovery",
    Signal.ROOT_USE: "root user",
    Signal.SIGN_IN_WITHOUT_MFA: "sign-in without MFA",
    Signal.SOURCE_IDENTITY_CONFLICT: "SourceIdentity of somebody else",
}
NODES = {
    NodeKind.ACCESS_KEY: "key",
    NodeKind.USER: "user",
    NodeKind.LOGIN_PROFILE: "password of",
    NodeKind.ROLE: "trust policy of",
    NodeKind.SESSION: "session",
}


def readable_time(moment: datetime) -> str:
    """Return a UTC time as shown on screen."""
    return timestamp(moment).replace("T", " ")


def known_time(moment: datetime | None) -> str:
    """Return a UTC time as shown on screen; an empty text if it is unknown."""
    return readable_time(moment) if moment else ""


def at_time(moment: datetime | None) -> str:
    """Return a time with two spaces to begin a line with; an empty text if it is unknown."""
    return f"{readable_time(moment)}  " if moment else ""


def minute(moment: datetime) -> str:
    """Return a UTC time to the minute."""
    return f"{readable_time(moment)[:16]}Z"


def time_span(first: datetime | None, last: datetime | None) -> str:
    """Return `FIRST to LAST`, or one time if both are equal."""
    if first is None or last is None:
        return "time not logged"
    return readable_time(first) if first == last else f"{readable_time(first)} to {readable_time(last)}"


def first_few(names: Sequence[str], most: int) -> str:
    """Return `a, b and 3 more`, or all names if there are at most `most`."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def count(number: int, noun: str, nouns: str | None = None) -> str:
    """Return `1 event` or `2,000 events`. `nouns`: the plural, if it is not `noun` with an s."""
    return f"{number:,} {noun if number == 1 else nouns or f'{noun}s'}"
