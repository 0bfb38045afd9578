"""Sign-in: console sign-ins and role switches (docs/attribution.md#console-sign-in).

The sign-in event has no issued key. The console then uses many keys for one (principal, creation date), which
`more_keys` creates.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Unpack

from .cloud import GLOBAL_REGION, Api, Cloud, Event, Issuance, Minting, Parts
from .identities import (
    Credential,
    keyless,
    minted_again,
    root_session,
    root_signing_in,
    signing_in,
    switched_into,
    user_session,
)
from .principals import Place, Role, User
from .sts import assume_role

AUTHORIZE = Api("signin.amazonaws.com", "AuthorizeOAuth2Access", False)
CREATE_TOKEN = Api("signin.amazonaws.com", "CreateOAuth2Token", False)
CONSOLE_SECONDS = 12 * 3600
"""How long a console session lasts; of a federated one, the longest SessionDuration."""
NO_MFA = {"MobileVersion": "No", "MFAUsed": "No"}


def console_login(cloud: Cloud, user: User, time: datetime, region: str, *, mfa: bool, place: Place) -> Credential:
    """Log a console sign-in.

    Source: Invictus logs 20230710T1230Z_AvIajGd5rkz6vTy4 (CheckMfa), …1225Z_4iD2boYSOwmb6sWd (ConsoleLogin).
    """
    person = signing_in(user).at(place)
    if mfa:
        _check_mfa(cloud, user, person, time - timedelta(seconds=cloud.rng.randint(5, 20)), region)
    details = _login_details(user.account_id, user.name if mfa else None)
    event = _sign_in_event(cloud, person, "ConsoleLogin", time, region, additional=details)
    key_id = cloud.ids.key(user.account_id)
    session = user_session(user, key_id, time, mfa=mfa, from_console=True).at(place)
    cloud.lasts(session, time, CONSOLE_SECONDS)
    return cloud.issued(Issuance(time, session, person, event.id, logs_key=False, mints_again=True))


def failed_login(cloud: Cloud, user: User, time: datetime, region: str, *, place: Place, known: bool = True) -> None:
    """Log a failed sign-in. Documented only (docs/attribution.md#console-sign-in)."""
    identity = {"type": "IAMUser", "accountId": user.account_id, "accessKeyId": ""}
    if known:
        identity = {"type": "IAMUser", "principalId": user.user_id, "accountId": user.account_id, "accessKeyId": ""}
    identity["userName"] = user.name if known else "HIDDEN_DUE_TO_SECURITY_REASONS"
    error = "Failed authentication" if known else "No username found in supplied account"
    said = Parts(
        account_id=user.account_id,
        identity=identity,
        place=place,
        error=(None, error),
        additional=_login_details(user.account_id, None),
    )
    _sign_in_event(cloud, None, "ConsoleLogin", time, region, "Failure", **said)


def root_login(cloud: Cloud, account_id: str, time: datetime, *, place: Place) -> Credential:
    person = root_signing_in(account_id, place)
    details = _login_details(account_id, "root-account-mfa-device")
    event = _sign_in_event(cloud, person, "ConsoleLogin", time, GLOBAL_REGION, additional=details)
    session = root_session(account_id, cloud.ids.key(account_id), time, place)
    cloud.lasts(session, time, CONSOLE_SECONDS)
    return cloud.issued(Issuance(time, session, person, event.id, logs_key=False, mints_again=True))


def switch_role(
    cloud: Cloud, session: Credential, user_name: str, role: Role, time: datetime, region: str
) -> Credential:
    """Log a role switch: the STS twin, and the event in the role's account (docs/attribution.md#switchrole).

    The key in use differs from the key in the STS twin; principal and creation date are the same.
    """
    issued = assume_role(cloud, session, role, user_name, time, region, by_console=True)
    target = switched_into(role, user_name, session)
    redirect = f"https://console.aws.amazon.com/console/home?region={region}"
    details = {"SwitchFrom": session.arn, "RedirectTo": redirect}
    event = _sign_in_event(cloud, target, "SwitchRole", time, region, additional=details)
    used = minted_again(issued, cloud.ids.key(role.account_id))
    cloud.lasts(used, time, 3600)
    return cloud.issued(Issuance(time, used, session, event.id, logs_key=False, mints_again=True, switch=True))


def more_keys(cloud: Cloud, session: Credential, count: int) -> list[Credential]:
    assert session.account_id
    return [session, *(minted_again(session, cloud.ids.key(session.account_id)) for _ in range(count - 1))]


def renew_role(
    cloud: Cloud, session: Credential, user_name: str, role: Role, time: datetime, region: str
) -> Credential:
    """Log the console's renewal of a switched role before it expires, by the session that switched into it.

    Its STS twin is that of a switch. The event itself is known only from parsers: documented only
    (docs/attribution.md#switchrole).
    """
    issued = assume_role(cloud, session, role, user_name, time, region, by_console=True)
    target = switched_into(role, user_name, session)
    _sign_in_event(cloud, target, "RenewRole", time, region, additional={"SwitchFrom": session.arn})
    used = minted_again(issued, cloud.ids.key(role.account_id))
    cloud.lasts(used, time, 3600)
    return replace(used, issuer="RenewRole")


def exit_role(cloud: Cloud, session: Credential, user_name: str, role: Role, time: datetime, region: str) -> None:
    """Log the return to the previous identity. Documented only (docs/attribution.md#switchrole)."""
    target = switched_into(role, user_name, session)
    details = {"SwitchFrom": session.arn, "RedirectTo": "https://console.aws.amazon.com/console/home"}
    _sign_in_event(cloud, target, "ExitRole", time, region, additional=details)


def federated_console(cloud: Cloud, broker: Credential, time: datetime, region: str, *, place: Place) -> Credential:
    """Log GetSigninToken and ConsoleLogin for a credential (docs/attribution.md#federated-console).

    Both have the broker's principal and creation date, and so have the console's keys. Neither has a key.
    """
    _sign_in_event(cloud, broker, "GetSigninToken", time - timedelta(seconds=2), region, additional=NO_MFA)
    return role_console(cloud, broker, time, region, place=place, issuer="GetSigninToken")


def role_console(
    cloud: Cloud, session: Credential, time: datetime, region: str, *, place: Place, issuer: str
) -> Credential:
    """Log ConsoleLogin of a role session or a federated user."""
    event = console_event(cloud, keyless(session).at(place), time, region)
    cloud.mintings.append(Minting(session, event.id))
    cloud.lasts(session, time, CONSOLE_SECONDS)
    assert session.account_id
    used = minted_again(session, cloud.ids.key(session.account_id))
    return replace(used, parent=session, place=place, from_console=True, issuer=issuer)


def aws_login(
    cloud: Cloud, session: Credential, time: datetime, region: str, *, terminal: Place, cross_device: bool = False
) -> Credential:
    """Log `aws login`: the browser authorizes it, and the command line gets a key that is never logged.

    Principal and creation date are those of the console. Source: docs/attribution.md#aws-login.
    """
    client = f"arn:aws:signin:::devtools/{'cross' if cross_device else 'same'}-device"
    asked = {
        "scope": "openid",
        "redirect_uri": "http://127.0.0.1:59092/oauth/callback",
        "code_challenge_method": "SHA-256",
        "client_id": client,
    }
    cloud.log(keyless(session), AUTHORIZE, time, region, parameters=asked)
    said = Parts(parameters={"client_id": client}, additional={"success": "true"})
    event = cloud.log(keyless(session).at(terminal), CREATE_TOKEN, time + timedelta(seconds=1), region, **said)
    cloud.mintings.append(Minting(session, event.id))
    assert session.account_id
    used = minted_again(session, cloud.ids.key(session.account_id))
    return replace(used, parent=session, place=terminal, from_console=False, issuer="CreateOAuth2Token")


def console_event(cloud: Cloud, login: Credential, time: datetime, region: str) -> Event:
    """Log ConsoleLogin by a session without a key."""
    return _sign_in_event(cloud, login, "ConsoleLogin", time, region, additional=NO_MFA)


def _check_mfa(cloud: Cloud, user: User, person: Credential, time: datetime, region: str) -> None:
    identity = {
        "type": "IAMUser",
        "principalId": user.user_id,
        "accountId": user.account_id,
        "accessKeyId": "",
        "userName": user.name,
    }
    _sign_in_event(cloud, person, "CheckMfa", time, region, additional={"MfaType": "Virtual MFA"}, identity=identity)


def _sign_in_event(
    cloud: Cloud,
    credential: Credential | None,
    name: str,
    time: datetime,
    region: str,
    result: str = "Success",
    **parts: Unpack[Parts],
) -> Event:
    """Log an event of the sign-in page, with its result in `responseElements`."""
    api = Api("signin.amazonaws.com", name, False, "signin.aws.amazon.com", "AwsConsoleSignIn")
    parts["response"] = {name: result}
    return cloud.log(credential, api, time, region, **parts)


def _login_details(account_id: str, mfa_device: str | None) -> dict[str, str]:
    details = {
        "LoginTo": "https://console.aws.amazon.com/console/home",
        "MobileVersion": "No",
        "MFAUsed": "Yes" if mfa_device else "No",
    }
    if mfa_device:
        details["MFAIdentifier"] = f"arn:aws:iam::{account_id}:mfa/{mfa_device}"
    return details
