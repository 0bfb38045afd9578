"""OCSF: rebuilds a record from the OCSF event that Security Lake created from it.

The mapping is the reverse of AWS's (CloudTrail to OCSF 1.0 to 1.5). Fields without a place in OCSF are in `unmapped`,
nested or with dotted names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from forensics.errors import FormatError
from forensics.formats.event_times import parse_time
from forensics.formats.rows import json_or_text, to_json

_ACCESS_KEY = re.compile(r"A[A-Z]IA\w{12,124}")
_BLOCKS = ("requestParameters", "responseElements", "additionalEventData", "serviceEventDetails", "resources")
_FEDERATED = ("SAMLUser", "WebIdentityUser")
_PRODUCT = "cloudtrail"
_NOTHING = (None, "", "null")


class NotOcsf(FormatError):
    """The event was not created from a CloudTrail record."""


def from_ocsf(event: Mapping[str, Any]) -> bytes:
    """Return the record of an OCSF event as JSON. Raises NotOcsf."""
    if not is_of_cloudtrail(event):
        raise NotOcsf
    unmapped = _nested(_at(event, "unmapped"))
    record: dict[str, Any] = {
        "eventVersion": _at(event, "metadata.product.version"),
        "userIdentity": _identity(event),
        "eventTime": _time(event, "time_dt", "time"),
        "eventSource": _at(event, "api.service.name"),
        "eventName": _at(event, "api.operation"),
        "awsRegion": _at(event, "cloud.region"),
        "sourceIPAddress": _at(event, "src_endpoint.ip") or _at(event, "src_endpoint.domain"),
        "userAgent": _at(event, "http_request.user_agent"),
        "errorCode": _at(event, "api.response.error"),
        "errorMessage": _at(event, "api.response.message"),
        "requestParameters": json_or_text(_at(event, "api.request.data")),
        "responseElements": json_or_text(_at(event, "api.response.data")),
        "requestID": _at(event, "api.request.uid"),
        "eventID": _at(event, "metadata.uid"),
        "eventType": _at(event, "metadata.event_code") or unmapped.get("eventType") or _at(event, "metadata.log_name"),
        "recipientAccountId": _at(event, "cloud.account.uid") or _at(event, "cloud.account_uid"),
        "eventCategory": _at(event, "metadata.product.feature.name"),
    }
    _add(record, unmapped)
    _add_sign_in(record, event)
    if record["eventName"] in _NOTHING:
        raise NotOcsf
    return to_json(_without_nothing(record))


def is_of_cloudtrail(event: Mapping[str, Any]) -> bool:
    """Return whether an OCSF event names CloudTrail as its product or log provider."""
    names = (_at(event, "metadata.product.name"), _at(event, "metadata.log_provider"))
    return any(isinstance(name, str) and name.lower() == _PRODUCT for name in names)


def _identity(event: Mapping[str, Any]) -> dict[str, Any]:
    user = _at(event, "actor.user") or _at(event, "user")
    user = user if isinstance(user, Mapping) else {}
    ids = [user.get(name) for name in ("uid", "uid_alt", "uuid")]
    key = user.get("credential_uid")
    is_key = isinstance(key, str) and _ACCESS_KEY.fullmatch(key)
    provider = _at(event, "actor.idp.name")
    federated = user.get("type") in _FEDERATED
    return {
        "type": user.get("type"),
        "principalId": next((name for name in ids if isinstance(name, str) and not _is_arn(name)), None),
        "arn": next((name for name in ids if _is_arn(name)), None),
        "accountId": _at(user, "account.uid") or user.get("account_uid"),
        "accessKeyId": key if is_key else None,
        "credentialId": None if is_key else key,
        "userName": user.get("name"),
        "invokedBy": _at(event, "actor.invoked_by"),
        "identityProvider": provider if federated else None,
        "sessionContext": {
            "sessionIssuer": {"arn": _at(event, "actor.session.issuer")},
            "webIdFederationData": {"federatedProvider": None if federated else provider},
            "attributes": {
                "creationDate": _time(event, "actor.session.created_time_dt", "actor.session.created_time"),
                "mfaAuthenticated": _boolean_text(_at(event, "actor.session.is_mfa", "actor.session.mfa")),
            },
        },
    }


def _add_sign_in(record: dict[str, Any], event: Mapping[str, Any]) -> None:
    """Add the result of a sign-in from the status of the event if it has no response."""
    if record["eventName"] == "ConsoleLogin" and not record["responseElements"]:
        status = _at(event, "status")
        if status in ("Success", "Failure"):
            record["responseElements"] = {"ConsoleLogin": status}


def _at(event: object, *paths: str) -> Any:
    """Return the value at the first dotted path that has one."""
    for path in paths:
        value: Any = event
        for name in path.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        if value not in _NOTHING:
            return value
    return None


def _is_arn(name: object) -> bool:
    return isinstance(name, str) and name.startswith("arn:")


def _time(event: Mapping[str, Any], text_path: str, number_path: str) -> str | None:
    written = (_at(event, path) for path in (text_path, number_path))
    times = (value if isinstance(value, datetime) else parse_time(str(value)) for value in written if value is not None)
    return next((_utc(moment) for moment in times if moment), None)


def _utc(moment: datetime) -> str:
    utc = moment.astimezone(UTC) if moment.tzinfo else moment
    return f"{utc.replace(microsecond=0, tzinfo=None).isoformat()}Z"


def _boolean_text(value: object) -> str | None:
    return {True: "true", False: "false"}.get(value) if isinstance(value, bool) else None


def _nested(unmapped: object) -> dict[str, Any]:
    """Return `unmapped` with dotted names as nested objects and JSON text decoded."""
    nested: dict[str, Any] = {}
    pairs = unmapped.items() if isinstance(unmapped, Mapping) else ()
    for path, value in pairs:
        *outer, last = str(path).split(".")
        inside = nested
        for name in outer:
            held = inside.setdefault(name, {})
            if not isinstance(held, dict):
                break
            inside = held
        else:
            inside[last] = json_or_text(value) if last in _BLOCKS else value
    return nested


def _add(record: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Add fields that the record lacks."""
    for name, value in more.items():
        held = record.get(name)
        if held in _NOTHING:
            record[name] = value
        elif isinstance(held, dict) and isinstance(value, Mapping):
            _add(held, value)


def _without_nothing(value: Any) -> Any:
    if isinstance(value, Mapping):
        kept = {name: _without_nothing(item) for name, item in value.items()}
        return {name: item for name, item in kept.items() if item not in (None, {})}
    if isinstance(value, datetime):
        return _utc(value)
    return value
