"""Event selectors: the management events that a trail leaves out."""

from __future__ import annotations

from typing import NamedTuple

import msgspec


class EventSelector(msgspec.Struct, rename="camel"):
    """A basic event selector."""

    read_write_type: str | None = None
    include_management_events: bool | None = None
    exclude_management_event_sources: list[str] | None = None


class FieldSelector(msgspec.Struct, rename="camel"):
    """A condition on a field: it must match a value of each positive operator, and no value of a negative one."""

    field: str | None = None
    equals: list[str] | None = None
    starts_with: list[str] | None = None
    ends_with: list[str] | None = None
    not_equals: list[str] | None = None
    not_starts_with: list[str] | None = None
    not_ends_with: list[str] | None = None


class AdvancedEventSelector(msgspec.Struct, rename="camel"):
    """An advanced event selector: an event must match all of its fields."""

    field_selectors: list[FieldSelector] | None = None


class TrailRequest(msgspec.Struct, rename="camel"):
    """The parameters of a call that decide which events a trail records."""

    is_multi_region_trail: bool | None = None
    include_global_service_events: bool | None = None
    event_selectors: list[EventSelector] | None = None
    advanced_event_selectors: list[AdvancedEventSelector] | None = None


_READ, _WRITE = frozenset({"read"}), frozenset({"write"})
_BOTH = _READ | _WRITE
_ASSUME_ROLE = {"eventSource": "sts.amazonaws.com", "eventName": "AssumeRole", "eventType": "AwsApiCall"}
# the services that a basic selector can leave out; they issue no credentials
_EXCLUDABLE = frozenset({"kms.amazonaws.com", "rdsdata.amazonaws.com"})


def selectors_leave_out(selectors: object) -> str | None:
    """Return `leaves_out` for event selectors with the names of a request. Raises msgspec.ValidationError."""
    return leaves_out(msgspec.convert(selectors, TrailRequest))


def narrows(request: TrailRequest) -> bool | None:
    """Return whether a call makes a trail leave out management events; None if the call does not affect that."""
    selection = (
        request.event_selectors,
        request.advanced_event_selectors,
        request.is_multi_region_trail,
        request.include_global_service_events,
    )
    return None if all(part is None for part in selection) else leaves_out(request) is not None


def leaves_out(request: TrailRequest) -> str | None:
    """Return the management events that a trail leaves out; None if it records all, or if the call does not affect it.

    The values: management_events (all of them), read_only_events, write_events, some_services, other_events (no
    AssumeRole), some_events (possibly AssumeRole), global_services (IAM and global STS), and other_regions.
    """
    if request.event_selectors is None and request.advanced_event_selectors is None:
        if request.include_global_service_events is False:
            return "global_services"
        return "other_regions" if request.is_multi_region_trail is False else None
    selected = [_of_basic(selector) for selector in request.event_selectors or ()]
    selected += [_of_advanced(selector) for selector in request.advanced_event_selectors or ()]
    if set().union(*(one.types for one in selected if one.narrowed_by is None)) == _BOTH:
        return None
    missing = _BOTH.difference(*(one.types for one in selected))
    if "read" in missing:
        return "read_only_events" if missing == _READ else "management_events"
    if all(one.narrowed_by == "some_events" for one in selected if "read" in one.types):
        return "some_events"
    if missing:
        return "write_events"
    return "some_services" if {one.narrowed_by for one in selected} <= {None, "some_services"} else "other_events"


class _Selected(NamedTuple):
    """The types of management events that a selector records. `narrowed_by`: the events of these types left out."""

    types: frozenset[str]
    narrowed_by: str | None = None


def _of_basic(selector: EventSelector) -> _Selected:
    if selector.include_management_events is False:
        return _Selected(frozenset())
    types = {"ReadOnly": _READ, "WriteOnly": _WRITE}.get(selector.read_write_type or "All", _BOTH)
    return _Selected(types, "some_services" if selector.exclude_management_event_sources else None)


def _of_advanced(selector: AdvancedEventSelector) -> _Selected:
    fields = {one.field: one.equals or [] for one in selector.field_selectors or ()}
    if "Management" not in fields.pop("eventCategory", []):
        return _Selected(frozenset())
    read_only = fields.pop("readOnly", ["true", "false"])
    types = frozenset().union(_READ if "true" in read_only else (), _WRITE if "false" in read_only else ())
    conditions = [one for one in selector.field_selectors or () if one.field in fields]
    if not conditions:
        return _Selected(types)
    if all(map(_leaves_out_some_services, conditions)):
        return _Selected(types, "some_services")
    return _Selected(types, "other_events" if all(map(_includes_assume_role, conditions)) else "some_events")


def _leaves_out_some_services(field: FieldSelector) -> bool:
    """Return whether a condition leaves out no other services than a basic selector can."""
    return field.field == "eventSource" and _excludes_only(field) and set(field.not_equals or ()) <= _EXCLUDABLE


def _includes_assume_role(field: FieldSelector) -> bool:
    """Return whether a condition holds for each AssumeRole, whoever calls it."""
    if field.field == "userIdentity.arn":  # STS refuses AssumeRole of root
        return _excludes_only(field) and all(arn.endswith(":root") for arn in field.not_equals or ())
    value = _ASSUME_ROLE.get(field.field or "")
    return value is not None and _matches(field, value)


def _excludes_only(field: FieldSelector) -> bool:
    """Return whether a condition has no other operator than `NotEquals`."""
    others = (field.equals, field.starts_with, field.ends_with, field.not_starts_with, field.not_ends_with)
    return all(values is None for values in others)


def _matches(field: FieldSelector, value: str) -> bool:
    required = (
        field.equals is None or value in field.equals,
        field.starts_with is None or value.startswith(tuple(field.starts_with)),
        field.ends_with is None or value.endswith(tuple(field.ends_with)),
    )
    excluded = (
        value in (field.not_equals or ()),
        value.startswith(tuple(field.not_starts_with or ())),
        value.endswith(tuple(field.not_ends_with or ())),
    )
    return all(required) and not any(excluded)
