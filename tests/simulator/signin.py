"""The console: signing in and switching roles (docs/attribution.md#console-sign-in).

The sign-in itself hands out no key that is logged; the console then works with many keys for one (principal, creation
date), which `more_keys` mints.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from .cloud import GLOBAL_REGION, Api, Cloud, Issuance, Minting
from .identities import (
    Credential,
    Place,
    Role,
    User,
    keyless,
    minted_again,
    root_session,
    root_signing_in,
    signing_in,
    switched_into,
    user_session,
)
from .sts import assume_role

LOGIN = Api("signin.amazonaws.com", "ConsoleLogin", False, "signin.aws.amazon.com", "AwsConsoleSignIn")
CHECK_MFA = Api("signin.amazonaws.com", "CheckMfa", False, "signin.aws.amazon.com", "AwsConsoleSignIn")
SWITCH = Api("signin.amazonaws.com", "SwitchRole", False, "signin.aws.amazon.com", "AwsConsoleSignIn")
EXIT = Api("signin.amazonaws.com", "ExitRole", False, "signin.aws.amazon.com", "AwsConsoleSignIn")
RENEW = Api("signin.amazonaws.com", "RenewRole", False, "signin.aws.amazon.com", "AwsConsoleSignIn")
GET_SIGNIN_TOKEN = Api("signin.amazonaws.com", "GetSigninToken", False, "signin.aws.amazon.com", "AwsConsoleSignIn")
AUTHORIZE = Api("signin.amazonaws.com", "AuthorizeOAuth2Access", False)
CREATE_TOKEN = Api("signin.amazonaws.com", "CreateOAuth2Token", False)


def console_login(cloud: Cloud, user: User, time: datetime, region: str, *, mfa: bool, place: Place) -> Credential:
    """Shapes: Invictus logs 20230710T1230Z_AvIajGd5rkz6vTy4 (CheckMfa), …1225Z_4iD2boYSOwmb6sWd (ConsoleLogin)."""
    person = signing_in(user).at(place)
    if mfa:
        _check_mfa(cloud, user, person, time - timedelta(seconds=cloud.rng.randint(5, 20)), region)
    event = cloud.log(
        person,
        LOGIN,
        time,
        region,
        response={"ConsoleLogin": "Success"},
        additional=_login_details(user.account_id, user.name if mfa else None),
    )
    key_id = cloud.ids.key(user.account_id)
    session = user_session(user, key_id, time, mfa=mfa, from_console=True).at(place)
    cloud.issuances.append(Issuance(time, session, person, event.id, logs_key=False, mints_again=True))
    return session


def failed_login(cloud: Cloud, user: User, time: datetime, region: str, *, place: Place, known: bool = True) -> None:
    """Nobody was authenticated. Documented only (docs/attribution.md#console-sign-in)."""
    identity = {"type": "IAMUser", "accountId": user.account_id, "accessKeyId": ""}
    if known:
        identity = {"type": "IAMUser", "principalId": user.user_id, "accountId": user.account_id, "accessKeyId": ""}
    identity["userName"] = user.name if known else "HIDDEN_DUE_TO_SECURITY_REASONS"
    error = "Failed authentication" if known else "No username found in supplied account"
    cloud.log(
        None,
        LOGIN,
        time,
        region,
        account_id=user.account_id,
        identity=identity,
        address=place.address,
        agent=place.agent,
        response={"ConsoleLogin": "Failure"},
        additional=_login_details(user.account_id, None),
        error=(None, error),
    )


def root_login(cloud: Cloud, account_id: str, time: datetime, *, place: Place) -> Credential:
    person = root_signing_in(account_id, place)
    event = cloud.log(
        person,
        LOGIN,
        time,
        GLOBAL_REGION,
        response={"ConsoleLogin": "Success"},
        additional=_login_details(account_id, "root-account-mfa-device"),
    )
    session = root_session(account_id, cloud.ids.key(account_id), time, place)
    cloud.issuances.append(Issuance(time, session, person, event.id, logs_key=False, mints_again=True))
    return session


def switch_role(
    cloud: Cloud, session: Credential, user_name: str, role: Role, time: datetime, region: str
) -> Credential:
    """Log the STS twin, and the event in the role's account (docs/attribution.md#switchrole).

    The key in use differs from the one that the STS twin logs; principal and creation date are kept.
    """
    issued = assume_role(cloud, session, role, user_name, time, region, by_console=True)
    target = switched_into(role, user_name, session)
    event = cloud.log(
        target,
        SWITCH,
        time,
        region,
        response={"SwitchRole": "Success"},
        additional={
            "SwitchFrom": session.arn,
            "RedirectTo": f"https://console.aws.amazon.com/console/home?region={region}",
        },
    )
    used = minted_again(issued, cloud.ids.key(role.account_id))
    cloud.issuances.append(Issuance(time, used, session, event.id, logs_key=False, mints_again=True, switch=True))
    return used


def more_keys(cloud: Cloud, session: Credential, count: int) -> list[Credential]:
    assert session.account_id
    return [session, *(minted_again(session, cloud.ids.key(session.account_id)) for _ in range(count - 1))]


def renew_role(
    cloud: Cloud, session: Credential, user_name: str, role: Role, time: datetime, region: str
) -> Credential:
    """The console takes the switched role again before it ends, as the session that once switched into it.

    Its STS twin is that of a switch; of the event itself only parsers know: documented only
    (docs/attribution.md#switchrole).
    """
    issued = assume_role(cloud, session, role, user_name, time, region, by_console=True)
    details = {"SwitchFrom": session.arn}
    target = switched_into(role, user_name, session)
    cloud.log(target, RENEW, time, region, response={"RenewRole": "Success"}, additional=details)
    used = minted_again(issued, cloud.ids.key(role.account_id))
    return replace(used, issuer="RenewRole")


def exit_role(cloud: Cloud, session: Credential, user_name: str, role: Role, time: datetime, region: str) -> None:
    """Back to who one was. Documented only (docs/attribution.md#switchrole)."""
    target = switched_into(role, user_name, session)
    details = {"SwitchFrom": session.arn, "RedirectTo": "https://console.aws.amazon.com/console/home"}
    cloud.log(target, EXIT, time, region, response={"ExitRole": "Success"}, additional=details)


def federated_console(cloud: Cloud, broker: Credential, time: datetime, region: str, *, place: Place) -> Credential:
    """A credential becomes a console session: GetSigninToken, ConsoleLogin (docs/attribution.md#federated-console).

    Both show the broker's principal and creation date, which the console's keys keep. Neither names a key.
    """
    cloud.log(
        broker,
        GET_SIGNIN_TOKEN,
        time - timedelta(seconds=2),
        region,
        response={"GetSigninToken": "Success"},
        additional={"MobileVersion": "No", "MFAUsed": "No"},
    )
    return role_console(cloud, broker, time, region, place=place, issuer="GetSigninToken")


def role_console(
    cloud: Cloud, session: Credential, time: datetime, region: str, *, place: Place, issuer: str
) -> Credential:
    """ConsoleLogin of a role session or a federated user."""
    event = cloud.log(
        keyless(session).at(place),
        LOGIN,
        time,
        region,
        response={"ConsoleLogin": "Success"},
        additional={"MobileVersion": "No", "MFAUsed": "No"},
    )
    cloud.mintings.append(Minting(session, event.id))
    assert session.account_id
    used = minted_again(session, cloud.ids.key(session.account_id))
    return replace(used, parent=session, place=place, from_console=True, issuer=issuer)


def aws_login(
    cloud: Cloud, session: Credential, time: datetime, region: str, *, terminal: Place, cross_device: bool = False
) -> Credential:
    """`aws login`: the browser allows it, the command line fetches a key that is never logged.

    Shape: docs/attribution.md#aws-login. Principal and creation date stay the console's.
    """
    client = f"arn:aws:signin:::devtools/{'cross' if cross_device else 'same'}-device"
    cloud.log(
        keyless(session),
        AUTHORIZE,
        time,
        region,
        parameters={
            "scope": "openid",
            "redirect_uri": "http://127.0.0.1:59092/oauth/callback",
            "code_challenge_method": "SHA-256",
            "client_id": client,
        },
    )
    event = cloud.log(
        keyless(session).at(terminal),
        CREATE_TOKEN,
        time + timedelta(seconds=1),
        region,
        parameters={"client_id": client},
        additional={"success": "true"},
    )
    cloud.mintings.append(Minting(session, event.id))
    assert session.account_id
    used = minted_again(session, cloud.ids.key(session.account_id))
    return replace(used, parent=session, place=terminal, from_console=False, issuer="CreateOAuth2Token")


def _check_mfa(cloud: Cloud, user: User, person: Credential, time: datetime, region: str) -> None:
    identity = {
        "type": "IAMUser",
        "principalId": user.user_id,
        "accountId": user.account_id,
        "accessKeyId": "",
        "userName": user.name,
    }
    cloud.log(
        person,
        CHECK_MFA,
        time,
        region,
        identity=identity,
        response={"CheckMfa": "Success"},
        additional={"MfaType": "Virtual MFA"},
    )


def _login_details(account_id: str, mfa_device: str | None) -> dict[str, str]:
    details = {
        "LoginTo": "https://console.aws.amazon.com/console/home",
        "MobileVersion": "No",
        "MFAUsed": "Yes" if mfa_device else "No",
    }
    if mfa_device:
        details["MFAIdentifier"] = f"arn:aws:iam::{account_id}:mfa/{mfa_device}"
    return details
