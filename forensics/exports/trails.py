"""Trails: reads trails and their event selectors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from forensics.exports.api_response import ApiResponse
from forensics.exports.export_rows import EventSelectors, Row, Trail
from forensics.records.trail_selectors import selectors_leave_out


class _Trail(msgspec.Struct, rename="pascal"):
    name: str | None = None
    trail_arn: str | None = msgspec.field(default=None, name="TrailARN")
    home_region: str | None = None
    is_multi_region_trail: bool | None = None
    is_organization_trail: bool | None = None
    include_global_service_events: bool | None = None
    log_file_validation_enabled: bool | None = None
    s3_bucket_name: str | None = None


def trails(response: ApiResponse) -> Iterator[Row]:
    """Yield the trails."""
    for trail in response.entries("trailList", _Trail):
        yield Trail(
            trail.trail_arn,
            _part(trail.trail_arn, 4) or response.account_id,
            trail.name,
            trail.home_region or _part(trail.trail_arn, 3),
            trail.is_multi_region_trail,
            trail.is_organization_trail,
            trail.include_global_service_events,
            trail.log_file_validation_enabled,
            trail.s3_bucket_name,
        )


def event_selectors(response: ApiResponse) -> Iterator[Row]:
    """Yield the event selectors of a trail; if they cannot be read, add a problem."""
    arn = response.text("TrailARN")
    if arn is None:
        response.problems.add("it has the event selectors of an unknown trail: TrailARN is missing")
        return
    simple = response.entries("EventSelectors", dict[str, Any])
    advanced = response.entries("AdvancedEventSelectors", dict[str, Any])
    try:
        left_out = selectors_leave_out(_in_camel_case({"EventSelectors": simple, "AdvancedEventSelectors": advanced}))
    except msgspec.ValidationError as error:
        response.problems.add("the event selectors cannot be read", str(error))
        return
    has_data_events = _has_data_events(simple, advanced)
    yield EventSelectors(arn, _part(arn, 4), arn.rpartition("/")[2], left_out is not None, has_data_events, left_out)


def _has_data_events(simple: list[dict[str, Any]], advanced: list[dict[str, Any]]) -> bool:
    return any(selector.get("DataResources") for selector in simple) or '"Data"' in json.dumps(advanced)


def _in_camel_case(value: Any) -> Any:
    """Return a value with the names that a CloudTrail record uses."""
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: _in_camel_case(item) for key, item in value.items()}
    return [_in_camel_case(item) for item in value] if isinstance(value, list) else value


def _part(arn: str | None, number: int) -> str | None:
    parts = (arn or "").split(":")
    return parts[number] or None if len(parts) > number else None
