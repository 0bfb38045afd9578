"""Addresses: the IP addresses in a source address as logged, and the networks that a user searches for.

Services log one address in several spellings: in a list (`203.0.113.9, 192.168.10.10`), with a port
(`[2001:db8::1]:443`), IPv6 in long form, or IPv4 as IPv6 (`::ffff:203.0.113.9`). All are compared by value.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# a list that a proxy forwards can have hundreds of entries that its client chose
_MOST_ADDRESSES = 32
_SEPARATORS = re.compile(r"[,;\s]+")
_WITH_PORT = re.compile(r"\[(?P<v6>[^\]]*)\](?::\d+)?|(?P<v4>[\d.]+):\d+")
_FIRST_OCTETS = re.compile(r"(?:\d{1,3}\.){1,3}")
_FIRST_GROUPS = re.compile(r"(?:[0-9a-f]{1,4}:){1,7}", re.IGNORECASE)


def addresses_in(text: str) -> tuple[Address, ...]:
    """Return the IP addresses in a source address as logged, in their order; empty for the name of a service.

    Example:
        >>> [str(address) for address in addresses_in("203.0.113.9:443, [2001:0DB8:0:0:0:0:0:1]:443")]
        ['203.0.113.9', '2001:db8::1']
    """
    parts = _SEPARATORS.split(text, maxsplit=_MOST_ADDRESSES)[:_MOST_ADDRESSES]
    found = (_address(part) for part in parts)
    return tuple(dict.fromkeys(address for address in found if address))


def parse_address(text: str) -> Address | None:
    """Return the IP address in a source address as logged; None if it has none, or several different ones."""
    found = addresses_in(text)
    return found[0] if len(found) == 1 else None


@lru_cache(maxsize=10_000)
def canonical_addresses(text: str | None) -> str | None:
    """Return the IP addresses in a source address in canonical form, separated by a comma and a space."""
    return ", ".join(map(str, addresses_in(text))) or None if text else None


def network_of(text: str) -> Network | None:
    """Return the network that a user means by an address, a network, or the beginning of an address; None otherwise.

    Example:
        >>> network_of("192.0.2."), network_of("2001:db8::/32")
        (IPv4Network('192.0.2.0/24'), IPv6Network('2001:db8::/32'))
    """
    text = text.strip()
    if _FIRST_OCTETS.fullmatch(text):
        octets = text.rstrip(".").split(".")
        text = f"{'.'.join([*octets, *['0'] * (4 - len(octets))])}/{8 * len(octets)}"
    elif _FIRST_GROUPS.fullmatch(text):
        text = f"{text}:/{16 * text.count(':')}"
    elif address := parse_address(text):
        return ip_network(address)
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def _address(part: str) -> Address | None:
    spelled = _WITH_PORT.fullmatch(part)
    try:
        address = ip_address((spelled["v6"] or spelled["v4"] or "") if spelled else part)
    except ValueError:
        return None
    if isinstance(address, IPv4Address):
        return address
    # a zone, as in fe80::1%eth0, is a name on the host that wrote it
    return address.ipv4_mapped or IPv6Address(int(address))
