"""Trails: stopped and restarted trails; each leaves a gap in which nothing, or less, is recorded.

Source: Invictus logs 20230710T1210Z_6CICdbJQM3beT7n3 (DeleteTrail), …_vj0QE0Tf5ZmzMsCo (PutEventSelectors),
20230710T1205Z_SjF3IkuNXJkoHyar (StopLogging, denied; CreateTrail, StartLogging). UpdateTrail: documented only.
"""

from __future__ import annotations

from datetime import datetime

from .cloud import GLOBAL_REGION, Api, Cloud, Event, Gap
from .identities import Credential
from .principals import Json

NAME = "account-trail"


def stop_logging(cloud: Cloud, by: Credential, start: datetime, end: datetime) -> None:
    event = _call(cloud, by, "StopLogging", start, {"name": _arn(by)})
    _call(cloud, by, "StartLogging", end, {"name": _arn(by)})
    _gap(cloud, by, event, end)


def delete_trail(cloud: Cloud, by: Credential, start: datetime, end: datetime) -> None:
    event = _call(cloud, by, "DeleteTrail", start, {"name": NAME})
    trail = {"name": NAME, "s3BucketName": "acme-trail", "includeGlobalServiceEvents": True, "isMultiRegionTrail": True}
    _call(cloud, by, "CreateTrail", end, trail, trail | {"trailARN": _arn(by), "isOrganizationTrail": False})
    _call(cloud, by, "StartLogging", end, {"name": NAME})
    _gap(cloud, by, event, end)


def put_event_selectors(cloud: Cloud, by: Credential, start: datetime, end: datetime) -> None:
    """Record only write events, and later all events again."""
    event, *_ = (
        _call(cloud, by, "PutEventSelectors", time, parameters, parameters)
        for time, parameters in ((start, _selectors("WriteOnly")), (end, _selectors("All")))
    )
    _gap(cloud, by, event, end, read_only=True)


def update_trail(cloud: Cloud, by: Credential, start: datetime, end: datetime) -> None:
    """Limit a trail to its home region, and later extend it again."""
    event = _call(cloud, by, "UpdateTrail", start, {"name": NAME, "isMultiRegionTrail": False})
    _call(cloud, by, "UpdateTrail", end, {"name": NAME, "isMultiRegionTrail": True})
    _gap(cloud, by, event, end, home_region=GLOBAL_REGION)


def _selectors(kind: str) -> Json:
    selector = {
        "readWriteType": kind,
        "includeManagementEvents": True,
        "dataResources": [],
        "excludeManagementEventSources": [],
    }
    return {"trailName": NAME, "eventSelectors": [selector]}


def _arn(by: Credential) -> str:
    return f"arn:aws:cloudtrail:{GLOBAL_REGION}:{by.account_id}:trail/{NAME}"


def _call(
    cloud: Cloud, by: Credential, name: str, time: datetime, parameters: Json, response: Json | None = None
) -> Event:
    api = Api("cloudtrail.amazonaws.com", name, False)
    return cloud.log(by, api, time, GLOBAL_REGION, parameters=parameters, response=response)


def _gap(
    cloud: Cloud,
    by: Credential,
    event: Event,
    end: datetime,
    *,
    home_region: str | None = None,
    read_only: bool = False,
) -> None:
    assert by.account_id
    cloud.gaps.append(Gap(by.account_id, event.time, end, event.id, home_region, read_only))
