"""Event selectors: whether a trail records less than all management events of all regions."""

from __future__ import annotations

import msgspec


class EventSelector(msgspec.Struct, rename="camel"):
    read_write_type: str | None = None
    include_management_events: bool | None = None
    exclude_management_event_sources: list[str] | None = None


class FieldSelector(msgspec.Struct, rename="camel"):
    field: str | None = None
    equals: list[str] | None = None


class AdvancedEventSelector(msgspec.Struct, rename="camel"):
    field_selectors: list[FieldSelector] | None = None


class TrailRequest(msgspec.Struct, rename="camel"):
    """The parameters of a call that decide which events a trail records."""

    is_multi_region_trail: bool | None = None
    include_global_service_events: bool | None = None
    event_selectors: list[EventSelector] | None = None
    advanced_event_selectors: list[AdvancedEventSelector] | None = None


def selectors_narrow(selectors: object) -> bool | None:
    """The same of event selectors that stand elsewhere, as a request names them. Raises msgspec.ValidationError."""
    return narrows(msgspec.convert(selectors, TrailRequest))


def narrows(request: TrailRequest) -> bool | None:
    """Whether a trail records less than all management events of all regions since; None if it is not about that."""
    if request.event_selectors is None and request.advanced_event_selectors is None:
        asked = (request.is_multi_region_trail, request.include_global_service_events)
        return None if asked == (None, None) else False in asked
    simple = any(_is_whole(selector) for selector in request.event_selectors or ())
    advanced = any(_is_every_management_event(selector) for selector in request.advanced_event_selectors or ())
    return not (simple or advanced)


def _is_whole(selector: EventSelector) -> bool:
    return (
        selector.read_write_type in (None, "All")
        and selector.include_management_events is not False
        and not selector.exclude_management_event_sources
    )


def _is_every_management_event(selector: AdvancedEventSelector) -> bool:
    fields = selector.field_selectors or []
    return len(fields) == 1 and fields[0].field == "eventCategory" and fields[0].equals == ["Management"]
