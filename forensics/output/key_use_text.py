"""Use of a key on screen: its calls, addresses, programs and resources."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from forensics.answers.key_answer import Activity, AddressDatabase, Burst, Sensitive, Used, UsedAddress, UsedAgent
from forensics.output.lines import Line, Span, line, table
from forensics.output.words import ADDRESS_CLASSES, TACTICS, count, first_few, known_time, readable_time, time_span

if TYPE_CHECKING:
    from forensics.answers.pivot_answer import PivotActor, PivotKey

T = TypeVar("T", bound=Used)
SENSITIVE_CALLS = "Sensitive calls, the gravest and rarest first (administrators make them too)"
RECONNAISSANCE = "Reconnaissance: many distinct read calls in a short time"
_SHOWN = 10  # rows of a list
_LISTED = 100  # rows of a list with --all, and in the answer
_NAMED = 6  # names in a row


def sensitive_lines(
    own: Iterable[Sensitive], derived: Iterable[Sensitive] = (), *, every: bool = False
) -> Iterator[Line]:
    """Return the sensitive calls of a key and of what derives from it, the gravest and rarest first."""
    by_whom = " by derived credentials" if (derived := list(derived)) else ""
    found = [*((one, "") for one in own), *((one, by_whom) for one in derived)]
    found.sort(key=lambda pair: by_gravity(pair[0]))
    shown = found if every else found[:_SHOWN]
    for one, by in shown:
        yield from _call(one, by)
    if len(found) > len(shown):
        rest = count(len(found) - len(shown), "less sensitive or more common action")
        yield line((f"and {rest}; --all lists them", "dim"))


def by_gravity(one: Sensitive) -> tuple[float, str, str]:
    """Return what sorts sensitive calls: their score, then the first time."""
    return -one.score, known_time(one.first_use), one.event_name


def burst_lines(activity: Activity, *, every: bool = False) -> Iterator[Line]:
    """Return the bursts of discovery."""
    for burst in activity.discovery_bursts[: _most(every)]:
        yield from _burst(burst)
    yield from _rest(activity.totals.discovery_bursts, "discovery burst", every=every)


def _call(one: Sensitive, by: str) -> Iterator[Line]:
    style = "bad" if one.succeeded else "warn"
    mfa = {True: ", with MFA", False: ", without MFA", None: ""}[one.mfa_authenticated]
    yield line((one.event_name, style), f"  {outcomes(one)}{by}{mfa}, {time_span(one.first_use, one.last_use)}")
    yield line(f"{TACTICS[one.tactic]}: {one.technique} {one.technique_name}", indent=2)
    if one.resources:
        named = ", ".join(one.resources[:3])
        others = one.resources_total - len(one.resources[:3])
        is_of_objects = one.event_source == "s3.amazonaws.com" and others > 0
        more = f", {one.resources_total:,} objects" if is_of_objects else f" and {others:,} more" if others > 0 else ""
        yield line(f"on {named}{more}", indent=2)
    if one.event_ids:
        yield line((one.event_ids[0], "dim"), indent=2)


def _burst(burst: Burst) -> Iterator[Line]:
    where = f"from {burst.source_ip_address}" if burst.source_ip_address else "address not logged"
    when = time_span(burst.first_use, burst.last_use)
    regions = count(len(burst.regions), "region")
    yield line((where, "warn"), f": {outcomes(burst)} in {regions}, {when}")
    yield line(f"{count(len(burst.event_names), 'distinct call')}: {first_few(burst.event_names, _NAMED)}", indent=2)
    if burst.first_event_id:
        yield line((burst.first_event_id, "dim"), indent=2)


def _places(name: str, used: Sequence[Used], total: int, *, every: bool) -> Iterator[Line]:
    """Return one row per value, in the order of first use."""
    if not used:
        return
    rows = [
        (one.value or "not logged", *_ok_and_refused(one), known_time(one.first_use), known_time(one.last_use))
        for one in _busiest(used, every=every)
    ]
    yield from table((name, "ok", "refused", "first", "last"), rows, indent=0)
    yield from _rest(total, name, every=every)


def region_lines(activity: Activity, *, every: bool = False) -> Iterator[Line]:
    """Return the busiest regions with their calls."""
    yield from _places("region", activity.regions, activity.totals.regions, every=every)


def address_lines(
    activity: Activity, databases: Sequence[AddressDatabase] = (), *, every: bool = False
) -> Iterator[Line]:
    """Return the source addresses, with their locations if a database of addresses was given."""
    yield from _places("address", activity.addresses, activity.totals.addresses, every=every)
    if databases:
        for address in _busiest(activity.addresses, every=every):
            yield line((address.value or "not logged", "bold"), f"  {_place(address)}")
    for database in databases if activity.addresses else ():
        built = readable_time(database.built_at)
        yield line((f"locations: {database.type}, {database.name}, built {built}", "dim"))


def _place(address: UsedAddress) -> str:
    """Return city, country and network; the class of an address if no database has it."""
    network = f"AS{address.as_number}" if address.as_number else ""
    known = [address.city, address.country, f"{network} {address.as_name or ''}".strip()]
    return ", ".join(part for part in known if part) or ADDRESS_CLASSES[address.class_]


def program_lines(activity: Activity, *, every: bool = False) -> Iterator[Line]:
    """Return each program with its busiest user agent; one with a number per run makes many user agents."""
    found = programs(activity.user_agents)
    for program in _busiest(list(found), every=every):
        suspicious = "warn" if program.application and "Linux" in program.application else "bold"
        yield line(
            (program.application or "unknown program", suspicious),
            f"  {outcomes(program)}, {time_span(program.first_use, program.last_use)}",
        )
        others = found[program] - 1
        more = f" and {count(others, 'more user agent')}" if others else ""
        yield line((f"{program.value or 'not logged'}{more}", "dim"), indent=2)
    yield from _rest(len(found), "program", every=every)
    unlisted = activity.totals.user_agents - len(activity.user_agents)
    if unlisted > 0:
        yield line((f"without the {count(unlisted, 'least used user agent')}", "dim"))


def programs(agents: Sequence[UsedAgent]) -> dict[UsedAgent, int]:
    """Return the use of each program, as that of its busiest user agent, with its number of user agents."""
    grouped: defaultdict[str, list[UsedAgent]] = defaultdict(list)
    for agent in sorted(agents, key=lambda one: (-one.events, one.value or "")):
        grouped[agent.application or f"\0{agent.value}"].append(agent)
    return {
        replace(
            group[0],
            succeeded=sum(one.succeeded for one in group),
            denied=sum(one.denied for one in group),
            failed=sum(one.failed for one in group),
            first_use=min((one.first_use for one in group if one.first_use), default=None),
            last_use=max((one.last_use for one in group if one.last_use), default=None),
        ): len(group)
        for group in grouped.values()
    }


def service_lines(activity: Activity, *, every: bool = False) -> Iterator[Line]:
    """Return the busiest services with their calls."""
    services = sorted(activity.services, key=lambda one: (-one.events, one.value or ""))
    services = services if every else services[: 2 * _SHOWN]
    if not services:
        return
    rows = [
        ((one.value or "").removesuffix(".amazonaws.com"), *_ok_and_refused(one), first_few(one.event_names, _NAMED))
        for one in services
    ]
    yield from table(("service", "ok", "refused", "calls"), rows, indent=0)
    if activity.totals.services > len(services):
        yield _more(activity.totals.services - len(services), "service", every=every)


def resource_lines(activity: Activity, *, every: bool = False) -> Iterator[Line]:
    """Return the busiest resources with their calls."""
    for one in _busiest(activity.resources, every=every):
        objects = f", {count(one.objects, 'object')}" if one.objects else ""
        yield line((one.value or "", "bold"), f"  {outcomes(one)}{objects}: {first_few(one.event_names, _NAMED)}")
    yield from _rest(activity.totals.resources, "resource", every=every)


def _busiest(found: Sequence[T], *, every: bool) -> list[T]:
    """Return the busiest few or all, in the order of first use."""
    busiest = sorted(found, key=lambda one: (-one.events, one.value or ""))[: _most(every)]
    return sorted(busiest, key=lambda one: (known_time(one.first_use), one.value or ""))


def _most(every: bool) -> int:
    """Return the number of rows to show: of the lists of an activity, an answer has at most a hundred."""
    return _LISTED if every else _SHOWN


def _rest(total: int, noun: str, *, every: bool) -> Iterable[Line]:
    return [_more(total - _most(every), noun, every=every)] if total > _most(every) else []


def _more(number: int, noun: str, *, every: bool) -> Line:
    plural = "more addresses" if noun == "address" else None
    where = "`forensics events` lists their calls" if every else "--all lists up to a hundred"
    return line((f"and {count(number, f'more {noun}', plural)}; {where}", "dim"))


def sources(activity: Activity) -> str:
    """Return `2 addresses, 3 user agents, 1 region`."""
    totals = activity.totals
    return (
        f"{count(totals.addresses, 'address', 'addresses')}, {count(totals.user_agents, 'user agent')},"
        f" {count(totals.regions, 'region')}"
    )


def outcomes(used: Activity | Used | Sensitive | Burst | PivotActor | PivotKey) -> str:
    """Return `3 succeeded, 1 denied`, without zero counts."""
    counts = [(used.succeeded, "succeeded"), (used.denied, "denied"), (used.failed, "failed")]
    return ", ".join(f"{number:,} {word}" for number, word in counts if number) or "none"


def _ok_and_refused(used: Used) -> tuple[str, str | Span]:
    refused = used.denied + used.failed
    return f"{used.succeeded:,}", (f"{refused:,}", "warn") if refused else "0"
