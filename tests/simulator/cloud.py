"""Cloud: writes the record of each event and keeps it with the truth.

`Event` is one record with the credential that signed it. `Issuance` is one issued credential with its events: `full`
has the complete caller; `redacted` is the copy in the role's account if that is a different account. A `Gap` is a time
in which a trail was stopped: events happen, but their records are lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import TypedDict, Unpack

from .identities import Credential, CredentialId, redacted
from .ids import Ids, iso
from .permissions import Change, Permissions, Session
from .principals import Actor, Json, Place, Role, User

VERSIONS = {
    "sts.amazonaws.com": "1.11",
    "s3.amazonaws.com": "1.11",
    "iam.amazonaws.com": "1.11",
    "kms.amazonaws.com": "1.11",
    "ec2.amazonaws.com": "1.10",
    "lambda.amazonaws.com": "1.10",
    "cloudtrail.amazonaws.com": "1.11",
    "signin.amazonaws.com": "1.09",
}
WITH_REQUEST_ID = ("AwsApiCall", "AwsMcpEvent")
GLOBAL_REGION = "us-east-1"
"""Where IAM, global STS and root sign-in are recorded (docs/attribution.md#regions)."""


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    id: str
    time: datetime
    region: str
    account_id: str
    record: Json = field(repr=False)
    credential: Credential | None
    """None without authentication."""
    twin: str | None = None
    """For a redacted copy: the event ID of the caller's copy."""


@dataclass(frozen=True, slots=True, eq=False)
class Issuance:
    time: datetime
    issued: Credential
    caller: Credential
    full: str
    redacted: str | None = None
    logs_key: bool = True
    """Whether the response contains `issued.access_key_id`."""
    mints_again: bool = False
    """Whether the full copy shows that AWS issues further keys for this session."""
    switch: bool = False
    """A SwitchRole event: only the ARN of the caller is logged."""
    key_only: bool = False
    """The response has no session, so only the issued key can be joined."""
    documented_only: bool = False
    """The form was never seen in a real log, so it never names an actor."""
    actor: Actor | None = None
    """The name of a caller outside AWS, if it differs from the actor of the issued credential."""


@dataclass(frozen=True, slots=True, eq=False)
class Minting:
    """An event which shows that AWS issues further keys for a session: a sign-in, `aws login`."""

    session: Credential
    event_id: str


@dataclass(frozen=True, slots=True)
class TrustPolicy:
    """A role's trust policy, with the event that set it."""

    role_arn: str
    time: datetime
    event_id: str
    demands_source_identity: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """A time without records of an account, strictly between `start` and `end`."""

    account_id: str
    start: datetime
    end: datetime
    event_id: str
    """The event that stopped the trail."""
    home_region: str | None = None
    """A region that was still recorded, if any."""
    read_only: bool = False
    """Whether only read-only management events were lost."""

    def loses(self, event: Event) -> bool:
        if event.account_id != self.account_id or not self.start < event.time < self.end:
            return False
        if self.read_only:
            return bool(event.record["readOnly"] and event.record["managementEvent"])
        return event.region != self.home_region


@dataclass(frozen=True, slots=True)
class Api:
    """The constant part of a call."""

    source: str
    name: str
    read_only: bool = True
    host: str | None = None
    event_type: str = "AwsApiCall"
    data: bool = False


class Parts(TypedDict, total=False):
    """The variable parts of a record. By default, a record is in the account of its credential."""

    account_id: str | None
    """The recording account."""
    identity: Json
    place: Place
    parameters: Json | None
    response: Json | None
    error: tuple[str | None, str] | None
    """Error code and message."""
    additional: Json | None
    resources: list[Json] | None
    details: Json | None
    shared: str
    request_id: str | None
    redact: Event
    """The caller's copy, if the record is the redacted one."""


class Cloud:
    def __init__(self, rng: Random, token_length: int = 300) -> None:
        self.rng = rng
        self.ids = Ids(rng)
        self.token_length = token_length
        self.events: list[Event] = []
        self.issuances: list[Issuance] = []
        self.mintings: list[Minting] = []
        self.policies: list[TrustPolicy] = []
        self.gaps: list[Gap] = []
        self.launches: dict[str, str] = {}
        """Workload -> the event that created it."""
        self.users: list[User] = []
        """The users and roles at the start."""
        self.roles: list[Role] = []
        self.changes: list[Change] = []
        self.key_ends: dict[str, datetime] = {}
        self.session_ends: dict[Session, datetime] = {}
        self.unloaded: set[str] = set()
        """The accounts without logs of their own."""
        self.asked: list[tuple[str, datetime]] = []
        """Access keys to ask about, and when."""
        self._seen_in_console: set[CredentialId] = set()

    def token(self) -> str:
        return self.ids.base64(self.token_length)

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def log(
        self, credential: Credential | None, api: Api, time: datetime, region: str, **parts: Unpack[Parts]
    ) -> Event:
        """Write one record with its keys in the order of the Invictus logs."""
        copied = parts.get("redact")
        identity = parts.get("identity", credential.identity if credential else {})
        if credential and credential.on_behalf_of and not copied and self.chance(credential.on_behalf_rate):
            identity = identity | {"onBehalfOf": credential.on_behalf_of}
        place = parts.get("place") or (credential and credential.place)
        recipient = parts.get("account_id") or (credential and credential.account_id)
        assert place and recipient
        event_id = self.ids.uuid()
        record: Json = {
            "eventVersion": VERSIONS.get(api.source, "1.08"),
            "userIdentity": identity,
            "eventTime": iso(time),
            "eventSource": api.source,
            "eventName": api.name,
            "awsRegion": region,
            "sourceIPAddress": place.address,
            "userAgent": place.agent,
        }
        if error := parts.get("error"):
            code, message = error
            if code:
                record["errorCode"] = code
            record["errorMessage"] = message
        record["requestParameters"] = parts.get("parameters")
        record["responseElements"] = parts.get("response")
        if additional := parts.get("additional"):
            record["additionalEventData"] = additional
        if api.event_type in WITH_REQUEST_ID:
            record["requestID"] = parts.get("request_id") or self.ids.uuid()
        record["eventID"] = event_id
        record["readOnly"] = api.read_only
        if resources := parts.get("resources"):
            record["resources"] = resources
        record["eventType"] = api.event_type
        record["managementEvent"] = not api.data
        record["recipientAccountId"] = recipient
        if shared := parts.get("shared"):
            record["sharedEventID"] = shared
        if (details := parts.get("details")) is not None:
            record["serviceEventDetails"] = details
        record["eventCategory"] = "Data" if api.data else "Management"
        if "invokedBy" not in identity:
            modern = "HashiCorp" not in record["userAgent"]
            record["tlsDetails"] = {
                "tlsVersion": "TLSv1.3" if modern else "TLSv1.2",
                "cipherSuite": "TLS_AES_128_GCM_SHA256" if modern else "ECDHE-RSA-AES128-GCM-SHA256",
                "clientProvidedHostHeader": api.host or host_of(api.source, region),
            }
        if credential and credential.from_console and not copied and self._shows_console(credential):
            record["sessionCredentialFromConsole"] = "true"
        event = Event(event_id, time, region, recipient, record, credential, copied.id if copied else None)
        self.events.append(event)
        return event

    def log_copies(
        self, caller: Credential, api: Api, time: datetime, region: str, other_account: str, **parts: Unpack[Parts]
    ) -> tuple[Event, Event]:
        """Log a call in two accounts: one `sharedEventID`, two event IDs (docs/attribution.md#cross-account-copies)."""
        parts |= {"shared": self.ids.uuid(), "request_id": self.ids.uuid()}
        own = self.log(caller, api, time, region, **parts)
        parts |= {"account_id": other_account, "identity": redacted(caller), "redact": own}
        return own, self.log(caller, api, time, region, **parts)

    def issued(self, issuance: Issuance) -> Credential:
        self.issuances.append(issuance)
        return issuance.issued

    def records(self, event: Event) -> bool:
        """Return whether a trail records an event."""
        return event.account_id not in self.unloaded and not any(gap.loses(event) for gap in self.gaps)

    def lasts(self, session: Credential, time: datetime, seconds: int) -> None:
        """Note the end of a session whose keys are in no response."""
        self.session_ends[session.account_id, session.principal_id, session.creation_date] = time + timedelta(
            seconds=seconds
        )

    def permissions(self) -> Permissions:
        return Permissions(
            tuple(self.users), tuple(self.roles), tuple(self.changes), dict(self.key_ends), dict(self.session_ends)
        )

    def _shows_console(self, credential: Credential) -> bool:
        """True for a session's first event, then for three of four (docs/attribution.md#console-sign-in)."""
        session = (credential.account_id, None, credential.principal_id, credential.creation_date)
        if session not in self._seen_in_console:
            self._seen_in_console.add(session)
            return True
        return self.rng.random() < 0.75


def host_of(source: str, region: str) -> str:
    name = source.removesuffix(".amazonaws.com")
    return source if name == "iam" else f"{name}.{region}.amazonaws.com"
