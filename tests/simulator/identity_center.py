"""Identity Center: sign-ins at the access portal, and requests for a role.

These events are recorded in the account and region of the instance, by `IdentityCenterUser`. The credential is issued
in the member account (`sts.assume_identity_center_role`); only account, role and time link the two. Source:
docs/attribution.md#identity-center.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from .cloud import Api, Cloud, Parts
from .identities import Credential, identity_center_user, minted_again, role_session
from .principals import Json, Person, Place, Role
from .sts import assume_identity_center_role

EVENT = "AwsServiceEvent"
STEPS = ("CredentialChallenge", "CredentialVerification", "UserAuthentication")


def sign_in(cloud: Cloud, person: Person, time: datetime, region: str) -> Credential:
    """Log a sign-in: the user is `Unknown` until the password is verified; Authenticate starts the session."""
    portal = identity_center_user(person, cloud.ids.base64(64))
    workflow, unknown = cloud.ids.uuid(), {"type": "Unknown", "accountId": person.account_id}
    for number, step in enumerate(STEPS):
        known = step == "UserAuthentication"
        said = Parts(
            account_id=person.account_id,
            identity=portal.identity if known else unknown,
            place=person.place,
            additional={"AuthWorkflowID": workflow, "UserName": person.name, "CredentialType": "PASSWORD"},
            details={step: "Success"},
        )
        api = Api("signin.amazonaws.com", step, False, event_type=EVENT)
        cloud.log(portal if known else None, api, time - timedelta(seconds=9 - 3 * number), region, **said)
    _portal_event(cloud, portal, "Authenticate", time, region)
    return portal


def list_accounts(cloud: Cloud, portal: Credential, time: datetime, region: str) -> None:
    _portal_event(cloud, portal, "ListAccounts", time, region)
    _portal_event(cloud, portal, "ListAccountRoles", time + timedelta(seconds=1), region)


def create_token(cloud: Cloud, portal: Credential, time: datetime, region: str) -> None:
    """Log the exchange of a device code for a bearer token by `aws sso login`."""
    hidden = "HIDDEN_DUE_TO_SECURITY_REASONS"
    said = Parts(
        parameters={"clientId": cloud.ids.base64(22), "grantType": "urn:ietf:params:oauth:grant-type:device_code"},
        response={"expiresIn": 27109, "accessToken": hidden, "tokenType": "Bearer", "refreshToken": hidden},
    )
    cloud.log(portal, Api("sso.amazonaws.com", "CreateToken", False), time, region, **said)


def role_credentials(
    cloud: Cloud,
    portal: Credential,
    person: Person,
    role: Role,
    time: datetime,
    region: str,
    *,
    place: Place,
    name: str | None = None,
    on_behalf_rate: float = 0.87,
) -> Credential:
    """Log the request of the command line. `name`: session name, if it is not the person's."""
    _portal_event(cloud, portal, "GetRoleCredentials", time, region, role)
    return _used(cloud, person, role, time, place=place, name=name, on_behalf_rate=on_behalf_rate)


def federate(cloud: Cloud, portal: Credential, person: Person, role: Role, time: datetime, region: str) -> Credential:
    """Log the request of the console."""
    _portal_event(cloud, portal, "Federate", time, region, role)
    return federated_again(cloud, person, role, time)


def federated_again(cloud: Cloud, person: Person, role: Role, time: datetime) -> Credential:
    """Log the repeated requests of an open console, about one a minute (docs/attribution.md#identity-center)."""
    return _used(cloud, person, role, time, place=person.place, name=None, on_behalf_rate=0.87)


def role_credentials_unseen(
    cloud: Cloud, portal: Credential, person: Person, role: Role, time: datetime, region: str, *, place: Place
) -> Credential:
    """Log `aws sso login` as in TrailTool: GetRoleCredentials without an AssumeRoleWithSAML."""
    _portal_event(cloud, portal, "GetRoleCredentials", time, region, role)
    session = role_session(
        role,
        person.name,
        cloud.ids.key(role.account_id),
        time,
        actor=person.actor,
        place=place,
        issuer="GetRoleCredentials",
    )
    return replace(session, on_behalf_of=person.behalf)


def _used(
    cloud: Cloud, person: Person, role: Role, time: datetime, *, place: Place, name: str | None, on_behalf_rate: float
) -> Credential:
    name = name or person.name
    issued = assume_identity_center_role(cloud, role, person, name, time, place=place, on_behalf_rate=on_behalf_rate)
    return minted_again(issued, cloud.ids.key(role.account_id))


def _portal_event(
    cloud: Cloud, portal: Credential, name: str, time: datetime, region: str, role: Role | None = None
) -> None:
    details: Json | None = {"role_name": role.name.split("_")[1], "account_id": role.account_id} if role else None
    api = Api("sso.amazonaws.com", name, name != "Federate", event_type=EVENT)
    cloud.log(portal, api, time, region, details=details)
