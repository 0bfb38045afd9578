"""Workloads: where the credential of a workload was used, and whether that shows that it was stolen.

The first address that is not the name of a service is the home of the credential. `used_elsewhere` is an accusation, so
it requires two events: one from elsewhere, and a later one, or one at the same time, from home.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_network

from forensics.addresses import Address, parse_address
from forensics.answers.core import AddressClass
from forensics.answers.who_answer import UsedFrom, Workload
from forensics.investigate.ip_ranges import IpRanges

# Python's `is_private` includes documentation networks, where no workload runs
_PRIVATE = [
    ip_network(network)
    for network in (
        "10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16 ::1/128 fc00::/7 fe80::/10"
    ).split()
]
_SERVICE = re.compile(r"AWS Internal|[a-z0-9.-]+\.(?:amazonaws\.com(?:\.cn)?|amazon\.com|aws)", re.IGNORECASE)


def workload(
    access_key_id: str | None, uses: Sequence[UsedFrom], home_region: str | None, ip_ranges: IpRanges | None
) -> Workload:
    """Classify the addresses of a credential and decide whether it was used outside its home.

    Args:
        uses: one per address, ordered by first use.
        home_region: the region in which the credential was issued.
    """
    addresses = tuple(_classified(use, ip_ranges) for use in uses)
    used_elsewhere, event_ids = _used_elsewhere(addresses, home_region, has_ranges=ip_ranges is not None)
    return Workload(access_key_id, used_elsewhere, addresses, event_ids, ip_ranges.sha256 if ip_ranges else None)


def _classified(use: UsedFrom, ip_ranges: IpRanges | None) -> UsedFrom:
    class_, region = address_class(use.address, ip_ranges)
    return replace(use, class_=class_, aws_region=region)


def address_class(text: str, ip_ranges: IpRanges | None) -> tuple[AddressClass, str | None]:
    """Return the class of an address as logged, and the region of an address of AWS."""
    address = parse_address(text)
    if address is None:
        return (AddressClass.AWS_SERVICE if _SERVICE.fullmatch(text) else AddressClass.OTHER), None
    if _is_private(address):
        return AddressClass.PRIVATE, None
    region = ip_ranges.region_of(address) if ip_ranges else None
    return (AddressClass.AWS_REGION, region) if region else (AddressClass.OTHER, None)


def _is_private(address: Address) -> bool:
    return any(address in network for network in _PRIVATE)


def _used_elsewhere(
    addresses: Sequence[UsedFrom], home_region: str | None, *, has_ranges: bool
) -> tuple[bool | None, tuple[str, ...]]:
    """Return whether it was used elsewhere, and an event from elsewhere and one from home as evidence."""
    placed = [one for one in addresses if one.class_ != AddressClass.AWS_SERVICE]
    if not placed:
        return (False if has_ranges else None), ()
    home, *others = placed
    region = home.aws_region or home_region
    elsewhere = [one for one in others if _is_elsewhere(one, home, region, has_ranges=has_ranges)]
    for one in elsewhere:
        if one.first_use <= home.last_use:
            cited = sorted([(one.first_use, one.first_event_id), (home.last_use, home.last_event_id)], key=str)
            return True, tuple(event_id for _, event_id in cited if event_id)
    is_home = has_ranges and not elsewhere and all(_is_home(one, region) for one in others)
    return (False if is_home else None), ()


def _is_elsewhere(one: UsedFrom, home: UsedFrom, region: str | None, *, has_ranges: bool) -> bool:
    """Return whether an address is not home. Without ip-ranges, two public ones may belong to one AWS region."""
    if one.class_ == AddressClass.AWS_REGION:
        return region is not None and one.aws_region not in (region, "GLOBAL")
    is_public = one.class_ == AddressClass.OTHER and parse_address(one.address) is not None
    return is_public and (has_ranges or home.class_ == AddressClass.PRIVATE)


def _is_home(one: UsedFrom, region: str | None) -> bool:
    return one.class_ == AddressClass.PRIVATE or (one.class_ == AddressClass.AWS_REGION and one.aws_region == region)
