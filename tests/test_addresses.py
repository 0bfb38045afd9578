"""Addresses: the IP addresses in a source address as logged, and the networks of a search."""

from __future__ import annotations

from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.addresses import canonical_addresses, network_of, parse_address


@pytest.mark.parametrize(
    ("logged", "canonical"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, 192.168.10.10", "203.0.113.9, 192.168.10.10"),
        ("203.0.113.9,192.168.10.10,203.0.113.9", "203.0.113.9, 192.168.10.10"),
        ("203.0.113.9:443", "203.0.113.9"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("2001:0DB8:0000:0000:0000:0000:0000:0001", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("unknown, 203.0.113.9", "203.0.113.9"),
        ("AWS Internal", None),
        ("cloudtrail.amazonaws.com", None),
        ("203.0.113", None),
        ("", None),
        (None, None),
    ],
)
def test_the_spellings_of_an_address(logged: str | None, canonical: str | None) -> None:
    assert canonical_addresses(logged) == canonical


@given(st.ip_addresses())
def test_every_spelling_of_an_address_is_one_value(address: IPv6Address) -> None:
    compressed, exploded = address.compressed, address.exploded
    spelled = [exploded.upper(), f"[{exploded}]:443" if address.version == 6 else f"{compressed}:443"]
    assert {canonical_addresses(one) for one in spelled} == {canonical_addresses(compressed)}
    network = network_of(exploded)
    assert network
    assert parse_address(compressed) in network


@given(st.text())
def test_any_text_is_an_address_or_none(text: str) -> None:
    canonical_addresses(text)
    network_of(text)
