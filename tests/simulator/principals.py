"""Principals: the people, roles and addresses of an organization, and the actors at the end of a walk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Actor:
    """The end of a walk, of a kind in docs/attribution.md#actor-kinds."""

    kind: str
    id: str | None
    stop_reason: str
    workload_type: str | None = None


UNKNOWN = Actor("unknown", None, "before_coverage")


@dataclass(frozen=True, slots=True)
class Place:
    """The address and user agent of a call."""

    address: str
    agent: str


@dataclass(frozen=True, slots=True)
class User:
    account_id: str
    name: str
    user_id: str
    key_ids: tuple[str, ...]
    place: Place
    path: str = "/"

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{self.account_id}:user{self.path}{self.name}"


@dataclass(frozen=True, slots=True)
class Role:
    account_id: str
    name: str
    role_id: str
    path: str = "/"

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{self.account_id}:role{self.path}{self.name}"

    def session_arn(self, name: str) -> str:
        return f"arn:aws:sts::{self.account_id}:assumed-role/{self.name}/{name}"


@dataclass(frozen=True, slots=True)
class Person:
    """An Identity Center user. `account_id`: account of the instance."""

    account_id: str
    name: str
    user_id: str
    store_id: str
    place: Place

    @property
    def behalf(self) -> Json:
        store = f"arn:aws:identitystore::{self.account_id}:identitystore/{self.store_id}"
        return {"userId": self.user_id, "identityStoreArn": store}

    @property
    def actor(self) -> Actor:
        return Actor("identity_center_user", self.user_id, "identity_center_user")
