"""Exports: the output of the AWS CLI about all accounts at the end of a world, and the truth.

They are a replay of all events, recorded or not: the owner, status and last use of each key. Sources: the examples in
the AWS CLI reference and, for the credential report, the IAM user guide (docs/attribution.md#exports). A key that was
never used is only in the exports.
"""

from __future__ import annotations

import csv
import io
import json
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from .cloud import Event
from .iam import trust_document
from .ids import Ids
from .principals import Json
from .scenario import World

REPORT_COLUMNS = (
    "user", "arn", "user_creation_time", "password_enabled", "password_last_used", "password_last_changed",
    "password_next_rotation", "mfa_active", "access_key_1_active", "access_key_1_last_rotated",
    "access_key_1_last_used_date", "access_key_1_last_used_region", "access_key_1_last_used_service",
    "access_key_2_active", "access_key_2_last_rotated", "access_key_2_last_used_date",
    "access_key_2_last_used_region", "access_key_2_last_used_service", "cert_1_active", "cert_1_last_rotated",
    "cert_2_active", "cert_2_last_rotated",
)  # fmt: skip
ROOT = "<root_account>"
SLEEPING = "svc-forgotten"
"""A user of every account with one key that was never used."""


@dataclass(frozen=True, slots=True)
class KeyTruth:
    """A long-term key of an account at the time of the exports."""

    key_id: str
    account_id: str
    user_name: str
    user_id: str
    user_arn: str
    status: str
    created_at: datetime
    last_used: datetime | None
    region: str = "us-east-1"
    service: str = "s3"


@dataclass(frozen=True, slots=True)
class Exports:
    """The state of all accounts at a time. `deleted`: keys that were deleted before."""

    at: datetime
    keys: tuple[KeyTruth, ...]
    deleted: tuple[str, ...]
    people: tuple[tuple[str, str, str], ...]
    """Identity store, user ID and name of each Identity Center user."""
    account_names: tuple[tuple[str, str], ...]
    roots: dict[str, list[KeyTruth]] = field(default_factory=dict)
    """Root keys, which are only in the credential report."""

    def files(self) -> dict[str, str]:
        """Return the CLI's output by file name."""
        found = {"organization.json": _printed(self._organization())}
        for account, name in self.account_names:
            held = [key for key in self.keys if key.account_id == account]
            report = _report(account, held, self.roots.get(account, []), self.at)
            found[f"{name}/credential-report.json"] = _printed(report)
            found[f"{name}/authorization-details.json"] = _printed(_details(held))
            found[f"{name}/access-keys.json"] = "".join(_printed(answer) for answer in _listed(held))
            for key in held:
                found[f"{name}/last-used/{key.key_id}.json"] = _printed(_last_used(key))
        for store in sorted({store for store, _, _ in self.people}):
            found[f"identity-center-{store}.json"] = _printed(_identity_store(store, self.people))
        return found

    def write(self, folder: Path) -> Path:
        for name, text in self.files().items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return folder

    def but(self, key_id: str, **changed: object) -> Exports:
        """Return the same exports with false values for one key."""
        keys = tuple(replace(key, **changed) if key.key_id == key_id else key for key in self.keys)  # type: ignore[arg-type]
        return replace(self, keys=keys)

    def without(self, key_id: str) -> Exports:
        return replace(self, keys=tuple(key for key in self.keys if key.key_id != key_id))

    def _organization(self) -> Json:
        return {
            "Accounts": [
                {
                    "Id": account,
                    "Arn": f"arn:aws:organizations::{self.account_names[0][0]}:account/o-a1b2c3d4e5/{account}",
                    "Email": f"{name}@example.com",
                    "Name": name,
                    "Status": "ACTIVE",
                    "JoinedMethod": "CREATED",
                    "JoinedTimestamp": _time(self.at - timedelta(days=900)),
                }
                for account, name in self.account_names
            ]
        }


def exports(world: World, at: datetime | None = None) -> Exports:
    """Return the exports at the end of a world, or at an earlier time."""
    at = at or max(event.time for event in world.happened)
    happened = [event for event in world.happened if event.time <= at]
    state = _State(Random(f"exports {world.seed}"), min(event.time for event in world.happened))
    for account in world.accounts:
        for user in account.users:
            for key_id in user.key_ids:
                state.hold(key_id, account.id, user.name, user.user_id, user.arn)
        state.hold_sleeping(account.id)
    for event in happened:
        state.happened(event)
    names = tuple((account.id, f"account-{number}") for number, account in enumerate(world.accounts))
    return Exports(at, tuple(state.keys.values()), tuple(state.deleted), _people(happened), names, state.roots)


class _State:
    def __init__(self, rng: Random, start: datetime) -> None:
        self._rng, self._ids, self._start = rng, Ids(rng), start
        self.keys: dict[str, KeyTruth] = {}
        self.deleted: list[str] = []
        self.roots: dict[str, list[KeyTruth]] = {}
        self._users: dict[tuple[str, str], tuple[str, str]] = {}

    def hold(self, key_id: str, account: str, name: str, user_id: str, arn: str) -> None:
        created = self._start - timedelta(days=self._rng.randint(1, 700), seconds=self._rng.randrange(86400))
        self._users[account, name] = (user_id, arn)
        self.keys[key_id] = KeyTruth(key_id, account, name, user_id, arn, "Active", created, None)

    def hold_sleeping(self, account: str) -> None:
        user_id, key_id = self._ids.unique_id("AIDA", account), self._ids.unique_id("AKIA", account)
        self.hold(key_id, account, SLEEPING, user_id, f"arn:aws:iam::{account}:user/{SLEEPING}")

    def happened(self, event: Event) -> None:
        record = event.record
        key = self.keys.get(record["userIdentity"].get("accessKeyId") or "")
        if key is not None:
            service = record["eventSource"].partition(".")[0]
            self.keys[key.key_id] = replace(key, last_used=event.time, region=event.region, service=service)
        if record["userIdentity"].get("type") == "Root":
            self._root(event, record["userIdentity"].get("accessKeyId") or "")
        if record["eventSource"] == "iam.amazonaws.com" and "errorCode" not in record:
            self._iam(event, record["eventName"], record.get("requestParameters") or {}, record["responseElements"])

    def _root(self, event: Event, key_id: str) -> None:
        held = self.roots.setdefault(event.account_id, [])
        if key_id.startswith("AKIA") and key_id not in [key.key_id for key in held]:
            arn, created = f"arn:aws:iam::{event.account_id}:root", self._start - timedelta(days=1000 + len(held))
            held.append(KeyTruth(key_id, event.account_id, ROOT, "", arn, "Active", created, event.time))

    def _iam(self, event: Event, name: str, asked: Json, answered: Json | None) -> None:
        if name == "CreateUser" and answered:
            user = answered["user"]
            self._users[event.account_id, user["userName"]] = (user["userId"], user["arn"])
        elif name == "CreateAccessKey" and answered and "userName" in answered["accessKey"]:
            made = answered["accessKey"]
            user_id, arn = self._users[event.account_id, made["userName"]]
            key_id = made["accessKeyId"]
            self.keys[key_id] = KeyTruth(
                key_id, event.account_id, made["userName"], user_id, arn, "Active", event.time, None
            )
        elif name == "UpdateAccessKey" and asked["accessKeyId"] in self.keys:
            key = self.keys[asked["accessKeyId"]]
            self.keys[key.key_id] = replace(key, status=asked["status"])
        elif name == "DeleteAccessKey" and asked["accessKeyId"] in self.keys:
            del self.keys[asked["accessKeyId"]]
            self.deleted.append(asked["accessKeyId"])


def _people(happened: Iterable[Event]) -> tuple[tuple[str, str, str], ...]:
    behalf = [event.record["userIdentity"].get("onBehalfOf") for event in happened]
    found = {(one["identityStoreArn"].rpartition("/")[2], one["userId"]) for one in behalf if one}
    return tuple((store, user, f"person.{number}@example.com") for number, (store, user) in enumerate(sorted(found)))


def _printed(answer: Json) -> str:
    return json.dumps(answer, indent=4) + "\n"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}+00:00"


def _of_users(keys: Sequence[KeyTruth]) -> dict[str, list[KeyTruth]]:
    found: dict[str, list[KeyTruth]] = {}
    for key in keys:
        found.setdefault(key.user_name, []).append(key)
    return dict(sorted(found.items()))


def _listed(keys: Sequence[KeyTruth]) -> list[Json]:
    """Return the output of `list-access-keys`, one per user."""
    return [
        {
            "AccessKeyMetadata": [
                {
                    "UserName": key.user_name,
                    "AccessKeyId": key.key_id,
                    "Status": key.status,
                    "CreateDate": _time(key.created_at),
                }
                for key in held
            ]
        }
        for held in _of_users(keys).values()
    ]


def _last_used(key: KeyTruth) -> Json:
    used: Json = {"ServiceName": "N/A", "Region": "N/A"}
    if key.last_used:
        used = {"LastUsedDate": _time(key.last_used), "ServiceName": key.service, "Region": key.region}
    return {"UserName": key.user_name, "AccessKeyLastUsed": used}


def _details(keys: Sequence[KeyTruth]) -> Json:
    return {
        "UserDetailList": [
            {
                "Path": "/",
                "UserName": name,
                "UserId": held[0].user_id,
                "Arn": held[0].user_arn,
                "CreateDate": _time(min(key.created_at for key in held)),
                "GroupList": [],
                "AttachedManagedPolicies": [],
                "Tags": [],
            }
            for name, held in _of_users(keys).items()
        ],
        "GroupDetailList": [],
        "RoleDetailList": [],
        "Policies": [],
    }


def role_details(account_id: str, name: str, role_id: str, created: datetime, *, demands_source_identity: bool) -> Json:
    """Return one role of `get-account-authorization-details`."""
    document = json.loads(trust_document(account_id, demands_source_identity=demands_source_identity))
    role = {
        "Path": "/",
        "RoleName": name,
        "RoleId": role_id,
        "Arn": f"arn:aws:iam::{account_id}:role/{name}",
        "CreateDate": _time(created),
        "AssumeRolePolicyDocument": document,
        "InstanceProfileList": [],
        "RolePolicyList": [],
        "AttachedManagedPolicies": [],
        "Tags": [],
        "RoleLastUsed": {},
    }
    return {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [role], "Policies": []}


def report_rows(account: str, keys: Sequence[KeyTruth], roots: Sequence[KeyTruth] = ()) -> list[dict[str, str]]:
    """Return the rows of the credential report."""
    lines = [_line(ROOT, f"arn:aws:iam::{account}:root", roots)]
    return lines + [_line(name, held[0].user_arn, held) for name, held in _of_users(keys).items()]


def report_csv(rows: Sequence[dict[str, str]], columns: Sequence[str] = REPORT_COLUMNS, separator: str = ",") -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, extrasaction="ignore", lineterminator="\n", delimiter=separator)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _report(account: str, keys: Sequence[KeyTruth], roots: Sequence[KeyTruth], at: datetime) -> Json:
    content = b64encode(report_csv(report_rows(account, keys, roots)).encode()).decode()
    return {"Content": content, "ReportFormat": "text/csv", "GeneratedTime": _time(at)}


def _line(name: str, arn: str, held: Sequence[KeyTruth]) -> dict[str, str]:
    line = dict.fromkeys(REPORT_COLUMNS, "N/A") | {
        "user": name,
        "arn": arn,
        "user_creation_time": _time(min((key.created_at for key in held), default=datetime(2019, 1, 1))),  # noqa: DTZ001
        "password_enabled": "not_supported" if name.startswith("<") else "false",
        "mfa_active": "false",
        "cert_1_active": "false",
        "cert_2_active": "false",
        "access_key_1_active": "false",
        "access_key_2_active": "false",
    }
    for slot, key in enumerate(held[:2], 1):
        line[f"access_key_{slot}_active"] = "true" if key.status == "Active" else "false"
        line[f"access_key_{slot}_last_rotated"] = _time(key.created_at)
        if key.last_used:
            line[f"access_key_{slot}_last_used_date"] = _time(key.last_used)
            line[f"access_key_{slot}_last_used_region"] = key.region
            line[f"access_key_{slot}_last_used_service"] = key.service
    return line


def _identity_store(store: str, people: Iterable[tuple[str, str, str]]) -> Json:
    return {
        "Users": [
            {
                "UserName": name,
                "UserId": user,
                "Name": {"FamilyName": "Person", "GivenName": name.partition("@")[0]},
                "DisplayName": name.partition("@")[0],
                "Emails": [{"Value": name, "Type": "work", "Primary": True}],
                "IdentityStoreId": store,
            }
            for of, user, name in people
            if of == store
        ]
    }
