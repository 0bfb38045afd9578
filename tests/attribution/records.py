"""Records made by hand: a few CloudTrail records a test, built from the words that the test reads by.

    aws = Account("111111111111")
    alice, deploy = aws.user("alice"), aws.role("deploy")
    aws.log(assume_role(alice.signs(), deploy, "build", 0, issues=aws.key("K")))
    aws.log(call(deploy.session("build", 0, aws.key("K")), 5))

Times are seconds after `START`. Shapes follow docs/attribution.md#issuers; nothing here knows how they are read.
IDs carry their name, and a digit that keeps them from carrying an account.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, uuid5

Json = dict[str, Any]
"""A record, or a part of one. A record that no dictionary can hold (a key stands twice) is text."""

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
STS, SIGN_IN, S3 = "sts.amazonaws.com", "signin.amazonaws.com", "s3.amazonaws.com"
INTERNAL = "AWS Internal"


def at(second: float) -> str:
    return f"{START + timedelta(seconds=second):%Y-%m-%dT%H:%M:%SZ}"


def unique_id(prefix: str, name: str, account_id: str, length: int) -> str:
    """`AIDA`, alice, ...1234 -> `AIDA0ALICE1234XXXXXXX`."""
    return f"{prefix}0{re.sub('[^A-Z0-9]', '', name.upper())}{account_id[-4:]}".ljust(length, "X")


@dataclass(frozen=True)
class User:
    account_id: str
    name: str
    id: str

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{self.account_id}:user/{self.name}"

    @property
    def key(self) -> str:
        """The long-term key that a user signs with where no other is named."""
        return unique_id("AKIA", self.name, self.account_id, 20)

    def signs(self, key: str | None = None, *, invoked_by: str | None = None) -> Json:
        """With a long-term key."""
        return self._identity(accessKeyId=self.key if key is None else key, invokedBy=invoked_by)

    def session(self, created: float, key: str | None, *, invoked_by: str | None = None) -> Json:
        """With a temporary key: console, GetSessionToken, forward access."""
        return self._identity(
            accessKeyId=key,
            invokedBy=invoked_by,
            sessionContext={
                "sessionIssuer": {},
                "attributes": {"creationDate": at(created), "mfaAuthenticated": "false"},
            },
        )

    def signs_in(self) -> Json:
        return self._identity()

    def _identity(self, **more: object) -> Json:
        return _known(
            type="IAMUser", principalId=self.id, arn=self.arn, accountId=self.account_id, userName=self.name, **more
        )


@dataclass(frozen=True)
class Role:
    account_id: str
    name: str
    id: str
    path: str = "/"

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{self.account_id}:role{self.path}{self.name}"

    def session_id(self, name: str) -> str:
        return f"{self.id}:{name}"

    def session_arn(self, name: str) -> str:
        return f"arn:aws:sts::{self.account_id}:assumed-role/{self.name}/{name}"

    def session(
        self,
        name: str,
        created: float | None,
        key: str | None = None,
        *,
        source_identity: str | None = None,
        invoked_by: str | None = None,
    ) -> Json:
        issuer = {
            "type": "Role", "principalId": self.id, "arn": self.arn, "accountId": self.account_id, "userName": self.name
        }  # fmt: skip
        attributes = None if created is None else {"creationDate": at(created), "mfaAuthenticated": "false"}
        return _known(
            type="AssumedRole",
            principalId=self.session_id(name),
            arn=self.session_arn(name),
            accountId=self.account_id,
            accessKeyId=key,
            sessionContext=_known(sessionIssuer=issuer, attributes=attributes, sourceIdentity=source_identity),
            invokedBy=invoked_by,
        )


@dataclass(frozen=True)
class Account:
    """An account and what was logged; accounts made by `elsewhere` log to the same pile."""

    id: str
    records: list[Json | str] = field(default_factory=list)

    def elsewhere(self, digit: int = 1) -> Account:
        """Another account, whose number differs in its first digit and its end."""
        return Account(f"{digit}{self.id[1:-1]}{(int(self.id[-1]) + digit) % 10}", self.records)

    def user(self, name: str, *, life: str = "") -> User:
        """`life` tells users apart that had one name after the other."""
        return User(self.id, name, unique_id("AIDA", name + life, self.id, 21))

    def role(self, name: str, *, life: str = "", path: str = "/") -> Role:
        return Role(self.id, name, unique_id("AROA", name + life, self.id, 21), path)

    def key(self, name: str) -> str:
        return unique_id("ASIA", name, self.id, 20)

    def root(self, **more: object) -> Json:
        return _known(type="Root", principalId=self.id, arn=f"arn:aws:iam::{self.id}:root", accountId=self.id, **more)

    def log(self, *records: Json | str) -> None:
        self.records.extend(records)


def service(principal: str) -> Json:
    return {"type": "AWSService", "invokedBy": principal}


def call(
    identity: Json | None, second: float, *, source: str = S3, name: str = "ListBuckets", account: str = "", **top: Any
) -> Json:
    """Any call; recorded in the caller's account if no other is named. What is None in `top` is left out."""
    record = _known(
        eventVersion="1.11",
        userIdentity=identity,
        eventTime=at(second),
        eventSource=source,
        eventName=name,
        awsRegion="us-east-1",
        sourceIPAddress="198.51.100.7",
        userAgent="aws-cli/2.30",
        eventType="AwsApiCall",
        recipientAccountId=account or (identity or {}).get("accountId"),
        eventCategory="Management",
    )
    record["eventID"] = str(uuid5(NAMESPACE_OID, json.dumps([record, top], sort_keys=True)))
    return {name: value for name, value in {**record, **top}.items() if value is not None}


def credentials(key: str | None, expires: float = 3600) -> Json:
    """The issued part of a response; without a key where AWS, or somebody, left it out."""
    return {} if key is None else {"credentials": {"accessKeyId": key, "expiration": at(expires)}}


def assume_role(
    identity: Json,
    role: Role,
    name: str,
    second: float,
    *,
    issues: str | None,
    source_identity: str | None = None,
    tells_session: bool = True,
    account: str = "",
    **top: Any,
) -> Json:
    """`tells_session`: the response has `assumedRoleUser`, which EC2's and Lambda's lack."""
    user = {"assumedRoleId": role.session_id(name), "arn": role.session_arn(name)} if tells_session else None
    return call(
        identity,
        second,
        source=STS,
        name="AssumeRole",
        account=account or identity.get("accountId", role.account_id),
        requestParameters=_known(roleArn=role.arn, roleSessionName=name, sourceIdentity=source_identity),
        responseElements=_known(
            **credentials(issues, second + 3600), assumedRoleUser=user, sourceIdentity=source_identity
        ),
        **top,
    )


def copies(record: Json, role: Role) -> tuple[Json, Json]:
    """A call across accounts as both accounts log it: the caller's copy, and the redacted one of the role's account."""
    shared = {"sharedEventID": str(uuid5(NAMESPACE_OID, record["eventID"] + "shared"))}
    caller = record["userIdentity"]
    redacted = {"type": "AWSAccount", "principalId": caller["principalId"], "accountId": caller["accountId"]}
    theirs = {
        "userIdentity": redacted,
        "recipientAccountId": role.account_id,
        "eventID": str(uuid5(NAMESPACE_OID, record["eventID"] + "theirs")),
    }
    return record | shared, record | shared | theirs


def saml_sign_in(subject: str, role: Role, second: float, *, issues: str | None, issuer: str = "https://idp") -> Json:
    """The hash of the identity provider in the record depends on the issuer."""
    qualifier = f"n{uuid5(NAMESPACE_OID, issuer).hex[:8]}="
    user = {"assumedRoleId": role.session_id(subject), "arn": role.session_arn(subject)}
    return call(
        {
            "type": "SAMLUser", "principalId": f"{qualifier}:{subject}", "userName": subject,
            "identityProvider": qualifier,
        },
        second,
        source=STS,
        name="AssumeRoleWithSAML",
        account=role.account_id,
        requestParameters={"roleArn": role.arn, "roleSessionName": subject},
        responseElements={
            **credentials(issues, second + 3600), "assumedRoleUser": user, "subject": subject, "issuer": issuer
        },
    )  # fmt: skip


def get_session_token(identity: Json, second: float, *, issues: str | None) -> Json:
    return call(
        identity, second, source=STS, name="GetSessionToken", responseElements=credentials(issues, second + 3600)
    )


def federated(user: User, name: str, created: float, key: str | None, *, issuer: bool = True) -> Json:
    """A session of GetFederationToken."""
    issued_by = {"type": "IAMUser", "principalId": user.id, "arn": user.arn, "userName": user.name} if issuer else {}
    return _known(
        type="FederatedUser",
        principalId=f"{user.account_id}:{name}",
        arn=f"arn:aws:sts::{user.account_id}:federated-user/{name}",
        accountId=user.account_id,
        accessKeyId=key,
        sessionContext={
            "sessionIssuer": issued_by, "attributes": {"creationDate": at(created), "mfaAuthenticated": "false"}
        },
    )  # fmt: skip


def get_federation_token(identity: Json, name: str, second: float, *, issues: str | None) -> Json:
    account = identity["accountId"]
    user = {"federatedUserId": f"{account}:{name}", "arn": f"arn:aws:sts::{account}:federated-user/{name}"}
    return call(
        identity,
        second,
        source=STS,
        name="GetFederationToken",
        requestParameters={"name": name},
        responseElements={**credentials(issues, second + 3600), "federatedUser": user},
    )


def assume_root(identity: Json, target: str, second: float, *, issues: str) -> Json:
    return call(
        identity,
        second,
        source=STS,
        name="AssumeRoot",
        requestParameters={"targetPrincipal": target},
        responseElements=credentials(issues, second + 900),
    )


def assumed_root(account: Account, created: float, key: str | None) -> Json:
    context = {"attributes": {"creationDate": at(created), "mfaAuthenticated": "false"}, "assumedRoot": "true"}
    return account.root(accessKeyId=key, sessionContext=context)


def sign_in_event(identity: Json, second: float, name: str, result: str = "Success", **top: Any) -> Json:
    parts = {"eventType": "AwsConsoleSignIn", "responseElements": {name: result}, **top}
    return call(identity, second, source=SIGN_IN, name=name, **parts)


def switch_role(came_from: str | None, role: Role, name: str, second: float, **top: Any) -> Json:
    """Logged in the role's account, signed by nothing."""
    identity = role.session(name, None) | {"sessionContext": None}
    return sign_in_event(
        _known(**identity), second, "SwitchRole", additionalEventData=_known(SwitchFrom=came_from), **top
    )


def trust_policy(*principals: str, **more: object) -> str:
    allowed = {"Effect": "Allow", "Principal": {"AWS": list(principals)}, "Action": "sts:AssumeRole"} | more
    return json.dumps({"Version": "2012-10-17", "Statement": [allowed]})


def with_repeated_key(record: Json, key: str, value: str, *, spelled: str = "") -> str:
    """The record's text, in which a key of `userIdentity` stands twice, first with another value."""
    return json.dumps(record).replace('"userIdentity": {', f'"userIdentity": {{"{spelled or key}": "{value}", ', 1)


def write(records: Iterable[Json | str], folder: Path) -> Path:
    """One log file of the records, in their order."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = [record if isinstance(record, str) else json.dumps(record) for record in records]
    (folder / "records.json").write_text(f'{{"Records": [{", ".join(texts)}]}}')
    return folder


def _known(**parts: object) -> Json:
    return {name: value for name, value in parts.items() if value is not None}
