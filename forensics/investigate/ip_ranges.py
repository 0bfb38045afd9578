"""IP ranges: the AWS region of an address, by the list that AWS publishes (ip-ranges.json)."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from ipaddress import ip_network
from pathlib import Path

import msgspec

from forensics.addresses import Address, Network
from forensics.errors import NotIpRanges
from forensics.files.regular_files import read_regular, resolve_regular

# the file of AWS has 2 MB
_LARGEST_FILE = 64 << 20


class _Prefix(msgspec.Struct):
    region: str
    ip_prefix: str = ""
    ipv6_prefix: str = ""


class _File(msgspec.Struct):
    prefixes: list[_Prefix]
    ipv6_prefixes: list[_Prefix] = []


class IpRanges:
    """The prefixes of AWS. The longest matching prefix decides the region, which may be `GLOBAL`."""

    def __init__(self, content: bytes) -> None:
        """Raises NotIpRanges."""
        self.sha256 = hashlib.sha256(content).hexdigest()
        try:
            file = msgspec.json.decode(content, type=_File)
            networks = [
                (ip_network(p.ip_prefix or p.ipv6_prefix), p.region) for p in file.prefixes + file.ipv6_prefixes
            ]
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise NotIpRanges(f"the file is not an ip-ranges.json of AWS: {error}") from None
        self._regions = _by_length(networks)

    def region_of(self, address: Address) -> str | None:
        """Return the region of an address; None if it does not belong to AWS."""
        number = int(address)
        for length, regions in self._regions[address.version]:
            region = regions.get(number >> (address.max_prefixlen - length))
            if region:
                return region
        return None


def _by_length(networks: list[tuple[Network, str]]) -> dict[int, list[tuple[int, dict[int, str]]]]:
    """Return the prefixes by IP version and length, longest first. A prefix in several regions is GLOBAL."""
    found: dict[int, dict[int, dict[int, str]]] = {4: {}, 6: {}}
    for network, region in networks:
        prefixes = found[network.version].setdefault(network.prefixlen, {})
        prefix = int(network.network_address) >> (network.max_prefixlen - network.prefixlen)
        prefixes[prefix] = region if prefixes.get(prefix, region) == region else "GLOBAL"
    return {version: sorted(lengths.items(), reverse=True) for version, lengths in found.items()}


def read_ip_ranges(path: str | Path | None) -> IpRanges | None:
    """Read an ip-ranges file, cached until the file changes. Raises NotIpRanges and OSError."""
    if path is None:
        return None
    try:
        file = resolve_regular(path)
    except OSError as error:
        raise NotIpRanges(f"{path}: {error.strerror}") from None
    found = file.stat()
    if found.st_size > _LARGEST_FILE:
        raise NotIpRanges(f"{path} is too large to be an ip-ranges.json of AWS")
    return _read(file, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=1)
def _read(path: Path, _changed: int, _size: int) -> IpRanges:
    return IpRanges(read_regular(path))
