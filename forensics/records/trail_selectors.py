"""Event selectors: determines whether a trail records less than all management events of all regions."""

from __future__ import annotations

import msgspec


class EventSelector(msgspec.Struct, rename="camel"):
    """A basic event selector."""

    read_write_type: str | None = None
    include_management_events: bool | None = None
    exclude_management_event_sources: list[str] | None = None


class FieldSelector(msgspec.Struct, rename="camel"):
    field: str | None = None
    equals: list[str] | None = None


class AdvancedEventSelector(msgspec.Struct, rename="camel"):
    """An advanced event selector: an event must match all of its fields."""

    field_selectors: list[FieldSelector] | None = None


class TrailRequest(msgspec.Struct, rename="camel"):
    """The parameters of a call that decide which events a trail records."""

    is_multi_region_trail: bool | None = None
    include_global_service_events: bool | None = None
    event_selectors: list[EventSelector] | None = None
    advanced_event_selectors: list[AdvancedEventSelector] | None = None


def selectors_narrow(selectors: object) -> bool | None:
    """Return `narrows` for event selectors with the names of a request. Raises msgspec.ValidationError."""
    return narrows(msgspec.convert(selectors, TrailRequest))


def narrows(request: TrailRequest) -> bool | None:
    """Return whether a call makes a trail record less than all management events of all regions; None if unaffected."""
    if request.event_selectors is None and request.advanced_event_selectors is None:
        scope = (request.is_multi_region_trail, request.include_global_service_events)
        return None if scope == (None, None) else False in scope
    simple = any(_has_all_management_events(selector) for selector in request.event_selectors or ())
    advanced = any(_selects_all_management_events(selector) for selector in request.advanced_event_selectors or ())
    return not (simple or advanced)


def _has_all_management_events(selector: EventSelector) -> bool:
    return (
        selector.read_write_type in (None, "All")
        and selector.include_management_events is not False
        and not selector.exclude_management_event_sources
    )


def _selects_all_management_events(selector: AdvancedEventSelector) -> bool:
    fields = selector.field_selectors or []
    return len(fields) == 1 and fields[0].field == "eventCategory" and fields[0].equals == ["Management"]
